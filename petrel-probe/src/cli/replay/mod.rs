//! `petrel-probe replay`.

mod consent;

use super::{connect::ConnectArgs, signals, source::SourceArgs};
use crate::{
    decode::DecoderConfig,
    exchange::Event,
    index::Stores,
    keyring::Keyring,
    replay::{
        Comparison, Ignored, Macs, Options, Outcome, Pace, Recording, ReplayError, Tally,
        report::{Document, Head, JSON_SCHEMA, Report, Summary, Text},
        run,
    },
    source::{self, Input, Told},
    talk::{Reached, Settings, is_local},
    totals::{Ending, Totals},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use petrel_cli::{Exit, Failure, Interrupt, Look, Target, open_files, output, output::Format};
use std::{
    cell::RefCell,
    io::{self, BufWriter, IsTerminal},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// What follows the help.
const EXAMPLES: &str = "\
Examples:
  petrel-probe replay traffic.pcapng --to 127.0.0.1:60606
  petrel-probe replay traffic.pcapng --to embedded --filter 'name == \"echo\"' --pace max
  petrel-probe replay signed.pcap --to tls://staging:60606 --tls-ca ca.pem --hmac-key-file mac.key \\
      --ignore '$.ts' --ignore '$.items[*].id' --format json --yes";

/// Send recorded requests to a server again, and compare its answers with the recorded ones
///
/// Each recorded connection is a connection of its own: its requests keep their order, begin with a protocol
/// check of their own and are numbered anew. A connection that breaks is not opened again; the others go
/// on. A target that is not on this machine is asked about first. Exit codes: 0 all answers are the same, 1
/// there are differences, 3 the capture cannot be read or the server not be reached, 4 there was nothing to
/// send, 130 interrupted; what was found so far is printed then.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReplayArgs {
    /// The capture file; - is standard input, which is read to its end first
    #[arg(value_name = "FILE", required_unless_present = "schema")]
    file: Option<PathBuf>,
    /// The server: host:port, tls://host:port, unix:/path, tls+unix:/path, or the word embedded
    #[arg(long, value_name = "TARGET", required_unless_present = "schema")]
    to: Option<Target>,
    /// In which order, and how fast
    #[arg(long, value_enum, value_name = "PACE", default_value_t)]
    pace: Pace,
    /// What becomes of MACs: made anew with the first key, sent as they were recorded, or left out
    ///
    /// By default resign if a key is given, else keep.
    #[arg(long, value_enum, value_name = "HOW")]
    send_mac: Option<Macs>,
    /// Compare payloads that are JSON as JSON, without what this JSONPath finds; may be given several times
    ///
    /// Order of fields and white space do not matter then. Without it payloads are compared byte by byte.
    #[arg(long, value_name = "JSONPATH")]
    ignore: Vec<Ignored>,
    /// How to print the comparison.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
    /// How many differences text shows; json has all of them
    #[arg(long, value_name = "N", default_value_t = 10)]
    show: u64,
    /// Send to a server on another machine without asking
    #[arg(long)]
    yes: bool,
    /// Print the JSON Schema of --format json, and read nothing
    #[arg(long)]
    schema: bool,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) fn execute(args: &ReplayArgs) -> Result<Exit, Failure> {
    if args.schema {
        output::print(JSON_SCHEMA)?;
        return Ok(Exit::Done);
    }
    let (Some(file), Some(target)) = (&args.file, &args.to) else {
        return Err(Failure::usage("a capture file and --to TARGET are missing"));
    };
    let config = args.source.decoder_config()?;
    let options = args.options(&config.framer.keyring)?;
    let keys = match options.macs {
        Macs::Resign | Macs::Keep => Keyring::clone(&config.framer.keyring),
        Macs::Strip => Keyring::new(),
    };
    let reached = Reached::new(target, keys, &args.connect.tls)?;
    let settings = Settings {
        payload_max: args.source.payload_max(),
        ..args.connect.apply(reached.settings())
    };
    let interrupt = Interrupt::watch()?;
    let recording = args.read(file, config, &interrupt)?;
    if interrupt.is_set() {
        let message = "interrupted while the capture was read; nothing was sent";
        return Err(Failure::new(Exit::Interrupted, message));
    }
    if recording.is_empty() {
        return Err(nothing_to_send(&recording, file));
    }
    if !args.yes && !is_local(reached.endpoint()) {
        consent::ask(&recording, &target.to_string())?;
    }
    open_files::raise();
    args.replay(&recording, &settings, &options, target)
}

impl ReplayArgs {
    fn options(&self, keys: &Keyring) -> Result<Options, Failure> {
        let macs = match self.send_mac {
            Some(Macs::Resign) if keys.is_empty() => {
                return Err(Failure::usage(
                    "--send-mac resign needs a key: give --hmac-key-file or --hmac-key-env",
                ));
            }
            Some(macs) => macs,
            None if keys.is_empty() => Macs::Keep,
            None => Macs::Resign,
        };
        Ok(Options {
            pace: self.pace,
            macs,
            comparison: Comparison {
                ignored: self.ignore.clone(),
            },
        })
    }

    /// Reads the capture. The bytes of a file stay there; others go to a temporary file.
    fn read(
        &self,
        path: &Path,
        mut config: DecoderConfig,
        interrupt: &Interrupt,
    ) -> Result<Recording, Failure> {
        let mut input = Input::open(path)?;
        let stores = Stores::with_source(input.retain()?);
        config.framer.extents = true;
        let progress = progress(input.len());
        let mut recording = Recording::new(stores);
        let mut each = |told: Told| {
            match told {
                Told::Event(Event::Exchange(exchange)) => {
                    let filter = self.source.filter();
                    let is_wanted = filter.is_none_or(|filter| filter.matches(&exchange));
                    let taken = recording.take(&exchange, is_wanted);
                    taken.map_err(|error| cannot_keep(&error))?;
                }
                Told::Read(position) => progress.set_position(position),
                Told::Event(Event::Connection(_)) | Told::Pause => {}
            }
            Ok(ControlFlow::Continue(()))
        };
        let totals = source::decode(input, config, &|| interrupt.is_set(), &mut each)?;
        progress.finish_and_clear();
        warn_of(&totals);
        Ok(recording)
    }

    fn replay(
        &self,
        recording: &Recording,
        settings: &Settings,
        options: &Options,
        target: &Target,
    ) -> Result<Exit, Failure> {
        let report = RefCell::new(self.report(options, target));
        let progress = progress(Some(recording.len()));
        let mut tally = Tally::default();
        let mut failed = None;
        let mut each = |outcome: Outcome| {
            tally.add(&outcome);
            progress.set_position(tally.total());
            match report.borrow_mut().outcome(&outcome) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        };
        let done = signals::until_interrupted(run(recording, settings, options, &mut each))?;
        progress.finish_and_clear();
        if let Some(error) = failed {
            return Err(Failure::output(&error));
        }
        let interrupted = done.is_none();
        let is_different = tally.differences() > 0;
        // Nothing was sent to a server that is not there, so there is nothing to sum up.
        if !matches!(done, Some(Err(ReplayError::Unreachable(_)))) {
            let summary = Summary::new(recording, tally, interrupted);
            let finished = report.borrow_mut().finish(&summary);
            finished.map_err(|error| Failure::output(&error))?;
        }
        match done {
            None => Ok(Exit::Interrupted),
            Some(Ok(())) if is_different => Ok(Exit::No),
            Some(Ok(())) => Ok(Exit::Done),
            Some(Err(ReplayError::Unreachable(error))) => Err(error.into()),
            Some(Err(error)) => Err(Failure::new(Exit::Unreachable, error.to_string())),
        }
    }

    fn report(&self, options: &Options, target: &Target) -> Box<dyn Report> {
        let head = Head {
            target: target.to_string(),
            pace: options.pace,
            macs: options.macs,
        };
        let sink = BufWriter::new(io::stdout());
        match self.format {
            Format::Json => Box::new(Document::new(sink, head)),
            _ => {
                let (look, comparison) = (Look::of_stdout(), options.comparison.clone());
                Box::new(Text::new(sink, look, head, comparison, self.show))
            }
        }
    }
}

fn cannot_keep(error: &io::Error) -> Failure {
    let message = format!("cannot keep what was read in a temporary file: {error}");
    Failure::new(Exit::Unreachable, message)
}

fn nothing_to_send(recording: &Recording, file: &Path) -> Failure {
    let skipped = recording.skipped().iter();
    let skipped: Vec<String> = skipped
        .map(|(reason, count)| format!("{count} {}", reason.describe()))
        .collect();
    let what = match skipped.is_empty() {
        true => "no exchange was found".to_owned(),
        false => format!("not sent are {}", skipped.join(", ")),
    };
    let message = format!(
        "nothing to send: {what}; `petrel-probe decode {} --stats` tells what is in the capture",
        output::shell_word(&file.to_string_lossy())
    );
    Failure::new(Exit::NoVerdict, message)
}

/// Says what is wrong with the end of the capture.
fn warn_of(totals: &Totals) {
    match &totals.ending {
        Ending::Complete => {}
        Ending::Truncated { at } => output::warn(&format!(
            "truncated: the capture ends in the middle of what begins at offset {at}; what is before it \
             is replayed"
        )),
        Ending::Damaged { at, reason } => output::warn(&format!(
            "damaged: from offset {at} on the capture makes no sense ({reason}); what is before it is \
             replayed"
        )),
    }
}

/// A bar on standard error, if it is a terminal that nothing else is printed on meanwhile.
fn progress(len: Option<u64>) -> ProgressBar {
    let len = len.filter(|_| !io::stdout().is_terminal() && io::stderr().is_terminal());
    let Some(len) = len else {
        return ProgressBar::hidden();
    };
    let bar = ProgressBar::with_draw_target(Some(len), ProgressDrawTarget::stderr_with_hz(5));
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent}%, {eta} left") {
        bar.set_style(style);
    }
    bar
}
