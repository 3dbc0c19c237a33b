//! `petrel-bench find`: the highest rate that meets an objective.

use super::{
    load::{LoadArgs, connections, rate, seconds},
    out::OutArgs,
};
use crate::{
    condition::{Metric, Objective, Outcome, Statistic},
    measure::{Bench, Measured},
    record::{FindRecord, LimitedBy, RunRecord, SCHEMA, Verdict},
    report,
    stats::{Found, Phase, Search, SearchOptions, Step, Window},
    target::Reached,
};
use clap::Args;
use petrel_cli::{Exit, Failure, Interrupt, Look, Target, output::Format};

/// A window is made longer until it has samples enough for its percentiles, but not longer than this.
const WINDOW_S_MAX: f64 = 60.0;

/// How many samples more than the fewest are waited for: arrivals of chance bring fewer now and then.
const SAMPLES_MARGIN: f64 = 1.3;

/// Find the highest rate that meets an objective
///
/// The rate is doubled until the objective is missed, then the edge is closed in, and the answer is tried
/// once more. Each rate is tried in several windows, of which most must meet the objective. Exit codes: 0
/// a rate was confirmed, 1 not even the lowest rate meets the objective, 2 wrong usage, 3 the server could
/// not be reached, 4 the generator or the noise of the machine was the limit, 130 interrupted.
#[derive(Debug, Args)]
pub(super) struct FindArgs {
    /// Where the server is: host:port, tls://host:port, unix:/path, tls+unix:/path, or `embedded`
    target: Target,
    /// What must hold, for example 'p99<2ms,errors<0.1%'
    #[arg(long, value_name = "OBJECTIVE", help_heading = "Judgement")]
    slo: Objective,
    /// Try no rate below this
    #[arg(long, value_name = "PER_SECOND", default_value = "100", help_heading = "Judgement",
          value_parser = rate)]
    from: f64,
    /// Try no rate above this
    #[arg(long, value_name = "PER_SECOND", default_value = "1M", help_heading = "Judgement",
          value_parser = rate)]
    to: f64,
    /// Begin with this rate [default: the lowest]
    #[arg(long, value_name = "PER_SECOND", help_heading = "Judgement", value_parser = rate)]
    start: Option<f64>,
    /// Windows for each rate, an odd number
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Judgement",
          value_parser = clap::value_parser!(u32).range(1..=99))]
    windows: u32,
    /// How near the answer must be, in percent
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = 3.0,
        help_heading = "Judgement"
    )]
    resolution: f64,
    /// Open so many connections
    #[arg(short, long, value_name = "N", default_value_t = 16, help_heading = "Load",
          value_parser = connections())]
    connections: u32,
    /// How long a window is; longer where its percentiles need more samples
    #[arg(short, long, value_name = "TIME", default_value = "2s", help_heading = "Load",
          value_parser = seconds)]
    duration: f64,
    #[command(flatten)]
    load: LoadArgs,
    #[command(flatten)]
    out: OutArgs,
}

pub(super) fn execute(args: &FindArgs, format: Format, command: &str) -> Result<Exit, Failure> {
    let mut search = Search::new(args.options()).map_err(Failure::usage)?;
    // Whether the load can be made at all is told before anything is started.
    args.load.plan(
        &args.target,
        args.connections,
        Some(args.from),
        args.duration,
    )?;
    args.out.check()?;
    let key = args.load.key.read()?;
    let interrupt = Interrupt::watch()?;
    let reached = Reached::new(&args.target, key.as_ref(), &args.load.tls)?;
    let bench = Bench::new(&reached, key.as_ref(), command, &interrupt);
    let mut watch = args.out.watch_many()?;
    let mut confirmation = None;
    let mut stopped = None;
    while let Some(step) = search.next() {
        let seed = args.load.seed.wrapping_add(windows_told(&search, &step));
        let mut plan = args.load.plan(
            &args.target,
            args.connections,
            Some(step.rate_per_s),
            args.window_s(step.rate_per_s),
        )?;
        plan.seed = seed;
        let Measured {
            record,
            interrupted,
        } = match bench.run(plan, &mut *watch) {
            Ok(measured) => measured,
            Err(failure) => {
                stopped = Some(failure);
                break;
            }
        };
        if interrupted {
            stopped = Some(Failure::new(Exit::Interrupted, "interrupted"));
            break;
        }
        let window = judge(&args.slo, &record);
        watch.say(&in_short(&step, &window));
        if step.phase == Phase::Confirm && window == Window::Met {
            confirmation = Some(record);
        }
        search.tell(window);
    }
    drop(watch);
    let found = search.found();
    if found.steps.is_empty()
        && let Some(failure) = stopped
    {
        return Err(failure);
    }
    let record = args.record(found, confirmation, command);
    args.out.give(
        format,
        &record,
        || report::text::find(&record, &Look::of_stdout()),
        || report::html::find(&record),
    )?;
    match stopped {
        Some(failure) => Err(failure),
        None => Ok(exit_of(&record)),
    }
}

