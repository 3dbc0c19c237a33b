//! Histograms of durations: what they hold, how exact they are, how they travel.

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram as Hdr,
    serialization::{Deserializer, Serializer, V2DeflateSerializer},
};
use std::time::Duration;

/// Longest duration that is told apart; anything longer counts as this long.
const LONGEST: Duration = Duration::from_secs(3600);

/// Values are exact to one part in a thousand.
const SIGNIFICANT_DIGITS: u8 = 3;

/// Durations in nanoseconds, each exact to 0.1 %, from one nanosecond to an hour.
///
/// It is an HDR histogram: recording costs a few nanoseconds and no allocation, merging is exact.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram(Hdr<u64>);

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Self {
        let longest = u64::try_from(LONGEST.as_nanos()).unwrap_or(u64::MAX);
        let hdr = Hdr::new_with_bounds(1, longest, SIGNIFICANT_DIGITS);
        Self(hdr.expect("the bounds are a millionfold apart and the digits at most five"))
    }

    /// Counts a duration `times` over.
    #[inline]
    pub fn record(&mut self, nanos: u64, times: u64) {
        self.0.saturating_record_n(nanos, times);
    }

    /// Adds every count of `other`.
    pub fn merge(&mut self, other: &Self) {
        // All histograms of this program have the same bounds, so this cannot fail.
        let merged = self.0.add(&other.0);
        debug_assert!(merged.is_ok(), "all histograms have the same bounds");
    }

    /// Forgets every count and keeps the room.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The smallest duration that at least `rank` of the counted ones do not exceed, in nanoseconds.
    /// Nothing if there are fewer.
    pub fn at_rank(&self, rank: u64) -> Option<u64> {
        if rank == 0 || rank > self.count() {
            return None;
        }
        let mut seen = 0;
        self.0.iter_recorded().find_map(|step| {
            seen += step.count_at_value();
            (seen >= rank).then(|| self.0.highest_equivalent(step.value_iterated_to()))
        })
    }

    /// The duration that a share of `quantile` (0 to 1) does not exceed, in nanoseconds.
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        self.at_rank(rank_of(quantile, self.count()))
    }

    /// How many durations are at most so long.
    pub fn count_up_to(&self, nanos: u64) -> u64 {
        self.0.count_between(0, nanos)
    }

    /// The longest duration, in nanoseconds.
    pub fn max(&self) -> Option<u64> {
        (!self.is_empty()).then(|| self.0.max())
    }

    /// The mean, in nanoseconds.
    pub fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.0.mean())
    }

    /// Every value that was counted with its count, in rising order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0
            .iter_recorded()
            .map(|step| (step.value_iterated_to(), step.count_at_value()))
    }

    /// As text for JSON: the compressed HDR format, version 2, in base64.
    pub fn to_base64(&self) -> String {
        let mut bytes = Vec::new();
        let written = V2DeflateSerializer::new().serialize(&self.0, &mut bytes);
        debug_assert!(written.is_ok(), "memory takes every byte");
        STANDARD.encode(bytes)
    }

    /// Reads what [`Histogram::to_base64`] wrote.
    ///
    /// # Errors
    /// If it is not base64 of a histogram of that format; the message says which.
    pub fn from_base64(text: &str) -> Result<Self, String> {
        let bytes = STANDARD
            .decode(text)
            .map_err(|error| format!("a histogram is not base64: {error}"))?;
        let hdr: Hdr<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| format!("a histogram is not in the HDR format, version 2: {error}"))?;
        // Whatever the bounds it came with, from here on they are ours.
        let mut own = Self::new();
        for step in hdr.iter_recorded() {
            own.record(step.value_iterated_to(), step.count_at_value());
        }
        Ok(own)
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

/// Which of `count` sorted values is the quantile: the smallest rank that covers that share.
pub fn rank_of(quantile: f64, count: u64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "counts lie far below 2^53, quantiles between 0 and 1"
    )]
    let rank = (quantile * count as f64 - 1e-9).ceil() as u64;
    rank.clamp(1, count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_ranks_of_what_was_counted() {
        let mut histogram = Histogram::new();
        for nanos in 1..=100 {
            histogram.record(nanos, 1);
        }
        for (quantile, nanos) in [(0.0, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)] {
            assert_eq!(histogram.quantile(quantile), Some(nanos), "{quantile}");
        }
        assert_eq!(histogram.count_up_to(7), 7);
        assert_eq!(histogram.at_rank(101), None);
        assert_eq!(Histogram::new().quantile(0.5), None);
    }

    #[test]
    fn what_is_longer_than_an_hour_counts_as_an_hour() {
        let mut histogram = Histogram::new();
        histogram.record(u64::MAX, 3);
        let max = histogram.max().unwrap();
        assert!(
            (3_600_000_000_000..3_604_000_000_000).contains(&max),
            "{max}"
        );
        assert_eq!(histogram.count(), 3);
    }

    #[test]
    fn it_travels_as_text_and_merges_exactly() {
        let (mut one, mut two) = (Histogram::new(), Histogram::new());
        one.record(1_000, 5);
        two.record(2_000_000, 1);
        let read = Histogram::from_base64(&one.to_base64()).unwrap();
        assert_eq!(read, one);
        two.merge(&read);
        assert_eq!(two.count(), 6);
        assert_eq!(two.count_up_to(1_001), 5);
        for wrong in ["%", "AAAA"] {
            assert!(Histogram::from_base64(wrong).is_err());
        }
    }
}
