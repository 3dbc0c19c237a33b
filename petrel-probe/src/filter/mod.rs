//! Expressions that say which exchanges are meant: one language for `--filter` everywhere and for the
//! filter line of the terminal interface.
//!
//! ```text
//! filter    = all { ("||" | "or") all }                    status >= 400 && rtt > 50ms || mac != ok
//! all       = one { ("&&" | "and") one }
//! one       = ("!" | "not") one | "(" filter ")" | condition
//! condition = field operator value                         payload contains "tok"
//!           | field "in" "{" value { "," value } "}"       status in {400, 9000..9999}
//!           | "complete" | "request" | "response" | "rtt" | "notes" | "gaps"    there is such a thing
//!           | string                                       name or payload of either side contains it
//! operator  = "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains"
//! ```
//!
//! - Fields are the paths of the JSON lines: `response.status`, `request.payload.len`, `rtt`. [`fields`]
//!   lists them all. Short names: `status` is that of the answer, `name` that of the exchange; `mac`,
//!   `mac.key`, `payload` and `payload.len` are those of either side: the condition holds if it holds for
//!   one of the two, with `!=` as with every other operator. `notes` and `gaps.cause` are alike: one of
//!   them is enough.
//! - Values: numbers (`400`), durations (`50ms`, `1.5s`, `20us`), sizes (`4KiB`, `1MB`), times in RFC 3339
//!   or nanoseconds, strings in quotes with the escapes `\" \' \\ \n \r \t \0 \xNN \u{…}`, bytes in hex
//!   (`7b:22`), plain words (`login`), MAC states (`ok bad none nokey unchecked`), `true` and `false`,
//!   addresses (`10.0.0.1:80`, `10.0.0.1`, `[::1]:80`, `:80`). In a set, `a..b` is a range that holds both
//!   its ends.
//! - What is not there fulfils no comparison, `!=` neither: `status != 200` holds for answers only. `!`
//!   turns that round: `!(status == 200)` holds without an answer, too. A payload that was captured in
//!   part is neither equal nor unequal to anything; it contains what one of its pieces contains.

mod error;
mod field;
mod judge;
mod lex;
mod literal;
mod subject;
mod syntax;
#[cfg(test)]
mod tests;

pub use error::FilterError;
pub use field::Field;
pub use subject::{Part, Payload, Subject};

use crate::exchange::Exchange;
use std::{fmt, str::FromStr};

/// Longest expression in bytes.
pub const LEN_MAX: usize = 4096;

/// Deepest nesting of parentheses and negations.
pub const DEPTH_MAX: u32 = 64;

/// An expression that was understood. `Display` writes it in its canonical form, which reads back.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    root: syntax::Node,
    needs_payload: bool,
}

impl Filter {
    /// Reads an expression. This is cheap enough for every stroke of a key.
    ///
    /// # Errors
    /// What is wrong with the expression, where, and what was probably meant.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let root = syntax::parse(text)?;
        let needs_payload = root.needs_payload();
        Ok(Self {
            root,
            needs_payload,
        })
    }

    /// Whether bytes of payloads are compared, so that a subject without them may not suffice.
    pub const fn needs_payload(&self) -> bool {
        self.needs_payload
    }

    /// Whether the filter holds. None if that depends on bytes of a payload that the subject has not at
    /// hand; never none if [`Filter::needs_payload`] is false.
    pub fn judge(&self, subject: &impl Subject) -> Option<bool> {
        self.root.judge(subject)
    }

    /// Whether the filter holds for an exchange, which always has its payloads at hand.
    pub fn matches(&self, exchange: &Exchange) -> bool {
        self.judge(exchange).unwrap_or(false)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root)
    }
}

/// All fields, in the order in which help shows them.
pub fn fields() -> &'static [Field] {
    field::FIELDS
}

/// The names of the fields that begin like this, in the order of [`fields`].
pub fn completions(prefix: &str) -> impl Iterator<Item = &'static str> {
    let names = field::FIELDS.iter().map(|field| field.name);
    names.filter(move |name| name.starts_with(prefix))
}