impl FindArgs {
    fn options(&self) -> SearchOptions {
        SearchOptions {
            start_per_s: self.start.unwrap_or(self.from),
            resolution: self.resolution / 100.0,
            windows: self.windows,
            ..SearchOptions::between(self.from, self.to)
        }
    }

    /// Long enough for every percentile of the objective to have its samples.
    fn window_s(&self, rate_per_s: f64) -> f64 {
        let samples = self
            .slo
            .conditions()
            .iter()
            .filter_map(|it| match it.metric {
                Metric::Latency(_, Statistic::Percentile(percentile)) => {
                    Some(percentile.samples_needed())
                }
                _ => None,
            });
        let needed = samples.max();
        #[expect(clippy::cast_precision_loss, reason = "at most ten thousand")]
        let needed_s = needed.unwrap_or(0) as f64 * SAMPLES_MARGIN / rate_per_s;
        self.duration.max(needed_s.min(WINDOW_S_MAX))
    }

    fn record(&self, found: Found, confirmation: Option<RunRecord>, command: &str) -> FindRecord {
        FindRecord {
            schema: SCHEMA.to_owned(),
            kind: "find".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: command.to_owned(),
            slo: self.slo.to_string(),
            confirmation: confirmation.filter(|_| found.rate_per_s.is_some()),
            rate_per_s: found.rate_per_s,
            interval_per_s: found.interval_per_s.map(|it| [it.low, it.high]),
            limited_by: found.limited_by,
            reason: found.reason,
            steps: found.steps,
        }
    }
}

/// What came of a window. Where the generator was the limit nothing is known of the server; where it was
/// not, the objective decides.
fn judge(slo: &Objective, record: &RunRecord) -> Window {
    let judgement = slo.judge(record);
    if judgement.outcome == Outcome::Holds {
        return Window::Met;
    }
    if record.validity.verdict == Verdict::LimitedByGenerator {
        let reason = record.validity.reasons.first().cloned();
        return Window::Missed {
            limited_by: LimitedBy::Generator,
            reason: reason.unwrap_or_default(),
        };
    }
    let results = &record.results;
    let (limited_by, reason) = match judgement.outcome {
        Outcome::Unknown => (LimitedBy::Noise, judgement.words),
        // What was never sent shows as latency, too, but says more.
        _ if results.unsent > 0 && judgement.limited_by == LimitedBy::Latency => {
            let words = format!("{}; {} were never sent", judgement.words, results.unsent);
            (LimitedBy::Throughput, words)
        }
        _ if judgement.limited_by == LimitedBy::Latency && is_mostly_lag(record) => {
            let words = format!(
                "{}, most of which the generator was late by, although it had time: that is the \
                 machine",
                judgement.words
            );
            (LimitedBy::Noise, words)
        }
        _ => (judgement.limited_by, judgement.words),
    };
    Window::Missed { limited_by, reason }
}

/// Whether responses were slow because the machine did not let the generator write them in time.
fn is_mostly_lag(record: &RunRecord) -> bool {
    let lag = record.validity.evidence.generator_lag_us.p99;
    let response = record.results.response_us.p99;
    record.validity.verdict == Verdict::Noisy
        && lag
            .zip(response)
            .is_some_and(|(lag, response)| 2.0 * lag > response)
}

/// How many windows there were before, so that each has arrivals of its own.
fn windows_told(search: &Search, step: &Step) -> u64 {
    let done: u32 = search.found().steps.iter().map(|step| step.windows).sum();
    u64::from(done) + 1000 - u64::from(step.windows)
}

fn in_short(step: &Step, window: &Window) -> String {
    let (phase, rate) = (step.phase.name(), step.rate_per_s);
    match window {
        Window::Met => format!("{phase} {rate:.0}/s: met"),
        Window::Missed { reason, .. } => format!("{phase} {rate:.0}/s: missed, {reason}"),
    }
}

fn exit_of(record: &FindRecord) -> Exit {
    match (record.rate_per_s, record.limited_by) {
        (_, LimitedBy::Generator) | (None, LimitedBy::Noise) => Exit::NoVerdict,
        (None, _) => Exit::No,
        (Some(_), _) => Exit::Done,
    }
}
