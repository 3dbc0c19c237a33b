//! One request to its answer. Everything a server decides about a frame is decided here; how bytes
//! come and go is not known here.

use super::{
    Service,
    handler::{Answering, Handler, HandlerError, InlineFn, InlineRequest, Reply, Request},
    log,
    router::Route,
};
use crate::{
    CloseReason,
    net::{Membership, Outbox, SHARE_MIN, Tally},
    wire::{DecodeError, Frame, HEADER_LEN, Header, PROTOCOL_VERSION, Response, Status},
};
use bytes::Bytes;
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Context, Poll},
};

/// What comes after a request was looked at.
pub(super) enum Next {
    /// It was answered.
    Answered,
    /// An async handler is at work on it.
    Running(Box<Running>),
    /// It was answered, and the connection is to be closed.
    Close(CloseReason),
}

/// A request that an async handler is at work on.
pub(super) struct Running {
    answering: Answering,
    name: Arc<str>,
    sequence: u32,
    /// What its payload holds of the budget.
    pub(super) held: usize,
}

/// What answering needs of the connection.
pub(super) struct Exchange<'a> {
    pub(super) service: &'a Service,
    pub(super) membership: &'a mut Membership,
    pub(super) out: &'a mut Outbox,
    pub(super) tally: &'a mut Tally,
    /// Whether a protocol check was passed.
    pub(super) checked: &'a mut bool,
}

/// Why a handler's own answer is not sent.
enum Fault {
    Failed(HandlerError),
    Panicked(String),
    Broke(String),
}

