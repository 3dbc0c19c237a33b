//! What was read of a file and not used yet.

use std::io::{self, Read};

/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;

/// A window on a file.
#[derive(Debug)]
pub(super) struct Buffer<R> {
    input: R,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the file of the first byte of the window.
    position: u64,
    is_at_end: bool,
}

impl<R: Read> Buffer<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            bytes: vec![0; CHUNK],
            start: 0,
            end: 0,
            position: 0,
            is_at_end: false,
        }
    }

    pub(super) fn window(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Offset in the file of the first byte of the window.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn consume(&mut self, len: usize) {
        let len = len.min(self.end - self.start);
        self.start += len;
        self.position += len as u64;
    }

    /// Consumes, and gives the place of the window's first byte: until the next read the bytes stay.
    pub(super) fn consume_and_keep(&mut self, len: usize) -> usize {
        let start = self.start;
        self.consume(len);
        start
    }

    /// Bytes that were consumed since the last read.
    pub(super) fn kept(&self, at: usize, len: usize) -> &[u8] {
        self.bytes.get(at..at + len).unwrap_or_default()
    }

    /// Makes the window longer by what one read gives: whether there was anything.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        if self.is_at_end {
            return Ok(false);
        }
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.end == self.bytes.len() {
            if self.start > 0 {
                self.bytes.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            } else {
                // Grows as bytes come, whatever length the file claims.
                self.bytes.resize(self.bytes.len() * 2, 0);
            }
        }
        let space = self.bytes.get_mut(self.end..).unwrap_or_default();
        let len = loop {
            match self.input.read(space) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.is_at_end = len == 0;
        self.end += len;
        Ok(len > 0)
    }
}
