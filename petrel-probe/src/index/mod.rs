//! The rows of a million exchanges. (Placeholder: what the terminal interface expects of it.)

use crate::exchange::MacState;
use petrel::wire::Status;
use std::{net::SocketAddr, time::Duration};

/// The rows. A clone is cheap: what is in it is shared.
#[derive(Clone, Debug, Default)]
pub struct Index;

/// A row as it is shown. Borrowed from the index.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what a table shows")]
pub struct RowView<'a> {
    /// Number of the connection.
    pub connection: u32,
    /// Where the client was.
    pub client: SocketAddr,
    /// Where the server was.
    pub server: SocketAddr,
    /// Sequence number.
    pub sequence: u32,
    /// The name, as on the wire.
    pub name: &'a [u8],
    /// Status of the answer; none without one.
    pub status: Option<Status>,
    /// Length of the request's payload, as its header says; none without one.
    pub request_len: Option<u32>,
    /// Of the answer's.
    pub response_len: Option<u32>,
    /// When it was captured, in nanoseconds since 1970: the request's last byte, else the answer's.
    pub time_ns: u64,
    /// From request to answer.
    pub rtt: Option<Duration>,
    /// The MAC of the request; none without one.
    pub request_mac: Option<&'a MacState>,
    /// The MAC of the answer.
    pub response_mac: Option<&'a MacState>,
    /// Whether both messages are there with all their bytes.
    pub is_complete: bool,
    /// Whether bytes are missing.
    pub has_gaps: bool,
    /// Whether something deserves to be said about it.
    pub has_notes: bool,
}

impl Index {
    /// How many rows.
    pub fn len(&self) -> u32 {
        0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A row, by its index from 0.
    pub fn row(&self, _row: u32) -> Option<RowView<'_>> {
        None
    }

    /// How many connections are among the rows.
    pub fn connections(&self) -> u32 {
        0
    }

    /// How many messages carry a MAC that holds, and one that does not.
    pub fn macs(&self) -> [u64; 2] {
        [0; 2]
    }

    /// How many exchanges miss bytes.
    pub fn gaps(&self) -> u32 {
        0
    }

    /// The names, each once.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::empty()
    }
}
