//! Link layers: what stands before an IP packet.

use super::{Skip, UNDESCRIBED};

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// Finds the IP packet in a packet of a link type: where it begins. Which version it is, it says itself.
#[inline]
pub(super) fn ip_at(link_type: u32, data: &[u8]) -> Result<usize, Skip> {
    match link_type {
        1 => tagged(data, 12),
        113 => tagged(data, 14),
        276 => cooked_v2(data),
        12 | 14 | 101 | 228 | 229 => Ok(0),
        0 | 108 => loopback(data),
        9 | 50 => point_to_point(data, 0),
        UNDESCRIBED => Err("interface that the file does not describe"),
        _ => Err("unknown link type"),
    }
}

/// Reads the type of what follows, and passes tags of virtual networks, however many.
#[inline]
fn tagged(data: &[u8], at: usize) -> Result<usize, Skip> {
    let mut at = at;
    loop {
        let kind = u16_at(data, at)?;
        at += 2;
        match kind {
            IPV4 | IPV6 => return Ok(at),
            0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => at += 2,
            0x8864 => return point_to_point(data, at + 6),
            0x0806 | 0x8035 => return Err("ARP"),
            0x88cc => return Err("LLDP"),
            0x8847 | 0x8848 => return Err("MPLS"),
            0x88e5 => return Err("MACsec"),
            _ => return Err("not IP"),
        }
    }
}

/// The second Linux cooked header has the type at its start; a tag stands behind the whole header.
fn cooked_v2(data: &[u8]) -> Result<usize, Skip> {
    match u16_at(data, 0)? {
        IPV4 | IPV6 => Ok(20),
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => tagged(data, 22),
        0x0806 => Err("ARP"),
        _ => Err("not IP"),
    }
}

/// The address family as the capturing machine numbers it, in its byte order.
fn loopback(data: &[u8]) -> Result<usize, Skip> {
    let field = data.first_chunk().ok_or("link header cut short")?;
    let family = match u32::from_le_bytes(*field) {
        family @ 0..=0xffff => family,
        swapped => swapped.swap_bytes(),
    };
    match family {
        2 | 10 | 24 | 28 | 30 => Ok(4),
        _ => Err("not IP"),
    }
}

/// The protocol of PPP: one byte or two, behind address and control bytes that may be left out.
fn point_to_point(data: &[u8], at: usize) -> Result<usize, Skip> {
    let framed = matches!(data.get(at..), Some([0xff, 0x03, ..] | [0x0f, 0x00, ..]));
    let at = if framed { at + 2 } else { at };
    let (protocol, len) = match data.get(at) {
        Some(0xff) => return Err("link header cut short"),
        Some(byte) if byte & 1 == 1 => (u16::from(*byte), 1),
        _ => (u16_at(data, at)?, 2),
    };
    match protocol {
        0x0021 | 0x0057 | IPV4 | IPV6 => Ok(at + len),
        _ => Err("not IP"),
    }
}

#[inline]
fn u16_at(data: &[u8], at: usize) -> Result<u16, Skip> {
    let field = data.get(at..).and_then(<[u8]>::first_chunk);
    field
        .map(|field| u16::from_be_bytes(*field))
        .ok_or("link header cut short")
}
