//! One frame as it was captured.

use super::KeyLabel;
use petrel::wire::{HEADER_LEN, Header, MAC_LEN};
use std::ops::Range;

/// A frame, or what was captured of it. Its header is always known: without it there is no frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made and read all over this program"
)]
pub struct Message {
    /// The header.
    pub header: Header,
    /// The bytes that were captured, in their order, header included. Gaps are left out, not filled.
    pub bytes: Vec<u8>,
    /// Where bytes are missing; in order, not overlapping, none within the header.
    pub gaps: Vec<Gap>,
    /// Where [`Message::bytes`] lie in their source, in order; empty if nobody asked for it.
    pub extents: Vec<Extent>,
    /// What is known of its MAC.
    pub mac: MacState,
    /// When its first byte was captured, in nanoseconds since 1970.
    pub first_ns: u64,
    /// When its last byte was captured: the latest time of the packets that hold it.
    pub time_ns: u64,
}

/// Bytes that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made and read all over this program"
)]
pub struct Gap {
    /// Where it begins: in a message, from its first byte; in a connection, from the first byte of its
    /// side's stream.
    pub at: u64,
    /// How many bytes are missing.
    pub len: u64,
    /// Why.
    pub cause: GapCause,
}

/// Why bytes are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GapCause {
    /// The receiver acknowledged them: the capture lost them, not the network.
    Lost,
    /// Nobody acknowledged them in the capture.
    Unacknowledged,
    /// The packet was cut when it was captured: the snap length.
    SnapLength,
    /// The message is over the limit of payloads, and its payload was not kept.
    OverLimit,
    /// More was waiting for them than is kept.
    Limit,
    /// The connection ended before they came.
    ConnectionEnded,
    /// The capture ended before they came.
    CaptureEnded,
}

/// Where bytes lie in their source: a capture file, or what was spooled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a place and a length, nothing more"
)]
pub struct Extent {
    /// Offset of the first byte.
    pub at: u64,
    /// How many.
    pub len: u32,
}

/// What is known of a message's MAC, which covers the payload and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MacState {
    /// The message carries none.
    None,
    /// It is that of the payload, by this key.
    Ok(KeyLabel),
    /// It is not that of the payload by any key that was given, or not a MAC at all.
    Bad,
    /// There is one, and no key was given to check it with.
    NoKey,
    /// There is one, but bytes of the payload or of itself are missing.
    Unchecked,
}

/// Where the fields of a frame lie in it, gaps included.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the fields of version 0 are complete"
)]
pub struct Fields {
    /// The status.
    pub status: Range<u64>,
    /// The sequence number.
    pub sequence: Range<u64>,
    /// The length of the request text.
    pub name_len: Range<u64>,
    /// The length of the payload.
    pub payload_len: Range<u64>,
    /// The request text.
    pub name: Range<u64>,
    /// The payload.
    pub payload: Range<u64>,
    /// The MAC; empty where there is none.
    pub mac: Range<u64>,
}

impl Message {
    /// Length of the whole frame, gaps included.
    pub const fn frame_len(&self) -> u64 {
        self.header.frame_len(self.has_mac())
    }

    /// Whether it carries a MAC.
    pub const fn has_mac(&self) -> bool {
        !matches!(self.mac, MacState::None)
    }

    /// Whether no byte is missing.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Where its fields lie.
    pub fn fields(&self) -> Fields {
        let name = HEADER_LEN as u64 + u64::from(self.header.name_len);
        let payload = name + u64::from(self.header.payload_len);
        let mac = if self.has_mac() { MAC_LEN as u64 } else { 0 };
        Fields {
            status: 0..2,
            sequence: 2..6,
            name_len: 6..7,
            payload_len: 7..11,
            name: HEADER_LEN as u64..name,
            payload: name..payload,
            mac: payload..payload + mac,
        }
    }

    /// The request text, as far as it was captured without a gap.
    pub fn name(&self) -> &[u8] {
        self.prefix(self.fields().name)
    }

    /// Whether all of the request text was captured.
    pub fn has_name(&self) -> bool {
        self.name().len() == usize::from(self.header.name_len)
    }

    /// The payload as far as it was captured without a gap: all of it, if the message is complete.
    pub fn payload(&self) -> &[u8] {
        self.prefix(self.fields().payload)
    }

    /// The MAC's characters, if all of them were captured.
    pub fn mac_text(&self) -> Option<&[u8]> {
        let range = self.fields().mac;
        let text = self.prefix(range.clone());
        (!range.is_empty() && text.len() as u64 == range.end - range.start).then_some(text)
    }

