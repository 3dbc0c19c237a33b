//! Rows by the block, as they lie in memory.

use crate::exchange::{Extent, Gap, MacState, Note, Side};
use std::{net::SocketAddr, sync::Arc};

/// How many rows a block holds. All blocks of an index but its last are full.
pub const BLOCK_ROWS: usize = 4096;

/// Rows that follow each other, with everything that they refer to.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) rows: Vec<Packed>,
    /// Names, which rows refer to by their place here. Blocks share the bytes.
    pub(super) names: Vec<Arc<[u8]>>,
    /// Places of the names that no block before has.
    pub(super) new_names: Vec<u16>,
    /// Client and server.
    pub(super) ends: Vec<(SocketAddr, SocketAddr)>,
    /// States of MACs: a few, and one for each key that fits.
    pub(super) macs: Vec<MacState>,
    /// Where messages lie that do not lie in one piece.
    pub(super) extents: Vec<Extent>,
    /// What few rows have, by the place of their row in the block, ascending.
    pub(super) remarks: Vec<(u16, Remarks)>,
}

/// What few rows have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Remarks {
    pub(super) notes: Vec<Note>,
    /// Gaps of the request, and of the answer.
    pub(super) gaps: [Vec<Gap>; 2],
    /// The name of the answer, if it is not that of the request.
    pub(super) answer_name: Option<Box<[u8]>>,
}

/// An exchange without its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Packed {
    /// Request and answer; of one that is not there all is zero.
    pub(super) messages: [PackedMessage; 2],
    pub(super) connection: u32,
    /// Place among the names of the block.
    pub(super) name: u16,
    /// Place among the ends of the block.
    pub(super) ends: u16,
    pub(super) flags: Flags,
}

/// A message without its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PackedMessage {
    pub(super) first_ns: u64,
    pub(super) time_ns: u64,
    /// Offset in its store; or, of one in many pieces, place of the first among the extents of the block.
    pub(super) at: u64,
    /// How many bytes were captured; or, of one in many pieces, how many pieces.
    pub(super) len: u32,
    pub(super) payload_len: u32,
    pub(super) sequence: u32,
    pub(super) status: u16,
    /// Place among the states of MACs of the block.
    pub(super) mac: u16,
}

/// What is there: a few bits for each message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(u16);

/// One of the bits that each message has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flag {
    /// The message is there.
    Present = 1,
    /// Bytes of it are missing.
    Gaps = 2,
    /// It lies in many pieces.
    Scattered = 4,
    /// It lies in the spool and not in the source.
    Spooled = 8,
}

impl Flags {
    pub(super) const fn set(&mut self, side: Side, flag: Flag) {
        self.0 |= Self::bit(side, flag);
    }

    pub(super) const fn has(self, side: Side, flag: Flag) -> bool {
        self.0 & Self::bit(side, flag) != 0
    }

    const fn bit(side: Side, flag: Flag) -> u16 {
        match side {
            Side::Client => flag as u16,
            Side::Server => (flag as u16) << 8,
        }
    }
}

/// The place of a side's message among two.
pub(super) const fn place_of(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

impl Block {
    /// With room for its rows: it is nearly always filled.
    pub(super) fn new() -> Self {
        Self {
            rows: Vec::with_capacity(BLOCK_ROWS),
            ..Self::default()
        }
    }

    /// What was remarked on the row at this place.
    pub(super) fn remarks_of(&self, place: usize) -> Option<&Remarks> {
        let place = u16::try_from(place).ok()?;
        let found = self.remarks.binary_search_by_key(&place, |(row, _)| *row);
        self.remarks.get(found.ok()?).map(|(_, remarks)| remarks)
    }

    /// Gives back what a full block needs no more.
    pub(super) fn shrink(&mut self) {
        self.names.shrink_to_fit();
        self.new_names.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.macs.shrink_to_fit();
        self.extents.shrink_to_fit();
        self.remarks.shrink_to_fit();
    }
}

/// A million rows take less than a hundred megabytes.
const _: () = assert!(size_of::<Packed>() <= 96);
