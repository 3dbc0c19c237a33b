//! A measurement as data: what JSON holds, and what every report is made of. Schema `petrel-bench/1`.

use crate::{latency::Latency, plan::Plan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The schema of every document.
pub const SCHEMA: &str = "petrel-bench/1";

/// One run: the unit of every comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct RunRecord {
    /// [`SCHEMA`].
    pub schema: String,
    /// `run`.
    pub kind: String,
    /// Version of this program.
    pub version: String,
    /// The command that makes such a run again.
    pub command: String,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// What it was to do.
    pub plan: Plan,
    /// What it ran on.
    pub host: Host,
    /// Whether it can be believed.
    pub validity: Validity,
    /// What was found.
    pub results: Results,
    /// The distributions whole: compressed HDR format, version 2, in base64, nanoseconds.
    pub histograms: Histograms,
    /// What happened when.
    pub series: Series,
}

/// The machine and the program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct Host {
    /// Operating system and its version.
    pub os: String,
    /// Model of the processor.
    pub cpu: String,
    /// Processors that this program may use.
    pub cores: u32,
    /// Whether the server ran on this machine too, so that both shared its processors: known for
    /// loopback addresses, Unix sockets and the embedded server.
    pub co_located: bool,
    /// Whether the server ran in this process.
    pub embedded: bool,
}

/// Whether the numbers are the server's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct Validity {
    /// The judgement.
    pub verdict: Verdict,
    /// Why, in words; for a valid run what speaks for it.
    pub reasons: Vec<String>,
    /// What was measured to judge.
    pub evidence: Evidence,
}

/// The judgement over a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader must know every case")]
pub enum Verdict {
    /// The numbers are the server's, as far as can be seen.
    Valid,
    /// The machine withheld so much that percentiles say nothing.
    Noisy,
    /// The generator was the limit: the server may be faster.
    LimitedByGenerator,
}

/// What a verdict rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct Evidence {
    /// Requests per second of the same load against a server that costs next to nothing, in this
    /// process, before the run.
    pub headroom_per_s: Option<f64>,
    /// Share of its time that the busiest loading thread used the processor (0 to 1).
    pub worker_busy: Option<f64>,
    /// Share of its time that the busiest loading thread was ready and had no processor (0 to 1).
    pub worker_starved: Option<f64>,
    /// Share of all processor time that the hypervisor gave to others (0 to 1).
    pub steal: Option<f64>,
    /// Processor time of the loading threads per request, in microseconds.
    pub generator_cpu_us_per_request: Option<f64>,
    /// How late the generator itself was: from when a request was due and a place for it was free, to
    /// when it was written.
    pub generator_lag_us: Latency,
    /// How long a thread that only wakes up was withheld from waking, beyond its usual delay.
    pub hiccup_us: Latency,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct Results {
    /// Requests that were due in the measured time, sent or not.
    pub requests: u64,
    /// Of these, answered as expected.
    pub ok: u64,
    /// Of these, gone wrong, by kind; a kind without errors is absent.
    pub errors: BTreeMap<String, u64>,
    /// Of these, never sent, because no connection had a place free.
    pub unsent: u64,
    /// Of these, never answered: not sent, not answered when the run ended, timed out, or lost with their
    /// connection. They stand in the distribution of responses with the age they had. Answers that came and
    /// were wrong stand in no distribution.
    pub censored: u64,
    /// Answers that nobody had asked for; each cost its connection.
    #[serde(default)]
    pub unasked: u64,
    /// How long was measured, in seconds.
    pub duration_s: f64,
    /// How long the load had run before, in seconds.
    pub warmup_s: f64,
    /// Expected answers per second that came in the measured time.
    pub throughput_per_s: f64,
    /// Bytes written per second in the measured time.
    pub sent_bytes_per_s: f64,
    /// Bytes read per second in the measured time.
    pub received_bytes_per_s: f64,
    /// Connections that were open when the measured time began.
    pub connections_open: u32,
    /// Connections that were made anew in the measured time.
    pub reconnects: u64,
    /// From when a request was due to its whole answer: what a user waits.
    pub response_us: Latency,
    /// From when a request was written to its whole answer.
    pub service_us: Latency,
    /// From when a request was written to the first byte of its answer.
    pub first_byte_us: Latency,
    /// From when a request was due to when it was written.
    pub send_lag_us: Latency,
    /// From the first step to a connection to the answer to its protocol check, TLS included; of all
    /// connections of the run.
    pub connect_us: Latency,
    /// Processor time of the server per request in microseconds, where it can be seen.
    pub server_cpu_us_per_request: Option<f64>,
    /// Requests that the embedded server counted in the measured time, if it was the target.
    pub server_counted: Option<u64>,
}

