//! What can happen to the interface.

use super::{compose, replay, worker::SourceMsg};
use crossterm::event::KeyEvent;

/// What happened. Everything that changes the model comes as one of these.
#[derive(Debug)]
pub(crate) enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// The workers behind the traffic tell something.
    Source(SourceMsg),
    /// The worker behind the composer tells something.
    Compose(compose::Msg),
    /// The worker behind a replay tells something.
    Replay(replay::Msg),
    /// The process goes on after it was stopped: everything is to be drawn anew.
    Resumed,
    /// A signal asks the program to end.
    Terminated,
}
