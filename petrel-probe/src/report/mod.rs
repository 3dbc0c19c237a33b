//! What is printed of exchanges: text, JSON, CSV, annotated bytes, statistics.
//!
//! A [`Report`] takes what a decoder tells, piece by piece, and writes it to its sink at once or when its
//! buffer is full; it keeps nothing that grows with a capture. It opens nothing and reads no clock.

pub mod csv;
pub mod hex;
pub mod json;
mod portion;
mod record;
#[cfg(test)]
mod schema;
pub mod stats;
mod summary;
pub mod text;

pub use portion::{Portion, PortionError};
pub use record::{ConnectionRecord, ExchangeRecord};
pub(crate) use record::{PayloadRecord, name};
pub use summary::{MacCounts, Summary};

use crate::exchange::{Connection, Exchange};
use std::io;

/// The form and version of everything in JSON.
pub const SCHEMA: &str = "petrel-probe/1";

/// The JSON Schema (2020-12) of a line of JSON, and of the document that `--format json` prints.
pub const JSON_SCHEMA: &str = include_str!("../../schema/petrel-probe-1.schema.json");

/// Takes what a decoder tells, and writes it.
pub trait Report {
    /// An exchange.
    ///
    /// # Errors
    /// If the sink cannot be written, like all the others.
    fn exchange(&mut self, exchange: &Exchange) -> io::Result<()>;

    /// A connection that is over.
    ///
    /// # Errors
    /// If the sink cannot be written.
    fn connection(&mut self, connection: &Connection) -> io::Result<()>;

    /// The end of it all; nothing may follow.
    ///
    /// # Errors
    /// If the sink cannot be written.
    fn finish(&mut self, summary: &Summary<'_>) -> io::Result<()>;

    /// Hands over everything that was told, for a reader who waits.
    ///
    /// # Errors
    /// If the sink cannot be written.
    fn flush(&mut self) -> io::Result<()>;
}
