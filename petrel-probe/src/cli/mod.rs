//! The command line: what is asked for, and how the program ends.

mod connect;
mod decode;
mod open;
mod record;
mod replay;
mod send;
mod signals;
mod source;
mod subject;

use clap::{Parser, Subcommand};
use petrel_cli::{Exit, Failure, LogArgs, SelfCommand};
use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

/// Look inside Petrel traffic: decode captures, send requests, replay and record
///
/// With a target or a capture file it opens the terminal interface, and off a terminal it prints text.
/// With nothing at all it is connected to the embedded reference server. Exit codes: 0 done, 1 a
/// difference, a bad MAC or a remote error status, 2 wrong usage, 3 something could not be reached, read
/// or written, 4 the capture is incomplete and --strict was asked for, 130 interrupted.
#[derive(Debug, Parser)]
#[command(
    name = "petrel-probe",
    version,
    help_expected = true,
    args_conflicts_with_subcommands = true
)]
#[command(mut_arg("log", |arg| arg.default_value("warn")))]
struct Arguments {
    #[command(flatten)]
    open: open::OpenArgs,
    #[command(flatten)]
    log: LogArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Decode(decode::DecodeArgs),
    Send(Box<send::SendArgs>),
    Replay(Box<replay::ReplayArgs>),
    Record(Box<record::RecordArgs>),
    #[command(flatten)]
    Itself(SelfCommand),
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    petrel_cli::run(|arguments: Arguments| execute(&arguments))
}

fn execute(arguments: &Arguments) -> Result<Exit, Failure> {
    let is_drawn = match &arguments.command {
        None => arguments.open.is_drawn(),
        Some(Command::Record(record)) => record.is_drawn(),
        Some(_) => false,
    };
    // Lines of the log would lie over what is drawn on the same terminal.
    let is_in_the_way = is_drawn && io::stderr().is_terminal();
    let _log = match is_in_the_way {
        true => None,
        false => Some(arguments.log.start()?),
    };
    match &arguments.command {
        None => open::execute(&arguments.open),
        Some(Command::Decode(decode)) => decode::execute(decode),
        Some(Command::Send(send)) => send::execute(send),
        Some(Command::Replay(replay)) => replay::execute(replay),
        Some(Command::Record(record)) => record::execute(record),
        Some(Command::Itself(command)) => command.execute::<Arguments>(),
    }
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
