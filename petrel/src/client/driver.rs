//! The task that a connection belongs to.

#[cfg(feature = "tls")]
use super::tls;
use super::{
    ClientBuilder, ClientError, ClientErrorKind,
    call::Command,
    client::Shared,
    pipeline::{BATCH_BYTES, BATCH_FRAMES, Pipeline},
};
use crate::{
    net::{Alarm, Ending, Inbox, Outbox, ending_of},
    wire::{Codec, Decoded, HEADER_LEN, Header, Response},
};
use bytes::Bytes;
use std::{
    io,
    ops::Range,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::Instant,
};

/// Owns the stream: writes what callers ask, reads what the server answers, both at any time.
///
/// It ends with the connection, or some time after its client has quit or was dropped.
#[derive(Debug)]
pub(super) struct Driver<S> {
    stream: S,
    calls: mpsc::UnboundedReceiver<Command>,
    shared: Arc<Shared>,
    codec: Codec,
    read_chunk: usize,
    quit_timeout: Duration,
    server_ends_orderly: bool,
    pipeline: Pipeline,
    inbox: Inbox,
    /// What a write has left over; none if it went out.
    outbox: Option<Box<Outbox>>,
    /// Why nothing can be written any more. What the server had sent before is still read.
    broken: Option<Ending>,
    leaving: Option<Leaving>,
    alarm: Alarm,
}

/// The client has quit, or nobody holds it any more.
#[derive(Debug)]
struct Leaving {
    due: Instant,
    shut: bool,
}

/// What may still be done before other tasks get their turn.
#[derive(Debug)]
struct Turn {
    frames: usize,
    bytes: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    pub(super) fn new(
        stream: S,
        calls: mpsc::UnboundedReceiver<Command>,
        shared: Arc<Shared>,
        builder: &ClientBuilder,
    ) -> Self {
        let limits = &builder.limits;
        Self {
            stream,
            calls,
            shared,
            codec: builder.codec(),
            read_chunk: usize::try_from(limits.read_chunk).unwrap_or(usize::MAX),
            quit_timeout: limits.quit_timeout,
            server_ends_orderly: builder.server_ends_orderly,
            pipeline: Pipeline::new(1),
            inbox: Inbox::default(),
            outbox: None,
            broken: None,
            leaving: None,
            alarm: Alarm::default(),
        }
    }

    /// Does what can be done now. An error is the end of the connection.
    fn run(&mut self, cx: &mut Context<'_>) -> Result<(), ClientErrorKind> {
        let mut turn = Turn::new();
        loop {
            self.take_calls(cx);
            let wrote = self.write(cx, &mut turn);
            let read = self.read(cx, &mut turn)?;
            if turn.is_over() {
                // Unlike waking oneself, this lets the runtime look at its sockets first.
                let _ = pin!(tokio::task::yield_now()).poll(cx);
                break;
            }
            if !wrote && !read {
                break;
            }
        }
        self.check_deadlines(cx)
    }

    fn take_calls(&mut self, cx: &mut Context<'_>) {
        while self.leaving.is_none() {
            match self.calls.poll_recv(cx) {
                Poll::Pending => return,
                Poll::Ready(Some(Command::Call(call))) => self.pipeline.push(call),
                Poll::Ready(Some(Command::Quit) | None) => {
                    self.leaving = Some(Leaving {
                        due: Instant::now() + self.quit_timeout,
                        shut: false,
                    });
                }
            }
        }
    }

