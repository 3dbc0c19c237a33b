//! pcap and pcapng files, packet by packet.

use super::{Packet, buffer::Buffer};
use crate::totals::Ending;
use pcap_parser::{
    Block, PcapError,
    nom::{Err as NomError, IResult},
    parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header,
};
use std::io::{self, Read};

/// A block longer than this makes no sense.
const BLOCK_MAX: usize = 64 << 20;

const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const NANOSECONDS: u64 = 1_000_000_000;

/// Reads a capture as it comes: a packet is given as soon as its bytes are there.
#[derive(Debug)]
pub struct Reader<R> {
    buffer: Buffer<R>,
    form: Form,
    ending: Ending,
    is_over: bool,
    last_ns: u64,
}

/// Why there is nothing to read.
#[derive(Debug)]
#[non_exhaustive]
pub enum CaptureError {
    /// It could not be read.
    Io(io::Error),
    /// It is no capture; with what it looks like.
    NotACapture(&'static str),
}

#[derive(Debug)]
enum Form {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

#[derive(Clone, Copy, Debug)]
struct Pcap {
    link_type: u32,
    unit_ns: u64,
    parse: Parse,
    header_len: usize,
}

type Parse = fn(&[u8]) -> IResult<&[u8], pcap_parser::LegacyPcapBlock<'_>, PcapError<&[u8]>>;

/// The section that is being read.
#[derive(Debug, Default)]
struct Pcapng {
    is_big_endian: bool,
    interfaces: Vec<Interface>,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link_type: u32,
    snap_len: u32,
    /// Ticks in a second; 0 where the file names more than can be counted.
    ticks: u64,
    offset_s: i64,
}

/// What stands at the front of the window.
enum Step {
    Packet(Found),
    /// Something else of this length.
    Other(usize),
    /// More bytes are needed.
    More,
    Nonsense(String),
}

/// A packet, by its place in the window.
#[derive(Clone, Copy)]
struct Found {
    at: usize,
    len: usize,
    whole: usize,
    time_ns: u64,
    link_type: u32,
}

impl<R: Read> Reader<R> {
    /// Reads the beginning of a capture.
    ///
    /// # Errors
    /// If it cannot be read, or is no capture.
    pub fn new(input: R) -> Result<Self, CaptureError> {
        let mut buffer = Buffer::new(input);
        while buffer.window().len() < 4 && buffer.fill()? {}
        let magic = buffer.window().first_chunk::<4>().copied();
        let form = match magic {
            Some(SECTION) => Form::Pcapng(Pcapng::default()),
            _ => {
                while buffer.window().len() < 24 && buffer.fill()? {}
                match parse_pcap_header(buffer.window()) {
                    Ok((_, header)) => {
                        let pcap = Pcap::new(&header);
                        buffer.consume(header.size());
                        Form::Pcap(pcap)
                    }
                    Err(_) => return Err(CaptureError::NotACapture(looks_like(buffer.window()))),
                }
            }
        };
        Ok(Self {
            buffer,
            form,
            ending: Ending::Complete,
            is_over: false,
            last_ns: 0,
        })
    }

    /// The next packet; none at the end, of which [`Reader::ending`] tells.
    ///
    /// # Errors
    /// If the input cannot be read.
    pub fn next_packet(&mut self) -> io::Result<Option<Packet<'_>>> {
        let found = loop {
            if self.is_over {
                return Ok(None);
            }
            let step = match &mut self.form {
                Form::Pcap(pcap) => pcap.step(self.buffer.window()),
                Form::Pcapng(pcapng) => pcapng.step(self.buffer.window(), self.last_ns),
            };
            let at = self.buffer.position();
            match step {
                Step::Packet(found) => break found,
                Step::Other(len) => self.buffer.consume(len),
                Step::Nonsense(reason) => self.end(Ending::Damaged { at, reason }),
                Step::More if self.buffer.window().len() > BLOCK_MAX => {
                    let reason = "a block of more than 64 MiB".to_owned();
                    self.end(Ending::Damaged { at, reason });
                }
                Step::More => {
                    if !self.buffer.fill()? {
                        let is_empty = self.buffer.window().is_empty();
                        let cut = Ending::Truncated { at };
                        self.end(if is_empty { Ending::Complete } else { cut });
                    }
                }
            }
        };
        self.last_ns = found.time_ns;
        let source = self.buffer.position() + found.at as u64;
        // Consuming moves a mark only; the bytes stay where they are until more are read.
        let start = self.buffer.consume_and_keep(found.whole);
        Ok(Some(Packet {
            time_ns: found.time_ns,
            link_type: found.link_type,
            data: self.buffer.kept(start + found.at, found.len),
            source,
        }))
    }

    /// How the capture ends, once there are no more packets.
    pub const fn ending(&self) -> &Ending {
        &self.ending
    }

    /// How many bytes of the input were used.
    pub const fn position(&self) -> u64 {
        self.buffer.position()
    }

    fn end(&mut self, ending: Ending) {
        self.ending = ending;
        self.is_over = true;
    }
}

impl Pcap {
    fn new(header: &pcap_parser::PcapHeader) -> Self {
        let parse: Parse = match (header.is_modified_format(), header.is_bigendian()) {
            (true, _) => parse_pcap_frame_modified,
            (false, true) => parse_pcap_frame_be,
            (false, false) => parse_pcap_frame,
        };
        Self {
            // The upper bits tell of checksums at the ends of frames.
            link_type: header.network.0.cast_unsigned() & 0xffff,
            unit_ns: if header.is_nanosecond_precision() {
                1
            } else {
                1000
            },
            parse,
            header_len: if header.is_modified_format() { 24 } else { 16 },
        }
    }

