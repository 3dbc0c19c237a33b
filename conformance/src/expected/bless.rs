//! Writes the list of known failures from a run.

use super::{Entry, File, RawEntry, RawFile};
use crate::{
    pattern::Pattern,
    record::{Record, ResultRecord},
    verdict::Verdict,
};
use std::collections::{BTreeMap, BTreeSet};

const HEAD: &str = "\
# Known failures. Each has to fail as it is listed here, or the run fails.
# A name is PC-0042, PC-0042@mac, PC-0042@mac/bytes or PC-0042@*/bytes; `message` (how the reason of
# the result begins) and `expires` (the last day, 2026-12-31) may be added.
";

/// The list of all failures of a run, sorted by name. Entries of the old list that still apply stay as
/// they are, and so do those about which this run says nothing; new ones get `reason`.
///
/// # Errors
///
/// If the run is no base for a list: it was interrupted, or cases were not run.
pub(crate) fn bless(record: &Record, old: Option<&File>, reason: &str) -> Result<String, String> {
    let not_run = |result: &ResultRecord| result.verdict == Verdict::NotRun;
    if record.interrupted || record.results.iter().any(not_run) {
        let why = "a list from a run that is not complete would hide what it did not judge";
        return Err(format!(
            "{why}: let every selected case run, then write the list"
        ));
    }
    if reason.trim().is_empty() {
        return Err("the reason is empty; say why these failures are known and not mended".into());
    }
    let nothing = File::default();
    let old = old.unwrap_or(&nothing);
    let kept = kept(record, old);
    let mut entries: Vec<Entry> = kept.iter().map(|at| old.entries[*at].clone()).collect();
    entries.extend(fresh(record, old, &kept, reason));
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let expected = entries.iter().map(RawEntry::from).collect();
    let list = toml::to_string(&RawFile { expected }).map_err(|error| error.to_string())?;
    Ok(format!("{HEAD}\n{list}"))
}

/// The old entries that are right as they stand: whatever they match and was judged fails as listed.
fn kept(record: &Record, old: &File) -> BTreeSet<usize> {
    let is_right = |at: &usize| {
        let is_meant =
            |result: &&ResultRecord| is_judged(result) && old.entry_of(result) == Some(*at);
        let mut meant = record.results.iter().filter(is_meant);
        meant.all(|result| old.entries[*at].excuses(result))
    };
    (0..old.entries.len()).filter(is_right).collect()
}

/// Entries for the failures that the kept ones do not cover.
fn fresh(record: &Record, old: &File, kept: &BTreeSet<usize>, reason: &str) -> Vec<Entry> {
    /// What becomes one entry, if the names allow it.
    type Alike<'a> = (&'a str, &'static str, Option<usize>);
    let mut groups: BTreeMap<Alike<'_>, Vec<&ResultRecord>> = BTreeMap::new();
    for result in record
        .results
        .iter()
        .filter(|result| result.verdict.is_failure())
    {
        let entry = old.entry_of(result);
        if entry.is_some_and(|at| kept.contains(&at)) {
            continue;
        }
        let applies = entry.filter(|at| old.entries[*at].excuses(result));
        let alike = (result.case.as_str(), result.verdict.as_str(), applies);
        groups.entry(alike).or_default().push(result);
    }
    let mut entries = Vec::new();
    for ((_, _, applies), results) in groups {
        let before = applies.map(|at| &old.entries[at]);
        for name in names(record, &results) {
            entries.push(Entry {
                name,
                verdict: results[0].verdict,
                reason: before
                    .map_or_else(|| reason.trim().to_owned(), |entry| entry.reason.clone()),
                message: before.and_then(|entry| entry.message.clone()),
                expires: before.and_then(|entry| entry.expires),
            });
        }
    }
    entries
}

/// The shortest names for results of one case that are alike. A part is left out only where at least
/// two results differ in it and all that were judged are meant: nothing is listed that was not seen.
fn names(record: &Record, results: &[&ResultRecord]) -> Vec<Pattern> {
    let Some(first) = results.first() else {
        return Vec::new();
    };
    let judged = record
        .results
        .iter()
        .filter(|each| each.case == first.case && is_judged(each));
    let judged: Vec<&ResultRecord> = judged.collect();
    let variants: BTreeSet<&str> = judged.iter().map(|each| each.variant.as_str()).collect();
    let pattern = |variant: Option<&str>, segmentation: Option<&str>| Pattern {
        case: first.case.clone(),
        variant: variant.map(String::from),
        segmentation: segmentation.map(String::from),
    };
    if variants.len() > 1 && judged.len() == results.len() {
        return vec![pattern(None, None)];
    }
    let mut names = Vec::new();
    for variant in variants {
        let of = |results: &[&ResultRecord]| {
            results
                .iter()
                .filter(|each| each.variant == variant)
                .count()
        };
        let meant = results.iter().filter(|each| each.variant == variant);
        if of(results) > 1 && of(results) == of(&judged) {
            names.push(pattern(Some(variant), None));
        } else {
            names.extend(meant.map(|each| pattern(Some(variant), Some(&each.segmentation))));
        }
    }
    names
}

