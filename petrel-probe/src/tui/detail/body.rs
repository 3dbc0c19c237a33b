//! A message as it is looked at: where its bytes are, and what its payload is.

use super::{super::hex::Parts, json::Layout, raw::Raw};
use crate::exchange::{Fields, Message};

/// What is known of a message before it is drawn.
#[derive(Debug)]
pub(super) struct Body {
    /// What of it is there.
    pub(super) parts: Parts,
    /// Its fields.
    pub(super) fields: Fields,
    /// What its payload is.
    pub(super) content: Content,
}

/// What a payload is.
#[derive(Debug)]
pub(super) enum Content {
    /// An object or an array, whole.
    Json(Layout),
    /// Text without control characters other than those that divide lines.
    Text,
    /// Anything else.
    Binary,
}

impl Body {
    pub(super) fn of(message: &Message) -> Self {
        let fields = message.fields();
        let payload = message.payload();
        let is_whole = payload.len() as u64 == fields.payload.end - fields.payload.start;
        let json = is_whole.then(|| Layout::of(payload)).flatten();
        let content = match json {
            Some(layout) => Content::Json(layout),
            None if is_text(payload, is_whole) => Content::Text,
            None => Content::Binary,
        };
        Self {
            parts: Parts::of(message.frame_len(), &message.gaps),
            fields,
            content,
        }
    }

    /// The payload as text.
    pub(super) fn raw<'a>(&'a self, message: &'a Message, is_ascii: bool) -> Raw<'a> {
        Raw {
            parts: &self.parts,
            bytes: &message.bytes,
            from: self.fields.payload.start,
            to: self.fields.payload.end,
            is_ascii,
        }
    }
}

/// Whether this reads as text. What was cut may end within a character.
fn is_text(payload: &[u8], is_whole: bool) -> bool {
    let text = match std::str::from_utf8(payload) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && !is_whole => {
            let valid = payload.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_bytes() {
        assert!(is_text("caf\u{e9}\r\n\t".as_bytes(), true));
        assert!(is_text(b"caf\xc3", false));
        for bytes in [&b"caf\xc3"[..], b"\0", b"\xff", b"\x1b[2J"] {
            assert!(!is_text(bytes, true), "{bytes:?}");
        }
    }
}
