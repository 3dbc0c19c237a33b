//! What may be said of a distribution: percentiles with the reasons why some are missing.

use crate::histogram::{Histogram, rank_of};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Values above a percentile that are needed before it is shown.
const SAMPLES_ABOVE_MIN: f64 = 10.0;

/// A percentile by the name that reports, thresholds and JSON know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the four that are reported")]
pub enum Percentile {
    /// The median.
    P50,
    /// One in ten is slower.
    P90,
    /// One in a hundred is slower.
    P99,
    /// One in a thousand is slower.
    P999,
}

impl Percentile {
    /// All of them, in rising order.
    pub const ALL: [Self; 4] = [Self::P50, Self::P90, Self::P99, Self::P999];

    /// The share that is not slower.
    pub const fn quantile(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P90 => 0.9,
            Self::P99 => 0.99,
            Self::P999 => 0.999,
        }
    }

    /// `p50`, `p90`, `p99`, `p999`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P999 => "p999",
        }
    }

    /// Samples that are needed to show it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most ten thousand"
    )]
    pub fn samples_needed(self) -> u64 {
        (SAMPLES_ABOVE_MIN / (1.0 - self.quantile())).round() as u64
    }
}

/// What is known of one percentile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader must know every case")]
pub enum Known {
    /// It is this long.
    Exactly,
    /// It is at least this long: requests that were never answered, or never sent, lie below it.
    AtLeast,
    /// It is shorter than what the machine itself withheld, so that it says nothing of the server.
    UnderNoise,
    /// There are too few samples.
    TooFew,
}

/// One percentile of a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// Which.
    pub percentile: Percentile,
    /// What is known of it.
    pub known: Known,
    /// The value in microseconds; nothing if there are too few samples.
    pub micros: Option<f64>,
}

/// The distribution of a duration, in microseconds: as JSON knows it.
///
/// A percentile is `null` if there are too few samples for it. `at_least` names those that are lower
/// bounds, `under_noise` those that lie under the noise floor of the machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct Latency {
    /// The median.
    pub p50: Option<f64>,
    /// One in ten is slower.
    pub p90: Option<f64>,
    /// One in a hundred is slower.
    pub p99: Option<f64>,
    /// One in a thousand is slower.
    pub p999: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
    /// The mean.
    pub mean: Option<f64>,
    /// How many durations there are, the censored ones included.
    pub count: u64,
    /// Percentiles that are lower bounds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_least: Vec<String>,
    /// Percentiles under the noise floor of the machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub under_noise: Vec<String>,
}

impl Latency {
    /// What `all` holds, of which `censored` were given up at the value they are counted with.
    /// `noise` is what the machine withheld, nothing if that was not measured or does not matter.
    pub fn of(all: &Histogram, censored: &Histogram, noise: Option<&Histogram>) -> Self {
        let mut latency = Self {
            max: all.max().map(micros),
            mean: all.mean().map(|nanos| nanos / 1e3),
            count: all.count(),
            ..Self::default()
        };
        for percentile in Percentile::ALL {
            if all.count() < percentile.samples_needed() {
                continue;
            }
            let Some(nanos) = all.quantile(percentile.quantile()) else {
                continue;
            };
            *latency.slot(percentile) = Some(micros(nanos));
            if !is_exact(all, censored, percentile, nanos) {
                latency.at_least.push(percentile.name().to_owned());
            }
            let floor = noise.and_then(|noise| noise.quantile(percentile.quantile()));
            if floor.is_some_and(|floor| floor >= nanos) {
                latency.under_noise.push(percentile.name().to_owned());
            }
        }
        latency
    }

    /// What is known of one percentile.
    pub fn reading(&self, percentile: Percentile) -> Reading {
        let micros = match percentile {
            Percentile::P50 => self.p50,
            Percentile::P90 => self.p90,
            Percentile::P99 => self.p99,
            Percentile::P999 => self.p999,
        };
        let is_in = |list: &[String]| list.iter().any(|name| name == percentile.name());
        let known = match micros {
            None => Known::TooFew,
            Some(_) if is_in(&self.under_noise) => Known::UnderNoise,
            Some(_) if is_in(&self.at_least) => Known::AtLeast,
            Some(_) => Known::Exactly,
        };
        Reading {
            percentile,
            known,
            micros,
        }
    }

    const fn slot(&mut self, percentile: Percentile) -> &mut Option<f64> {
        match percentile {
            Percentile::P50 => &mut self.p50,
            Percentile::P90 => &mut self.p90,
            Percentile::P99 => &mut self.p99,
            Percentile::P999 => &mut self.p999,
        }
    }
}

