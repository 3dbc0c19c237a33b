//! What a condition can be about, and the names of it.

use super::value::Kind;
use crate::{
    latency::{Latency, Percentile},
    record::{LimitedBy, RunRecord},
};
use std::fmt;

/// One figure of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever judges must know every case"
)]
pub enum Metric {
    /// Of the distribution of a duration.
    Latency(Distribution, Statistic),
    /// Requests that were not answered as expected; of one kind, if it is named.
    Errors(Option<String>),
    /// Requests that were never sent.
    Unsent,
    /// Requests of which it is not known how long they would have taken.
    Censored,
    /// Expected answers per second.
    Throughput,
    /// Share of processor time that the hypervisor gave to others.
    Steal,
    /// Share of its time that the busiest loading thread used the processor.
    WorkerBusy,
}

/// Of which duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever judges must know every case"
)]
pub enum Distribution {
    /// From when a request was due to its whole answer.
    Response,
    /// From when it was written to its whole answer.
    Service,
    /// From when it was written to the first byte of its answer.
    FirstByte,
    /// From when it was due to when it was written.
    SendLag,
    /// How late the generator itself was.
    GeneratorLag,
    /// From the first step to a connection to its protocol check.
    Connect,
}

/// Which figure of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever judges must know every case"
)]
pub enum Statistic {
    /// What a share of them does not exceed.
    Percentile(Percentile),
    /// The longest.
    Max,
    /// The mean.
    Mean,
}

impl Distribution {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Response,
        Self::Service,
        Self::FirstByte,
        Self::SendLag,
        Self::GeneratorLag,
        Self::Connect,
    ];

    /// `response`, `service`, `first_byte`, `send_lag`, `generator_lag`, `connect`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Service => "service",
            Self::FirstByte => "first_byte",
            Self::SendLag => "send_lag",
            Self::GeneratorLag => "generator_lag",
            Self::Connect => "connect",
        }
    }

    /// This distribution of a run.
    pub const fn of(self, run: &RunRecord) -> &Latency {
        match self {
            Self::Response => &run.results.response_us,
            Self::Service => &run.results.service_us,
            Self::FirstByte => &run.results.first_byte_us,
            Self::SendLag => &run.results.send_lag_us,
            Self::GeneratorLag => &run.validity.evidence.generator_lag_us,
            Self::Connect => &run.results.connect_us,
        }
    }
}

impl Statistic {
    const ALL: [Self; 6] = [
        Self::Percentile(Percentile::P50),
        Self::Percentile(Percentile::P90),
        Self::Percentile(Percentile::P99),
        Self::Percentile(Percentile::P999),
        Self::Max,
        Self::Mean,
    ];

    /// `p50`, `p90`, `p99`, `p999`, `max`, `mean`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Percentile(percentile) => percentile.name(),
            Self::Max => "max",
            Self::Mean => "mean",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let name = if name == "p99.9" { "p999" } else { name };
        Self::ALL.into_iter().find(|each| each.name() == name)
    }
}

impl Metric {
    /// The metric of that name, or what is wrong with the name and which one may be meant.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        match name {
            "errors" => return Ok(Self::Errors(None)),
            "unsent" => return Ok(Self::Unsent),
            "censored" => return Ok(Self::Censored),
            "throughput" => return Ok(Self::Throughput),
            "steal" => return Ok(Self::Steal),
            "worker_busy" => return Ok(Self::WorkerBusy),
            _ => {}
        }
        if let Some(kind) = name.strip_prefix("errors.") {
            return error_kind(kind);
        }
        if let Some(statistic) = Statistic::named(name) {
            // A maximum or mean alone could be that of anything; percentiles are said of responses.
            if matches!(statistic, Statistic::Percentile(_)) {
                return Ok(Self::Latency(Distribution::Response, statistic));
            }
            return Err(format!("`{name}` of what? write `response.{name}`"));
        }
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let distribution = Distribution::ALL
            .into_iter()
            .find(|each| each.name() == first);
        match (distribution, Statistic::named(rest)) {
            (Some(distribution), Some(statistic)) => Ok(Self::Latency(distribution, statistic)),
            (Some(_), None) => Err(format!(
                "`{name}` does not say which figure; write {first}.p50, {first}.p90, {first}.p99, \
                 {first}.p999, {first}.max or {first}.mean"
            )),
            (None, _) => Err(unknown(name)),
        }
    }

    /// What values it can be compared with.
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Latency(..) => Kind::Duration,
            Self::Errors(_) | Self::Unsent | Self::Censored => Kind::Count,
            Self::Throughput => Kind::Rate,
            Self::Steal | Self::WorkerBusy => Kind::Share,
        }
    }

    /// What is the limit where a condition on this is what keeps a rate from being higher.
    pub const fn limited_by(&self) -> LimitedBy {
        match self {
            Self::Latency(Distribution::GeneratorLag, _) | Self::WorkerBusy => LimitedBy::Generator,
            Self::Latency(..) => LimitedBy::Latency,
            Self::Errors(_) | Self::Censored => LimitedBy::Errors,
            Self::Unsent | Self::Throughput => LimitedBy::Throughput,
            Self::Steal => LimitedBy::Noise,
        }
    }
}

impl fmt::Display for Metric {
    /// The name in full, as it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency(distribution, statistic) => {
                write!(f, "{}.{}", distribution.name(), statistic.name())
            }
            Self::Errors(None) => f.write_str("errors"),
            Self::Errors(Some(kind)) => write!(f, "errors.{kind}"),
            Self::Unsent => f.write_str("unsent"),
            Self::Censored => f.write_str("censored"),
            Self::Throughput => f.write_str("throughput"),
            Self::Steal => f.write_str("steal"),
            Self::WorkerBusy => f.write_str("worker_busy"),
        }
    }
}

fn error_kind(kind: &str) -> Result<Metric, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !kind.is_empty() && kind.chars().all(plain) {
        return Ok(Metric::Errors(Some(kind.to_owned())));
    }
    Err(format!(
        "`{kind}` is no kind of error; kinds are small letters, digits and underscores, such as \
         errors.timeout"
    ))
}

fn unknown(name: &str) -> String {
    let single = [
        "errors",
        "unsent",
        "censored",
        "throughput",
        "steal",
        "worker_busy",
    ];
    let of_latencies = Distribution::ALL.into_iter().flat_map(|distribution| {
        Statistic::ALL.map(|statistic| format!("{}.{}", distribution.name(), statistic.name()))
    });
    let percentiles = Percentile::ALL.map(|percentile| percentile.name().to_owned());
    let closest = (single.into_iter().map(str::to_owned))
        .chain(percentiles)
        .chain(of_latencies)
        .map(|known| (strsim::damerau_levenshtein(name, &known), known))
        .min_by_key(|(distance, _)| *distance);
    match closest {
        // Half the letters wrong is no misspelling.
        Some((distance, known)) if distance * 2 < known.len() => {
            format!("`{name}` is no metric; did you mean `{known}`?")
        }
        _ => format!(
            "`{name}` is no metric; write response.p99, service.p50, errors, unsent or throughput, \
             for example"
        ),
    }
}
