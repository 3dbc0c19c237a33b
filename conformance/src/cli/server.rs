//! `server`: from arguments to a server that can be judged.

use super::{Judged, generated::GeneratedArgs, selection::SelectionArgs};
use crate::{
    bench::{Executed, Running, ServerCommand, discover, find_limit},
    case::{Case, Offers, Role},
    frame::Key,
    plan,
    record::{CaseRecord, TargetRecord},
    run::{About, OnCase, Options, run},
    target::{Address, LIMIT_DEFAULT, Server, Target},
    verdict::Variant,
};
use clap::Args;
use petrel::{ClientTls, Endpoint, ServerLimits, ServerTls, wire::MacKey};
use petrel_cli::{
    ClientTlsArgs, DevelopmentCerts, Embedded, EmbeddedConfig, Failure, Interrupt, KeyArgs,
    Target as Named, keygen, output,
};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The key of the embedded server; it guards nothing.
const EMBEDDED_KEY: &[u8] = b"the key of the embedded reference server";
/// Far below the default, so that a limit that is not obeyed shows at once.
const EMBEDDED_SMALL_LIMIT: u32 = 64 << 10;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("whom").required(true).multiple(false))]
pub(super) struct ServerArgs {
    /// host:port, tls://host:port, unix:/path, tls+unix:/path, or `embedded` for the reference server
    /// in this process
    #[arg(group = "whom")]
    target: Option<Named>,
    /// Start the server with this command; {port} stands for its port, {key_file} for a key that makes
    /// it expect MACs. Twice: once without the key and once with it
    #[arg(long, value_name = "COMMAND", group = "whom")]
    exec: Vec<String>,
    /// The same server where it expects MACs, if TARGET does not
    #[arg(long, value_name = "TARGET", requires = "KeyArgs")]
    hmac_target: Option<Endpoint>,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    tls: ClientTlsArgs,
    /// The server's payload limit; without it the exact boundary is only warned about
    #[arg(long, value_name = "BYTES")]
    limit: Option<u32>,
    /// The name under which the server answers 200 with the bytes it was sent
    #[arg(long, value_name = "NAME", value_parser = echo_name)]
    echo: Option<String>,
    /// The server has all fixtures: echo, null, size, sleep, status, fail
    #[arg(long)]
    fixtures: bool,
    /// Send what no honest client sends to a server that is not on this machine, too
    #[arg(long)]
    hostile: bool,
    #[command(flatten)]
    pub(super) generated: GeneratedArgs,
}

fn echo_name(text: &str) -> Result<String, String> {
    match text.len() {
        0 => Err("the name is empty: give the name of a request that echoes".into()),
        256.. => Err("a name has at most 255 bytes".into()),
        _ => Ok(text.into()),
    }
}

/// A server that can be judged, and what has to live as long.
pub(super) struct Prepared {
    pub(super) target: Target,
    /// How to start it, where the suite does.
    pub(super) commands: Vec<(Variant, ServerCommand)>,
    name: String,
    /// The command that judges the same target again, as words for a shell.
    pub(super) again: Vec<String>,
    jobs: usize,
    _servers: Vec<Embedded>,
    _folder: Option<TempDir>,
}

impl Prepared {
    /// Whether the peer is on this machine.
    pub(super) fn is_near(&self) -> bool {
        self.target.plain.address.is_local()
    }

    pub(super) fn record(&self) -> TargetRecord {
        TargetRecord {
            name: self.name.clone(),
            offers: self.target.offers.as_str().to_owned(),
            echo: (self.target.offers == Offers::Echo).then(|| self.target.echo.clone()),
            ours: self.target.ours,
            limit: self.target.plain.limit,
            variants: self
                .target
                .servers()
                .map(|(variant, server)| (variant.as_str().to_owned(), server.address.to_string()))
                .collect(),
        }
    }

    pub(super) fn options(&self, selection: &SelectionArgs) -> Result<Options, Failure> {
        selection.options(self.is_near(), self.jobs)
    }

