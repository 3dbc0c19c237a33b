//! One call on its way from its caller to the connection and back.

use super::{ClientError, ClientErrorKind};
use crate::wire::Response;
use bytes::Bytes;
use std::time::Duration;
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::Instant,
};

/// Whether the server executed a request, as far as is known of one that got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a caller must act on every case")]
pub enum Executed {
    /// It did not: no byte of the request was sent, or the server is known to end in order. It may
    /// be sent again.
    No,
    /// It may have.
    Maybe,
    /// It did, and its answer could not be taken.
    Yes,
}

/// What a client tells the driver of its connection.
#[derive(Debug)]
pub(super) enum Command {
    Call(Call),
    /// Shut down writing, wait for the server's end, close.
    Quit,
}

/// When a call is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    /// How long that is after the call was made.
    pub(super) after: Duration,
}

/// A request and the way back to who made it.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: Box<[u8]>,
    pub(super) payload: Bytes,
    pub(super) deadline: Deadline,
    /// None once it was answered or given up.
    pub(super) reply: Option<oneshot::Sender<Result<Response, ClientError>>>,
    /// The call's place among those that are under way; given back when the call is dropped.
    pub(super) _permit: OwnedSemaphorePermit,
}

impl Deadline {
    pub(super) fn within(after: Duration) -> Self {
        Self {
            at: Instant::now() + after,
            after,
        }
    }

    pub(super) fn passed(self) -> ClientErrorKind {
        ClientErrorKind::Timeout { after: self.after }
    }
}

impl Call {
    /// Whether anybody waits for the answer.
    pub(super) fn is_wanted(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| !reply.is_closed())
    }

    /// Tells the caller, if it still wants to know.
    pub(super) fn reply(&mut self, result: Result<Response, ClientError>) {
        if let Some(reply) = self.reply.take() {
            // The caller may have gone meanwhile.
            let _ = reply.send(result);
        }
    }
}