    fn step(self, window: &[u8]) -> Step {
        match (self.parse)(window) {
            Ok((_, block)) => {
                let seconds = u64::from(block.ts_sec) * NANOSECONDS;
                let fraction = u64::from(block.ts_usec) * self.unit_ns;
                let len = block.data.len();
                Step::Packet(Found {
                    at: self.header_len,
                    len,
                    whole: self.header_len + len,
                    time_ns: seconds + fraction,
                    link_type: self.link_type,
                })
            }
            Err(NomError::Incomplete(_)) => Step::More,
            Err(_) => Step::Nonsense("a packet whose header makes no sense".to_owned()),
        }
    }
}

impl Pcapng {
    fn step(&mut self, window: &[u8], last_ns: u64) -> Step {
        let Some(length) = self.block_len(window) else {
            return Step::More;
        };
        if length > BLOCK_MAX {
            return Step::Nonsense(format!("a block that claims {length} bytes"));
        }
        if length < 12 {
            return Step::Nonsense(format!(
                "a block that claims {length} bytes, and 12 are the least"
            ));
        }
        // The blocks are looked at one by one: a parser that is given more sees no more.
        let Some(block) = window.get(..length) else {
            return Step::More;
        };
        let parsed = if self.is_big_endian {
            pcap_parser::parse_block_be(block)
        } else {
            pcap_parser::parse_block_le(block)
        };
        match parsed {
            Ok((_, block)) => self.block(&block, length, last_ns),
            Err(_) => Step::Nonsense("a block that makes no sense".to_owned()),
        }
    }

    /// Length of the block at the front, if so much of it is there. A section says how to read numbers.
    fn block_len(&mut self, window: &[u8]) -> Option<usize> {
        let head = window.first_chunk::<12>()?;
        let [a, b, c, d, l0, l1, l2, l3, order @ ..] = *head;
        if [a, b, c, d] == SECTION {
            self.is_big_endian = order == [0x1a, 0x2b, 0x3c, 0x4d];
        }
        let length = [l0, l1, l2, l3];
        let length = if self.is_big_endian {
            u32::from_be_bytes(length)
        } else {
            u32::from_le_bytes(length)
        };
        Some(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn block(&mut self, block: &Block<'_>, whole: usize, last_ns: u64) -> Step {
        match block {
            Block::SectionHeader(_) => self.interfaces.clear(),
            Block::InterfaceDescription(description) => self.interfaces.push(Interface {
                link_type: description.linktype.0.cast_unsigned(),
                snap_len: description.snaplen,
                ticks: description.ts_resolution().unwrap_or(0),
                offset_s: description.ts_offset(),
            }),
            Block::EnhancedPacket(packet) => {
                let number = usize::try_from(packet.if_id).unwrap_or(usize::MAX);
                let Some(interface) = self.interfaces.get(number) else {
                    let reason = format!("a packet of interface {number}, which was not described");
                    return Step::Nonsense(reason);
                };
                let len = usize::try_from(packet.caplen).unwrap_or(usize::MAX);
                if len > packet.data.len() {
                    return Step::Nonsense("a packet that is longer than its block".to_owned());
                }
                let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let time_ns = interface.time_ns(ticks);
                let link_type = interface.link_type;
                return Step::Packet(Found {
                    at: 28,
                    len,
                    whole,
                    time_ns,
                    link_type,
                });
            }
            Block::SimplePacket(packet) => {
                let Some(interface) = self.interfaces.first() else {
                    return Step::Nonsense("a packet without an interface".to_owned());
                };
                let snap_len = match interface.snap_len {
                    0 => u32::MAX,
                    some => some,
                };
                let len = usize::try_from(packet.origlen.min(snap_len)).unwrap_or(usize::MAX);
                return Step::Packet(Found {
                    at: 12,
                    len: len.min(packet.data.len()),
                    whole,
                    // It carries no time; that of the packet before is the nearest.
                    time_ns: last_ns,
                    link_type: interface.link_type,
                });
            }
            _ => {}
        }
        Step::Other(whole)
    }
}

impl Interface {
    fn time_ns(self, ticks: u64) -> u64 {
        let nanoseconds = match self.ticks {
            0 => 0,
            NANOSECONDS => ticks,
            1_000_000 => ticks.saturating_mul(1000),
            per_second => {
                let exact = u128::from(ticks) * u128::from(NANOSECONDS) / u128::from(per_second);
                u64::try_from(exact).unwrap_or(u64::MAX)
            }
        };
        let offset = self.offset_s.unsigned_abs().saturating_mul(NANOSECONDS);
        if self.offset_s < 0 {
            nanoseconds.saturating_sub(offset)
        } else {
            nanoseconds.saturating_add(offset)
        }
    }
}

/// What bytes that are no capture look like, and what would help.
fn looks_like(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "it is empty",
        [0x1f, 0x8b, ..] => {
            "it is compressed with gzip: give it to `gzip -dc FILE | petrel-probe decode -`"
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            "it is compressed with zstd: give it to `zstd -dc FILE | petrel-probe decode -`"
        }
        [0xfd, b'7', b'z', b'X', ..] => {
            "it is compressed with xz: give it to `xz -dc FILE | petrel-probe decode -`"
        }
        [b'{' | b'[', ..] => "it looks like JSON; captures are pcap or pcapng files",
        _ if bytes.len() < 24 => "it is too short to be a pcap or pcapng file",
        _ => "it begins like neither pcap nor pcapng",
    }
}

impl From<io::Error> for CaptureError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
