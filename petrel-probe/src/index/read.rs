//! From a row back to its exchange.

use super::{RowView, Stores};
use crate::exchange::{Exchange, Extent, Message, Side};
use petrel::wire::{HEADER_LEN, Header};
use std::io;

/// The exchange of a row, as it was indexed.
pub(super) fn exchange(row: &RowView<'_>, stores: &Stores) -> io::Result<Exchange> {
    Ok(Exchange {
        connection: row.connection,
        client: row.client,
        server: row.server,
        request: message(row, Side::Client, stores)?,
        response: message(row, Side::Server, stores)?,
        notes: row.notes().to_vec(),
    })
}

fn message(row: &RowView<'_>, side: Side, stores: &Stores) -> io::Result<Option<Message>> {
    let Some(known) = row.message(side) else {
        return Ok(None);
    };
    let is_spooled = row.is_spooled(side);
    let extents = row.extents(side);
    let bytes = bytes(&extents, is_spooled, stores)?;
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
fn bytes(extents: &[Extent], is_spooled: bool, stores: &Stores) -> io::Result<Vec<u8>> {
    let lengths = extents.iter().map(|extent| u64::from(extent.len));
    let len = usize::try_from(lengths.sum::<u64>()).unwrap_or(usize::MAX);
    let mut bytes = vec![0; len];
    let mut rest = bytes.as_mut_slice();
    for extent in extents {
        let len = usize::try_from(extent.len).unwrap_or(usize::MAX);
        let (piece, behind) = rest.split_at_mut(len.min(rest.len()));
        match stores.source().filter(|_| !is_spooled) {
            Some(source) => source.read_at(extent.at, piece)?,
            None => stores.spool().read_at(extent.at, piece)?,
        }
        rest = behind;
    }
    Ok(bytes)
}
