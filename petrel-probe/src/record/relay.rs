//! Forwarding between two streams: every chunk at once, no byte changed, ends passed on as they came.
//!
//! A connection is one future. What is read goes out before anything else is done with it; only what
//! the other side does not take at once is kept, and nothing more is read until it is gone. So the
//! slower side sets the pace, and a connection at rest owns no buffer.

use super::{stream::Stream, tap::ConnectionTap};
use crate::exchange::Side;
use petrel::wire::Escaped;
use std::{
    cell::RefCell,
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// Most bytes that are read at once.
pub(super) const CHUNK_MAX: usize = 64 << 10;

/// How often a side that has ended, and is not read any more, is asked whether it has reset meanwhile.
const LOOK_PAUSE: Duration = Duration::from_millis(200);

thread_local! {
    /// What is read lies here until it is passed on, within one turn.
    static CHUNK: RefCell<Vec<u8>> = RefCell::new(vec![0; CHUNK_MAX]);
}

/// Two streams that are connected to each other.
#[derive(Debug)]
pub(super) struct Relay {
    client: Stream,
    server: Stream,
    forth: Way,
    back: Way,
    next_look: Option<Pin<Box<Sleep>>>,
    tap: ConnectionTap,
}

/// One of the two ways.
#[derive(Debug)]
struct Way {
    /// Who sends.
    side: Side,
    phase: Phase,
    /// What was read and not taken yet.
    unsent: Vec<u8>,
    /// How much of that was taken.
    sent: usize,
    needs_flush: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Flowing,
    /// The sender has ended, and the receiver is to be told.
    Ending {
        /// The sender's TLS did not say that it was complete.
        is_broken_off: bool,
    },
    Ended,
}

/// Why a relay ended before both sides did.
#[derive(Debug)]
struct Broken {
    /// Whose stream failed.
    side: Side,
    error: io::Error,
}

impl Relay {
    pub(super) const fn new(client: Stream, server: Stream, tap: ConnectionTap) -> Self {
        Self {
            client,
            server,
            forth: Way::new(Side::Client),
            back: Way::new(Side::Server),
            next_look: None,
            tap,
        }
    }

    /// Forwards until both sides have ended or one has failed; the other is then reset.
    pub(super) async fn run(mut self) {
        match std::future::poll_fn(|cx| self.poll(cx)).await {
            Ok(()) => {
                self.client.end_in_order();
                self.server.end_in_order();
                self.tap.close(now_ns());
            }
            Err(broken) => {
                let remark = broken.remark();
                self.tap.reset(broken.side, remark, now_ns());
            }
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let Self {
            client,
            server,
            forth,
            back,
            tap,
            ..
        } = self;
        let (forth, back) = CHUNK.with_borrow_mut(|chunk| {
            let forth = forth.poll(cx, client, server, chunk, tap);
            let back = back.poll(cx, server, client, chunk, tap);
            (forth, back)
        });
        match (forth, back) {
            (Poll::Ready(Err(broken)), _) | (_, Poll::Ready(Err(broken))) => {
                Poll::Ready(Err(broken))
            }
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(Ok(())),
            (Poll::Pending, Poll::Pending) => Poll::Pending,
            (Poll::Ready(Ok(())), Poll::Pending) => self.poll_look(cx, Side::Client),
            (Poll::Pending, Poll::Ready(Ok(()))) => self.poll_look(cx, Side::Server),
        }
    }

    /// Looks from time to time whether a side that has ended has reset since: nobody reads from it.
    fn poll_look(&mut self, cx: &mut Context<'_>, side: Side) -> Poll<Result<(), Broken>> {
        loop {
            let pause = self
                .next_look
                .get_or_insert_with(|| Box::pin(sleep(LOOK_PAUSE)));
            ready!(pause.as_mut().poll(cx));
            self.next_look = None;
            let stream = match side {
                Side::Client => &self.client,
                Side::Server => &self.server,
            };
            if let Some(error) = stream.error() {
                return Poll::Ready(Err(Broken { side, error }));
            }
        }
    }
}

impl Way {
    const fn new(side: Side) -> Self {
        Self {
            side,
            phase: Phase::Flowing,
            unsent: Vec::new(),
            sent: 0,
            needs_flush: false,
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Stream,
        to: &mut Stream,
        chunk: &mut [u8],
        tap: &mut ConnectionTap,
    ) -> Poll<Result<(), Broken>> {
        let (side, other) = (self.side, self.side.other());
        let of = |side| move |error| Broken { side, error };
        loop {
            ready!(self.poll_send(cx, to, tap)).map_err(of(other))?;
            match self.phase {
                Phase::Flowing => {
                    let mut read = ReadBuf::new(chunk);
                    match ready!(Pin::new(&mut *from).poll_read(cx, &mut read)) {
                        Ok(()) if read.filled().is_empty() => self.end(false),
                        Ok(()) => self
                            .forward(cx, to, read.filled(), tap)
                            .map_err(of(other))?,
                        Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.end(true),
                        Err(error) => return Poll::Ready(Err(of(side)(error))),
                    }
                }
                Phase::Ending { is_broken_off } => {
                    let ended = if is_broken_off {
                        to.poll_break_off(cx)
                    } else {
                        Pin::new(&mut *to).poll_shutdown(cx)
                    };
                    ready!(ended).map_err(of(other))?;
                    let remark = is_broken_off.then_some("TLS ended without saying so");
                    tap.fin(side, remark, now_ns());
                    self.phase = Phase::Ended;
                }
                Phase::Ended => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Passes on what was just read, and keeps what is not taken at once. What was taken is told with
    /// the time at which it was read.
    fn forward(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut Stream,
        bytes: &[u8],
        tap: &mut ConnectionTap,
    ) -> io::Result<()> {
        let time_ns = now_ns();
        let taken = match Pin::new(to).poll_write(cx, bytes) {
            Poll::Ready(taken) => taken?,
            Poll::Pending => 0,
        };
        let (taken, rest) = bytes.split_at_checked(taken).unwrap_or((bytes, &[]));
        self.unsent.extend_from_slice(rest);
        self.told(taken, time_ns, tap);
        Ok(())
    }

    /// Gets rid of what was kept; its bytes are told with the time at which they were taken.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut Stream,
        tap: &mut ConnectionTap,
    ) -> Poll<io::Result<()>> {
        while let Some(rest) = self.unsent.get(self.sent..).filter(|rest| !rest.is_empty()) {
            let taken = ready!(Pin::new(&mut *to).poll_write(cx, rest))?;
            if taken == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            self.needs_flush = true;
            let bytes = self.unsent.get(self.sent..self.sent + taken);
            tap.data(self.side, bytes.unwrap_or_default().into(), now_ns());
            self.sent += taken;
        }
        (self.unsent, self.sent) = (Vec::new(), 0);
        if self.needs_flush {
            ready!(Pin::new(to).poll_flush(cx))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    fn told(&mut self, taken: &[u8], time_ns: u64, tap: &mut ConnectionTap) {
        if !taken.is_empty() {
            self.needs_flush = true;
            tap.data(self.side, taken.into(), time_ns);
        }
    }

    const fn end(&mut self, is_broken_off: bool) {
        self.phase = Phase::Ending { is_broken_off };
    }
}

impl Broken {
    /// What is to be said of it beside that the connection was reset; of a mere reset nothing.
    fn remark(&self) -> Option<String> {
        let is_reset = matches!(
            self.error.kind(),
            ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::NotConnected
        );
        let text = self.error.to_string();
        (!is_reset).then(|| Escaped(text.as_bytes()).to_string())
    }
}

/// Nanoseconds since 1970.
pub(super) fn now_ns() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))
}
