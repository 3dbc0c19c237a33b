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

impl Stream {
    /// Whether closing it is to be a reset, which nobody can take for an orderly end: not even of a
    /// process that is killed. Only TCP can.
    pub(crate) fn reset_on_close(&self, reset: bool) {
        if let Plain::Tcp(tcp) = self.plain() {
            // It fails for sockets only that are gone already.
            let _ = SockRef::from(tcp).set_linger(reset.then_some(Duration::ZERO));
        }
    }

    /// The address of this end, over TCP.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        match self.plain() {
            Plain::Tcp(tcp) => tcp.local_addr().ok(),
            #[cfg(unix)]
            Plain::Unix(_) => None,
        }
    }

    /// The address of the other end, over TCP.
    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        match self.plain() {
            Plain::Tcp(tcp) => tcp.peer_addr().ok(),
            #[cfg(unix)]
            Plain::Unix(_) => None,
        }
    }

    fn plain(&self) -> &Plain {
        match self {
            Self::Plain(plain) => plain,
            #[cfg(feature = "tls")]
            Self::Tls(tls) => tls.get_ref().0,
        }
    }
}

/// How TCP sockets are set.
#[derive(Clone, Debug)]
pub(crate) struct SocketOptions {
    nodelay: bool,
    /// Time before the first keep-alive probe, between probes, and how many; none if the first is 0.
    keepalive: (Duration, Duration, u32),
}

impl SocketOptions {
    /// As limits say: `nodelay` 0 is off, `idle` zero means no keep-alive.
    pub(crate) fn new(nodelay: u64, idle: Duration, interval: Duration, probes: u64) -> Self {
        // The system counts in seconds, and refuses none.
        let idle = if idle.is_zero() {
            idle
        } else {
            idle.max(Duration::from_secs(1))
        };
        let probes = u32::try_from(probes).unwrap_or(u32::MAX);
        Self {
            nodelay: nodelay != 0,
            keepalive: (idle, interval, probes),
        }
    }

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
