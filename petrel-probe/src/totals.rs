//! What a capture held, counted.

use std::collections::BTreeMap;

/// Counters over a whole capture. Everything that was not decoded is among the skipped, with a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made and read all over this program"
)]
pub struct Totals {
    /// Packets read.
    pub packets: u64,
    /// Bytes of captured packets.
    pub bytes: u64,
    /// Segments of TCP that belong to Petrel connections.
    pub segments: u64,
    /// Segments that carried only bytes that were there before.
    pub retransmissions: u64,
    /// Segments that came before bytes that precede them.
    pub out_of_order: u64,
    /// Bytes that were sent again with other contents.
    pub conflicting_bytes: u64,
    /// Gaps in Petrel connections.
    pub gaps: u64,
    /// Bytes missing in them.
    pub gap_bytes: u64,
    /// Bytes that were passed over while looking for a frame.
    pub skipped_bytes: u64,
    /// Petrel connections.
    pub connections: u64,
    /// Exchanges.
    pub exchanges: u64,
    /// Notices of closing.
    pub notices: u64,
    /// Packets that were not decoded, by reason.
    pub skipped_packets: BTreeMap<&'static str, u64>,
    /// Connections that were not decoded, by reason.
    pub skipped_connections: BTreeMap<&'static str, u64>,
    /// Whether the file ends where it should; else what is wrong with its end.
    pub ending: Ending,
}

/// How a capture ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whole, cut, or broken")]
pub enum Ending {
    /// At the end of a packet.
    #[default]
    Complete,
    /// In the middle of a packet or block: the file was cut, or is still being written.
    Truncated {
        /// Offset of what was begun.
        at: u64,
    },
    /// With bytes that make no sense.
    Damaged {
        /// Offset of what makes no sense.
        at: u64,
        /// What is wrong.
        reason: String,
    },
}

impl Totals {
    /// Counts packets that were not decoded.
    pub fn skip_packet(&mut self, reason: &'static str) {
        *self.skipped_packets.entry(reason).or_default() += 1;
    }
}
