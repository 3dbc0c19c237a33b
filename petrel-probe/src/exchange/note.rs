//! What deserves to be said about an exchange or a connection.

use super::Side;
use petrel::wire::{Escaped, Status};
use std::fmt;

/// A remark. `Display` is for people, and escapes what came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The server said that it closes the connection: a frame that is never an answer.
    Notice {
        /// 198 or 498.
        status: Status,
        /// Sequence number it carries: that of the last request, or 0.
        sequence: u32,
        /// Its text.
        text: Vec<u8>,
    },
    /// The request is not in the capture.
    RequestNotCaptured,
    /// The answer is not in the capture: there is a gap where it would be.
    ResponseNotCaptured,
    /// An answer that nobody asked for: every request before it has its own.
    Unsolicited,
    /// The connection ended without an answer.
    Unanswered,
    /// The capture ends before the answer.
    UnansweredYet,
    /// The answer carries another sequence number than the request.
    WrongSequence {
        /// That of the request.
        expected: u32,
        /// That of the answer.
        got: u32,
    },
    /// The answer carries another name than the request.
    WrongName,
    /// Bytes before this message were passed over, because no frame could be found in them.
    Skipped {
        /// Who sent them.
        side: Side,
        /// How many.
        len: u64,
    },
    /// A retransmission carried other bytes than were captured before, which were kept.
    Conflict {
        /// Who sent them.
        side: Side,
        /// How many bytes overlap with other contents.
        len: u64,
    },
    /// The messages of one side carry MACs, those of the other do not.
    OneSidedMacs,
}

impl Note {
    /// What [`Note::kind`] gives, all of it.
    pub const KINDS: [&'static str; 11] = [
        "notice",
        "request-not-captured",
        "response-not-captured",
        "unsolicited",
        "unanswered",
        "unanswered-yet",
        "wrong-sequence",
        "wrong-name",
        "skipped",
        "conflict",
        "one-sided-macs",
    ];

    /// A word for programs that stays the same.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Notice { .. } => "notice",
            Self::RequestNotCaptured => "request-not-captured",
            Self::ResponseNotCaptured => "response-not-captured",
            Self::Unsolicited => "unsolicited",
            Self::Unanswered => "unanswered",
            Self::UnansweredYet => "unanswered-yet",
            Self::WrongSequence { .. } => "wrong-sequence",
            Self::WrongName => "wrong-name",
            Self::Skipped { .. } => "skipped",
            Self::Conflict { .. } => "conflict",
            Self::OneSidedMacs => "one-sided-macs",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Notice { status, text, .. } => write!(
                f,
                "the server gave notice that it closes ({}): \"{}\"",
                status.0,
                Escaped(text)
            ),
            Self::RequestNotCaptured => f.write_str("the request was not captured"),
            Self::ResponseNotCaptured => f.write_str("the answer was not captured"),
            Self::Unsolicited => f.write_str("nobody asked for this answer"),
            Self::Unanswered => f.write_str("the connection ended without an answer"),
            Self::UnansweredYet => f.write_str("the capture ends before the answer"),
            Self::WrongSequence { expected, got } => write!(
                f,
                "the answer carries sequence number {got}, the request {expected}"
            ),
            Self::WrongName => f.write_str("the answer carries another name than the request"),
            Self::Skipped { side, len } => write!(
                f,
                "{len} bytes of the {} before this were passed over: no frame in them",
                side.as_str()
            ),
            Self::Conflict { side, len } => write!(
                f,
                "{len} bytes of the {} were sent again with other contents; the first were kept",
                side.as_str()
            ),
            Self::OneSidedMacs => f.write_str("one side's messages carry MACs, the other's do not"),
        }
    }
}
