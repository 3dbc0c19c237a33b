//! A window that moves over the input: its bytes are read once and handed out in place.

use std::io::{self, ErrorKind, Read};

/// How much is asked of the input at once, in bytes.
const STEP: usize = 256 << 10;

/// The part of the input that is held.
#[derive(Debug)]
pub(super) struct Window<R> {
    input: R,
    /// What was read lies in `start..end`; the rest is room.
    held: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset of `start` in the input.
    offset: u64,
    /// Bytes that are to be let go before anything else, as they come.
    unwanted: u64,
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            held: vec![0; STEP],
            start: 0,
            end: 0,
            offset: 0,
            unwanted: 0,
        }
    }

    /// What is held.
    pub(super) fn bytes(&self) -> &[u8] {
        self.held.get(self.start..self.end).unwrap_or_default()
    }

    /// The input's offset of the first byte that is held.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads until `count` bytes are held; false if the input ends before. Asks for no more than what
    /// is missing takes, so that what a pipe has is there at once. Memory grows with what was read, not
    /// with `count`.
    #[inline]
    pub(super) fn hold(&mut self, count: usize) -> io::Result<bool> {
        while self.end - self.start < count {
            if !self.read_more()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Lets go of the first `count` bytes that are held.
    #[inline]
    pub(super) fn pass(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// What was let go last and is still there: `len` bytes from `at` of the last `count`.
    #[inline]
    pub(super) fn passed(&self, count: usize, at: usize, len: usize) -> Option<&[u8]> {
        let first = self.start.checked_sub(count)?.checked_add(at)?;
        self.held.get(first..first.checked_add(len)?)
    }

    /// The next `count` bytes are of no use, whether they are held or still to be read.
    pub(super) const fn skip(&mut self, count: u64) {
        self.unwanted += count;
    }

    /// Lets go of what is of no use; false if the input ends before. An input that pauses meanwhile is
    /// an error as anywhere, and the next call goes on.
    #[inline]
    pub(super) fn skip_on(&mut self) -> io::Result<bool> {
        while self.unwanted > 0 {
            let held = (self.end - self.start) as u64;
            let now = usize::try_from(self.unwanted.min(held)).unwrap_or(usize::MAX);
            self.pass(now);
            self.unwanted -= now as u64;
            if self.unwanted > 0 && !self.read_more()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn read_more(&mut self) -> io::Result<bool> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.held.len() {
            if self.start > 0 {
                self.held.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            } else {
                self.held.resize(self.held.len() * 2, 0);
            }
        }
        loop {
            let room = self.held.get_mut(self.end..).unwrap_or_default();
            match self.input.read(room) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.end = (self.end + count).min(self.held.len());
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
