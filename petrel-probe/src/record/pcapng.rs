//! Blocks of pcapng, appended to a buffer. Nothing is written here and no clock is read.
//!
//! A file is a section header, one interface of raw IP packets with times in nanoseconds, and then one
//! block per packet. Everything is little-endian.

/// Packets that begin with the header of IPv4 or IPv6, by the number that tcpdump.org assigned.
const LINKTYPE_RAW: u16 = 101;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// Options: their end, a comment on any block, the program that writes a section, an interface's
/// description and the resolution of its times.
const OPT_END: u16 = 0;
const OPT_COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_DESCRIPTION: u16 = 3;
const IF_TSRESOL: u16 = 9;

/// Times are given in 10^-9 seconds.
const NANOSECONDS: u8 = 9;

/// Longest comment in bytes; what is longer is cut. An option could hold 65 535.
const COMMENT_MAX: usize = 4096;

/// What every file begins with: the section and its only interface. Nothing in it tells of the machine.
pub(super) fn append_preamble(to: &mut Vec<u8>, application: &str, description: &str) {
    block(to, SECTION_HEADER, |body| {
        body.extend(BYTE_ORDER_MAGIC.to_le_bytes());
        body.extend(1_u16.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        // The length of the section is not known while it is written.
        body.extend((-1_i64).to_le_bytes());
        option(body, SHB_USERAPPL, application.as_bytes());
        option(body, OPT_END, &[]);
    });
    block(to, INTERFACE_DESCRIPTION, |body| {
        body.extend(LINKTYPE_RAW.to_le_bytes());
        body.extend([0; 2]);
        // No snap length: nothing is cut.
        body.extend(0_u32.to_le_bytes());
        option(body, IF_DESCRIPTION, description.as_bytes());
        option(body, IF_TSRESOL, &[NANOSECONDS]);
        option(body, OPT_END, &[]);
    });
}

/// One packet with its comments; `write` appends its bytes.
pub(super) fn append_packet(
    to: &mut Vec<u8>,
    time_ns: u64,
    comment: Option<&str>,
    write: impl FnOnce(&mut Vec<u8>),
) {
    block(to, ENHANCED_PACKET, |body| {
        body.extend(0_u32.to_le_bytes());
        let [low, high] = [time_ns & u64::from(u32::MAX), time_ns >> 32];
        for half in [high, low] {
            body.extend(half.to_le_bytes().into_iter().take(4));
        }
        let lengths_at = body.len();
        body.extend([0; 8]);
        let start = body.len();
        write(body);
        let len = length(body.len() - start);
        let lengths = [len.to_le_bytes(), len.to_le_bytes()].concat();
        overwrite(body, lengths_at, &lengths);
        pad(body, start);
        if let Some(comment) = comment {
            option(body, OPT_COMMENT, cut(comment).as_bytes());
            option(body, OPT_END, &[]);
        }
    });
}

/// A block: its type and length, what `fill` appends, and its length again.
fn block(to: &mut Vec<u8>, kind: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = to.len();
    to.extend(kind.to_le_bytes());
    to.extend([0; 4]);
    fill(to);
    let len = length(to.len() - start + 4);
    overwrite(to, start + 4, &len.to_le_bytes());
    to.extend(len.to_le_bytes());
}

fn option(to: &mut Vec<u8>, code: u16, value: &[u8]) {
    let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
    to.extend(code.to_le_bytes());
    to.extend(len.to_le_bytes());
    let start = to.len();
    to.extend(value.iter().take(len.into()));
    pad(to, start);
}

/// Fills up to a multiple of four bytes from `start`.
fn pad(to: &mut Vec<u8>, start: usize) {
    let len = to.len() - start;
    to.resize(start + len.next_multiple_of(4), 0);
}

fn overwrite(to: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = to.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// Blocks hold one packet of IP and a short comment, so their length always fits.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// A comment within its limit, whole characters only.
fn cut(comment: &str) -> &str {
    let end = comment.floor_char_boundary(COMMENT_MAX);
    comment.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pcap_parser::{Block, parse_pcapng};

    #[test]
    fn an_independent_parser_reads_what_was_written() {
        let mut bytes = Vec::new();
        append_preamble(&mut bytes, "a program", "an interface");
        let long = "é".repeat(COMMENT_MAX);
        let time_ns = 1_700_000_000_123_456_789;
        for (len, comment) in [(0, None), (1, Some("one")), (40, Some(long.as_str()))] {
            append_packet(&mut bytes, time_ns, comment, |to| {
                to.resize(to.len() + len, 7);
            });
        }
        let (rest, file) = parse_pcapng(&bytes).unwrap();
        assert_eq!((rest.len(), file.sections.len()), (0, 1));
        let [
            Block::SectionHeader(section),
            Block::InterfaceDescription(interface),
            packets @ ..,
        ] = &file.sections[0].blocks[..]
        else {
            panic!("{file:?}");
        };
        assert_eq!(section.section_len, -1);
        assert_eq!(interface.linktype.0, 101);
        assert_eq!(interface.ts_resolution(), Some(1_000_000_000));
        assert_eq!((interface.snaplen, packets.len()), (0, 3));
        for (packet, len) in packets.iter().zip([0, 1, 40]) {
            let Block::EnhancedPacket(packet) = packet else {
                panic!("{packet:?}");
            };
            assert_eq!((packet.caplen, packet.origlen), (len, len));
            let time = (u64::from(packet.ts_high) << 32) | u64::from(packet.ts_low);
            assert_eq!(time, time_ns);
            let comment = packet
                .options
                .first()
                .map(|option| option.as_bytes().unwrap());
            match len {
                0 => assert_eq!(comment, None),
                1 => assert_eq!(comment, Some(&b"one"[..])),
                _ => assert_eq!(comment.map(<[u8]>::len), Some(COMMENT_MAX)),
            }
        }
    }
}
