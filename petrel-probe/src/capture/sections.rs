//! The newer format: blocks in sections, each section with a byte order and interfaces of its own.

use super::{
    UNDESCRIBED,
    reader::{BLOCK_MAX, Found, Next},
    window::Window,
};
use pcap_parser::{
    BOM_MAGIC, Block, EPB_MAGIC, IDB_MAGIC, InterfaceDescriptionBlock, OptionCode, SHB_MAGIC,
    SPB_MAGIC, parse_block_be, parse_block_le,
};
use std::io::{self, Read};

/// The packet block of old drafts, which the parser does not know.
const OLD_PACKET: u32 = 2;
/// How many interfaces a section may describe. Each is remembered as long as the section lasts.
const INTERFACES_MAX: usize = 65_536;
/// Type, length, and length again.
const FRAME_LEN: usize = 12;

/// A pcapng file.
#[derive(Debug)]
pub(super) struct Sections {
    big_endian: bool,
    interfaces: Vec<Interface>,
}

/// An interface of the current section.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link_type: u32,
    /// The most that is captured of a packet; 0 is no limit.
    captured_max: u32,
    units: Units,
    /// Seconds to be added to its times.
    offset_s: i64,
}

/// In what an interface counts time.
#[derive(Clone, Copy, Debug)]
enum Units {
    /// Nanoseconds per unit.
    Each(u64),
    /// Units per second.
    PerSecond(u128),
}

impl Sections {
    /// Whether a file begins as one of this format does.
    pub(super) fn begins(start: &[u8]) -> bool {
        start.starts_with(&SHB_MAGIC.to_le_bytes())
    }

    /// None if the byte order, as far as it is there, makes no sense.
    pub(super) fn new(start: &[u8]) -> Option<Self> {
        if start.len() >= FRAME_LEN {
            byte_order(start)?;
        }
        Some(Self {
            big_endian: false,
            interfaces: Vec::new(),
        })
    }

    /// Looks at what stands at the start of the window.
    #[inline]
    pub(super) fn next<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<Next> {
        if !window.hold(FRAME_LEN)? {
            return Ok(if window.bytes().is_empty() {
                Next::End
            } else {
                Next::Cut
            });
        }
        let bytes = window.bytes();
        if Self::begins(bytes) {
            match byte_order(bytes) {
                Some(big_endian) => self.big_endian = big_endian,
                None => return Ok(damaged("a section without a byte order")),
            }
            self.interfaces.clear();
        }
        let (kind, len) = (self.u32(bytes, 0), self.u32(bytes, 4));
        let len_bytes = usize::try_from(len).unwrap_or(usize::MAX);
        if len_bytes < FRAME_LEN || len % 4 != 0 {
            return Ok(Next::Damaged(format!(
                "a block of {len} bytes: blocks have at least 12, and a multiple of 4"
            )));
        }
        if !matches!(
            kind,
            SHB_MAGIC | IDB_MAGIC | EPB_MAGIC | SPB_MAGIC | OLD_PACKET
        ) {
            return Ok(Next::Other(u64::from(len)));
        }
        if len_bytes > BLOCK_MAX {
            return Ok(Next::Damaged(format!("a block of {len} bytes")));
        }
        if !window.hold(len_bytes)? {
            return Ok(Next::Cut);
        }
        let block = window.bytes().get(..len_bytes).unwrap_or_default();
        if self.u32(block, len_bytes - 4) != len {
            return Ok(damaged("a block whose two lengths differ"));
        }
        Ok(self.block(kind, block))
    }

    /// Acts on a block that is there as a whole: that the parser asks for more of it is nonsense.
    #[inline]
    fn block(&mut self, kind: u32, bytes: &[u8]) -> Next {
        if kind == OLD_PACKET {
            return self.old_packet(bytes);
        }
        let parsed = if self.big_endian {
            parse_block_be(bytes)
        } else {
            parse_block_le(bytes)
        };
        let other = Next::Other(bytes.len() as u64);
        match parsed {
            Ok((_, Block::SectionHeader(_))) => other,
            Ok((_, Block::InterfaceDescription(block))) => {
                if self.interfaces.len() == INTERFACES_MAX {
                    return damaged("more interfaces than a section may have");
                }
                self.interfaces.push(self.interface(&block));
                other
            }
            Ok((_, Block::EnhancedPacket(block))) => {
                let ticks = u64::from(block.ts_high) << 32 | u64::from(block.ts_low);
                self.found(bytes, 28, block.caplen, block.if_id, ticks)
            }
            Ok((_, Block::SimplePacket(block))) => {
                let limit = match self.interfaces.first() {
                    Some(interface) if interface.captured_max > 0 => interface.captured_max,
                    _ => u32::MAX,
                };
                let there = u32::try_from(block.data.len()).unwrap_or(u32::MAX);
                let captured = block.origlen.min(limit).min(there);
                match self.found(bytes, 12, captured, 0, 0) {
                    Next::Packet(found) => Next::Packet(Found {
                        time_ns: None,
                        ..found
                    }),
                    next => next,
                }
            }
            _ => damaged("a block that makes no sense"),
        }
    }

