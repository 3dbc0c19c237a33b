//! Bytes that are not yet a message, with where they came from.

use crate::exchange::Extent;

/// Bytes up to which the room for them is doubled when it is too small.
const ROOM_DOUBLED: usize = 64 << 10;

/// Bytes in the order of the stream, gaps left out, and where each run of them began.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    pub(super) bytes: Vec<u8>,
    marks: Vec<Mark>,
}

/// From `index` on, bytes lie at `source` and were captured at `time_ns`.
#[derive(Clone, Copy, Debug)]
struct Mark {
    index: usize,
    source: u64,
    time_ns: u64,
}

/// Where the bytes of a message came from, and when.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) extents: Vec<Extent>,
    pub(super) first_ns: u64,
    pub(super) time_ns: u64,
}

impl Pending {
    pub(super) fn push(&mut self, bytes: &[u8], source: u64, time_ns: u64) {
        if !bytes.is_empty() {
            let index = self.bytes.len();
            if self.bytes.capacity() - index < bytes.len() && index > ROOM_DOUBLED {
                // Twice the room would be too much for what is long already.
                self.bytes.reserve_exact(bytes.len().max(index / 4));
            }
            let continues = self.marks.last().is_some_and(|last| {
                last.time_ns == time_ns && last.source + (index - last.index) as u64 == source
            });
            if continues {
                self.bytes.extend_from_slice(bytes);
                return;
            }
            self.marks.push(Mark {
                index,
                source,
                time_ns,
            });
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Drops what lies behind an index, and the room for it.
    pub(super) fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
        self.bytes.shrink_to_fit();
        self.marks.retain(|mark| mark.index < len);
        self.marks.shrink_to_fit();
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.marks.clear();
    }

    /// Whether a run of bytes began here: that of a segment.
    pub(super) fn begins_at(&self, index: usize) -> bool {
        self.marks
            .binary_search_by_key(&index, |mark| mark.index)
            .is_ok()
    }

    /// Takes everything from `at` on.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let at = at.min(self.bytes.len());
        let bytes = self.bytes.split_off(at);
        let first = self.marks.partition_point(|mark| mark.index < at);
        let mut marks = self.marks.split_off(first);
        for mark in &mut marks {
            mark.index -= at;
        }
        if !bytes.is_empty() && marks.first().is_none_or(|mark| mark.index > 0) {
            // The run in which the cut lies goes on behind it.
            if let Some(last) = self.marks.last() {
                let source = last.source + (at - last.index) as u64;
                let time_ns = last.time_ns;
                marks.insert(
                    0,
                    Mark {
                        index: 0,
                        source,
                        time_ns,
                    },
                );
            }
        }
        Self { bytes, marks }
    }

    /// The runs: bytes, where they lie, when they were captured.
    pub(super) fn runs(&self) -> impl Iterator<Item = (&[u8], u64, u64)> {
        self.marks.iter().enumerate().map(|(at, mark)| {
            let end = self
                .marks
                .get(at + 1)
                .map_or(self.bytes.len(), |next| next.index);
            let bytes = self.bytes.get(mark.index..end).unwrap_or_default();
            (bytes, mark.source, mark.time_ns)
        })
    }

    /// Where all of it came from.
    pub(super) fn origin(&self, with_extents: bool) -> Origin {
        let mut origin = Origin {
            extents: Vec::new(),
            first_ns: self.marks.first().map_or(0, |mark| mark.time_ns),
            time_ns: 0,
        };
        for (bytes, source, time_ns) in self.runs() {
            origin.time_ns = origin.time_ns.max(time_ns);
            if with_extents {
                add_extent(&mut origin.extents, source, bytes.len());
            }
        }
        origin
    }
}

/// Adds a run to extents; one that continues the last becomes a part of it.
pub(super) fn add_extent(extents: &mut Vec<Extent>, at: u64, len: usize) {
    // A run is a part of one packet, whose length has 32 bits.
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    match extents.last_mut() {
        Some(last)
            if last.at + u64::from(last.len) == at && last.len.checked_add(len).is_some() =>
        {
            last.len += len;
        }
        _ => extents.push(Extent { at, len }),
    }
}
