//! A row, as it is read.

use super::block::{Block, Flag, Packed, PackedMessage, Remarks, place_of};
use crate::exchange::{Extent, Gap, MacState, Note, Side};
use petrel::wire::Status;
use std::{net::SocketAddr, time::Duration};

/// What is known of an exchange without reading it. Borrowed from the index.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RowView<'a> {
    /// Number of the connection.
    pub connection: u32,
    /// Where the client was.
    pub client: SocketAddr,
    /// Where the server was.
    pub server: SocketAddr,
    /// Sequence number: that of the request, else that of the answer.
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
    /// From the last byte of the request to the last byte of the answer; none without both.
    pub rtt: Option<Duration>,
    /// What is known of the MAC of the request; none without a request.
    pub request_mac: Option<&'a MacState>,
    /// Of that of the answer.
    pub response_mac: Option<&'a MacState>,
    /// Whether both messages are there with all their bytes.
    pub is_complete: bool,
    /// Whether bytes are missing in one of them.
    pub has_gaps: bool,
    /// Whether something deserves to be said about it.
    pub has_notes: bool,
    block: &'a Block,
    packed: &'a Packed,
    remarks: Option<&'a Remarks>,
}

/// What is known of a message without reading it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MessageView<'a> {
    /// Its status.
    pub status: Status,
    /// Its request text, as far as it was captured without a gap.
    pub name: &'a [u8],
    /// Its sequence number.
    pub sequence: u32,
    /// Length of its payload as it claims it, in bytes.
    pub payload_len: u32,
    /// When its first byte was captured, in nanoseconds since 1970.
    pub first_ns: u64,
    /// When its last byte was captured.
    pub time_ns: u64,
    /// What is known of its MAC.
    pub mac: &'a MacState,
    /// Where bytes are missing, from its first byte.
    pub gaps: &'a [Gap],
}

impl<'a> RowView<'a> {
    pub(super) fn new(block: &'a Block, place: usize) -> Option<Self> {
        let packed = block.rows.get(place)?;
        let remarks = block.remarks_of(place);
        let &(client, server) = block.ends.get(usize::from(packed.ends))?;
        let view = |side| message(block, packed, remarks, side);
        let (request, response) = (view(Side::Client), view(Side::Server));
        let either = request.as_ref().or(response.as_ref())?;
        let times = request.as_ref().zip(response.as_ref());
        let rtt_ns = times.and_then(|(from, to)| to.time_ns.checked_sub(from.time_ns));
        let has = |flag| [Side::Client, Side::Server].map(|side| packed.flags.has(side, flag));
        let has_gaps = has(Flag::Gaps).contains(&true);
        Some(Self {
            connection: packed.connection,
            client,
            server,
            sequence: either.sequence,
            name: either.name,
            status: response.as_ref().map(|message| message.status),
            request_len: request.as_ref().map(|message| message.payload_len),
            response_len: response.as_ref().map(|message| message.payload_len),
            time_ns: either.time_ns,
            rtt: rtt_ns.map(Duration::from_nanos),
            request_mac: request.as_ref().map(|message| message.mac),
            response_mac: response.as_ref().map(|message| message.mac),
            is_complete: !has(Flag::Present).contains(&false) && !has_gaps,
            has_gaps,
            has_notes: remarks.is_some_and(|remarks| !remarks.notes.is_empty()),
            block,
            packed,
            remarks,
        })
    }

    /// The message of a side, if it is there.
    pub fn message(&self, side: Side) -> Option<MessageView<'a>> {
        message(self.block, self.packed, self.remarks, side)
    }

    /// What deserves to be said about it.
    pub fn notes(&self) -> &'a [Note] {
        self.remarks.map_or(&[], |remarks| &remarks.notes)
    }

    /// Whether the bytes of a message lie in the spool.
    pub(super) const fn is_spooled(&self, side: Side) -> bool {
        self.packed.flags.has(side, Flag::Spooled)
    }

    /// Where the bytes of a message lie.
    pub(super) fn extents(&self, side: Side) -> Vec<Extent> {
        let packed = packed_message(self.packed, side);
        if !self.packed.flags.has(side, Flag::Scattered) {
            return vec![Extent {
                at: packed.at,
                len: packed.len,
            }];
        }
        let place = usize::try_from(packed.at).ok();
        let pieces = place
            .zip(usize::try_from(packed.len).ok())
            .and_then(|(first, count)| self.block.extents.get(first..first.checked_add(count)?));
        pieces.unwrap_or_default().to_vec()
    }
}

fn message<'a>(
    block: &'a Block,
    row: &'a Packed,
    remarks: Option<&'a Remarks>,
    side: Side,
) -> Option<MessageView<'a>> {
    let packed = packed_message(row, side);
    let gaps = remarks.and_then(|remarks| remarks.gaps.get(place_of(side)));
    let mac = block.macs.get(usize::from(packed.mac))?;
    let name = block.names.get(usize::from(row.name))?;
    let own_name = remarks
        .and_then(|remarks| remarks.answer_name.as_deref())
        .filter(|_| side == Side::Server);
    row.flags.has(side, Flag::Present).then_some(MessageView {
        status: Status(packed.status),
        name: own_name.unwrap_or(name),
        sequence: packed.sequence,
        payload_len: packed.payload_len,
        first_ns: packed.first_ns,
        time_ns: packed.time_ns,
        mac,
        gaps: gaps.map_or(&[], Vec::as_slice),
    })
}

const fn packed_message(row: &Packed, side: Side) -> &PackedMessage {
    let [request, response] = &row.messages;
    match side {
        Side::Client => request,
        Side::Server => response,
    }
}
