//! Bytes in both directions at once: what is to be written never keeps what comes from being read.

use petrel::{ClientErrorKind, ClientStream, Ending};
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// How many bytes are read at once.
const CHUNK: usize = 32 << 10;

/// A stream with what waits to be written, and what came and was not taken yet.
#[derive(Debug)]
pub(super) struct Duplex {
    stream: ClientStream,
    outbox: Vec<u8>,
    /// How much of the outbox is written.
    taken: usize,
    flushed: bool,
    written: u64,
    inbox: Vec<u8>,
    chunk: Box<[u8]>,
    /// Why nothing can be written any more. What the server had sent before is still read.
    broken: Option<ClientErrorKind>,
}

/// What a turn brought.
#[derive(Debug)]
pub(super) enum Turn {
    /// Bytes went out.
    Wrote,
    /// Bytes came in.
    Read,
    /// Nothing will come any more.
    End(ClientErrorKind),
}

impl Duplex {
    pub(super) fn new(stream: ClientStream) -> Self {
        Self {
            stream,
            outbox: Vec::new(),
            taken: 0,
            flushed: true,
            written: 0,
            inbox: Vec::new(),
            chunk: vec![0; CHUNK].into(),
            broken: None,
        }
    }

    /// Lets bytes wait to be written, and tells how many will have been written with the last of them.
    pub(super) fn push(&mut self, bytes: &[u8]) -> u64 {
        self.outbox.drain(..self.taken);
        self.taken = 0;
        self.outbox.extend_from_slice(bytes);
        self.written + self.outbox.len() as u64
    }

    /// How many bytes were written since the beginning.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// What came and was not taken.
    pub(super) fn inbox(&self) -> &[u8] {
        &self.inbox
    }

    /// Takes so many bytes of what came.
    pub(super) fn take(&mut self, len: usize) -> Vec<u8> {
        let rest = self.inbox.split_off(len.min(self.inbox.len()));
        std::mem::replace(&mut self.inbox, rest)
    }

    /// Waits until bytes went out or came in. It may be given up at any time, and loses nothing then.
    pub(super) async fn turn(&mut self) -> Turn {
        poll_fn(|cx| self.poll_turn(cx)).await
    }

    /// Ends the writing side.
    pub(super) async fn shut_down(&mut self) {
        // If it fails, the connection is over already, which reading tells.
        let _ = self.stream.shutdown().await;
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        // Read first: what the server said or did before a request went out is known before it is sent.
        if let Poll::Ready(turn) = self.poll_read(cx) {
            return Poll::Ready(turn);
        }
        if self.broken.is_none() && (self.taken < self.outbox.len() || !self.flushed) {
            match ready!(self.poll_write(cx)) {
                Ok(()) => return Poll::Ready(Turn::Wrote),
                Err(error) => {
                    self.broken = Some(ClientStream::meaning_of(&error).kind().clone());
                    self.outbox.clear();
                    self.taken = 0;
                    // The reader was asked above, and is registered to be woken.
                }
            }
        }
        Poll::Pending
    }

    /// Writes some, and sees to it that all of it is on its way before it waits for anything else.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let rest = self.outbox.get(self.taken..).unwrap_or_default();
        let mut stream = Pin::new(&mut self.stream);
        if !rest.is_empty() {
            self.flushed = false;
            let len = ready!(stream.as_mut().poll_write(cx, rest))?;
            if len == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            self.taken += len;
            self.written += len as u64;
            return Poll::Ready(Ok(()));
        }
        ready!(stream.poll_flush(cx))?;
        self.flushed = true;
        self.outbox.clear();
        self.taken = 0;
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        let mut buf = ReadBuf::new(&mut self.chunk);
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf));
        let came = buf.filled();
        if read.is_ok() && !came.is_empty() {
            self.inbox.extend_from_slice(came);
            return Poll::Ready(Turn::Read);
        }
        let kind = match read {
            Err(error) => ClientStream::meaning_of(&error).kind().clone(),
            Ok(()) if self.inbox.is_empty() => ClientErrorKind::Ended {
                ending: Ending::Fin,
            },
            Ok(()) => ClientErrorKind::Ended {
                ending: Ending::Truncated,
            },
        };
        // What TLS says is exact; else a write that failed tells more than the end of what was read.
        let kind = match (&self.broken, kind) {
            (_, tls @ ClientErrorKind::Tls { .. }) => tls,
            (Some(broken), _) => broken.clone(),
            (None, kind) => kind,
        };
        Poll::Ready(Turn::End(kind))
    }
}
