//! From arguments to a target that can be judged.

use super::{Failure, KeySource, ServerArguments, key_of};
use crate::case::Offers;
use crate::embedded::{self, Embedded, Setup};
use crate::frame::Key;
use crate::target::{Address, LIMIT_DEFAULT, Server, Target};

/// The key of the embedded server; it guards nothing.
const EMBEDDED_KEY: &[u8] = b"the key of the embedded reference server";
/// Far below the default, so that a limit that is not obeyed shows at once.
const EMBEDDED_SMALL_LIMIT: u32 = 64 << 10;

/// A target, and the servers that live as long as it is judged.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) target: Target,
    /// What is about to happen, in one sentence.
    pub(super) intro: String,
    /// The command that judges the same target again.
    pub(super) rerun: String,
    _servers: Vec<Embedded>,
}

/// Starts the reference server in each configuration that cases ask for.
pub(super) fn embedded() -> Result<Prepared, Failure> {
    let mut running = Vec::new();
    let mut start = |key: Option<&[u8]>, limit: u32, require_protocol_check: bool| {
        let setup = Setup {
            hmac_key: key.map(<[u8]>::to_vec),
            payload_max: limit,
            allow_panic: true,
            require_protocol_check,
        };
        let started = embedded::start(setup).map_err(|error| {
            Failure::unreachable(format!(
                "cannot start the embedded reference server: {error}"
            ))
        })?;
        let mut server = Server::new(Address::from(started.addr));
        server.limit = Some(limit);
        server.key = key.map(|key| Key::new(key.to_vec()));
        running.push(started);
        Ok::<Server, Failure>(server)
    };
    let mut target = Target::blind(start(None, LIMIT_DEFAULT, false)?);
    target.mac = Some(start(Some(EMBEDDED_KEY), LIMIT_DEFAULT, false)?);
    target.small = Some(start(None, EMBEDDED_SMALL_LIMIT, false)?);
    target.checked = Some(start(None, LIMIT_DEFAULT, true)?);
    target.offers = Offers::Fixtures;
    target.ours = true;
    Ok(Prepared {
        target,
        intro: "Starting the embedded reference server on free loopback ports and certifying it \
                over real sockets."
            .into(),
        rerun: "petrel-conformance server embedded".into(),
        _servers: running,
    })
}

/// Reads the arguments that describe a server of somebody else.
pub(super) fn given(arguments: &ServerArguments) -> Result<Prepared, Failure> {
    let mut plain = Server::new(Address::parse(&arguments.target)?);
    plain.limit = arguments.limit;
    let mut rerun = format!(
        "petrel-conformance server {}",
        shell_word(&arguments.target)
    );
    let mut target = Target::blind(plain);
    if let Some(text) = &arguments.hmac_target {
        let mut server = Server::new(Address::parse(text)?);
        server.limit = arguments.limit;
        server.key = Some(read_key(&arguments.key)?);
        target.mac = Some(server);
        rerun += &format!(
            " --hmac-target {}{}",
            shell_word(text),
            key_arguments(&arguments.key)
        );
    }
    if let Some(limit) = arguments.limit {
        rerun += &format!(" --limit {limit}");
    }
    if let Some(echo) = &arguments.echo {
        target.offers = Offers::Echo;
        target.echo.clone_from(echo);
        rerun += &format!(" --echo {}", shell_word(echo));
    }
    if arguments.fixtures {
        target.offers = Offers::Fixtures;
        rerun += " --fixtures";
    }
    let intro = format!(
        "Certifying {} ({}{}).",
        target.plain.address,
        target.offers.as_str(),
        if target.mac.is_some() {
            ", with MACs"
        } else {
            ""
        }
    );
    Ok(Prepared {
        target,
        intro,
        rerun,
        _servers: Vec::new(),
    })
}

fn read_key(source: &KeySource) -> Result<Key, Failure> {
    if let Some(path) = &source.hmac_key_file {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| {
            Failure::unreachable(format!("cannot read the key file {name}: {error}"))
        })?;
        warn_if_public(path);
        return key_of(bytes, &name);
    }
    let variable = source.hmac_key_env.as_deref().unwrap_or_default();
    // The operating system forbids `=` in names; asking for one would be a panic elsewhere.
    let value = std::env::var_os(variable).ok_or_else(|| {
        Failure::usage(format!(
            "the environment variable {variable} of --hmac-key-env is not set"
        ))
    })?;
    key_of(
        value.into_encoded_bytes(),
        &format!("the environment variable {variable}"),
    )
}

#[cfg(unix)]
fn warn_if_public(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0) {
        eprintln!(
            "warning: others may read the key file {}: chmod 600",
            path.display()
        );
    }
}

#[cfg(not(unix))]
fn warn_if_public(_path: &std::path::Path) {}

fn key_arguments(source: &KeySource) -> String {
    let file = source.hmac_key_file.iter();
    let file = file.map(|path| format!(" --hmac-key-file {}", shell_word(&path.to_string_lossy())));
    let variable = source.hmac_key_env.iter();
    file.chain(variable.map(|name| format!(" --hmac-key-env {}", shell_word(name))))
        .collect()
}

/// The text as one word for a shell.
fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.into();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("unix:/run/app.sock"), "unix:/run/app.sock");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
