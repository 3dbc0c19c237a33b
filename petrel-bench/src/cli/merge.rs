//! `merge`: the results of generators that loaded at the same time become one.

use super::compare::read;
use crate::{merge, report};
use clap::Args;
use petrel_cli::{Exit, Failure, output};
use std::{fs::OpenOptions, io::Write, path::PathBuf};

/// Join the results of generators that loaded one server at the same time
#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// Runs of generators that loaded one server at the same time, as `--format json` prints them
    #[arg(value_name = "RUN.json", num_args = 2.., required = true)]
    runs: Vec<PathBuf>,
    /// Where the merged run is written, instead of standard output; an existing file is kept
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes the merged run as JSON, whatever the format: it is a document for other commands.
pub(crate) fn execute(arguments: &MergeArgs) -> Result<Exit, Failure> {
    let runs = arguments.runs.iter().map(|path| read(path));
    let runs: Vec<_> = runs.collect::<Result<_, _>>()?;
    let words = arguments
        .runs
        .iter()
        .map(|path| output::shell_word(&path.display().to_string()));
    let command = format!("petrel-bench merge {}", words.collect::<Vec<_>>().join(" "));
    let merged = merge::merge(&runs, command).map_err(Failure::usage)?;
    let Some(path) = &arguments.out else {
        output::print(&report::json::write(&merged))?;
        return Ok(Exit::Done);
    };
    let text = report::json::write(&merged);
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::writing(path, &error))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{invented, record::RunRecord};
    use std::fs;

    #[test]
    fn a_merged_run_is_written_once_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let (a, mut b) = (invented::run(), invented::run());
        b.plan.seed += 1;
        let paths = [("a.json", &a), ("b.json", &b)].map(|(name, run)| {
            let path = folder.path().join(name);
            fs::write(&path, serde_json::to_string(run).unwrap()).unwrap();
            path
        });
        let arguments = MergeArgs {
            runs: paths.into(),
            out: Some(folder.path().join("both.json")),
        };
        assert_eq!(execute(&arguments).unwrap(), Exit::Done);
        let merged: RunRecord = read(arguments.out.as_ref().unwrap()).unwrap();
        assert_eq!(merged.results.requests, 2 * a.results.requests);
        assert!(
            merged.command.starts_with("petrel-bench merge ") && merged.command.ends_with("b.json")
        );
        let again = execute(&arguments).unwrap_err();
        assert_eq!(again.exit(), Exit::Unreachable);
        assert!(again.to_string().contains("never overwritten"), "{again}");
    }
}
