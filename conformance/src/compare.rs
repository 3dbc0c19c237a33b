//! Two runs beside each other: what became better, what became worse, what only one of them has.

use crate::{
    record::{Record, ResultRecord},
    report::{self, Mark, counted},
    verdict::Verdict,
};
use petrel_cli::{Look, output};
use serde::Serialize;
use std::collections::BTreeMap;

/// Changes when a reader of the document would have to.
const SCHEMA: &str = "petrel-conformance-diff/1";

/// What differs between two runs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Diff {
    schema: &'static str,
    /// The runs may not be comparable, and why.
    pub(crate) remarks: Vec<String>,
    a: Side,
    b: Side,
    /// The cases whose worst verdict changed.
    pub(crate) cases: Vec<Change>,
    /// The results whose verdict changed.
    pub(crate) results: Vec<Change>,
    pub(crate) only_a: Vec<Single>,
    pub(crate) only_b: Vec<Single>,
}

/// Which run it was.
#[derive(Clone, Debug, Serialize)]
struct Side {
    target: String,
    version: String,
    corpus: String,
    started: String,
    counts: BTreeMap<String, usize>,
}

/// A verdict that is another one now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// Of a case or of a result.
    pub(crate) name: String,
    title: String,
    a: Verdict,
    b: Verdict,
    /// The second is the worse one.
    pub(crate) worse: bool,
}

/// A result that only one run has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Single {
    pub(crate) name: String,
    verdict: Verdict,
}

/// Compares two runs, name by name.
pub(crate) fn diff(a: &Record, b: &Record) -> Diff {
    let titles: BTreeMap<&str, &str> = (a.cases.iter().chain(&b.cases))
        .map(|case| (case.id.as_str(), case.title.as_str()))
        .collect();
    let (results, only_a, only_b) = by_name(&titles, named(a), &named(b));
    let (cases, ..) = by_name(&titles, worst(a), &worst(b));
    Diff {
        schema: SCHEMA,
        remarks: remarks(a, b),
        a: Side::of(a),
        b: Side::of(b),
        cases,
        results,
        only_a,
        only_b,
    }
}

/// What a verdict is about: its name, the id of its case, and the verdict.
type Named<'a> = Vec<(&'a str, &'a str, Verdict)>;

fn named(record: &Record) -> Named<'_> {
    let name = |result: &'_ ResultRecord| result.verdict;
    let results = record.results.iter();
    results
        .map(|each| (each.name.as_str(), each.case.as_str(), name(each)))
        .collect()
}

/// The worst verdict of each case; an excuse makes nothing better.
fn worst(record: &Record) -> Named<'_> {
    let of = |view: report::CaseView<'_>| {
        let verdicts = view.results.iter().map(|result| result.verdict);
        verdicts.max_by_key(|verdict| Mark::Is(*verdict).severity())
    };
    let cases = report::cases(record).into_iter();
    cases
        .filter_map(|view| {
            let id = view.case.id.as_str();
            Some((id, id, of(view)?))
        })
        .collect()
}

fn by_name(
    titles: &BTreeMap<&str, &str>,
    a: Named<'_>,
    b: &Named<'_>,
) -> (Vec<Change>, Vec<Single>, Vec<Single>) {
    let mut rest: BTreeMap<&str, Verdict> = b
        .iter()
        .map(|(name, _, verdict)| (*name, *verdict))
        .collect();
    let (mut changes, mut only_a) = (Vec::new(), Vec::new());
    let single = |name: &str, verdict| Single {
        name: name.into(),
        verdict,
    };
    for (name, case, before) in a {
        match rest.remove(name) {
            None => only_a.push(single(name, before)),
            Some(after) if after == before => {}
            Some(after) => changes.push(Change {
                name: name.into(),
                title: titles.get(case).copied().unwrap_or_default().into(),
                a: before,
                b: after,
                worse: Mark::Is(after).severity() > Mark::Is(before).severity(),
            }),
        }
    }
    // In the order of the run, not of the map.
    let only_b = b.iter().filter(|(name, ..)| rest.contains_key(name));
    let only_b = only_b
        .map(|(name, _, verdict)| single(name, *verdict))
        .collect();
    (changes, only_a, only_b)
}

fn remarks(a: &Record, b: &Record) -> Vec<String> {
    let mut remarks = Vec::new();
    if a.role != b.role {
        remarks.push(format!("a judged a {}, b a {}", a.role, b.role));
    }
    if a.version != b.version {
        remarks.push(format!(
            "a was made by version {}, b by {}",
            a.version, b.version
        ));
    }
    if a.corpus != b.corpus {
        remarks.push("the cases are not the same: a verdict may have changed with its case".into());
    }
    for (name, record) in [("a", a), ("b", b)] {
        if record.interrupted {
            remarks.push(format!("{name} was interrupted"));
        }
    }
    remarks
}

impl Side {
    fn of(record: &Record) -> Self {
        Self {
            target: record.target.name.clone(),
            version: record.version.clone(),
            corpus: record.corpus.clone(),
            started: record.started.clone(),
            counts: record.counts.clone(),
        }
    }
}

impl Diff {
    /// Whether any verdict differs, or only one run has it. Remarks alone make no difference.
    pub(crate) fn is_different(&self) -> bool {
        !(self.results.is_empty() && self.only_a.is_empty() && self.only_b.is_empty())
    }

    /// For programs.
    pub(crate) fn json(&self) -> String {
        report::json::pretty(self)
    }

