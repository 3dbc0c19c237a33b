//! What is to be done, as the model says it.

use super::{compose, replay};
use crate::exchange::Exchange;
use std::sync::Arc;

/// What the runtime does for the model. Whatever takes time answers with a message.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Gives the terminal back and ends.
    Quit,
    /// Gives the terminal back and stops until the shell continues it.
    Suspend,
    /// Draws everything anew, whatever else was written to the terminal.
    Redraw,
    /// Reads the exchange of a row; answered by `SourceMsg::Loaded`.
    LoadExchange {
        /// Index of the row.
        row: u32,
    },
    /// Judges all rows, and from then on every row that is added, by an expression; answered by
    /// `SourceMsg::Filtered`. None ends the filter that is.
    Filter {
        /// What is asked for, known to be valid.
        expression: Option<String>,
        /// Comes back with the answers. A greater one ends the work for all before it.
        generation: u64,
    },
    /// Looks for bytes in payloads; answered by `SourceMsg::Found`.
    Search {
        /// The bytes.
        needle: Vec<u8>,
        /// The row behind which (backward: before which) is looked first. At the end it goes on at the
        /// other one, up to this row itself.
        from: u32,
        /// The other direction.
        is_backward: bool,
        /// Only these rows, in ascending order.
        within: Option<Arc<Vec<u32>>>,
        /// As for the filter.
        generation: u64,
    },
    /// Adds an exchange to the traffic, such as one that was composed.
    Append(Box<Exchange>),
    /// Hands a text to the clipboard of whoever looks at the terminal (OSC 52).
    Copy(String),
    /// Sends requests of the traffic again.
    Replay(replay::Effect),
    /// What the composer wants done.
    Compose(compose::Effect),
}
