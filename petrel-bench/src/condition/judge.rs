//! Whether a condition holds over a run, in three outcomes.

use super::{
    metric::{Distribution, Metric, Statistic},
    syntax::{Comparator, Condition, Objective},
    value::Quantity,
};
use crate::{
    latency::{Known, show_micros},
    record::{LimitedBy, RunRecord},
};

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever judges must know every case"
)]
pub enum Outcome {
    /// It does.
    Holds,
    /// It does not.
    DoesNotHold,
    /// The measurement cannot tell.
    Unknown,
}

/// What became of a condition or of an objective.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judgement {
    /// Whether it holds.
    pub outcome: Outcome,
    /// What was measured, or why that is not known; of an objective, of the condition that decided.
    pub words: String,
    /// What is the limit if this keeps a rate from being higher.
    pub limited_by: LimitedBy,
}

/// A figure as far as it is known.
enum Measured {
    Exactly(f64),
    /// It is this or more.
    AtLeast(f64),
    /// Nothing can be said, and why.
    Unknown(String),
}

impl Condition {
    /// Whether it holds over a run.
    pub fn judge(&self, run: &RunRecord) -> Judgement {
        let measured = self.measure(run);
        let outcome = self.compare(&measured);
        let words = match (&measured, outcome) {
            (Measured::Unknown(why), _) => format!("{} is not known: {why}", self.metric),
            (Measured::AtLeast(_), Outcome::Unknown) => format!(
                "{}, which does not decide whether it is {} {}",
                self.words(&measured, run),
                self.comparator.sign(),
                self.value
            ),
            _ => self.words(&measured, run),
        };
        let limited_by = match measured {
            Measured::Unknown(_) => LimitedBy::Noise,
            _ => self.metric.limited_by(),
        };
        Judgement {
            outcome,
            words,
            limited_by,
        }
    }

    fn measure(&self, run: &RunRecord) -> Measured {
        let evidence = &run.validity.evidence;
        let share = |share: Option<f64>| {
            let why = || Measured::Unknown("this machine does not tell".to_owned());
            share.map_or_else(why, Measured::Exactly)
        };
        match &self.metric {
            Metric::Latency(distribution, statistic) => latency(run, *distribution, *statistic),
            Metric::Throughput => Measured::Exactly(run.results.throughput_per_s),
            Metric::Steal => share(evidence.steal),
            Metric::WorkerBusy => share(evidence.worker_busy),
            Metric::Errors(_) | Metric::Unsent | Metric::Censored => {
                let (count, requests) = (float(count(&self.metric, run)), run.results.requests);
                match self.value.quantity {
                    Quantity::Share(_) if requests == 0 => {
                        Measured::Unknown("no request was due".to_owned())
                    }
                    Quantity::Share(_) => Measured::Exactly(count / float(requests)),
                    _ => Measured::Exactly(count),
                }
            }
        }
    }

    fn compare(&self, measured: &Measured) -> Outcome {
        let bound = self.value.quantity.number();
        let decided = match *measured {
            Measured::Unknown(_) => None,
            Measured::Exactly(value) => Some(match self.comparator {
                Comparator::Less => value < bound,
                Comparator::AtMost => value <= bound,
                Comparator::More => value > bound,
                Comparator::AtLeast => value >= bound,
                Comparator::Equal => is_equal(value, bound),
            }),
            // Whatever more it is, it stays on the side where it is already.
            Measured::AtLeast(value) => match self.comparator {
                Comparator::Less => (value >= bound).then_some(false),
                Comparator::AtMost | Comparator::Equal => (value > bound).then_some(false),
                Comparator::More => (value > bound).then_some(true),
                Comparator::AtLeast => (value >= bound).then_some(true),
            },
        };
        match decided {
            Some(true) => Outcome::Holds,
            Some(false) => Outcome::DoesNotHold,
            None => Outcome::Unknown,
        }
    }

    fn words(&self, measured: &Measured, run: &RunRecord) -> String {
        let (sign, value) = match *measured {
            Measured::Exactly(value) => ("", value),
            Measured::AtLeast(value) => ("≥ ", value),
            Measured::Unknown(_) => return String::new(),
        };
        let metric = &self.metric;
        match metric {
            Metric::Latency(..) => format!("{metric} was {sign}{}", show_micros(value)),
            Metric::Throughput => format!("throughput was {value:.0} per second"),
            Metric::Steal | Metric::WorkerBusy => format!("{metric} was {:.1} %", value * 100.0),
            Metric::Errors(_) | Metric::Unsent | Metric::Censored => {
                let (count, requests) = (count(metric, run), run.results.requests);
                let share = match self.value.quantity {
                    Quantity::Share(_) => format!(" ({:.3} %)", value * 100.0),
                    _ => String::new(),
                };
                format!("{metric} were {count} of {requests} requests{share}")
            }
        }
    }
}