fn is_judged(result: &ResultRecord) -> bool {
    !matches!(result.verdict, Verdict::NotRun | Verdict::NotApplicable)
}

impl From<&Entry> for RawEntry {
    fn from(entry: &Entry) -> Self {
        let date = |date: super::Date| toml::Value::String(date.to_string());
        Self {
            name: entry.name.to_string(),
            verdict: entry.verdict,
            reason: entry.reason.clone(),
            message: entry.message.clone(),
            expires: entry.expires.map(date),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        expected::apply,
        report::sample::{HOSTILE, record, result},
        tally,
    };
    use petrel_cli::Exit;

    fn run(results: &[(&str, Verdict)]) -> Record {
        record(
            results
                .iter()
                .map(|(name, verdict)| result(name, *verdict))
                .collect(),
        )
    }

    fn blessed(record: &Record, old: Option<&File>) -> File {
        let text = bless(record, old, "not mended yet").expect("a list");
        File::parse(&text).expect("it can be read back")
    }

    fn names(file: &File) -> Vec<String> {
        file.entries
            .iter()
            .map(|entry| entry.name.to_string())
            .collect()
    }

    const RUN: [(&str, Verdict); 7] = [
        ("PC-0002@plain/whole", Verdict::Hang),
        ("PC-0002@plain/bytes", Verdict::Hang),
        ("PC-0002@mac/whole", Verdict::Hang),
        ("PC-0003@plain/whole", Verdict::Fail),
        ("PC-0003@plain/bytes", Verdict::Fail),
        ("PC-0003@mac/whole", Verdict::Pass),
        ("PC-0001@plain/bytes", Verdict::Crash),
    ];

    #[test]
    fn the_list_excuses_exactly_the_run_it_was_made_from() {
        let mut run = run(&RUN);
        let file = blessed(&run, None);
        assert_eq!(
            names(&file),
            ["PC-0001@plain/bytes", "PC-0002", "PC-0003@plain"]
        );
        let ids = BTreeSet::from(["PC-0001", "PC-0002", "PC-0003"]);
        let today = "2026-06-15".parse().expect("a date");
        assert_eq!(apply(&mut run, &file, &ids, today), []);
        assert_eq!(tally::exit(&run, &[]), Exit::Done);
    }

    #[test]
    fn it_is_stable() {
        let run = run(&RUN);
        let first = bless(&run, None, "not mended yet").expect("a list");
        let old = File::parse(&first).expect("a list");
        assert_eq!(
            bless(&run, Some(&old), "another reason").expect("a list"),
            first
        );
    }

    #[test]
    fn what_was_written_about_a_failure_stays() {
        let old = File::parse(
            "[[expected]]\nname = 'PC-0003'\nverdict = 'fail'\nreason = 'mine'\nexpires = 2026-12-31\n\
             [[expected]]\nname = 'PC-0002'\nverdict = 'fail'\nreason = 'stale'\n\
             [[expected]]\nname = 'PC-0077'\nverdict = 'warn'\nreason = 'not in this run'\n",
        );
        let file = blessed(&run(&RUN), Some(&old.expect("a list")));
        let reasons: Vec<&str> = file
            .entries
            .iter()
            .map(|entry| entry.reason.as_str())
            .collect();
        assert_eq!(
            names(&file),
            ["PC-0001@plain/bytes", "PC-0002", "PC-0003@plain", "PC-0077"]
        );
        assert_eq!(
            reasons,
            [
                "not mended yet",
                "not mended yet",
                "mine",
                "not in this run"
            ]
        );
        assert!(file.entries[2].expires.is_some(), "narrowed, with its date");
    }

    #[test]
    fn an_incomplete_run_is_refused() {
        let mut not_run = run(&[("PC-0001@plain/whole", Verdict::NotRun)]);
        assert!(bless(&not_run, None, "known").is_err());
        not_run.results.clear();
        not_run.interrupted = true;
        assert!(bless(&not_run, None, "known").is_err());
        not_run.interrupted = false;
        assert!(bless(&not_run, None, "known").is_ok());
        assert!(bless(&not_run, None, " ").is_err());
    }

    #[test]
    fn a_reason_is_written_so_that_it_is_read_back() {
        let text = bless(&run(&RUN), None, HOSTILE).expect("a list");
        let file = File::parse(&text).expect("it can be read back");
        assert!(file.entries.iter().all(|entry| entry.reason == HOSTILE));
    }
}
