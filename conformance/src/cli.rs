//! The command line: what is asked for, and how the program ends.

mod prepare;

use crate::{
    case::Case,
    corpus,
    report::{json, table::Table, text},
    run::{Options, run},
};
use clap::{Args, Parser, Subcommand};
use petrel::Endpoint;
use petrel_cli::{
    Exit, Failure, Interrupt, KeyArgs, LogArgs, Look, Target,
    output::{self, Format, FormatArgs},
};
use prepare::{Prepared, embedded, given};
use std::{process::ExitCode, time::Duration};

/// Certify a Petrel server by black-box cases over real sockets
///
/// Without a command it starts the embedded reference server and certifies that. Exit codes: 0 nothing
/// failed, 1 a case failed or hung, 2 wrong usage, 3 the server could not be reached, 4 no verdict
/// (nothing selected, or selected but not judged), 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "petrel-conformance", version, help_expected = true)]
#[command(mut_arg("format", |arg| arg.global(true)))]
#[command(mut_arg("log", |arg| arg.default_value("off")))]
struct Arguments {
    /// Select the cases whose id or group contains PATTERN (may be given several times)
    #[arg(
        long = "run",
        value_name = "PATTERN",
        global = true,
        display_order = 700
    )]
    patterns: Vec<String>,
    /// After so many seconds the remaining cases are not run
    #[arg(long, value_name = "SECONDS", default_value_t = 60, global = true, display_order = 700,
          value_parser = clap::value_parser!(u32).range(1..=86_400))]
    max_time: u32,
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
    Server(Box<ServerArguments>),
    /// Print the cases without running them
    List,
}

#[derive(Debug, Args)]
#[command(mut_group("KeyArgs", |group| group.requires("hmac_target")))]
struct ServerArguments {
    /// host:port, unix:/path, or `embedded` for the reference server in this process
    target: Target,
    /// The same server where it expects MACs: host:port or unix:/path
    #[arg(long, value_name = "TARGET", requires = "KeyArgs")]
    hmac_target: Option<Endpoint>,
    #[command(flatten)]
    key: KeyArgs,
    /// The server's payload limit; without it the exact boundary is only warned about
    #[arg(long, value_name = "BYTES")]
    limit: Option<u32>,
    /// The name under which the server answers 200 with the bytes it was sent
    #[arg(long, value_name = "NAME", value_parser = echo_name)]
    echo: Option<String>,
    /// The server has all fixtures: echo, null, size, sleep, status, fail
    #[arg(long)]
    fixtures: bool,
}

fn echo_name(text: &str) -> Result<String, String> {
    match text.len() {
        0 => Err("the name is empty: give the name of a request that echoes".into()),
        256.. => Err("a name has at most 255 bytes".into()),
        _ => Ok(text.into()),
    }
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    petrel_cli::run(|arguments: Arguments| execute(&arguments))
}

fn execute(arguments: &Arguments) -> Result<Exit, Failure> {
    let _log = arguments.log.start()?;
    let cases = corpus::load().map_err(Failure::usage)?;
    let mut options = Options::default();
    options.patterns.clone_from(&arguments.patterns);
    options.max_time = Duration::from_secs(arguments.max_time.into());
    if !cases.iter().any(|case| options.selects(case)) {
        let patterns = options.patterns.join(" --run ");
        let message = format!(
            "no case matches --run {patterns}; `petrel-conformance list` shows the ids and groups"
        );
        return Err(Failure::new(Exit::NoVerdict, message));
    }
    let format = arguments.format.format;
    let prepared = match &arguments.command {
        Some(Command::List) => return list(&cases, &options, format),
        Some(Command::Server(server)) => match &server.target {
            Target::Endpoint(endpoint) => given(endpoint, server)?,
            Target::Embedded => {
                refuse_options_of_others(server)?;
                embedded()?
            }
        },
        None => {
            output::note("no command: certifying the reference server in this process; see --help");
            embedded()?
        }
    };
    certify(&cases, options, format, &prepared)
}

/// The embedded server's limit, key and fixtures are known.
fn refuse_options_of_others(server: &ServerArguments) -> Result<(), Failure> {
    let ServerArguments {
        hmac_target,
        limit,
        echo,
        fixtures,
        ..
    } = server;
    if hmac_target.is_some() || limit.is_some() || echo.is_some() || *fixtures {
        return Err(Failure::usage(
            "`embedded` brings its own limit, key and fixtures: leave out --hmac-target, --limit, \
             --echo and --fixtures, or name another target",
        ));
    }
    Ok(())
}

fn certify(
    cases: &[Case],
    mut options: Options,
    format: Format,
    prepared: &Prepared,
) -> Result<Exit, Failure> {
    options.interrupt = Some(Interrupt::watch()?);
    let Prepared { target, again, .. } = prepared;
    let look = Look::of_stdout();
    let selected: Vec<&Case> = cases.iter().filter(|case| options.selects(case)).collect();
    let mut table = Table::of_run(look, target, &selected);
    // The verdict counts whether or not somebody reads it.
    let mut printed = Ok(());
    let mut show = |text: &str| {
        if format == Format::Text && printed.is_ok() && !text.is_empty() {
            printed = output::print(text);
        }
    };
    let report = run(cases, target, &options, &mut |results| {
        show(&table.rows(results))
    })?;
    match format {
        Format::Json => printed = output::print_json(&json::report(&report, target, again)),
        _ => show(&text::conclusion(look, &report, again)),
    }
    let exit = report.exit();
    match printed {
        Err(failure) if failure.exit() != Exit::Done => {
            let message = failure.to_string();
            Err(Failure::new(exit.max(failure.exit()), message))
        }
        _ => Ok(exit),
    }
}

fn list(cases: &[Case], options: &Options, format: Format) -> Result<Exit, Failure> {
    let selected: Vec<&Case> = cases.iter().filter(|case| options.selects(case)).collect();
    match format {
        Format::Json => output::print_json(&json::list(&selected))?,
        _ => output::print(&text::list(Look::of_stdout(), &selected))?,
    }
    Ok(Exit::Done)
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
