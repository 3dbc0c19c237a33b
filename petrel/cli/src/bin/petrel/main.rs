//! The program `petrel`: a reference server with the fixtures, and what one needs to run it.

mod certs;
mod keygen;
mod limits;
mod serve;

use clap::{Parser, Subcommand};
use petrel_cli::{Exit, Failure, LogArgs, SelfCommand};
use std::process::ExitCode;

/// Serves the Petrel protocol, and makes what a server needs
///
/// Without a command it serves the fixtures on a free port of this machine. Exit codes: 0 done, 1 the
/// drain had to cut connections off, 2 wrong usage, 3 something could not be reached, read or written.
#[derive(Debug, Parser)]
#[command(name = "petrel", version, help_expected = true)]
struct Args {
    #[command(flatten)]
    log: LogArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::ServeArgs>),
    Certs(certs::CertsArgs),
    Keygen(keygen::KeygenArgs),
    Limits(limits::LimitsArgs),
    #[command(flatten)]
    Itself(SelfCommand),
}

fn main() -> ExitCode {
    petrel_cli::run(|args: Args| -> Result<Exit, Failure> {
        let _log = args.log.start()?;
        match args.command {
            None => serve::serve_embedded(),
            Some(Command::Serve(args)) => serve::serve(*args),
            Some(Command::Certs(args)) => certs::certs(&args),
            Some(Command::Keygen(args)) => keygen::keygen(&args),
            Some(Command::Limits(args)) => limits::limits(args),
            Some(Command::Itself(command)) => command.execute::<Args>(),
        }
    })
}