/// The distributions whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct Histograms {
    /// Of [`Results::response_us`].
    pub response: String,
    /// The part of it that was given up.
    pub response_censored: String,
    /// Of [`Results::service_us`].
    pub service: String,
    /// Of [`Results::first_byte_us`].
    pub first_byte: String,
    /// Of [`Results::send_lag_us`].
    pub send_lag: String,
    /// Of [`Results::connect_us`].
    pub connect: String,
    /// Of [`Evidence::generator_lag_us`].
    pub generator_lag: String,
    /// Of [`Evidence::hiccup_us`].
    pub hiccup: String,
}

/// What happened when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct Series {
    /// Seconds that a point covers: one, or more in runs over an hour.
    pub step_s: f64,
    /// One after the other, from the beginning of the measured time.
    pub points: Vec<Point>,
}

/// One stretch of a run. Its distribution is of what was answered in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct Point {
    /// When it began, in seconds from the beginning of the measured time.
    pub at_s: f64,
    /// Requests per second that were wanted; absent in a closed loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_per_s: Option<f64>,
    /// Expected answers per second.
    pub throughput_per_s: f64,
    /// Requests that went wrong.
    pub errors: u64,
    /// Requests in flight at its end.
    pub in_flight: u64,
    /// Requests that were due and not sent at its end.
    pub backlog: u64,
    /// Median of responses in microseconds, if there were any.
    pub response_p50_us: Option<f64>,
    /// One in a hundred responses was slower.
    pub response_p99_us: Option<f64>,
    /// The slowest response.
    pub response_max_us: Option<f64>,
    /// One in a hundred services was slower.
    pub service_p99_us: Option<f64>,
}

/// Runs over one parameter, in the order of the parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct SweepRecord {
    /// [`SCHEMA`].
    pub schema: String,
    /// `sweep`.
    pub kind: String,
    /// Version of this program.
    pub version: String,
    /// The command that makes such a sweep again.
    pub command: String,
    /// What was varied: `connections` or `rate_per_s`.
    pub parameter: String,
    /// The runs; of a sweep over rates each rate has two, one on the way up and one on the way down.
    pub points: Vec<SweepPoint>,
    /// Where more load stops bringing more throughput, if that was seen.
    pub knee: Option<f64>,
    /// Parameters at which the two runs of one rate differ by more than the machine's noise explains.
    pub hysteresis: Vec<f64>,
}

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct SweepPoint {
    /// The parameter's value.
    pub value: f64,
    /// Its place in the order in which the runs were made, from 0.
    pub order: u32,
    /// What was found.
    pub run: RunRecord,
}

/// The highest rate that meets an objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct FindRecord {
    /// [`SCHEMA`].
    pub schema: String,
    /// `find`.
    pub kind: String,
    /// Version of this program.
    pub version: String,
    /// The command that makes such a search again.
    pub command: String,
    /// The objective as it was given.
    pub slo: String,
    /// The highest rate that was confirmed; nothing if not even the lowest met the objective.
    pub rate_per_s: Option<f64>,
    /// Where the highest rate lies, with 95 % confidence.
    pub interval_per_s: Option<[f64; 2]>,
    /// What limited it.
    pub limited_by: LimitedBy,
    /// That in words.
    pub reason: String,
    /// Every step of the search, in order.
    pub steps: Vec<FindStep>,
    /// The run that confirmed the answer.
    pub confirmation: Option<RunRecord>,
}

/// What kept a rate from being higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader must know every case")]
pub enum LimitedBy {
    /// The server became too slow.
    Latency,
    /// The server answered wrongly or not at all.
    Errors,
    /// The server could not keep up with the rate at all.
    Throughput,
    /// The generator; the server may be faster, and the answer is a lower bound.
    Generator,
    /// The noise of the machine.
    Noise,
    /// The highest rate that was asked for.
    Ceiling,
}

/// One rate that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct FindStep {
    /// What the step was for: `bracket`, `bisect` or `confirm`.
    pub phase: String,
    /// Requests per second.
    pub rate_per_s: f64,
    /// Windows that met the objective.
    pub met: u32,
    /// Windows in all.
    pub windows: u32,
    /// Whether the step counts as meeting it.
    pub passed: bool,
    /// The first thing that was not met, in words.
    pub reason: Option<String>,
}
