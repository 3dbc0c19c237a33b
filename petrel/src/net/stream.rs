//! The streams that connections run over.

use socket2::{SockRef, TcpKeepalive};
use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A stream without TLS.
#[derive(Debug)]
pub(crate) enum Plain {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Any stream.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(Plain),
    #[cfg(feature = "tls")]
    Tls(Box<tokio_rustls::TlsStream<Plain>>),
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PeerAddr {
    /// From this address, over TCP.
    Tcp(SocketAddr),
    /// Over a Unix socket.
    Unix,
    /// Over a stream that the application brought.
    Stream,
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(addr) => write!(f, "{addr}"),
            Self::Unix => f.write_str("unix"),
            Self::Stream => f.write_str("stream"),
        }
    }
}

/// How TCP sockets are set.
#[derive(Clone, Debug)]
pub(crate) struct SocketOptions {
    pub(crate) nodelay: bool,
    /// Time before the first keep-alive probe, between probes, and how many; none if the first is 0.
    pub(crate) keepalive: (Duration, Duration, u32),
}

impl SocketOptions {
    pub(crate) fn apply(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(self.nodelay)?;
        let (idle, interval, probes) = self.keepalive;
        if !idle.is_zero() {
            let keepalive = TcpKeepalive::new().with_time(idle).with_interval(interval);
            #[cfg(not(windows))]
            let keepalive = keepalive.with_retries(probes);
            #[cfg(windows)]
            let _ = probes;
            SockRef::from(stream).set_tcp_keepalive(&keepalive)?;
        }
        Ok(())
    }
}

macro_rules! each_stream {
    ($self:expr, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Tcp($stream) => $call,
            #[cfg(unix)]
            Self::Unix($stream) => $call,
        }
    };
    (any $self:expr, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Plain($stream) => $call,
            #[cfg(feature = "tls")]
            Self::Tls($stream) => $call,
        }
    };
}

macro_rules! delegate {
    ($type:ident $($any:ident)?) => {
        impl AsyncRead for $type {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                each_stream!($($any)? self, stream => Pin::new(stream).poll_read(cx, buf))
            }
        }

        impl AsyncWrite for $type {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                each_stream!($($any)? self, stream => Pin::new(stream).poll_write(cx, buf))
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[io::IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                each_stream!($($any)? self, stream => Pin::new(stream).poll_write_vectored(cx, bufs))
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                each_stream!($($any)? self, stream => Pin::new(stream).poll_flush(cx))
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                each_stream!($($any)? self, stream => Pin::new(stream).poll_shutdown(cx))
            }
        }
    };
}

delegate!(Plain);
delegate!(Stream any);
