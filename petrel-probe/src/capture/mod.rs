//! Capture files, packet by packet, down to the segments of TCP.
//!
//! Bytes of a file go in, [`Packet`]s come out; a packet goes in, [`Segment`]s come out. Nothing is
//! opened here and no clock is read.

mod classic;
#[doc(hidden)]
pub mod craft;
mod dissector;
mod error;
mod fragments;
mod ip;
mod link;
mod reader;
mod sections;
#[cfg(test)]
mod tests;
mod window;

pub use dissector::Dissector;
pub use error::CaptureError;
pub use reader::Reader;

use std::net::SocketAddr;

/// Why a packet carries no segment, for counting: a short phrase, the same for all packets alike.
pub type Skip = &'static str;

/// Fragments whose datagram never became whole; [`Dissector::incomplete`] counts them.
pub const INCOMPLETE_FRAGMENT: Skip = "fragment of an incomplete datagram";

/// The link type of packets whose interface the file does not describe.
pub const UNDESCRIBED: u32 = u32::MAX;

/// A packet as the file holds it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what a file says of a packet")]
pub struct Packet<'a> {
    /// When it was captured, in nanoseconds since 1970.
    pub time_ns: u64,
    /// The link type, by the number that tcpdump.org assigned to it (`LINKTYPE_…`).
    pub link_type: u32,
    /// What was captured of it.
    pub data: &'a [u8],
    /// Where `data` begins in the file.
    pub source: u64,
}

/// A segment of TCP, or a part of one: what came in IP fragments is several segments whose bytes
/// follow each other, because their bytes lie apart in the file.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "what reassembly needs of a segment"
)]
pub struct Segment<'a> {
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// Sequence number of its first byte (of the SYN, where it has one).
    pub sequence: u32,
    /// Acknowledgment number, if it carries one.
    pub acknowledged: Option<u32>,
    /// Whether it opens the connection.
    pub syn: bool,
    /// Whether its sender ends behind it.
    pub fin: bool,
    /// Whether its sender resets the connection.
    pub reset: bool,
    /// The bytes that were captured.
    pub payload: &'a [u8],
    /// How many more bytes it had that were not captured: the snap length.
    pub missing: u32,
    /// Where `payload` begins in the file.
    pub source: u64,
    /// When it was captured, in nanoseconds since 1970.
    pub time_ns: u64,
}
