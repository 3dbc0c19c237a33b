//! How long the suite waits for evidence.

use crate::{run::Options, verdict::Verdict};
use petrel_cli::Interrupt;
use std::time::{Duration, Instant};

/// So many hangs in a row, and each further case gets one short wait.
const HANGS_MAX: u32 = 5;

/// How long the suite waits: scaled with the round trip, shortened for a peer that hangs.
///
/// A wait ends with the first evidence; only a peer that says nothing costs the whole of it.
#[derive(Debug)]
pub(crate) struct Patience {
    /// Nothing shorter is a hang, however quick the peer is otherwise.
    floor: Duration,
    round_trip: Duration,
    time: Duration,
    deadline: Instant,
    interrupt: Option<Interrupt>,
    hangs_in_row: u32,
}

impl Patience {
    /// That of a run which began at `start`.
    pub(crate) fn new(options: &Options, round_trip: Duration, start: Instant) -> Self {
        Self {
            floor: options.patience,
            round_trip,
            time: options.max_time,
            deadline: start + options.max_time,
            interrupt: options.interrupt.clone(),
            hangs_in_row: 0,
        }
    }

    pub(crate) fn round_trip(&self) -> Duration {
        self.round_trip
    }

    /// The longest silence that is still borne.
    pub(crate) fn wait(&self) -> Duration {
        if self.hangs_in_row >= HANGS_MAX {
            (self.round_trip * 4).max(self.floor / 10)
        } else {
            (self.round_trip * 20).max(self.floor)
        }
    }

    /// The moment at which a wait that begins now is over.
    pub(crate) fn until(&self) -> Instant {
        (Instant::now() + self.wait()).min(self.deadline)
    }

    /// The moment at which waiting ends even for a peer that sends a byte now and then.
    pub(crate) fn until_at_most(&self) -> Instant {
        (Instant::now() + self.wait() * 10).min(self.deadline)
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
    pub(crate) fn note(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Hang => self.hangs_in_row += 1,
            Verdict::Pass | Verdict::Warn => self.hangs_in_row = 0,
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
        let mut patience = patience(Duration::from_millis(1));
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
