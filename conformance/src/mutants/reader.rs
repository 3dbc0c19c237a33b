//! How the models read a stream of frames, rightly or with one fault.

use super::{
    WireFault as F,
    wire::{Message, Wire, looks_like_mac},
};
use crate::frame::{HEADER_LEN, Header, MAC_LEN};
use std::collections::HashSet;

/// What some programs read at once, and all that one of the mutants does.
const READ_MAX: usize = 64 << 10;

/// What stands at the front of the stream.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing whole.
    Need,
    Frame(Message),
    /// Its payload length is over the limit; the payload has not been taken.
    TooLong(Message, u32),
    /// Its MAC is not accepted.
    BadMac(Message),
    /// Nonsense, in the eyes of this end.
    Lost(&'static str),
}

/// What had come of a frame when the stream ended inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Missing {
    Head,
    Payload,
    MacOnly,
}

/// The incoming bytes of one connection.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) wire: Wire,
    buffer: Vec<u8>,
    /// How much there was when the header and name of the first frame were complete.
    at_head: Option<usize>,
    /// So many bytes belong to a frame that is done with.
    skip: usize,
    seen: HashSet<Vec<u8>>,
    /// Memory taken for bytes that have not come, at its highest.
    pub(super) reserved: u64,
}

impl Reader {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            wire,
            buffer: Vec::new(),
            at_head: None,
            skip: 0,
            seen: HashSet::new(),
            reserved: 0,
        }
    }

    /// Takes in what one read returned.
    pub(super) fn feed(&mut self, piece: &[u8]) {
        let had_half_header = (1..HEADER_LEN).contains(&self.buffer.len());
        let taken = match self.wire.has(F::LosesBeyond64K) {
            true => &piece[..piece.len().min(READ_MAX)],
            false => piece,
        };
        self.buffer.extend(taken);
        if had_half_header && self.wire.has(F::NeedsHeaderAlone) {
            self.buffer.truncate(HEADER_LEN);
        }
    }

    /// How many bytes have come and are no part of a frame that was taken.
    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    /// So many of the next bytes are to be thrown away.
    pub(super) fn skip(&mut self, count: usize) {
        self.skip += count;
    }

    /// Takes the first frame, if it is there.
    pub(super) fn next(&mut self) -> Next {
        let skipped = self.skip.min(self.buffer.len());
        self.buffer.drain(..skipped);
        self.skip -= skipped;
        if self.buffer.is_empty() || !self.fill(HEADER_LEN, F::ShortHeader) {
            return Next::Need;
        }
        let (raw, header) = self.header().expect("it is there");
        let name_end = HEADER_LEN + usize::from(header.name_len);
        let claim = header.payload_len as usize;
        if self.wire.has(F::ReservesRefused) {
            self.reserved = self.reserved.max(u64::from(header.payload_len));
        }
        if !self.fill(name_end, F::ShortName) {
            return Next::Need;
        }
        let came = *self.at_head.get_or_insert(self.buffer.len());
        if let Some(why) = self
            .wire
            .objection(header, &self.buffer[HEADER_LEN..name_end])
        {
            return Next::Lost(why);
        }
        let is_here = self.buffer.len() >= name_end.saturating_add(claim);
        let overlooks = is_here && self.wire.has(F::LimitWhenWaiting);
        if self.wire.is_over_limit(header) && !overlooks {
            let waits_for = match () {
                () if self.wire.has(F::WaitsForPayload) => claim,
                () if self.wire.has(F::WaitsForPayloadByte) => 1,
                () => 0,
            };
            if self.buffer.len() < name_end.saturating_add(waits_for) {
                return Next::Need;
            }
            let message = self.take(header, name_end, name_end, name_end, came);
            return Next::TooLong(message, header.payload_len);
        }
        self.next_payload(raw, header, name_end, came)
    }

    fn next_payload(
        &mut self,
        raw: [u8; HEADER_LEN],
        header: Header,
        name_end: usize,
        came: usize,
    ) -> Next {
        let mut claim = header.payload_len as usize;
        if self.wire.has(F::LimitSigned) && header.payload_len > u32::MAX / 2 {
            claim = 0;
        }
        let payload_end = name_end.saturating_add(claim);
        let here = self.buffer.len().min(payload_end);
        let mac_len = self.mac_len(name_end, payload_end);
        let end = payload_end.saturating_add(mac_len);
        if self.buffer.len() < end {
            let is_early = self.wire.has(F::DeliversEarly)
                || self.wire.has(F::DeliversWithoutMac) && here == payload_end;
            if !is_early {
                return Next::Need;
            }
            self.skip = end - self.buffer.len();
            let everything = self.buffer.len();
            return Next::Frame(self.take(header, name_end, here, everything, came));
        }
        let payload = &self.buffer[name_end..payload_end];
        let mut is_accepted = true;
        if mac_len == MAC_LEN {
            let (name, mac) = (
                &self.buffer[HEADER_LEN..name_end],
                &self.buffer[payload_end..end],
            );
            is_accepted = self.wire.accepts_mac(&raw, name, payload, mac);
            if self.wire.has(F::ReplayGuard) && !payload.is_empty() {
                is_accepted &= self.seen.insert([name, mac].concat());
            }
        } else if self.wire.has(F::GuessesMac) && !self.wire.has_key() {
            is_accepted = !ends_like_mac(payload);
        }
        let message = self.take(header, name_end, payload_end, end, came);
        if is_accepted {
            Next::Frame(message)
        } else {
            Next::BadMac(message)
        }
    }

    /// Takes what there is of a frame behind which nothing comes, and what it lacks.
    pub(super) fn take_rest(&mut self) -> Option<(Message, Missing)> {
        if self.buffer.is_empty() || self.skip > 0 {
            return None;
        }
        let has_header = self.buffer.len() >= HEADER_LEN;
        if !has_header {
            self.buffer.resize(HEADER_LEN, 0);
        }
        let (_, header) = self.header().expect("it is there");
        let name_end = HEADER_LEN + usize::from(header.name_len);
        let has_name = self.buffer.len() >= name_end;
        if !has_name {
            self.buffer.resize(name_end, 0);
        }
        let payload_end = name_end.saturating_add(header.payload_len as usize);
        let missing = match () {
            () if !has_header || !has_name => Missing::Head,
            () if self.buffer.len() < payload_end => Missing::Payload,
            () => Missing::MacOnly,
        };
        let (here, all) = (self.buffer.len().min(payload_end), self.buffer.len());
        Some((self.take(header, name_end, here, all, all), missing))
    }

    fn header(&self) -> Option<([u8; HEADER_LEN], Header)> {
        let raw = *self.buffer.first_chunk()?;
        Some((raw, self.wire.read_header(raw)))
    }

    /// Whether so many bytes are there; with the fault, zeros stand for what is not.
    fn fill(&mut self, count: usize, fault: F) -> bool {
        if self.buffer.len() < count && self.wire.has(fault) {
            self.buffer.resize(count, 0);
        }
        self.buffer.len() >= count
    }

    fn mac_len(&self, name_end: usize, payload_end: usize) -> usize {
        let is_unsigned = match () {
            () if !self.wire.has_key() => true,
            () if self.wire.has(F::EmptyUnsigned) => name_end == payload_end,
            () if self.wire.has(F::MacOptional) => self.buffer.len() == payload_end,
            () if self.wire.has(F::GuessesMac) => self
                .buffer
                .get(name_end..payload_end)
                .is_some_and(ends_like_mac),
            () => false,
        };
        if is_unsigned { 0 } else { MAC_LEN }
    }

    /// Takes the first `end` bytes; the payload lies between the other two offsets.
    fn take(
        &mut self,
        header: Header,
        name_end: usize,
        payload_end: usize,
        end: usize,
        came: usize,
    ) -> Message {
        let payload = self.buffer[name_end..payload_end].to_vec();
        let message = Message {
            status: header.status,
            sequence: header.sequence,
            name: self.buffer[HEADER_LEN..name_end].to_vec(),
            payload: self.wire.passed_on(payload, came.saturating_sub(name_end)),
        };
        self.buffer.drain(..end);
        self.at_head = None;
        let loses_tail = self.wire.has(F::LosesTail) && !self.begins_with_frame();
        let loses_header = self.wire.has(F::LosesHalfHeader) && self.buffer.len() < HEADER_LEN;
        if loses_tail || loses_header || self.wire.has(F::JoinsFrames) {
            self.buffer.clear();
        }
        message
    }

    fn begins_with_frame(&self) -> bool {
        let mac_len = if self.wire.has_key() { MAC_LEN } else { 0 };
        self.header().is_some_and(|(_, header)| {
            let end = HEADER_LEN + usize::from(header.name_len) + header.payload_len as usize;
            self.buffer.len() >= end.saturating_add(mac_len)
        })
    }
}

fn ends_like_mac(payload: &[u8]) -> bool {
    let start = payload.len().saturating_sub(MAC_LEN);
    looks_like_mac(&payload[start..])
}
