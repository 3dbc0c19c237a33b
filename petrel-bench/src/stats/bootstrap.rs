//! The ratio of two groups of runs with its confidence interval, by resampling whole runs.
//!
//! The unit is the run: requests of one run share its fate (one preemption hits hundreds of them), so that
//! resampling requests would promise a certainty that nobody has.
//!
//! The interval is the percentile interval of the bootstrap, stretched. With few runs the bootstrap alone
//! is too narrow for two known reasons: its variance lacks the factor n / (n - 1), and it is as wide as a
//! normal distribution with a known variance would have it, not as Student's with an estimated one. Both
//! factors are known, so both are put back; the degrees of freedom are Welch's.

use super::order::quantile;
use fastrand::Rng;

/// Resamples per interval: the 2.5th percentile then rests on fifty of them.
const RESAMPLES: usize = 2_000;

/// Two-sided 95 % point of the normal distribution.
const NORMAL_975: f64 = 1.959_964;

/// A range.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "two ends")]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// How many times as much one group has as another.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ratio {
    /// Geometric mean of `b` over that of `a`.
    pub ratio: f64,
    /// Where it lies with 95 % confidence.
    pub interval: Interval,
}

impl Interval {
    /// Whether a value lies in it.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The ratio of `b` over `a`, one value per run. Nothing if a group has fewer than two runs, or a value
/// that is not above zero.
pub fn ratio(a: &[f64], b: &[f64], rng: &mut Rng) -> Option<Ratio> {
    ratio_of(a, b, RESAMPLES, rng)
}

fn ratio_of(a: &[f64], b: &[f64], resamples: usize, rng: &mut Rng) -> Option<Ratio> {
    // Ratios multiply: on the logarithms they are differences, and as far up as down.
    let (a, b) = (logs(a)?, logs(b)?);
    let centre = mean(&b) - mean(&a);
    let mut differences: Vec<f64> = (0..resamples)
        .map(|_| resampled(&b, rng) - resampled(&a, rng))
        .collect();
    differences.sort_by(f64::total_cmp);
    let stretch = stretch(&a, &b);
    let end = |share| {
        let end = quantile(&differences, share).unwrap_or(centre);
        (centre + (end - centre) * stretch).exp()
    };
    Some(Ratio {
        ratio: centre.exp(),
        interval: Interval {
            low: end(0.025),
            high: end(0.975),
        },
    })
}

fn logs(values: &[f64]) -> Option<Vec<f64>> {
    let usable = values.len() >= 2 && values.iter().all(|value| *value > 0.0 && value.is_finite());
    usable.then(|| values.iter().map(|value| value.ln()).collect())
}

fn resampled(values: &[f64], rng: &mut Rng) -> f64 {
    let sum: f64 = (0..values.len())
        .map(|_| values[rng.usize(..values.len())])
        .sum();
    sum / float(values.len())
}

/// By how much the interval of the bootstrap is too narrow.
fn stretch(a: &[f64], b: &[f64]) -> f64 {
    let (of_a, of_b) = (squared_error(a), squared_error(b));
    let (freedom_a, freedom_b) = (float(a.len() - 1), float(b.len() - 1));
    let all = of_a + of_b;
    if all <= 0.0 {
        return 1.0;
    }
    let freedom = all * all / (of_a * of_a / freedom_a + of_b * of_b / freedom_b);
    // What the bootstrap takes for the variance: each side without its n / (n - 1).
    let seen = of_a * freedom_a / float(a.len()) + of_b * freedom_b / float(b.len());
    student_975(freedom) / NORMAL_975 * (all / seen).sqrt()
}

/// The variance of the mean.
fn squared_error(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    squares / float(values.len() - 1) / float(values.len())
}

/// Two-sided 95 % point of Student's t, exact to 0.1 % for a whole number of degrees of freedom and between
/// two of them on the safe side.
fn student_975(freedom: f64) -> f64 {
    const FIRST: [f64; 10] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    ];
    if freedom < 11.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 10"
        )]
        return FIRST[freedom.max(1.0) as usize - 1];
    }
    // The first terms of the expansion around the normal distribution.
    let z = NORMAL_975;
    z + (z.powi(3) + z) / (4.0 * freedom)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * freedom * freedom)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / float(values.len())
}

#[expect(clippy::cast_precision_loss, reason = "counts of runs")]
const fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Near enough to a normal deviate.
    fn normal(rng: &mut Rng) -> f64 {
        (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let (a, b) = ([100.0, 103.0, 98.0], [90.0, 95.0, 91.0]);
        let of = |seed| ratio(&a, &b, &mut Rng::with_seed(seed)).unwrap();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1).interval, of(2).interval);
        assert!((of(1).ratio - 0.917).abs() < 0.001);
    }

    #[test]
    fn one_run_or_a_zero_has_no_interval() {
        let rng = &mut Rng::with_seed(1);
        assert_eq!(ratio(&[1.0], &[1.0, 2.0], rng), None);
        assert_eq!(ratio(&[1.0, 0.0], &[1.0, 2.0], rng), None);
    }

    #[test]
    fn runs_without_any_spread_are_certain() {
        let ratio = ratio(&[2.0, 2.0], &[3.0, 3.0], &mut Rng::with_seed(1)).unwrap();
        assert!((ratio.interval.low - 1.5).abs() < 1e-12);
        assert!((ratio.interval.high - 1.5).abs() < 1e-12);
    }

    #[test]
    fn the_interval_covers_the_truth_as_often_as_it_says() {
        for (runs, spread_b) in [(3, 0.1), (5, 0.1), (5, 0.3), (12, 0.1)] {
            let rng = &mut Rng::with_seed(7);
            let rounds = 200;
            let covered = (0..rounds)
                .filter(|_| {
                    let mut group = |level: f64, spread: f64| -> Vec<f64> {
                        (0..runs)
                            .map(|_| level * (normal(rng) * spread).exp())
                            .collect()
                    };
                    let (a, b) = (group(100.0, 0.1), group(120.0, spread_b));
                    let fast = &mut Rng::with_seed(9);
                    coarse(&a, &b, fast).contains(1.2)
                })
                .count();
            let share = float(covered) / f64::from(rounds);
            assert!((0.91..=0.995).contains(&share), "{runs} runs: {share}");
        }
    }

    /// The interval with fewer resamples, so that a test can wait for hundreds of them.
    fn coarse(a: &[f64], b: &[f64], rng: &mut Rng) -> Interval {
        ratio_of(a, b, 200, rng).unwrap().interval
    }

    #[test]
    fn students_distribution_is_as_tables_have_it() {
        for (freedom, t) in [
            (1.0, 12.706),
            (4.7, 2.776),
            (11.0, 2.201),
            (20.0, 2.086),
            (1e9, 1.96),
        ] {
            assert!((student_975(freedom) / t - 1.0).abs() < 0.001, "{freedom}");
        }
    }
}
