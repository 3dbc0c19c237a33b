//! Bytes that are to go out.

use super::inbox::recycle;
use bytes::Bytes;
use std::{
    cell::Cell,
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::AsyncWrite;

/// A payload from this size on is sent from where it lies instead of being copied.
pub(crate) const SHARE_MIN: usize = 16 << 10;

/// How many slices one vectored write may name.
const SLICES_MAX: usize = 16;

/// The buffer of an outbox that becomes a spare is cut back to this.
const SPARE_MAX: usize = 128 << 10;

thread_local! {
    static SPARE: Cell<Option<Box<Outbox>>> = const { Cell::new(None) };
}

/// The output of one connection: small things one behind the other in one buffer, large ones where
/// they lie, all of it in order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// To be appended to; what it already holds may have been sent in part.
    pub(crate) buf: Vec<u8>,
    sent: usize,
    /// Large parts, each with the place in `buf` before which it goes out.
    shared: VecDeque<(usize, Bytes)>,
    shared_len: usize,
}

impl Outbox {
    /// An empty outbox, the thread's spare one if it is there.
    pub(crate) fn take_spare() -> Box<Self> {
        SPARE.take().unwrap_or_default()
    }

    /// Keeps the outbox for the next connection of this thread if it is empty, else gives it back.
    pub(crate) fn keep_spare(mut self: Box<Self>) -> Option<Box<Self>> {
        if !self.is_empty() {
            return Some(self);
        }
        self.buf.clear();
        self.sent = 0;
        self.buf.shrink_to(SPARE_MAX);
        SPARE.set(Some(self));
        None
    }

    /// Appends a part without copying it.
    pub(crate) fn push_shared(&mut self, part: Bytes) {
        self.shared_len += part.len();
        self.shared.push_back((self.buf.len(), part));
    }

    /// Whether anything of what was appended from place `at` of `buf` on has gone out.
    pub(crate) fn has_begun(&self, at: usize) -> bool {
        self.sent > at || self.is_empty()
    }

    /// Takes back what was appended from place `at` of `buf` on, of which nothing has gone out.
    pub(crate) fn take_back(&mut self, at: usize) {
        self.buf.truncate(at);
        // A part that is sent before place `at` itself belongs to what stays.
        while let Some((_, part)) = self.shared.pop_back_if(|(before, _)| *before > at) {
            self.shared_len -= part.len();
        }
    }

    /// Lets go of what has gone out, so that an outbox which is never empty does not keep all that
    /// ever went through it. Places in `buf` that were noted before are void.
    pub(crate) fn compact(&mut self) {
        // What is moved is less than what went out, so it costs next to nothing.
        if self.sent > self.buf.len() / 2 {
            self.buf.drain(..self.sent);
            for (before, _) in &mut self.shared {
                *before -= self.sent;
            }
            self.sent = 0;
        }
    }

