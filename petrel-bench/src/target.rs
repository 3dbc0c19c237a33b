//! Who is loaded: a server somewhere, or the one in this process.

use petrel::{Client, ClientBuilder, ClientTls, Endpoint, ServerHandle};
use petrel_cli::{ClientTlsArgs, Embedded, EmbeddedConfig, Failure, Key, Target};
use std::{
    io,
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

/// How long each address of a name may take to answer when the name has several.
const TRY_TIMEOUT: Duration = Duration::from_secs(2);

/// A target that is there, with how it is reached.
#[derive(Debug)]
pub(crate) struct Reached {
    /// With a number instead of a name, so that no connection waits for a look-up.
    pub(crate) endpoint: Endpoint,
    pub(crate) builder: ClientBuilder,
    pub(crate) is_near: bool,
    embedded: Option<Embedded>,
}

impl Reached {
    /// Starts the embedded server, or finds out where the other one is.
    ///
    /// # Errors
    /// If the server cannot be started, its name has no address, or TLS is not configured as it must be.
    pub(crate) fn new(
        target: &Target,
        key: Option<&Key>,
        tls: &ClientTlsArgs,
    ) -> Result<Self, Failure> {
        let key = key.map(Key::mac_key);
        let builder = Client::builder();
        match target {
            Target::Embedded => {
                let config = EmbeddedConfig::default().hmac_key(key);
                let embedded = Embedded::start(config)?;
                Ok(Self {
                    endpoint: embedded.endpoint().clone(),
                    builder,
                    is_near: true,
                    embedded: Some(embedded),
                })
            }
            Target::Endpoint(endpoint) => {
                let tls = tls.read_for(endpoint)?;
                let tls = tls.map(|tls| named(tls, endpoint));
                let is_near = is_near(target);
                Ok(Self {
                    endpoint: resolve(endpoint)?,
                    builder: match tls {
                        Some(tls) => builder.tls(tls),
                        None => builder,
                    },
                    is_near,
                    embedded: None,
                })
            }
        }
    }

    /// The handle of the embedded server, if that is the target.
    pub(crate) fn embedded(&self) -> Option<&ServerHandle> {
        self.embedded.as_ref().map(Embedded::handle)
    }
}

/// Whether a target is on this machine for certain: embedded, a Unix socket, or a loopback address.
pub(crate) fn is_near(target: &Target) -> bool {
    match target {
        Target::Embedded => true,
        Target::Endpoint(endpoint) => match endpoint.host() {
            None => true,
            Some("localhost") => true,
            Some(_) => endpoint
                .socket_addr()
                .is_some_and(|addr| addr.ip().is_loopback()),
        },
    }
}

/// The certificate carries the name that was asked for, not the number that it led to.
fn named(tls: ClientTls, endpoint: &Endpoint) -> ClientTls {
    match (tls.expected_name(), endpoint.host()) {
        (None, Some(host)) => tls.server_name(host),
        _ => tls,
    }
}

fn resolve(endpoint: &Endpoint) -> Result<Endpoint, Failure> {
    let (Some(host), Some(port), None) = (endpoint.host(), endpoint.port(), endpoint.socket_addr())
    else {
        return Ok(endpoint.clone());
    };
    let failure = |error: &io::Error| Failure::reaching(endpoint, error);
    let addresses: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|error| failure(&error))?
        .collect();
    let answers = |addr: &&SocketAddr| TcpStream::connect_timeout(addr, TRY_TIMEOUT).is_ok();
    let found = match addresses.as_slice() {
        [] => return Err(failure(&io::Error::other("the name has no address"))),
        [only] => only,
        // Several: the first that answers. If none does, connecting says why.
        [first, ..] => addresses.iter().find(answers).unwrap_or(first),
    };
    Ok(Endpoint::from(*found).with_tls(endpoint.is_tls()))
}
