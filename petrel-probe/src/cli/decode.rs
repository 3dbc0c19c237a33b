//! `petrel-probe decode`.

use super::source::SourceArgs;
use crate::{
    exchange::Event,
    filter::Filter,
    report::{
        JSON_SCHEMA, MacCounts, Portion, Report, Summary,
        csv::Csv,
        hex::Hex,
        json::{JsonDocument, JsonLines},
        stats,
        text::Text,
    },
    source::{self, Input, Told},
    totals::{Ending, Totals},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use petrel_cli::{Exit, Failure, Interrupt, Look, output};
use std::{
    collections::HashSet,
    io::{self, BufWriter, IsTerminal},
    ops::ControlFlow,
    path::PathBuf,
};

/// So much text is gathered before it is written.
const BUFFER_LEN: usize = 1 << 16;

/// Decode a capture: every exchange, its MACs, how long it took, what is missing
///
/// Reads pcap and pcapng. Petrel connections are found by their protocol check, on any port. Exit codes: 0
/// done, 1 a MAC is bad, 3 the capture cannot be read, 4 it is incomplete and --strict was asked for, 130
/// interrupted; what was found so far is printed then.
#[derive(Debug, clap::Args)]
pub(super) struct DecodeArgs {
    /// The capture file; - is standard input, which may be a live capture
    #[arg(value_name = "FILE", required_unless_present = "schema")]
    file: Option<PathBuf>,
    /// How to print: text for people, json one document, jsonl a line for each exchange as it becomes
    /// known, csv a row for each, hex every byte with its meaning
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
    /// How much of the payloads to print: full, none, or the first N bytes
    ///
    /// By default all of it, and in text as much as fits on a line.
    #[arg(long, value_name = "full|none|N")]
    payload: Option<Portion>,
    /// Print statistics instead of exchanges: counts, errors and latencies per name, what the capture
    /// holds, and what was skipped and why
    #[arg(long)]
    stats: bool,
    /// Exit with 4 if anything is missing: gaps, bytes without a frame, a capture that was cut
    #[arg(long)]
    strict: bool,
    /// Print the JSON Schema of --format json and jsonl, and read nothing
    #[arg(long)]
    schema: bool,
    #[command(flatten)]
    source: SourceArgs,
}

impl DecodeArgs {
    /// Everything as text.
    pub(super) const fn of(file: PathBuf, source: SourceArgs) -> Self {
        Self {
            file: Some(file),
            format: Format::Text,
            payload: None,
            stats: false,
            strict: false,
            schema: false,
            source,
        }
    }
}

/// How exchanges are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Jsonl,
    Csv,
    Hex,
}

pub(super) fn execute(args: &DecodeArgs) -> Result<Exit, Failure> {
    if args.schema {
        output::print(JSON_SCHEMA)?;
        return Ok(Exit::Done);
    }
    let Some(file) = &args.file else {
        return Err(Failure::usage(
            "a capture file is missing; - is standard input",
        ));
    };
    let mut report = report_of(args)?;
    let config = args.source.decoder_config()?;
    let interrupt = Interrupt::watch()?;
    let input = Input::open(file)?;
    let progress = progress_of(args, input.len());
    let mut selection = Selection::new(args.source.filter());
    let mut each = |told: Told| {
        match told {
            Told::Event(event) => selection.tell(&event, &mut *report),
            Told::Read(position) => {
                progress.set_position(position);
                Ok(())
            }
            Told::Pause => report.flush(),
        }
        .map_err(|error| Failure::output(&error))?;
        Ok(ControlFlow::Continue(()))
    };
    let totals = source::decode(input, config, &|| interrupt.is_set(), &mut each)?;
    progress.finish_and_clear();
    let summary = Summary {
        totals: &totals,
        shown: selection.shown,
        macs: selection.macs,
        interrupted: interrupt.is_set(),
    };
    report
        .finish(&summary)
        .map_err(|error| Failure::output(&error))?;
    advise(&totals, args);
    Ok(verdict(&summary, args.strict))
}

/// What is printed: exchanges that the filter lets through, and the connections that they went over.
struct Selection<'a> {
    filter: Option<&'a Filter>,
    shown: u64,
    macs: MacCounts,
    /// Connections of which something was printed and that are not over.
    connections: HashSet<u32>,
}

