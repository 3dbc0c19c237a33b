//! What fields are compared with.

use super::lex::hex_byte;
use crate::exchange::{GapCause, MacState, Note};
use memchr::memmem::Finder;
use petrel::wire::Escaped;
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::UNIX_EPOCH,
};

/// A value, or a range of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    /// Both ends belong to it. Durations and times are in nanoseconds.
    Range {
        kind: Kind,
        from: u64,
        to: u64,
    },
    Bytes(Needle),
    /// One of the words of its kind.
    Word(&'static str),
    Address {
        ip: Option<IpAddr>,
        port: Option<u16>,
    },
    Truth(bool),
}

/// What a field can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Duration,
    Size,
    Time,
    Bytes,
    Mac,
    Note,
    Cause,
    Address,
    Truth,
}

/// Bytes to compare with or to look for, prepared for many payloads.
#[derive(Clone, Debug)]
pub(super) struct Needle(Box<Finder<'static>>);

impl Needle {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(Box::new(Finder::new(bytes).into_owned()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.needle()
    }

    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        self.0.find(bytes).is_some()
    }
}

impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

const DURATIONS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("s", 1_000_000_000),
];

const SIZES: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
    ("", 1),
];

impl Kind {
    /// What it is, and how it is written.
    pub(super) const fn help(self) -> (&'static str, &'static str) {
        match self {
            Self::Number => ("a number", "400"),
            Self::Duration => ("a duration", "50ms, 1.5s or 20us"),
            Self::Size => ("a size in bytes", "100, 4KiB or 1MB"),
            Self::Time => ("a time", "2026-01-31T12:00:00Z or nanoseconds since 1970"),
            Self::Bytes => ("a string", "\"text\", word or hex 7b:22"),
            Self::Mac => ("a MAC state", "none, ok, bad, nokey or unchecked"),
            Self::Note => ("a kind of note", "notice, unanswered or wrong-sequence"),
            Self::Cause => ("a cause of a gap", "lost, unacknowledged or snap-length"),
            Self::Address => ("an address", "10.0.0.1:80, 10.0.0.1, [::1]:80 or :80"),
            Self::Truth => ("true or false", "true or false"),
        }
    }

    /// The operators that make sense of it.
    pub(super) const fn operators(self) -> &'static [&'static str] {
        match self {
            Self::Number | Self::Duration | Self::Size | Self::Time => {
                &["==", "!=", "<", "<=", ">", ">=", "in"]
            }
            Self::Bytes | Self::Note | Self::Cause => &["==", "!=", "contains", "in"],
            Self::Mac | Self::Address => &["==", "!=", "in"],
            Self::Truth => &["==", "!="],
        }
    }

    /// The words of which a value is one, where it is.
    pub(super) const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Mac => &MacState::WORDS,
            Self::Note => &Note::KINDS,
            Self::Cause => &GapCause::WORDS,
            Self::Truth => &["true", "false"],
            _ => &[],
        }
    }

    /// Reads a plain word.
    pub(super) fn read(self, text: &str) -> Option<Literal> {
        match self {
            Self::Number | Self::Duration | Self::Size | Self::Time => {
                let value = self.quantity(text)?;
                Some(self.range(value, value))
            }
            Self::Bytes => {
                let hex: Option<Vec<u8>> = text.split(':').map(hex_byte).collect();
                let hex = hex.filter(|_| text.contains(':'));
                let bytes = hex.as_deref().unwrap_or(text.as_bytes());
                Some(Literal::Bytes(Needle::new(bytes)))
            }
            Self::Mac | Self::Note | Self::Cause => {
                let word = self.words().iter().find(|word| **word == text);
                word.map(|word| Literal::Word(word))
            }
            Self::Truth => text.parse().ok().map(Literal::Truth),
            Self::Address => address(text),
        }
    }

    /// Reads a range, as it stands in a set: `400..499`.
    pub(super) fn read_range(self, text: &str) -> Option<Literal> {
        let (from, to) = text.split_once("..")?;
        let (from, to) = (self.quantity(from)?, self.quantity(to)?);
        (from <= to).then(|| self.range(from, to))
    }

    const fn range(self, from: u64, to: u64) -> Literal {
        Literal::Range {
            kind: self,
            from,
            to,
        }
    }

    fn quantity(self, text: &str) -> Option<u64> {
        match self {
            Self::Number => scaled(text, 1),
            Self::Duration if text == "0" => Some(0),
            Self::Duration => with_unit(text, &DURATIONS),
            Self::Size => with_unit(text, &SIZES),
            Self::Time => scaled(text, 1).or_else(|| time(text)),
            _ => None,
        }
    }
}

fn time(text: &str) -> Option<u64> {
    let time = humantime::parse_rfc3339_weak(text).ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    units
        .iter()
        .find_map(|(unit, factor)| scaled(text.strip_suffix(unit)?, *factor))
}

/// A decimal number times a factor, if that is a whole number.
fn scaled(text: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || fraction.len() > 18 {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let parts = fraction.parse::<u128>().ok()? * u128::from(factor);
    (parts % scale == 0).then_some(())?;
    whole.checked_add(u64::try_from(parts / scale).ok()?)
}

fn address(text: &str) -> Option<Literal> {
    if let Some(port) = text.strip_prefix(':').and_then(|port| port.parse().ok()) {
        let (ip, port) = (None, Some(port));
        return Some(Literal::Address { ip, port });
    }
    let (ip, port) = match text.parse::<SocketAddr>() {
        Ok(address) => (address.ip(), Some(address.port())),
        Err(_) => (text.parse().ok()?, None),
    };
    Some(Literal::Address { ip: Some(ip), port })
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { kind, from, to } if from == to => quantity(*kind, *from, f),
            Self::Range { kind, from, to } => {
                quantity(*kind, *from, f)?;
                f.write_str("..")?;
                quantity(*kind, *to, f)
            }
            Self::Bytes(needle) => write!(f, "\"{}\"", Escaped(needle.bytes())),
            Self::Word(word) => f.write_str(word),
            Self::Address { ip: None, port } => write!(f, ":{}", port.unwrap_or_default()),
            Self::Address {
                ip: Some(ip),
                port: None,
            } => write!(f, "{ip}"),
            Self::Address {
                ip: Some(ip),
                port: Some(port),
            } => write!(f, "{}", SocketAddr::new(*ip, *port)),
            Self::Truth(truth) => write!(f, "{truth}"),
        }
    }
}

/// In the largest unit that shows it exactly.
fn quantity(kind: Kind, value: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let units: &[(&str, u64)] = match kind {
        Kind::Duration => &[
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ],
        Kind::Size => &[("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)],
        _ => &[("", 1)],
    };
    let fits = |factor: u64| value.is_multiple_of(factor) && (value > 0 || factor == 1);
    let unit = units.iter().find(|(_, factor)| fits(*factor));
    let (unit, factor) = unit.copied().unwrap_or(("", 1));
    write!(f, "{}{unit}", value / factor)
}
