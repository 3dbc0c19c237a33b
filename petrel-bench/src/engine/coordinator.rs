//! A run from its first connection to its last answer.

mod shown;

use super::{
    clock::Clock,
    common::{Common, Report},
    control::Control,
    gather::{Gathered, Span, seconds},
    setup::{Edge, OnEdge, Outcome, Setup},
    stretch::Handover,
    thread,
    worker::Worker,
};
use crate::{
    health::Steal,
    histogram::Histogram,
    plan::{Plan, Warmup},
    progress::{Order, Phase, Watch},
    stats::Stability,
    tally::Tally,
};
use petrel_cli::{Exit, Failure, Interrupt};
use std::{
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::JoinHandle,
    time::Duration,
};

/// How often the run is shown and orders are looked for.
const LOOK: Duration = Duration::from_millis(100);

/// How far ahead moments are set, so that every thread knows of them before they come.
const AHEAD: u64 = 100_000_000;

/// A warm-up until the load is stable takes a fifth of the measured time at the most, and within these.
const WARMUP_AUTO: (u64, u64) = (1_000_000_000, 10_000_000_000);

/// How long the last answers are waited for when somebody asked for the end.
const QUIT_DRAIN: u64 = 500_000_000;

/// Points of the series at the most: runs over an hour have longer stretches than a second.
const POINTS_MAX: f64 = 3600.0;

/// Requests per second below and above which an order to change the rate is not carried out.
const RATE_BOUNDS: (f64, f64) = (0.001, 1e8);

/// Makes a run.
///
/// # Errors
/// If no connection can be opened, a thread cannot go on, or the run is interrupted before anything was
/// measured.
pub(crate) fn run(
    setup: Setup,
    watch: &mut dyn Watch,
    on_edge: OnEdge<'_>,
) -> Result<Outcome, Failure> {
    let mut running = Running::start(setup)?;
    let outcome = running.make(watch, on_edge);
    running.join();
    outcome?;
    Ok(running.into_outcome())
}

/// A run while it goes on.
struct Running {
    common: Arc<Common>,
    threads: Vec<JoinHandle<()>>,
    spares: Vec<Sender<Box<Tally>>>,
    reports: Receiver<(usize, Report)>,
    gathered: Gathered,
    phase: (Phase, u64),
    connect: Histogram,
    refused: u32,
    connect_problem: Option<String>,
    done: usize,
    window: Span,
    warmup_s: f64,
    target_per_s: Option<f64>,
    is_paused: bool,
    steered: Vec<String>,
    quit: bool,
    interrupt: Option<Interrupt>,
    headroom_per_s: Option<f64>,
    /// When steal was read last, what was read, and the share since the time before.
    steal: (u64, Option<Steal>, Option<f64>),
}

impl Running {
    fn start(setup: Setup) -> Result<Self, Failure> {
        let Setup {
            plan,
            workload,
            endpoint,
            builder,
            interrupt,
            headroom_per_s,
        } = setup;
        let check = plan.protocol_check.then(|| workload.protocol_check(&plan));
        let count = plan.threads.clamp(1, plan.connections);
        let target_per_s = plan.rate_per_s;
        let common = Arc::new(Common {
            clock: Clock::start(),
            step: step(&plan),
            control: Control::new(),
            plan,
            workload,
            check,
            endpoint,
            builder,
        });
        let (sender, reports) = mpsc::channel();
        let mut running = Self {
            threads: Vec::new(),
            spares: Vec::new(),
            reports,
            gathered: Gathered::new(count as usize, target_per_s),
            phase: (Phase::Connecting, common.clock.now()),
            connect: Histogram::new(),
            refused: 0,
            connect_problem: None,
            done: 0,
            window: Span::default(),
            warmup_s: 0.0,
            target_per_s,
            is_paused: false,
            steered: Vec::new(),
            quit: false,
            interrupt,
            headroom_per_s,
            steal: (0, Steal::read(), None),
            common,
        };
        for index in 0..count {
            running.spawn(index, count, &sender)?;
        }
        Ok(running)
    }

