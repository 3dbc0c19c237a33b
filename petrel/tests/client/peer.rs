//! A server made of raw bytes, and streams that tell what was done with them.

use petrel::{
    Client, ClientBuilder, ClientError,
    wire::{Codec, Decoded, Frame, MacKey, Status},
};
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};

/// The raw end of a connection.
pub(crate) struct Peer<S = DuplexStream> {
    pub(crate) stream: S,
    pub(crate) codec: Codec,
    input: Vec<u8>,
}

/// A request as the peer got it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) sequence: u32,
    pub(crate) name: Vec<u8>,
    pub(crate) payload: Vec<u8>,
}

/// A client in memory whose protocol check was answered well, and its server.
pub(crate) async fn connected(builder: ClientBuilder) -> (Client, Peer) {
    connected_by(builder, 1 << 20).await
}

/// The same with a pipe of so many bytes each way.
pub(crate) async fn connected_by(builder: ClientBuilder, pipe: usize) -> (Client, Peer) {
    let (near, far) = duplex(pipe);
    let mut peer = Peer::new(far);
    (greet(builder, near, &mut peer).await, peer)
}

/// Connects over `near` while `peer` at its other end answers the protocol check.
pub(crate) async fn greet<N, F>(builder: ClientBuilder, near: N, peer: &mut Peer<F>) -> Client
where
    N: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: AsyncRead + AsyncWrite + Unpin,
{
    let (client, ()) = tokio::join!(builder.connect_stream(near), async {
        let check = peer.request().await;
        assert_eq!(check.name, b"PROTOCHECK");
        peer.answer(&check, 200, &[0]).await;
    });
    client.unwrap()
}

/// Connects to a peer that meets the protocol check with these bytes and then ends its side.
pub(crate) async fn refused(builder: ClientBuilder, bytes: &[u8]) -> (ClientError, Vec<u8>) {
    let (near, far) = duplex(1 << 20);
    let mut peer = Peer::new(far);
    let (client, rest) = tokio::join!(builder.connect_stream(near), async {
        peer.request().await;
        peer.stream.write_all(bytes).await.unwrap();
        peer.rest().await
    });
    (client.unwrap_err(), rest)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            codec: Codec::new().payload_max(u32::MAX),
            input: Vec::new(),
        }
    }

    pub(crate) fn with_key(mut self, key: &[u8]) -> Self {
        self.codec = self.codec.mac_key(MacKey::new(key).unwrap());
        self
    }

    /// The next request; it must come.
    pub(crate) async fn request(&mut self) -> Got {
        let next = self.next().await;
        next.expect("the client ended before a request was complete")
    }

    /// The next request, or nothing if the client ends.
    pub(crate) async fn next(&mut self) -> Option<Got> {
        loop {
            if let Decoded::Frame { frame, len } = self.codec.decode(&self.input).unwrap() {
                let got = Got {
                    status: frame.status.0,
                    sequence: frame.sequence,
                    name: frame.name.to_vec(),
                    payload: frame.payload.to_vec(),
                };
                self.input.drain(..len);
                return Some(got);
            }
            let n = self.stream.read_buf(&mut self.input).await.unwrap();
            if n == 0 {
                return None;
            }
        }
    }

    /// What comes until the client ends its side, behind the requests that were taken.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        self.stream.read_to_end(&mut self.input).await.unwrap();
        std::mem::take(&mut self.input)
    }

    /// Whether nothing has come that was not taken, nor will come as long as nobody else acts.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        settle().await;
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut byte = [0];
        let mut byte = ReadBuf::new(&mut byte);
        let read = Pin::new(&mut self.stream).poll_read(&mut context, &mut byte);
        self.input.is_empty() && read.is_pending()
    }

    /// Answers a request.
    pub(crate) async fn answer(&mut self, to: &Got, status: u16, payload: &[u8]) {
        let frame = answer(to, status, payload);
        self.send(&frame).await;
    }

    pub(crate) async fn send(&mut self, frame: &Frame<'_>) {
        let bytes = bytes_of(&self.codec, frame);
        self.stream.write_all(&bytes).await.unwrap();
    }
}

/// The answer to a request.
pub(crate) fn answer<'a>(to: &'a Got, status: u16, payload: &'a [u8]) -> Frame<'a> {
    Frame {
        status: Status(status),
        sequence: to.sequence,
        name: &to.name,
        payload,
    }
}

pub(crate) fn bytes_of(codec: &Codec, frame: &Frame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec.encode(frame, &mut bytes).unwrap();
    bytes
}

/// Lets all tasks run until none of them can go on. For runtimes of one thread.
pub(crate) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// A stream that notes what every single write gave.
pub(crate) struct Noted<S> {
    stream: S,
    pub(crate) writes: Arc<Mutex<Vec<usize>>>,
}

impl<S> Noted<S> {
    pub(crate) fn new(stream: S) -> Self {
        let writes = Arc::default();
        Self { stream, writes }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(len)) = written {
            self.writes.lock().unwrap().push(len);
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        if let Poll::Ready(Ok(len)) = written {
            self.writes.lock().unwrap().push(len);
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A stream that breaks: reading gives what is there and then `end`, writing fails once it was told
/// to.
pub(crate) struct Breaking {
    pub(crate) stream: DuplexStream,
    pub(crate) end: fn() -> io::Result<()>,
    pub(crate) write_fails: Arc<std::sync::atomic::AtomicBool>,
}

impl AsyncRead for Breaking {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        match read {
            Poll::Ready(Ok(())) if buf.filled().len() == before => Poll::Ready((self.end)()),
            read => read,
        }
    }
}

impl AsyncWrite for Breaking {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.write_fails.load(std::sync::atomic::Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
