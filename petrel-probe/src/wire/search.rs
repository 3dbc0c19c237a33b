//! Finding the place again: where in a heap of bytes the next frame begins.

use super::{
    pending::Pending,
    shape::{self, Likeness},
};
use crate::exchange::Side;
use petrel::wire::{Header, MAC_LEN};

/// Candidates that wait for their end. Of more the ones that reach furthest are given up.
const WAITING_MAX: usize = 64;

/// Bytes that may be lost while the next sequence number is still as good as known.
const AWAITED_MAX: u64 = 256 << 10;

/// How a search goes on: what was ruled out already is not looked at again.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// Places before this were ruled out or wait.
    looked_at: usize,
    waiting: Vec<Candidate>,
    /// The last sequence number before the place was lost.
    last: Option<u32>,
    /// Bytes that were lost since, at most; a frame has at least twelve.
    lost: u64,
}

/// A place that looks like a header whose frame reaches beyond what is there.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    at: usize,
    /// Where its frame ends, a MAC left out.
    end: usize,
    sequence: u32,
    /// Whether it begins with a segment, and carries the number that comes next.
    is_likely: bool,
}

/// What is to be known of the stream that is searched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) side: Side,
    pub(super) payload_max: u32,
    pub(super) macs: Option<bool>,
}

impl Search {
    pub(super) const fn new(last: Option<u32>) -> Self {
        Self {
            looked_at: 0,
            waiting: Vec::new(),
            last,
            lost: 0,
        }
    }

    /// So many bytes are missing; what was in the heap before is not looked at any more.
    pub(super) fn restart(&mut self, lost: u64) {
        self.lost = self.lost.saturating_add(lost);
        self.looked_at = 0;
        self.waiting.clear();
    }

    /// Bytes at the front that no frame can begin in, so that they need not be kept.
    pub(super) fn hopeless(&self) -> usize {
        self.waiting
            .iter()
            .map(|one| one.at)
            .min()
            .unwrap_or(self.looked_at)
    }

    /// The front of the heap was removed.
    pub(super) fn removed(&mut self, len: usize) {
        self.looked_at = self.looked_at.saturating_sub(len);
        self.waiting.retain(|one| one.at >= len);
        for one in &mut self.waiting {
            one.at -= len;
            one.end -= len;
        }
    }

    /// Where the next frame begins, if the bytes so far tell.
    pub(super) fn find(&mut self, heap: &Pending, manner: Manner) -> Option<usize> {
        let bytes = &heap.bytes;
        let mut found: Option<usize> = None;
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|one| match self.judge(*one, heap, manner) {
            Likeness::Yes => {
                found = Some(found.map_or(one.at, |at| at.min(one.at)));
                true
            }
            Likeness::No => false,
            Likeness::Perhaps => true,
        });
        self.waiting = waiting;
        if found.is_some_and(|at| self.is_covered(at)) {
            return None;
        }
        while found.is_none() && self.looked_at < bytes.len() {
            let at = self.looked_at;
            let rest = bytes.get(at..).unwrap_or_default();
            let header = match shape::header(rest, manner.side, manner.payload_max) {
                (Likeness::No, _) => None,
                (_, Some(header)) => Some(header),
                // Too few bytes for a header: look again when there are more.
                (_, None) => break,
            };
            let Some(header) = header else {
                self.looked_at += 1;
                continue;
            };
            if self.is_covered(at) {
                // What lies in it is judged when it is known not to be the one.
                break;
            }
            self.looked_at += 1;
            let one = Candidate {
                is_likely: self.is_awaited(header.sequence) && heap.begins_at(at),
                ..candidate(at, header)
            };
            match self.judge(one, heap, manner) {
                Likeness::Yes => found = Some(at),
                Likeness::No => {}
                Likeness::Perhaps => self.wait_for(one),
            }
        }
        found
    }

    /// Nothing more comes: the best that there is, if anything is good enough.
    pub(super) fn settle(&self, heap: &Pending) -> Option<usize> {
        let good = |one: &&Candidate| {
            one.end == heap.bytes.len()
                || one.end + MAC_LEN == heap.bytes.len()
                || (self.is_expected(one.sequence) && heap.begins_at(one.at))
                || self.is_awaited(one.sequence)
        };
        self.waiting.iter().filter(good).map(|one| one.at).min()
    }

    /// Whether a frame begins at a candidate, by what stands behind it.
    fn judge(&self, one: Candidate, heap: &Pending, manner: Manner) -> Likeness {
        let Some(behind) = heap.bytes.get(one.end..) else {
            return Likeness::Perhaps;
        };
        // Its name may not have been there when it was met first.
        let own = heap.bytes.get(one.at..).unwrap_or_default();
        if shape::header(own, manner.side, manner.payload_max).0 != Likeness::Yes {
            return Likeness::No;
        }
        let with_mac = match manner.macs {
            Some(false) => Likeness::No,
            _ => shape::mac(behind),
        };
        match with_mac {
            Likeness::Yes => return Likeness::Yes,
            Likeness::Perhaps if manner.macs == Some(true) || !behind.is_empty() => {
                return Likeness::Perhaps;
            }
            Likeness::No if manner.macs == Some(true) => return Likeness::No,
            _ => {}
        }
        if behind.is_empty() {
            // It ends where the bytes end, as a frame does for which an answer is awaited.
            return if self.last.is_some() && self.is_expected(one.sequence) {
                Likeness::Yes
            } else {
                Likeness::Perhaps
            };
        }
        match shape::header(behind, manner.side, manner.payload_max) {
            (Likeness::Yes, Some(next)) => {
                let follows =
                    next.sequence.wrapping_sub(one.sequence) <= 1 || self.is_expected(one.sequence);
                if follows { Likeness::Yes } else { Likeness::No }
            }
            // What follows may be a frame that looks like none; that it ends with a segment tells more.
            (Likeness::No, _) if one.is_likely && heap.begins_at(one.end) => Likeness::Yes,
            (likeness, _) => likeness,
        }
    }

    /// Whether a place lies within a frame that is likely to be the one, and not all there yet.
    fn is_covered(&self, at: usize) -> bool {
        let covers = |one: &Candidate| one.is_likely && one.at < at && at < one.end;
        self.waiting.iter().any(covers)
    }

    /// Whether a sequence number comes next, by one that is known and not long past.
    fn is_awaited(&self, sequence: u32) -> bool {
        self.last.is_some() && self.lost < AWAITED_MAX && self.is_expected(sequence)
    }

    /// Whether a sequence number may come next after what was lost.
    fn is_expected(&self, sequence: u32) -> bool {
        let Some(last) = self.last else { return true };
        let ahead = u64::from(sequence.wrapping_sub(last));
        (1..=self.lost / 12 + 2).contains(&ahead)
    }

    fn wait_for(&mut self, one: Candidate) {
        self.waiting.push(one);
        if self.waiting.len() > WAITING_MAX {
            let furthest = self
                .waiting
                .iter()
                .enumerate()
                .max_by_key(|(_, one)| one.end);
            if let Some((index, _)) = furthest {
                self.waiting.remove(index);
            }
        }
    }
}

fn candidate(at: usize, header: Header) -> Candidate {
    let len = usize::try_from(header.frame_len(false)).unwrap_or(usize::MAX);
    Candidate {
        at,
        end: at.saturating_add(len),
        sequence: header.sequence,
        is_likely: false,
    }
}