impl<'a> Selection<'a> {
    fn new(filter: Option<&'a Filter>) -> Self {
        Self {
            filter,
            shown: 0,
            macs: MacCounts::default(),
            connections: HashSet::new(),
        }
    }

    fn tell(&mut self, event: &Event, report: &mut dyn Report) -> io::Result<()> {
        match (event, self.filter) {
            (Event::Exchange(exchange), filter) => {
                if filter.is_some_and(|filter| !filter.matches(exchange)) {
                    return Ok(());
                }
                if filter.is_some() {
                    self.connections.insert(exchange.connection);
                }
                self.shown += 1;
                self.macs.add(exchange);
                report.exchange(exchange)
            }
            (Event::Connection(connection), Some(_)) => {
                match self.connections.remove(&connection.number) {
                    true => report.connection(connection),
                    false => Ok(()),
                }
            }
            (Event::Connection(connection), None) => report.connection(connection),
        }
    }
}

fn report_of(args: &DecodeArgs) -> Result<Box<dyn Report>, Failure> {
    let stdout = io::stdout();
    let look = Look::of_stdout();
    let portion = args.payload.unwrap_or_default();
    let lines = || BufWriter::with_capacity(BUFFER_LEN, io::stdout());
    Ok(match (args.format, args.stats) {
        (Format::Text, false) => Box::new(Text::new(lines(), look, args.payload)),
        (Format::Text, true) => {
            // Where nothing has to fit, nothing is left out.
            let is_terminal = stdout.is_terminal();
            let width = if is_terminal { look.width } else { usize::MAX };
            Box::new(stats::Text::new(lines(), Look { width, ..look }))
        }
        (Format::Json, false) => Box::new(JsonDocument::new(stdout, portion)),
        (Format::Json, true) => Box::new(JsonDocument::of_stats(stdout)),
        (Format::Jsonl, false) => Box::new(JsonLines::new(stdout, portion)),
        (Format::Jsonl, true) => Box::new(JsonLines::of_stats(stdout)),
        (Format::Csv, false) => Box::new(Csv::new(lines(), portion)),
        (Format::Hex, false) => Box::new(Hex::new(lines(), look, portion)),
        (Format::Csv | Format::Hex, true) => {
            return Err(Failure::usage(
                "statistics are printed as text, json or jsonl; choose one with --format",
            ));
        }
    })
}

/// A bar on standard error, if it is a terminal that nothing else is printed on meanwhile.
fn progress_of(args: &DecodeArgs, len: Option<u64>) -> ProgressBar {
    let is_alone = args.stats || !io::stdout().is_terminal();
    let len = len.filter(|_| is_alone && io::stderr().is_terminal());
    let Some(len) = len else {
        return ProgressBar::hidden();
    };
    let bar = ProgressBar::with_draw_target(Some(len), ProgressDrawTarget::stderr_with_hz(5));
    let style = "{bar:30} {percent}% of {total_bytes}, {bytes_per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

/// Says on standard error what the user should know.
fn advise(totals: &Totals, args: &DecodeArgs) {
    // On a terminal the text says it already.
    let is_told = args.format == Format::Text && io::stdout().is_terminal();
    match &totals.ending {
        _ if is_told => {}
        Ending::Complete => {}
        Ending::Truncated { at } => output::warn(&format!(
            "truncated: the capture ends in the middle of what begins at offset {at}; what is before it \
             was read"
        )),
        Ending::Damaged { at, reason } => output::warn(&format!(
            "damaged: from offset {at} on the capture makes no sense ({reason}); what is before it was \
             read"
        )),
    }
    if totals.connections == 0 && totals.packets > 0 {
        output::note(
            "no Petrel connection was found; --port N takes every connection on a server's port for one, \
             and --stats tells what was skipped",
        );
    }
}

fn verdict(summary: &Summary<'_>, strict: bool) -> Exit {
    let totals = summary.totals;
    let is_whole =
        totals.ending == Ending::Complete && totals.gaps == 0 && totals.skipped_bytes == 0;
    let mut exit = Exit::Done;
    if strict && !is_whole {
        exit = exit.max(Exit::NoVerdict);
    }
    if summary.macs.bad > 0 {
        exit = exit.max(Exit::No);
    }
    if summary.interrupted {
        exit = exit.max(Exit::Interrupted);
    }
    exit
}