impl fmt::Display for Reading {
    /// As a person reads it: `123 µs`, `≥ 1.20 s`, `n/a (noise)`, `n/a (needs 1000)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.known, self.micros) {
            (Known::TooFew, _) | (_, None) => {
                format!("n/a (needs {})", self.percentile.samples_needed())
            }
            (Known::UnderNoise, _) => "n/a (noise)".to_owned(),
            (Known::AtLeast, Some(micros)) => format!("≥ {}", show_micros(micros)),
            (Known::Exactly, Some(micros)) => show_micros(micros),
        };
        f.pad(&text)
    }
}

/// A duration with three significant digits and its unit: `12.3 µs`, `4.56 ms`, `1.20 s`.
pub fn show_micros(micros: f64) -> String {
    let (value, unit) = if micros < 1e3 {
        (micros, "µs")
    } else if micros < 1e6 {
        (micros / 1e3, "ms")
    } else {
        (micros / 1e6, "s")
    };
    let digits = if value < 9.995 {
        2
    } else if value < 99.95 {
        1
    } else {
        0
    };
    format!("{value:.digits$} {unit}")
}

/// Nanoseconds as microseconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "an hour of nanoseconds lies below 2^53"
)]
pub const fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}

/// A percentile is exact if it stays the same, as far as the histogram can tell, when everything that
/// was given up is taken to have lasted for ever.
fn is_exact(all: &Histogram, censored: &Histogram, percentile: Percentile, nanos: u64) -> bool {
    if censored.is_empty() {
        return true;
    }
    let rank = rank_of(percentile.quantile(), all.count());
    // Answered ones up to this value; if they alone reach the rank, no censored one matters.
    all.count_up_to(nanos) - censored.count_up_to(nanos) >= rank
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: impl IntoIterator<Item = (u64, u64)>) -> Histogram {
        let mut histogram = Histogram::new();
        for (nanos, times) in values {
            histogram.record(nanos, times);
        }
        histogram
    }

    #[test]
    fn a_percentile_needs_ten_samples_above_it() {
        assert_eq!(
            Percentile::ALL.map(Percentile::samples_needed),
            [20, 100, 1_000, 10_000]
        );
        let latency = Latency::of(&histogram([(1_000, 999)]), &Histogram::new(), None);
        assert_eq!(latency.reading(Percentile::P90).known, Known::Exactly);
        let p99 = latency.reading(Percentile::P99);
        assert_eq!(p99.to_string(), "n/a (needs 1000)");
        assert_eq!((latency.p99, latency.count), (None, 999));
    }

    #[test]
    fn what_was_given_up_makes_the_percentiles_above_it_lower_bounds() {
        let censored = histogram([(5_000_000, 20)]);
        let mut all = histogram([(1_000_000, 980)]);
        all.merge(&censored);
        let latency = Latency::of(&all, &censored, None);
        assert_eq!(latency.at_least, ["p99"]);
        assert_eq!(latency.reading(Percentile::P50).known, Known::Exactly);
        assert!(
            latency
                .reading(Percentile::P99)
                .to_string()
                .starts_with("≥ 5.0")
        );

        // Given up young: nobody knows how long they would have taken, so even the median may be more.
        let censored = histogram([(10, 500)]);
        let mut all = histogram([(1_000_000, 500)]);
        all.merge(&censored);
        assert_eq!(
            Latency::of(&all, &censored, None).at_least,
            ["p50", "p90", "p99"]
        );
    }

    #[test]
    fn what_lies_under_the_noise_is_not_shown() {
        let noise = histogram([(100, 990), (3_000_000, 10)]);
        let all = histogram([(2_000, 980), (4_000_000, 15), (2_000_000, 5)]);
        let latency = Latency::of(&all, &Histogram::new(), Some(&noise));
        assert!(latency.under_noise.is_empty(), "{latency:?}");
        let noise = histogram([(100, 500), (5_000_000, 500)]);
        let latency = Latency::of(&all, &Histogram::new(), Some(&noise));
        assert_eq!(latency.under_noise, ["p90", "p99"]);
        assert_eq!(latency.reading(Percentile::P99).to_string(), "n/a (noise)");
        assert!(latency.p99.is_some(), "the number stays in the JSON");
    }

    #[test]
    fn durations_show_three_digits() {
        for (micros, text) in [
            (0.5, "0.50 µs"),
            (12.34, "12.3 µs"),
            (123.4, "123 µs"),
            (999.6, "1000 µs"),
            (1_234.0, "1.23 ms"),
            (2_500_000.0, "2.50 s"),
        ] {
            assert_eq!(show_micros(micros), text);
        }
    }
}
