//! What every report says about a run: its headline, its counts, and its results case by case.

use super::mark::Mark;
use crate::{
    record::{CaseRecord, Record, ResultRecord},
    verdict::Verdict,
};
use petrel_cli::{Exit, output};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

/// The variants in the order in which they are shown; others stand behind them.
const VARIANTS: [&str; 5] = ["plain", "mac", "small", "checked", "tls"];

/// A case with its results in this run.
#[derive(Clone, Debug)]
pub(crate) struct CaseView<'a> {
    pub(crate) case: &'a CaseRecord,
    pub(crate) results: Vec<&'a ResultRecord>,
}

impl<'a> CaseView<'a> {
    /// The mark of the whole case; `None` without a result.
    pub(crate) fn mark(&self) -> Option<Mark> {
        Mark::worst(self.results.iter().copied())
    }

    /// The result that is shown in full: the first of the worst.
    pub(crate) fn shown(&self) -> Option<&'a ResultRecord> {
        let worst = self.mark()?.severity();
        let mut results = self.results.iter().copied();
        results.find(|result| Mark::of(result).severity() == worst)
    }

    /// The results, besides the one that is shown, with one of these marks.
    pub(crate) fn others(&self, is: impl Fn(Mark) -> bool) -> Vec<&'a ResultRecord> {
        let shown = self.shown().map(|result| &result.name);
        let results = self.results.iter().copied();
        results
            .filter(|result| Some(&result.name) != shown && is(Mark::of(result)))
            .collect()
    }

    /// Its words for a heading.
    pub(crate) fn title(&self) -> String {
        output::one_line(&self.case.title)
    }
}

/// The cases of a run in their order, each with its results.
pub(crate) fn cases(record: &Record) -> Vec<CaseView<'_>> {
    let mut results: HashMap<&str, Vec<&ResultRecord>> = HashMap::new();
    for result in &record.results {
        results.entry(&result.case).or_default().push(result);
    }
    let mut views = Vec::new();
    for case in &record.cases {
        let results = results.remove(case.id.as_str()).unwrap_or_default();
        views.push(CaseView { case, results });
    }
    views
}

/// The word for the whole run, and how it is coloured.
pub(crate) fn headline(record: &Record) -> (&'static str, Mark) {
    let failed = record
        .results
        .iter()
        .any(|each| Mark::of(each).is_failure());
    let excused = record
        .results
        .iter()
        .any(|each| each.excused.is_some() && each.verdict.is_failure());
    let is = |exit: Exit| record.exit_code == exit.code();
    match (record.interrupted || is(Exit::Interrupted), failed) {
        (true, true) => ("interrupted, not conformant", Mark::Is(Verdict::Fail)),
        (true, false) => ("interrupted", Mark::Is(Verdict::NotRun)),
        (false, true) => ("not conformant", Mark::Is(Verdict::Fail)),
        _ if is(Exit::No) => ("not as listed", Mark::Is(Verdict::Fail)),
        _ if !is(Exit::Done) => ("no verdict", Mark::Is(Verdict::NotRun)),
        _ if excused => ("not conformant, as listed", Mark::Is(Verdict::Warn)),
        _ => ("conformant", Mark::Is(Verdict::Pass)),
    }
}

/// How many results got a verdict.
pub(crate) fn count(record: &Record, verdict: Verdict) -> usize {
    record.counts.get(verdict.as_str()).copied().unwrap_or(0)
}

/// How many of them are excused.
pub(crate) fn excused(record: &Record, verdict: Verdict) -> usize {
    let results = record.results.iter();
    results
        .filter(|result| result.verdict == verdict && result.excused.is_some())
        .count()
}

/// The results with one of these marks by their reason.
pub(crate) fn by_reason(
    record: &Record,
    is: impl Fn(Mark) -> bool,
) -> BTreeMap<String, Vec<&ResultRecord>> {
    let mut reasons: BTreeMap<String, Vec<&ResultRecord>> = BTreeMap::new();
    for result in record.results.iter().filter(|each| is(Mark::of(each))) {
        let reason = result.excused.as_ref().or(result.reason.as_ref());
        let reason = reason.map_or("no reason given", String::as_str);
        reasons
            .entry(output::one_line(reason))
            .or_default()
            .push(result);
    }
    reasons
}

