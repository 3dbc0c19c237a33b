//! The server under judgement: where it listens and what it offers.

use crate::{case::Offers, frame::Key, stream::Stream, verdict::Variant};
use petrel::Endpoint;
use petrel_cli::Failure;
use std::{
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    time::{Duration, Instant},
};

/// The documented payload limit, taken for servers that declare none.
pub const LIMIT_DEFAULT: u32 = 4 << 20;

/// How long the first connection may take.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

/// A server under judgement, perhaps at several addresses that differ in their configuration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// Without MACs.
    pub plain: Server,
    /// Expects MACs.
    pub mac: Option<Server>,
    /// Has a small payload limit, so that a limit which is not obeyed shows.
    pub small: Option<Server>,
    /// Requires the protocol check.
    pub checked: Option<Server>,
    /// What it offers beyond the protocol.
    pub offers: Offers,
    /// The name that answers with the bytes it was sent.
    pub echo: String,
    /// It is the reference implementation: the clauses that bind only that are judged too.
    pub ours: bool,
}

impl Target {
    /// A server of which nothing but its address is known.
    pub fn blind(plain: Server) -> Self {
        Self {
            plain,
            mac: None,
            small: None,
            checked: None,
            offers: Offers::Blind,
            echo: "echo".into(),
            ours: false,
        }
    }

    /// The servers that are there, each with its place in a report.
    pub(crate) fn servers(&self) -> impl Iterator<Item = (Variant, &Server)> {
        let all = [
            (Variant::Plain, Some(&self.plain)),
            (Variant::Mac, self.mac.as_ref()),
            (Variant::Small, self.small.as_ref()),
            (Variant::Checked, self.checked.as_ref()),
        ];
        all.into_iter()
            .filter_map(|(variant, server)| Some((variant, server?)))
    }
}

/// One address of a server and the configuration behind it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Server {
    /// Where it listens.
    pub address: Address,
    /// Its payload limit, where it is declared.
    pub limit: Option<u32>,
    /// The key it expects MACs with.
    pub key: Option<Key>,
}

impl Server {
    /// A server without MACs that declares no limit.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            limit: None,
            key: None,
        }
    }

    /// The limit that the cases reckon with.
    pub(crate) fn limit(&self) -> u32 {
        self.limit.unwrap_or(LIMIT_DEFAULT)
    }

    /// Connects three times and takes the quickest as the round trip.
    pub(crate) fn round_trip(&self) -> Result<Duration, Failure> {
        let mut best = REACH_TIMEOUT;
        for _ in 0..3 {
            let start = Instant::now();
            Stream::connect(&self.address, REACH_TIMEOUT)
                .map_err(|error| Failure::reaching(self.address.endpoint(), &error))?;
            best = best.min(start.elapsed());
        }
        Ok(best)
    }
}

/// Where a server listens: an endpoint, looked up.
#[derive(Clone, Debug)]
pub struct Address {
    endpoint: Endpoint,
    pub(crate) socket: Socket,
}

/// What is connected to.
#[derive(Clone, Debug)]
pub(crate) enum Socket {
    /// The addresses of the host, in the order in which they are tried.
    Tcp(Vec<SocketAddr>),
    Unix(PathBuf),
}

impl Address {
    /// Looks up the host of an endpoint.
    ///
    /// # Errors
    ///
    /// If it is under TLS, is no place to connect to, or its host is not known.
    pub fn look_up(endpoint: &Endpoint) -> Result<Self, Failure> {
        if endpoint.is_tls() {
            return Err(Failure::usage(format!(
                "{endpoint}: a server under TLS is not judged yet; give its plain host:port or \
                 unix:/path"
            )));
        }
        let text = endpoint.to_string();
        let socket = match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Socket::Unix(path.into()),
            Some(_) => {
                let message = format!("{endpoint}: write unix:/path, with the full path");
                return Err(Failure::usage(message));
            }
            None if text.ends_with(":0") => {
                let message = format!("{endpoint}: nothing listens on port 0; give the real port");
                return Err(Failure::usage(message));
            }
            None => {
                let addresses = text.to_socket_addrs();
                let addresses = addresses.map_err(|error| Failure::reaching(endpoint, &error))?;
                Socket::Tcp(addresses.collect())
            }
        };
        let endpoint = endpoint.clone();
        Ok(Self { endpoint, socket })
    }

    /// As the caller wrote it.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.endpoint.fmt(f)
    }
}
