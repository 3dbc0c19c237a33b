//! Packets out of a capture file, pcap or pcapng, one after the other.

use super::{CaptureError, Packet, classic::Classic, sections::Sections, window::Window};
use crate::totals::Ending;
use std::io::{self, Read};

/// How much a single packet or block may hold, in bytes. What claims more is taken for damage.
pub(super) const BLOCK_MAX: usize = 64 << 20;

/// Reads a capture from anything that gives bytes, a pipe too: a packet is told as soon as its last
/// byte is there.
#[derive(Debug)]
pub struct Reader<R> {
    window: Window<R>,
    format: Format,
    /// Set once: nothing is read after it.
    ending: Option<Ending>,
    /// Offset of the block that was passed over last.
    skipped: u64,
    /// Time of the packet before, in nanoseconds: that of a packet that comes without one.
    time_ns: u64,
}

#[derive(Debug)]
enum Format {
    Classic(Classic),
    Sections(Sections),
}

/// Where a packet lies in the window, and what the file says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Where its data begins, from the start of its block.
    pub(super) at: usize,
    /// How many bytes were captured.
    pub(super) len: usize,
    /// How long its block is.
    pub(super) block: usize,
    pub(super) link_type: u32,
    /// None where the file tells no time.
    pub(super) time_ns: Option<u64>,
}

/// What stands next in a file.
#[derive(Debug)]
pub(super) enum Next {
    Packet(Found),
    /// Something of this length that is no packet.
    Other(u64),
    /// The file ends within what was begun.
    Cut,
    /// The file ends where something could begin.
    End,
    /// What stands there makes no sense.
    Damaged(String),
}

impl<R: Read> Reader<R> {
    /// Reads the first bytes and finds out which format it is.
    ///
    /// # Errors
    ///
    /// [`CaptureError::NotACapture`] says what it is instead, where that can be told.
    pub fn new(input: R) -> Result<Self, CaptureError> {
        let mut window = Window::new(input);
        let long_enough = window.hold(4)?;
        let format = if !long_enough {
            None
        } else if Sections::begins(window.bytes()) {
            // The magic number at the start is easily met by accident; the second one is not.
            let _ = window.hold(12)?;
            Sections::new(window.bytes()).map(Format::Sections)
        } else {
            let _ = window.hold(Classic::HEADER_LEN)?;
            Classic::new(window.bytes()).map(Format::Classic)
        };
        let Some(format) = format else {
            let _ = window.hold(64)?;
            return Err(CaptureError::judge(window.bytes()));
        };
        let mut ending = None;
        if matches!(format, Format::Classic(_)) {
            if window.bytes().len() < Classic::HEADER_LEN {
                ending = Some(Ending::Truncated { at: 0 });
            }
            window.pass(Classic::HEADER_LEN);
        }
        Ok(Self {
            window,
            format,
            ending,
            skipped: 0,
            time_ns: 0,
        })
    }

    /// The next packet; none when there are no more, for whatever reason: [`Reader::ending`] tells.
    ///
    /// # Errors
    ///
    /// Reading failed. What is wrong in the file itself is an ending, not an error.
    pub fn next_packet(&mut self) -> io::Result<Option<Packet<'_>>> {
        while self.ending.is_none() {
            if !self.window.skip_on()? {
                self.ending = Some(Ending::Truncated { at: self.skipped });
                break;
            }
            let next = match &mut self.format {
                Format::Classic(file) => file.next(&mut self.window)?,
                Format::Sections(file) => file.next(&mut self.window)?,
            };
            let at = self.window.offset();
            match next {
                Next::Packet(found) => return Ok(self.give(found)),
                Next::Other(len) => {
                    self.skipped = at;
                    self.window.skip(len);
                }
                Next::Cut => self.ending = Some(Ending::Truncated { at }),
                Next::End => self.ending = Some(Ending::Complete),
                Next::Damaged(reason) => self.ending = Some(Ending::Damaged { at, reason }),
            }
        }
        Ok(None)
    }

    /// How the file ends: meaningful once [`Reader::next_packet`] gave none.
    pub fn ending(&self) -> Ending {
        self.ending.clone().unwrap_or_default()
    }

    /// How far into the file it was read, in bytes: the end of the packet that was told last.
    pub const fn position(&self) -> u64 {
        self.window.offset()
    }

    #[inline]
    fn give(&mut self, found: Found) -> Option<Packet<'_>> {
        let source = self.window.offset() + found.at as u64;
        self.time_ns = found.time_ns.unwrap_or(self.time_ns);
        self.window.pass(found.block);
        let data = self.window.passed(found.block, found.at, found.len)?;
        Some(Packet {
            time_ns: self.time_ns,
            link_type: found.link_type,
            data,
            source,
        })
    }
}