impl Exchange<'_> {
    /// Answers a request, or begins to. `origin` is the buffer that the frame lies in, if it has one
    /// for itself.
    #[inline]
    pub(super) fn handle(&mut self, frame: &Frame<'_>, origin: Option<&Bytes>) -> Next {
        if frame.is_protocol_check() {
            return self.protocol_check(frame);
        }
        if self.service.require_protocol_check && !*self.checked {
            return self.mismatch(frame);
        }
        let service = self.service;
        match service.router.get(frame.name) {
            Some(Route {
                name,
                handler: Handler::Inline(handler),
            }) => {
                self.inline(frame, origin, name, handler);
                Next::Answered
            }
            Some(Route {
                name,
                handler: Handler::Async(handler),
            }) => {
                let (payload, held) = match origin {
                    Some(origin) => (origin.slice_ref(frame.payload), origin.len()),
                    None => (Bytes::copy_from_slice(frame.payload), 0),
                };
                let request = Request {
                    name: Arc::clone(name),
                    payload,
                    sequence: frame.sequence,
                    member: Arc::clone(&self.membership.member),
                };
                let begun = catch_unwind(AssertUnwindSafe(|| handler(request)));
                let (name, sequence) = (Arc::clone(name), frame.sequence);
                match begun {
                    Ok(answering) => Next::Running(Box::new(Running {
                        answering,
                        name,
                        sequence,
                        held,
                    })),
                    Err(panic) => {
                        self.fault(sequence, frame.name, &Fault::Panicked(panic_text(&*panic)));
                        Next::Answered
                    }
                }
            }
            None => {
                let status = if frame.name.is_empty() {
                    Status::NULL_REQUEST
                } else {
                    Status::NOT_FOUND
                };
                self.answer(status, frame.sequence, frame.name, Bytes::new(), None);
                Next::Answered
            }
        }
    }

    /// Refuses what is not a frame for us; the connection is lost with it. `input` begins with it.
    pub(super) fn refuse(&mut self, error: DecodeError, input: &[u8]) -> CloseReason {
        let (status, reason) = match error {
            DecodeError::PayloadTooLong { .. } => {
                (Status::PAYLOAD_TOO_LONG, CloseReason::PayloadLimit)
            }
            DecodeError::MacMalformed { .. } | DecodeError::MacMismatch { .. } => {
                (Status::MAC_FAILED, CloseReason::MacFailed)
            }
        };
        self.refuse_front(status, input, &error.to_string());
        reason
    }

    /// Holds so many bytes of the payload budget for the frame that `input` begins with. If they do
    /// not fit, the frame is refused, once there is enough of it to be answered.
    pub(super) fn hold(&mut self, bytes: usize, input: &[u8]) -> Result<(), CloseReason> {
        if self.membership.hold(bytes) {
            return Ok(());
        }
        let name_len = input.first_chunk().map(|head| Header::parse(head).name_len);
        if name_len.is_none_or(|len| input.len() < HEADER_LEN + usize::from(len)) {
            return Ok(());
        }
        let why = "the payload budget is used up";
        self.refuse_front(Status::PAYLOAD_TOO_LONG, input, why);
        Err(CloseReason::PayloadBudget)
    }

    /// Goes on with what an async handler is at work on; ready once it is answered.
    pub(super) fn poll_running(&mut self, cx: &mut Context<'_>, running: &mut Running) -> Poll<()> {
        let polled = catch_unwind(AssertUnwindSafe(|| running.answering.as_mut().poll(cx)));
        let Running { name, sequence, .. } = running;
        match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(response))) => match self.service.permit(&response) {
                Ok(()) => {
                    let Response { status, payload } = response;
                    self.answer(status, *sequence, name.as_bytes(), payload, None);
                }
                Err(why) => self.fault(*sequence, name.as_bytes(), &Fault::Broke(why)),
            },
            Ok(Poll::Ready(Err(error))) => {
                self.fault(*sequence, name.as_bytes(), &Fault::Failed(error));
            }
            Err(panic) => {
                self.fault(
                    *sequence,
                    name.as_bytes(),
                    &Fault::Panicked(panic_text(&*panic)),
                );
            }
        }
        Poll::Ready(())
    }

    fn protocol_check(&mut self, frame: &Frame<'_>) -> Next {
        if frame.payload.first() != Some(&PROTOCOL_VERSION) {
            return self.mismatch(frame);
        }
        *self.checked = true;
        let version = Bytes::from_static(&[PROTOCOL_VERSION]);
        self.answer(Status::OK, frame.sequence, frame.name, version, None);
        Next::Answered
    }

    fn mismatch(&mut self, frame: &Frame<'_>) -> Next {
        let why = match frame.payload.first() {
            _ if !frame.is_protocol_check() => "the protocol check is required first".to_owned(),
            Some(version) => format!("the client speaks version {version}"),
            None => "the client does not say which version it speaks".to_owned(),
        };
        let version = Bytes::from_static(&[PROTOCOL_VERSION]);
        let status = Status::PROTOCOL_MISMATCH;
        self.answer(status, frame.sequence, frame.name, version, Some(&why));
        Next::Close(CloseReason::ProtocolMismatch)
    }

    #[inline]
    fn inline(
        &mut self,
        frame: &Frame<'_>,
        origin: Option<&Bytes>,
        route: &str,
        handler: &InlineFn,
    ) {
        let Frame { sequence, name, .. } = *frame;
        let codec = &self.service.codec;
        // The name came out of a frame, so it fits into one.
        let Ok(draft) = codec.begin(sequence, name, &mut self.out.buf) else {
            return;
        };
        let request = InlineRequest {
            name: route,
            payload: frame.payload,
            sequence,
            member: &self.membership.member,
        };
        let mut reply = Reply {
            start: draft.payload_start(),
            buf: &mut self.out.buf,
            origin,
            shared: None,
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| handler(&request, &mut reply)));
        let (len, shared) = (reply.len(), reply.shared.take());
        let fault = match outcome {
            Ok(Ok(status)) => match self.service.permit_parts(status, len) {
                Ok(()) => {
                    if let Some(payload) = shared {
                        self.out.buf.truncate(draft.start());
                        self.answer(status, sequence, name, payload, None);
                        return;
                    }
                    if codec.finish(draft, status, &mut self.out.buf).is_ok() {
                        self.note(status, sequence, name, None);
                        return;
                    }
                    Fault::Broke("the answer does not fit a frame".to_owned())
                }
                Err(why) => Fault::Broke(why),
            },
            Ok(Err(error)) => Fault::Failed(error),
            Err(panic) => Fault::Panicked(panic_text(&*panic)),
        };
        self.out.buf.truncate(draft.start());
        self.fault(sequence, name, &fault);
    }

    /// Answers for a handler that did not.
    fn fault(&mut self, sequence: u32, name: &[u8], fault: &Fault) {
        let (status, why) = match fault {
            Fault::Failed(error) => (Status::FAILED, error.to_string()),
            Fault::Panicked(text) => {
                self.tally.panics += 1;
                (
                    Status::INTERNAL_ERROR,
                    format!("the handler panicked: {text}"),
                )
            }
            Fault::Broke(why) => (Status::INTERNAL_ERROR, why.clone()),
        };
        self.answer(status, sequence, name, Bytes::new(), Some(&why));
    }

    /// Refuses the frame that `input` begins with, as far as it is there.
    fn refuse_front(&mut self, status: Status, input: &[u8], why: &str) {
        let Some((head, rest)) = input.split_first_chunk::<HEADER_LEN>() else {
            return;
        };
        let header = Header::parse(head);
        let name = rest.get(..usize::from(header.name_len)).unwrap_or_default();
        self.answer(status, header.sequence, name, Bytes::new(), Some(why));
    }

    fn answer(
        &mut self,
        status: Status,
        sequence: u32,
        name: &[u8],
        payload: Bytes,
        error: Option<&str>,
    ) {
        let frame = Frame {
            status,
            sequence,
            name,
            payload: &payload,
        };
        let codec = &self.service.codec;
        // Neither can fail: the name came out of a frame or a route, the payload is within the limit.
        if payload.len() < SHARE_MIN {
            let _ = codec.encode(&frame, &mut self.out.buf);
        } else if let Ok(mac) = codec.encode_head(&frame, &mut self.out.buf) {
            self.out.push_shared(payload);
            self.out
                .buf
                .extend_from_slice(mac.as_ref().map_or(&[], |mac| mac.as_slice()));
        }
        self.note(status, sequence, name, error);
    }

    #[inline]
    fn note(&mut self, status: Status, sequence: u32, name: &[u8], error: Option<&str>) {
        self.tally.requests += 1;
        match status.0 {
            400..=499 | 502 => self.tally.refused += 1,
            500 | 501 => self.tally.failed += 1,
            _ => {}
        }
        self.membership.complete();
        log::answered(&self.membership.member, sequence, name, status, error);
    }
}

/// What a panic said.
fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref().cloned())
        .unwrap_or_else(|| "no text".to_owned())
}
