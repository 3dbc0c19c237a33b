//! Bytes from the network, made fit for a person's eyes.

use std::fmt;

/// Shows bytes that came over the wire without letting them act on a terminal, a log or a page.
///
/// Printable UTF-8 is shown as it is; controls, bidirectional overrides and quotes are escaped the
/// way Rust escapes them, and a byte that is not UTF-8 as `\xNN`.
///
/// ```
/// use petrel::wire::Escaped;
/// assert_eq!(Escaped(b"caf\xc3\xa9\x1b[2J\xff").to_string(), r"café\u{1b}[2J\xff");
/// ```
#[derive(Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a view of bytes, and nothing will be added to it"
)]
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            write!(f, "{}", chunk.valid().escape_debug())?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn nothing_that_acts_on_a_terminal_comes_through() {
        let hostile = "\u{0}\u{7}\u{1b}]0;x\u{7}\r\n\u{9b}31m\u{202e}abc\u{2066}\"";
        let shown = Escaped(hostile.as_bytes()).to_string();
        assert!(
            shown.chars().all(|c| c == ' ' || c.is_ascii_graphic()),
            "{shown:?} holds a character that is not plain"
        );
        assert_eq!(format!("{:?}", Escaped(b"a\"b")), r#""a\"b""#);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_shown_as_hex() {
        assert_eq!(Escaped(b"\xf0\x9f").to_string(), r"\xf0\x9f");
        assert_eq!(Escaped(b"a\xffb").to_string(), r"a\xffb");
    }
}
