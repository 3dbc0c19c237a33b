//! How long the suite waits for evidence.

use std::time::{Duration, Instant};

use crate::verdict::Verdict;

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
    deadline: Instant,
    hangs_in_row: u32,
}

impl Patience {
    pub(crate) fn new(floor: Duration, round_trip: Duration, deadline: Instant) -> Self {
        Self {
            floor,
            round_trip,
            deadline,
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

    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
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

    #[test]
    fn five_hangs_in_a_row_shorten_the_wait_and_a_pass_restores_it() {
        let deadline = Instant::now() + FLOOR;
        let mut patience = Patience::new(FLOOR, Duration::from_millis(1), deadline);
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
        let deadline = Instant::now() + FLOOR;
        let patience = Patience::new(FLOOR, Duration::from_millis(300), deadline);
        assert_eq!(patience.wait(), Duration::from_secs(6));
    }
}
