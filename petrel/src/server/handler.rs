//! What answers requests: handlers, what they are given and what they give.

use crate::{
    PeerAddr,
    net::Member,
    wire::{Response, Status},
};
use bytes::Bytes;
use std::{fmt, future::Future, io, pin::Pin, sync::Arc};

/// A request, as an async handler gets it.
#[derive(Clone)]
pub struct Request {
    pub(super) name: Arc<str>,
    pub(super) payload: Bytes,
    pub(super) sequence: u32,
    pub(super) member: Arc<Member>,
}

impl Request {
    /// The request text: the name that the handler is registered under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The payload: opaque bytes.
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// The payload, without the rest.
    pub fn into_payload(self) -> Bytes {
        self.payload
    }

    /// The sequence number that the client gave it.
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// The number of the connection, unique within the server.
    pub fn connection_id(&self) -> u64 {
        self.member.id
    }

    /// Where the connection comes from.
    pub fn peer_addr(&self) -> PeerAddr {
        self.member.peer
    }

    /// The client's certificate, if the server asked for one.
    #[cfg(feature = "tls")]
    pub fn client_certificate(&self) -> Option<&rustls::pki_types::CertificateDer<'static>> {
        self.member.client_certificate()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("name", &self.name)
            .field("payload_len", &self.payload.len())
            .field("sequence", &self.sequence)
            .field("connection_id", &self.member.id)
            .finish_non_exhaustive()
    }
}

/// A request, as an inline handler gets it: everything is borrowed.
#[derive(Clone, Copy)]
pub struct InlineRequest<'a> {
    pub(super) name: &'a str,
    pub(super) payload: &'a [u8],
    pub(super) sequence: u32,
    pub(super) member: &'a Member,
}

impl<'a> InlineRequest<'a> {
    /// The request text: the name that the handler is registered under.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The payload: opaque bytes.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The sequence number that the client gave it.
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// The number of the connection, unique within the server.
    pub fn connection_id(&self) -> u64 {
        self.member.id
    }

    /// Where the connection comes from.
    pub fn peer_addr(&self) -> PeerAddr {
        self.member.peer
    }

    /// The client's certificate, if the server asked for one.
    #[cfg(feature = "tls")]
    pub fn client_certificate(&self) -> Option<&'a rustls::pki_types::CertificateDer<'static>> {
        self.member.client_certificate()
    }
}

impl fmt::Debug for InlineRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InlineRequest")
            .field("name", &self.name)
            .field("payload_len", &self.payload.len())
            .field("sequence", &self.sequence)
            .field("connection_id", &self.member.id)
            .finish_non_exhaustive()
    }
}

/// Where an inline handler writes the payload of its answer: straight into the connection's output.
///
/// What it wrote is taken back if it fails or panics.
#[derive(Debug)]
pub struct Reply<'a> {
    pub(super) buf: &'a mut Vec<u8>,
    /// Where in `buf` the payload begins.
    pub(super) start: usize,
    /// The request's own buffer, if it has one: parts of it need not be copied.
    pub(super) origin: Option<&'a Bytes>,
    /// All that was written, while it is one part of `origin`.
    pub(super) shared: Option<Bytes>,
}

impl Reply<'_> {
    /// Appends to the payload. A large part of the request's own payload is sent from where it lies.
    pub fn write(&mut self, part: &[u8]) {
        if let Some(before) = self.shared.take() {
            self.buf.extend_from_slice(&before);
        } else if self.is_empty()
            && part.len() >= crate::net::SHARE_MIN
            && let Some(origin) = self.origin
            && holds(origin, part)
        {
            self.shared = Some(origin.slice_ref(part));
            return;
        }
        self.buf.extend_from_slice(part);
    }

    /// How long the payload is so far.
    pub fn len(&self) -> usize {
        self.shared
            .as_ref()
            .map_or(self.buf.len() - self.start, Bytes::len)
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl io::Write for Reply<'_> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        Reply::write(self, part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn holds(whole: &[u8], part: &[u8]) -> bool {
    let (whole, part) = (whole.as_ptr_range(), part.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}

/// Why a handler could not answer. The client gets 500 and an empty payload; the text is logged and
/// does not cross the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HandlerError(String);

impl HandlerError {
    /// An error of this text.
    pub fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }
}

/// What an async handler may return: a payload, a status, both, a [`Response`], or a `Result` of any
/// of them whose error can be displayed.
///
/// A payload alone is answered 200, an error 500. A status that handlers may not use
/// ([`Status::is_for_handlers`]) is answered 501.
pub trait IntoResponse {
    /// Turns it into the response.
    ///
    /// # Errors
    /// If the handler failed.
    fn into_response(self) -> Result<Response, HandlerError>;
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response, HandlerError> {
        Ok(self)
    }
}

impl IntoResponse for Status {
    fn into_response(self) -> Result<Response, HandlerError> {
        Ok(Response::new(self, Bytes::new()))
    }
}

impl<B: Into<Bytes>> IntoResponse for (Status, B) {
    fn into_response(self) -> Result<Response, HandlerError> {
        Ok(Response::new(self.0, self.1))
    }
}

impl<T: IntoResponse, E: fmt::Display> IntoResponse for Result<T, E> {
    fn into_response(self) -> Result<Response, HandlerError> {
        self.map_err(HandlerError::new)?.into_response()
    }
}

macro_rules! into_response {
    ($($body:ty),+) => {$(
        impl IntoResponse for $body {
            fn into_response(self) -> Result<Response, HandlerError> {
                Ok(Response::new(Status::OK, self))
            }
        }
    )+};
}

into_response!(Bytes, Vec<u8>, String, &'static str, &'static [u8]);

impl IntoResponse for () {
    fn into_response(self) -> Result<Response, HandlerError> {
        Status::OK.into_response()
    }
}

/// What an inline handler may return: nothing (200), a status, or a `Result` of either whose error
/// can be displayed (500).
pub trait IntoOutcome {
    /// Turns it into the status of the answer.
    ///
    /// # Errors
    /// If the handler failed.
    fn into_outcome(self) -> Result<Status, HandlerError>;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Result<Status, HandlerError> {
        Ok(Status::OK)
    }
}

impl IntoOutcome for Status {
    fn into_outcome(self) -> Result<Status, HandlerError> {
        Ok(self)
    }
}

impl<T: IntoOutcome, E: fmt::Display> IntoOutcome for Result<T, E> {
    fn into_outcome(self) -> Result<Status, HandlerError> {
        self.map_err(HandlerError::new)?.into_outcome()
    }
}

/// The future of a handler, whatever its type was.
pub(super) type Answering = Pin<Box<dyn Future<Output = Result<Response, HandlerError>> + Send>>;

/// A handler, whatever its type was.
pub(super) enum Handler {
    Async(Box<dyn Fn(Request) -> Answering + Send + Sync>),
    Inline(Box<InlineFn>),
}

/// An inline handler, whatever its type was.
pub(super) type InlineFn =
    dyn Fn(&InlineRequest<'_>, &mut Reply<'_>) -> Result<Status, HandlerError> + Send + Sync;

impl Handler {
    pub(super) fn from_async<F, Fut>(handler: F) -> Self
    where
        F: Fn(Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoResponse> + Send + 'static,
    {
        Self::Async(Box::new(move |request| {
            let answering = handler(request);
            Box::pin(async move { answering.await.into_response() })
        }))
    }

    pub(super) fn from_inline<F, R>(handler: F) -> Self
    where
        F: Fn(&InlineRequest<'_>, &mut Reply<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome,
    {
        Self::Inline(Box::new(move |request, reply| {
            handler(request, reply).into_outcome()
        }))
    }
}
