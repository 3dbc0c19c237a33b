//! Bytes that have come in and are not handled yet.

use bytes::{BufMut, Bytes};
use std::{
    cell::Cell,
    io,
    pin::pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Size of the read buffer that the connections of a thread share.
pub(crate) const SCRATCH_LEN: usize = 64 << 10;

/// Messages up to this size are put together in the shared buffer, larger ones in a buffer of their
/// own, which grows as their bytes come in.
const SMALL_MAX: usize = 16 << 10;

/// A buffer larger than this is given back to the allocator instead of being kept for the next
/// large message of the thread.
const SPARE_MAX: usize = (4 << 20) + (64 << 10);

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The input of one connection.
///
/// While its task runs, the bytes lie in a buffer that all connections of the thread share; between
/// runs a connection keeps only what it has not handled, and nothing at all if that is nothing.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    buf: Vec<u8>,
    start: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// The remainder of an earlier run, or nothing.
    #[default]
    Kept,
    /// The thread's shared buffer.
    Scratch,
    /// A buffer for one large message, which begins at its front.
    Large,
}

impl Inbox {
    /// What has come in and is not handled.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buf.get(self.start..).unwrap_or_default()
    }

    /// Marks so many bytes as handled.
    pub(crate) fn consume(&mut self, len: usize) {
        self.start = self.start.saturating_add(len).min(self.buf.len());
    }

    /// Whether the input is one large message of this length and nothing else.
    pub(crate) fn is_one_large(&self, len: usize) -> bool {
        self.kind == Kind::Large && self.start == 0 && self.buf.len() == len
    }

    /// Takes everything that has come in, with its buffer and without copying.
    pub(crate) fn take(&mut self) -> Bytes {
        let Self { buf, start, .. } = std::mem::take(self);
        Bytes::from(buf).slice(start..)
    }

    /// What a large message that is coming in holds of memory.
    pub(crate) fn reserved(&self) -> usize {
        if self.kind == Kind::Large {
            self.buf.capacity()
        } else {
            0
        }
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    /// Reads once. `missing` is how many bytes the message at the front still lacks, as far as is
    /// known; nothing is reserved for it before it comes, but a buffer of its own starts with
    /// `chunk` bytes and doubles. At most `room` bytes are read, at least one.
    pub(crate) fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        missing: usize,
        chunk: usize,
        room: usize,
    ) -> Poll<io::Result<usize>> {
        let room = room.max(1);
        let total = self.bytes().len().saturating_add(missing);
        if total <= SMALL_MAX {
            self.use_scratch();
            let space = SCRATCH_LEN - self.buf.len();
            return read_once(cx, stream, &mut self.buf, space.min(room));
        }
        self.use_large(total, chunk);
        // Up to the end of the message and no further, so that it has its buffer for itself.
        let space = (self.buf.capacity() - self.buf.len()).min(total - self.buf.len());
        read_once(cx, stream, &mut self.buf, space.min(room))
    }

    /// Gives back what the thread shares, keeps what is not handled. To be called whenever the task
    /// stops running.
    pub(crate) fn rest(&mut self) {
        match self.kind {
            Kind::Kept | Kind::Large if self.bytes().is_empty() => *self = Self::default(),
            Kind::Kept | Kind::Large => {}
            Kind::Scratch => {
                let kept = self.bytes().to_vec();
                let mut scratch = std::mem::replace(&mut self.buf, kept);
                scratch.clear();
                SCRATCH.set(scratch);
                self.start = 0;
                self.kind = Kind::Kept;
            }
        }
    }

    /// Moves to the shared buffer, what is not handled to its front.
    fn use_scratch(&mut self) {
        if self.kind == Kind::Scratch {
            self.buf.drain(..self.start);
        } else {
            let mut scratch = SCRATCH.take();
            scratch.reserve_exact(SCRATCH_LEN);
            scratch.extend_from_slice(self.bytes());
            self.buf = scratch;
            self.kind = Kind::Scratch;
        }
        self.start = 0;
    }

    /// Moves to a buffer for one large message of `total` bytes, with room for some more of it.
    fn use_large(&mut self, total: usize, chunk: usize) {
        if self.kind != Kind::Large || self.start > 0 {
            let mut large = SPARE.take();
            if large.capacity() / 2 > total {
                // Whoever keeps a small message must not keep the memory of a large one with it.
                SPARE.set(std::mem::take(&mut large));
            }
            large.reserve_exact(total.min(chunk.max(self.bytes().len())));
            large.extend_from_slice(self.bytes());
            if self.kind == Kind::Scratch {
                let mut scratch = std::mem::take(&mut self.buf);
                scratch.clear();
                SCRATCH.set(scratch);
            }
            self.buf = large;
            self.start = 0;
            self.kind = Kind::Large;
        }
        let len = self.buf.len();
        if len == self.buf.capacity() {
            self.buf.reserve_exact(len.max(chunk).min(total - len));
        }
    }
}