    fn old_packet(&self, bytes: &[u8]) -> Next {
        if bytes.len() < 32 {
            return damaged("a packet block that is too short");
        }
        let first = self.u32(bytes, 8);
        let interface = if self.big_endian {
            first >> 16
        } else {
            first & 0xffff
        };
        let ticks = u64::from(self.u32(bytes, 12)) << 32 | u64::from(self.u32(bytes, 16));
        self.found(bytes, 28, self.u32(bytes, 20), interface, ticks)
    }

    #[inline]
    fn found(&self, bytes: &[u8], at: usize, captured: u32, interface: u32, ticks: u64) -> Next {
        let len = usize::try_from(captured).unwrap_or(usize::MAX);
        if len > bytes.len().saturating_sub(at + 4) {
            return damaged("a packet that is longer than its block");
        }
        let index = usize::try_from(interface).unwrap_or(usize::MAX);
        let interface = self.interfaces.get(index);
        Next::Packet(Found {
            at,
            len,
            block: bytes.len(),
            link_type: interface.map_or(UNDESCRIBED, |interface| interface.link_type),
            time_ns: interface.map(|interface| interface.time_ns(ticks)),
        })
    }

    fn interface(&self, block: &InterfaceDescriptionBlock<'_>) -> Interface {
        let value = |code| {
            let mut options = block.options.iter().filter(|option| option.code == code);
            options.next().and_then(|option| option.as_bytes().ok())
        };
        let units = match value(OptionCode::IfTsresol) {
            Some(&[resolution]) => Units::of(resolution),
            _ => Units::of(6),
        };
        let offset_s = match value(OptionCode::IfTsoffset).and_then(<[u8]>::as_array) {
            Some(seconds) if self.big_endian => i64::from_be_bytes(*seconds),
            Some(seconds) => i64::from_le_bytes(*seconds),
            None => 0,
        };
        Interface {
            link_type: block.linktype.0.cast_unsigned(),
            captured_max: block.snaplen,
            units,
            offset_s,
        }
    }

    /// A number of the current byte order; 0 where there is none.
    #[inline]
    fn u32(&self, bytes: &[u8], at: usize) -> u32 {
        let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
        match field {
            Some(field) if self.big_endian => u32::from_be_bytes(*field),
            Some(field) => u32::from_le_bytes(*field),
            None => 0,
        }
    }
}

impl Interface {
    #[inline]
    fn time_ns(&self, ticks: u64) -> u64 {
        let time_ns = match self.units {
            Units::Each(nanoseconds) => ticks.saturating_mul(nanoseconds),
            Units::PerSecond(units) => {
                let time_ns = u128::from(ticks) * 1_000_000_000 / units;
                u64::try_from(time_ns).unwrap_or(u64::MAX)
            }
        };
        let offset_ns = self.offset_s.unsigned_abs().saturating_mul(1_000_000_000);
        if self.offset_s < 0 {
            time_ns.saturating_sub(offset_ns)
        } else {
            time_ns.saturating_add(offset_ns)
        }
    }
}

impl Units {
    /// From the option `if_tsresol`: a negative power of 10, or of 2 if the highest bit is set.
    fn of(resolution: u8) -> Self {
        let power = u32::from(resolution & 0x7f);
        if resolution & 0x80 != 0 {
            return Self::PerSecond(1 << power);
        }
        match 9_u32.checked_sub(power) {
            Some(rest) => Self::Each(10_u64.pow(rest)),
            // Finer than 10^-38 of a second is taken for that: every time is the beginning of time.
            None => Self::PerSecond(10_u128.pow(power.min(38))),
        }
    }
}

/// Whether a section is big-endian; none if its byte order makes no sense.
fn byte_order(section: &[u8]) -> Option<bool> {
    let field: [u8; 4] = *section.get(8..)?.first_chunk()?;
    if field == BOM_MAGIC.to_le_bytes() {
        Some(false)
    } else if field == BOM_MAGIC.to_be_bytes() {
        Some(true)
    } else {
        None
    }
}

fn damaged(reason: &str) -> Next {
    Next::Damaged(reason.to_owned())
}