    /// What was captured of a range of the frame, piece by piece: where each begins in the frame, and
    /// its bytes.
    pub fn pieces(&self, range: Range<u64>) -> Vec<(u64, &[u8])> {
        let mut pieces = Vec::new();
        let mut taken = 0;
        let mut at = 0;
        let end = Gap {
            at: self.frame_len(),
            len: 0,
            cause: GapCause::CaptureEnded,
        };
        for gap in self.gaps.iter().chain([&end]) {
            let len = gap.at.saturating_sub(at);
            let (from, to) = (at.max(range.start), (at + len).min(range.end));
            if from < to {
                let first = usize::try_from(taken + from - at).unwrap_or(usize::MAX);
                let last = usize::try_from(taken + to - at).unwrap_or(usize::MAX);
                pieces.extend(self.bytes.get(first..last).map(|bytes| (from, bytes)));
            }
            taken += len;
            at = gap.at + gap.len;
        }
        pieces
    }

    /// The first piece of a range, if it begins where the range does.
    fn prefix(&self, range: Range<u64>) -> &[u8] {
        if self.gaps.is_empty() {
            let to_index = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
            let whole = to_index(range.start)..to_index(range.end);
            return self.bytes.get(whole).unwrap_or_default();
        }
        let pieces = self.pieces(range.clone());
        match pieces.first() {
            Some((at, bytes)) if *at == range.start => bytes,
            _ => &[],
        }
    }
}

impl MacState {
    /// What [`MacState::as_str`] gives, all of it.
    pub const WORDS: [&'static str; 5] = ["none", "ok", "bad", "nokey", "unchecked"];

    /// The label of the key that fits.
    pub const fn key(&self) -> Option<&KeyLabel> {
        match self {
            Self::Ok(label) => Some(label),
            _ => None,
        }
    }

    /// As JSON and filters say it: `none`, `ok`, `bad`, `nokey`, `unchecked`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ok(_) => "ok",
            Self::Bad => "bad",
            Self::NoKey => "nokey",
            Self::Unchecked => "unchecked",
        }
    }
}

impl GapCause {
    /// What [`GapCause::as_str`] gives, all of it.
    pub const WORDS: [&'static str; 7] = [
        "lost",
        "unacknowledged",
        "snap-length",
        "over-limit",
        "limit",
        "connection-ended",
        "capture-ended",
    ];

    /// As JSON says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Unacknowledged => "unacknowledged",
            Self::SnapLength => "snap-length",
            Self::OverLimit => "over-limit",
            Self::Limit => "limit",
            Self::ConnectionEnded => "connection-ended",
            Self::CaptureEnded => "capture-ended",
        }
    }

    /// For people: what follows "bytes are missing: ".
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Lost => "the receiver had them, the capture lost them",
            Self::Unacknowledged => "nobody acknowledged them",
            Self::SnapLength => "the capture cut its packets short (snap length)",
            Self::OverLimit => "a payload over the limit is not kept",
            Self::Limit => "too much was waiting for them",
            Self::ConnectionEnded => "the connection ended before they came",
            Self::CaptureEnded => "the capture ends before they came",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petrel::wire::Status;

    /// `name` in the request text and `0123456789` as payload, without the bytes 17 to 20 of the frame.
    fn with_a_gap() -> Message {
        let header = Header {
            status: Status::OK,
            sequence: 1,
            name_len: 4,
            payload_len: 10,
        };
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend_from_slice(b"name01456789");
        let gap = Gap {
            at: 17,
            len: 2,
            cause: GapCause::Lost,
        };
        Message {
            header,
            bytes,
            gaps: vec![gap],
            extents: Vec::new(),
            mac: MacState::None,
            first_ns: 0,
            time_ns: 0,
        }
    }

    #[test]
    fn a_gap_is_left_out_and_never_filled() {
        let message = with_a_gap();
        assert_eq!(message.name(), b"name");
        assert_eq!(message.payload(), b"01");
        let payload = message.pieces(message.fields().payload);
        assert_eq!(payload, [(15, &b"01"[..]), (19, b"456789")]);
        assert_eq!(message.pieces(16..20), [(16, &b"1"[..]), (19, b"4")]);
        assert_eq!(message.pieces(17..19), []);
    }

    #[test]
    fn what_is_cut_at_its_end_shows_what_there_is() {
        let mut message = with_a_gap();
        message.bytes.truncate(17);
        message.gaps[0].len = 8;
        assert_eq!(message.payload(), b"01");
        assert_eq!(message.pieces(0..100).len(), 1);
        message.mac = MacState::Unchecked;
        assert_eq!(message.mac_text(), None);
    }
}
