//! Captures made to order, for tests and benchmarks.
//!
//! A [`Segment`] describes what was sent (its `missing`, `source` and `time_ns` do not count); here it
//! becomes an IP packet, fragments, a packet of a link type, a file.

mod files;

pub use files::{Pcap, Pcapng};

use super::Segment;
use std::net::{IpAddr, SocketAddr};

/// A link layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests go through all of them")]
pub enum Link {
    /// Ethernet.
    Ethernet,
    /// Ethernet with one tag of a virtual network.
    Tagged,
    /// Ethernet with an outer and an inner tag.
    DoubleTagged,
    /// Linux cooked, the first version.
    Cooked,
    /// Linux cooked, the first version, with a tag.
    CookedTagged,
    /// Linux cooked, the second version.
    CookedV2,
    /// Linux cooked, the second version, with a tag.
    CookedV2Tagged,
    /// IP alone.
    Raw,
    /// BSD loopback of a little-endian machine.
    Null,
    /// BSD loopback of a big-endian machine.
    NullBig,
    /// OpenBSD loopback.
    Loop,
    /// PPP.
    Ppp,
}

impl Link {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Ethernet,
        Self::Tagged,
        Self::DoubleTagged,
        Self::Cooked,
        Self::CookedTagged,
        Self::CookedV2,
        Self::CookedV2Tagged,
        Self::Raw,
        Self::Null,
        Self::NullBig,
        Self::Loop,
        Self::Ppp,
    ];

    /// Its number (`LINKTYPE_…`).
    pub const fn number(self) -> u32 {
        match self {
            Self::Null | Self::NullBig => 0,
            Self::Ethernet | Self::Tagged | Self::DoubleTagged => 1,
            Self::Ppp => 9,
            Self::Raw => 101,
            Self::Loop => 108,
            Self::Cooked | Self::CookedTagged => 113,
            Self::CookedV2 | Self::CookedV2Tagged => 276,
        }
    }

    /// The packet that carries an IP packet.
    pub fn wrap(self, ip: &[u8]) -> Vec<u8> {
        let six = ip.first().is_some_and(|byte| byte >> 4 == 6);
        let kind: [u8; 2] = if six { [0x86, 0xdd] } else { [0x08, 0x00] };
        let tag = [&[0x81, 0x00, 0x00, 0x07][..], &kind].concat();
        let ethernet = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        let cooked = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
        let cooked_v2 = [0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
        let family: u8 = if six { 30 } else { 2 };
        let header = match self {
            Self::Ethernet => [&ethernet[..], &kind].concat(),
            Self::Tagged => [&ethernet[..], &tag].concat(),
            Self::DoubleTagged => [&ethernet[..], &[0x88, 0xa8, 0, 5], &tag].concat(),
            Self::Cooked => [&cooked[..], &kind].concat(),
            Self::CookedTagged => [&cooked[..], &tag].concat(),
            Self::CookedV2 => [&kind[..], &cooked_v2].concat(),
            Self::CookedV2Tagged => [&[0x81, 0x00][..], &cooked_v2, &[0, 7], &kind].concat(),
            Self::Raw => Vec::new(),
            Self::Null => vec![family, 0, 0, 0],
            Self::NullBig | Self::Loop => vec![0, 0, 0, family],
            Self::Ppp => vec![0xff, 0x03, 0x00, if six { 0x57 } else { 0x21 }],
        };
        [&header[..], ip].concat()
    }
}

/// A segment's header and payload, with its checksum.
pub fn tcp(segment: &Segment<'_>) -> Vec<u8> {
    let mut flags = 0;
    for (set, bit) in [
        (segment.fin, 1),
        (segment.syn, 2),
        (segment.reset, 4),
        (!segment.payload.is_empty(), 8),
        (segment.acknowledged.is_some(), 16),
    ] {
        flags |= if set { bit } else { 0 };
    }
    let mut bytes = Vec::with_capacity(20 + segment.payload.len());
    bytes.extend(segment.from.port().to_be_bytes());
    bytes.extend(segment.to.port().to_be_bytes());
    bytes.extend(segment.sequence.to_be_bytes());
    bytes.extend(segment.acknowledged.unwrap_or_default().to_be_bytes());
    bytes.extend([5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(segment.payload);
    let mut covered = [octets(segment.from), octets(segment.to)].concat();
    covered.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    covered.extend([0, 0, 0, 6]);
    covered.extend(&bytes);
    put(&mut bytes, 16, &checksum(&covered).to_be_bytes());
    bytes
}

/// An IP packet that carries a segment.
pub fn ip(segment: &Segment<'_>) -> Vec<u8> {
    around(segment, &[], 6, &tcp(segment), 0, 0)
}

/// The same, in fragments of at most `size` bytes, a multiple of 8.
pub fn fragments(segment: &Segment<'_>, datagram: u16, size: usize) -> Vec<Vec<u8>> {
    let whole = tcp(segment);
    let count = whole.chunks(size).count();
    let pieces = whole.chunks(size).enumerate();
    pieces
        .map(|(index, piece)| {
            let at = u16::try_from(index * size).unwrap_or(u16::MAX);
            let more = index + 1 < count;
            if segment.from.is_ipv4() {
                let place = (at / 8) | if more { 0x2000 } else { 0 };
                return around(segment, &[], 6, piece, datagram, place);
            }
            let mut header = vec![6, 0];
            header.extend((at | u16::from(more)).to_be_bytes());
            header.extend(u32::from(datagram).to_be_bytes());
            around(segment, &header, 44, piece, 0, 0)
        })
        .collect()
}

/// An IPv6 packet whose segment stands behind other headers: `first` is the number of the first of them.
pub fn extended(segment: &Segment<'_>, first: u8, headers: &[u8]) -> Vec<u8> {
    around(segment, headers, first, &tcp(segment), 0, 0)
}

fn around(
    segment: &Segment<'_>,
    headers: &[u8],
    protocol: u8,
    payload: &[u8],
    datagram: u16,
    place: u16,
) -> Vec<u8> {
    let len = headers.len() + payload.len();
    let mut bytes = Vec::with_capacity(40 + len);
    let length = |len: usize| u16::try_from(len).unwrap_or(0).to_be_bytes();
    if segment.from.is_ipv4() {
        bytes.extend([0x45, 0]);
        bytes.extend(length(20 + len));
        bytes.extend(datagram.to_be_bytes());
        bytes.extend(place.to_be_bytes());
        bytes.extend([64, protocol, 0, 0]);
    } else {
        bytes.extend([0x60, 0, 0, 0]);
        bytes.extend(length(len));
        bytes.extend([protocol, 64]);
    }
    bytes.extend(octets(segment.from));
    bytes.extend(octets(segment.to));
    if segment.from.is_ipv4() {
        let sum = checksum(&bytes);
        put(&mut bytes, 10, &sum.to_be_bytes());
    }
    bytes.extend(headers);
    bytes.extend(payload);
    bytes
}

fn octets(address: SocketAddr) -> Vec<u8> {
    match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    for (place, byte) in bytes.iter_mut().skip(at).zip(value) {
        *place = *byte;
    }
}

fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u64::from(u16::from_be_bytes([*high, *low])),
        [high] => u64::from(*high) << 8,
        _ => 0,
    });
    let mut sum: u64 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}
