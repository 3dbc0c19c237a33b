//! Bytes as text that acts on no terminal and fits where it is drawn.

use super::super::paint::Look;
use std::{borrow::Cow, fmt::Write};
use unicode_width::UnicodeWidthChar;

/// The bytes as text, everything escaped that is no printable character. Quotes and backslashes stay, so
/// that JSON can be read.
pub(super) fn printable(bytes: &[u8]) -> String {
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
pub(super) fn width_of(c: char, is_ascii: bool) -> usize {
    if c == ' ' || c.is_ascii_graphic() {
        return 1;
    }
    if is_ascii && c != 'µ' && !c.is_ascii() {
        return c.escape_unicode().count();
    }
    let mut shown = c.escape_debug();
    match (shown.next(), shown.next()) {
        (Some(only), None) => only.width().unwrap_or(0),
        _ => c.escape_debug().count(),
    }
}

/// The text as it is drawn: where only ASCII is wanted, everything else is escaped.
pub(super) fn drawable(text: &str, look: Look) -> Cow<'_, str> {
    if !look.is_ascii || text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut ascii = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            _ if c.is_ascii() => ascii.push(c),
            // Of microseconds.
            'µ' => ascii.push('u'),
            _ => ascii.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn nothing_that_acts_on_a_terminal_comes_through() {
        let hostile = "{\"a\\n\": 'é'}\u{1b}[2J\u{9b}\u{202e}\t\u{200b}";
        let shown = printable(hostile.as_bytes());
        assert_eq!(shown, r#"{"a\n": 'é'}\u{1b}[2J\u{9b}\u{202e}\t\u{200b}"#);
        let width: usize = hostile.chars().map(|c| width_of(c, false)).sum();
        assert_eq!(width, shown.width());
        assert_eq!(printable(b"\xff\x00"), r"\xff\0");
    }

    #[test]
    fn in_ascii_nothing_else_is_drawn() {
        let look = Look {
            is_colored: false,
            is_ascii: true,
        };
        let text = r"é日\u{1b} 2 µs";
        let shown = drawable(text, look);
        assert_eq!(shown, r"\u{e9}\u{65e5}\u{1b} 2 us");
    }
}
