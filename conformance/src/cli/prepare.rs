//! From arguments to a target that can be judged.

use super::ServerArguments;
use crate::{
    case::Offers,
    frame::Key,
    target::{Address, LIMIT_DEFAULT, Server, Target},
};
use petrel::{Endpoint, ServerLimits, wire::MacKey};
use petrel_cli::{Embedded, EmbeddedConfig, Failure, output::shell_word};

/// The key of the embedded server; it guards nothing.
const EMBEDDED_KEY: &[u8] = b"the key of the embedded reference server";
/// Far below the default, so that a limit that is not obeyed shows at once.
const EMBEDDED_SMALL_LIMIT: u32 = 64 << 10;

/// A target, and the servers that live as long as it is judged.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) target: Target,
    /// The command that judges the same target again, as words for a shell.
    pub(super) again: Vec<String>,
    _servers: Vec<Embedded>,
}

/// Starts the reference server in each configuration that cases ask for.
pub(super) fn embedded() -> Result<Prepared, Failure> {
    let key = MacKey::new(EMBEDDED_KEY).map_err(|error| Failure::usage(error.to_string()))?;
    let plain = || EmbeddedConfig::default().allow_panic(true);
    let mut running = Vec::new();
    let mut start = |config: EmbeddedConfig, limit: u32| {
        let limits = ServerLimits::new().payload_max(limit.into());
        let started = Embedded::start(config.limits(limits))?;
        let mut server = Server::new(Address::look_up(started.endpoint())?);
        server.limit = Some(limit);
        running.push(started);
        Ok::<Server, Failure>(server)
    };
    let mut target = Target::blind(start(plain(), LIMIT_DEFAULT)?);
    let mut mac = start(plain().hmac_key(Some(key)), LIMIT_DEFAULT)?;
    mac.key = Some(Key::new(EMBEDDED_KEY.to_vec()));
    target.mac = Some(mac);
    target.small = Some(start(plain(), EMBEDDED_SMALL_LIMIT)?);
    target.checked = Some(start(plain().require_protocol_check(true), LIMIT_DEFAULT)?);
    target.offers = Offers::Fixtures;
    target.ours = true;
    Ok(Prepared {
        target,
        again: words(&["petrel-conformance", "server", "embedded"]),
        _servers: running,
    })
}

/// Reads the arguments that describe a server of somebody else.
pub(super) fn given(endpoint: &Endpoint, arguments: &ServerArguments) -> Result<Prepared, Failure> {
    let server = |endpoint: &Endpoint| {
        let mut server = Server::new(Address::look_up(endpoint)?);
        server.limit = arguments.limit;
        Ok::<Server, Failure>(server)
    };
    let mut target = Target::blind(server(endpoint)?);
    let mut again = words(&["petrel-conformance", "server", &endpoint.to_string()]);
    if let Some(endpoint) = &arguments.hmac_target {
        let mut server = server(endpoint)?;
        server.key = arguments
            .key
            .read()?
            .map(|key| Key::new(key.bytes().to_vec()));
        target.mac = Some(server);
        again.extend(words(&["--hmac-target", &endpoint.to_string()]));
        again.extend(arguments.key.to_words());
    }
    if let Some(limit) = arguments.limit {
        again.extend(words(&["--limit", &limit.to_string()]));
    }
    if let Some(echo) = &arguments.echo {
        target.offers = Offers::Echo;
        target.echo.clone_from(echo);
        again.extend(words(&["--echo", echo]));
    }
    if arguments.fixtures {
        target.offers = Offers::Fixtures;
        again.extend(words(&["--fixtures"]));
    }
    Ok(Prepared {
        target,
        again,
        _servers: Vec::new(),
    })
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| shell_word(text)).collect()
}