    /// Writes what was left over, or the next batch. True if the stream may take more.
    fn write(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> bool {
        if self.broken.is_some() {
            return false;
        }
        let mut outbox = if let Some(mut left) = self.outbox.take() {
            self.pipeline.prune(&mut left);
            left
        } else {
            let mut outbox = Outbox::take_spare();
            self.pipeline.fill(&self.codec, &mut outbox);
            if outbox.is_empty() {
                outbox.keep_spare();
                self.shut_down(cx);
                return false;
            }
            outbox
        };
        let mut written = 0;
        let flushed = outbox.poll_flush(cx, &mut self.stream, &mut written);
        self.pipeline.settle(&outbox);
        turn.bytes = turn.bytes.saturating_sub(written);
        match flushed {
            Poll::Pending => {
                self.outbox = Some(outbox);
                false
            }
            Poll::Ready(Ok(())) => {
                self.outbox = outbox.keep_spare();
                true
            }
            Poll::Ready(Err(error)) => {
                self.broken = Some(ending_of(&error));
                false
            }
        }
    }

    /// Ends the writing side, if it is time to leave.
    fn shut_down(&mut self, cx: &mut Context<'_>) {
        if let Some(leaving) = &mut self.leaving
            && !leaving.shut
            && let Poll::Ready(shut) = Pin::new(&mut self.stream).poll_shutdown(cx)
        {
            leaving.shut = true;
            self.broken = shut.err().as_ref().map(ending_of);
        }
    }

    /// Reads once and handles what is complete. True if there may be more.
    fn read(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> Result<bool, ClientErrorKind> {
        let Some(missing) = self.handle_frames(turn)? else {
            return Ok(true);
        };
        match self
            .inbox
            .poll_read(cx, &mut self.stream, missing, self.read_chunk, usize::MAX)
        {
            Poll::Pending => Ok(false),
            Poll::Ready(Ok(0)) => Err(self.ended(None)),
            Poll::Ready(Ok(len)) => {
                turn.bytes = turn.bytes.saturating_sub(len);
                self.handle_frames(turn)?;
                Ok(true)
            }
            Poll::Ready(Err(error)) => Err(self.ended(Some(&error))),
        }
    }

    /// Handles the complete frames. Gives how many bytes the next one lacks at the least; nothing if
    /// the turn is over before.
    fn handle_frames(&mut self, turn: &mut Turn) -> Result<Option<usize>, ClientErrorKind> {
        while turn.frames > 0 {
            let input = self.inbox.bytes();
            let (frame, len) = match self.codec.decode(input) {
                Ok(Decoded::NeedMore { at_least }) => return Ok(Some(at_least)),
                Ok(Decoded::Frame { frame, len }) => (frame, len),
                Err(error) => {
                    let claims = input
                        .first_chunk()
                        .map(Header::parse)
                        .unwrap_or_default()
                        .status;
                    return Err(ClientErrorKind::Frame { error, claims });
                }
            };
            self.pipeline.check(&frame)?;
            let status = frame.status;
            let of_check = frame.is_protocol_check();
            let payload_at = HEADER_LEN + frame.name.len();
            let payload_end = payload_at + frame.payload.len();
            let payload = self.take_payload(len, payload_at..payload_end);
            self.pipeline.deliver(Response { status, payload });
            turn.frames -= 1;
            if status.closes() {
                return Err(ClientErrorKind::ClosedBehind { status, of_check });
            }
        }
        Ok(None)
    }

    /// Takes the frame at the front of the input, of this length, and gives its payload: a large one
    /// as it lies, a small one copied out of the shared buffer.
    fn take_payload(&mut self, len: usize, payload: Range<usize>) -> Bytes {
        if self.inbox.is_one_large(len) {
            return self.inbox.take().slice(payload);
        }
        let copy = self.inbox.bytes().get(payload).map(Bytes::copy_from_slice);
        self.inbox.consume(len);
        copy.unwrap_or_default()
    }

    /// What the end of the stream means, or an error of reading from it.
    fn ended(&self, error: Option<&io::Error>) -> ClientErrorKind {
        #[cfg(feature = "tls")]
        if let Some(fault) = error.and_then(tls::fault_of) {
            return fault;
        }
        let read = match error {
            Some(error) => ending_of(error),
            None if self.inbox.bytes().is_empty() => Ending::Fin,
            None => Ending::Truncated,
        };
        // A write that failed tells more than the end of what could still be read.
        let ending = match self.broken {
            Some(broken) if read != Ending::Alert => broken,
            _ => read,
        };
        ClientErrorKind::Ended { ending }
    }

    /// Gives up what is late: calls, and the connection if it is time to leave.
    fn check_deadlines(&mut self, cx: &mut Context<'_>) -> Result<(), ClientErrorKind> {
        if let Some(ending) = self.broken
            && !self.pipeline.is_awaited()
        {
            return Err(ClientErrorKind::Ended { ending });
        }
        loop {
            let leave = self.leaving.as_ref().map(|leaving| leaving.due);
            let due = self.pipeline.due().into_iter().chain(leave).min();
            if self.alarm.poll(cx, due).is_pending() {
                return Ok(());
            }
            let now = Instant::now();
            if leave.is_some_and(|due| due <= now) {
                return Err(ClientErrorKind::Quit);
            }
            self.pipeline.expire(now);
        }
    }
}

impl<S> Driver<S> {
    /// Tells everybody why the connection has ended.
    fn end(&mut self, kind: ClientErrorKind) {
        // However the server ends when it was asked to: the client wanted it so.
        let kind = if self.leaving.is_some() {
            ClientErrorKind::Quit
        } else {
            kind
        };
        tracing::debug!(reason = %kind, "connection to the server ended");
        let error = ClientError::of_end(kind);
        self.shared.end(error.clone());
        self.calls.close();
        while let Ok(command) = self.calls.try_recv() {
            if let Command::Call(call) = command {
                self.pipeline.push(call);
            }
        }
        self.pipeline
            .fail(&error, self.inbox.bytes(), self.server_ends_orderly);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Driver<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let ended = this.run(cx);
        let poll = match ended {
            Ok(()) => Poll::Pending,
            Err(kind) => {
                this.end(kind);
                // The server learns that this is no accident, if the stream takes it at once.
                let _ = Pin::new(&mut this.stream).poll_shutdown(cx);
                Poll::Ready(())
            }
        };
        this.inbox.rest();
        poll
    }
}

impl<S> Drop for Driver<S> {
    /// If the runtime ends before the connection, nobody may wait for ever.
    fn drop(&mut self) {
        if !self.shared.has_ended() {
            self.end(ClientErrorKind::Runtime {
                text: "its runtime has ended".to_owned(),
            });
        }
    }
}

impl Turn {
    fn new() -> Self {
        Self {
            frames: BATCH_FRAMES,
            bytes: BATCH_BYTES,
        }
    }

    fn is_over(&self) -> bool {
        self.frames == 0 || self.bytes == 0
    }
}

#[cfg(test)]
mod tests;