impl Objective {
    /// Whether all conditions hold. One that does not hold decides, whatever is not known of others.
    pub fn judge(&self, run: &RunRecord) -> Judgement {
        let mut judgements: Vec<_> = (self.conditions().iter())
            .map(|condition| condition.judge(run))
            .collect();
        for outcome in [Outcome::DoesNotHold, Outcome::Unknown] {
            let mut of_it = judgements.iter();
            if let Some(index) = of_it.position(|judgement| judgement.outcome == outcome) {
                return judgements.swap_remove(index);
            }
        }
        let words: Vec<_> = judgements
            .iter()
            .map(|judgement| judgement.words.as_str())
            .collect();
        Judgement {
            outcome: Outcome::Holds,
            words: words.join(", "),
            limited_by: judgements[0].limited_by,
        }
    }
}

fn latency(run: &RunRecord, distribution: Distribution, statistic: Statistic) -> Measured {
    let latency = distribution.of(run);
    let percentile = match statistic {
        Statistic::Percentile(percentile) => percentile,
        Statistic::Max | Statistic::Mean => {
            let value = match statistic {
                Statistic::Max => latency.max,
                _ => latency.mean,
            };
            // Whatever was given up lies among the responses with the age that it had.
            let is_bound = !latency.at_least.is_empty()
                || (distribution == Distribution::Response && run.results.censored > 0);
            return match value {
                None => Measured::Unknown("nothing was measured".to_owned()),
                Some(value) if is_bound => Measured::AtLeast(value),
                Some(value) => Measured::Exactly(value),
            };
        }
    };
    let reading = latency.reading(percentile);
    match (reading.known, reading.micros) {
        (Known::Exactly, Some(micros)) => Measured::Exactly(micros),
        (Known::AtLeast, Some(micros)) => Measured::AtLeast(micros),
        (Known::UnderNoise, _) => {
            Measured::Unknown("it lies under the noise of the machine".to_owned())
        }
        (Known::TooFew, _) | (_, None) => Measured::Unknown(format!(
            "there are {} samples, it needs {}",
            latency.count,
            percentile.samples_needed()
        )),
    }
}

/// How many requests a metric of requests counts.
fn count(metric: &Metric, run: &RunRecord) -> u64 {
    let results = &run.results;
    match metric {
        Metric::Errors(Some(kind)) => results.errors.get(kind).copied().unwrap_or(0),
        Metric::Unsent => results.unsent,
        Metric::Censored => results.censored,
        _ => results.requests.saturating_sub(results.ok),
    }
}

