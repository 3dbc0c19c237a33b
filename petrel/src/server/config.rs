//! How a server is put together.

use super::{
    InlineRequest, IntoOutcome, IntoResponse, RegisterError, Reply, Request, Server, ServerLimits,
    Service, handler::Handler, router::Router,
};
#[cfg(feature = "tls")]
use crate::ServerTls;
use crate::{
    Endpoint, EndpointError, LimitError,
    net::{Caps, Hub, Listener},
    wire::{Codec, MacKey},
};
use std::{future::Future, io, sync::Arc};

/// Files a program needs besides its connections.
const FILES_KEPT: u64 = 64;

/// Puts a server together.
///
/// The decisions to take: which names are answered ([`register`](Self::register),
/// [`register_inline`](Self::register_inline)), whether messages are signed
/// ([`hmac_key`](Self::hmac_key)), whether the link is protected ([`tls`](Self::tls)), what clients
/// may do ([`limits`](Self::limits)), and where to listen ([`bind`](Self::bind)). Mistakes are kept
/// and come out of `bind`, so that calls can be chained.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `bind` is called"]
pub struct ServerBuilder {
    router: Router,
    limits: ServerLimits,
    key: Option<MacKey>,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
    require_protocol_check: bool,
    endpoints: Vec<Endpoint>,
    mistake: Option<BindError>,
}

/// Why a server cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// A handler cannot be registered so.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// An endpoint cannot be read.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A limit lies outside what makes sense.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// An endpoint is to be under TLS, and there is no certificate.
    #[error("{0} is to be under TLS, but the server has no certificate")]
    NoCertificate(Endpoint),
    /// There is a certificate, and no endpoint is under TLS.
    #[error("the server has a certificate, but no endpoint is under TLS (tls://… or tls+unix:…)")]
    NoTlsEndpoint,
    /// The system does not let us listen there.
    #[error("cannot listen on {endpoint}: {error}")]
    Listen {
        /// Where.
        endpoint: Endpoint,
        /// Why not.
        error: io::Error,
    },
}

