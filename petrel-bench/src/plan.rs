//! What a run is going to do, with every choice made: as `--dry-run` prints it and every result keeps it.

use serde::{Deserialize, Serialize};

/// A run, resolved: nothing is left to defaults or to chance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a plan")]
pub struct Plan {
    /// Where the server is, or `embedded`.
    pub target: String,
    /// Connections at once.
    pub connections: u32,
    /// Requests in flight on each connection, at the most.
    pub pipeline: u32,
    /// Threads that load; every connection belongs to one of them.
    pub threads: u32,
    /// Requests per second over all connections (open loop); none is as fast as answers come (closed
    /// loop).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    /// How requests are spread over time at a rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<Arrivals>,
    /// How long is measured, in seconds.
    pub duration_s: f64,
    /// How long the load runs before that: so many seconds, or until it is stable.
    pub warmup: Warmup,
    /// When an answer counts as never coming, in seconds.
    pub timeout_s: f64,
    /// What everything random begins with.
    pub seed: u64,
    /// Whether every connection begins with a protocol check.
    pub protocol_check: bool,
    /// Whether the server is reached under TLS.
    pub tls: bool,
    /// Whether messages carry MACs.
    pub mac: bool,
    /// What is asked for.
    #[serde(rename = "request")]
    pub requests: Vec<RequestPlan>,
}

/// How requests are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a plan names every choice")]
pub enum Arrivals {
    /// At equal distances
    Constant,
    /// As independent users come: exponential distances
    Poisson,
}

/// How long the load runs before it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a plan names every choice")]
pub enum Warmup {
    /// Until throughput and median are stable, at most a fifth of the duration, which is taken for a
    /// second where it is less and for ten where it is more.
    Auto,
    /// So many seconds.
    Seconds(f64),
}

/// One kind of request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a plan")]
pub struct RequestPlan {
    /// The request's name.
    pub name: String,
    /// Its payload, as `--payload` takes it.
    pub payload: String,
    /// How often it is chosen, beside the weights of the others.
    pub weight: u32,
    /// How the payload of the answer is checked.
    pub verify: Verify,
    /// Statuses that are a success.
    pub expect_status: Vec<u16>,
}

/// How the payload of an answer is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a plan names every choice")]
pub enum Verify {
    /// Not at all
    None,
    /// It must be as long as the request's
    Length,
    /// It must be the request's
    Echo,
}

impl Plan {
    /// Whether requests are sent at a rate, whatever comes back.
    pub const fn is_open(&self) -> bool {
        self.rate_per_s.is_some()
    }
}

impl Verify {
    /// What is checked unless something else is asked for: `echo` is known to answer with what it got.
    pub(crate) fn usual_for(name: &str) -> Self {
        if name == "echo" {
            Self::Echo
        } else {
            Self::None
        }
    }
}
