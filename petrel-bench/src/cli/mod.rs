//! The command line: what is asked for, and how the program ends.

mod compare;
mod doctor;
mod find;
mod floor;
mod load;
mod merge;
mod out;
mod run;
mod sweep;

use crate::measure;
use clap::{Parser, Subcommand};
use load::LoadArgs;
use petrel_cli::{
    Exit, Failure, Interrupt, LogArgs, SelfCommand, Target,
    output::{self, FormatArgs},
};
use std::process::ExitCode;

/// Load Petrel servers, and say how far the numbers can be believed
///
/// Without a command it measures the embedded reference server, which has a thread of its own. Exit
/// codes: 0 done, 1 a condition was met, a regression, or no answer as expected, 2 wrong usage, 3 the
/// server could not be reached, 4 the measurement cannot tell, 130 interrupted (a live view that is quit
/// is done).
#[derive(Debug, Parser)]
#[command(
    name = "petrel-bench",
    version,
    help_expected = true,
    args_conflicts_with_subcommands = true
)]
#[command(mut_arg("format", |arg| arg.global(true)))]
#[command(mut_arg("log", |arg| arg.default_value("warn")))]
struct Arguments {
    #[command(flatten)]
    measured: run::MeasuredArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    log: LogArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<run::RunArgs>),
    Sweep(Box<sweep::SweepArgs>),
    Find(Box<find::FindArgs>),
    Compare(compare::CompareArgs),
    Merge(merge::MergeArgs),
    Doctor(doctor::DoctorArgs),
    Floor(floor::FloorArgs),
    #[command(flatten)]
    Itself(SelfCommand),
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    petrel_cli::run(|arguments: Arguments| execute(&arguments))
}

fn execute(arguments: &Arguments) -> Result<Exit, Failure> {
    let _log = arguments.log.start()?;
    petrel_cli::open_files::raise();
    let format = arguments.format.format;
    let command = command_line();
    match &arguments.command {
        None => {
            output::note(
                "no command: measuring the embedded server, on a thread of its own in this process; \
                 see --help",
            );
            run::execute(&Target::Embedded, &arguments.measured, format, &command)
        }
        Some(Command::Run(run)) => run::execute(&run.target, &run.measured, format, &command),
        Some(Command::Sweep(sweep)) => sweep::execute(sweep, format, &command),
        Some(Command::Find(find)) => find::execute(find, format, &command),
        Some(Command::Compare(compare)) => compare::execute(compare, format),
        Some(Command::Merge(merge)) => merge::execute(merge),
        Some(Command::Doctor(_)) => doctor::execute(format, headroom),
        Some(Command::Floor(floor)) => floor::execute(floor),
        Some(Command::Itself(command)) => command.execute::<Arguments>(),
    }
}

/// What the generator of the default load reaches here.
fn headroom() -> Result<f64, Failure> {
    let interrupt = Interrupt::watch()?;
    let args = LoadArgs::default_load();
    let plan = args.plan(&Target::Embedded, 64, None, 1.0)?;
    let reached = measure::headroom(&plan, None, Some(&interrupt))?;
    reached.ok_or_else(|| Failure::new(Exit::NoVerdict, "it was not measured"))
}

/// This process's arguments as a line for a shell. Keys never stand among them.
fn command_line() -> String {
    let arguments = std::env::args_os().skip(1);
    let words = arguments.map(|word| output::shell_word(&word.to_string_lossy()));
    let all: Vec<String> = std::iter::once("petrel-bench".to_owned())
        .chain(words)
        .collect();
    all.join(" ")
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
