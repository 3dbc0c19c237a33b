//! The reference server in this process, on a free port of the loopback.
//!
//! The only place that knows which library the reference server comes from.

use std::io;
use std::net::SocketAddr;

use petrel::ServerLimits;
use petrel::wire::MacKey;
use petrel_cli::EmbeddedConfig;

/// How an embedded server is configured. It always has the fixtures, `panic` only where asked for.
pub(crate) struct Setup {
    /// Expect and send MACs under this key.
    pub(crate) hmac_key: Option<Vec<u8>>,
    /// The payload limit, in bytes.
    pub(crate) payload_max: u32,
    /// Offer the fixture `panic`.
    pub(crate) allow_panic: bool,
    /// Answer a first request that is no protocol check with 497.
    pub(crate) require_protocol_check: bool,
}

/// A running server; it stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Embedded {
    /// Where it listens.
    pub(crate) addr: SocketAddr,
    _server: petrel_cli::Embedded,
}

/// Starts a server.
///
/// # Errors
///
/// What the system said when no port could be had.
pub(crate) fn start(setup: Setup) -> io::Result<Embedded> {
    let Setup {
        hmac_key,
        payload_max,
        allow_panic,
        require_protocol_check,
    } = setup;
    let key = hmac_key.as_deref().map(MacKey::new).transpose();
    let config = EmbeddedConfig::default()
        .hmac_key(key.map_err(io::Error::other)?)
        .limits(ServerLimits::new().payload_max(payload_max.into()))
        .allow_panic(allow_panic)
        .require_protocol_check(require_protocol_check);
    let server = petrel_cli::Embedded::start(config).map_err(io::Error::other)?;
    let addr = server.endpoint().socket_addr();
    let addr = addr.ok_or_else(|| io::Error::other("it listens on no TCP port"))?;
    Ok(Embedded {
        addr,
        _server: server,
    })
}
