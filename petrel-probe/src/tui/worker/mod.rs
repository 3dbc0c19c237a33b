//! The threads behind the interface. (Placeholder: what the shell expects of it.)

pub(crate) mod history;
pub(crate) mod session;

use super::{Source, message::Msg};
use crate::{exchange::Exchange, index::Index, totals::Totals};
use petrel_cli::Failure;
use std::sync::{Arc, mpsc::Sender};

/// What the workers behind the traffic tell.
#[derive(Debug)]
pub(crate) enum SourceMsg {
    /// The index as it stands now: what was there before, and more. Cheap to clone.
    Rows(Index),
    /// How much of the source was read.
    Progress {
        /// Bytes.
        read: u64,
        /// Of how many, if that is known.
        total: Option<u64>,
    },
    /// The source is at its end.
    Done(Box<Totals>),
    /// The source cannot be read any further.
    Failed(Failure),
    /// The exchange of a row.
    Loaded {
        /// Index of the row.
        row: u32,
        /// What was read, or why not.
        exchange: Result<Box<Exchange>, Failure>,
    },
    /// More rows that fulfil the filter, in ascending order.
    Filtered {
        /// That of the effect.
        generation: u64,
        /// The rows, to be added to those that were told before.
        matches: Vec<u32>,
        /// How many rows were judged so far.
        judged: u32,
    },
    /// What a search found.
    Found {
        /// That of the effect.
        generation: u64,
        /// The row, none if there is none.
        row: Option<u32>,
    },
}

/// The threads behind the traffic. Dropped, they end soon, and nobody waits for them.
#[derive(Debug)]
pub(crate) struct Workers;

impl Workers {
    /// Begins to read the source. What is found is told to `tell`, in few and large messages: at most
    /// some twenty a second.
    ///
    /// # Errors
    /// If the source cannot be opened.
    pub(crate) fn start(_source: Source, _tell: Sender<Msg>) -> Result<Self, Failure> {
        // `DecoderConfig` will be an argument as soon as there is one.
        Ok(Self)
    }

    /// As the effect of this name; the others likewise.
    pub(crate) fn load(&self, _row: u32) {}

    /// See [`Effect::Filter`](super::effect::Effect::Filter).
    pub(crate) fn filter(&self, _expression: Option<String>, _generation: u64) {}

    /// See [`Effect::Search`](super::effect::Effect::Search).
    pub(crate) fn search(
        &self,
        _needle: Vec<u8>,
        _from: u32,
        _is_backward: bool,
        _within: Option<Arc<Vec<u32>>>,
        _generation: u64,
    ) {
    }

    /// Adds an exchange that was not captured.
    pub(crate) fn append(&self, _exchange: Box<Exchange>) {}
}
