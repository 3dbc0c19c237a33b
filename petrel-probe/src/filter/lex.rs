//! The words of an expression.

use super::{FilterError, LEN_MAX};

/// A word with its place.
#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    /// In characters from 1.
    pub(super) column: usize,
    pub(super) word: Word<'t>,
}

/// What can be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word<'t> {
    /// A field, a number, a plain word: what it is depends on its place.
    Plain(&'t str),
    /// What stands in quotes.
    Quoted(Vec<u8>),
    /// A sign, or the word that stands for one.
    Sign(&'static str),
    End,
}

/// The longer ones first, so that the first that fits is the one that is written.
const SIGNS: [&str; 15] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "{", "}", ",", "=",
];

/// Words that mean the same as signs, or are operators themselves.
const WORDS: [(&str, &str); 5] = [
    ("and", "&&"),
    ("or", "||"),
    ("not", "!"),
    ("contains", "contains"),
    ("in", "in"),
];

/// Splits an expression into words; the last is [`Word::End`].
pub(super) fn split(text: &str) -> Result<Vec<Token<'_>>, FilterError> {
    if text.len() > LEN_MAX {
        let message = format!(
            "the expression has {} bytes, and {LEN_MAX} are allowed",
            text.len()
        );
        return Err(FilterError::new(1, message));
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut column = 1;
    loop {
        let trimmed = rest.trim_start();
        let space = rest.len() - trimmed.len();
        column += rest.get(..space).map_or(0, |space| space.chars().count());
        rest = trimmed;
        if rest.is_empty() {
            let word = Word::End;
            tokens.push(Token { column, word });
            return Ok(tokens);
        }
        let (word, len) = first(rest, column)?;
        tokens.push(Token { column, word });
        let (taken, behind) = rest.split_at(len);
        column += taken.chars().count();
        rest = behind;
    }
}

/// The first word of a text that begins with none but it, and its length in bytes.
fn first(text: &str, column: usize) -> Result<(Word<'_>, usize), FilterError> {
    if text.starts_with(['"', '\'']) {
        return quoted(text, column);
    }
    if let Some(sign) = SIGNS.iter().find(|sign| text.starts_with(**sign)) {
        return Ok((Word::Sign(sign), sign.len()));
    }
    let ends = |c: char| c.is_whitespace() || "\"'()!=<>&|{},".contains(c);
    let len = text.find(ends).unwrap_or(text.len());
    match text.get(..len) {
        Some(plain) if len > 0 => {
            let known = WORDS
                .iter()
                .find(|(word, _)| plain.eq_ignore_ascii_case(word));
            let word = known.map_or(Word::Plain(plain), |(_, sign)| Word::Sign(sign));
            Ok((word, len))
        }
        // Only a lone & or | is neither.
        _ => {
            let sign = if text.starts_with('&') { "&&" } else { "||" };
            let mut error = FilterError::new(column, "this sign is written twice");
            error.suggestion = Some(sign.to_owned());
            Err(error)
        }
    }
}

/// A string in quotes, and its length with them.
fn quoted(text: &str, column: usize) -> Result<(Word<'_>, usize), FilterError> {
    let mut bytes = Vec::new();
    let mut chars = text.char_indices().zip(column..);
    let quote = chars.next().map(|((_, quote), _)| quote);
    while let Some(((at, c), column)) = chars.next() {
        if Some(c) == quote {
            return Ok((Word::Quoted(bytes), at + 1));
        }
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let unknown = || {
            let message = r#"this escape is not known; write \\ \" \' \n \r \t \0 \xNN or \u{…}"#;
            FilterError::new(column, message)
        };
        let ((at, escape), _) = chars.next().ok_or_else(|| unclosed(column))?;
        let behind = text.get(at + escape.len_utf8()..).unwrap_or_default();
        let skipped = match escape {
            '\\' | '"' | '\'' => push(&mut bytes, escape, 0),
            'n' => push(&mut bytes, '\n', 0),
            'r' => push(&mut bytes, '\r', 0),
            't' => push(&mut bytes, '\t', 0),
            '0' => push(&mut bytes, '\0', 0),
            'x' => {
                let byte = behind.get(..2).and_then(hex_byte).ok_or_else(unknown)?;
                bytes.push(byte);
                2
            }
            'u' => {
                let code = behind
                    .strip_prefix('{')
                    .and_then(|rest| rest.split_once('}'));
                let (code, _) = code.ok_or_else(unknown)?;
                let c = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
                push(&mut bytes, c.ok_or_else(unknown)?, code.chars().count() + 2)
            }
            _ => return Err(unknown()),
        };
        for _ in 0..skipped {
            chars.next();
        }
    }
    Err(unclosed(column))
}

fn push(bytes: &mut Vec<u8>, c: char, skipped: usize) -> usize {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    skipped
}

fn unclosed(column: usize) -> FilterError {
    FilterError::new(
        column,
        "this string is not closed; write the quote behind it, too",
    )
}

/// Two hex digits.
pub(super) fn hex_byte(text: &str) -> Option<u8> {
    let is_hex = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(text, 16).ok()).flatten()
}