/// Equal as far as decimal fractions can be told apart.
fn is_equal(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

#[expect(clippy::cast_precision_loss, reason = "counts lie far below 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{invented, latency::Latency};

    fn judge(text: &str, run: &RunRecord) -> Judgement {
        text.parse::<Condition>().unwrap().judge(run)
    }

    fn with_response(response: Latency) -> RunRecord {
        let mut run = invented::run();
        run.results.response_us = response;
        run
    }

    #[test]
    fn an_exact_value_decides_every_comparison() {
        let run = with_response(Latency {
            p99: Some(2_000.0),
            count: 5_000,
            ..Latency::default()
        });
        for (text, holds) in [
            ("p99 < 2ms", false),
            ("p99 <= 2ms", true),
            ("p99 > 2ms", false),
            ("p99 >= 2ms", true),
            ("p99 == 2ms", true),
            ("p99 == 2.1ms", false),
        ] {
            let judgement = judge(text, &run);
            assert_eq!(judgement.outcome == Outcome::Holds, holds, "{text}");
            assert_eq!(judgement.words, "response.p99 was 2.00 ms");
            assert_eq!(judgement.limited_by, LimitedBy::Latency);
        }
    }

    #[test]
    fn a_lower_bound_decides_only_what_more_cannot_change() {
        use Outcome::{DoesNotHold, Holds, Unknown};
        let bound = |micros| {
            with_response(Latency {
                p99: Some(micros),
                count: 5_000,
                at_least: vec!["p99".into()],
                ..Latency::default()
            })
        };
        let (low, same, high) = (bound(1_000.0), bound(2_000.0), bound(3_000.0));
        for (comparator, outcomes) in [
            ("<", [Unknown, DoesNotHold, DoesNotHold]),
            ("<=", [Unknown, Unknown, DoesNotHold]),
            (">", [Unknown, Unknown, Holds]),
            (">=", [Unknown, Holds, Holds]),
            ("==", [Unknown, Unknown, DoesNotHold]),
        ] {
            for (run, outcome) in [&low, &same, &high].into_iter().zip(outcomes) {
                let text = format!("p99 {comparator} 2ms");
                assert_eq!(judge(&text, run).outcome, outcome, "{text}");
            }
        }
        assert_eq!(
            judge("p99 < 2ms", &low).words,
            "response.p99 was ≥ 1.00 ms, which does not decide whether it is < 2ms"
        );
    }

    #[test]
    fn what_was_given_up_makes_maximum_and_mean_lower_bounds() {
        let mut run = with_response(Latency {
            max: Some(5_000.0),
            mean: Some(100.0),
            ..Latency::default()
        });
        assert_eq!(judge("response.max < 6ms", &run).outcome, Outcome::Holds);
        run.results.censored = 1;
        for text in ["response.max < 6ms", "response.mean < 6ms"] {
            assert_eq!(judge(text, &run).outcome, Outcome::Unknown, "{text}");
        }
        assert_eq!(judge("response.max > 4ms", &run).outcome, Outcome::Holds);
    }

    #[test]
    fn what_the_measurement_cannot_tell_is_unknown_and_says_why() {
        let run = with_response(Latency {
            p50: Some(10.0),
            count: 50,
            under_noise: vec!["p50".into()],
            ..Latency::default()
        });
        for (text, part) in [
            ("p50 < 2ms", "under the noise of the machine"),
            ("p99 < 2ms", "there are 50 samples, it needs 1000"),
            ("response.max < 2ms", "nothing was measured"),
            ("steal < 5%", "this machine does not tell"),
        ] {
            let judgement = judge(text, &run);
            assert_eq!(judgement.outcome, Outcome::Unknown, "{text}");
            assert!(
                judgement.words.contains(part),
                "{text}: {}",
                judgement.words
            );
            assert_eq!(judgement.limited_by, LimitedBy::Noise);
        }
    }

    #[test]
    fn every_request_that_failed_counts_once() {
        let mut run = invented::run();
        let results = &mut run.results;
        (results.requests, results.ok) = (10_000, 9_970);
        results.errors = [("timeout".to_owned(), 10), ("status".to_owned(), 5)].into();
        // Ten timed out, eight were never sent, seven were under way at the end.
        (results.unsent, results.censored) = (8, 25);
        for (text, outcome, words) in [
            (
                "errors < 0.3%",
                Outcome::DoesNotHold,
                "errors were 30 of 10000 requests (0.300 %)",
            ),
            (
                "errors == 30",
                Outcome::Holds,
                "errors were 30 of 10000 requests",
            ),
            (
                "errors.timeout > 10",
                Outcome::DoesNotHold,
                "errors.timeout were 10 of 10000 requests",
            ),
            (
                "errors.reset > 0",
                Outcome::DoesNotHold,
                "errors.reset were 0 of 10000 requests",
            ),
            (
                "unsent > 0",
                Outcome::Holds,
                "unsent were 8 of 10000 requests",
            ),
            (
                "censored >= 0.25%",
                Outcome::Holds,
                "censored were 25 of 10000 requests (0.250 %)",
            ),
        ] {
            let judgement = judge(text, &run);
            assert_eq!(
                (judgement.outcome, judgement.words.as_str()),
                (outcome, words),
                "{text}"
            );
        }
        run.results.requests = 0;
        assert_eq!(judge("errors < 1%", &run).outcome, Outcome::Unknown);
    }

    #[test]
    fn an_objective_fails_with_one_condition_whatever_is_unknown() {
        let run = with_response(Latency {
            p50: Some(300.0),
            count: 500,
            ..Latency::default()
        });
        let judge = |text: &str| text.parse::<Objective>().unwrap().judge(&run);
        assert_eq!(judge("p50<1ms,throughput>1").outcome, Outcome::Holds);
        assert_eq!(judge("p50<1ms,p99<2ms").outcome, Outcome::Unknown);
        let failed = judge("p99<2ms,p50<200us");
        assert_eq!(failed.outcome, Outcome::DoesNotHold);
        assert_eq!(failed.words, "response.p50 was 300 µs");
    }
}
