//! How long the suite waits for evidence.

use crate::{run::Options, verdict::Verdict};
use petrel_cli::Interrupt;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// So many hangs in a row, and each further case gets one short wait.
const HANGS_MAX: u32 = 5;

/// So much is added at most for what the peer has to do.
const MORE_MAX: Duration = Duration::from_secs(30);

/// How long the suite waits: scaled with the round trip, shortened for a peer that hangs.
///
/// A wait ends with the first evidence; only a peer that says nothing costs the whole of it.
#[derive(Debug)]
pub(crate) struct Patience {
    /// Nothing shorter is a hang, however quick the peer is otherwise.
    floor: Duration,
    round_trip: Duration,
    scale: f64,
    time: Duration,
    deadline: Instant,
    interrupt: Option<Interrupt>,
    hangs_in_row: AtomicU32,
}

impl Patience {
    /// That of a run which began at `start`.
    pub(crate) fn new(options: &Options, round_trip: Duration, start: Instant) -> Self {
        Self {
            floor: options.patience,
            round_trip,
            scale: options.time_scale,
            time: options.max_time,
            deadline: options.deadline.unwrap_or(start + options.max_time),
            interrupt: options.interrupt.clone(),
            hangs_in_row: AtomicU32::new(0),
        }
    }

    /// The longest silence that is still borne.
    pub(crate) fn wait(&self) -> Duration {
        let wait = if self.hangs_in_row.load(Ordering::Relaxed) >= HANGS_MAX {
            (self.round_trip * 4).max(self.floor / 10)
        } else {
            (self.round_trip * 20).max(self.floor)
        };
        wait.mul_f64(self.scale)
    }

    /// The same behind so many frames and bytes that the peer has to read and answer: a slow one needs
    /// as many round trips, and reads so fast at least.
    pub(crate) fn wait_behind(&self, frames: usize, bytes: usize) -> Duration {
        let frames = u32::try_from(frames).unwrap_or(u32::MAX);
        let each = self.round_trip.saturating_mul(4).saturating_mul(frames);
        let reading = Duration::from_micros(bytes as u64 * 100);
        let more = each.max(reading).min(MORE_MAX);
        self.wait() + more.mul_f64(self.scale)
    }

    /// Time for what was written before to arrive: enough to see it, never needed to pass.
    pub(crate) fn moment(&self) -> Duration {
        (self.round_trip * 2).max(Duration::from_millis(5))
    }

    /// Whether nothing more is waited for.
    pub(crate) fn is_out(&self) -> bool {
        self.is_interrupted() || Instant::now() >= self.deadline
    }

    /// Why nothing more is run, if that is so.
    pub(crate) fn over(&self) -> Option<String> {
        if self.is_interrupted() {
            Some("the run was interrupted".into())
        } else if Instant::now() >= self.deadline {
            let seconds = self.time.as_secs();
            Some(format!("the {seconds} s of --max-time were up"))
        } else {
            None
        }
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupt.as_ref().is_some_and(Interrupt::is_set)
    }

    /// Only a peer that has shown that it answers gets its time back.
    pub(crate) fn note(&self, verdict: Verdict) {
        match verdict {
            Verdict::Hang => {
                self.hangs_in_row.fetch_add(1, Ordering::Relaxed);
            }
            Verdict::Pass | Verdict::Warn => self.hangs_in_row.store(0, Ordering::Relaxed),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOR: Duration = Duration::from_secs(1);

    fn patience(round_trip: Duration) -> Patience {
        let options = Options {
            patience: FLOOR,
            ..Options::default()
        };
        Patience::new(&options, round_trip, Instant::now())
    }

    #[test]
    fn five_hangs_in_a_row_shorten_the_wait_and_a_pass_restores_it() {
        let patience = patience(Duration::from_millis(1));
        for _ in 0..HANGS_MAX {
            assert_eq!(patience.wait(), FLOOR);
            patience.note(Verdict::Hang);
            patience.note(Verdict::NotApplicable);
        }
        assert_eq!(patience.wait(), FLOOR / 10);
        patience.note(Verdict::Pass);
        assert_eq!(patience.wait(), FLOOR);
    }

    #[test]
    fn a_slow_peer_gets_more_time() {
        assert_eq!(
            patience(Duration::from_millis(300)).wait(),
            Duration::from_secs(6)
        );
    }
}
