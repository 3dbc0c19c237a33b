//! Which payload holds some bytes: the next one from a row, forward or backward.

use super::{SourceMsg, shared::Shared};
use crate::{
    exchange::Exchange,
    index::{Index, Reading, RowView, Stores},
};
use memchr::memmem::Finder;
use std::sync::Arc;

/// After so many rows it is asked whether anybody still wants to know.
const ROWS_BETWEEN_LOOKS: usize = 64;

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) struct Search {
    pub(super) needle: Vec<u8>,
    /// The row behind which, or before which, is looked first.
    pub(super) from: u32,
    pub(super) is_backward: bool,
    /// Only these rows, in ascending order.
    pub(super) within: Option<Arc<Vec<u32>>>,
    pub(super) generation: u64,
}

/// Searches until the end.
pub(super) fn work(shared: &Shared) {
    let next = || {
        shared.wait_for(|wishes| {
            let search = wishes.search.take()?;
            Some((search, wishes.index.clone()))
        })
    };
    while let Some((search, index)) = next() {
        let generation = search.generation;
        let is_past = || shared.search_generation.is_past(generation);
        let row = search.find(&index, shared.stores(), &is_past);
        if is_past() {
            continue;
        }
        if !shared.tell(SourceMsg::Found { generation, row }) {
            return;
        }
    }
}

impl Search {
    fn find(&self, index: &Index, stores: &Stores, is_past: &dyn Fn() -> bool) -> Option<u32> {
        let finder = Finder::new(&self.needle);
        let mut reading = Reading::new(stores);
        for (count, number) in self.order(index.len()).enumerate() {
            if count % ROWS_BETWEEN_LOOKS == 0 && is_past() {
                return None;
            }
            let row = index.row(number).filter(|row| self.may_hold(row));
            // What cannot be read any more holds nothing.
            let exchange = row.and_then(|row| reading.exchange(&row).ok());
            if exchange.is_some_and(|exchange| holds(&finder, &exchange)) {
                return Some(number);
            }
        }
        None
    }

    /// Whether a payload of the row is as long as what is looked for.
    fn may_hold(&self, row: &RowView<'_>) -> bool {
        let lens = [row.request_len, row.response_len];
        lens.into_iter()
            .flatten()
            .any(|len| usize::try_from(len).is_ok_and(|len| len >= self.needle.len()))
    }

    /// The rows in the order in which they are looked at: once around, and the one it begins at last.
    fn order(&self, len: u32) -> Box<dyn Iterator<Item = u32> + '_> {
        let (from, is_backward) = (self.from, self.is_backward);
        let Some(rows) = &self.within else {
            let from = from.min(len.saturating_sub(1));
            return if is_backward {
                Box::new((0..from).rev().chain((from..len).rev()))
            } else {
                Box::new((from.saturating_add(1)..len).chain(0..len.min(from.saturating_add(1))))
            };
        };
        if is_backward {
            let (before, rest) = rows.split_at(rows.partition_point(|row| *row < from));
            Box::new(before.iter().rev().chain(rest.iter().rev()).copied())
        } else {
            let (rest, behind) = rows.split_at(rows.partition_point(|row| *row <= from));
            Box::new(behind.iter().chain(rest).copied())
        }
    }
}

/// Whether a payload holds it, in one of the pieces that were captured of it.
fn holds(finder: &Finder<'_>, exchange: &Exchange) -> bool {
    exchange.messages().any(|(_, message)| {
        let pieces = message.pieces(message.fields().payload);
        pieces.iter().any(|(_, bytes)| finder.find(bytes).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(from: u32, is_backward: bool, within: Option<&[u32]>) -> Vec<u32> {
        let search = Search {
            needle: b"x".to_vec(),
            from,
            is_backward,
            within: within.map(|rows| Arc::new(rows.to_vec())),
            generation: 1,
        };
        search.order(5).collect()
    }

    #[test]
    fn every_row_is_looked_at_once_and_the_first_one_last() {
        assert_eq!(order(2, false, None), [3, 4, 0, 1, 2]);
        assert_eq!(order(2, true, None), [1, 0, 4, 3, 2]);
        assert_eq!(order(9, false, None), [0, 1, 2, 3, 4]);
        assert_eq!(order(9, true, None), [3, 2, 1, 0, 4]);
        let some = Some(&[1, 2, 4][..]);
        assert_eq!(order(2, false, some), [4, 1, 2]);
        assert_eq!(order(2, true, some), [1, 4, 2]);
        assert_eq!(order(3, false, some), [4, 1, 2]);
        assert_eq!(order(3, true, some), [2, 1, 4]);
    }
}
