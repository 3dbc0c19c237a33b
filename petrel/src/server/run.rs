//! The server as its owner holds it, and how it runs.

use super::{ServerBuilder, Service, connection::Connection};
#[cfg(feature = "tls")]
use crate::ServerTls;
use crate::{
    Closed, ConnectionEnd, Endpoint, PeerAddr, ServerStats, ShutdownReason,
    net::{
        AcceptPolicy, Hub, Listener, Membership, Plain, SocketOptions, Stream,
        accept_until_shutdown,
    },
};
use std::{future::Future, io, pin::pin, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

/// A Petrel server. It listens from `bind` on and serves while [`run`](Self::run) runs.
///
/// Servers do not touch each other: a process may hold as many as it likes.
#[derive(Debug)]
pub struct Server {
    service: Arc<Service>,
    hub: Arc<Hub>,
    listeners: Vec<Listener>,
    local: Arc<[Endpoint]>,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
}

impl Server {
    /// Puts a server together.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    pub(super) fn new(
        service: Arc<Service>,
        hub: Arc<Hub>,
        listeners: Vec<Listener>,
        #[cfg(feature = "tls")] tls: Option<ServerTls>,
    ) -> Self {
        let local = listeners
            .iter()
            .map(|listener| listener.local().clone())
            .collect();
        Self {
            service,
            hub,
            listeners,
            local,
            #[cfg(feature = "tls")]
            tls,
        }
    }

    /// What steers and watches the server while it runs.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle {
            hub: Arc::clone(&self.hub),
            local: Arc::clone(&self.local),
        }
    }

    /// Serves until the handle says otherwise; then every complete request is answered, every
    /// connection closed, and the outcome given. Dropping the future ends every connection at once.
    ///
    /// # Errors
    /// None today; the result leaves room for systems that can fail here.
    pub async fn run(mut self) -> io::Result<Closed> {
        let listeners = std::mem::take(&mut self.listeners);
        let limits = &self.service.limits;
        let policy = AcceptPolicy {
            backoff_min: limits.accept_backoff_min,
            backoff_max: limits.accept_backoff_max,
            drain_timeout: limits.drain_timeout,
        };
        let sockets = SocketOptions::new(
            limits.nodelay,
            limits.keepalive_idle,
            limits.keepalive_interval,
            limits.keepalive_probes,
        );
        let serve = |stream, tls, membership| self.spawn(stream, tls, membership, &sockets);
        Ok(accept_until_shutdown(listeners, &self.hub, policy, serve).await)
    }

    /// The same, and SIGINT and SIGTERM drain the server; a second one ends it at once.
    ///
    /// # Errors
    /// If the system does not let us watch for signals.
    pub async fn run_until_signal(self) -> io::Result<Closed> {
        let handle = self.handle();
        let mut signals = Signals::new()?;
        let mut running = pin!(self.run());
        let mut watching = pin!(async {
            handle
                .hub
                .drain(ShutdownReason::Signal(signals.next().await));
            handle.hub.cut(ShutdownReason::Signal(signals.next().await));
            std::future::pending().await
        });
        std::future::poll_fn(|cx| match watching.as_mut().poll(cx) {
            std::task::Poll::Ready(never) => never,
            std::task::Poll::Pending => running.as_mut().poll(cx),
        })
        .await
    }

    /// Serves one connection over a stream that the caller brings, as if it had been accepted. It
    /// counts for the limits, the drain and the counters like any other.
    ///
    /// The future borrows nothing: spawn it, or await it in place.
    pub fn serve_connection<S>(
        &self,
        stream: S,
    ) -> impl Future<Output = ConnectionEnd> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let admitted = self.hub.admit(PeerAddr::Stream);
        let (service, hub) = (Arc::clone(&self.service), Arc::clone(&self.hub));
        async move {
            match admitted {
                Ok(membership) => {
                    Connection::new(stream, |_, _| (), service, membership, Instant::now()).await
                }
                Err(reason) => {
                    hub.count_refusal(reason);
                    ConnectionEnd::Closed(reason)
                }
            }
        }
    }

    /// Gives an accepted connection a task of its own.
    fn spawn(&self, stream: Plain, tls: bool, membership: Membership, sockets: &SocketOptions) {
        if let Plain::Tcp(tcp) = &stream
            && let Err(error) = sockets.apply(tcp)
        {
            // It can go away before it is set up; the first read will tell.
            tracing::debug!(connection = membership.member.id, %error, "socket options not set");
        }
        let (service, accepted) = (Arc::clone(&self.service), Instant::now());
        #[cfg(feature = "tls")]
        if tls && let Some(tls) = &self.tls {
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&tls.0));
            // A task of its own kind, so that plain connections do not carry its size.
            tokio::spawn(super::handshake::serve(
                acceptor, stream, service, membership, accepted,
            ));
            return;
        }
        // Without certificates no listener is under TLS.
        let _ = tls;
        tokio::spawn(Connection::new(
            Stream::Plain(stream),
            Stream::reset_on_close,
            service,
            membership,
            accepted,
        ));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.hub.cut(ShutdownReason::Dropped);
        self.hub.finish();
    }
}

/// Steers and watches a server while it runs.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    hub: Arc<Hub>,
    local: Arc<[Endpoint]>,
}

impl ServerHandle {
    /// Where the server listens, with the port it was given; of several endpoints the first.
    pub fn local_addr(&self) -> Option<&Endpoint> {
        self.local.first()
    }

    /// Everywhere the server listens.
    pub fn local_addrs(&self) -> &[Endpoint] {
        &self.local
    }

    /// Drains the server: no connection is accepted any more, every complete request is answered,
    /// nothing after it is handled, and every connection is closed in order.
    pub fn shutdown(&self) {
        self.hub.drain(ShutdownReason::Requested);
    }

    /// Ends the server and every connection at once.
    pub fn shutdown_now(&self) {
        self.hub.cut(ShutdownReason::Requested);
    }

    /// Waits until the server has ended, which is when [`Server::run`] is done or the server was
    /// dropped, and tells why. This is the Rust form of the original's
    /// `Shutdown` channel.
    pub async fn closed(&self) -> Closed {
        self.hub.closed().await
    }

    /// What was counted so far.
    pub fn stats(&self) -> ServerStats {
        self.hub.stats()
    }
}

/// SIGINT and SIGTERM; elsewhere than on Unix, Ctrl-C.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self {
            interrupt,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) -> &'static str {
        #[cfg(unix)]
        {
            std::future::poll_fn(|cx| {
                if self.interrupt.poll_recv(cx).is_ready() {
                    return std::task::Poll::Ready("SIGINT");
                }
                self.terminate.poll_recv(cx).map(|_| "SIGTERM")
            })
            .await
        }
        #[cfg(not(unix))]
        match tokio::signal::ctrl_c().await {
            Ok(()) => "SIGINT",
            Err(_) => std::future::pending().await,
        }
    }
}
