//! From packets to segments of TCP: link layer, IP and its fragments, TCP.

use super::{
    Packet, Segment, Skip,
    fragments::{Datagram, Fragment, Fragments, Part},
    ip::{self, Internet},
    link,
};
use etherparse::TcpHeaderSlice;
use etherparse::err::tcp::HeaderSliceError;
use std::net::SocketAddr;

/// The longest header of TCP, in bytes.
const HEADER_MAX: usize = 60;

/// Takes packets apart. It remembers nothing but IP fragments that wait for others.
#[derive(Debug, Default)]
pub struct Dissector {
    fragments: Fragments,
}

impl Dissector {
    /// One that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands out the segment that a packet carries; none for a fragment that waits for others, several
    /// for the fragment that completes a datagram.
    ///
    /// # Errors
    ///
    /// The packet carries no segment, or not enough of one: the reason, for counting.
    #[inline]
    pub fn segments(
        &mut self,
        packet: &Packet<'_>,
        each: &mut dyn FnMut(&Segment<'_>),
    ) -> Result<(), Skip> {
        let at = link::ip_at(packet.link_type, packet.data)?;
        let internet = ip::packet(packet.data.get(at..).unwrap_or_default())?;
        let source = packet.source + (at + internet.at) as u64;
        if let Some(place) = internet.fragment {
            let fragment = Fragment {
                place,
                bytes: internet.payload,
                missing: internet.missing,
                source,
                time_ns: packet.time_ns,
            };
            return match self.fragments.take(&internet, &fragment) {
                Some(datagram) => whole(&internet, &datagram, each),
                None => Ok(()),
            };
        }
        let (header, header_len) = header(internet.payload)?;
        each(&Segment {
            payload: internet.payload.get(header_len..).unwrap_or_default(),
            missing: internet.missing,
            source: source + header_len as u64,
            time_ns: packet.time_ns,
            ..segment(&internet, &header)
        });
        Ok(())
    }

    /// How many fragments were given up, or wait still, because others of their datagram did not come.
    /// At the end of a capture they count as skipped: [`INCOMPLETE_FRAGMENT`](super::INCOMPLETE_FRAGMENT).
    pub fn incomplete(&self) -> u64 {
        self.fragments.incomplete()
    }
}

/// Hands out a datagram that came in fragments, piece by piece.
fn whole(
    internet: &Internet<'_>,
    datagram: &Datagram,
    each: &mut dyn FnMut(&Segment<'_>),
) -> Result<(), Skip> {
    let head = datagram.head(HEADER_MAX + ip::EXTENSIONS_MAX);
    let before = ip::extensions(datagram.protocol, &head)?;
    let (header, header_len) = header(head.get(before..).unwrap_or_default())?;
    let opening = segment(internet, &header);
    let mut parts = datagram.behind(before + header_len).peekable();
    let mut sequence = opening.sequence;
    let mut first = true;
    while let Some(Part {
        bytes,
        missing,
        source,
        time_ns,
    }) = parts.next()
    {
        let opens = opening.syn && first;
        each(&Segment {
            sequence,
            syn: opens,
            fin: opening.fin && parts.peek().is_none(),
            payload: bytes,
            missing,
            source,
            time_ns,
            ..opening
        });
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        sequence = sequence
            .wrapping_add(u32::from(opens))
            .wrapping_add(len)
            .wrapping_add(missing);
        first = false;
    }
    Ok(())
}

/// Reads a header of TCP; with its length.
#[inline]
fn header(bytes: &[u8]) -> Result<(TcpHeaderSlice<'_>, usize), Skip> {
    match TcpHeaderSlice::from_slice(bytes) {
        Ok(header) => {
            let len = header.slice().len();
            Ok((header, len))
        }
        Err(HeaderSliceError::Len(_)) => Err("TCP header cut short"),
        Err(HeaderSliceError::Content(_)) => Err("malformed TCP"),
    }
}

/// What a header says, without payload.
#[inline]
fn segment<'a>(internet: &Internet<'_>, header: &TcpHeaderSlice<'_>) -> Segment<'a> {
    Segment {
        from: SocketAddr::new(internet.from, header.source_port()),
        to: SocketAddr::new(internet.to, header.destination_port()),
        sequence: header.sequence_number(),
        acknowledged: header.ack().then(|| header.acknowledgment_number()),
        syn: header.syn(),
        fin: header.fin(),
        reset: header.rst(),
        payload: &[],
        missing: 0,
        source: 0,
        time_ns: 0,
    }
}
