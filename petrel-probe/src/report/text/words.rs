//! Sizes, times and states in words.

use crate::{
    exchange::MacState,
    report::Summary,
    totals::{Ending, Totals},
};
use petrel_cli::output::one_line;
use std::{collections::BTreeMap, fmt::Write, time::Duration};

/// A number of bytes in three digits: `15 B`, `4.00 KiB`, `1.21 MiB`.
pub fn byte_count(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut units = UNITS.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    while value >= 1023.5 {
        let Some(next) = units.next() else { break };
        (value, unit) = (value / 1024.0, next);
    }
    three_digits(value, unit)
}

/// A number of things: `1 exchange`, `2 exchanges`.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// A duration in three digits: `850 ns`, `1.50 ms`, `12.3 s`.
pub fn duration(duration: Duration) -> String {
    let ns = duration.as_nanos() as f64;
    match duration.as_nanos() {
        0..1_000 => format!("{ns} ns"),
        1_000..999_500 => three_digits(ns / 1e3, "µs"),
        999_500..999_500_000 => three_digits(ns / 1e6, "ms"),
        _ => three_digits(ns / 1e9, "s"),
    }
}

fn three_digits(value: f64, unit: &str) -> String {
    match value {
        ..9.995 => format!("{value:.2} {unit}"),
        ..99.95 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}

/// Adds bytes from the wire like [`petrel::wire::Escaped`], but for quotes, which need no escape where none stand
/// around.
pub(in crate::report) fn readable(bytes: &[u8], text: &mut String) {
    let is_plain = |byte: u8| matches!(byte, 0x20..0x7f) && byte != b'\\';
    for chunk in bytes.utf8_chunks() {
        for part in chunk.valid().split_inclusive(['"', '\'']) {
            let quoted = part.strip_suffix(['"', '\'']).unwrap_or(part);
            if quoted.bytes().all(is_plain) {
                text.push_str(part);
                continue;
            }
            let (_, quote) = part.split_at(quoted.len());
            text.extend(quoted.escape_debug());
            text.push_str(quote);
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
}

/// What a person must know of a MAC; nothing if there is none. It never says "verified" alone, because
/// a MAC covers the payload and nothing else.
pub fn mac_text(mac: &MacState) -> Option<String> {
    match mac {
        MacState::None => None,
        MacState::Ok(label) => Some(format!("MAC ok (payload only, {})", one_line(label))),
        MacState::Bad => Some("MAC BAD".to_owned()),
        MacState::NoKey => Some("MAC not checked (no key given)".to_owned()),
        MacState::Unchecked => Some("MAC not checked (bytes are missing)".to_owned()),
    }
}

/// What was skipped, and why.
pub(in crate::report) fn skipped_text(totals: &Totals) -> Vec<(&'static str, String)> {
    let list = |counts: &BTreeMap<&str, u64>| {
        let items = counts
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"));
        items.collect::<Vec<_>>().join(", ")
    };
    let mut lines = Vec::new();
    if !totals.skipped_packets.is_empty() {
        lines.push(("skipped packets", list(&totals.skipped_packets)));
    }
    if !totals.skipped_connections.is_empty() {
        lines.push(("skipped connections", list(&totals.skipped_connections)));
    }
    lines
}

/// What is wrong with the end of a capture, if something is.
pub(in crate::report) fn ending_text(summary: &Summary<'_>) -> Option<String> {
    if summary.interrupted {
        return Some("interrupted: this is what was found so far".to_owned());
    }
    match &summary.totals.ending {
        Ending::Complete => None,
        Ending::Truncated { at } => Some(format!(
            "truncated: the capture ends in the middle of the packet at offset {at}"
        )),
        Ending::Damaged { at, reason } => {
            let reason = one_line(reason);
            Some(format!(
                "damaged: from offset {at} on the capture makes no sense: {reason}"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_escaped_as_everywhere_and_quotes_are_not() {
        let hostile = "a\u{1b}[2J\r\n\u{9b}\u{202e}\\ é \u{7f}\u{301}".as_bytes();
        for bytes in [hostile, b"\xff\xf0\x9f", b"", b"plain"] {
            let mut text = String::new();
            readable(bytes, &mut text);
            assert_eq!(text, petrel::wire::Escaped(bytes).to_string());
        }
        let mut text = String::new();
        readable(br#"{"it's": 1}"#, &mut text);
        assert_eq!(text, r#"{"it's": 1}"#);
    }

    #[test]
    fn three_digits_are_enough() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (1_048_500, "1.00 MiB"),
            (1_048_576, "1.00 MiB"),
            (123_456_789, "118 MiB"),
            (u64::MAX, "16777216 TiB"),
        ] {
            assert_eq!(byte_count(bytes), text);
        }
        for (ns, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.50 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (59_950_000, "60.0 ms"),
            (12_345_678_901, "12.3 s"),
        ] {
            assert_eq!(duration(Duration::from_nanos(ns)), text);
        }
    }
}
