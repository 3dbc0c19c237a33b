//! What one thread counts, stretch by stretch: each is handed over when it is over.

use super::{common::Report, control::Control};
use crate::{
    health::{ThreadClock, ThreadTime},
    schedule::Schedule,
    tally::{Stamps, Standing, Tally},
};
use std::sync::mpsc::{Receiver, Sender};

/// How long a stretch is while the load warms up, in nanoseconds.
const WARMUP_STRETCH: u64 = 100_000_000;

/// The way to the coordinator, and the way back for the room of what was handed over.
#[derive(Debug)]
pub(super) struct Handover {
    pub(super) thread: usize,
    pub(super) reports: Sender<(usize, Report)>,
    pub(super) spares: Receiver<Box<Tally>>,
}

impl Handover {
    pub(super) fn report(&self, report: Report) {
        // A coordinator that is gone wants to know nothing any more.
        let _ = self.reports.send((self.thread, report));
    }
}

/// What is counted now, and from when to when.
#[derive(Debug)]
pub(super) struct Counting {
    pub(super) tally: Box<Tally>,
    pub(super) standing: Standing,
    /// Requests due in it are counted: everything while the load warms up, then the measured time.
    pub(super) window: (u64, u64),
    /// Where the stretch began and will end.
    stretch: (u64, u64),
    step: u64,
    clock: ThreadClock,
    /// What the thread had used when the stretch began.
    used: Option<ThreadTime>,
}

impl Counting {
    /// Counts on this thread; stretches of the measured time are `step` nanoseconds long.
    pub(super) fn new(step: u64) -> Self {
        let clock = ThreadClock::here();
        Self {
            tally: Box::default(),
            standing: Standing::default(),
            window: (0, u64::MAX),
            stretch: (0, u64::MAX),
            step,
            used: clock.read(),
            clock,
        }
    }

    /// The load begins.
    pub(super) fn begin(&mut self, now: u64) {
        self.stretch = (now, now + WARMUP_STRETCH);
    }

    /// Whether what happens at that moment is to be counted.
    #[inline]
    pub(super) const fn counts(&self, moment: u64) -> bool {
        self.window.0 <= moment && moment < self.window.1
    }

    /// Whether the stretch is over.
    #[inline]
    pub(super) const fn is_over(&self, now: u64) -> bool {
        now >= self.stretch.1
    }

    /// Hands over the stretch that is over, and those behind it that are over, too.
    #[cold]
    pub(super) fn turn_over(
        &mut self,
        now: u64,
        schedule: Option<&Schedule>,
        control: &Control,
        handover: &Handover,
    ) {
        while self.is_over(now) {
            self.account();
            self.tally.counts.standing = Standing {
                backlog: schedule.map_or(0, |schedule| schedule.backlog(now)),
                ..self.standing
            };
            let fresh = handover.spares.try_recv().unwrap_or_default();
            let tally = std::mem::replace(&mut self.tally, fresh);
            let (from, to) = self.stretch;
            handover.report(Report::Stretch { from, to, tally });
            let window = control.window();
            if to >= window.0 {
                self.window = window;
            }
            self.stretch = (to, stretch_end(to, self.step, window));
        }
    }

    /// Learns when the measured time begins and ends, and lets the stretch end there. Whoever sets it
    /// sets it some beats ahead.
    pub(super) fn learn(&mut self, (start, end): (u64, u64)) {
        let (from, to) = self.stretch;
        if from < start {
            self.stretch.1 = to.min(start);
        } else if from < end && self.window.1 != u64::MAX {
            self.window.1 = end;
            self.stretch.1 = to.min(end);
        }
    }

    /// Hands over the last stretch.
    pub(super) fn finish(&mut self, handover: &Handover) {
        self.account();
        let tally = std::mem::take(&mut self.tally);
        handover.report(Report::Done { tally });
    }

    fn account(&mut self) {
        let now = self.clock.read();
        if let Some((now, then)) = now.zip(self.used) {
            let used = now.since(then);
            self.tally.counts.cpu_nanos = used.cpu_ns;
            self.tally.counts.starved_nanos = used.starved_ns.unwrap_or(0);
        }
        self.used = now;
    }
}

/// Where a stretch ends that begins at `from`: where the measured time begins or ends at the latest, and
/// nowhere behind that.
fn stretch_end(from: u64, step: u64, (start, end): (u64, u64)) -> u64 {
    if from < start {
        start.min(from.saturating_add(WARMUP_STRETCH))
    } else if from < end {
        end.min(from.saturating_add(step))
    } else {
        u64::MAX
    }
}

/// How often the same stamps came one after the other, so that answers that came together are counted
/// together.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    stamps: Option<Stamps>,
    times: u64,
}

impl Repeated {
    #[inline]
    pub(super) fn add(&mut self, stamps: Stamps, tally: &mut Tally) {
        if self.stamps != Some(stamps) {
            self.flush(tally);
            self.stamps = Some(stamps);
        }
        self.times += 1;
    }

    #[inline]
    pub(super) fn flush(&mut self, tally: &mut Tally) {
        if let Some(stamps) = self.stamps.take() {
            tally.answered(&stamps, self.times);
        }
        self.times = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const STEP: u64 = 1_000_000_000;

    /// The spans that are handed over when the thread looks at these moments, and where it stands then.
    fn spans(looks: &[u64], control: &Control) -> (Vec<(u64, u64)>, (u64, u64)) {
        let (reports, told) = mpsc::channel();
        let (_, spares) = mpsc::channel();
        let handover = Handover {
            thread: 0,
            reports,
            spares,
        };
        let mut counting = Counting::new(STEP);
        counting.begin(0);
        for now in looks {
            counting.learn(control.window());
            counting.turn_over(*now, None, control, &handover);
        }
        let spans = told.try_iter().map(|(_, report)| match report {
            Report::Stretch { from, to, .. } => (from, to),
            other => panic!("{other:?}"),
        });
        (spans.collect(), counting.window)
    }

    #[test]
    fn stretches_follow_each_other_without_a_gap_to_the_end_of_the_measured_time() {
        let control = Control::new();
        let (start, end) = (250_000_000, 2_750_000_000);
        control.measure(start, end);
        let (spans, window) = spans(&[10_000_000, 5_000_000_000], &control);
        let edges: Vec<u64> = spans.iter().map(|(_, to)| to / 1_000_000).collect();
        assert_eq!(edges, [100, 200, 250, 1250, 2250, 2750]);
        assert!(spans.windows(2).all(|pair| pair[0].1 == pair[1].0));
        assert_eq!(window, (start, end));
    }

    #[test]
    fn an_end_that_is_drawn_nearer_ends_the_stretch_under_way() {
        let control = Control::new();
        control.measure(100_000_000, u64::MAX - 1);
        control.end_at(600_000_000);
        let (spans, window) = spans(&[200_000_000, 700_000_000], &control);
        assert_eq!(spans.last(), Some(&(100_000_000, 600_000_000)));
        assert_eq!(window.1, 600_000_000);
    }

    #[test]
    fn answers_that_came_together_are_counted_together() {
        let mut tally = Tally::default();
        let mut repeated = Repeated::default();
        let stamps = |done| Stamps {
            intended: 1_000,
            ready: 1_000,
            written: 2_000,
            first_byte: 3_000,
            done,
        };
        for done in [5_000, 5_000, 5_000, 9_000, 5_000] {
            repeated.add(stamps(done), &mut tally);
        }
        repeated.flush(&mut tally);
        assert_eq!((tally.counts.ok, tally.times.response.count()), (5, 5));
        assert_eq!(tally.times.response.count_up_to(4_100), 4);
    }
}
