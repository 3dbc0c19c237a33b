//! The command line: what is asked for, and the exit code in one place.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::case::Case;
use crate::corpus;
use crate::frame::Key;
use crate::report::{Look, json, text};
use crate::run::{Options, run};
use crate::target::AddressError;

mod prepare;

use prepare::{Prepared, embedded, given};

/// The exit codes of every program of the toolkit.
mod exit {
    pub(super) const OK: u8 = 0;
    pub(super) const USAGE: u8 = 2;
    pub(super) const UNREACHABLE: u8 = 3;
    pub(super) const NO_VERDICT: u8 = 4;
}

/// Certifies a Petrel server by black-box cases over real sockets.
///
/// Without a subcommand it starts the embedded reference server and certifies that.
///
/// Exit codes: 0 nothing failed, 1 a case failed or hung, 2 wrong usage, 3 the server cannot be
/// reached, 4 no verdict (nothing selected, or selected but not judged).
#[derive(Debug, Parser)]
#[command(name = "petrel-conformance", version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct Shared {
    /// Select the cases whose id or group contains PATTERN (may be given several times)
    #[arg(long = "run", value_name = "PATTERN", global = true)]
    patterns: Vec<String>,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
    /// After so many seconds the remaining cases are not run
    #[arg(long, value_name = "SECONDS", default_value_t = 60, global = true,
          value_parser = clap::value_parser!(u32).range(1..=86_400))]
    max_time: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table to read
    Text,
    /// One JSON document with a `schema` field
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge a server
    Server(ServerArguments),
    /// Print the cases without running them
    List,
}

#[derive(Debug, Args)]
struct ServerArguments {
    /// host:port, unix:/path, or `embedded` for the reference server in this process
    target: String,
    /// The same server where it expects MACs: host:port or unix:/path
    #[arg(long, value_name = "TARGET", requires = "key")]
    hmac_target: Option<String>,
    #[command(flatten)]
    key: KeySource,
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

#[derive(Debug, Args)]
#[group(id = "key", multiple = false, requires = "hmac_target")]
struct KeySource {
    /// File with the key of --hmac-target; one newline at its end does not count
    #[arg(long, value_name = "FILE")]
    hmac_key_file: Option<PathBuf>,
    /// Environment variable with the key of --hmac-target
    #[arg(long, value_name = "VAR")]
    hmac_key_env: Option<String>,
}

fn echo_name(text: &str) -> Result<String, String> {
    match text.len() {
        0 => Err("the name is empty: give the name of a request that echoes".into()),
        256.. => Err("a name has at most 255 bytes".into()),
        _ => Ok(text.into()),
    }
}

/// Why nothing could be judged: one line, and the exit code it stands for.
#[derive(Debug)]
struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    fn usage(text: impl fmt::Display) -> Self {
        Self {
            code: exit::USAGE,
            text: text.to_string(),
        }
    }

    fn unreachable(text: impl fmt::Display) -> Self {
        Self {
            code: exit::UNREACHABLE,
            text: text.to_string(),
        }
    }
}

impl From<AddressError> for Failure {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::Usage(_) => Self::usage(error),
            AddressError::Unknown(_) => Self::unreachable(error),
        }
    }
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    ExitCode::from(main_with(std::env::args_os()))
}

fn main_with(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // A closed pipe is no reason for another exit code.
            let _ = error.print();
            return if error.use_stderr() {
                exit::USAGE
            } else {
                exit::OK
            };
        }
    };
    match execute(&arguments) {
        Ok(code) => code,
        Err(Failure { code, text }) => {
            eprintln!("{}: {text}", Arguments::command().get_name());
            code
        }
    }
}

fn execute(arguments: &Arguments) -> Result<u8, Failure> {
    let cases = corpus::load().map_err(Failure::usage)?;
    let mut options = Options::default();
    options.patterns.clone_from(&arguments.shared.patterns);
    options.max_time = Duration::from_secs(arguments.shared.max_time.into());
    if !cases.iter().any(|case| options.selects(case)) {
        return Err(Failure {
            code: exit::NO_VERDICT,
            text: format!(
                "no case matches --run {}; `petrel-conformance list` shows the ids and groups",
                options.patterns.join(" --run ")
            ),
        });
    }
    let format = arguments.shared.format;
    match &arguments.command {
        Some(Command::List) => list(&cases, &options, format),
        Some(Command::Server(server)) if server.target == "embedded" => {
            refuse_options_of_others(server)?;
            certify(&cases, &options, format, &embedded()?)
        }
        Some(Command::Server(server)) => certify(&cases, &options, format, &given(server)?),
        None => certify(&cases, &options, format, &embedded()?),
    }
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
    options: &Options,
    format: Format,
    prepared: &Prepared,
) -> Result<u8, Failure> {
    let look = Look::of_stdout();
    eprintln!("{}", prepared.intro);
    let mut output = io::stdout().lock();
    let mut table = text::Table::new(look);
    let mut written = Ok(());
    let report = run(cases, &prepared.target, options, &mut |result| {
        if format == Format::Text && written.is_ok() {
            written = output
                .write_all(table.row(result).as_bytes())
                .and_then(|()| output.flush());
        }
    })
    .map_err(Failure::unreachable)?;
    let rest = match format {
        Format::Text => text::conclusion(look, &report, &prepared.rerun),
        Format::Json => json::report(&report, &prepared.target, &prepared.rerun),
    };
    finish(written.and_then(|()| output.write_all(rest.as_bytes())))?;
    Ok(report.counts.exit_code())
}

fn list(cases: &[Case], options: &Options, format: Format) -> Result<u8, Failure> {
    let selected: Vec<&Case> = cases.iter().filter(|case| options.selects(case)).collect();
    let text = match format {
        Format::Text => text::list(Look::of_stdout(), &selected),
        Format::Json => json::list(&selected),
    };
    finish(io::stdout().lock().write_all(text.as_bytes()))?;
    Ok(exit::OK)
}

/// A reader that has seen enough is no failure; a full disk is.
fn finish(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::unreachable(
            format!("cannot write the result: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Reads a key: the bytes as they are, less one newline at the end.
fn key_of(bytes: Vec<u8>, source: &str) -> Result<Key, Failure> {
    let mut bytes = bytes;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    if bytes.is_empty() {
        return Err(Failure::usage(format!(
            "{source} is empty: a key has at least one byte"
        )));
    }
    Ok(Key::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_key_loses_one_newline_and_is_not_empty() {
        assert_eq!(
            key_of(b"k\n".to_vec(), "F").map(|key| key.sign(b"")).ok(),
            Some(Key::new(b"k".to_vec()).sign(b""))
        );
        assert!(key_of(b"\n".to_vec(), "F").is_err());
    }
}
