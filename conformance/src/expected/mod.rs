//! Known failures, listed in the repository of the implementer: each with a reason, and each has to
//! fail as it is listed, so that the list shrinks and never hides anything new.

mod bless;
mod date;
mod problem;

pub(crate) use bless::bless;
pub(crate) use date::Date;
pub(crate) use problem::{Problem, ProblemKind};

use crate::{
    pattern::Pattern,
    record::{Record, ResultRecord},
    verdict::Verdict,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The whole list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) entries: Vec<Entry>,
}

/// A failure that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: Pattern,
    pub(crate) verdict: Verdict,
    /// Why it is known and not mended.
    pub(crate) reason: String,
    /// How the reason of the result has to begin.
    pub(crate) message: Option<String>,
    /// The last day on which it is excused.
    pub(crate) expires: Option<Date>,
}

/// The list as it is written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    expected: Vec<RawEntry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    name: String,
    verdict: Verdict,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<toml::Value>,
}

impl File {
    /// Reads a list.
    ///
    /// # Errors
    ///
    /// If it is no such list; the message says what is wrong, and where it can, with which entry.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let raw: RawFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let entries: Result<Vec<Entry>, String> =
            raw.expected.into_iter().map(Entry::try_from).collect();
        let entries = entries?;
        let mut names = BTreeSet::new();
        if let Some(twice) = entries.iter().find(|entry| !names.insert(&entry.name)) {
            return Err(format!("{} is listed twice", twice.name));
        }
        Ok(Self { entries })
    }

    /// The entry that is meant by a result: of those that match, the one that says most.
    fn entry_of(&self, result: &ResultRecord) -> Option<usize> {
        let ResultRecord {
            case,
            variant,
            segmentation,
            ..
        } = result;
        let entries = self.entries.iter().enumerate();
        entries
            .filter(|(_, entry)| entry.name.matches(case, variant, segmentation))
            .max_by_key(|(_, entry)| entry.name.weight())
            .map(|(at, _)| at)
    }
}

impl TryFrom<RawEntry> for Entry {
    type Error = String;

    fn try_from(raw: RawEntry) -> Result<Self, String> {
        let name: Pattern = raw.name.parse()?;
        if !raw.verdict.is_failure() && raw.verdict != Verdict::Warn {
            let verdict = raw.verdict.as_str();
            return Err(format!(
                "{name}: a verdict `{verdict}` needs no excuse; only fail, crash, hang and warn are listed"
            ));
        }
        if raw.reason.trim().is_empty() {
            return Err(format!(
                "{name}: the reason is empty; say why it is not mended"
            ));
        }
        let expires = match raw.expires {
            None => None,
            Some(toml::Value::String(text)) => Some(text),
            Some(other) => Some(other.to_string()),
        };
        let expires = expires.map(|text| text.parse()).transpose();
        Ok(Self {
            verdict: raw.verdict,
            reason: raw.reason,
            message: raw.message,
            expires: expires.map_err(|error| format!("{name}: {error}"))?,
            name,
        })
    }
}

impl Entry {
    /// Whether the result fails as it is listed.
    fn excuses(&self, result: &ResultRecord) -> bool {
        let reason = result.reason.as_deref().unwrap_or_default();
        let says = |prefix: &String| reason.starts_with(prefix.as_str());
        self.verdict == result.verdict && self.message.as_ref().is_none_or(says)
    }

    fn is_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| last < today)
    }
}

/// Excuses the results that fail as they are listed, and says what is wrong with the list; `ids` are
/// those of the whole corpus, also of the cases that were not selected.
pub(crate) fn apply(
    record: &mut Record,
    file: &File,
    ids: &BTreeSet<&str>,
    today: Date,
) -> Vec<Problem> {
    let mut passes: Vec<Vec<String>> = vec![Vec::new(); file.entries.len()];
    let mut differs: Vec<Option<ProblemKind>> = vec![None; file.entries.len()];
    for result in &mut record.results {
        let Some(at) = file.entry_of(result) else {
            continue;
        };
        let entry = &file.entries[at];
        match result.verdict {
            Verdict::NotRun | Verdict::NotApplicable => {}
            Verdict::Pass => passes[at].push(result.name.clone()),
            // Its own problem is said below; that it fails is then no news.
            _ if entry.is_expired(today) => {}
            _ if entry.excuses(result) => result.excused = Some(entry.reason.clone()),
            _ => {
                differs[at].get_or_insert_with(|| different(entry, result));
            }
        }
    }
    let mut problems = Vec::new();
    for ((entry, passes), differs) in file.entries.iter().zip(passes).zip(differs) {
        let unknown = !ids.contains(entry.name.case.as_str());
        let expired = entry.expires.filter(|_| entry.is_expired(today));
        let kinds = [
            unknown.then_some(ProblemKind::Unknown),
            expired.map(ProblemKind::Expired),
            (!passes.is_empty()).then_some(ProblemKind::Passes(passes)),
            differs,
        ];
        let name = entry.name.to_string();
        problems.extend(kinds.into_iter().flatten().map(|kind| Problem {
            name: name.clone(),
            kind,
        }));
    }
    problems
}

