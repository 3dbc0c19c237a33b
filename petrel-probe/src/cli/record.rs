//! `petrel-probe record`.

mod show;

use crate::{
    filter::Filter,
    record::{Exchanges, Follower, Recording, Ring, Written},
    report::Portion,
};
use petrel::{Endpoint, Unit};
use petrel_cli::{
    ClientTlsArgs, Exit, Failure, Interrupt, KeysArgs, ServerTlsArgs, open_files, output, quantity,
};
use show::Show;
use std::{path::PathBuf, slice, thread, time::Duration};

/// How long a signal may go unseen.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

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
    /// Of r.pcapng the first is r-00001.pcapng. Each is complete in itself; the oldest is removed when
    /// there would be more.
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
    let server_tls = args.server_tls.read_for(slice::from_ref(&args.listen))?;
    let client_tls = args.client_tls.read_for(&args.upstream)?;
    let follower = match args.quiet {
        true => None,
        false => Some(follower(args)?),
    };
    // Watched before anything is started, so that nothing is left behind.
    let interrupt = Interrupt::watch()?;
    open_files::raise();
    let recording = Recording::new(args.listen.clone(), args.upstream.clone(), &args.write)
        .ring(args.ring)
        .server_tls(server_tls)
        .client_tls(client_tls);
    let prepared = recording.prepare()?;
    announce(prepared.listening(), args.format)?;
    let recorder = prepared.start(follower)?;
    while !interrupt.is_set() {
        thread::sleep(LOOK_PAUSE);
    }
    conclude(&recorder.stop()?)
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
