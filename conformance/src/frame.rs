//! Frames as the suite builds and reads them.
//!
//! This is deliberately not the toolkit's decoder: the suite judges by its own reading of the
//! wire (SPEC.md), and it can build frames that a decoder refuses.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::ops::Range;

/// Bytes of the fixed header: status, sequence, length of the name, length of the payload.
pub(crate) const HEADER_LEN: usize = 11;
/// Bytes of a MAC: base64 of a 32-byte digest.
pub(crate) const MAC_LEN: usize = 44;
/// Above its own limit an honest server has no reason to answer; beyond this claim the suite
/// stops reading instead of collecting bytes.
pub(crate) const ANSWER_LEN_MAX: usize = 32 << 20;

/// The fields of the fixed header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) status: u16,
    pub(crate) sequence: u32,
    pub(crate) name_len: u8,
    pub(crate) payload_len: u32,
}

impl Header {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let head: &[u8; HEADER_LEN] = bytes.first_chunk()?;
        let [s0, s1, q0, q1, q2, q3, name_len, p0, p1, p2, p3] = *head;
        Some(Self {
            status: u16::from_le_bytes([s0, s1]),
            sequence: u32::from_le_bytes([q0, q1, q2, q3]),
            name_len,
            payload_len: u32::from_le_bytes([p0, p1, p2, p3]),
        })
    }

    pub(crate) fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..2].copy_from_slice(&self.status.to_le_bytes());
        bytes[2..6].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[6] = self.name_len;
        bytes[7..].copy_from_slice(&self.payload_len.to_le_bytes());
        bytes
    }
}

/// What the MAC of a received frame proved. It covers the payload only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MacCheck {
    /// The connection carries no MACs.
    None,
    Good,
    Wrong,
}

/// One complete frame from the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) status: u16,
    pub(crate) sequence: u32,
    pub(crate) name: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    pub(crate) mac: MacCheck,
}

impl Frame {
    /// Header, name and payload again, to be shown.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            status: self.status,
            sequence: self.sequence,
            name_len: u8::try_from(self.name.len()).unwrap_or(u8::MAX),
            payload_len: u32::try_from(self.payload.len()).unwrap_or(u32::MAX),
        };
        [
            &header.to_bytes(),
            self.name.as_slice(),
            self.payload.as_slice(),
        ]
        .concat()
    }
}

/// What the front of a buffer holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A whole frame; drop that many bytes from the buffer.
    Frame(Frame, usize),
    /// More bytes are needed.
    Incomplete,
    /// A frame claims a payload beyond [`ANSWER_LEN_MAX`]; the stream is of no more use.
    Oversized(Header),
}

/// Reads the first frame of `buffer`; with a key, a MAC follows the payload.
pub(crate) fn parse(buffer: &[u8], key: Option<&Key>) -> Parsed {
    let Some(header) = Header::parse(buffer) else {
        return Parsed::Incomplete;
    };
    let layout = Layout::of(header, key.is_some());
    if layout.payload.len() > ANSWER_LEN_MAX {
        return Parsed::Oversized(header);
    }
    if buffer.len() < layout.end {
        return Parsed::Incomplete;
    }
    let payload = &buffer[layout.payload];
    let mac = match key {
        None => MacCheck::None,
        Some(key) if key.sign(payload)[..] == buffer[layout.mac] => MacCheck::Good,
        Some(_) => MacCheck::Wrong,
    };
    let frame = Frame {
        status: header.status,
        sequence: header.sequence,
        name: buffer[layout.name].to_vec(),
        payload: payload.to_vec(),
        mac,
    };
    Parsed::Frame(frame, layout.end)
}

/// Where the parts behind the header lie in a whole frame.
pub(crate) struct Layout {
    pub(crate) name: Range<usize>,
    pub(crate) payload: Range<usize>,
    pub(crate) mac: Range<usize>,
    pub(crate) end: usize,
}

