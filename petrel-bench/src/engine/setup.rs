//! What a run is made of, and what is left of it.

use super::gather::{Gathered, Share, Span, per_second};
use crate::{histogram::Histogram, plan::Plan, workload::Workload};
use petrel::{ClientBuilder, Endpoint};
use petrel_cli::Interrupt;

/// What a run needs.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) plan: Plan,
    pub(crate) workload: Workload,
    pub(crate) endpoint: Endpoint,
    pub(crate) builder: ClientBuilder,
    pub(crate) interrupt: Option<Interrupt>,
    /// What the generator reaches at the most, as far as is known.
    pub(crate) headroom_per_s: Option<f64>,
}

/// What a run found, before it is judged.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) plan: Plan,
    /// The measured time and what was discarded before it.
    pub(crate) window: Span,
    pub(crate) warmup_s: f64,
    pub(crate) gathered: Gathered,
    pub(crate) step_s: f64,
    pub(crate) connect: Histogram,
    /// Connections that were open when loading began, and why others were not.
    pub(crate) connections: u32,
    pub(crate) connect_problem: Option<String>,
    pub(crate) busiest: Share,
    /// What somebody did to it by hand, in words.
    pub(crate) steered: Vec<String>,
    pub(crate) interrupted: bool,
}

/// Called when the measured time begins and when it has ended.
pub(crate) type OnEdge<'a> = &'a mut dyn FnMut(Edge);

/// The edges of the measured time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Start,
    End,
}

impl Outcome {
    /// Expected answers per second that came in the measured time.
    pub(crate) fn throughput_per_s(&self) -> f64 {
        per_second(self.gathered.total.counts.answered, self.window)
    }
}
