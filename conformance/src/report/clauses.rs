//! What a run says about each clause of SPEC.md.

use super::{mark::Mark, summary::CaseView};
use crate::{
    record::Record,
    spec::{self, SpecClause},
};

/// A clause beside the cases of the run that prove it.
#[derive(Debug)]
pub(crate) struct ClauseView<'a> {
    pub(crate) clause: SpecClause,
    pub(crate) cases: Vec<&'a CaseView<'a>>,
    pub(crate) state: State,
}

/// What is known about a clause behind a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Its cases were judged, and this is the worst that was found.
    Judged(Mark),
    /// It has cases, but the target could not be judged by any of them.
    NotJudged,
    /// It can be proved on the wire, and no case of this run does.
    Untested,
    /// It is proved by tests of the library or by reading.
    Elsewhere,
    /// It binds programs of another kind than the one under judgement.
    BindsOthers,
}

impl State {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Judged(mark) => mark.word(),
            Self::NotJudged => "not judged",
            Self::Untested => "untested",
            Self::Elsewhere => "not on the wire",
            Self::BindsOthers => "binds others",
        }
    }

    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Judged(mark) => mark.sign(),
            Self::NotJudged => "?",
            Self::Untested => "○",
            Self::Elsewhere | Self::BindsOthers => "·",
        }
    }
}

impl ClauseView<'_> {
    /// A MUST that this run leaves open although it could be tested.
    pub(crate) fn is_untested_must(&self) -> bool {
        self.clause.is_must() && self.state == State::Untested
    }
}

/// All clauses in their order.
pub(crate) fn clauses<'a>(record: &Record, cases: &'a [CaseView<'a>]) -> Vec<ClauseView<'a>> {
    // Only the reference implementation is judged by the cases that bind it alone.
    let is_ours = record.target.ours;
    let view = |clause: SpecClause| {
        let proves = |view: &&CaseView<'_>| {
            let case = view.case;
            !view.results.is_empty()
                && (case.clause == clause.id || case.also.iter().any(|id| id == clause.id))
        };
        let cases: Vec<&CaseView<'_>> = cases.iter().filter(proves).collect();
        let judged = cases.iter().filter_map(|view| view.mark());
        let worst = judged
            .filter(|mark| mark.is_judged())
            .max_by_key(|mark| mark.severity());
        let binds = binds(&record.role, clause.binds()) && (is_ours || !clause.is_ours());
        let state = match worst {
            Some(mark) => State::Judged(mark),
            None if !binds => State::BindsOthers,
            None if !cases.is_empty() => State::NotJudged,
            None if clause.proof != "wire" => State::Elsewhere,
            None => State::Untested,
        };
        ClauseView {
            clause,
            cases,
            state,
        }
    };
    spec::clauses().into_iter().map(view).collect()
}

/// Whether a clause for one kind of program binds the kind that is judged.
fn binds(role: &str, kind: &str) -> bool {
    match kind {
        "sender" | "receiver" | "peer" => true,
        "server" | "fixture" => role == "server",
        _ => role == kind,
    }
}

/// Untested MUSTs, and MUSTs that could not be judged.
pub(crate) fn open_musts(clauses: &[ClauseView<'_>]) -> (usize, usize) {
    let untested = clauses
        .iter()
        .filter(|view| view.is_untested_must())
        .count();
    let not_judged =
        |view: &&ClauseView<'_>| view.clause.is_must() && view.state == State::NotJudged;
    (untested, clauses.iter().filter(not_judged).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::{
            sample::{record, result},
            summary,
        },
        verdict::Verdict,
    };

    fn state(record: &Record, id: &str) -> State {
        let cases = summary::cases(record);
        let clauses = clauses(record, &cases);
        clauses
            .iter()
            .find(|view| view.clause.id == id)
            .expect("a clause")
            .state
    }

    #[test]
    fn a_clause_is_as_good_as_its_worst_case() {
        let mut run = record(vec![
            result("PC-0001@plain/whole", Verdict::Pass),
            result("PC-0001@plain/bytes", Verdict::Fail),
            result("PC-0002@plain/whole", Verdict::Pass),
            result("PC-0003@plain/whole", Verdict::NotApplicable),
        ]);
        run.cases[1].also.push("P-004".into());
        assert_eq!(state(&run, "P-001"), State::Judged(Mark::Is(Verdict::Fail)));
        assert_eq!(state(&run, "P-002"), State::Judged(Mark::Is(Verdict::Pass)));
        assert_eq!(state(&run, "P-004"), State::Judged(Mark::Is(Verdict::Pass)));
        assert_eq!(state(&run, "P-003"), State::NotJudged);
        assert_eq!(state(&run, "P-005"), State::Untested);
    }

    #[test]
    fn a_case_that_was_selected_but_has_no_result_tests_nothing() {
        let mut run = record(vec![result("PC-0001@plain/whole", Verdict::Pass)]);
        run.results.clear();
        assert_eq!(state(&run, "P-001"), State::Untested);
    }

    #[test]
    fn a_server_is_not_blamed_for_the_clauses_of_others() {
        let mut run = record(vec![result("PC-0001@plain/whole", Verdict::Pass)]);
        // A client's, ours only, and one for a look inside.
        assert_eq!(state(&run, "P-041"), State::BindsOthers);
        assert_eq!(state(&run, "P-040"), State::BindsOthers);
        assert_eq!(state(&run, "P-023"), State::Elsewhere);
        run.role = "client".into();
        assert_eq!(state(&run, "P-041"), State::Untested);
        assert_eq!(state(&run, "P-042"), State::BindsOthers);
        run.target.ours = true;
        assert_eq!(state(&run, "P-040"), State::Untested);
    }
}