impl Layout {
    pub(crate) fn of(header: Header, with_mac: bool) -> Self {
        let name = HEADER_LEN..HEADER_LEN + usize::from(header.name_len);
        // On a 32-bit machine a claim may overflow; it is refused as oversized all the same.
        let claim = usize::try_from(header.payload_len).unwrap_or(usize::MAX / 2);
        let payload = name.end..name.end.saturating_add(claim);
        let end = payload
            .end
            .saturating_add(if with_mac { MAC_LEN } else { 0 });
        Self {
            mac: payload.end..end,
            name,
            payload,
            end,
        }
    }
}

/// A shared HMAC key. Its bytes appear in no output.
#[derive(Clone)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// Takes the bytes of a key.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for a driver that is to use the key.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The MAC of a payload, as it stands on the wire.
    pub(crate) fn sign(&self, payload: &[u8]) -> [u8; MAC_LEN] {
        let mut text = [0; MAC_LEN];
        STANDARD
            .encode_slice(self.digest(payload), &mut text)
            .expect("32 bytes are 44 characters");
        text
    }

    /// A text that a lenient decoder takes for the right MAC: the two bits after the digest, which
    /// the encoding leaves zero, are set.
    pub(crate) fn sign_non_canonical(&self, payload: &[u8]) -> [u8; MAC_LEN] {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = self.sign(payload);
        let last = &mut text[MAC_LEN - 2];
        let value = ALPHABET
            .iter()
            .position(|c| c == last)
            .expect("a character of base64");
        *last = ALPHABET[value | 0b11];
        text
    }

    /// A payload whose MAC has a character that the url-safe alphabet writes in another way.
    pub(crate) fn payload_with_odd_mac(&self) -> Vec<u8> {
        let candidates = (0..u32::MAX).map(|n| format!("signed {n}").into_bytes());
        let is_odd = |payload: &Vec<u8>| {
            let mac = self.sign(payload);
            mac.contains(&b'+') || mac.contains(&b'/')
        };
        candidates.into_iter().find(is_odd).unwrap_or_default()
    }

    fn digest(&self, payload: &[u8]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(payload);
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_is_little_endian() {
        let header = Header {
            status: 0x0190,
            sequence: 0x0403_0201,
            name_len: 5,
            payload_len: 7,
        };
        let bytes = header.to_bytes();
        assert_eq!(bytes, [0x90, 0x01, 1, 2, 3, 4, 5, 7, 0, 0, 0]);
        assert_eq!(Header::parse(&bytes), Some(header));
    }

    #[test]
    fn mac_is_the_published_vector() {
        // RFC 4231, test case 2, digest written as base64.
        let key = Key::new(b"Jefe".to_vec());
        let text = key.sign(b"what do ya want for nothing?");
        assert_eq!(&text, b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
        let other = key.sign_non_canonical(b"what do ya want for nothing?");
        assert_eq!(&other, b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEP=");
    }

    #[test]
    fn a_frame_is_read_when_its_last_byte_is_there() {
        let mut bytes = Header {
            status: 200,
            sequence: 1,
            name_len: 1,
            payload_len: 2,
        }
        .to_bytes()
        .to_vec();
        bytes.extend(b"xab");
        assert_eq!(parse(&bytes[..13], None), Parsed::Incomplete);
        let Parsed::Frame(frame, used) = parse(&bytes, None) else {
            panic!("a whole frame")
        };
        assert_eq!((frame.payload.as_slice(), used), (&b"ab"[..], 14));
        assert_eq!(
            parse(&bytes, Some(&Key::new(b"k".to_vec()))),
            Parsed::Incomplete
        );
    }

    #[test]
    fn a_claim_beyond_the_cap_is_refused_from_the_header() {
        let header = Header {
            status: 200,
            sequence: 1,
            name_len: 0,
            payload_len: u32::MAX,
        };
        assert_eq!(parse(&header.to_bytes(), None), Parsed::Oversized(header));
    }
}
