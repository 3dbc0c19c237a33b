//! What a metric is compared with: durations, shares, numbers.

use std::fmt;

/// A value as it was written, and what it says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Value {
    /// As it was written.
    pub text: String,
    /// What it says.
    pub quantity: Quantity,
}

/// What a value says.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever judges must know every case"
)]
pub enum Quantity {
    /// A duration in microseconds.
    Micros(f64),
    /// A share, 1 being all.
    Share(f64),
    /// A number of things, or of things per second.
    Number(f64),
}

/// What a metric can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Durations.
    Duration,
    /// Numbers, or shares of the requests.
    Count,
    /// Numbers per second.
    Rate,
    /// Shares, in percent or from 0 to 1.
    Share,
}

/// Suffixes in the order in which they are tried: `ms` before `s`.
const DURATIONS: [(&str, f64); 6] = [
    ("ns", 1e-3),
    ("us", 1.0),
    ("µs", 1.0),
    ("ms", 1e3),
    ("s", 1e6),
    ("min", 6e7),
];

impl Value {
    /// Reads a value for a metric of that kind.
    pub(super) fn read(kind: Kind, text: &str) -> Result<Self, String> {
        let quantity = match kind {
            Kind::Duration => duration(text),
            Kind::Count => share(text).or_else(|| number(text).map(Quantity::Number)),
            Kind::Rate => number(text.strip_suffix("/s").unwrap_or(text)).map(Quantity::Number),
            Kind::Share => share(text).or_else(|| {
                let share = plain(text).filter(|share| *share <= 1.0);
                share.map(Quantity::Share)
            }),
        };
        let quantity = quantity.ok_or_else(|| {
            let (what, example) = kind.help();
            format!("`{text}` is not {what}; write {example}")
        })?;
        Ok(Self {
            text: text.to_owned(),
            quantity,
        })
    }
}

impl Quantity {
    /// The bare number.
    pub const fn number(self) -> f64 {
        match self {
            Self::Micros(number) | Self::Share(number) | Self::Number(number) => number,
        }
    }
}

impl Kind {
    pub(super) const fn help(self) -> (&'static str, &'static str) {
        match self {
            Self::Duration => ("a duration", "350us, 2ms or 1.5s"),
            Self::Count => (
                "a share of the requests or a count of them",
                "0.1%, 5 or 10k",
            ),
            Self::Rate => ("a number per second", "500, 10k or 1.5M"),
            Self::Share => ("a share", "5% or 0.05"),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn duration(text: &str) -> Option<Quantity> {
    // Zero is zero in every unit.
    if plain(text) == Some(0.0) {
        return Some(Quantity::Micros(0.0));
    }
    DURATIONS.iter().find_map(|(suffix, micros)| {
        let number = plain(text.strip_suffix(suffix)?.trim_end())?;
        Some(Quantity::Micros(number * micros))
    })
}

fn share(text: &str) -> Option<Quantity> {
    let percent = plain(text.strip_suffix('%')?.trim_end())?;
    Some(Quantity::Share(percent / 100.0))
}

fn number(text: &str) -> Option<f64> {
    let (text, factor) = match text.as_bytes().last()? {
        b'k' => (&text[..text.len() - 1], 1e3),
        b'M' => (&text[..text.len() - 1], 1e6),
        _ => (text, 1.0),
    };
    Some(plain(text)? * factor)
}

/// A number without sign and exponent: what the parser of floats takes beyond that (`inf`, `1e9`, `-1`)
/// nobody means here.
fn plain(text: &str) -> Option<f64> {
    let is_plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let number: f64 = is_plain.then(|| text.parse().ok())??;
    number.is_finite().then_some(number)
}
