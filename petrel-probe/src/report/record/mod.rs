//! The shapes of the JSON, field by field. They borrow; writing one allocates next to nothing.

mod connection;
mod end;
mod exchange;
mod note;
mod payload;

pub use connection::ConnectionRecord;
pub(super) use end::EndRecord;
pub use exchange::ExchangeRecord;
pub(crate) use payload::PayloadRecord;

use crate::exchange::{Gap, Side};
use petrel::wire::Escaped;
use serde::Serialize;
use std::borrow::Cow;

/// A gap with the side that sent what is missing.
#[derive(Debug, Serialize)]
struct GapRecord {
    side: &'static str,
    at: u64,
    len: u64,
    cause: &'static str,
}

impl GapRecord {
    const fn new(side: Side, gap: &Gap) -> Self {
        Self {
            side: side.as_str(),
            at: gap.at,
            len: gap.len,
            cause: gap.cause.as_str(),
        }
    }
}

/// Two hex digits per byte.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| {
        DIGITS
            .get(usize::from(nibble))
            .map_or('0', |digit| char::from(*digit))
    };
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]);
    digits.collect()
}

/// Bytes that should be text: as they are, if they are UTF-8; else escaped, and in hex beside it.
pub(crate) fn name(bytes: &[u8]) -> (Cow<'_, str>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.into(), None),
        Err(_) => (Escaped(bytes).to_string().into(), Some(hex(bytes))),
    }
}
