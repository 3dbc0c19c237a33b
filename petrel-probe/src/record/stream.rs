//! The streams that are forwarded between: TCP or a Unix socket, with TLS or without.

use petrel::{ClientTls, Endpoint, ServerTls};
use rustls_names::ServerName;
use socket2::SockRef;
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream, rustls::pki_types as rustls_names};

/// A stream without TLS.
#[derive(Debug)]
pub(super) enum Plain {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// A stream that no runtime looks after yet.
#[derive(Debug)]
pub(super) enum Idle {
    Tcp(std::net::TcpStream),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
}

/// Any stream. Under TLS what is read and written is the plaintext.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Plain),
    Tls(Box<TlsStream<Plain>>),
}

impl Idle {
    /// What the system gave when it accepted.
    pub(super) fn of_tcp(stream: TcpStream) -> io::Result<Self> {
        set_up(&stream);
        stream.into_std().map(Self::Tcp)
    }

    /// Hands it to the runtime of this thread.
    pub(super) fn wake(self) -> io::Result<Plain> {
        Ok(match self {
            Self::Tcp(stream) => Plain::Tcp(TcpStream::from_std(stream)?),
            #[cfg(unix)]
            Self::Unix(stream) => Plain::Unix(UnixStream::from_std(stream)?),
        })
    }
}

impl Plain {
    /// Connects to the address of an endpoint, without its TLS.
    pub(super) async fn connect(endpoint: &Endpoint) -> io::Result<Self> {
        if let (Some(host), Some(port)) = (endpoint.host(), endpoint.port()) {
            let stream = TcpStream::connect((host, port)).await?;
            set_up(&stream);
            return Ok(Self::Tcp(stream));
        }
        #[cfg(unix)]
        if let Some(path) = endpoint.path() {
            return UnixStream::connect(path).await.map(Self::Unix);
        }
        Err(io::ErrorKind::Unsupported.into())
    }

    /// From now on its end is an orderly one.
    fn end_in_order(&self) {
        if let Self::Tcp(stream) = self {
            let _ = SockRef::from(stream).set_linger(None);
        }
    }

    /// An error that befell it, told once.
    fn error(&self) -> Option<io::Error> {
        match self {
            Self::Tcp(stream) => stream.take_error().ok().flatten(),
            #[cfg(unix)]
            Self::Unix(stream) => stream.take_error().ok().flatten(),
        }
    }
}

impl Stream {
    /// Lays TLS over a connection that was accepted.
    pub(super) async fn accept(plain: Plain, tls: Option<&ServerTls>) -> io::Result<Self> {
        let Some(tls) = tls else {
            return Ok(Self::Plain(plain));
        };
        let stream = TlsAcceptor::from(tls.config()).accept(plain).await?;
        Ok(Self::Tls(Box::new(stream.into())))
    }

    /// Lays TLS over a connection to an endpoint.
    pub(super) async fn secure(
        plain: Plain,
        endpoint: &Endpoint,
        tls: Option<&ClientTls>,
    ) -> io::Result<Self> {
        let Some(tls) = tls else {
            return Ok(Self::Plain(plain));
        };
        let name = tls.expected_name().or_else(|| endpoint.host());
        let name = ServerName::try_from(name.unwrap_or("localhost").to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let connector = TlsConnector::from(Arc::clone(&tls.config()));
        let stream = connector.connect(name, plain).await?;
        Ok(Self::Tls(Box::new(stream.into())))
    }

    /// From now on its end is an orderly one.
    pub(super) fn end_in_order(&self) {
        self.plain().end_in_order();
    }

    /// An error that befell it while nobody read, told once.
    pub(super) fn error(&self) -> Option<io::Error> {
        self.plain().error()
    }

    fn plain(&self) -> &Plain {
        match self {
            Self::Plain(plain) => plain,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }

    /// Ends its own way without the word of TLS that it is complete: as the peer's way was ended.
    pub(super) fn poll_break_off(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(plain) => Pin::new(plain).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls.get_mut().0).poll_shutdown(cx),
        }
    }
}

/// Lets a stream of TCP send what it is given at once, and end with a reset until it is told otherwise,
/// even if this process is killed.
fn set_up(stream: &TcpStream) {
    // Both fail for sockets only that are gone already.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

macro_rules! delegate {
    ($type:ident: $($(#[$on:meta])? $kind:ident),+) => {
        impl AsyncRead for $type {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                match self.get_mut() {
                    $($(#[$on])? Self::$kind(stream) => Pin::new(stream).poll_read(cx, buf),)+
                }
            }
        }

        impl AsyncWrite for $type {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                match self.get_mut() {
                    $($(#[$on])? Self::$kind(stream) => Pin::new(stream).poll_write(cx, buf),)+
                }
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                match self.get_mut() {
                    $($(#[$on])? Self::$kind(stream) => Pin::new(stream).poll_flush(cx),)+
                }
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                match self.get_mut() {
                    $($(#[$on])? Self::$kind(stream) => Pin::new(stream).poll_shutdown(cx),)+
                }
            }
        }
    };
}

delegate!(Plain: Tcp, #[cfg(unix)] Unix);
delegate!(Stream: Plain, Tls);
