//! Pieces of a way that came before their turn.

use super::history::differing;
use std::collections::BTreeMap;

/// What a waiting piece costs beside its bytes.
pub(super) const OVERHEAD: usize = 96;

/// A piece of the stream that came before its turn.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    pub(super) source: u64,
    pub(super) time_ns: u64,
    /// Number of the packet that brought it.
    pub(super) packet: u64,
}

/// The pieces by their offsets; they do not overlap.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    pieces: BTreeMap<u64, Piece>,
    held: usize,
}

/// What came of putting bytes in their place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Placed {
    /// Bytes that differ from what waited already, which stays.
    pub(super) conflict: u64,
    /// Where the first new byte lies, if any is new.
    pub(super) first: Option<u64>,
}

impl Waiting {
    pub(super) const fn new() -> Self {
        Self {
            pieces: BTreeMap::new(),
            held: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Cost of what waits, in bytes.
    pub(super) const fn held(&self) -> usize {
        self.held
    }

    /// The first piece, and where it lies.
    pub(super) fn first(&self) -> Option<(u64, &Piece)> {
        self.pieces
            .first_key_value()
            .map(|(&at, piece)| (at, piece))
    }

    pub(super) fn pop_first(&mut self) -> Option<Piece> {
        let (_, piece) = self.pieces.pop_first()?;
        self.held = self.held.saturating_sub(piece.bytes.len() + OVERHEAD);
        Some(piece)
    }

    /// Puts bytes from `at` on where they belong, those before `next` left out: what was there before
    /// stays. `origin` tells where they came from.
    pub(super) fn place(&mut self, at: u64, bytes: &[u8], next: u64, origin: &Piece) -> Placed {
        let end = at + bytes.len() as u64;
        let slice = |from: u64, to: u64| {
            let range = usize::try_from(from - at).ok()?..usize::try_from(to - at).ok()?;
            bytes.get(range)
        };
        let mut placed = Placed::default();
        let mut from = at.max(next);
        let mut free = Vec::new();
        for (&start, there) in self.pieces.range(..end) {
            let stop = start + there.bytes.len() as u64;
            if stop <= from {
                continue;
            }
            if from < start {
                free.push((from, start));
            }
            let (first, last) = (from.max(start), end.min(stop));
            let old = usize::try_from(first - start);
            let old = old.ok().and_then(|at| there.bytes.get(at..));
            if let (Some(new), Some(old)) = (slice(first, last), old) {
                placed.conflict += differing(new, old);
            }
            from = last;
        }
        if from < end {
            free.push((from, end));
        }
        placed.first = free.first().map(|&(first, _)| first);
        for (from, to) in free {
            let Some(bytes) = slice(from, to) else {
                continue;
            };
            self.held += bytes.len() + OVERHEAD;
            let piece = Piece {
                bytes: bytes.to_vec(),
                source: origin.source + (from - at),
                ..*origin
            };
            self.pieces.insert(from, piece);
        }
        placed
    }
}