    /// Runs the cases.
    pub(super) fn judge(
        mut self,
        cases: &[Case],
        options: &Options,
        on_start: &mut dyn FnMut(&TargetRecord, &[CaseRecord]),
        on_case: OnCase<'_>,
    ) -> Result<Judged, Failure> {
        let cases = super::selection::selected(cases, Some(Role::Server), &options.selection)?;
        let mut round_trip = Duration::ZERO;
        if self.commands.is_empty() {
            for server in self.target.servers_mut() {
                round_trip = round_trip.max(server.measure()?);
            }
        }
        let units = plan::units(&cases, options, |case| plan::of_server(case, &self.target));
        let about = About {
            role: "server",
            target: self.record(),
            command: self.again.join(" "),
            round_trip,
        };
        on_start(&about.target, &CaseRecord::all(&cases));
        let jobs = 0..options.jobs.min(units.len()).max(1);
        let record = if self.commands.is_empty() {
            let bench = Running::new(self.target.clone());
            let benches = jobs.map(|_| bench.clone()).collect();
            run(&cases, &units, benches, about, options, on_case)
        } else {
            let bench = |_| Executed::new(self.commands.clone(), &self.target);
            run(
                &cases,
                &units,
                jobs.map(bench).collect(),
                about,
                options,
                on_case,
            )
        };
        Ok(record)
    }
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
    let (ours, theirs) = development_tls()?;
    let tls = start(plain().tls(Some(theirs)), LIMIT_DEFAULT)?;
    target.tls = Some(tls.under_tls(ours)?);
    target.offers = Offers::Fixtures;
    target.ours = true;
    Ok(Prepared {
        target,
        commands: Vec::new(),
        name: "the embedded reference server".to_owned(),
        again: words(&["petrel-conformance", "server", "embedded"]),
        jobs: super::processors(),
        _servers: running,
        _folder: None,
    })
}

/// Both sides of TLS with certificates of this moment.
pub(super) fn development_tls() -> Result<(ClientTls, ServerTls), Failure> {
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let certs = DevelopmentCerts::new(&names)?;
    let unusable = |error: petrel::TlsError| Failure::usage(error.to_string());
    let client = ClientTls::new(certs.ca.as_bytes()).map_err(unusable)?;
    let server = ServerTls::new(certs.server.as_bytes(), certs.server_key.as_bytes());
    Ok((client, server.map_err(unusable)?))
}

/// Reads the arguments that describe a server; what is to be found out about it is found by `deadline`.
pub(super) fn prepare(
    arguments: &ServerArgs,
    interrupt: &Interrupt,
    deadline: Instant,
) -> Result<Prepared, Failure> {
    match &arguments.target {
        Some(Named::Embedded) => {
            refuse_options_of_others(arguments)?;
            embedded()
        }
        Some(Named::Endpoint(endpoint)) => given(endpoint, arguments, deadline),
        None => started(arguments, interrupt, deadline),
    }
}

/// The embedded server's limit, key and fixtures are known.
fn refuse_options_of_others(arguments: &ServerArgs) -> Result<(), Failure> {
    let ServerArgs {
        hmac_target,
        key,
        limit,
        echo,
        fixtures,
        ..
    } = arguments;
    let is_signed = hmac_target.is_some() || !key.to_words().is_empty();
    if is_signed || limit.is_some() || echo.is_some() || *fixtures {
        return Err(Failure::usage(
            "`embedded` brings its own limit, key and fixtures: leave out --hmac-target, \
             --hmac-key-file, --limit, --echo and --fixtures, or name another target",
        ));
    }
    Ok(())
}

fn given(
    endpoint: &Endpoint,
    arguments: &ServerArgs,
    deadline: Instant,
) -> Result<Prepared, Failure> {
    let key = arguments.key.read()?;
    let key = key.map(|key| Key::new(key.bytes().to_vec()));
    let tls = arguments.tls.read_for(endpoint)?;
    let server = |endpoint: &Endpoint, key: Option<Key>| {
        let mut server = Server::new(Address::look_up(endpoint)?);
        server.limit = arguments.limit;
        server.key = key;
        match tls.clone().filter(|_| endpoint.is_tls()) {
            Some(tls) => server.under_tls(tls),
            None => Ok(server),
        }
    };
    let mut again = words(&["petrel-conformance", "server", &endpoint.to_string()]);
    let mut target = match &arguments.hmac_target {
        Some(signed) => {
            again.extend(words(&["--hmac-target", &signed.to_string()]));
            let mut target = Target::blind(server(endpoint, None)?);
            target.mac = Some(server(signed, key)?);
            target
        }
        None => Target::blind(server(endpoint, key)?),
    };
    again.extend(arguments.key.to_words());
    again.extend(arguments.tls.to_words());
    target.hostile = arguments.hostile || target.plain.address.is_local();
    if arguments.hostile {
        again.extend(words(&["--hostile"]));
    }
    again.extend(declare(&mut target, arguments));
    for server in target.servers_mut() {
        server.measure()?;
    }
    let may_ask = target.plain.address.is_local();
    offers(&mut target, arguments, may_ask, deadline);
    Ok(Prepared {
        target,
        commands: Vec::new(),
        name: endpoint.to_string(),
        again,
        jobs: 1,
        _servers: Vec::new(),
        _folder: None,
    })
}

