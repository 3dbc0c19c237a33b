//! Datagrams that came in fragments, in any order, some of them twice.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::IpAddr,
};

/// Datagrams that may wait to become whole; beyond, the oldest is given up.
const WAITING_MAX: usize = 1024;

/// Longest datagram: what a length of 16 bits can say.
const LENGTH_MAX: usize = 65_535;

/// Fragments of one datagram; with more nobody sends it.
const PIECES_MAX: usize = 8192;

/// A fragment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    pub(super) identification: u32,
    /// Where it belongs in the datagram.
    pub(super) at: u16,
    pub(super) is_last: bool,
    pub(super) bytes: &'a [u8],
    /// Where its bytes lie in the file.
    pub(super) source: u64,
}

/// A datagram that became whole.
#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) bytes: Vec<u8>,
    /// Where runs of its bytes begin, and where they lie in the file.
    pub(super) runs: Vec<(usize, u64)>,
}

type Key = (IpAddr, IpAddr, u32);

/// Fragments that wait.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    waiting: HashMap<Key, Pieces>,
    order: VecDeque<Key>,
}

/// What there is of a datagram.
#[derive(Debug, Default)]
struct Pieces {
    by_offset: BTreeMap<usize, (Vec<u8>, u64)>,
    end: Option<usize>,
}

impl Fragments {
    /// Datagrams that wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes a fragment; gives the datagram if it is whole now.
    pub(super) fn add(
        &mut self,
        fragment: &Fragment<'_>,
    ) -> Result<Option<Datagram>, &'static str> {
        let at = usize::from(fragment.at);
        let end = at + fragment.bytes.len();
        if end > LENGTH_MAX || fragment.bytes.is_empty() {
            return Err("malformed fragment");
        }
        let key = (fragment.from, fragment.to, fragment.identification);
        if !self.waiting.contains_key(&key) {
            if self.order.len() >= WAITING_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.waiting.remove(&oldest);
            }
            self.order.push_back(key);
        }
        let pieces = self.waiting.entry(key).or_default();
        if fragment.is_last {
            pieces.end.get_or_insert(end);
        }
        // Of fragments that came twice the first counts.
        let entry = pieces.by_offset.entry(at);
        entry.or_insert_with(|| (fragment.bytes.to_vec(), fragment.source));
        if !pieces.is_whole() && pieces.by_offset.len() <= PIECES_MAX {
            return Ok(None);
        }
        let pieces = self.waiting.remove(&key).unwrap_or_default();
        self.order.retain(|other| *other != key);
        Ok(pieces.is_whole().then(|| pieces.join()))
    }
}

impl Pieces {
    fn is_whole(&self) -> bool {
        let Some(end) = self.end else { return false };
        let mut reached = 0;
        for (&at, (bytes, _)) in &self.by_offset {
            if at > reached {
                return false;
            }
            reached = reached.max(at + bytes.len());
        }
        reached >= end
    }

    fn join(self) -> Datagram {
        let end = self.end.unwrap_or(0);
        let mut datagram = Datagram {
            bytes: Vec::with_capacity(end),
            runs: Vec::new(),
        };
        for (at, (bytes, source)) in self.by_offset {
            let have = datagram.bytes.len();
            let known = have.saturating_sub(at);
            let wanted = end.saturating_sub(at).min(bytes.len());
            if let Some(new) = bytes.get(known..wanted).filter(|new| !new.is_empty()) {
                datagram.runs.push((have, source + known as u64));
                datagram.bytes.extend_from_slice(new);
            }
        }
        datagram
    }
}
