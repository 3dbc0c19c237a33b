//! Where a server listens and a client connects.

use std::{
    convert::Infallible,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

/// An address of a server: TCP or a Unix socket, plain or under TLS.
///
/// Written `host:port`, `tls://host:port`, `unix:/path` or `tls+unix:/path`; an IPv6 address stands
/// in brackets, `[::1]:60606`.
///
/// ```
/// use petrel::Endpoint;
/// let endpoint: Endpoint = "tls://[::1]:60606".parse()?;
/// assert!(endpoint.is_tls());
/// assert_eq!(endpoint.to_string(), "tls://[::1]:60606");
/// # Ok::<(), petrel::EndpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    pub(crate) tls: bool,
    pub(crate) address: Address,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

/// Why a text is not an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not an endpoint: {problem}; write host:port, tls://host:port, unix:/path or \
     tls+unix:/path"
)]
pub struct EndpointError {
    text: String,
    problem: &'static str,
}

impl Endpoint {
    /// Whether the connection is under TLS.
    pub const fn is_tls(&self) -> bool {
        self.tls
    }

    /// The same address under TLS, or without it.
    #[must_use]
    pub fn with_tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// The TCP address, if this is one and its host is a number.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match &self.address {
            Address::Tcp { host, port } => Some(SocketAddr::new(host.parse().ok()?, *port)),
            Address::Unix(_) => None,
        }
    }

    /// The host, if this is a TCP address: a name or a number, without brackets.
    pub fn host(&self) -> Option<&str> {
        match &self.address {
            Address::Tcp { host, .. } => Some(host),
            Address::Unix(_) => None,
        }
    }

    /// The port, if this is a TCP address.
    pub const fn port(&self) -> Option<u16> {
        match &self.address {
            Address::Tcp { port, .. } => Some(*port),
            Address::Unix(_) => None,
        }
    }

    /// The path, if this is a Unix socket.
    pub fn path(&self) -> Option<&Path> {
        match &self.address {
            Address::Tcp { .. } => None,
            Address::Unix(path) => Some(path),
        }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (tls, unix, rest) = if let Some(rest) = text.strip_prefix("tls+unix:") {
            (true, true, rest)
        } else if let Some(rest) = text.strip_prefix("unix:") {
            (false, true, rest)
        } else if let Some(rest) = text.strip_prefix("tls://") {
            (true, false, rest)
        } else {
            (false, false, text)
        };
        let address = if unix {
            parse_path(rest)
        } else {
            parse_tcp(rest)
        };
        match address {
            Ok(address) => Ok(Self { tls, address }),
            Err(problem) => Err(EndpointError {
                text: text.to_owned(),
                problem,
            }),
        }
    }
}

fn parse_path(path: &str) -> Result<Address, &'static str> {
    if path.is_empty() {
        return Err("the path is missing");
    }
    Ok(Address::Unix(PathBuf::from(path)))
}

fn parse_tcp(text: &str) -> Result<Address, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.contains("://") {
        return Err("its scheme is unknown");
    }
    let (host, port) = text.rsplit_once(':').ok_or("the port is missing")?;
    let port = port
        .parse()
        .map_err(|_| "the port is not a number up to 65535")?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']').ok_or("a bracket is not closed")?,
        None if host.contains(':') => return Err("an IPv6 address needs brackets"),
        None => host,
    };
    if host.is_empty() {
        return Err("the host is missing");
    }
    Ok(Address::Tcp {
        host: host.to_owned(),
        port,
    })
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Unix(path) => {
                f.write_str(if self.tls { "tls+unix:" } else { "unix:" })?;
                write!(f, "{}", path.display())
            }
            Address::Tcp { host, port } => {
                f.write_str(if self.tls { "tls://" } else { "" })?;
                if host.contains(':') {
                    write!(f, "[{host}]:{port}")
                } else {
                    write!(f, "{host}:{port}")
                }
            }
        }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(addr: SocketAddr) -> Self {
        let address = Address::Tcp {
            host: addr.ip().to_string(),
            port: addr.port(),
        };
        Self {
            tls: false,
            address,
        }
    }
}

impl From<&Self> for Endpoint {
    fn from(endpoint: &Self) -> Self {
        endpoint.clone()
    }
}

impl TryFrom<&str> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: &str) -> Result<Self, EndpointError> {
        text.parse()
    }
}

impl TryFrom<String> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: String) -> Result<Self, EndpointError> {
        text.parse()
    }
}

impl TryFrom<&String> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: &String) -> Result<Self, EndpointError> {
        text.parse()
    }
}

impl From<Infallible> for EndpointError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_and_shows_the_same() {
        for text in [
            "localhost:60606",
            "127.0.0.1:0",
            "[::1]:60606",
            "tls://example.org:443",
            "tls://[fe80::1]:1",
            "unix:/run/app.sock",
            "tls+unix:/run/app.sock",
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string(), text);
            assert_eq!(endpoint.is_tls(), text.starts_with("tls"));
            let port = text
                .rsplit_once(':')
                .and_then(|(_, port)| port.parse().ok());
            assert_eq!(endpoint.port(), port);
            assert_eq!(endpoint.path().is_some(), text.contains("unix:"));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, problem) in [
            ("", "it is empty"),
            ("localhost", "the port is missing"),
            ("localhost:", "the port is not a number up to 65535"),
            ("localhost:65536", "the port is not a number up to 65535"),
            (":60606", "the host is missing"),
            ("::1:60606", "an IPv6 address needs brackets"),
            ("[::1:60606", "a bracket is not closed"),
            ("http://localhost:80", "its scheme is unknown"),
            ("unix:", "the path is missing"),
        ] {
            let error = text.parse::<Endpoint>().unwrap_err();
            assert_eq!(error.problem, problem, "{text:?}");
            assert!(error.to_string().contains("write host:port"), "{error}");
        }
    }
}