    /// For people: what became worse first.
    pub(crate) fn text(&self, look: Look) -> String {
        let mut text = String::new();
        for (name, side) in [("a", &self.a), ("b", &self.b)] {
            let line = format!("{}, {}", side.target, side.started);
            text += &line_of(look, &format!("{name}  "), &line);
        }
        for remark in &self.remarks {
            text += &line_of(look, "note: ", remark);
        }
        for (word, worse) in [("worse", true), ("better", false)] {
            let of = |changes: &[Change]| -> Vec<Change> {
                changes
                    .iter()
                    .filter(|change| change.worse == worse)
                    .cloned()
                    .collect()
            };
            text += &changes(look, word, &of(&self.cases), &of(&self.results));
        }
        text += &singles(look, "only in a", &self.only_a);
        text += &singles(look, "only in b", &self.only_b);
        text + "\n" + &self.headline(look)
    }

    fn headline(&self, look: Look) -> String {
        if !self.is_different() {
            return "no difference\n".into();
        }
        let worse = self.results.iter().filter(|change| change.worse).count();
        let line = format!(
            "different: {} worse, {worse_not} better, {} only in a, {} only in b",
            worse,
            self.only_a.len(),
            self.only_b.len(),
            worse_not = self.results.len() - worse,
        );
        output::paragraph(&line, look.width, "", "")
    }
}

/// The results that changed one way, below the case where the case as a whole did.
fn changes(look: Look, word: &str, cases: &[Change], results: &[Change]) -> String {
    if results.is_empty() && cases.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n{word}: {}, {}\n",
        counted(cases.len(), "case"),
        counted(results.len(), "result")
    );
    for change in cases.iter().chain(results) {
        let mark = Mark::Is(change.b);
        let first = format!("  {} ", mark.sign());
        let mut line = format!(
            "{}  {} → {}",
            change.name,
            change.a.as_str(),
            change.b.as_str()
        );
        if !change.name.contains('@') {
            line += &format!("  {}", change.title);
        }
        let lines = output::paragraph(&output::one_line(&line), look.width, &first, "      ");
        let painted = format!("  {} ", look.paint(mark.style(), mark.sign()));
        text += &lines.replacen(&first, &painted, 1);
    }
    text
}

fn singles(look: Look, word: &str, singles: &[Single]) -> String {
    if singles.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{word}: {}\n", counted(singles.len(), "result"));
    for Single { name, verdict } in singles {
        text += &line_of(look, "  ", &format!("{name}  {}", verdict.as_str()));
    }
    text
}

fn line_of(look: Look, first: &str, line: &str) -> String {
    output::paragraph(&output::one_line(line), look.width, first, "    ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{self, record, result};

    const LOOK: Look = Look {
        width: 80,
        color: false,
    };

    fn run(results: &[(&str, Verdict)]) -> Record {
        record(
            results
                .iter()
                .map(|(name, verdict)| result(name, *verdict))
                .collect(),
        )
    }

    #[test]
    fn a_run_does_not_differ_from_itself() {
        let run = sample::everything(8);
        let diff = diff(&run, &run);
        assert!(!diff.is_different());
        assert!(diff.remarks.is_empty());
        assert!(diff.text(LOOK).ends_with("\nno difference\n"));
    }

    #[test]
    fn says_what_became_worse_and_better_and_what_only_one_has() {
        let a = run(&[
            ("PC-0001@plain/whole", Verdict::Pass),
            ("PC-0001@plain/bytes", Verdict::Fail),
            ("PC-0002@plain/whole", Verdict::Pass),
            ("PC-0003@plain/whole", Verdict::Warn),
        ]);
        let b = run(&[
            ("PC-0001@plain/whole", Verdict::Crash),
            ("PC-0001@plain/bytes", Verdict::Pass),
            ("PC-0003@plain/whole", Verdict::Warn),
            ("PC-0004@plain/whole", Verdict::Hang),
        ]);
        let diff = diff(&a, &b);
        assert!(diff.is_different());
        let text = diff.text(LOOK);
        for part in [
            "\nworse: 1 case, 1 result\n  ☠ PC-0001  fail → crash  The words of P-001 hold\n",
            "\n  ☠ PC-0001@plain/whole  pass → crash\n",
            "\nbetter: 0 cases, 1 result\n  ✓ PC-0001@plain/bytes  fail → pass\n",
            "\nonly in a: 1 result\n  PC-0002@plain/whole  pass\n",
            "\nonly in b: 1 result\n  PC-0004@plain/whole  hang\n",
            "\ndifferent: 1 worse, 1 better, 1 only in a, 1 only in b\n",
        ] {
            assert!(text.contains(part), "`{part}` is missing in:\n{text}");
        }
        assert!(!text.contains("PC-0003"), "{text}");
        let document: serde_json::Value = serde_json::from_str(&diff.json()).expect("JSON");
        assert_eq!(document["schema"], "petrel-conformance-diff/1");
        assert_eq!(document["results"][0]["b"], "crash");
        assert_eq!(document["only_b"][0]["name"], "PC-0004@plain/whole");
    }

    #[test]
    fn runs_that_may_not_be_comparable_are_called_so() {
        let a = run(&[("PC-0001@plain/whole", Verdict::Pass)]);
        let mut b = a.clone();
        (b.corpus, b.version) = ("other".into(), "0.2.0".into());
        let diff = diff(&a, &b);
        assert!(!diff.is_different(), "no verdict changed");
        let text = diff.text(LOOK);
        assert!(text.contains("note: the cases are not the same"), "{text}");
        assert!(
            text.contains("a was made by version 0.1.0, b by 0.2.0"),
            "{text}"
        );
    }

    #[test]
    fn nothing_raw_reaches_the_terminal() {
        let run = sample::hostile();
        let mut other = run.clone();
        other.role = "client".into();
        other
            .results
            .iter_mut()
            .for_each(|result| result.verdict = Verdict::NotRun);
        let text = diff(&run, &other).text(LOOK);
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n'),
            "{text}"
        );
    }
}
