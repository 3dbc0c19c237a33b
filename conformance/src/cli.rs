//! The command line: what is asked for, and how the program ends.

mod cases;
mod certify;
mod client;
mod codec;
mod export;
mod generated;
mod records;
mod selection;
mod selftest;
mod server;

use crate::{case::Role, corpus, record::Record};
use certify::{Around, ReportArgs, certify};
use clap::{Parser, Subcommand};
use petrel_cli::{
    Exit, Failure, Interrupt, LogArgs, SelfCommand,
    output::{self, FormatArgs},
};
use selection::SelectionArgs;
use std::{io, num::NonZero, process::ExitCode, time::Instant};

/// A run that came to its end.
type Judged = Record;

/// Certify Petrel servers, clients and codecs by black-box cases over real sockets
///
/// Without a command it starts the embedded reference server and certifies that. Exit codes: 0 nothing
/// failed, 1 a case failed, crashed or hung, 2 wrong usage, 3 the peer could not be reached, 4 no verdict
/// (nothing selected, or selected but not judged), 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "petrel-conformance", version, help_expected = true)]
#[command(mut_arg("format", |arg| arg.global(true)))]
#[command(mut_arg("log", |arg| arg.default_value("off")))]
struct Arguments {
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    reports: ReportArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    log: LogArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge a server
    Server(Box<server::ServerArgs>),
    /// Judge a client behind a driver
    Client(client::ClientArgs),
    /// Judge an encoder and decoder behind a driver by the golden frames
    Codec(codec::CodecArgs),
    /// Print the cases without running them
    List,
    /// Print one case: what it proves, its data, and the bytes that it sends
    Show(cases::ShowArgs),
    /// Say which verdicts differ between two runs
    Diff(records::DiffArgs),
    /// List the failures of a run as known, for --expected
    Bless(records::BlessArgs),
    /// Write golden frames, cases, clauses and their schemas as JSON
    Export(export::ExportArguments),
    /// Judge peers with known faults, and print which case catches which
    Selftest,
    /// Drive this project's own client and codec: the lines of DRIVER.md on standard input and output
    Driver,
    #[command(flatten)]
    Itself(SelfCommand),
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    petrel_cli::run(|arguments: Arguments| execute(&arguments))
}

fn execute(arguments: &Arguments) -> Result<Exit, Failure> {
    let _log = arguments.log.start()?;
    let cases = corpus::load().map_err(Failure::usage)?;
    let Arguments {
        selection, reports, ..
    } = arguments;
    let format = arguments.format.format;
    let around = Around {
        selection,
        reports,
        format,
        cases: &cases,
    };
    // Watched before anything is started, so that nothing is left behind.
    let interrupt = Interrupt::watch()?;
    // What is done before the first case counts, too.
    let deadline = Instant::now() + selection.max_time();
    match &arguments.command {
        Some(Command::Server(server)) if server.generated.is_asked() => {
            let prepared = server::prepare(server, &interrupt, deadline)?;
            let mut options = prepared.options(selection)?;
            options.deadline = Some(deadline);
            options.interrupt = Some(interrupt);
            certify(&around, |on_start, on_case| {
                generated::judge(&server.generated, prepared, &options, on_start, on_case)
            })
        }
        Some(Command::Server(server)) => {
            around.refuse_nothing(Role::Server)?;
            let prepared = server::prepare(server, &interrupt, deadline)?;
            judge_server(&around, prepared, interrupt, deadline)
        }
        None => {
            around.refuse_nothing(Role::Server)?;
            output::note("no command: certifying the reference server in this process; see --help");
            judge_server(&around, server::embedded()?, interrupt, deadline)
        }
        Some(Command::Client(client)) => {
            around.refuse_nothing(Role::Client)?;
            let prepared = client::prepare(client, &interrupt, deadline)?;
            let mut options = prepared.options(selection)?;
            options.deadline = Some(deadline);
            options.interrupt = Some(interrupt);
            certify(&around, |on_start, on_case| {
                prepared.judge(&cases, &options, on_start, on_case)
            })
        }
        Some(Command::Codec(codec)) => certify(&around, |on_start, on_case| {
            codec::execute(codec, selection, interrupt, on_start, on_case)
        }),
        Some(Command::Export(export)) => export::execute(export, format),
        Some(Command::List) => cases::list(&cases, selection, format),
        Some(Command::Show(show)) => cases::show(&cases, show, format),
        Some(Command::Diff(diff)) => records::diff(diff, format),
        Some(Command::Bless(bless)) => records::bless(bless),
        Some(Command::Itself(command)) => command.execute::<Arguments>(),
        Some(Command::Selftest) => selftest::execute(&cases, format),
        Some(Command::Driver) => crate::driver::serve(io::stdin().lock(), io::stdout().lock())
            .map(|()| Exit::Done)
            .map_err(|error| Failure::output(&error)),
    }
}

fn judge_server(
    around: &Around<'_>,
    prepared: server::Prepared,
    interrupt: Interrupt,
    deadline: Instant,
) -> Result<Exit, Failure> {
    let mut options = prepared.options(around.selection)?;
    options.deadline = Some(deadline);
    options.interrupt = Some(interrupt);
    certify(around, |on_start, on_case| {
        prepared.judge(around.cases, &options, on_start, on_case)
    })
}

/// How many cases are worth having in progress at once.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
