//! `petrel-probe record`.

mod show;

use crate::{
    filter::Filter,
    record::{Exchanges, Follower, Prepared, Recording, Ring, Written},
    report::Portion,
};
use petrel::{Endpoint, Unit};
use petrel_cli::{
    ClientTlsArgs, Exit, Failure, Interrupt, KeysArgs, ServerTlsArgs, open_files, output, quantity,
};
use show::Show;
use std::{path::PathBuf, slice, thread, time::Duration};
#[cfg(feature = "tui")]
use {
    crate::{record::Told, tui},
    std::sync::mpsc,
};

/// How long a signal may go unseen.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// Events that may wait for the terminal interface.
#[cfg(feature = "tui")]
const EVENTS_MAX: usize = 1024;

/// Forward connections to a server and write what they say to a capture file
///
/// Where it listens is the first line on standard output; then follow the exchanges. Bytes are forwarded
/// as they come and looked at afterwards: whatever befalls the recording, the traffic goes on. SIGINT and
/// SIGTERM end it; what is still connected is reset, and the file is whole. A killed recorder leaves a
/// readable file, too.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The file holds payloads as they were sent, and under TLS the plaintext: its \
                        owner only can read it."
)]
pub(super) struct RecordArgs {
    /// Take connections here
    ///
    /// host:port, tls://host:port, unix:/path or tls+unix:/path. Port 0 takes a free one.
    #[arg(long, value_name = "ENDPOINT")]
    listen: Endpoint,
    /// Forward them to this server
    #[arg(long, value_name = "ENDPOINT")]
    upstream: Endpoint,
    /// Write this pcapng file, which must not exist
    #[arg(short, long, value_name = "FILE")]
    write: PathBuf,
    /// Write a ring of files instead, so many of that size at most: 10x64MiB
    ///
    /// Of r.pcapng the first is r-00001.pcapng. Each can be read by itself, connections that began in an
    /// earlier one with `decode --port`. The oldest is removed when there would be more.
    #[arg(long, value_name = "COUNTxSIZE")]
    ring: Option<Ring>,
    #[command(flatten)]
    server_tls: ServerTlsArgs,
    #[command(flatten)]
    client_tls: ClientTlsArgs,
    #[command(flatten)]
    keys: KeysArgs,
    /// Print only exchanges that this expression holds for; the file gets all
    #[arg(long, value_name = "EXPR")]
    filter: Option<Filter>,
    /// How to print exchanges
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
    /// How much of the payloads to print: full, none, or so many bytes [default: text: a line, jsonl:
    /// full]
    #[arg(long, value_name = "full|none|N")]
    payload: Option<Portion>,
    /// Print no exchanges
    #[arg(long, short, conflicts_with_all = ["filter", "format", "payload"])]
    quiet: bool,
    /// Show exchanges in the terminal interface while they are recorded; quitting it ends the recording
    #[cfg(feature = "tui")]
    #[arg(long, conflicts_with_all = ["format", "payload", "quiet"])]
    tui: bool,
}

impl RecordArgs {
    /// Whether the terminal interface is opened.
    pub(super) const fn is_drawn(&self) -> bool {
        #[cfg(feature = "tui")]
        return self.tui;
        #[cfg(not(feature = "tui"))]
        return false;
    }
}

/// How exchanges are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: a JSON object on each line
    Jsonl,
}

/// Records as the arguments say.
pub(super) fn execute(args: &RecordArgs) -> Result<Exit, Failure> {
    #[cfg(feature = "tui")]
    if args.tui {
        return watch(args);
    }
    let follower = match args.quiet {
        true => None,
        false => Some(follower(args)?),
    };
    // Watched before anything is started, so that nothing is left behind.
    let interrupt = Interrupt::watch()?;
    let prepared = prepare(args)?;
    announce(prepared.listening(), args.format)?;
    let recorder = prepared.start(follower)?;
    while !interrupt.is_set() {
        thread::sleep(LOOK_PAUSE);
    }
    conclude(&recorder.stop()?)
}

/// Records, and shows it in the terminal interface until that is quit.
#[cfg(feature = "tui")]
fn watch(args: &RecordArgs) -> Result<Exit, Failure> {
    let (sender, events) = mpsc::sync_channel(EVENTS_MAX);
    let mut source = tui::Source::Live {
        name: String::new(),
        events,
    };
    if !tui::is_possible(&source) {
        return Err(Failure::usage(
            "--tui needs a terminal; without it exchanges are printed as text",
        ));
    }
    let prepared = prepare(args)?;
    if let tui::Source::Live { name, .. } = &mut source {
        *name = format!(
            "recording {} → {} in {}",
            prepared.listening(),
            args.upstream,
            args.write.display()
        );
    }
    let exchanges = Exchanges::new(show::config(&args.keys)?, move |told| {
        if let Told::Event(event) = told {
            // While the interface is slow the queue before this fills; when it is gone nobody listens.
            let _ = sender.send(event);
        }
    });
    let recorder = prepared.start(Some(Box::new(exchanges)))?;
    let mut opening = tui::Opening::new(source);
    opening.filter = args.filter.as_ref().map(ToString::to_string);
    let shown = tui::run(opening);
    let concluded = conclude(&recorder.stop()?)?;
    Ok(shown?.max(concluded))
}

fn prepare(args: &RecordArgs) -> Result<Prepared, Failure> {
    let server_tls = args.server_tls.read_for(slice::from_ref(&args.listen))?;
    let client_tls = args.client_tls.read_for(&args.upstream)?;
    open_files::raise();
    Recording::new(args.listen.clone(), args.upstream.clone(), &args.write)
        .ring(args.ring)
        .server_tls(server_tls)
        .client_tls(client_tls)
        .prepare()
}

/// Who prints exchanges.
fn follower(args: &RecordArgs) -> Result<Box<dyn Follower>, Failure> {
    let mut show = Show::new(args.format, args.payload, args.filter.clone());
    let config = show::config(&args.keys)?;
    Ok(Box::new(Exchanges::new(config, move |told| {
        show.tell(told)
    })))
}

fn announce(listening: &Endpoint, format: Format) -> Result<(), Failure> {
    let line = match format {
        Format::Text => format!("listening on {listening}"),
        Format::Jsonl => show::listening_line(listening)?,
    };
    match output::print(&(line + "\n")) {
        // Nobody reads where it listens; it may be known all the same.
        Err(gone) if gone.exit() == Exit::Done => Ok(()),
        other => other,
    }
}

/// Says what was recorded, and whether it is all.
fn conclude(written: &Written) -> Result<Exit, Failure> {
    let open = match written.open {
        0 => String::new(),
        open => format!(", {open} of them still open"),
    };
    output::note(&format!(
        "connections recorded: {}{open}; bytes: {}; in {}",
        written.connections,
        written.bytes,
        written.path.display()
    ));
    if written.lost_bytes > 0 {
        output::warn(&format!(
            "bytes that were forwarded and are missing in the recording: {}",
            written.lost_bytes
        ));
    }
    if written.failed_bytes > 0 {
        let failed = quantity::show(Unit::Bytes, written.failed_bytes);
        let message = format!("{failed} of packets could not be written and are missing");
        return Err(Failure::new(Exit::Unreachable, message));
    }
    Ok(Exit::Done)
}
