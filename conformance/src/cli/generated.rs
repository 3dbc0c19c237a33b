//! `--generated` and `--cases`: conversations that are made up, and cases from a file, in place of the
//! built-in cases.

use super::{Judged, server::Prepared};
use crate::{
    bench::{Executed, Running},
    case::{Case, Role},
    corpus,
    generated::{self, Generated, Known, Opponent},
    plan,
    record::{CaseRecord, TargetRecord},
    run::{About, OnCase, Options},
    spec,
    target::Target,
    verdict::Variant,
};
use clap::Args;
use petrel_cli::{Exit, Failure, output};
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    path::PathBuf,
    time::Duration,
};

#[derive(Debug, Args)]
#[command(next_help_heading = "Other cases than the built-in ones")]
pub(super) struct GeneratedArgs {
    /// N conversations made up at random, each judged by a model of SPEC.md. The first that fails is
    /// made as short as it can be and printed as a file for --cases
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    generated: Option<u32>,
    /// Make up the same conversations again
    #[arg(long, value_name = "SEED", requires = "generated")]
    seed: Option<u64>,
    /// The cases of this file
    #[arg(long, value_name = "FILE", conflicts_with = "generated")]
    cases: Option<PathBuf>,
}

impl GeneratedArgs {
    /// Whether the built-in cases are left out.
    pub(super) fn is_asked(&self) -> bool {
        self.generated.is_some() || self.cases.is_some()
    }
}

/// Judges the server by what the arguments ask for.
pub(super) fn judge(
    arguments: &GeneratedArgs,
    mut prepared: Prepared,
    options: &Options,
    on_start: &mut dyn FnMut(&TargetRecord, &[CaseRecord]),
    on_case: OnCase<'_>,
) -> Result<Judged, Failure> {
    if let Some(count) = arguments.generated {
        let seed = arguments.seed.unwrap_or_else(|| {
            let seed = drawn();
            output::note(&format!(
                "--seed {seed} makes up the same conversations again"
            ));
            seed
        });
        return converse(
            Generated { count, seed },
            prepared,
            options,
            on_start,
            on_case,
        );
    }
    let path = arguments.cases.clone().unwrap_or_default();
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::reading(&path, &error))?;
    let cases =
        read(&text).map_err(|error| Failure::usage(format!("{}: {}", path.display(), error)))?;
    let word = output::shell_word(&path.display().to_string());
    prepared.again.extend(["--cases".to_owned(), word]);
    let mut record = prepared.judge(&cases, options, on_start, on_case)?;
    record.corpus = corpus::digest_of([text.as_str()]);
    Ok(record)
}

/// A seed that nobody chose, short enough to be read out.
fn drawn() -> u64 {
    // The standard library draws its keys anew for each process.
    RandomState::new().build_hasher().finish() >> 32
}

/// The cases of a file, by the loader of the built-in ones; they have to name clauses that there are.
fn read(text: &str) -> Result<Vec<Case>, String> {
    let cases = corpus::parse(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.unwrap_or_default().matches('\n').count() + 1;
        format!("line {line}: {}", error.message())
    })?;
    let clauses = spec::clauses();
    for case in &cases {
        if case.role != Role::Server {
            return Err(format!("{}: it judges no server", case.id));
        }
        let known = |id: &&str| !clauses.iter().any(|clause| clause.id == *id);
        if let Some(id) = case.clause_ids().find(known) {
            return Err(format!("{}: SPEC.md has no clause {id}", case.id));
        }
    }
    Ok(cases)
}

fn converse(
    generated: Generated,
    mut prepared: Prepared,
    options: &Options,
    on_start: &mut dyn FnMut(&TargetRecord, &[CaseRecord]),
    on_case: OnCase<'_>,
) -> Result<Judged, Failure> {
    let mut round_trip = Duration::ZERO;
    if prepared.commands.is_empty() {
        for server in prepared.target.servers_mut() {
            round_trip = round_trip.max(server.measure()?);
        }
    }
    let opponents = opponents(generated, &prepared.target, options)?;
    let about = About {
        role: "server",
        target: prepared.record(),
        command: prepared.again.join(" "),
        round_trip,
    };
    on_start(&about.target, &[CaseRecord::of(&generated.case())]);
    Ok(if prepared.commands.is_empty() {
        let mut bench = Running::new(prepared.target.clone());
        generated::run(generated, &opponents, &mut bench, about, options, on_case)
    } else {
        let mut bench = Executed::new(prepared.commands.clone(), &prepared.target);
        generated::run(generated, &opponents, &mut bench, about, options, on_case)
    })
}

/// The variants of the server that are selected, with what is known of each.
fn opponents(
    generated: Generated,
    target: &Target,
    options: &Options,
) -> Result<Vec<Opponent>, Failure> {
    let case = generated.case();
    let opponents: Vec<Opponent> = plan::of_server(&case, target)
        .into_iter()
        .filter(|(variant, _)| !generated::segmentations(generated, *variant, options).is_empty())
        .map(|(variant, missing)| {
            let facts = target.facts(target.server(variant));
            let known = Known::new(facts, variant == Variant::Mac);
            (variant, missing.map_or(Ok(known), Err))
        })
        .collect();
    if opponents.is_empty() {
        let message = "no generated conversation is selected: --only and --skip can choose among \
                       their variants and segmentations";
        return Err(Failure::new(Exit::NoVerdict, message));
    }
    Ok(opponents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_cases_names_clauses_that_there_are() {
        let (_, text) = corpus::FILES[0];
        assert!(read(text).is_ok());
        let text = text.replace("id = \"P-044\"", "id = \"P-999\"");
        let error = read(&text).expect_err("there is no P-999");
        assert_eq!(error, "PC-0001: SPEC.md has no clause P-999");
        let error = read("[[case]]\nid = 1\n").expect_err("ids are texts");
        assert_eq!(
            error,
            "line 2: invalid type: integer `1`, expected a string"
        );
    }

    #[test]
    fn a_client_is_not_judged_as_a_server() {
        let client = corpus::FILES
            .iter()
            .find(|(name, _)| *name == "client.toml");
        let (_, text) = client.expect("there is one");
        assert!(read(text).is_err());
    }
}
