//! What was said on the wire: messages, the exchanges they make, and the connections they went over.
//!
//! These are plain data. Whoever captures, records or sends makes them; whoever filters, prints or
//! draws reads them.

mod message;
mod note;
#[cfg(test)]
pub(crate) mod sample;

pub use message::{Extent, Fields, Gap, GapCause, MacState, Message};
pub use note::Note;

use std::{net::SocketAddr, sync::Arc, time::Duration};

/// Who sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a conversation has two sides")]
pub enum Side {
    /// The client: requests come from it.
    Client,
    /// The server: answers come from it.
    Server,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// `client` or `server`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// A request and its answer, or what was captured of them. At least one of the two is there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made and read all over this program"
)]
pub struct Exchange {
    /// Number of the connection, from 1 in the order in which connections were found to be Petrel's.
    pub connection: u32,
    /// Where the client was.
    pub client: SocketAddr,
    /// Where the server was.
    pub server: SocketAddr,
    /// The request; none if the capture lost it.
    pub request: Option<Message>,
    /// The answer; none if there was none or the capture lost it.
    pub response: Option<Message>,
    /// What deserves to be said about it.
    pub notes: Vec<Note>,
}

impl Exchange {
    /// Sequence number: that of the request, else that of the answer.
    pub fn sequence(&self) -> u32 {
        self.either().map_or(0, |message| message.header.sequence)
    }

    /// The name: that of the request, else that of the answer, which copies it.
    pub fn name(&self) -> &[u8] {
        self.either().map_or(&[], Message::name)
    }

    /// From the last byte of the request to the last byte of the answer. None without both, and where
    /// the clock of the capture ran backwards.
    pub fn rtt(&self) -> Option<Duration> {
        let (request, response) = (self.request.as_ref()?, self.response.as_ref()?);
        let nanoseconds = response.time_ns.checked_sub(request.time_ns)?;
        Some(Duration::from_nanos(nanoseconds))
    }

    /// Whether both messages are there with all their bytes.
    pub fn is_complete(&self) -> bool {
        let whole = |message: &Option<Message>| message.as_ref().is_some_and(Message::is_complete);
        whole(&self.request) && whole(&self.response)
    }

    /// The messages that are there, with who sent them.
    pub fn messages(&self) -> impl Iterator<Item = (Side, &Message)> {
        let request = self.request.as_ref().map(|message| (Side::Client, message));
        let response = self
            .response
            .as_ref()
            .map(|message| (Side::Server, message));
        request.into_iter().chain(response)
    }

    fn either(&self) -> Option<&Message> {
        self.request.as_ref().or(self.response.as_ref())
    }
}

/// A connection as a whole, told when it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made and read all over this program"
)]
pub struct Connection {
    /// Its number, from 1.
    pub number: u32,
    /// Where the client was.
    pub client: SocketAddr,
    /// Where the server was.
    pub server: SocketAddr,
    /// When its first packet was captured, in nanoseconds since 1970.
    pub first_ns: u64,
    /// When its last packet was captured.
    pub last_ns: u64,
    /// How it begins in the capture.
    pub start: Start,
    /// How it ends in the capture.
    pub end: End,
    /// Exchanges that were told of, protocol checks included.
    pub exchanges: u64,
    /// Whether messages of the client, and of the server, carry MACs; none if nothing told.
    pub macs: [Option<bool>; 2],
    /// Gaps of the client's and of the server's bytes. Of more than a thousand the first are kept.
    pub gaps: Vec<(Side, Gap)>,
    /// Bytes that were passed over because no frame could be found in them: the client's, the server's.
    pub skipped: [u64; 2],
    /// What deserves to be said about it, a notice of closing among it.
    pub notes: Vec<Note>,
}

/// How a connection begins in a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// With its handshake.
    Handshake,
    /// In mid-stream: what was before was not captured.
    MidStream,
}

/// How a connection ends in a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// Both sides came to an orderly end.
    Closed,
    /// This side reset it.
    Reset(Side),
    /// The capture ends, or stops following it, before it does.
    Open,
    /// Its ports were taken by a new connection before its end was captured.
    Replaced,
}

impl Start {
    /// As JSON says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::MidStream => "mid-stream",
        }
    }
}

impl End {
    /// As JSON says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Reset(_) => "reset",
            Self::Open => "open",
            Self::Replaced => "replaced",
        }
    }
}

/// What a decoder tells, in the order in which it becomes known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever listens must handle both")]
pub enum Event {
    /// An exchange is over: answered, or never to be.
    Exchange(Box<Exchange>),
    /// A connection is over; its exchanges were told before.
    Connection(Box<Connection>),
}

/// The label of a key, as the user gave it: a path or the name of a variable.
pub type KeyLabel = Arc<str>;