    /// How many bytes have not gone out.
    pub(crate) fn len(&self) -> usize {
        self.buf.len() - self.sent + self.shared_len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes until everything has gone out; gives how many bytes went. Pending if the stream takes
    /// no more, which `written` then tells how much it took.
    pub(crate) fn poll_flush<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        written: &mut usize,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let stream = Pin::new(&mut *stream);
            let n = if self.shared.is_empty() {
                ready!(stream.poll_write(cx, self.buf.get(self.sent..).unwrap_or_default()))?
            } else {
                let mut slices = [IoSlice::new(&[]); SLICES_MAX];
                let count = self.fill(&mut slices);
                ready!(stream.poll_write_vectored(cx, slices.get(..count).unwrap_or_default()))?
            };
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *written += n;
            self.advance(n);
        }
        self.buf.clear();
        self.sent = 0;
        Pin::new(stream).poll_flush(cx)
    }

    /// Names the next parts in their order.
    fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let (mut at, mut count) = (self.sent, 0);
        let mut push = |part: &'a [u8]| match slices.get_mut(count) {
            Some(slot) if !part.is_empty() => {
                *slot = IoSlice::new(part);
                count += 1;
            }
            _ => {}
        };
        for (before, part) in self.shared.iter().take(SLICES_MAX / 2) {
            push(self.buf.get(at..*before).unwrap_or_default());
            push(part);
            at = *before;
        }
        if self.shared.len() <= SLICES_MAX / 2 {
            push(self.buf.get(at..).unwrap_or_default());
        }
        count
    }

    fn advance(&mut self, mut n: usize) {
        while n > 0 {
            let Some((before, part)) = self.shared.front_mut() else {
                self.sent += n;
                return;
            };
            let small = n.min(*before - self.sent);
            self.sent += small;
            n -= small;
            if n == 0 {
                return;
            }
            let large = n.min(part.len());
            n -= large;
            self.shared_len -= large;
            if large < part.len() {
                bytes::Buf::advance(part, large);
            } else if let Some((_, part)) = self.shared.pop_front() {
                recycle(part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::AsyncReadExt;

    async fn sent_through(window: usize, outbox: &mut Outbox) -> Vec<u8> {
        let (mut near, mut far) = tokio::io::duplex(window);
        let expected = outbox.len();
        let mut received = Vec::new();
        let mut written = 0;
        let send = poll_fn(|cx| outbox.poll_flush(cx, &mut near, &mut written));
        let receive = async {
            while received.len() < expected {
                far.read_buf(&mut received).await.unwrap();
            }
        };
        let (sent, ()) = tokio::join!(send, receive);
        sent.unwrap();
        assert_eq!(written, expected);
        received
    }

    #[tokio::test]
    async fn small_and_shared_parts_go_out_in_their_order_however_little_the_stream_takes() {
        for window in [1, 3, 7, 64, 1 << 20] {
            let mut outbox = Outbox::default();
            let mut expected = Vec::new();
            for i in 0..40_u8 {
                let small = vec![i; usize::from(i % 5)];
                outbox.buf.extend_from_slice(&small);
                expected.extend_from_slice(&small);
                if i % 3 != 0 {
                    let large = vec![100 + i; usize::from(i)];
                    outbox.push_shared(Bytes::from(large.clone()));
                    expected.extend_from_slice(&large);
                }
            }
            assert_eq!(outbox.len(), expected.len());
            assert_eq!(
                sent_through(window, &mut outbox).await,
                expected,
                "window {window}"
            );
            assert!(outbox.is_empty() && outbox.buf.is_empty());
        }
    }

    /// Takes so many bytes, then nothing more before it is asked again.
    struct Narrow {
        room: usize,
        taken: Vec<u8>,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            let len = buf.len().min(self.room);
            self.room -= len;
            self.taken.extend_from_slice(&buf[..len]);
            if len == 0 {
                Poll::Pending
            } else {
                Poll::Ready(Ok(len))
            }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// A peer that always reads, and always a little less than it asks for.
    #[test]
    fn an_outbox_that_is_never_empty_does_not_keep_what_has_gone_out() {
        let mut outbox = Box::<Outbox>::default();
        let mut narrow = Narrow {
            room: 0,
            taken: Vec::new(),
        };
        let mut expected = Vec::new();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        for round in 0..5_000_u32 {
            let part = round.to_le_bytes().repeat(50);
            expected.extend_from_slice(&part);
            if round % 7 == 0 {
                outbox.push_shared(Bytes::from(part));
            } else {
                outbox.buf.extend_from_slice(&part);
            }
            narrow.room = 199;
            assert!(outbox.poll_flush(&mut cx, &mut narrow, &mut 0).is_pending());
            outbox.compact();
            outbox = outbox.keep_spare().expect("it is not empty");
            assert!(
                outbox.buf.capacity() < 64 << 10,
                "{} in round {round}",
                outbox.buf.capacity()
            );
        }
        narrow.room = usize::MAX;
        assert!(outbox.poll_flush(&mut cx, &mut narrow, &mut 0).is_ready());
        assert_eq!(narrow.taken, expected);
    }
}