/// Servers that the suite starts itself.
fn started(
    arguments: &ServerArgs,
    interrupt: &Interrupt,
    deadline: Instant,
) -> Result<Prepared, Failure> {
    if arguments.hmac_target.is_some() || !arguments.key.to_words().is_empty() {
        return Err(Failure::usage(
            "--exec makes a key by itself: write {key_file} into the command instead of \
             --hmac-target and --hmac-key-file",
        ));
    }
    let folder = tempfile::tempdir().map_err(|error| {
        Failure::new(
            petrel_cli::Exit::Unreachable,
            format!("no folder for a key: {error}"),
        )
    })?;
    let path: PathBuf = folder.path().join("hmac.key");
    keygen(&path)?;
    let key = petrel_cli::files::read_secret(&path)?;
    let key = key.strip_suffix(b"\n").unwrap_or(&key).to_vec();
    let key = (path, Key::new(key));
    let mut commands: Vec<(Variant, ServerCommand)> = Vec::new();
    let mut again = words(&["petrel-conformance", "server"]);
    for template in &arguments.exec {
        let command = ServerCommand::new(template, &key, interrupt.clone(), deadline)?;
        let variant = if command.is_signed() {
            Variant::Mac
        } else {
            Variant::Plain
        };
        if commands.iter().any(|(each, _)| *each == variant) {
            return Err(Failure::usage(
                "--exec twice: once without {key_file} and once with it",
            ));
        }
        again.extend(words(&["--exec", template]));
        commands.push((variant, command));
    }
    commands.sort_by_key(|(variant, _)| *variant);
    let mut servers = Vec::new();
    // Each is tried once before the cases begin, and asked what it offers.
    let mut processes = Vec::new();
    for (_, command) in &commands {
        let (process, mut server) = command.start()?;
        server.limit = arguments.limit;
        servers.push(server);
        processes.push(process);
    }
    let mut servers = servers.into_iter();
    let main = servers.next();
    let main = main.ok_or_else(|| Failure::usage("--exec: there is no command"))?;
    let mut target = Target::blind(main);
    target.mac = servers.next();
    again.extend(declare(&mut target, arguments));
    offers(&mut target, arguments, true, deadline);
    drop(processes);
    let name = arguments.exec.join(" and ");
    Ok(Prepared {
        target,
        commands,
        name: format!("`{name}`"),
        again,
        jobs: super::processors(),
        _servers: Vec::new(),
        _folder: Some(folder),
    })
}

/// What the arguments say about a server; the words that say it again.
fn declare(target: &mut Target, arguments: &ServerArgs) -> Vec<String> {
    let mut again = Vec::new();
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
    again
}

/// Finds out what nobody declared; strangers that are not on this machine are not asked.
fn offers(target: &mut Target, arguments: &ServerArgs, may_ask: bool, deadline: Instant) {
    if !may_ask {
        return;
    }
    let server = &target.plain;
    let offers = discover(server, &target.echo, deadline);
    if Instant::now() >= deadline {
        output::warn("--max-time was up before it was known what the server offers");
        return;
    }
    let Some(offers) = offers else {
        output::warn(match server.key {
            None => {
                "no good answer to the protocol check: does the server expect MACs \
                 (--hmac-key-file) or TLS (tls://)?"
            }
            Some(_) => "no good answer to the protocol check: is this the server's key?",
        });
        return;
    };
    if !arguments.fixtures && arguments.echo.is_none() {
        target.offers = offers;
    }
    if arguments.limit.is_none()
        && let Some(limit) = find_limit(server, deadline)
    {
        output::note(&format!(
            "its payload limit seems to be {limit}; with --limit {limit} the boundary is judged"
        ));
        target
            .servers_mut()
            .for_each(|server| server.found_limit = Some(limit));
    }
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| output::shell_word(text)).collect()
}