impl ServerBuilder {
    /// Answers requests of this name with an async handler: a function from a [`Request`] to a
    /// future of anything that is [`IntoResponse`].
    ///
    /// Requests of one connection are handled one after the other, those of different connections
    /// at once. If the connection is lost, the future is dropped. A client that only ended its own
    /// side is still owed its answer, and cannot be told from one that left in order; see
    /// [`handler_timeout`](ServerLimits::handler_timeout).
    ///
    /// A handler that panics is answered for with 501. The panic hook runs first, and the one that
    /// comes with Rust writes to standard error and waits for it.
    pub fn register<F, Fut>(mut self, name: impl AsRef<str>, handler: F) -> Self
    where
        F: Fn(Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoResponse> + Send + 'static,
    {
        let added = self.router.add(name.as_ref(), Handler::from_async(handler));
        self.keep(added);
        self
    }

    /// Answers requests of this name with an inline handler, which writes the payload of its answer
    /// straight into the connection's output.
    ///
    /// It costs no allocation and no task, and it must not block: all connections of its thread wait
    /// for it.
    pub fn register_inline<F, R>(mut self, name: impl AsRef<str>, handler: F) -> Self
    where
        F: Fn(&InlineRequest<'_>, &mut Reply<'_>) -> R + Send + Sync + 'static,
        R: IntoOutcome,
    {
        let added = self
            .router
            .add(name.as_ref(), Handler::from_inline(handler));
        self.keep(added);
        self
    }

    /// Signs every answer and demands a MAC of every request. Defaults to neither.
    ///
    /// The MAC covers the payload only and can be replayed; [`tls`](Self::tls) beside it protects the
    /// rest. Clients must hold the same key.
    pub fn hmac_key(mut self, key: MacKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Protects the endpoints that say so (`tls://…`, `tls+unix:…`) with this certificate.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// What clients may do, and how long the server waits for them. Defaults to the defaults of
    /// [`ServerLimits::TABLE`].
    pub fn limits(mut self, limits: ServerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether the first request must be a protocol check; another one is answered 497 and the
    /// connection closed. Defaults to `false`: the original serves without a check, too.
    pub fn require_protocol_check(mut self, required: bool) -> Self {
        self.require_protocol_check = required;
        self
    }

    /// Adds an endpoint to listen on. Defaults to none.
    pub fn listen<E>(mut self, endpoint: E) -> Self
    where
        E: TryInto<Endpoint, Error: Into<EndpointError>>,
    {
        match endpoint.try_into() {
            Ok(endpoint) => self.endpoints.push(endpoint),
            Err(error) => self.keep(Err(error.into())),
        }
        self
    }

    /// Adds an endpoint and listens on all of them. Port 0 takes a free one;
    /// [`ServerHandle::local_addr`](super::ServerHandle::local_addr) tells which.
    ///
    /// # Errors
    /// If anything that was set before is wrong, or the system does not let us listen.
    pub async fn bind<E>(self, endpoint: E) -> Result<Server, BindError>
    where
        E: TryInto<Endpoint, Error: Into<EndpointError>>,
    {
        let builder = self.listen(endpoint);
        builder.check_tls()?;
        let mut listeners = Vec::new();
        for endpoint in &builder.endpoints {
            let listener = Listener::bind(endpoint)
                .await
                .map_err(|error| BindError::Listen {
                    endpoint: endpoint.clone(),
                    error,
                })?;
            listeners.push(listener);
        }
        builder.finish(listeners)
    }

    /// A server that listens nowhere and serves what is handed to
    /// [`Server::serve_connection`].
    ///
    /// # Errors
    /// If anything that was set before is wrong. Endpoints and a certificate have no use here.
    pub fn build(self) -> Result<Server, BindError> {
        self.finish(Vec::new())
    }

    fn finish(self, listeners: Vec<Listener>) -> Result<Server, BindError> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        self.limits.check()?;
        let limits = self.limits;
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let hub = Arc::new(Hub::new(Caps {
            connections: match limits.connections_max {
                0 => connections_by_files(),
                max => size(max),
            },
            per_address: match limits.connections_per_address_max {
                0 => None,
                max => Some(size(max)),
            },
            payload_budget: size(limits.payload_budget),
        }));
        let mut codec =
            Codec::new().payload_max(u32::try_from(limits.payload_max).unwrap_or(u32::MAX));
        if let Some(key) = self.key {
            codec = codec.mac_key(key);
        }
        let service = Arc::new(Service {
            router: self.router,
            codec,
            limits,
            require_protocol_check: self.require_protocol_check,
        });
        Ok(Server::new(
            service,
            hub,
            listeners,
            #[cfg(feature = "tls")]
            self.tls,
        ))
    }

    fn check_tls(&self) -> Result<(), BindError> {
        #[cfg(feature = "tls")]
        let certificate = self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        let certificate = false;
        match self.endpoints.iter().find(|endpoint| endpoint.is_tls()) {
            Some(endpoint) if !certificate => Err(BindError::NoCertificate(endpoint.clone())),
            None if certificate && !self.endpoints.is_empty() => Err(BindError::NoTlsEndpoint),
            _ => Ok(()),
        }
    }

    /// Keeps the first mistake for `bind`.
    fn keep<E: Into<BindError>>(&mut self, outcome: Result<(), E>) {
        if let Err(error) = outcome {
            self.mistake.get_or_insert_with(|| error.into());
        }
    }
}

/// As many connections as the limit of open files leaves.
fn connections_by_files() -> usize {
    #[cfg(unix)]
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let files: Option<u64> = None;
    let connections = files.map_or(u64::MAX, |files| files.saturating_sub(FILES_KEPT).max(1));
    usize::try_from(connections).unwrap_or(usize::MAX)
}