    fn spawn(
        &mut self,
        index: u32,
        count: u32,
        reports: &Sender<(usize, Report)>,
    ) -> Result<(), Failure> {
        let (spare, spares) = mpsc::channel();
        let (common, reports) = (Arc::clone(&self.common), reports.clone());
        // The first threads take what does not divide.
        let connections = self.common.plan.connections;
        let lanes = connections / count + u32::from(index < connections % count);
        let spawned = std::thread::Builder::new()
            .name(format!("load-{index}"))
            .spawn(move || {
                let handover = Handover {
                    thread: index as usize,
                    reports,
                    spares,
                };
                thread::run(|| Worker::new(common, (index, count), lanes, handover));
            });
        match spawned {
            Ok(thread) => {
                self.threads.push(thread);
                self.spares.push(spare);
                Ok(())
            }
            Err(error) => {
                self.common.control.abandon();
                let message = format!("cannot start a thread: {error}; give fewer with --threads");
                Err(Failure::new(Exit::Unreachable, message))
            }
        }
    }

    /// Goes through the phases. Whatever happens, all threads are told to come home.
    fn make(&mut self, watch: &mut dyn Watch, on_edge: OnEdge<'_>) -> Result<(), Failure> {
        let made = self.phases(watch, on_edge);
        self.common.control.abandon();
        made
    }

    fn phases(&mut self, watch: &mut dyn Watch, on_edge: OnEdge<'_>) -> Result<(), Failure> {
        self.connect(watch)?;
        self.warm_up(watch)?;
        on_edge(Edge::Start);
        while self.now() < self.end() {
            self.look(watch)?;
            if self.quit {
                self.common.control.end_at(self.now() + AHEAD);
            }
        }
        self.window.to = self.end();
        on_edge(Edge::End);
        self.enter(Phase::Draining);
        while self.done < self.threads.len() {
            self.look(watch)?;
            // Whoever asked for the end does not wait for answers that may never come.
            if self.quit && self.now() > self.end() + QUIT_DRAIN {
                self.common.control.abandon();
            }
        }
        Ok(())
    }

    fn connect(&mut self, watch: &mut dyn Watch) -> Result<(), Failure> {
        let wanted = self.common.plan.connections;
        while self.opened() + self.refused < wanted {
            self.look(watch)?;
            self.refuse_quit()?;
        }
        if self.opened() > 0 {
            return Ok(());
        }
        let endpoint = &self.common.endpoint;
        let problem = self.connect_problem.as_deref().unwrap_or("no answer");
        let message = format!(
            "cannot load {endpoint}: {problem}; is a Petrel server listening there? `petrel serve` \
             starts one"
        );
        Err(Failure::new(Exit::Unreachable, message))
    }

    fn warm_up(&mut self, watch: &mut dyn Watch) -> Result<(), Failure> {
        self.enter(Phase::Warmup);
        let begin = self.now() + AHEAD / 2;
        self.common.control.begin_at(begin);
        let duration = nanos(self.common.plan.duration_s);
        let (least, most) = match self.common.plan.warmup {
            Warmup::Seconds(seconds) => (nanos(seconds), nanos(seconds)),
            Warmup::Auto => (0, (duration / 5).clamp(WARMUP_AUTO.0, WARMUP_AUTO.1)),
        };
        let mut stability = Stability::default();
        let mut seen = Span::default();
        while self.now() + AHEAD < begin + most {
            self.look(watch)?;
            self.refuse_quit()?;
            if self.gathered.last_span == seen {
                continue;
            }
            seen = self.gathered.last_span;
            let is_stable = self
                .gathered
                .newest()
                .is_some_and(|window| stability.push(window));
            if is_stable && self.now() + AHEAD >= begin + least {
                break;
            }
        }
        let start = (self.now() + AHEAD).max(begin + least);
        self.window = Span {
            from: start,
            to: start.saturating_add(duration),
        };
        self.warmup_s = seconds(start - begin);
        self.common.control.measure(start, self.window.to);
        self.gathered.measure(self.window);
        while self.now() < start {
            self.look(watch)?;
            self.refuse_quit()?;
        }
        self.phase = (Phase::Measuring, start);
        Ok(())
    }

