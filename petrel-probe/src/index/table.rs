//! The index as it is shown, filtered and searched.

use super::{
    Reading, RowView, Stores,
    block::{BLOCK_ROWS, Block},
};
use crate::exchange::Exchange;
use std::{io, ops::Range, sync::Arc};

/// All rows so far, numbered from 0. Cheap to clone: what is in it is shared.
#[derive(Clone, Debug, Default)]
pub struct Index {
    pub(super) blocks: Vec<Arc<Block>>,
    pub(super) sums: Sums,
}

/// What is counted while rows are added.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) connections: u32,
    pub(super) macs: [u64; 2],
    pub(super) gaps: u32,
}

impl Index {
    /// Without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows there are.
    pub fn len(&self) -> u32 {
        let Some((last, full)) = self.blocks.split_last() else {
            return 0;
        };
        u32::try_from(full.len() * BLOCK_ROWS + last.rows.len()).unwrap_or(u32::MAX)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The row of this number.
    pub fn row(&self, number: u32) -> Option<RowView<'_>> {
        let number = usize::try_from(number).ok()?;
        let block = self.blocks.get(number / BLOCK_ROWS)?;
        RowView::new(block, number % BLOCK_ROWS)
    }

    /// Rows with their numbers, as far as they are there.
    pub fn rows(&self, numbers: Range<u32>) -> impl DoubleEndedIterator<Item = (u32, RowView<'_>)> {
        let end = numbers.end.min(self.len());
        (numbers.start..end).filter_map(|number| Some((number, self.row(number)?)))
    }

    /// How many connections are among the rows.
    pub const fn connections(&self) -> u32 {
        self.sums.connections
    }

    /// How many messages carry a MAC that holds, and one that does not.
    pub const fn macs(&self) -> [u64; 2] {
        self.sums.macs
    }

    /// How many exchanges miss bytes.
    pub const fn gaps(&self) -> u32 {
        self.sums.gaps
    }

    /// The names, each once, in the order in which they were first used.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.blocks.iter().flat_map(|block| {
            let names = block.new_names.iter();
            names.filter_map(|place| block.names.get(usize::from(*place)).map(|name| &**name))
        })
    }

    /// Reads what a row stands for: the exchange as it was indexed. None without such a row.
    ///
    /// # Errors
    /// If its bytes cannot be read any more, or are no longer what they were.
    pub fn read(&self, number: u32, stores: &Stores) -> io::Result<Option<Exchange>> {
        self.row(number)
            .map(|row| Reading::new(stores).exchange(&row))
            .transpose()
    }
}
