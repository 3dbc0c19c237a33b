//! Reassembly: segments of one connection in any order in, the bytes of both sides in theirs out.
//!
//! A gap comes out as a gap. Of bytes that were sent twice the first count. No I/O, no clock: what is
//! old is told by packets, not by time.

mod cuts;
mod flow;
mod history;
#[cfg(test)]
mod tests;
mod waiting;
mod way;

pub use flow::{Counters, Flow};

use crate::exchange::GapCause;

/// How long a connection waits for what is missing before it is called a gap, or its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a user of it may set")]
pub struct Patience {
    /// Packets of the connection that may come meanwhile. Defaults to 4096.
    pub packets: u64,
    /// Bytes of one way that may wait meanwhile. Defaults to 8 MiB.
    pub bytes: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            packets: 4096,
            bytes: 8 << 20,
        }
    }
}

/// One of the two ways of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ways")]
pub enum Way {
    /// From the end whose packet was captured first.
    Forth,
    /// To it.
    Back,
}

/// What reassembly gives, per way in the order of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever listens must act on every event"
)]
pub enum StreamEvent<'a> {
    /// The next bytes.
    Data {
        /// Of which way.
        way: Way,
        /// The bytes.
        bytes: &'a [u8],
        /// Where they lie in the file.
        source: u64,
        /// When their packet was captured.
        time_ns: u64,
    },
    /// The next bytes are missing.
    Gap {
        /// Of which way.
        way: Way,
        /// How many.
        len: u64,
        /// Why.
        cause: GapCause,
    },
    /// Bytes at the place where the next ones come, or before it, were sent again with other contents.
    Conflict {
        /// Of which way.
        way: Way,
        /// How many bytes.
        len: u64,
    },
    /// The other end has everything that was told of this way so far, and spoke since.
    Answered {
        /// The way whose bytes were all acknowledged.
        way: Way,
    },
    /// This way is over: its FIN was reached.
    End {
        /// Which way.
        way: Way,
    },
}

impl Way {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Forth => Self::Back,
            Self::Back => Self::Forth,
        }
    }
}
