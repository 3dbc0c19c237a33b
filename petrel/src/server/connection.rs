//! One connection: bytes in, requests to their answers, bytes out, and every way it can end.

use super::{
    Service,
    deadlines::{Deadlines, Waiting},
    exchange::{Exchange, Next, Running},
    log,
};
use crate::{
    CloseReason, ConnectionEnd, Ending,
    net::{Alarm, Inbox, Membership, Order, Outbox, Tally, ending_of},
    wire::{Decoded, Frame, HEADER_LEN, Status},
};
use std::{
    fmt,
    future::Future,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

/// How much is read ahead while a handler is at work: enough to see the peer go, and what it asks
/// for next.
const READ_AHEAD_MAX: usize = 16 << 10;

/// A connection, from its first byte to its end. It is a future that a task runs.
///
/// Per wakeup: read into the thread's buffer, handle every complete frame, write once. Between
/// wakeups it owns no buffer unless a frame is half there or an answer half gone.
pub(crate) struct Connection<S> {
    stream: S,
    /// Says whether closing the stream is to be a reset.
    reset_on_close: fn(&S, bool),
    service: Arc<Service>,
    membership: Membership,
    inbox: Inbox,
    out: Option<Box<Outbox>>,
    running: Option<Box<Running>>,
    alarm: Alarm,
    phase: Phase,
    deadlines: Deadlines,
    /// Whether a protocol check was passed.
    checked: bool,
    /// Whether the peer has ended its side.
    ended: bool,
    /// If the server is leaving, how many bytes may still be read of what had arrived by then.
    last_words: Option<usize>,
}

#[derive(Clone, Copy)]
enum Phase {
    Open,
    /// The last answers go out, then our side ends.
    Flushing(ConnectionEnd),
    /// Our side has ended; what still comes is thrown away.
    Lingering {
        end: ConnectionEnd,
        until: Instant,
        left: usize,
    },
}

/// What a step of an open connection leads to.
enum Step {
    /// Nothing to do until something happens.
    Wait,
    /// Others first.
    Yield,
    /// Answers go out, then the end.
    Close(ConnectionEnd),
    /// The end.
    End(ConnectionEnd),
}

/// How much may be done before others get their turn.
struct Turn {
    frames: u64,
    bytes: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Begins a connection. As long as it has not come to an orderly end, closing the stream is to be
    /// a reset where that is possible: an end that looks orderly says that nothing unanswered was
    /// executed.
    pub(crate) fn new(
        stream: S,
        reset_on_close: fn(&S, bool),
        service: Arc<Service>,
        membership: Membership,
        accepted: Instant,
    ) -> Self {
        log::opened(&membership.member);
        reset_on_close(&stream, true);
        Self {
            stream,
            reset_on_close,
            service,
            membership,
            inbox: Inbox::default(),
            out: None,
            running: None,
            alarm: Alarm::default(),
            phase: Phase::Open,
            deadlines: Deadlines::new(accepted),
            checked: false,
            ended: false,
            last_words: None,
        }
    }

    fn take_turn(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outbox,
        tally: &mut Tally,
    ) -> Poll<ConnectionEnd> {
        match self.membership.member.watch(cx.waker()) {
            Order::Serve => {}
            Order::Drain => {
                let limits = &self.service.limits;
                let most = size(limits.payload_max.saturating_add(limits.unsent_max));
                self.last_words.get_or_insert(most);
            }
            Order::Close(reason) => {
                if self.running.is_some() && out.is_empty() {
                    // The beginning of an answer that does not come: where the stream cannot be
                    // reset, the end must not look orderly either.
                    let _ = Pin::new(&mut self.stream).poll_write(cx, &[0]);
                }
                return Poll::Ready(ConnectionEnd::Closed(reason));
            }
        }
        loop {
            match self.phase {
                Phase::Open => match self.serve(cx, out, tally) {
                    Step::Wait => {
                        let moved = tally.bytes_in + tally.bytes_out > 0;
                        if moved && self.membership.has_completed() {
                            self.deadlines.moved(&self.service.limits);
                        }
                        match ready!(self.poll_late(cx)) {
                            // It did nothing wrong, so it gets an orderly end.
                            reason @ CloseReason::IdleTimeout => {
                                self.phase = Phase::Flushing(ConnectionEnd::Closed(reason));
                            }
                            reason => return Poll::Ready(ConnectionEnd::Closed(reason)),
                        }
                    }
                    Step::Yield => {
                        // Unlike waking oneself, this lets the runtime look at its sockets first.
                        let _ = pin!(tokio::task::yield_now()).poll(cx);
                        return Poll::Pending;
                    }
                    Step::Close(end) => self.phase = Phase::Flushing(end),
                    Step::End(end) => return Poll::Ready(end),
                },
                Phase::Flushing(end) => match self.poll_finish(cx, out, tally) {
                    Poll::Pending => return self.poll_late(cx).map(ConnectionEnd::Closed),
                    // The peer is gone, but it was we who ended the connection.
                    Poll::Ready(Err(_)) => return Poll::Ready(end),
                    Poll::Ready(Ok(())) => {
                        (self.reset_on_close)(&self.stream, false);
                        if self.ended {
                            return Poll::Ready(end);
                        }
                        let limits = &self.service.limits;
                        let until = Instant::now() + limits.linger_timeout;
                        let left = size(limits.linger_max);
                        self.inbox.rest();
                        let _ = self.membership.hold(0);
                        self.phase = Phase::Lingering { end, until, left };
                    }
                },
                Phase::Lingering { end, until, left } => {
                    return self.poll_linger(cx, end, until, left);
                }
            }
        }
    }

    /// Reads, answers and writes until there is nothing to do or it is the turn of others.
    fn serve(&mut self, cx: &mut Context<'_>, out: &mut Outbox, tally: &mut Tally) -> Step {
        let limits = &self.service.limits;
        let (unsent_max, chunk) = (size(limits.unsent_max), size(limits.read_chunk));
        let mut turn = Turn {
            frames: limits.frames_per_turn,
            bytes: size(limits.bytes_per_turn),
        };
        loop {
            let missing = match self.handle_frames(cx, out, tally, &mut turn, unsent_max) {
                Ok(missing) => missing,
                Err(reason) => return Step::Close(ConnectionEnd::Closed(reason)),
            };
            if let Err(error) = self.flush(cx, out, tally) {
                self.lost(Status::WRITE_ERROR, &error);
                return Step::End(ConnectionEnd::Peer(ending_of(&error)));
            }
            let full = out.len() >= unsent_max;
            if missing.is_none() && self.running.is_none() {
                // There may be more complete frames: they wait for the peer to read, or for a turn.
                return if full { Step::Wait } else { Step::Yield };
            }
            if self.ended && self.running.is_none() {
                if self.inbox.bytes().is_empty() {
                    return Step::Close(ConnectionEnd::Peer(Ending::Fin));
                }
                self.lost(Status::READ_ERROR, &"the end came inside a frame");
                return Step::Close(ConnectionEnd::Peer(Ending::Truncated));
            }
            let deaf = self.last_words == Some(0);
            if deaf && self.running.is_none() {
                return Step::Close(ConnectionEnd::Closed(CloseReason::Drained));
            }
            let waiting = self.inbox.bytes().len();
            let room = match self.last_words {
                Some(left) => left,
                None if self.running.is_some() => READ_AHEAD_MAX.saturating_sub(waiting),
                None => usize::MAX,
            };
            if self.ended || full || room == 0 {
                return Step::Wait;
            }
            if turn.bytes == 0 {
                return Step::Yield;
            }
            // Behind a handler at work nobody has looked yet at what the next frame lacks.
            let missing = missing.unwrap_or(if waiting < READ_AHEAD_MAX { 1 } else { chunk });
            match self
                .inbox
                .poll_read(cx, &mut self.stream, missing, chunk, room)
            {
                Poll::Ready(Ok(0)) => self.ended = true,
                Poll::Ready(Ok(n)) => {
                    tally.bytes_in += n;
                    turn.bytes = turn.bytes.saturating_sub(n);
                    self.last_words = self.last_words.map(|left| left.saturating_sub(n));
                }
                Poll::Ready(Err(error)) => {
                    self.lost(Status::READ_ERROR, &error);
                    return Step::End(ConnectionEnd::Peer(ending_of(&error)));
                }
                Poll::Pending if self.last_words.is_none() => return Step::Wait,
                // The runtime wants others to have their turn; that does not mean that nothing is
                // there.
                Poll::Pending if !tokio::task::coop::has_budget_remaining() => return Step::Yield,
                Poll::Pending => self.last_words = Some(0),
            }
        }
    }

    fn lost(&self, status: Status, error: &dyn fmt::Display) {
        log::lost(&self.membership.member, status, error);
    }

    /// Answers the complete frames of the input. Gives how many bytes the next one lacks, if none is
    /// complete; an error is why the connection is to be closed.
    fn handle_frames(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outbox,
        tally: &mut Tally,
        turn: &mut Turn,
        unsent_max: usize,
    ) -> Result<Option<usize>, CloseReason> {
        let Self {
            service,
            membership,
            inbox,
            running,
            checked,
            deadlines,
            ..
        } = self;
        let mut exchange = Exchange {
            service,
            membership,
            out,
            tally,
            checked,
        };
        loop {
            if let Some(work) = running {
                if exchange.poll_running(cx, work).is_pending() {
                    return Ok(None);
                }
                *running = None;
                deadlines.no_frame();
            }
            if exchange.out.len() >= unsent_max || turn.frames == 0 {
                return Ok(None);
            }
            let input = inbox.bytes();
            let (frame, len) = match service.codec.decode(input) {
                Ok(Decoded::Frame { frame, len }) => (frame, len),
                Ok(Decoded::NeedMore { at_least }) => {
                    if input.is_empty() {
                        deadlines.no_frame();
                    } else {
                        deadlines.frame_begun();
                    }
                    exchange.hold(inbox.reserved(), input)?;
                    return Ok(Some(at_least));
                }
                Err(error) => return Err(exchange.refuse(error, input)),
            };
            turn.frames -= 1;
            deadlines.no_frame();
            let next = if inbox.is_one_large(len) {
                exchange.hold(inbox.reserved(), input)?;
                // The frame has its buffer for itself: hand that on instead of copying.
                let name_end = HEADER_LEN + frame.name.len();
                let payload_end = name_end + frame.payload.len();
                let Frame {
                    status, sequence, ..
                } = frame;
                let whole = inbox.take();
                let name = whole.get(HEADER_LEN..name_end).unwrap_or_default();
                let payload = whole.get(name_end..payload_end).unwrap_or_default();
                exchange.handle(
                    &Frame {
                        status,
                        sequence,
                        name,
                        payload,
                    },
                    Some(&whole),
                )
            } else {
                let next = exchange.handle(&frame, None);
                inbox.consume(len);
                next
            };
            match next {
                Next::Answered => {}
                Next::Running(work) => {
                    // It takes over what the frame held of the budget.
                    let _ = exchange.membership.hold(work.held);
                    deadlines.handler_begun(&service.limits);
                    *running = Some(work);
                }
                Next::Close(reason) => return Err(reason),
            }
        }
    }

    /// Writes what is ready. Pending is no error: the task is woken when there is room.
    fn flush(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outbox,
        tally: &mut Tally,
    ) -> io::Result<()> {
        let before = tally.bytes_out;
        match out.poll_flush(cx, &mut self.stream, &mut tally.bytes_out) {
            Poll::Ready(flushed) => {
                self.deadlines.unblocked();
                flushed
            }
            Poll::Pending => {
                self.deadlines.blocked(tally.bytes_out > before);
                Ok(())
            }
        }
    }

    /// Lets the last answers go out, then ends our side.
    fn poll_finish(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outbox,
        tally: &mut Tally,
    ) -> Poll<io::Result<()>> {
        self.flush(cx, out, tally)?;
        if !out.is_empty() {
            return Poll::Pending;
        }
        let finished = Pin::new(&mut self.stream).poll_shutdown(cx);
        if finished.is_pending() {
            self.deadlines.blocked(false);
        }
        finished
    }

    /// Throws away what still comes, so that no reset destroys the last answer.
    fn poll_linger(
        &mut self,
        cx: &mut Context<'_>,
        end: ConnectionEnd,
        until: Instant,
        mut left: usize,
    ) -> Poll<ConnectionEnd> {
        self.inbox.consume(usize::MAX);
        while left > 0 {
            match self.inbox.poll_read(cx, &mut self.stream, 1, 0, left) {
                Poll::Ready(Ok(n)) if n > 0 => {
                    self.inbox.consume(n);
                    left = left.saturating_sub(n);
                    self.phase = Phase::Lingering { end, until, left };
                }
                Poll::Ready(_) => return Poll::Ready(end),
                Poll::Pending => return self.alarm.poll(cx, Some(until)).map(|()| end),
            }
        }
        Poll::Ready(end)
    }

    /// Ready with the reason if something took too long; otherwise the task is woken when it has.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let waiting = if matches!(self.phase, Phase::Flushing(_)) {
            Waiting::Nothing
        } else if self.running.is_some() {
            Waiting::Handler
        } else if self.membership.has_completed() {
            let came = self.inbox.bytes().len();
            Waiting::Frame { came }
        } else {
            Waiting::FirstFrame
        };
        let due = self.deadlines.due(&self.service.limits, waiting);
        match (self.alarm.poll(cx, due.map(|(at, _)| at)), due) {
            (Poll::Ready(()), Some((_, reason))) => Poll::Ready(reason),
            _ => Poll::Pending,
        }
    }
}

/// A number of bytes in memory.
fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Connection<S> {
    type Output = ConnectionEnd;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
        let this = self.get_mut();
        let mut out = this.out.take().unwrap_or_else(Outbox::take_spare);
        let mut tally = Tally::default();
        let turn = this.take_turn(cx, &mut out, &mut tally);
        this.inbox.rest();
        this.membership.count(&tally);
        if let Poll::Ready(end) = turn {
            this.membership.end(end);
            log::ended(&this.membership.member, end);
        } else {
            out.compact();
            this.out = out.keep_spare();
        }
        turn
    }
}

#[cfg(test)]
mod tests;
