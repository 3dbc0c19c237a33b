//! The figures that are compared, and what comes of each.

use super::{
    RUNS_RECOMMENDED, is_limited,
    record::{FigureRecord, FigureVerdict},
};
use crate::{
    latency::{Known, Percentile},
    record::{RunRecord, Verdict},
    stats::{Interval, Ratio, ratio},
};
use fastrand::Rng;

/// By how much more than half an interval a change must be to be shown in four of five comparisons instead
/// of in one of two: one plus the 80 % point of the normal distribution over its 97.5 % point.
const POWER: f64 = 1.43;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    Throughput,
    Response(Percentile),
    ServerCpu,
    GeneratorCpu,
}

impl Figure {
    pub(super) const ALL: [Self; 6] = [
        Self::Throughput,
        Self::Response(Percentile::P50),
        Self::Response(Percentile::P99),
        Self::Response(Percentile::P999),
        Self::ServerCpu,
        Self::GeneratorCpu,
    ];

    fn name(self) -> String {
        match self {
            Self::Throughput => "throughput".to_owned(),
            Self::Response(percentile) => format!("response.{}", percentile.name()),
            Self::ServerCpu => "server_cpu_per_request".to_owned(),
            Self::GeneratorCpu => "generator_cpu_per_request".to_owned(),
        }
    }

    /// Its value in a run, or why there is none.
    fn of(self, run: &RunRecord) -> Result<f64, String> {
        let value = match self {
            Self::Throughput => Some(run.results.throughput_per_s),
            Self::ServerCpu => run.results.server_cpu_us_per_request,
            Self::GeneratorCpu => run.validity.evidence.generator_cpu_us_per_request,
            Self::Response(percentile) => {
                if run.validity.verdict == Verdict::Noisy {
                    return Err("the machine was too noisy for percentiles".to_owned());
                }
                let reading = run.results.response_us.reading(percentile);
                match reading.known {
                    Known::Exactly => reading.micros,
                    Known::AtLeast => return Err(format!("it is only known to be {reading}")),
                    Known::UnderNoise => {
                        return Err("it lies under the noise of the machine".to_owned());
                    }
                    Known::TooFew => return Err(format!("too few requests: {reading}")),
                }
            }
        };
        let value = value.ok_or_else(|| "it was not measured".to_owned())?;
        if value > 0.0 && value.is_finite() {
            Ok(value)
        } else {
            Err(format!("it is {value}, which has no ratio"))
        }
    }

    /// A comparison may lack it without being inconclusive.
    const fn is_optional(self) -> bool {
        matches!(
            self,
            Self::Response(Percentile::P999) | Self::ServerCpu | Self::GeneratorCpu
        )
    }

    /// What it shows is less than the server can do, if the generator was the limit.
    const fn is_of_server_under_load(self) -> bool {
        matches!(self, Self::Throughput | Self::Response(_))
    }

    pub(super) fn compare(
        self,
        a: &[RunRecord],
        b: &[RunRecord],
        margin: f64,
        rng: &mut Rng,
    ) -> FigureRecord {
        let of_a: Vec<_> = a.iter().map(|run| self.of(run)).collect();
        let of_b: Vec<_> = b.iter().map(|run| self.of(run)).collect();
        let shown = |values: &[Result<f64, String>]| {
            values
                .iter()
                .map(|value| value.as_ref().ok().copied())
                .collect()
        };
        let mut record = FigureRecord {
            name: self.name(),
            unit: if self == Self::Throughput {
                "per_s"
            } else {
                "us"
            }
            .to_owned(),
            more_is_better: self == Self::Throughput,
            decides: self != Self::GeneratorCpu,
            a: shown(&of_a),
            b: shown(&of_b),
            ratio: None,
            interval: None,
            detectable: None,
            runs_needed: None,
            verdict: FigureVerdict::Inconclusive,
            reason: None,
        };
        let values = (
            of_a.into_iter().collect::<Result<Vec<_>, _>>(),
            of_b.into_iter().collect::<Result<Vec<_>, _>>(),
        );
        let (of_a, of_b) = match values {
            (Ok(of_a), Ok(of_b)) => (of_a, of_b),
            (Err(why), _) => return self.without(record, "a", &why),
            (_, Err(why)) => return self.without(record, "b", &why),
        };
        let Some(found) = ratio(&of_a, &of_b, rng) else {
            record.ratio = Some((mean_log(&of_b) - mean_log(&of_a)).exp());
            record.runs_needed = whole(RUNS_RECOMMENDED);
            record.reason = Some("one run has no spread; give two a side or more".to_owned());
            return record;
        };
        self.judge(&mut record, found, margin);
        self.doubt(&mut record, is_limited(a), is_limited(b));
        record
    }

    fn without(self, mut record: FigureRecord, side: &str, why: &str) -> FigureRecord {
        if self.is_optional() {
            record.verdict = FigureVerdict::NotCompared;
        }
        record.reason = Some(format!("a run of {side} does not have it: {why}"));
        record
    }

    fn judge(self, record: &mut FigureRecord, found: Ratio, margin: f64) {
        let Interval { low, high } = found.interval;
        // How many times worse b is, whichever direction is the better one.
        let (best, worst) = if record.more_is_better {
            (1.0 / high, 1.0 / low)
        } else {
            (low, high)
        };
        let limit = 1.0 + margin;
        record.verdict = if best > limit {
            FigureVerdict::Slower
        } else if worst < 1.0 / limit {
            FigureVerdict::Faster
        } else if best >= 1.0 / limit && worst <= limit {
            FigureVerdict::Equivalent
        } else {
            FigureVerdict::Inconclusive
        };
        let half = (high / low).ln() / 2.0;
        record.ratio = Some(found.ratio);
        record.interval = Some([low, high]);
        record.detectable = Some((limit.ln() + POWER * half).exp() - 1.0);
        if record.verdict == FigureVerdict::Inconclusive {
            // Intervals narrow with the root of the runs; one as wide as the margin mostly decides.
            let runs = record.a.len().min(record.b.len());
            let times = (half / limit.ln()).powi(2).max(1.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "runs, and no more than a thousand of them"
            )]
            let needed = (runs as f64 * times).ceil().min(1_000.0) as usize;
            record.runs_needed = whole(needed.max(runs + 1).max(RUNS_RECOMMENDED));
            record.reason = Some("the interval reaches over the margin".to_owned());
        }
    }

    /// Takes back what is not proven where the generator was the limit.
    fn doubt(self, record: &mut FigureRecord, a_is_limited: bool, b_is_limited: bool) {
        let (verdict, side) = (record.verdict, if b_is_limited { "b" } else { "a" });
        let is_doubtful = match verdict {
            FigureVerdict::Slower => b_is_limited,
            FigureVerdict::Faster => a_is_limited,
            FigureVerdict::Equivalent => a_is_limited || b_is_limited,
            FigureVerdict::Inconclusive | FigureVerdict::NotCompared => false,
        };
        if is_doubtful && self.is_of_server_under_load() {
            record.verdict = FigureVerdict::Inconclusive;
            record.reason = Some(format!(
                "it is {} as measured, but the generator was the limit in runs of {side}, whose server \
                 may be faster",
                verdict.word()
            ));
        }
    }
}

fn mean_log(values: &[f64]) -> f64 {
    let sum: f64 = values.iter().map(|value| value.ln()).sum();
    #[expect(clippy::cast_precision_loss, reason = "counts of runs")]
    let count = values.len() as f64;
    sum / count
}

fn whole(runs: usize) -> Option<u32> {
    u32::try_from(runs).ok()
}