    /// Waits a little for what the threads tell, shows the run, and carries out what is asked.
    fn look(&mut self, watch: &mut dyn Watch) -> Result<(), Failure> {
        let now = self.now();
        let next_edge = match self.phase.0 {
            Phase::Warmup if self.window.from > now => self.window.from,
            Phase::Measuring => self.end(),
            _ => u64::MAX,
        };
        let until = now + nanos(LOOK.as_secs_f64()).min(next_edge.saturating_sub(now));
        loop {
            let wait = Duration::from_nanos(until.saturating_sub(self.now()));
            match self.reports.recv_timeout(wait) {
                Ok((thread, report)) => self.take(thread, report)?,
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) if self.done == self.threads.len() => break,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::new(
                        Exit::NoVerdict,
                        "a loading thread ended early",
                    ));
                }
            }
            if self.done == self.threads.len() {
                break;
            }
        }
        if self.interrupt.as_ref().is_some_and(Interrupt::is_set) {
            self.quit = true;
        }
        self.read_steal();
        for order in watch.show(&self.progress()) {
            self.carry_out(order);
        }
        Ok(())
    }

    fn take(&mut self, thread: usize, report: Report) -> Result<(), Failure> {
        match report {
            Report::Connected(Ok(nanos)) => self.connect.record(nanos, 1),
            Report::Connected(Err(problem)) => {
                self.refused += 1;
                self.connect_problem.get_or_insert(problem);
            }
            Report::Stretch { from, to, tally } => {
                self.gathered.add(thread, Span { from, to }, &tally);
                self.give_back(thread, tally);
            }
            Report::Done { tally } => {
                self.gathered.finish(&tally);
                self.done += 1;
            }
            Report::Failed(problem) => {
                let message = format!("a loading thread could not go on: {problem}");
                return Err(Failure::new(Exit::NoVerdict, message));
            }
        }
        Ok(())
    }

    /// The room of a stretch is used again, so that nothing grows.
    fn give_back(&self, thread: usize, mut tally: Box<Tally>) {
        tally.clear();
        if let Some(spare) = self.spares.get(thread) {
            // A thread that is gone needs none.
            let _ = spare.send(tally);
        }
    }

    fn carry_out(&mut self, order: Order) {
        let at = seconds(self.now().saturating_sub(self.phase.1));
        let phase = self.phase.0.name();
        match order {
            Order::Quit => self.quit = true,
            Order::Pause(paused) if paused != self.is_paused => {
                self.is_paused = paused;
                self.common.control.pause(paused);
                let what = if paused { "paused" } else { "went on" };
                self.steered.push(format!("{what} at {at:.1} s of {phase}"));
            }
            Order::Pause(_) => (),
            Order::Rate(rate) if self.common.plan.is_open() && rate.is_finite() => {
                let rate = rate.clamp(RATE_BOUNDS.0, RATE_BOUNDS.1);
                self.target_per_s = Some(rate);
                self.gathered.set_target(rate);
                self.common.control.set_rate(rate);
                self.steered
                    .push(format!("rate set to {rate:.0}/s at {at:.1} s of {phase}"));
            }
            Order::Rate(_) => (),
        }
    }

    /// Before anything is measured there is nothing to report.
    fn refuse_quit(&self) -> Result<(), Failure> {
        if self.quit {
            let message = "interrupted before anything was measured";
            return Err(Failure::new(Exit::Interrupted, message));
        }
        Ok(())
    }

    fn join(&mut self) {
        for thread in self.threads.drain(..) {
            // If it panicked, it said so itself.
            let _ = thread.join();
        }
    }

    fn into_outcome(self) -> Outcome {
        let interrupted = self.interrupt.as_ref().is_some_and(Interrupt::is_set);
        let connections = self.opened();
        Outcome {
            plan: self.common.plan.clone(),
            window: self.window,
            warmup_s: self.warmup_s,
            busiest: self.gathered.busiest_of(self.window),
            gathered: self.gathered,
            step_s: seconds(self.common.step),
            connect: self.connect,
            connections,
            connect_problem: self.connect_problem,
            steered: self.steered,
            interrupted,
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = (phase, self.now());
    }

    fn now(&self) -> u64 {
        self.common.clock.now()
    }

    fn end(&self) -> u64 {
        self.common.control.window().1
    }

    fn opened(&self) -> u32 {
        u32::try_from(self.connect.count()).unwrap_or(u32::MAX)
    }
}

/// How long a stretch of the measured time is.
fn step(plan: &Plan) -> u64 {
    nanos((plan.duration_s / POINTS_MAX).ceil().max(1.0))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a plan's times are positive and lie within years"
)]
fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}
