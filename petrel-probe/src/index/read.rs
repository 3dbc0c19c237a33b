//! From a row back to its exchange.

use super::{RowView, Store, Stores, spool};
use crate::exchange::{Exchange, Extent, Message, Side};
use petrel::wire::{HEADER_LEN, Header};
use std::{fs::File, io};

/// Reads exchanges one after the other. Those that lie behind each other in a file are read together.
#[derive(Debug)]
pub struct Reading<'a> {
    stores: &'a Stores,
    /// What was read of the source in advance, and where it lies.
    ahead: Vec<u8>,
    ahead_at: u64,
    /// Where what was read last ends.
    last_end: u64,
}

/// So many bytes are read in advance, if what is wanted lies so near behind what was read last.
const AHEAD: usize = 256 << 10;
const NEAR: u64 = 64 << 10;

impl<'a> Reading<'a> {
    /// Of an index whose bytes lie in these stores.
    pub const fn new(stores: &'a Stores) -> Self {
        Self {
            stores,
            ahead: Vec::new(),
            ahead_at: 0,
            last_end: 0,
        }
    }

    /// The exchange of a row, as it was indexed.
    ///
    /// # Errors
    /// If its bytes cannot be read any more, or are no longer what they were.
    pub fn exchange(&mut self, row: &RowView<'_>) -> io::Result<Exchange> {
        Ok(Exchange {
            connection: row.connection,
            client: row.client,
            server: row.server,
            request: self.message(row, Side::Client)?,
            response: self.message(row, Side::Server)?,
            notes: row.notes().to_vec(),
        })
    }

    fn message(&mut self, row: &RowView<'_>, side: Side) -> io::Result<Option<Message>> {
        let Some(known) = row.message(side) else {
            return Ok(None);
        };
        let is_spooled = row.is_spooled(side);
        let extents = row.extents(side);
        let bytes = self.bytes(&extents, is_spooled)?;
        let header = bytes
            .first_chunk::<HEADER_LEN>()
            .map(Header::parse)
            .filter(|header| {
                header.status == known.status
                    && header.sequence == known.sequence
                    && header.payload_len == known.payload_len
            });
        let Some(header) = header else {
            let changed = "the file is not what it was when it was indexed";
            return Err(io::Error::new(io::ErrorKind::InvalidData, changed));
        };
        Ok(Some(Message {
            header,
            bytes,
            gaps: known.gaps.to_vec(),
            extents: if is_spooled { Vec::new() } else { extents },
            mac: known.mac.clone(),
            first_ns: known.first_ns,
            time_ns: known.time_ns,
        }))
    }

    /// What was captured of a message: its lengths are those of bytes that were in memory before.
    fn bytes(&mut self, extents: &[Extent], is_spooled: bool) -> io::Result<Vec<u8>> {
        let lengths = extents.iter().map(|extent| u64::from(extent.len));
        let len = usize::try_from(lengths.sum::<u64>()).unwrap_or(usize::MAX);
        let mut bytes = vec![0; len];
        let mut rest = bytes.as_mut_slice();
        for extent in extents {
            let len = usize::try_from(extent.len).unwrap_or(usize::MAX);
            let (piece, behind) = rest.split_at_mut(len.min(rest.len()));
            match self.stores.source().filter(|_| !is_spooled) {
                Some(Store::File(file)) => self.file(file, extent.at, piece)?,
                Some(source) => source.read_at(extent.at, piece)?,
                None => self.stores.spool().read_at(extent.at, piece)?,
            }
            rest = behind;
        }
        Ok(bytes)
    }

    fn file(&mut self, file: &File, at: u64, piece: &mut [u8]) -> io::Result<()> {
        let end = at.saturating_add(piece.len() as u64);
        let is_behind = at >= self.last_end && at - self.last_end < NEAR;
        self.last_end = end;
        if !self.is_ahead(at, end) && is_behind && piece.len() < AHEAD {
            self.ahead.resize(AHEAD, 0);
            // It may well end before: what is missing then is missed below.
            let read = spool::read_at(file, &mut self.ahead, at);
            self.ahead.truncate(*read.as_ref().unwrap_or(&0));
            read?;
            self.ahead_at = at;
        }
        if !self.is_ahead(at, end) {
            return spool::read_exact_at(file, piece, at);
        }
        let from = usize::try_from(at - self.ahead_at).unwrap_or(usize::MAX);
        let known = self.ahead.get(from..from.saturating_add(piece.len()));
        piece.copy_from_slice(known.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    /// Whether all of this was read in advance.
    const fn is_ahead(&self, at: u64, end: u64) -> bool {
        self.ahead_at <= at && end <= self.ahead_at.saturating_add(self.ahead.len() as u64)
    }
}
