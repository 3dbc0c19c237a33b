//! `petrel-probe` without a command: the terminal interface on a file or a target, or text.

use super::{
    connect::ConnectArgs,
    decode::{self, DecodeArgs},
    source::SourceArgs,
    subject::Subject,
};
#[cfg(feature = "tui")]
use crate::tui;
use crate::{
    keyring::Keyring,
    report::text::duration,
    talk::{Reached, Session, Step, TalkError},
};
use petrel::wire::Escaped;
use petrel_cli::{Exit, Failure, Target, output};
use std::path::PathBuf;
use tokio::runtime;

/// What to open
#[derive(Debug, clap::Args)]
pub(super) struct OpenArgs {
    /// A capture file, - for standard input, or a target: host:port, tls://…, unix:/…, embedded
    ///
    /// A word with a scheme, or one that ends in a colon and digits where no such file exists, is a
    /// target. ./x is a file in any case. With nothing at all it is the embedded server.
    #[arg(value_name = "FILE|TARGET")]
    subject: Option<Subject>,

    /// Draw the terminal interface in ASCII only
    #[cfg(feature = "tui")]
    #[arg(long)]
    ascii: bool,

    /// Remember no names and targets from one time to the next
    #[cfg(feature = "tui")]
    #[arg(long)]
    no_history: bool,

    #[command(flatten)]
    source: SourceArgs,

    #[command(flatten)]
    connect: ConnectArgs,
}

impl OpenArgs {
    /// The server, if that is what is to be opened.
    fn target(&self) -> Option<Target> {
        match &self.subject {
            None => Some(Target::Embedded),
            Some(Subject::Target(target)) => Some(target.clone()),
            Some(Subject::File(_) | Subject::Stdin) => None,
        }
    }

    fn keys(&self) -> Result<Keyring, Failure> {
        Ok((*self.source.keyring()?).clone())
    }
}

#[cfg(feature = "tui")]
impl OpenArgs {
    fn traffic(&self) -> tui::Source {
        match &self.subject {
            Some(Subject::File(path)) => tui::Source::File(path.clone()),
            Some(Subject::Stdin) => tui::Source::Stdin,
            Some(Subject::Target(_)) | None => tui::Source::Nowhere,
        }
    }

    /// Whether the terminal interface is opened.
    pub(super) fn is_drawn(&self) -> bool {
        tui::is_possible(&self.traffic())
    }
}

#[cfg(not(feature = "tui"))]
impl OpenArgs {
    /// Whether the terminal interface is opened.
    pub(super) const fn is_drawn(&self) -> bool {
        false
    }
}

#[cfg(feature = "tui")]
pub(super) fn execute(args: &OpenArgs) -> Result<Exit, Failure> {
    let source = args.traffic();
    if !tui::is_possible(&source) {
        return as_text(args);
    }
    if args.subject.is_none() {
        output::note("no file and no target was named: this is the embedded server");
    }
    tui::run(tui::Opening {
        composes: args.target().is_some(),
        source,
        decoder: args.source.decoder_config()?,
        filter: args.source.filter().map(ToString::to_string),
        setup: setup(args)?,
        is_ascii: args.ascii,
    })
}

#[cfg(feature = "tui")]
fn setup(args: &OpenArgs) -> Result<tui::Setup, Failure> {
    let mut setup = tui::Setup {
        target: args.target(),
        keys: args.keys()?,
        key_words: args.source.key_words(),
        tls: args.connect.tls.clone(),
        history: tui::history_path().filter(|_| !args.no_history),
        ..tui::Setup::default()
    };
    (setup.connect_timeout, setup.timeout) = args.connect.timeouts();
    Ok(setup)
}

#[cfg(not(feature = "tui"))]
pub(super) fn execute(args: &OpenArgs) -> Result<Exit, Failure> {
    as_text(args)
}

fn as_text(args: &OpenArgs) -> Result<Exit, Failure> {
    match (&args.subject, args.target()) {
        (_, Some(target)) => greet(args, &target),
        (Some(Subject::File(path)), None) => decode_file(args, path.clone()),
        (_, None) => decode_file(args, PathBuf::from("-")),
    }
}

fn decode_file(args: &OpenArgs, file: PathBuf) -> Result<Exit, Failure> {
    decode::execute(&DecodeArgs::of(file, args.source.clone()))
}

/// Connects, and says what came of it.
fn greet(args: &OpenArgs, target: &Target) -> Result<Exit, Failure> {
    let reached = Reached::new(target, args.keys()?, &args.connect.tls)?;
    let settings = args.connect.apply(reached.settings());
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unreachable, format!("cannot connect: {error}")))?;
    let mut lines = String::new();
    let mut watch = |step: Step<'_>| match step {
        Step::Connected { took, .. } => {
            lines.push_str(&format!("connected in {}\n", duration(took)));
        }
        Step::Secured { took } => lines.push_str(&format!("TLS in {}\n", duration(took))),
        Step::Checked { took } => {
            lines.push_str(&format!("protocol check in {}\n", duration(took)));
        }
        _ => {}
    };
    let opened = runtime.block_on(async {
        let session = Session::open(&settings, &mut watch).await?;
        let check = session.check().cloned();
        session.close(&mut watch).await;
        Ok::<_, TalkError>(check)
    });
    let check = opened?;
    let mut text = format!("{}\n{lines}", reached.endpoint());
    if let Some(answer) = check.and_then(|exchange| exchange.response) {
        let mac = if answer.has_mac() {
            ", its MAC ok (payload only)"
        } else {
            ""
        };
        let payload = answer.payload();
        let version = match payload {
            [version] => format!("version {version}"),
            other => format!("\"{}\"", Escaped(other)),
        };
        text.push_str(&format!(
            "answered {}, {version}{mac}\n",
            answer.header.status
        ));
    }
    output::print(&text)?;
    Ok(Exit::Done)
}
