//! What the threads of a run share, and what they tell each other.

use super::{clock::Clock, control::Control};
use crate::{plan::Plan, tally::Tally, wire::Template, workload::Workload};
use petrel::{ClientBuilder, Endpoint};

/// What all loading threads of a run share; nothing of it changes but what the control says.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) clock: Clock,
    pub(super) plan: Plan,
    pub(super) workload: Workload,
    pub(super) control: Control,
    pub(super) check: Option<Template>,
    pub(super) endpoint: Endpoint,
    pub(super) builder: ClientBuilder,
    /// How long a stretch of the measured time is, in nanoseconds.
    pub(super) step: u64,
}

/// What a loading thread tells the coordinator.
#[derive(Debug)]
pub(super) enum Report {
    /// A connection is open, after so many nanoseconds, or could not be opened.
    Connected(Result<u64, String>),
    /// A stretch is over.
    Stretch {
        from: u64,
        to: u64,
        tally: Box<Tally>,
    },
    /// The last stretch, from the end of the measured time on. Nothing comes behind it.
    Done { tally: Box<Tally> },
    /// The thread could not go on.
    Failed(String),
}
