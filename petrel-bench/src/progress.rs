//! What is known while a run goes on, and what may be asked of it: all that a live view needs.

use crate::{latency::Latency, record::Point};
use petrel_cli::output;
use std::collections::BTreeMap;

/// A run as it stands.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "views and tests make their own")]
pub struct Progress {
    /// What the run is doing.
    pub phase: Phase,
    /// Seconds since the phase began.
    pub phase_s: f64,
    /// Seconds that the phase takes, where that is known.
    pub phase_total_s: Option<f64>,
    /// Requests per second that are wanted; nothing in a closed loop.
    pub target_per_s: Option<f64>,
    /// Whether the load is paused.
    pub paused: bool,
    /// Connections that are open, and how many there are to be.
    pub connections: (u32, u32),
    /// Requests that were due in the measured time.
    pub requests: u64,
    /// Answered as expected.
    pub ok: u64,
    /// Gone wrong, by kind.
    pub errors: BTreeMap<String, u64>,
    /// Requests in flight.
    pub in_flight: u64,
    /// Requests that are due and not sent.
    pub backlog: u64,
    /// Of the measured time so far; of the warm-up while that goes on.
    pub response: Latency,
    /// The same from when requests were written.
    pub service: Latency,
    /// The last stretches, a second each, oldest first; while the load warms up they are shorter.
    pub points: Vec<Point>,
    /// How the generator and its machine do.
    pub health: Health,
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a view shows every phase")]
pub enum Phase {
    /// Measuring the generator itself.
    #[default]
    Preflight,
    /// Opening connections.
    Connecting,
    /// Loading without measuring.
    Warmup,
    /// Measuring.
    Measuring,
    /// Waiting for the last answers.
    Draining,
}

/// How the generator and its machine do, over the last second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "views and tests make their own")]
pub struct Health {
    /// Share of its time that the busiest loading thread used the processor (0 to 1).
    pub worker_busy: Option<f64>,
    /// Share of its time that it was ready and had no processor (0 to 1).
    pub worker_starved: Option<f64>,
    /// Share of processor time that the hypervisor gave to others (0 to 1).
    pub steal: Option<f64>,
    /// One in a hundred requests was written later than this after it could have been, microseconds.
    pub generator_lag_p99_us: Option<f64>,
    /// Requests per second that the generator can make at the most, as far as is known.
    pub headroom_per_s: Option<f64>,
}

/// What may be asked of a run while it goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a run carries out every order")]
pub enum Order {
    /// Go on with so many requests per second.
    Rate(f64),
    /// Send nothing new, or go on.
    Pause(bool),
    /// Come to an end: measure no longer, wait for the last answers, and report.
    Quit,
}

/// Whoever watches a run. Called by the run about ten times a second, on a thread that loads nothing.
pub trait Watch {
    /// Shows the run as it stands, and gives what is asked of it.
    fn show(&mut self, progress: &Progress) -> Vec<Order>;

    /// Says a line that is to stay, between two runs.
    fn say(&mut self, line: &str) {
        output::note(line);
    }
}

/// Watches by not looking.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing in it")]
pub struct Unwatched;

impl Watch for Unwatched {
    fn show(&mut self, _: &Progress) -> Vec<Order> {
        Vec::new()
    }
}

impl<W: Watch + ?Sized> Watch for Box<W> {
    fn show(&mut self, progress: &Progress) -> Vec<Order> {
        (**self).show(progress)
    }

    fn say(&mut self, line: &str) {
        (**self).say(line);
    }
}

impl Phase {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Connecting => "connecting",
            Self::Warmup => "warm-up",
            Self::Measuring => "measuring",
            Self::Draining => "draining",
        }
    }
}
