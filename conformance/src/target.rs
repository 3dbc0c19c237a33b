//! The server under judgement: where it listens and what it offers.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::case::Offers;
use crate::frame::Key;
use crate::stream::Stream;

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
    ///
    /// # Errors
    ///
    /// What the last attempt said, with the address.
    pub(crate) fn round_trip(&self) -> io::Result<Duration> {
        let mut best = REACH_TIMEOUT;
        for _ in 0..3 {
            let start = Instant::now();
            Stream::connect(&self.address, REACH_TIMEOUT)?;
            best = best.min(start.elapsed());
        }
        Ok(best)
    }
}

/// Where a server listens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Address {
    /// The addresses that a host and port stand for, and how they were written.
    Tcp {
        /// As the caller wrote it.
        text: String,
        /// In the order in which they are tried.
        addresses: Vec<SocketAddr>,
    },
    /// A Unix stream socket.
    Unix(PathBuf),
}

impl Address {
    /// Reads `host:port` or `unix:/path`; looks the host up.
    ///
    /// # Errors
    ///
    /// What is wrong with the text and what would be right, or that the host is not known.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            if !path.starts_with('/') {
                return Err(AddressError::Usage(format!(
                    "`{text}` names no socket: write unix:/path, with the full path"
                )));
            }
            return Ok(Self::Unix(path.into()));
        }
        if text.starts_with("tls://") || text.starts_with("tls+unix:") {
            return Err(AddressError::Usage(format!(
                "`{text}`: TLS is not judged yet; give the plain host:port or unix:/path"
            )));
        }
        let port = text.rsplit_once(':').map(|(_, port)| port);
        if !port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port != 0)) {
            return Err(AddressError::Usage(format!(
                "`{text}` is no target: write host:port, unix:/path or embedded"
            )));
        }
        let addresses: Vec<SocketAddr> = text
            .to_socket_addrs()
            .map_err(|error| AddressError::Unknown(format!("cannot look up `{text}`: {error}")))?
            .collect();
        Ok(Self::Tcp {
            text: text.into(),
            addresses,
        })
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp {
            text: address.to_string(),
            addresses: vec![address],
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { text, .. } => f.write_str(text),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Why a text gives no address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// It is not written as an address is.
    Usage(String),
    /// The host is not known.
    Unknown(String),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Unknown(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for AddressError {}
