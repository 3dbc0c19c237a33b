//! From the arguments of a process to its exit code.

use crate::{Exit, Failure};
use clap::Parser;
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// Runs a program: reads its arguments, hands them to `program`, and ends as the table of [`Exit`]
/// says. A failure is told on standard error as exactly one line that begins with the program's name.
///
/// `--help` and `--version` go to standard output and are a success.
pub fn run<A: Parser>(program: impl FnOnce(A) -> Result<Exit, Failure>) -> ExitCode {
    let outcome = match A::try_parse() {
        Ok(arguments) => program(arguments),
        Err(asked) if !asked.use_stderr() => asked
            .print()
            .map(|()| Exit::Done)
            .map_err(|error| Failure::output(&error)),
        Err(wrong) => Err(wrong.into()),
    };
    let exit = outcome.unwrap_or_else(|failure| {
        if failure.exit() != Exit::Done {
            // With standard error gone there is nowhere left to say it; the code still does.
            let _ = writeln!(io::stderr(), "{}: {failure}", A::command().get_name());
        }
        failure.exit()
    });
    exit.into()
}
