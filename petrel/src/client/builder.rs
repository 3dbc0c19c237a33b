//! What is set before a client connects.

use super::{
    Client, ClientError, ClientErrorKind, ClientLimits, ClientStream, TlsFault, blocking,
    call::Deadline,
};
#[cfg(feature = "tls")]
use crate::net::ClientTls;
use crate::{
    net::{Endpoint, EndpointError},
    wire::{MacKey, PROTOCOL_VERSION},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// Sets up a [`Client`]: who it trusts, what it takes, how it speaks.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use petrel::{Client, wire::MacKey};
///
/// let client = Client::builder()
///     .hmac_key(MacKey::new(b"0123456789abcdef0123456789abcdef")?)
///     .max_in_flight(1)
///     .connect("127.0.0.1:60606")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    pub(super) limits: ClientLimits,
    pub(super) key: Option<MacKey>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<ClientTls>,
    pub(super) protocol_version: u8,
    pub(super) protocol_check: bool,
    pub(super) server_ends_orderly: bool,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            limits: ClientLimits::new(),
            key: None,
            #[cfg(feature = "tls")]
            tls: None,
            protocol_version: PROTOCOL_VERSION,
            protocol_check: true,
            server_ends_orderly: false,
        }
    }

    /// Signs requests with this key, and takes answers only with a MAC of it. Defaults to no MACs.
    ///
    /// The server must be configured alike, or the connection makes no sense.
    pub fn hmac_key(mut self, key: MacKey) -> Self {
        self.key = Some(key);
        self
    }

    /// What an endpoint under TLS needs. Defaults to none.
    ///
    /// The endpoint says whether there is TLS: `tls://host:port`, or [`Endpoint::with_tls`]. If it
    /// does not, connecting is an error, so that nothing meant for TLS goes out in the clear.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Deadlines and limits. Defaults to [`ClientLimits::new`].
    pub fn limits(mut self, limits: ClientLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How many requests may be under way at once: shorthand for
    /// [`ClientLimits::in_flight_max`]. Defaults to 64; 1 is lock-step, which some servers need.
    pub fn max_in_flight(mut self, requests: u16) -> Self {
        self.limits = self.limits.in_flight_max(requests.into());
        self
    }

    /// The version that the protocol check asks for. Defaults to [`PROTOCOL_VERSION`], the only one
    /// that there is; another one serves to see a server refuse it.
    pub fn protocol_version(mut self, version: u8) -> Self {
        self.protocol_version = version;
        self
    }

    /// Whether to begin with a protocol check. Defaults to true. Without it connecting is quicker by
    /// one exchange, and a server that speaks something else shows only at the first call.
    pub fn protocol_check(mut self, check: bool) -> Self {
        self.protocol_check = check;
        self
    }

    /// Whether the server is known to end as [`Server`](crate::Server) does: it executes nothing
    /// behind an answer 402, 497 or 502, and when it ends in order between two frames, it has
    /// executed nothing that it did not answer. Defaults to false.
    ///
    /// Over Unix sockets that holds unless the server's process is killed, whose end looks orderly
    /// there; over TCP it shows as a reset.
    ///
    /// Then such requests count as [`Executed::No`](crate::Executed::No) instead of `Maybe`. A reset
    /// is `Maybe` in any case.
    pub fn server_ends_orderly(mut self, orderly: bool) -> Self {
        self.server_ends_orderly = orderly;
        self
    }

    /// Connects: name, TCP or Unix socket, TLS and protocol check within
    /// [`connect_timeout`](ClientLimits::connect_timeout).
    ///
    /// # Errors
    /// If the settings make no sense, there is no connection in time, or the server does not speak
    /// this protocol.
    ///
    /// # Panics
    /// Outside a tokio runtime, or in one without I/O or time.
    pub async fn connect(
        self,
        endpoint: impl TryInto<Endpoint, Error: Into<EndpointError>>,
    ) -> Result<Client, ClientError> {
        let endpoint = parse(endpoint)?;
        self.connect_to(&endpoint).await
    }

    /// Opens the connection and says nothing on it: name, TCP or Unix socket, and TLS. For programs
    /// that make and read frames themselves.
    ///
    /// # Errors
    /// If the settings make no sense, or there is no connection in time.
    ///
    /// # Panics
    /// Outside a tokio runtime, or in one without I/O or time.
    pub async fn open(
        &self,
        endpoint: impl TryInto<Endpoint, Error: Into<EndpointError>>,
    ) -> Result<ClientStream, ClientError> {
        let deadline = Deadline::within(self.limits.connect_timeout);
        let (stream, took) = self.open_by(&parse(endpoint)?, deadline).await?;
        Ok(ClientStream::new(stream, took))
    }

    /// Connects a client for programs without a runtime, as [`ClientBuilder::connect`] does.
    ///
    /// # Errors
    /// As [`ClientBuilder::connect`], or if no thread can be started.
    pub fn connect_blocking(
        self,
        endpoint: impl TryInto<Endpoint, Error: Into<EndpointError>>,
    ) -> Result<blocking::Client, ClientError> {
        blocking::Client::start(self, parse(endpoint)?)
    }

    /// Uses a stream that is connected already, and does the protocol check on it. For tests, and for
    /// transports of the application's own.
    ///
    /// # Errors
    /// As [`ClientBuilder::connect`]; TLS cannot be laid over such a stream, it is the application's.
    ///
    /// # Panics
    /// Outside a tokio runtime, or in one without time.
    pub async fn connect_stream<S>(self, stream: S) -> Result<Client, ClientError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.limits.check().map_err(ClientErrorKind::Limit)?;
        self.check_tls(false)?;
        let deadline = Deadline::within(self.limits.connect_timeout);
        self.start(stream, deadline).await
    }

    /// Whether there is a TLS configuration if, and only if, it is needed.
    pub(super) fn check_tls(&self, needed: bool) -> Result<(), ClientErrorKind> {
        #[cfg(feature = "tls")]
        let configured = self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        let configured = false;
        let (fault, text) = match (needed, configured) {
            (true, false) => (
                TlsFault::Unconfigured,
                "the endpoint is under TLS and the client is not configured for it",
            ),
            (false, true) => (
                TlsFault::Unused,
                "the client is configured for TLS and the endpoint is not under TLS; write tls://",
            ),
            _ => return Ok(()),
        };
        Err(ClientErrorKind::Tls {
            fault,
            text: text.to_owned(),
        })
    }
}

fn parse(
    endpoint: impl TryInto<Endpoint, Error: Into<EndpointError>>,
) -> Result<Endpoint, ClientError> {
    endpoint
        .try_into()
        .map_err(|error| ClientErrorKind::Endpoint(error.into()).into())
}
