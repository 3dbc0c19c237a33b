//! A frame, seen through the bytes it came in.

use super::{Escaped, Status};
use std::fmt;

/// One message in either direction; name and payload are borrowed.
///
/// `Debug` shows the name escaped and the payload by its length only: payloads are for applications
/// to show.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the frame of version 0 is complete"
)]
pub struct Frame<'a> {
    /// The status; [`Status::NONE`] in a request.
    pub status: Status,
    /// The sequence number, which an answer copies from its request.
    pub sequence: u32,
    /// The request text: the name of what is asked for. Any bytes are legal on the wire.
    pub name: &'a [u8],
    /// The payload: opaque bytes.
    pub payload: &'a [u8],
}

impl Frame<'_> {
    /// Whether the request text asks for the protocol check.
    pub fn is_protocol_check(&self) -> bool {
        self.name == super::PROTOCOL_CHECK.as_bytes()
    }
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("status", &self.status.0)
            .field("sequence", &self.sequence)
            .field("name", &Escaped(self.name))
            .field("payload_len", &self.payload.len())
            .finish()
    }
}
