//! IP, both versions: who, to whom, and which bytes.

use super::Skip;
use etherparse::{Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How long the headers before TCP may be in a datagram that came in fragments, in bytes.
pub(super) const EXTENSIONS_MAX: usize = 512;

const TCP: u8 = 6;
const FRAGMENT: u8 = 44;

/// An IP packet whose payload is TCP, or a fragment that belongs to such a one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Internet<'a> {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    /// What the payload begins with.
    pub(super) protocol: u8,
    /// Where the payload begins in the packet.
    pub(super) at: usize,
    pub(super) payload: &'a [u8],
    /// How many bytes of the payload were not captured.
    pub(super) missing: u32,
    /// Where the payload belongs, if it is a fragment.
    pub(super) fragment: Option<Place>,
}

/// Where a fragment belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) datagram: u32,
    /// Where it begins in the datagram's payload, in bytes.
    pub(super) at: u32,
    /// Whether others follow.
    pub(super) more: bool,
}

/// Reads an IP packet of either version.
#[inline]
pub(super) fn packet(data: &[u8]) -> Result<Internet<'_>, Skip> {
    match data.first().map(|byte| byte >> 4) {
        Some(4) => version_4(data),
        Some(6) => version_6(data),
        Some(_) => Err("neither IPv4 nor IPv6"),
        None => Err("IP header cut short"),
    }
}

#[inline]
fn version_4(data: &[u8]) -> Result<Internet<'_>, Skip> {
    use etherparse::err::ipv4::HeaderSliceError;
    let header = Ipv4HeaderSlice::from_slice(data).map_err(|error| match error {
        HeaderSliceError::Len(_) => "IP header cut short",
        HeaderSliceError::Content(_) => "malformed IPv4",
    })?;
    let header_len = header.slice().len();
    // What the network card was given to cut up itself may say 0: it is as long as it is.
    let len = match usize::from(header.total_len()) {
        0 => data.len(),
        len if len < header_len => return Err("malformed IPv4"),
        len => len,
    };
    let offset = u32::from(header.fragments_offset().value()) * 8;
    let fragment = (offset > 0 || header.more_fragments()).then(|| Place {
        datagram: u32::from(header.identification()),
        at: offset,
        more: header.more_fragments(),
    });
    let internet = Internet {
        from: Ipv4Addr::from(header.source()).into(),
        to: Ipv4Addr::from(header.destination()).into(),
        protocol: header.protocol().0,
        at: 0,
        payload: &[],
        missing: 0,
        fragment,
    };
    behind(internet, data, header_len, len)
}

#[inline]
fn version_6(data: &[u8]) -> Result<Internet<'_>, Skip> {
    use etherparse::err::ipv6::HeaderSliceError;
    let header = Ipv6HeaderSlice::from_slice(data).map_err(|error| match error {
        HeaderSliceError::Len(_) => "IP header cut short",
        HeaderSliceError::Content(_) => "malformed IPv6",
    })?;
    let header_len = header.slice().len();
    let len = match usize::from(header.payload_length()) {
        0 => data.len(),
        len => header_len + len,
    };
    let internet = Internet {
        from: Ipv6Addr::from(header.source()).into(),
        to: Ipv6Addr::from(header.destination()).into(),
        protocol: header.next_header().0,
        at: 0,
        payload: &[],
        missing: 0,
        fragment: None,
    };
    behind(internet, data, header_len, len)
}

/// Passes the headers that may stand before TCP, and cuts the payload out. Bytes behind `len` are the
/// link's padding.
#[inline]
fn behind<'a>(
    mut internet: Internet<'a>,
    data: &'a [u8],
    at: usize,
    len: usize,
) -> Result<Internet<'a>, Skip> {
    let captured = data.get(..len).unwrap_or(data);
    let mut at = at;
    // Those of a fragment belong to its datagram: they are read when that is whole.
    while internet.protocol != TCP && internet.fragment.is_none() {
        let rest = captured.get(at..).unwrap_or_default();
        if internet.protocol == FRAGMENT {
            let header = Ipv6FragmentHeaderSlice::from_slice(rest);
            let header = header.map_err(|_| "IP header cut short")?;
            internet.protocol = header.next_header().0;
            internet.fragment = header.is_fragmenting_payload().then(|| Place {
                datagram: header.identification(),
                at: u32::from(header.fragment_offset().value()) * 8,
                more: header.more_fragments(),
            });
            at += header.slice().len();
        } else {
            let (protocol, header_len) = extension(internet.protocol, rest)?;
            internet.protocol = protocol;
            at += header_len;
        }
    }
    if internet.protocol != TCP && !is_extension(internet.protocol) {
        return Err(name(internet.protocol));
    }
    if at > len {
        return Err("malformed IP");
    }
    internet.at = at;
    internet.payload = captured.get(at..).unwrap_or_default();
    let missing = len.saturating_sub(captured.len().max(at));
    internet.missing = u32::try_from(missing).unwrap_or(u32::MAX);
    Ok(internet)
}

/// How long the headers before TCP are, in the payload of a datagram that begins with `protocol`.
pub(super) fn extensions(protocol: u8, bytes: &[u8]) -> Result<usize, Skip> {
    let (mut protocol, mut at) = (protocol, 0);
    while protocol != TCP {
        let (next, len) = extension(protocol, bytes.get(at..).unwrap_or_default())?;
        protocol = next;
        at += len;
    }
    Ok(at)
}

/// Reads one header before TCP: what follows it, and how long it is.
fn extension(protocol: u8, bytes: &[u8]) -> Result<(u8, usize), Skip> {
    if !is_extension(protocol) {
        return Err(name(protocol));
    }
    let Some([next, len, ..]) = bytes.first_chunk::<8>() else {
        return Err("IP header cut short");
    };
    let len = match protocol {
        51 => (usize::from(*len) + 2) * 4,
        _ => (usize::from(*len) + 1) * 8,
    };
    if len > bytes.len() {
        return Err("IP header cut short");
    }
    Ok((*next, len))
}

/// Hop-by-hop options, routing, destination options, authentication, mobility, identity, shim.
const fn is_extension(protocol: u8) -> bool {
    matches!(protocol, 0 | 43 | 51 | 60 | 135 | 139 | 140)
}

/// What is not TCP, by its number.
const fn name(protocol: u8) -> Skip {
    match protocol {
        1 => "ICMP",
        2 => "IGMP",
        4 | 41 => "IP within IP",
        17 => "UDP",
        47 => "GRE",
        50 => "ESP (encrypted)",
        58 => "ICMPv6",
        59 => "IP without payload",
        132 => "SCTP",
        _ => "IP, but not TCP",
    }
}
