//! IP fragments: they wait until their datagram is whole.

use super::ip::{Internet, Place};
use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
};

/// How many datagrams may wait at a time.
const DATAGRAMS_MAX: usize = 1024;
/// How many bytes may wait at a time, counting what keeping them costs.
const BYTES_MAX: usize = 16 << 20;
/// What keeping a piece costs beside its bytes.
const PIECE_COST: usize = 64;
/// How long a datagram may take, in nanoseconds: after that its number is another's.
const LIFE_NS: u64 = 30_000_000_000;
/// The longest datagram, in bytes.
const DATAGRAM_MAX: u32 = 65_535 + 8;

/// Datagrams that are not whole yet.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    waiting: HashMap<Key, Datagram>,
    /// The keys, those that wait longest first. A key may stand here that waits no more.
    order: VecDeque<(u64, Key)>,
    bytes: usize,
    /// How many datagrams were begun.
    begun: u64,
    given_up: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    from: IpAddr,
    to: IpAddr,
    protocol: u8,
    datagram: u32,
}

/// A fragment as it was captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    pub(super) place: Place,
    pub(super) bytes: &'a [u8],
    pub(super) missing: u32,
    pub(super) source: u64,
    pub(super) time_ns: u64,
}

/// What came of a datagram.
#[derive(Debug)]
pub(super) struct Datagram {
    /// What its payload begins with.
    pub(super) protocol: u8,
    number: u64,
    first_ns: u64,
    /// In order, not overlapping.
    pieces: Vec<Piece>,
    /// How long it is, once its last fragment came.
    len: Option<u32>,
    fragments: u64,
    cost: usize,
}

#[derive(Debug)]
struct Piece {
    at: u32,
    bytes: Vec<u8>,
    missing: u32,
    source: u64,
    time_ns: u64,
}

/// A part of a datagram that lies in one place of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) missing: u32,
    pub(super) source: u64,
    pub(super) time_ns: u64,
}

impl Fragments {
    /// Takes a fragment; gives the datagram that it completes.
    pub(super) fn take(
        &mut self,
        internet: &Internet<'_>,
        fragment: &Fragment<'_>,
    ) -> Option<Datagram> {
        let key = Key {
            from: internet.from,
            to: internet.to,
            protocol: internet.protocol,
            datagram: fragment.place.datagram,
        };
        let age = |datagram: &Datagram| datagram.first_ns.abs_diff(fragment.time_ns);
        if self.waiting.get(&key).is_some_and(|old| age(old) > LIFE_NS) {
            self.give_up(&key);
        }
        let datagram = self.waiting.entry(key).or_insert_with(|| {
            self.begun += 1;
            self.order.push_back((self.begun, key));
            Datagram {
                protocol: internet.protocol,
                number: self.begun,
                first_ns: fragment.time_ns,
                pieces: Vec::new(),
                len: None,
                fragments: 0,
                cost: 0,
            }
        });
        let before = datagram.cost;
        datagram.take(fragment);
        self.bytes += datagram.cost - before;
        if datagram.is_whole() {
            let whole = self.waiting.remove(&key);
            self.bytes -= whole.as_ref().map_or(0, |datagram| datagram.cost);
            self.forget();
            return whole;
        }
        while self.waiting.len() > DATAGRAMS_MAX || self.bytes > BYTES_MAX {
            let Some((number, key)) = self.order.pop_front() else {
                break;
            };
            let waits = self.waiting.get(&key);
            if waits.is_some_and(|datagram| datagram.number == number) {
                self.give_up(&key);
            }
        }
        None
    }

    pub(super) fn incomplete(&self) -> u64 {
        let waiting: u64 = self.waiting.values().map(|wait| wait.fragments).sum();
        self.given_up + waiting
    }

    fn give_up(&mut self, key: &Key) {
        if let Some(datagram) = self.waiting.remove(key) {
            self.given_up += datagram.fragments;
            self.bytes -= datagram.cost;
        }
    }

