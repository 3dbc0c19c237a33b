//! Which cases, how long, how many at once: the arguments that every run takes.

use crate::{
    case::{Case, Role},
    run::Options,
    segmentation::Segmentation,
    select::{Filter, LevelFilter, Selection},
    spec,
};
use clap::Args;
use petrel_cli::{Exit, Failure};
use std::time::Duration;

#[derive(Debug, Args)]
#[command(next_help_heading = "Selection and pace")]
pub(super) struct SelectionArgs {
    /// Only results that PATTERN selects: a part of an id or group, perhaps with @VARIANT or
    /// @VARIANT/SEGMENTATION behind it (several times)
    #[arg(long, value_name = "PATTERN", global = true)]
    only: Vec<Filter>,
    /// No results that PATTERN selects (several times)
    #[arg(long, value_name = "PATTERN", global = true)]
    skip: Vec<Filter>,
    /// Only cases that prove this clause of SPEC.md, P-033 for instance (several times)
    #[arg(long, value_name = "CLAUSE", global = true)]
    clause: Vec<String>,
    /// Only cases whose clause is as binding
    #[arg(long, value_enum, default_value_t, global = true)]
    level: LevelFilter,
    /// How the bytes are cut: whole, header, fields, bytes, joined or all, with commas between. By
    /// default all for a peer on this machine; for others whole, header and joined
    #[arg(long, value_name = "LIST", value_delimiter = ',', global = true)]
    segmentation: Vec<String>,
    /// Cases in progress at once. By default as many as there are processors for servers that the suite
    /// starts itself, 4 for clients, otherwise 1
    #[arg(long, value_name = "N", global = true, value_parser = clap::value_parser!(u32).range(1..=256))]
    jobs: Option<u32>,
    /// After so many seconds, the start of the peer among them, the remaining cases are not run
    #[arg(long, value_name = "SECONDS", default_value_t = 60, global = true,
          value_parser = clap::value_parser!(u32).range(1..=86_400))]
    max_time: u32,
    /// Multiplies every wait: more for slow machines and debuggers, less for impatience
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, global = true, value_parser = factor)]
    time_scale: f64,
}

fn factor(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|factor| (0.05..=1000.0).contains(factor))
        .ok_or_else(|| format!("`{text}` is no factor from 0.05 to 1000"))
}

impl SelectionArgs {
    /// What a run of `jobs` jobs is told, unless the arguments say otherwise; `near` says that the
    /// peer is on this machine.
    pub(super) fn options(&self, near: bool, jobs: usize) -> Result<Options, Failure> {
        Ok(Options {
            selection: self.selection()?,
            segmentations: self.segmentations(near)?,
            jobs: self.jobs.map_or(jobs, |jobs| jobs as usize),
            max_time: self.max_time(),
            time_scale: self.time_scale,
            ..Options::default()
        })
    }

    pub(super) fn max_time(&self) -> Duration {
        Duration::from_secs(self.max_time.into())
    }

    pub(super) fn selection(&self) -> Result<Selection, Failure> {
        let clauses = spec::clauses();
        for id in &self.clause {
            if !clauses.iter().any(|clause| clause.id == id) {
                let (first, last) = (clauses.first(), clauses.last());
                let range = first
                    .zip(last)
                    .map(|(a, b)| format!("{} to {}", a.id, b.id));
                return Err(Failure::usage(format!(
                    "--clause {id}: SPEC.md has no such clause; they are {}",
                    range.unwrap_or_default()
                )));
            }
        }
        let mut selection = Selection::default();
        selection.only.clone_from(&self.only);
        selection.skip.clone_from(&self.skip);
        selection.clauses.clone_from(&self.clause);
        selection.level = self.level;
        Ok(selection)
    }

    fn segmentations(&self, near: bool) -> Result<Vec<Segmentation>, Failure> {
        use Segmentation::{Header, Joined, Whole};
        if self.segmentation.iter().any(|word| word == "all") {
            return Ok(Segmentation::ALL.to_vec());
        }
        if !self.segmentation.is_empty() {
            let mut wanted: Vec<Segmentation> = self
                .segmentation
                .iter()
                .map(|word| word.parse())
                .collect::<Result<_, String>>()
                .map_err(Failure::usage)?;
            wanted.sort_unstable();
            wanted.dedup();
            return Ok(wanted);
        }
        // A pattern that names one asks for it.
        if near || self.only.iter().any(Filter::names_segmentation) {
            return Ok(Segmentation::ALL.to_vec());
        }
        Ok(vec![Whole, Header, Joined])
    }
}

/// The cases of a role that are selected; none is no verdict.
pub(super) fn selected<'c>(
    cases: &'c [Case],
    role: Option<Role>,
    selection: &Selection,
) -> Result<Vec<&'c Case>, Failure> {
    let of_role = |case: &&Case| role.is_none_or(|role| case.role == role);
    let selected: Vec<&Case> = cases
        .iter()
        .filter(of_role)
        .filter(|case| selection.selects_case(case))
        .collect();
    if selected.is_empty() {
        let only: Vec<String> = selection.only.iter().map(ToString::to_string).collect();
        let what = match only.as_slice() {
            [] => "no case is selected".to_owned(),
            only => format!("no case matches --only {}", only.join(" --only ")),
        };
        let message = format!("{what}; `petrel-conformance list` shows ids, groups and clauses");
        return Err(Failure::new(Exit::NoVerdict, message));
    }
    Ok(selected)
}
