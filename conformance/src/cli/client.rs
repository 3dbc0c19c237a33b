//! `client`: the suite plays server, and a driver tells the client what to do.

use super::{Judged, selection::SelectionArgs};
use crate::{
    bench::{ClientSetup, Driven, Transport, try_driver},
    case::{Case, Role},
    frame::Key,
    plan,
    record::{CaseRecord, TargetRecord},
    run::{About, OnCase, Options, run},
};
use clap::Args;
use petrel::ServerTls;
use petrel_cli::{DevelopmentCerts, Exit, Failure, Interrupt, output};
use std::{
    fs,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Of the suite and the client under judgement; it guards nothing. Longer than a block of SHA-256, so
/// that it is hashed first (P-017), and not text.
const KEY: [u8; 80] = {
    let mut key = [0; 80];
    let mut at: u8 = 0;
    while at < 80 {
        key[at as usize] = at.wrapping_mul(37).wrapping_add(129);
        at += 1;
    }
    key
};

/// Drivers mostly wait.
const JOBS: usize = 4;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("who").required(true).multiple(false))]
pub(super) struct ClientArgs {
    /// The word `embedded`: the client of this project
    #[arg(group = "who", value_parser = ["embedded"])]
    target: Option<String>,
    /// The command of a driver around the client, as for a shell; see DRIVER.md
    #[arg(long, value_name = "COMMAND", group = "who")]
    driver: Option<String>,
    /// Over what the client is told to connect
    #[arg(long, value_enum, default_value_t)]
    transport: Transport,
}

/// A client that can be judged.
pub(super) struct Prepared {
    setup: Arc<ClientSetup>,
    ours: bool,
    name: String,
    again: Vec<String>,
    _folder: TempDir,
}

pub(super) fn prepare(
    arguments: &ClientArgs,
    interrupt: &Interrupt,
    deadline: Instant,
) -> Result<Prepared, Failure> {
    let ours = arguments.driver.is_none();
    let command = match &arguments.driver {
        Some(command) => command.clone(),
        None => own_driver()?,
    };
    let seed = RandomState::new().hash_one(0);
    let doubt = try_driver(&command, seed, interrupt, deadline)?;
    if let Some(doubt) = &doubt {
        output::warn(&format!(
            "{doubt}; it should answer what it does not know `unsupported`"
        ));
    }
    let no_folder = |error: std::io::Error| {
        Failure::new(
            Exit::Unreachable,
            format!("no folder for sockets and certificates: {error}"),
        )
    };
    let folder = tempfile::tempdir().map_err(no_folder)?;
    let certs = DevelopmentCerts::new(&["localhost", "127.0.0.1"].map(str::to_owned))?;
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, &certs.ca).map_err(no_folder)?;
    let tls = ServerTls::new(certs.server.as_bytes(), certs.server_key.as_bytes());
    let mut again = vec!["petrel-conformance".to_owned(), "client".to_owned()];
    match &arguments.driver {
        Some(command) => again.extend(["--driver".to_owned(), output::shell_word(command)]),
        None => again.push("embedded".to_owned()),
    }
    let transport = arguments.transport;
    if transport != Transport::Tcp {
        let word = if transport == Transport::Unix {
            "unix"
        } else {
            "tls"
        };
        again.extend(["--transport", word].map(str::to_owned));
    }
    Ok(Prepared {
        setup: Arc::new(ClientSetup {
            command: command.clone(),
            transport,
            key: Key::new(KEY.to_vec()),
            tls: tls.map_err(|error| Failure::usage(error.to_string()))?,
            ca,
            folder: folder.path().to_owned(),
            answers_unknown: doubt.is_none(),
            deadline,
        }),
        name: if ours {
            "the reference client".to_owned()
        } else {
            format!("the client behind `{command}`")
        },
        ours,
        again,
        _folder: folder,
    })
}

/// This program is the driver of the project's own client, too.
fn own_driver() -> Result<String, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        let message = format!("this program does not find itself: {error}");
        Failure::new(Exit::Unreachable, message)
    })?;
    let program = output::shell_word(&program.to_string_lossy());
    Ok(format!("exec {program} driver"))
}

impl Prepared {
    pub(super) fn options(&self, selection: &SelectionArgs) -> Result<Options, Failure> {
        let mut options = selection.options(true, JOBS)?;
        // Starting a process may take its time.
        options.patience = Duration::from_secs(2);
        Ok(options)
    }

    fn transport(&self) -> &'static str {
        match self.setup.transport {
            Transport::Tcp => "over TCP",
            Transport::Unix => "over a Unix socket",
            Transport::Tls => "over TLS",
        }
    }

    /// Runs the cases.
    pub(super) fn judge(
        self,
        cases: &[Case],
        options: &Options,
        on_start: &mut dyn FnMut(&TargetRecord, &[CaseRecord]),
        on_case: OnCase<'_>,
    ) -> Result<Judged, Failure> {
        let cases = super::selection::selected(cases, Some(Role::Client), &options.selection)?;
        let variants = |case: &Case| plan::of_client(case, self.ours);
        let units = plan::units(&cases, options, variants);
        let about = About {
            role: "client",
            target: TargetRecord {
                name: self.name.clone(),
                ours: self.ours,
                variants: plan::CLIENT_VARIANTS
                    .iter()
                    .map(|variant| (variant.as_str().to_owned(), self.transport().to_owned()))
                    .collect(),
                ..TargetRecord::default()
            },
            command: self.again.join(" "),
            round_trip: Duration::ZERO,
        };
        on_start(&about.target, &CaseRecord::all(&cases));
        let jobs = 0..options.jobs.min(units.len()).max(1);
        let benches = jobs
            .map(|job| Driven::new(Arc::clone(&self.setup), job))
            .collect();
        Ok(run(&cases, &units, benches, about, options, on_case))
    }
}