    /// Drops keys that wait no more, when they are most of what is remembered.
    fn forget(&mut self) {
        if self.order.len() > 2 * DATAGRAMS_MAX {
            let waiting = &self.waiting;
            self.order.retain(|(number, key)| {
                let waits = waiting.get(key);
                waits.is_some_and(|datagram| datagram.number == *number)
            });
        }
    }
}

impl Datagram {
    /// Keeps what is new in a fragment: of bytes that come twice the first count.
    fn take(&mut self, fragment: &Fragment<'_>) {
        self.fragments += 1;
        self.cost += PIECE_COST;
        let there = u32::try_from(fragment.bytes.len()).unwrap_or(u32::MAX);
        let from = fragment.place.at;
        let to = from.saturating_add(there).saturating_add(fragment.missing);
        if to > DATAGRAM_MAX {
            return;
        }
        if !fragment.place.more && self.len.is_none() {
            self.len = Some(to);
        }
        let mut at = from;
        let mut index = 0;
        while at < to {
            let next = self.pieces.get(index).map(|piece| (piece.at, piece.end()));
            match next {
                Some((_, end)) if end <= at => index += 1,
                Some((start, end)) if start <= at => at = end,
                next => {
                    let until = next.map_or(to, |(start, _)| start.min(to));
                    let piece = fragment.piece(at, until);
                    self.cost += piece.bytes.len() + PIECE_COST;
                    self.pieces.insert(index, piece);
                    at = until;
                }
            }
        }
    }

    /// Whether every byte up to the end is there, or known not to have been captured.
    fn is_whole(&self) -> bool {
        let Some(len) = self.len else {
            return false;
        };
        let mut at = 0;
        for piece in &self.pieces {
            if piece.at > at {
                return false;
            }
            at = piece.end();
        }
        at >= len
    }

    /// Its first bytes, up to `max` and up to the first that is missing.
    pub(super) fn head(&self, max: usize) -> Vec<u8> {
        let mut head = Vec::new();
        for piece in &self.pieces {
            let rest = max - head.len();
            head.extend_from_slice(piece.bytes.get(..rest).unwrap_or(&piece.bytes));
            if piece.missing > 0 || head.len() == max {
                break;
            }
        }
        head
    }

    /// What lies behind the first `before` bytes, part by part; at least one, which may be empty.
    pub(super) fn behind(&self, before: usize) -> impl Iterator<Item = Part<'_>> {
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        let end = self.len.unwrap_or(u32::MAX);
        let last = self.pieces.iter().rposition(|piece| piece.at < end);
        self.pieces
            .iter()
            .enumerate()
            .filter_map(move |(index, piece)| {
                let from = before.saturating_sub(piece.at);
                let (at, missing) = (usize::try_from(from).ok()?, piece.missing);
                let is_last = Some(index) == last;
                if piece.end() <= before && !is_last || piece.at >= end {
                    return None;
                }
                Some(Part {
                    bytes: piece.bytes.get(at..).unwrap_or_default(),
                    missing,
                    source: piece.source + u64::from(from),
                    time_ns: piece.time_ns,
                })
            })
    }
}

impl Piece {
    fn end(&self) -> u32 {
        let len = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.at.saturating_add(len).saturating_add(self.missing)
    }
}

impl Fragment<'_> {
    /// The part that lies from `at` to `until` in the datagram.
    fn piece(&self, at: u32, until: u32) -> Piece {
        let index = |place: u32| usize::try_from(place - self.place.at).unwrap_or(usize::MAX);
        let len = self.bytes.len();
        let (from, to) = (index(at).min(len), index(until).min(len));
        let bytes = self.bytes.get(from..to).unwrap_or_default().to_vec();
        let kept = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Piece {
            at,
            missing: (until - at).saturating_sub(kept),
            bytes,
            source: self.source + from as u64,
            time_ns: self.time_ns,
        }
    }
}
