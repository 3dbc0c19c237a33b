//! `diff` and `bless`: what is made of runs that were written down.

use super::certify::read_list;
use crate::{compare, expected, record::Record, report::json};
use clap::Args;
use petrel_cli::{
    Exit, Failure, Look,
    output::{self, Format},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// A run, as `--report json:FILE` writes it
    before: PathBuf,
    /// A later one
    after: PathBuf,
}

/// Says which verdicts differ; exit code 1 if any does.
pub(super) fn diff(arguments: &DiffArgs, format: Format) -> Result<Exit, Failure> {
    let (before, after) = (read(&arguments.before)?, read(&arguments.after)?);
    let diff = compare::diff(&before, &after);
    match format {
        Format::Json => output::print(&diff.json())?,
        _ => output::print(&diff.text(Look::of_stdout()))?,
    }
    Ok(if diff.is_different() {
        Exit::No
    } else {
        Exit::Done
    })
}

#[derive(Debug, Args)]
pub(super) struct BlessArgs {
    /// A run, as `--report json:FILE` writes it
    run: PathBuf,
    /// The list that is written; entries in it that still hold are kept
    #[arg(value_name = "LIST")]
    list: PathBuf,
    /// Why the failures that are new in the list are known and not mended
    #[arg(long)]
    reason: String,
}

/// Lists the failures of a run as known.
pub(super) fn bless(arguments: &BlessArgs) -> Result<Exit, Failure> {
    let run = read(&arguments.run)?;
    let path = arguments.list.as_path();
    let old = if path.exists() {
        Some(read_list(path)?)
    } else {
        None
    };
    let list = expected::bless(&run, old.as_ref(), &arguments.reason).map_err(Failure::usage)?;
    fs::write(path, list).map_err(|error| Failure::writing(path, &error))?;
    let name = output::one_line(&path.display().to_string());
    output::note(&format!(
        "wrote {name}; give it to a run with --expected {}",
        output::shell_word(&name)
    ));
    Ok(Exit::Done)
}

fn read(path: &Path) -> Result<Record, Failure> {
    let unusable = |error: &dyn std::fmt::Display| {
        let name = output::one_line(&path.display().to_string());
        Failure::usage(format!("{name}: {error}"))
    };
    let bytes = fs::read(path).map_err(|error| Failure::reading(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| unusable(&error))?;
    json::read(&text).map_err(|error| unusable(&error))
}
