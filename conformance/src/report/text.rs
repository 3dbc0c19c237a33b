//! What stands below the table: the failures in full, what was not judged, and the headline.

use super::{
    evidence,
    mark::Mark,
    summary::{self, CaseView, by_reason, counted, ids, reason},
    table::Table,
};
use crate::{
    record::{CaseRecord, Record, ResultRecord},
    spec::{self, SpecClause},
    verdict::Verdict,
};
use anstyle::Style;
use petrel_cli::{Look, output};

/// Failures that are shown with every byte; a peer that does everything wrong fills no screens.
const IN_FULL: usize = 10;
/// Longer lines of prose are harder to read, however wide the terminal is.
const PROSE_WIDTH: usize = 100;

/// The cases without verdicts.
pub(crate) fn list(look: Look, cases: &[CaseRecord]) -> String {
    let mut table = Table::of_list(look, cases);
    let lines: String = cases.iter().map(|case| table.entry(case)).collect();
    format!("{}\n\n{}\n", lines.trim(), counted(cases.len(), "case"))
}

/// The table and what stands below it, of a run that has ended.
pub(crate) fn report(look: Look, record: &Record) -> String {
    let mut table = Table::of_run(look, &record.target, &record.cases);
    let mut text = String::new();
    for view in summary::cases(record) {
        let results: Vec<ResultRecord> = view.results.into_iter().cloned().collect();
        text += &table.rows(view.case, &results);
    }
    text + &conclusion(look, record)
}

/// Failures with their evidence, warnings, what was not judged or is excused, and the headline last.
pub(crate) fn conclusion(look: Look, record: &Record) -> String {
    let clauses = spec::clauses();
    let cases = summary::cases(record);
    let has = |view: &&CaseView<'_>, is: fn(Mark) -> bool| view.mark().is_some_and(is);
    let failed: Vec<&CaseView<'_>> = cases
        .iter()
        .filter(|view| has(view, Mark::is_failure))
        .collect();
    let mut text = String::new();
    for view in failed.iter().take(IN_FULL) {
        text += &failure(look, record, view, &clauses);
    }
    text += &in_short(look, failed.get(IN_FULL..).unwrap_or_default());
    for view in &cases {
        text += &warning(look, view, &clauses);
    }
    text += &folded(look, record, Verdict::NotApplicable, "needs ");
    text += &folded(look, record, Verdict::NotRun, "");
    text += &excused(look, record);
    text += &problems(look, record);
    text + &headline(look, record)
}

fn failure(look: Look, record: &Record, view: &CaseView<'_>, clauses: &[SpecClause]) -> String {
    let Some(result) = view.shown() else {
        return String::new();
    };
    let mut text = heading(look, view, result, clauses);
    if let Some(reason) = reason(result) {
        text += &output::paragraph(&reason, look.width, "  ", "    ");
    }
    text += &evidence::expected(look, result);
    text += &evidence::wire(look, result);
    text += &evidence::stderr(look, result);
    text += &also(look, &view.others(Mark::is_failure), result.verdict);
    text + &evidence::again(look, record, result)
}

/// What is wrong with the list of known failures.
fn problems(look: Look, record: &Record) -> String {
    let mut text = String::new();
    for (at, problem) in record.problems.iter().enumerate() {
        let lead = if at == 0 { "\n" } else { "" };
        text += lead;
        text += &output::paragraph(&format!("expected: {problem}"), look.width, "", "  ");
    }
    text
}

/// The other failures of the case by name; they look much the same.
fn also(look: Look, others: &[&ResultRecord], verdict: Verdict) -> String {
    if others.is_empty() {
        return String::new();
    }
    let name = |other: &&ResultRecord| match other.verdict {
        same if same == verdict => output::one_line(&other.name),
        differs => format!("{} ({})", output::one_line(&other.name), differs.as_str()),
    };
    let names = others.iter().map(name).collect::<Vec<_>>().join(", ");
    output::paragraph(&format!("also: {names}"), look.width, "  ", "    ")
}

