//! From exchanges to rows.

use super::{
    Index, Stores,
    block::{BLOCK_ROWS, Block, Flag, Packed, PackedMessage, Remarks, place_of},
};
use crate::exchange::{Exchange, MacState, Message, Side};
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    io,
    net::SocketAddr,
    sync::Arc,
};

/// Makes the rows of an [`Index`].
#[derive(Debug)]
pub struct Indexer {
    stores: Stores,
    index: Index,
    places: Places,
    /// All names so far. Blocks share their bytes.
    names: HashSet<Arc<[u8]>>,
    /// Numbers of all connections so far.
    connections: HashSet<u32>,
}

/// Where in the last block those things lie that rows refer to.
#[derive(Debug, Default)]
struct Places {
    names: HashMap<Arc<[u8]>, u16>,
    ends: HashMap<(SocketAddr, SocketAddr), u16>,
    macs: HashMap<MacState, u16>,
}

impl Indexer {
    /// For exchanges whose bytes lie in these stores.
    pub fn new(stores: Stores) -> Self {
        Self {
            stores,
            index: Index::new(),
            places: Places::default(),
            names: HashSet::new(),
            connections: HashSet::new(),
        }
    }

    /// The index so far. What is added later does not show in a clone of it.
    pub const fn index(&self) -> &Index {
        &self.index
    }

    /// The stores it was made for.
    pub const fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Adds a row. The bytes of a message that lie in no source go to the spool.
    ///
    /// # Errors
    /// If the spool cannot be written. No row was added then.
    pub fn push(&mut self, exchange: &Exchange) -> io::Result<()> {
        let request = self.spool(exchange.request.as_ref())?;
        let response = self.spool(exchange.response.as_ref())?;
        let blocks = &mut self.index.blocks;
        if blocks
            .last()
            .is_none_or(|last| last.rows.len() == BLOCK_ROWS)
        {
            blocks.push(Arc::new(Block::new()));
            self.places = Places::default();
        }
        let Some(last) = blocks.last_mut() else {
            return Ok(());
        };
        // A block that somebody else looks at is copied once, and then belongs to this index again.
        let block = Arc::make_mut(last);
        let places = &mut self.places;
        let mut row = Packed {
            connection: exchange.connection,
            name: places.name(exchange.name(), &mut self.names, block),
            ends: place_in(
                &mut places.ends,
                &mut block.ends,
                (exchange.client, exchange.server),
            ),
            ..Packed::default()
        };
        let mut remarks = Remarks {
            notes: exchange.notes.clone(),
            answer_name: answer_name(exchange),
            ..Remarks::default()
        };
        for (side, message) in exchange.messages() {
            let spooled = match side {
                Side::Client => request,
                Side::Server => response,
            };
            let packed = places.message(side, message, spooled, &mut row, block);
            if let Some(slot) = row.messages.get_mut(place_of(side)) {
                *slot = packed;
            }
            if let Some(slot) = remarks.gaps.get_mut(place_of(side)) {
                slot.clone_from(&message.gaps);
            }
        }
        if remarks != Remarks::default() {
            block.remarks.push((place(block.rows.len()), remarks));
        }
        block.rows.push(row);
        if block.rows.len() == BLOCK_ROWS {
            block.shrink();
        }
        self.count(exchange);
        Ok(())
    }

    /// Where a message's bytes were put, if they lie nowhere yet.
    fn spool(&self, message: Option<&Message>) -> io::Result<Option<u64>> {
        message
            .filter(|message| message.extents.is_empty() || self.stores.source().is_none())
            .map(|message| self.stores.spool().append(&message.bytes))
            .transpose()
    }

    fn count(&mut self, exchange: &Exchange) {
        let sums = &mut self.index.sums;
        if self.connections.insert(exchange.connection) {
            sums.connections = sums.connections.saturating_add(1);
        }
        let [holding, bad] = &mut sums.macs;
        let mut has_gaps = false;
        for (_, message) in exchange.messages() {
            *holding += u64::from(matches!(message.mac, MacState::Ok(_)));
            *bad += u64::from(message.mac == MacState::Bad);
            has_gaps |= !message.is_complete();
        }
        sums.gaps = sums.gaps.saturating_add(u32::from(has_gaps));
    }
}

impl Places {
    fn name(&mut self, name: &[u8], all: &mut HashSet<Arc<[u8]>>, block: &mut Block) -> u16 {
        if let Some(place) = self.names.get(name) {
            return *place;
        }
        let known = all.get(name).cloned();
        if known.is_none() {
            block.new_names.push(place(block.names.len()));
        }
        let shared = known.unwrap_or_else(|| {
            let name: Arc<[u8]> = name.into();
            all.insert(Arc::clone(&name));
            name
        });
        place_in(&mut self.names, &mut block.names, shared)
    }

    fn message(
        &mut self,
        side: Side,
        message: &Message,
        spooled: Option<u64>,
        row: &mut Packed,
        block: &mut Block,
    ) -> PackedMessage {
        row.flags.set(side, Flag::Present);
        if !message.is_complete() {
            row.flags.set(side, Flag::Gaps);
        }
        let (at, len) = match (spooled, message.extents.as_slice()) {
            (Some(at), _) => {
                row.flags.set(side, Flag::Spooled);
                (at, message.bytes.len())
            }
            (None, [whole]) => (whole.at, usize::try_from(whole.len).unwrap_or(usize::MAX)),
            (None, pieces) => {
                row.flags.set(side, Flag::Scattered);
                let first = block.extents.len() as u64;
                block.extents.extend_from_slice(pieces);
                (first, pieces.len())
            }
        };
        PackedMessage {
            first_ns: message.first_ns,
            time_ns: message.time_ns,
            at,
            // A message is hardly longer than what 32 bits count: its payload's length has as many.
            len: u32::try_from(len).unwrap_or(u32::MAX),
            payload_len: message.header.payload_len,
            sequence: message.header.sequence,
            status: message.header.status.0,
            mac: place_in(&mut self.macs, &mut block.macs, message.mac.clone()),
        }
    }
}

/// The name of the answer, if it is not that of the exchange.
fn answer_name(exchange: &Exchange) -> Option<Box<[u8]>> {
    let name = exchange.response.as_ref()?.name();
    (name != exchange.name()).then(|| name.into())
}

/// The place of a thing in a list of the block, to which it is added if it is new.
fn place_in<T: Clone + Eq + Hash>(
    places: &mut HashMap<T, u16>,
    list: &mut Vec<T>,
    thing: T,
) -> u16 {
    if let Some(place) = places.get(&thing) {
        return *place;
    }
    let new = place(list.len());
    list.push(thing.clone());
    places.insert(thing, new);
    new
}

/// A row adds at most two things of a kind, so that 16 bits suffice for the places of a block.
fn place(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}
