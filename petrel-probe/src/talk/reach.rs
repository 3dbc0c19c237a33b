//! From a target to where its server is.

use super::Settings;
use crate::keyring::Keyring;
use petrel::Endpoint;
use petrel_cli::{ClientTlsArgs, Embedded, EmbeddedConfig, Failure, Target};
use std::net::ToSocketAddrs;

/// A target as it is reached. The embedded server lives as long as this.
#[derive(Debug)]
pub struct Reached {
    settings: Settings,
    embedded: Option<Embedded>,
}

impl Reached {
    /// Starts the embedded server, which then has the first of the keys, or reads what TLS needs.
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// If the server cannot be started, or TLS is not configured as it must be.
    pub fn new(target: &Target, keys: Keyring, tls: &ClientTlsArgs) -> Result<Self, Failure> {
        let (endpoint, tls, embedded) = match target {
            Target::Embedded => {
                let config = EmbeddedConfig::default().hmac_key(keys.first().cloned());
                let embedded = Embedded::start(config)?;
                (embedded.endpoint().clone(), None, Some(embedded))
            }
            Target::Endpoint(endpoint) => (endpoint.clone(), tls.read_for(endpoint)?, None),
        };
        let settings = Settings {
            tls,
            ..Settings::new(endpoint).with_keys(keys)
        };
        Ok(Self { settings, embedded })
    }

    /// Settings for sessions with it, with the default limits.
    pub fn settings(&self) -> Settings {
        self.settings.clone()
    }

    /// Where it is.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.settings.endpoint
    }

    /// Whether it is the server in this process.
    pub const fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }
}

/// Whether a server is on this machine for certain: a Unix socket, or a name or number all of whose
/// addresses are loopback. A name that cannot be looked up is not.
pub fn is_local(endpoint: &Endpoint) -> bool {
    let (Some(host), Some(port)) = (endpoint.host(), endpoint.port()) else {
        return true;
    };
    let Ok(addresses) = (host, port).to_socket_addrs() else {
        return false;
    };
    let mut addresses = addresses.peekable();
    addresses.peek().is_some() && addresses.all(|addr| addr.ip().to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_this_machine_for_certain_is_local() {
        for (endpoint, local) in [
            ("127.0.0.1:1", true),
            ("127.9.8.7:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("unix:/run/x.sock", true),
            ("0.0.0.0:1", false),
            ("192.0.2.1:1", false),
            ("[2001:db8::1]:1", false),
        ] {
            assert_eq!(is_local(&endpoint.parse().unwrap()), local, "{endpoint}");
        }
    }
}
