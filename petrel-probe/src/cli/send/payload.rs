//! Where the payload of a request comes from, and how that of an answer is shown.

use petrel::wire::Escaped;
use petrel_cli::{Exit, Failure};
use std::{
    borrow::Cow,
    fs::File,
    io::{self, Read},
    path::Path,
};

/// What `-d` means: `@FILE` is the bytes of a file, `@@TEXT` is the text `@TEXT`, `-` is standard
/// input, anything else is itself.
pub(super) fn of_data(word: &str) -> Result<Vec<u8>, Failure> {
    if word == "-" {
        return of_stdin();
    }
    match word.strip_prefix('@') {
        Some(text) if text.starts_with('@') => Ok(text.into()),
        Some("") => Err(Failure::usage(
            "-d @ names no file: write -d @FILE, or -d @@ for the text @",
        )),
        Some(path) => of_file(Path::new(path)),
        None => Ok(word.into()),
    }
}

/// One byte more than a length can say is enough to see that it is too much.
const READ_MAX: u64 = 1 << 32;

fn of_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut payload = Vec::new();
    File::open(path)
        .and_then(|file| file.take(READ_MAX).read_to_end(&mut payload))
        .map_err(|error| Failure::reading(path, &error))?;
    Ok(payload)
}

fn of_stdin() -> Result<Vec<u8>, Failure> {
    let mut payload = Vec::new();
    io::stdin()
        .lock()
        .take(READ_MAX)
        .read_to_end(&mut payload)
        .map_err(|error| {
            let message = format!("cannot read standard input: {error}");
            Failure::new(Exit::Unreachable, message)
        })?;
    Ok(payload)
}

/// What `--hex` means: digits in pairs; spaces, colons and line breaks between pairs do not matter.
pub(super) fn of_hex(text: &str) -> Result<Vec<u8>, String> {
    let wrong =
        |what: String| format!("{what}; write pairs of hex digits, for example 7b22 or 7b:22");
    let mut bytes = Vec::new();
    let mut half = None;
    for c in text.chars() {
        let Some(digit) = c.to_digit(16) else {
            if half.is_none() && (c.is_whitespace() || c == ':') {
                continue;
            }
            return Err(wrong(format!("{c:?} does not belong there")));
        };
        let digit = u8::try_from(digit).unwrap_or_default();
        match half.take() {
            None => half = Some(digit),
            Some(high) => bytes.push(high << 4 | digit),
        }
    }
    match half {
        None => Ok(bytes),
        Some(_) => Err(wrong("the last pair lacks a digit".to_owned())),
    }
}

/// A payload for standard output. Elsewhere than on a terminal it is what it is. On a terminal it ends
/// its line, and what would act on the terminal is escaped, all of it.
pub(super) fn shown(payload: &[u8], is_terminal: bool) -> Cow<'_, [u8]> {
    if !is_terminal || payload.is_empty() {
        return payload.into();
    }
    let mut text = match std::str::from_utf8(payload) {
        Ok(text) if text.chars().all(is_plain) => text.to_owned(),
        _ => Escaped(payload).to_string(),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.into_bytes().into()
}

fn is_plain(c: char) -> bool {
    matches!(c, '\n' | '\t' | '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_a_text_or_a_file_or_a_text_with_an_at_sign() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"a\xff\n").unwrap();
        let at = format!("@{}", file.path().display());
        assert_eq!(of_data(&at), Ok(b"a\xff\n".to_vec()));
        assert_eq!(of_data("x@y"), Ok(b"x@y".to_vec()));
        assert_eq!(of_data("@@home"), Ok(b"@home".to_vec()));
        assert_eq!(of_data(""), Ok(Vec::new()));
        assert_eq!(of_data("@").unwrap_err().exit(), Exit::Usage);
        assert_eq!(of_data("@/nowhere").unwrap_err().exit(), Exit::Unreachable);
    }

    #[test]
    fn hex_is_read_in_pairs() {
        assert_eq!(of_hex("7b 22:fF\n00"), Ok(vec![0x7b, 0x22, 0xff, 0]));
        assert_eq!(of_hex(""), Ok(Vec::new()));
        for text in ["7", "7 b", "0x7b", "zz", "é0"] {
            assert!(of_hex(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_terminal_gets_nothing_that_acts_on_it() {
        let plain = "{\"a\":\t'caf\u{e9}'}".as_bytes();
        assert_eq!(*shown(plain, true), [plain, b"\n"].concat());
        assert_eq!(*shown(b"a\n", true), *b"a\n");
        assert_eq!(*shown(b"", true), *b"");
        assert_eq!(*shown(b"a\x1b[2J", true), *b"a\\u{1b}[2J\n");
        assert_eq!(*shown("a\u{202e}".as_bytes(), true), *b"a\\u{202e}\n");
        assert_eq!(*shown(b"\xff\n", true), *b"\\xff\\n\n");
        assert_eq!(*shown(b"a\x1b[2J\xff", false), *b"a\x1b[2J\xff");
    }
}
