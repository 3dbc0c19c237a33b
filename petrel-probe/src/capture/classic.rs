//! The older format: a header, then packets, all of one link type.

use super::{
    reader::{BLOCK_MAX, Found, Next},
    window::Window,
};
use pcap_parser::{
    PcapHeader, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header,
};
use std::io::{self, Read};

/// What every capturing program keeps below, in bytes, whatever the header says.
const USUAL_MAX: u32 = 262_144;

/// A pcap file behind its header.
#[derive(Debug)]
pub(super) struct Classic {
    big_endian: bool,
    /// A variant with eight more bytes before each packet.
    modified: bool,
    /// Nanoseconds per unit of the fraction of a second.
    unit_ns: u64,
    link_type: u32,
    captured_max: usize,
}

impl Classic {
    pub(super) const HEADER_LEN: usize = 24;

    /// Reads the header; none if it is none. Of a header that is cut the magic number must be there.
    pub(super) fn new(start: &[u8]) -> Option<Self> {
        let mut whole = [0; Self::HEADER_LEN];
        let len = start.len().min(Self::HEADER_LEN);
        whole.get_mut(..len)?.copy_from_slice(start.get(..len)?);
        let (_, header) = parse_pcap_header(&whole).ok()?;
        let claimed = header.snaplen.max(USUAL_MAX);
        Some(Self {
            big_endian: header.is_bigendian(),
            modified: header.is_modified_format(),
            unit_ns: if header.is_nanosecond_precision() {
                1
            } else {
                1000
            },
            link_type: link_type_of(&header),
            captured_max: usize::try_from(claimed).map_or(BLOCK_MAX, |max| max.min(BLOCK_MAX)),
        })
    }

    /// Looks at what stands at the start of the window.
    #[inline]
    pub(super) fn next<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<Next> {
        let header_len = if self.modified { 24 } else { 16 };
        if !window.hold(header_len)? {
            return Ok(if window.bytes().is_empty() {
                Next::End
            } else {
                Next::Cut
            });
        }
        let Some(captured) = self.captured(window.bytes()) else {
            return Ok(Next::Cut);
        };
        if captured > self.captured_max {
            return Ok(Next::Damaged(format!(
                "a packet of {captured} captured bytes, where {} are the most",
                self.captured_max
            )));
        }
        if !window.hold(header_len + captured)? {
            return Ok(Next::Cut);
        }
        let parse = match (self.modified, self.big_endian) {
            (true, _) => parse_pcap_frame_modified,
            (false, true) => parse_pcap_frame_be,
            (false, false) => parse_pcap_frame,
        };
        let Ok((_, frame)) = parse(window.bytes()) else {
            return Ok(Next::Damaged("a packet that makes no sense".to_owned()));
        };
        let time_ns = u64::from(frame.ts_sec)
            .saturating_mul(1_000_000_000)
            .saturating_add(u64::from(frame.ts_usec) * self.unit_ns);
        Ok(Next::Packet(Found {
            at: header_len,
            len: captured,
            block: header_len + captured,
            link_type: self.link_type,
            time_ns: Some(time_ns),
        }))
    }

    /// How many bytes of the packet were captured. It is asked before the packet is held, because the
    /// parser says "incomplete" to nonsense as well.
    fn captured(&self, header: &[u8]) -> Option<usize> {
        let field = *header.get(8..)?.first_chunk()?;
        let captured = if self.big_endian {
            u32::from_be_bytes(field)
        } else {
            u32::from_le_bytes(field)
        };
        usize::try_from(captured).ok()
    }
}

/// The lower half of the field; the upper one tells of checksums that end frames.
fn link_type_of(header: &PcapHeader) -> u32 {
    header.network.0.cast_unsigned() & 0xffff
}
