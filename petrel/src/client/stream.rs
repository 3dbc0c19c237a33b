//! A connection on which the program itself speaks.

#[cfg(feature = "tls")]
use super::tls;
use super::{ClientError, ClientErrorKind};
use crate::net::{Stream, ending_of};
use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection to a server before anything is said on it, made by
/// [`ClientBuilder::open`](super::ClientBuilder::open). Under TLS what is read and written is the
/// plaintext.
#[derive(Debug)]
pub struct ClientStream {
    stream: Stream,
    took: Took,
}

/// How long it took to open a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Took {
    pub(super) connect: Duration,
    pub(super) tls: Option<Duration>,
}

impl ClientStream {
    pub(super) const fn new(stream: Stream, took: Took) -> Self {
        Self { stream, took }
    }

    /// How long it took until the server had accepted the connection, the look-up of its name included.
    pub const fn connect_time(&self) -> Duration {
        self.took.connect
    }

    /// How long the TLS handshake took after that; none without TLS.
    pub const fn tls_time(&self) -> Option<Duration> {
        self.took.tls
    }

    /// The address of this end; none over a Unix socket.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.stream.local_addr()
    }

    /// The address of the server; none over a Unix socket.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.stream.peer_addr()
    }

    /// What an error of reading from this stream or writing to it means: that the connection
    /// [ended](ClientErrorKind::Ended), or what is wrong with [TLS](ClientErrorKind::Tls), which under
    /// TLS 1.3 may show only here.
    pub fn meaning_of(error: &io::Error) -> ClientError {
        #[cfg(feature = "tls")]
        if let Some(fault) = tls::fault_of(error) {
            return ClientError::of_end(fault);
        }
        let ending = ending_of(error);
        ClientError::of_end(ClientErrorKind::Ended { ending })
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
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