/// The ids of the cases of some results, each once, in order.
pub(crate) fn ids(results: &[&ResultRecord]) -> Vec<String> {
    let mut ids: Vec<String> = results
        .iter()
        .map(|each| output::one_line(&each.case))
        .collect();
    ids.dedup();
    ids
}

/// Why a result is no pass, where its evidence does not say it already.
pub(crate) fn reason(result: &ResultRecord) -> Option<String> {
    let reason = result.reason.as_deref()?;
    let is_said = |observed: &String| !observed.is_empty() && reason.contains(observed.as_str());
    (!result.observed.iter().any(is_said)).then(|| output::one_line(reason))
}

/// Words in the order in which variants are shown.
pub(crate) fn in_order<'a>(variants: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut variants: Vec<&str> = variants.into_iter().collect();
    let place = |word: &str| VARIANTS.iter().position(|each| *each == word);
    variants.sort_by_key(|word| (place(word).unwrap_or(VARIANTS.len()), *word));
    variants.dedup();
    variants
}

/// Which events of a long conversation are left out: so many are shown of its beginning, and as many
/// of its end.
pub(crate) fn hidden(events: usize, shown: usize) -> Range<usize> {
    if events > 2 * shown + 1 {
        shown..events - shown
    } else {
        events..events
    }
}

/// A number of things.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{s}")
}

/// Microseconds for people.
pub(crate) fn time(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{}.{:03} ms", micros / 1000, micros % 1000),
        10_000..1_000_000 => format!("{}.{} ms", micros / 1000, micros % 1000 / 100),
        _ => format!(
            "{}.{:02} s",
            micros / 1_000_000,
            micros % 1_000_000 / 10_000
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{record, result};

    #[test]
    fn the_headline_never_calls_a_failure_conformant() {
        let word = |record: &Record| headline(record).0;
        let mut run = record(vec![result("PC-0001@plain/whole", Verdict::Pass)]);
        assert_eq!(word(&run), "conformant");
        run.exit_code = 1;
        assert_eq!(word(&run), "not as listed");
        run.results
            .push(result("PC-0001@mac/whole", Verdict::Crash));
        assert_eq!(word(&run), "not conformant");
        (run.exit_code, run.interrupted) = (130, true);
        assert_eq!(word(&run), "interrupted, not conformant");
        run.results[1].excused = Some("known".into());
        assert_eq!(word(&run), "interrupted");
        (run.exit_code, run.interrupted) = (0, false);
        assert_eq!(word(&run), "not conformant, as listed");
        run.exit_code = 4;
        assert_eq!(word(&run), "no verdict");
    }

    #[test]
    fn the_first_of_the_worst_is_shown() {
        let run = record(vec![
            result("PC-0001@plain/whole", Verdict::Pass),
            result("PC-0001@plain/bytes", Verdict::Fail),
            result("PC-0001@mac/whole", Verdict::Hang),
            result("PC-0001@mac/bytes", Verdict::Hang),
        ]);
        let view = &cases(&run)[0];
        let name = view.shown().map(|result| result.name.as_str());
        assert_eq!(name, Some("PC-0001@mac/whole"));
        let others = view.others(Mark::is_failure);
        assert_eq!(others.len(), 2);
        assert!(others.iter().all(|other| Some(other.name.as_str()) != name));
    }

    #[test]
    fn a_reason_that_only_repeats_what_was_observed_is_left_out() {
        let mut fail = result("PC-0001@plain/whole", Verdict::Fail);
        fail.reason = Some("step 2: nothing more came".into());
        assert!(reason(&fail).is_some());
        fail.observed = vec!["nothing more came".into()];
        assert_eq!(reason(&fail), None);
    }

    #[test]
    fn times_are_read_at_a_glance() {
        assert_eq!(time(213), "0.213 ms");
        assert_eq!(time(123_456), "123.4 ms");
        assert_eq!(time(1_003_200), "1.00 s");
    }
}
