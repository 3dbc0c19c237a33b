//! How many results got which verdict, and how a program ends that found them.

use crate::{
    expected::Problem,
    record::{Record, ResultRecord},
    verdict::Verdict,
};
use petrel_cli::Exit;
use std::collections::BTreeMap;

/// The count of each verdict by its word, also of those that nothing got.
pub(crate) fn counts(results: &[ResultRecord]) -> BTreeMap<String, usize> {
    let zero = |verdict: Verdict| (verdict.as_str().to_owned(), 0);
    let mut counts: BTreeMap<String, usize> = Verdict::ALL.into_iter().map(zero).collect();
    for result in results {
        *counts.entry(result.verdict.as_str().into()).or_default() += 1;
    }
    counts
}

/// How a program ends that found these results, and these problems with the list of known failures.
/// A proven no outranks a verdict that is missing; an excused failure is a verdict, but no failure.
pub(crate) fn exit(record: &Record, problems: &[Problem]) -> Exit {
    let results = &record.results;
    let has = |is: fn(&ResultRecord) -> bool| results.iter().any(is);
    let fails = has(|result| result.verdict.is_failure() && result.excused.is_none());
    let judged = has(|result| !matches!(result.verdict, Verdict::NotRun | Verdict::NotApplicable));
    let not_run = has(|result| result.verdict == Verdict::NotRun);
    let listed = problems.iter().map(Problem::exit).max();
    let found = if fails {
        Exit::No
    } else if !judged || not_run {
        Exit::NoVerdict
    } else {
        Exit::Done
    };
    let found = listed.map_or(found, |listed| found.max(listed));
    if record.interrupted {
        found.max(Exit::Interrupted)
    } else {
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{record, result};

    fn run(verdicts: &[Verdict]) -> Record {
        let results = verdicts.iter().zip(1..);
        let results = results
            .map(|(verdict, number)| result(&format!("PC-{number:04}@plain/whole"), *verdict));
        record(results.collect())
    }

    #[test]
    fn a_proven_no_outranks_a_missing_verdict() {
        use Verdict::{Crash, Fail, Hang, NotApplicable, NotRun, Pass, Warn};
        let exit = |verdicts: &[Verdict]| exit(&run(verdicts), &[]);
        assert_eq!(exit(&[Pass, Warn, NotApplicable]), Exit::Done);
        assert_eq!(exit(&[Pass, NotRun, Fail]), Exit::No);
        assert_eq!(exit(&[Pass, Hang]), Exit::No);
        assert_eq!(exit(&[Crash, NotRun]), Exit::No);
        assert_eq!(exit(&[Pass, NotRun]), Exit::NoVerdict);
        assert_eq!(exit(&[NotApplicable]), Exit::NoVerdict);
        assert_eq!(exit(&[]), Exit::NoVerdict);
    }

    #[test]
    fn an_excused_failure_is_a_verdict_and_no_failure() {
        let mut run = run(&[Verdict::Fail]);
        assert_eq!(exit(&run, &[]), Exit::No);
        run.results[0].excused = Some("known".into());
        assert_eq!(exit(&run, &[]), Exit::Done);
        run.interrupted = true;
        assert_eq!(exit(&run, &[]), Exit::Interrupted);
    }

    #[test]
    fn every_verdict_has_its_count() {
        let counts = counts(&run(&[Verdict::Pass, Verdict::Pass, Verdict::NotRun]).results);
        assert_eq!(counts.len(), Verdict::ALL.len());
        assert_eq!(
            (counts["pass"], counts["not run"], counts["fail"]),
            (2, 1, 0)
        );
    }
}
