//! What a handler gives and a caller gets.

use super::Status;
use bytes::Bytes;
use std::fmt;

/// A status and a payload.
///
/// `Debug` shows the payload by its length only.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "what an answer holds is complete in version 0"
)]
pub struct Response {
    /// What the answer says of itself. Any status is an answer, not an error.
    pub status: Status,
    /// The payload: opaque bytes.
    pub payload: Bytes,
}

impl Response {
    /// An answer of this status and payload.
    pub fn new(status: Status, payload: impl Into<Bytes>) -> Self {
        Self {
            status,
            payload: payload.into(),
        }
    }

    /// Whether the status is 200.
    pub fn is_ok(&self) -> bool {
        self.status == Status::OK
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status.0)
            .field("payload_len", &self.payload.len())
            .finish()
    }
}
