//! What can happen to the composer.

use super::{
    super::commands::Motion,
    Action,
    effect::{Entry, Route},
};
use crate::exchange::Exchange;
use crossterm::event::KeyEvent;
use std::time::Duration;

/// What happened to the composer.
#[derive(Clone, Debug)]
pub(crate) enum Msg {
    /// The interface opens: with a target, it connects.
    Begin,
    /// A command was given.
    Perform(Action),
    /// Something is to be moved through.
    Move(Motion, Option<usize>),
    /// A key for the text input that has the keys: whatever is no command.
    Key(KeyEvent),
    /// Text for it.
    Paste(String),
    /// The keys go to the next pane, or to the one before.
    Focus {
        /// Whether to the next one.
        is_forward: bool,
    },
    /// Leaves what is typed or was opened last.
    Back,
    /// What is selected is to be copied.
    Copy,
    /// Names that were seen in the traffic, for completion.
    Names(Vec<String>),
    /// What was remembered from earlier sessions, the latest one last.
    Remembered(Vec<Entry>),
    /// A connection is being opened.
    Connecting(Route),
    /// It is open.
    Connected(Box<Took>),
    /// It cannot be opened: why.
    Refused(String),
    /// It ended: why.
    Lost(String),
    /// An answer came.
    Answered(Box<Exchange>),
    /// There is no answer that could be taken.
    Failed {
        /// Why, in one line.
        why: String,
        /// What there is of the exchange.
        exchange: Option<Box<Exchange>>,
    },
    /// An order is done, or given up.
    Finished,
    /// The file that holds a payload was read, or not.
    FileRead {
        /// That of the effect.
        generation: u64,
        /// What is in it, or why it cannot be read.
        bytes: Result<Vec<u8>, String>,
    },
    /// Something went wrong beside it all.
    Warned(String),
}

/// A connection that was opened, and how long that took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Took {
    /// Where it goes.
    pub(crate) route: Route,
    /// For name and TCP.
    pub(crate) connect: Duration,
    /// For TLS, if it is under TLS.
    pub(crate) tls: Option<Duration>,
    /// For the protocol check.
    pub(crate) check: Option<Duration>,
    /// The protocol check itself.
    pub(crate) exchange: Option<Box<Exchange>>,
}
