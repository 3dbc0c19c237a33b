//! What the composer wants done.

use crate::{exchange::Exchange, talk::Request};
use petrel_cli::Target;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// What is to be done for the composer.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Hands a text to the clipboard. The shell does it, and says so.
    Copy(String),
    /// Adds an exchange to the traffic. The shell does it.
    Append(Box<Exchange>),
    /// Connects anew; answered by `Msg::Connecting` and what comes of it.
    Connect(Route),
    /// Sends requests, over a new connection if there is none of this route.
    Send(Box<Order>),
    /// Gives up what is under way.
    Stop,
    /// Reads a file that holds a payload; answered by `Msg::FileRead`.
    ReadFile {
        /// Where it is.
        path: PathBuf,
        /// Comes back with the answer.
        generation: u64,
    },
    /// Keeps for the next time where something was sent, and under which name.
    Remember(Entry),
}

/// Where a connection goes, and with which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The server.
    pub(crate) target: Target,
    /// Which of the keys signs; none: without MACs.
    pub(crate) key: Option<usize>,
}

/// Requests to be sent, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// Where to.
    pub(crate) route: Route,
    /// What is sent.
    pub(crate) request: Request,
    /// Time for each answer.
    pub(crate) timeout: Duration,
    /// How often it is sent.
    pub(crate) repeat: u32,
}

/// What is remembered of a request: never what it said, which may be secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Where it went.
    pub(crate) target: String,
    /// Its name.
    pub(crate) name: String,
}
