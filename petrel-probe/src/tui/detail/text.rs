//! Bytes as text that acts on no terminal and fits where it is drawn.

use super::super::paint::Look;
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The bytes as text, everything escaped that is no printable character. Quotes and backslashes stay, so
/// that JSON can be read.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push(&mut text, c);
        }
        for byte in chunk.invalid() {
            // Writing to a string does not fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// One character as [`printable`] shows it.
fn push(text: &mut String, c: char) {
    match c {
        '"' | '\'' | '\\' => text.push(c),
        _ => text.extend(c.escape_debug()),
    }
}

/// How many columns a character takes, shown as [`printable`] shows it.
pub(super) fn width_of(c: char) -> usize {
    if c == ' ' || c.is_ascii_graphic() {
        return 1;
    }
    let mut shown = c.escape_debug();
    match (shown.next(), shown.next()) {
        (Some(only), None) => only.width().unwrap_or(0),
        _ => c.escape_debug().count(),
    }
}

/// The text, or its beginning and a mark that it was cut, in so many columns.
pub(crate) fn cut(text: &str, width: usize, look: Look) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(look.ellipsis().width()) else {
        return String::new();
    };
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or(0);
        taken <= room
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push_str(look.ellipsis());
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_on_a_terminal_comes_through() {
        let hostile = "{\"a\\n\": 'é'}\u{1b}[2J\u{9b}\u{202e}\t\u{200b}";
        let shown = printable(hostile.as_bytes());
        assert_eq!(shown, r#"{"a\n": 'é'}\u{1b}[2J\u{9b}\u{202e}\t\u{200b}"#);
        let width: usize = hostile.chars().map(width_of).sum();
        assert_eq!(width, shown.width());
        assert_eq!(printable(b"\xff\x00"), r"\xff\0");
    }

    #[test]
    fn a_cut_text_fits_and_shows_it() {
        let look = Look {
            is_colored: false,
            is_ascii: false,
        };
        assert_eq!(cut("payload", 7, look), "payload");
        assert_eq!(cut("payload", 5, look), "payl…");
        assert_eq!(cut("日本語", 4, look), "日…");
        assert_eq!(cut("payload", 0, look), "");
    }
}
