//! A note in JSON.

use super::name;
use crate::exchange::Note;
use serde::Serialize;
use std::borrow::Cow;

/// Its kind for programs, its text for people, and what it tells in numbers.
#[derive(Debug, Default, Serialize)]
pub(super) struct NoteRecord<'a> {
    kind: &'static str,
    text: String,
    /// Of a notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Of a notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u32>,
    /// The text of a notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'a, str>>,
    /// The same in hex, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_hex: Option<String>,
    /// Of a wrong sequence number.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    got: Option<u32>,
    /// Of bytes passed over or in conflict.
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    len: Option<u64>,
}

impl<'a> NoteRecord<'a> {
    pub(super) fn new(note: &'a Note) -> Self {
        let record = Self {
            kind: note.kind(),
            text: note.to_string(),
            ..Self::default()
        };
        match note {
            Note::Notice {
                status,
                sequence,
                text,
            } => {
                let (message, message_hex) = name(text);
                Self {
                    status: Some(status.0),
                    seq: Some(*sequence),
                    message: Some(message),
                    message_hex,
                    ..record
                }
            }
            Note::WrongSequence { expected, got } => Self {
                expected: Some(*expected),
                got: Some(*got),
                ..record
            },
            Note::Skipped { side, len } | Note::Conflict { side, len } => Self {
                side: Some(side.as_str()),
                len: Some(*len),
                ..record
            },
            _ => record,
        }
    }
}
