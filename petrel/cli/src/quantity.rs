//! Sizes, times and counts, as people write and read them.

use parse_size::parse_size;
use petrel::Unit;
use std::{fmt, time::Duration};

/// Why a text is not a size, a time or a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantityError(String);

/// Reads a quantity in the unit's base: bytes, bytes per second, milliseconds, things.
///
/// - Bytes: `4194304`, `4MiB`, `256KiB`, `1MB` (a million). Per second, `/s` may follow.
/// - Milliseconds: `10s`, `500ms`, `2m`, `1h 30m`. A number without a unit is refused, because ten of
///   what it would be nobody can see; only `0` needs none.
/// - Things: a whole number.
///
/// # Errors
/// If the text is none of that, or not a whole number of the base.
pub fn parse(unit: Unit, text: &str) -> Result<u64, QuantityError> {
    match unit {
        Unit::Bytes => parse_bytes(text),
        Unit::BytesPerSecond => parse_bytes(text.strip_suffix("/s").unwrap_or(text)),
        Unit::Milliseconds => parse_milliseconds(text),
        _ => text
            .parse()
            .map_err(|_| QuantityError("write a whole number".to_owned())),
    }
}

/// The quantity in its largest unit that shows it exactly; [`parse`] reads it back.
pub fn show(unit: Unit, value: u64) -> String {
    match unit {
        Unit::Bytes => show_bytes(value),
        Unit::BytesPerSecond => show_bytes(value) + "/s",
        Unit::Milliseconds => humantime::format_duration(Duration::from_millis(value)).to_string(),
        _ => value.to_string(),
    }
}

fn parse_bytes(text: &str) -> Result<u64, QuantityError> {
    // The parser rounds fractions of a byte, which are not worth a surprise.
    if text.contains(['.', '-']) {
        return Err(QuantityError(
            "write a whole number of bytes, KiB, MiB, kB or MB, for example 256KiB".to_owned(),
        ));
    }
    parse_size(text).map_err(|error| QuantityError(format!("{error}; write 4194304, 4MiB or 4MB")))
}

fn parse_milliseconds(text: &str) -> Result<u64, QuantityError> {
    if text == "0" {
        return Ok(0);
    }
    let duration = humantime::parse_duration(text)
        .map_err(|error| QuantityError(format!("{error}; write 10s, 500ms or 2m")))?;
    let millis = u64::try_from(duration.as_millis())
        .map_err(|_| QuantityError("that is longer than can be counted".to_owned()))?;
    if Duration::from_millis(millis) != duration {
        return Err(QuantityError(
            "write a whole number of milliseconds".to_owned(),
        ));
    }
    Ok(millis)
}

fn show_bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let steps = (value.trailing_zeros() / 10) as usize;
    match UNITS.get(steps.min(UNITS.len() - 1)) {
        Some(unit) if value > 0 => {
            format!("{}{unit}", value >> (10 * steps.min(UNITS.len() - 1)))
        }
        _ => "0B".to_owned(),
    }
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for QuantityError {}

#[cfg(test)]
mod tests {
    use super::*;
    use petrel::{ClientLimits, ServerLimits};

    #[test]
    fn what_people_write_is_read_in_the_base_of_the_unit() {
        for (unit, text, value) in [
            (Unit::Bytes, "4194304", 4 << 20),
            (Unit::Bytes, "4MiB", 4 << 20),
            (Unit::Bytes, "256 KiB", 256 << 10),
            (Unit::Bytes, "1MB", 1_000_000),
            (Unit::Bytes, "0", 0),
            (Unit::BytesPerSecond, "1KiB/s", 1 << 10),
            (Unit::BytesPerSecond, "1KiB", 1 << 10),
            (Unit::Milliseconds, "10s", 10_000),
            (Unit::Milliseconds, "500ms", 500),
            (Unit::Milliseconds, "2m", 120_000),
            (Unit::Milliseconds, "1h 30m", 5_400_000),
            (Unit::Milliseconds, "0", 0),
            (Unit::Count, "128", 128),
        ] {
            assert_eq!(parse(unit, text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_can() {
        for (unit, text) in [
            (Unit::Bytes, ""),
            (Unit::Bytes, "4 apples"),
            (Unit::Bytes, "-1"),
            (Unit::Bytes, "0.3"),
            (Unit::Bytes, "99999999999999999999"),
            (Unit::Bytes, "16EiB"),
            (Unit::Milliseconds, ""),
            (Unit::Milliseconds, "10"),
            (Unit::Milliseconds, "10 apples"),
            (Unit::Milliseconds, "1us"),
            (Unit::Milliseconds, "-1s"),
            (Unit::Count, "1.5"),
            (Unit::Count, "many"),
        ] {
            let error = parse(unit, text).unwrap_err().to_string();
            assert!(
                error.contains("write") || error.contains("longer"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn every_number_of_the_tables_is_shown_so_that_it_reads_back() {
        for row in ServerLimits::TABLE.iter().chain(ClientLimits::TABLE) {
            for value in [row.default, row.min, row.max] {
                let shown = show(row.unit, value);
                assert_eq!(parse(row.unit, &shown), Ok(value), "{}: {shown}", row.name);
            }
        }
        assert_eq!(show(Unit::Bytes, 4 << 20), "4MiB");
        assert_eq!(show(Unit::Bytes, 0xffff_ffff), "4294967295B");
        assert_eq!(show(Unit::Milliseconds, 86_400_000), "1day");
    }
}
