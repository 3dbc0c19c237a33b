//! The command line: what is asked for, and how the program ends.

mod doctor;
mod floor;
mod load;

use crate::{measure::Bench, progress::Unwatched, target::Reached};
use clap::{Parser, Subcommand};
use load::LoadArgs;
use petrel_cli::{
    Exit, Failure, Interrupt, Target,
    output::{self, FormatArgs},
};
use std::process::ExitCode;

/// Load Petrel servers, and say how far the numbers can be believed
#[derive(Debug, Parser)]
#[command(name = "petrel-bench", version, help_expected = true)]
struct Arguments {
    #[command(flatten)]
    format: FormatArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure a server once
    Run(RunArgs),
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// Where the server is
    target: Target,
    #[command(flatten)]
    load: LoadArgs,
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    petrel_cli::run(|arguments: Arguments| execute(&arguments))
}

fn execute(arguments: &Arguments) -> Result<Exit, Failure> {
    let interrupt = Interrupt::watch()?;
    match &arguments.command {
        Some(Command::Run(run)) => {
            let plan = run.load.plan(&run.target)?;
            let key = run.load.key.read()?;
            let reached = Reached::new(&run.target, key.as_ref(), &run.load.tls)?;
            let bench = Bench {
                reached: &reached,
                key: key.as_ref(),
                command: "",
                interrupt: &interrupt,
                known: std::cell::Cell::new(None),
            };
            let measured = bench.run(plan, &mut Unwatched)?;
            output::print_json(&measured.record)?;
            Ok(Exit::Done)
        }
        None => Ok(Exit::Done),
    }
}