fn different(entry: &Entry, result: &ResultRecord) -> ProblemKind {
    let said = |verdict: Verdict, reason: Option<&String>| match reason {
        Some(reason) if entry.verdict == result.verdict => {
            format!("{} \"{reason}\"", verdict.as_str())
        }
        _ => verdict.as_str().into(),
    };
    ProblemKind::Differs {
        result: result.name.clone(),
        listed: said(entry.verdict, entry.message.as_ref()),
        found: said(result.verdict, result.reason.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::sample::{record, result},
        tally,
    };
    use petrel_cli::Exit;

    fn file(entries: &str) -> File {
        File::parse(entries).expect("a list")
    }

    fn entry(name: &str, verdict: &str, more: &str) -> String {
        format!(
            "[[expected]]\nname = \"{name}\"\nverdict = \"{verdict}\"\nreason = \"known\"\n{more}\n"
        )
    }

    fn today() -> Date {
        "2026-06-15".parse().expect("a date")
    }

    fn applied(record: &mut Record, list: &str) -> Vec<String> {
        let ids = BTreeSet::from(["PC-0001", "PC-0002", "PC-0003"]);
        let problems = apply(record, &file(list), &ids, today());
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_failure_as_listed_is_excused_and_nothing_else_is() {
        let mut run = record(vec![
            result("PC-0001@mac/whole", Verdict::Fail),
            result("PC-0001@plain/whole", Verdict::Fail),
            result("PC-0002@mac/whole", Verdict::Pass),
        ]);
        assert_eq!(
            applied(&mut run, &entry("PC-0001@mac", "fail", "")),
            Vec::<String>::new()
        );
        assert_eq!(run.results[0].excused.as_deref(), Some("known"));
        assert_eq!(run.results[1].excused, None);
        assert_eq!(tally::exit(&run, &[]), Exit::No);
        run.results.remove(1);
        assert_eq!(tally::exit(&run, &[]), Exit::Done);
    }

    #[test]
    fn passing_although_listed_is_a_problem() {
        let mut run = record(vec![result("PC-0001@mac/whole", Verdict::Pass)]);
        let ids = BTreeSet::from(["PC-0001"]);
        let problems = apply(
            &mut run,
            &file(&entry("PC-0001", "fail", "")),
            &ids,
            today(),
        );
        assert_eq!(
            problems[0].kind,
            ProblemKind::Passes(vec!["PC-0001@mac/whole".into()])
        );
        assert_eq!(tally::exit(&run, &problems), Exit::No);
        // What was not selected, or not judged, says nothing.
        assert_eq!(
            applied(&mut run, &entry("PC-0002", "fail", "")),
            Vec::<String>::new()
        );
        run.results[0].verdict = Verdict::NotApplicable;
        assert_eq!(
            applied(&mut run, &entry("PC-0001", "fail", "")),
            Vec::<String>::new()
        );
    }

    #[test]
    fn failing_differently_is_a_problem_and_counts() {
        for (list, found) in [
            (
                entry("PC-0001", "hang", ""),
                "listed as hang, but PC-0001@mac/whole found fail",
            ),
            (
                entry("PC-0001", "fail", "message = \"step 2\""),
                "found fail \"because of fail\"",
            ),
        ] {
            let mut run = record(vec![result("PC-0001@mac/whole", Verdict::Fail)]);
            let problems = applied(&mut run, &list);
            assert!(
                problems.len() == 1 && problems[0].contains(found),
                "{problems:?}"
            );
            assert_eq!(run.results[0].excused, None);
        }
        let mut run = record(vec![result("PC-0001@mac/whole", Verdict::Fail)]);
        let list = entry("PC-0001", "fail", "message = \"because\"");
        assert_eq!(applied(&mut run, &list), Vec::<String>::new());
    }

    #[test]
    fn the_entry_that_says_most_is_meant() {
        let list = entry("PC-0001", "fail", "") + &entry("PC-0001@mac/bytes", "hang", "");
        let mut run = record(vec![
            result("PC-0001@mac/bytes", Verdict::Hang),
            result("PC-0001@mac/whole", Verdict::Fail),
        ]);
        assert_eq!(applied(&mut run, &list), Vec::<String>::new());
        assert!(run.results.iter().all(|result| result.excused.is_some()));
    }

    #[test]
    fn an_unknown_case_is_wrong_usage() {
        let mut run = record(vec![result("PC-0001@mac/whole", Verdict::Fail)]);
        let ids = BTreeSet::from(["PC-0001"]);
        let problems = apply(
            &mut run,
            &file(&entry("PC-9999", "fail", "")),
            &ids,
            today(),
        );
        assert_eq!(problems[0].kind, ProblemKind::Unknown);
        assert_eq!(tally::exit(&run, &problems), Exit::Usage);
    }

    #[test]
    fn an_entry_is_good_through_its_last_day() {
        let with = |date: &str| {
            let mut run = record(vec![result("PC-0001@mac/whole", Verdict::Fail)]);
            let problems = applied(
                &mut run,
                &entry("PC-0001", "fail", &format!("expires = {date}")),
            );
            (problems.len(), run.results[0].excused.is_some())
        };
        assert_eq!(with("2026-06-15"), (0, true));
        assert_eq!(with("\"2026-06-16\""), (0, true));
        assert_eq!(with("2026-06-14"), (1, false));
    }

    #[test]
    fn a_list_that_would_hide_something_is_refused() {
        for (list, part) in [
            (entry("PC-0001", "pass", ""), "needs no excuse"),
            (entry("PC-0001", "maybe", ""), "maybe"),
            (entry("PC-0001@mca", "fail", ""), "no variant"),
            (entry("PC-0001", "fail", "expires = \"soon\""), "2026-12-31"),
            (entry("PC-0001", "fail", "expires = 7"), "2026-12-31"),
            (entry("PC-0001", "fail", "until = 7"), "until"),
            (
                entry("PC-0001", "fail", "") + &entry("PC-0001@*", "hang", ""),
                "twice",
            ),
            (
                entry("PC-0001", "fail", "").replace("known", " "),
                "reason is empty",
            ),
            ("[[expect]]".into(), "expect"),
        ] {
            let message = File::parse(&list).expect_err(&list);
            assert!(message.contains(part), "`{part}` is missing in: {message}");
        }
        assert_eq!(file(""), File::default());
    }
}