/// The cases behind those that were shown in full.
fn in_short(look: Look, views: &[&CaseView<'_>]) -> String {
    if views.is_empty() {
        return String::new();
    }
    let more = counted(views.len(), "more case");
    let fail = if views.len() == 1 { "fails" } else { "fail" };
    let lead = format!("{more} {fail}; `--report html:FILE` shows each in full:");
    let mut text = "\n".to_owned() + &output::paragraph(&lead, look.width, "", "");
    for view in views {
        let Some(result) = view.shown() else { continue };
        let verdict = result.verdict.as_str();
        let word = look.paint(Mark::of(result).style(), verdict);
        let line = format!("{}: {}", output::one_line(&result.name), view.title());
        let width = look.width.saturating_sub(3 + verdict.len());
        let lines = output::paragraph(&line, width, "", "  ");
        let indent = format!("\n{:1$}", "", 3 + verdict.len());
        text += &format!("  {word} {}\n", lines.trim_end().replace('\n', &indent));
    }
    text
}

/// The first warning of a case, and how many results share it.
fn warning(look: Look, view: &CaseView<'_>, clauses: &[SpecClause]) -> String {
    let is_warning = |mark| mark == Mark::Is(Verdict::Warn);
    let results = view.results.iter();
    let warned: Vec<&ResultRecord> = results
        .copied()
        .filter(|result| is_warning(Mark::of(result)))
        .collect();
    let [first, others @ ..] = &warned[..] else {
        return String::new();
    };
    let reason = first.reason.as_deref().unwrap_or("no reason given");
    heading(look, view, first, clauses)
        + &output::paragraph(&output::one_line(reason), look.width, "  ", "    ")
        + &also(look, others, Verdict::Warn)
}

/// Verdict, name and title, and the words of the clause.
fn heading(
    look: Look,
    view: &CaseView<'_>,
    result: &ResultRecord,
    clauses: &[SpecClause],
) -> String {
    let mark = Mark::of(result);
    let title = format!("{}: {}", output::one_line(&result.name), view.title());
    let indent = mark.word().len() + 1;
    let lines = output::paragraph(&title, look.width.saturating_sub(indent), "", "");
    let word = look.paint(mark.style(), mark.word());
    let bold = look.paint(Style::new().bold(), lines.trim_end());
    let bold = bold.replace('\n', &format!("\n{:indent$}", ""));
    format!("\n{word} {bold}\n") + &quote(look, view.case, clauses)
}

/// The clause that the case stands on.
fn quote(look: Look, case: &CaseRecord, clauses: &[SpecClause]) -> String {
    let clause = clauses.iter().find(|clause| clause.id == case.clause);
    let words = clause.map_or("", |clause| clause.text);
    let quote = format!("{} {}: {words}", case.clause, case.level);
    let quote = quote.split_whitespace().collect::<Vec<_>>().join(" ");
    let width = look.width.min(PROSE_WIDTH);
    output::paragraph(&output::one_line(&quote), width, "  ", "  ")
}

/// One line for each reason of a verdict that has no line of its own, with the number of results.
fn folded(look: Look, record: &Record, verdict: Verdict, lead: &str) -> String {
    let mark = Mark::Is(verdict);
    let reasons = by_reason(record, |each| each == mark);
    if reasons.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", look.paint(mark.style(), mark.word()));
    for (reason, results) in reasons {
        let first = format!("  {:>3} × ", results.len());
        text += &output::paragraph(&format!("{lead}{reason}"), look.width, &first, "        ");
    }
    text
}

/// What is listed as known, by the reason that is given for it.
fn excused(look: Look, record: &Record) -> String {
    let reasons = by_reason(record, |mark| matches!(mark, Mark::Excused(_)));
    if reasons.is_empty() {
        return String::new();
    }
    let style = Mark::Excused(Verdict::Fail).style();
    let mut text = format!("\n{}\n", look.paint(style, "excused"));
    for (reason, results) in reasons {
        let first = format!("  {:>3} × ", results.len());
        let line = format!("{reason} ({})", ids(&results).join(", "));
        text += &output::paragraph(&line, look.width, &first, "        ");
    }
    text
}

/// The word for the whole, and every count.
fn headline(look: Look, record: &Record) -> String {
    let (word, mark) = summary::headline(record);
    let cases = counted(record.cases.len(), "case");
    let verdicts = counted(record.results.len(), "verdict");
    let time = summary::time(record.elapsed_us);
    let word = look.paint(mark.style().bold(), word);
    let mut text = format!("\n{word} ({cases}, {verdicts}, {time})\n");
    let mut column = 0;
    for (at, verdict) in Verdict::ALL.into_iter().enumerate() {
        let count = summary::count(record, verdict);
        let mut part = format!("{count} {}", verdict.as_str());
        match summary::excused(record, verdict) {
            0 => {}
            excused => part += &format!(" ({excused} excused)"),
        }
        if at > 0 {
            let is_full = column + ", ".len() + part.len() + ",".len() > look.width;
            text += if is_full { ",\n" } else { ", " };
            column = if is_full { 0 } else { column + 2 };
        }
        column += part.len();
        let style = if count > 0 {
            Mark::Is(verdict).style()
        } else {
            Style::new().dimmed()
        };
        text += &look.paint(style, &part);
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{self, failure, record, result};

    fn plain(width: usize) -> Look {
        Look {
            width,
            color: false,
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let mut run = sample::everything(40);
        run.results[30].expected = vec!["one of many things, ".repeat(9)];
        run.results[30].observed = vec![r"\xff".repeat(99)];
        for width in [50, 80, 100, 200] {
            let text = report(plain(width), &run);
            let listed = list(plain(width), &run.cases);
            for line in text.lines().chain(listed.lines()) {
                assert!(
                    line.chars().count() <= width,
                    "over {width} columns: {line}"
                );
            }
        }
    }

    #[test]
    fn colours_change_nothing_else() {
        let look = Look {
            color: true,
            ..plain(80)
        };
        let run = sample::everything(20);
        let mut text = String::new();
        for (at, part) in report(look, &run).split('\u{1b}').enumerate() {
            text += if at == 0 {
                part
            } else {
                part.split_once('m').expect("a style").1
            };
        }
        assert_eq!(text, report(plain(80), &run));
    }

    #[test]
    fn nothing_raw_reaches_the_terminal() {
        let text = report(plain(80), &sample::hostile());
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n'),
            "{text}"
        );
        assert!(!text.contains('\u{202e}'), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("::")), "{text}");
    }

    #[test]
    fn a_failure_is_shown_once_in_full_and_the_others_by_name() {
        let run = record(vec![
            failure("PC-0001@plain/whole", Verdict::Fail),
            failure("PC-0001@plain/bytes", Verdict::Fail),
            failure("PC-0001@mac/whole", Verdict::Crash),
        ]);
        let text = report(plain(80), &run);
        for part in [
            "\ncrash PC-0001@mac/whole: The words of P-001 hold\n  P-001 MUST: A sender MUST send",
            "\n  expected  answer 200, sequence 1, payload \"\\x00\" (best)\n",
            "\n  observed  answer 400, sequence 1, payload \"\\x1b[2J no\"\n",
            "\n      90 01                       status 400\n",
            "0.213 ms → sent 22 bytes in 3 writes\n",
            "0.431 ms ← received 28 bytes, MAC ok (payload only)\n",
            "  1.00 s   the connection is reset\n",
            "thread 'main' panicked at \\u{1b}[31msrc/main.rs\n",
            "\n  also: PC-0001@plain/whole (fail), PC-0001@plain/bytes (fail)\n",
            "--echo 'my echo' \\\n    --only PC-0001@mac/whole\n",
            "\nnot conformant (1 case, 3 verdicts, 2.34 s)\n\
             0 pass, 0 warn, 2 fail, 1 crash, 0 hang, 0 not run, 0 not applicable\n",
        ] {
            assert!(text.contains(part), "`{part}` is missing in:\n{text}");
        }
        assert_eq!(text.matches("status 400").count(), 1, "{text}");
    }

    #[test]
    fn a_peer_that_does_everything_wrong_fills_no_screens() {
        let results =
            (1..=13).map(|number| failure(&format!("PC-{number:04}@plain/whole"), Verdict::Fail));
        let text = conclusion(plain(80), &record(results.collect()));
        assert_eq!(text.matches("what went over the wire").count(), IN_FULL);
        assert!(text.contains("\n3 more cases fail; "), "{text}");
        assert!(
            text.contains("\n  fail PC-0013@plain/whole: The words"),
            "{text}"
        );
    }

    #[test]
    fn what_is_excused_is_folded_and_counted_apart() {
        let mut known = failure("PC-0001@plain/whole", Verdict::Fail);
        known.excused = Some("fixed in the next release".into());
        let text = conclusion(
            plain(80),
            &record(vec![known, result("PC-0002@plain/whole", Verdict::Pass)]),
        );
        assert!(
            text.contains("\nexcused\n    1 × fixed in the next release (PC-0001)\n"),
            "{text}"
        );
        assert!(
            text.contains("not conformant, as listed (2 cases"),
            "{text}"
        );
        assert!(text.contains("1 fail (1 excused)"), "{text}");
        assert!(!text.contains("what went over"), "{text}");
    }

    #[test]
    fn a_warning_is_said_although_another_result_fails() {
        let mut run = record(vec![
            failure("PC-0001@plain/whole", Verdict::Fail),
            result("PC-0001@mac/whole", Verdict::Warn),
            result("PC-0001@mac/bytes", Verdict::Warn),
            result("PC-0002@mac/bytes", Verdict::NotApplicable),
        ]);
        run.results[3].reason = Some("the fixtures (--fixtures)".into());
        let text = conclusion(plain(80), &run);
        assert!(text.contains("\nwarn PC-0001@mac/whole: "), "{text}");
        assert!(
            text.contains("  because of warn\n  also: PC-0001@mac/bytes\n"),
            "{text}"
        );
        assert!(
            text.contains("\nnot applicable\n    1 × needs the fixtures (--fixtures)\n"),
            "{text}"
        );
    }
}
