//! What outcomes add up to.

use super::{Outcome, Verdict};

/// Outcomes, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: [u64; Verdict::ALL.len()],
    in_part: u64,
}

impl Tally {
    /// Counts an outcome.
    pub fn add(&mut self, outcome: &Outcome) {
        let place = Verdict::ALL
            .iter()
            .position(|verdict| *verdict == outcome.verdict);
        if let Some(count) = place.and_then(|place| self.counts.get_mut(place)) {
            *count += 1;
        }
        self.in_part += u64::from(outcome.in_part && outcome.verdict == Verdict::Same);
    }

    /// How many there are of this kind.
    pub fn of(&self, verdict: Verdict) -> u64 {
        let mut counts = Verdict::ALL.iter().zip(self.counts);
        counts
            .find(|(kind, _)| **kind == verdict)
            .map_or(0, |(_, count)| count)
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many are the same as far as the recorded answer was captured, which is not to its end.
    pub const fn in_part(&self) -> u64 {
        self.in_part
    }

    /// How many are different.
    pub fn differences(&self) -> u64 {
        let differences = Verdict::ALL.into_iter().filter(|kind| kind.is_difference());
        differences.map(|kind| self.of(kind)).sum()
    }
}
