//! What is printed of a replay: text for people, JSON for programs.
//!
//! Both take outcomes one by one and keep nothing but counts. They write to their sink and do nothing else.

mod document;
#[cfg(test)]
mod schema;
mod text;

pub use document::Document;
pub use text::Text;

use super::{Macs, Outcome, Pace, Recording, Tally};
use std::{collections::BTreeMap, io};

/// The form and version of the JSON.
pub const SCHEMA: &str = "petrel-probe-replay/1";

/// The JSON Schema (2020-12) of the document that `--format json` prints.
pub const JSON_SCHEMA: &str = include_str!("../../../schema/petrel-probe-replay-1.schema.json");

/// What stands at the head of a report.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever replays")]
pub struct Head {
    /// Where it went.
    pub target: String,
    /// How fast, and in which order.
    pub pace: Pace,
    /// What became of the MACs.
    pub macs: Macs,
}

/// What stands at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever replays")]
pub struct Summary {
    /// Requests that could be sent.
    pub requests: u64,
    /// Connections that have them.
    pub connections: u64,
    /// Whether recorded requests carry MACs.
    pub has_macs: bool,
    /// What was not sent, by reason.
    pub skipped: BTreeMap<super::Skip, u64>,
    /// What came of the others.
    pub tally: Tally,
    /// Whether the user interrupted it, so that some were not sent.
    pub interrupted: bool,
}

impl Summary {
    /// Of a recording of which this came.
    pub fn new(recording: &Recording, tally: Tally, interrupted: bool) -> Self {
        Self {
            requests: recording.len(),
            connections: recording.connections() as u64,
            has_macs: recording.has_macs(),
            skipped: recording.skipped().clone(),
            tally,
            interrupted,
        }
    }
}

/// Takes outcomes, and writes them.
pub trait Report {
    /// What came of a request.
    ///
    /// # Errors
    /// If the sink cannot be written.
    fn outcome(&mut self, outcome: &Outcome) -> io::Result<()>;

    /// The end; nothing may follow.
    ///
    /// # Errors
    /// If the sink cannot be written.
    fn finish(&mut self, summary: &Summary) -> io::Result<()>;
}
