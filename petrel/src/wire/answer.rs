//! Whether a frame is the answer that a client waits for.

use super::{Frame, Status};

/// What a client knows of the answer it waits for: the sequence number and name of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "all that an answer copies from its request"
)]
pub struct Expected<'a> {
    /// Sequence number of the request.
    pub sequence: u32,
    /// Request text of the request.
    pub name: &'a [u8],
}

impl Expected<'_> {
    /// Whether `frame` is the answer.
    ///
    /// # Errors
    /// If it is a notice of closing, or the answer to something else. The place in the conversation
    /// is lost in either case.
    pub fn check(self, frame: &Frame<'_>) -> Result<(), AnswerError> {
        if frame.status.is_notice() {
            return Err(AnswerError::Notice {
                status: frame.status,
            });
        }
        if frame.sequence != self.sequence {
            return Err(AnswerError::WrongSequence {
                expected: self.sequence,
                got: frame.sequence,
            });
        }
        if frame.name != self.name {
            return Err(AnswerError::WrongName);
        }
        Ok(())
    }
}

/// Why a frame is not the answer that was waited for. The server is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The server says that it closes the connection. A frame with this status is never an answer.
    #[error("instead of an answer the server gave notice that it closes the connection ({status})")]
    Notice {
        /// 198 or 498.
        status: Status,
    },
    /// The answer carries another sequence number.
    #[error("the answer carries sequence number {got} at offset 2 instead of {expected}")]
    WrongSequence {
        /// That of the request.
        expected: u32,
        /// That of the answer.
        got: u32,
    },
    /// The answer carries another request text.
    #[error("the answer carries another request text at offset 11 than the request")]
    WrongName,
}

impl AnswerError {
    /// Offset of the field that is wrong, from the beginning of the frame.
    pub const fn at(self) -> u64 {
        match self {
            Self::Notice { .. } => 0,
            Self::WrongSequence { .. } => 2,
            Self::WrongName => 11,
        }
    }
}

const _: () = assert!(size_of::<AnswerError>() <= 16);
