//! A million exchanges at hand: a row of less than a hundred bytes for each, without its payloads.
//!
//! A row says what a table and most filters need, and where the bytes of its messages lie; they are
//! read when somebody looks at them. An [`Indexer`] turns exchanges into rows, in the thread that
//! decodes; the [`Index`] that it hands out can be kept and read elsewhere while it goes on.

mod block;
mod indexer;
mod read;
mod row;
mod spool;
mod store;
mod subject;
mod table;

pub use block::BLOCK_ROWS;
pub use indexer::Indexer;
pub use read::Reading;
pub use row::{MessageView, RowView};
pub use spool::{SPOOL_MEMORY, Spool};
pub use store::{Store, Stores};
pub use table::Index;

#[cfg(test)]
mod tests;
