//! `compare`: what changed between two groups of runs.

use crate::{
    compare::{CompareOptions, CompareRecord, compare},
    record::RunRecord,
    report,
};
use clap::Args;
use petrel_cli::{
    Exit, Failure, Look,
    output::{self, Format},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Say whether one group of runs is faster or slower than another, with their uncertainty
///
/// Whole runs are what is resampled: give some of each, five or more. Exit codes: 0 nothing is slower, 1
/// something is, beyond the margin, 2 the runs cannot be compared, 3 a file cannot be read, 4 not known.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Runs to compare with, as `--format json` prints them
    #[arg(value_name = "A.json", num_args = 1.., required = true)]
    a: Vec<PathBuf>,
    /// Runs that are compared with them
    #[arg(long, value_name = "B.json", num_args = 1.., required = true)]
    vs: Vec<PathBuf>,
    /// The change that does not matter
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = margin)]
    margin: f64,
    /// What the resampling begins with; the same runs and seed give the same result
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Compare runs of plans that differ, too
    #[arg(long)]
    force: bool,
}

/// Compares; exit code 1 if anything is slower beyond the margin, 4 if that is not known.
pub(crate) fn execute(arguments: &CompareArgs, format: Format) -> Result<Exit, Failure> {
    let found = find(arguments)?;
    match format {
        Format::Json => output::print_json(&found)?,
        _ => output::print(&found.text(Look::of_stdout()))?,
    }
    Ok(found.conclusion.exit())
}

fn find(arguments: &CompareArgs) -> Result<CompareRecord, Failure> {
    let read_all = |paths: &[PathBuf]| -> Result<Vec<RunRecord>, Failure> {
        paths.iter().map(|path| read(path)).collect()
    };
    let (a, b) = (read_all(&arguments.a)?, read_all(&arguments.vs)?);
    let options = CompareOptions {
        margin: arguments.margin,
        seed: arguments.seed,
        force: arguments.force,
    };
    compare(&a, &b, &options).map_err(Failure::usage)
}

/// Reads a run from a file.
pub(super) fn read(path: &Path) -> Result<RunRecord, Failure> {
    let unusable = |error: &dyn std::fmt::Display| {
        let name = output::one_line(&path.display().to_string());
        Failure::usage(format!("{name}: {error}"))
    };
    let bytes = fs::read(path).map_err(|error| Failure::reading(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| unusable(&error))?;
    report::json::read_run(&text).map_err(|error| unusable(&error))
}

fn margin(text: &str) -> Result<f64, String> {
    let (number, unit) = text
        .strip_suffix('%')
        .map_or((text, 1.0), |number| (number, 0.01));
    let share = number.trim().parse::<f64>().map(|number| number * unit);
    match share {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("write a share between 0 and 1, such as 5% or 0.05".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invented;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        compare: CompareArgs,
    }

    #[test]
    fn a_margin_is_a_share() {
        assert_eq!(margin("0.05"), Ok(0.05));
        assert!((margin("2.5 %").unwrap() - 0.025).abs() < 1e-12);
        for wrong in ["", "5", "0", "-1%", "100%", "NaN", "five"] {
            assert!(margin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn groups_of_files_are_compared() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, seed: u64, throughput: f64| {
            let mut run = invented::run();
            run.plan.seed = seed;
            run.results.throughput_per_s = throughput;
            let path = folder.path().join(name);
            fs::write(&path, serde_json::to_string(&run).unwrap()).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let fast: Vec<_> = (0..3)
            .map(|seed| write(&format!("a{seed}"), seed, 1_000.0))
            .collect();
        let slow: Vec<_> = (3..6)
            .map(|seed| write(&format!("b{seed}"), seed, 800.0))
            .collect();
        let compare = |a: &[String], b: &[String]| {
            let words = ["compare"]
                .map(str::to_owned)
                .into_iter()
                .chain(a.iter().cloned());
            let words = words.chain(["--vs".to_owned()]).chain(b.iter().cloned());
            find(&Program::parse_from(words).compare).map(|found| found.conclusion.exit())
        };
        assert_eq!(compare(&fast, &slow), Ok(Exit::No));
        assert_eq!(compare(&slow, &fast), Ok(Exit::Done));
        assert_eq!(compare(&slow[..1], &fast), Ok(Exit::NoVerdict));
        assert_eq!(compare(&fast, &fast).unwrap_err().exit(), Exit::Usage);
        let wrong = folder.path().join("wrong");
        fs::write(&wrong, "{}").unwrap();
        let wrong = compare(&[wrong.to_str().unwrap().to_owned()], &slow).unwrap_err();
        assert!(
            wrong
                .to_string()
                .contains("wrong: it is no result of this program"),
            "{wrong}"
        );
    }
}