/// Offers the memory of a large message to the next one of this thread.
pub(crate) fn recycle(bytes: Bytes) {
    if let Ok(mut bytes) = bytes.try_into_mut() {
        bytes.clear();
        let spare = Vec::from(bytes);
        if spare.capacity() > SMALL_MAX && spare.capacity() <= SPARE_MAX {
            SPARE.set(spare);
        }
    }
}

fn read_once<S: AsyncRead + Unpin>(
    cx: &mut Context<'_>,
    stream: &mut S,
    buf: &mut Vec<u8>,
    space: usize,
) -> Poll<io::Result<usize>> {
    let mut target = buf.limit(space);
    pin!(stream.read_buf(&mut target)).poll(cx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    /// Reads everything that `data` holds, as a task would that is told how long the message is.
    async fn read_all(inbox: &mut Inbox, mut data: &[u8], total: usize, chunk: usize) {
        while inbox.bytes().len() < total {
            let missing = total - inbox.bytes().len();
            let n = poll_fn(|cx| inbox.poll_read(cx, &mut data, missing, chunk, usize::MAX))
                .await
                .unwrap();
            assert!(n > 0, "the data ended early");
            inbox.rest();
        }
    }

    #[tokio::test]
    async fn an_idle_inbox_owns_no_memory() {
        let mut inbox = Inbox::default();
        read_all(&mut inbox, b"hello", 5, 16).await;
        assert!(
            inbox.capacity() < 64,
            "a remainder is kept in a buffer of its size"
        );
        inbox.consume(5);
        inbox.rest();
        assert_eq!(inbox.capacity(), 0);
    }

    #[tokio::test]
    async fn a_large_message_grows_with_its_bytes_and_is_taken_without_a_copy() {
        let data: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let mut inbox = Inbox::default();
        let mut first = &data[..10];
        poll_fn(|cx| inbox.poll_read(cx, &mut first, 100_000, 16 << 10, usize::MAX))
            .await
            .unwrap()
            .to_string();
        assert!(
            inbox.reserved() <= 16 << 10,
            "a claim of 100 000 bytes reserved {}",
            inbox.reserved()
        );
        read_all(&mut inbox, &data[10..], data.len(), 16 << 10).await;
        assert!(inbox.is_one_large(data.len()) && !inbox.is_one_large(data.len() - 1));
        let at = inbox.bytes().as_ptr();
        let taken = inbox.take();
        assert_eq!((taken.as_ptr(), &taken[..]), (at, &data[..]));

        // Its memory serves the next one.
        recycle(taken.slice(11..));
        drop(taken);
        let again = Bytes::from(data.clone());
        let at = again.as_ptr();
        recycle(again);
        let mut next = &data[..];
        poll_fn(|cx| inbox.poll_read(cx, &mut next, data.len(), 16 << 10, usize::MAX))
            .await
            .unwrap();
        assert_eq!(inbox.bytes().as_ptr(), at);

        // But not one that is much smaller: who keeps that would keep all of it.
        recycle(inbox.take());
        let mut small = &data[..20_000];
        poll_fn(|cx| inbox.poll_read(cx, &mut small, 20_000, 16 << 10, usize::MAX))
            .await
            .unwrap();
        assert!(inbox.reserved() <= 20_000);
    }

    #[tokio::test]
    async fn a_message_behind_a_remainder_is_found_whole() {
        let mut inbox = Inbox::default();
        read_all(&mut inbox, b"abcdef", 6, 16).await;
        inbox.consume(4);
        inbox.rest();
        assert_eq!(inbox.bytes(), b"ef");
        read_all(&mut inbox, b"ghij", 6, 16).await;
        assert_eq!(inbox.bytes(), b"efghij");
    }
}
