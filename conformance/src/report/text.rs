//! What stands below the table: the failures in full, what was not judged, and the headline.

use super::table::{Table, counted, style};
use crate::{
    case::Case,
    run::Report,
    transcript::FIELD_COLUMN,
    verdict::{CaseResult, Variant, Verdict},
};
use anstyle::Style;
use petrel_cli::{Exit, Look, output};
use std::collections::{BTreeMap, BTreeSet};

/// Failures that are shown with every byte; a peer that does everything wrong fills no screens.
const IN_FULL: usize = 10;

/// Longer lines of prose are harder to read, however wide the terminal is.
const PROSE_WIDTH: usize = 100;

/// The cases without verdicts.
pub(crate) fn list(look: Look, cases: &[&Case]) -> String {
    let mut table = Table::of_list(look, cases);
    let lines: String = cases.iter().map(|case| table.entry(case)).collect();
    format!("{}\n\n{}\n", lines.trim(), counted(cases.len(), "case"))
}

/// Warnings and failures with their evidence, what was not judged, and the headline last.
pub(crate) fn conclusion(look: Look, report: &Report<'_>, again: &[String]) -> String {
    let mut text = String::new();
    let mut shown = 0;
    for result in &report.results {
        if result.verdict.is_failure() {
            shown += 1;
            text += &failure(look, result, again, shown <= IN_FULL);
        } else if result.verdict == Verdict::Warn {
            text += &remark(look, result);
        }
    }
    text += &folded(look, report, Verdict::NotApplicable, "needs ");
    text += &folded(look, report, Verdict::NotRun, "");
    text + &headline(look, report)
}

fn failure(look: Look, result: &CaseResult<'_>, again: &[String], in_full: bool) -> String {
    let mut text = heading(look, result);
    if let Some(evidence) = &result.evidence {
        text += &labelled(look, "expected", Verdict::Pass, &evidence.expected);
        text += &labelled(look, "observed", Verdict::Fail, &evidence.observed);
    }
    if let Some(evidence) = result.evidence.as_ref().filter(|_| in_full) {
        text += &format!("  what went over the wire until step {}:\n", evidence.step);
        for line in &evidence.transcript {
            text += &transcript_line(look, line);
        }
    }
    text + &command(look, "  again: ", again, &["--run", &result.case.id])
}

fn remark(look: Look, result: &CaseResult<'_>) -> String {
    let reason = result.reason.as_deref().unwrap_or("no reason given");
    heading(look, result) + &output::paragraph(reason, look.width, "  ", "    ")
}

/// Verdict, case and server, and the words of the clause.
fn heading(look: Look, result: &CaseResult<'_>) -> String {
    let CaseResult {
        case,
        variant,
        verdict,
        ..
    } = result;
    let variant = match variant {
        Variant::Plain => String::new(),
        other => format!(" ({})", other.as_str()),
    };
    let title = format!("{}{variant}: {}", case.id, case.title);
    let indent = verdict.as_str().len() + 1;
    let lines = output::paragraph(&title, look.width.saturating_sub(indent), "", "");
    let word = look.paint(style(*verdict), verdict.as_str());
    let bold = look.paint(Style::new().bold(), lines.trim_end());
    let bold = bold.replace('\n', &format!("\n{:indent$}", ""));
    let clause = &case.clause;
    let quote = format!("{} {}: {}", clause.id, clause.level.as_str(), clause.quote);
    let quote = quote.split_whitespace().collect::<Vec<_>>().join(" ");
    let width = look.width.min(PROSE_WIDTH);
    format!("\n{word} {bold}\n") + &output::paragraph(&quote, width, "  ", "  ")
}

fn labelled(look: Look, label: &str, verdict: Verdict, lines: &[String]) -> String {
    let mut text = String::new();
    let rest = " ".repeat(14);
    let mut label = look.paint(style(verdict), label);
    for line in lines {
        text += &output::paragraph(line, look.width, &format!("  {label}  "), &rest);
        label = " ".repeat("expected".len());
    }
    text
}

fn transcript_line(look: Look, line: &str) -> String {
    let words = line.trim_start();
    let is_field = words.len() < line.len();
    let first = " ".repeat(4 + line.len() - words.len());
    let rest = " ".repeat(4 + if is_field { FIELD_COLUMN + 2 } else { 2 });
    output::paragraph(words, look.width, &first, &rest)
}

/// A command line that can be copied as it stands: it continues behind a backslash.
fn command(look: Look, lead: &str, words: &[String], more: &[&str]) -> String {
    let mut text = lead.to_owned();
    let mut column = lead.len();
    let words = words.iter().map(String::as_str).chain(more.iter().copied());
    for (at, word) in words.enumerate() {
        let length = word.chars().count();
        // Behind the word there may have to be room for the backslash.
        if at > 0 && column + 1 + length + 2 > look.width {
            text += " \\\n    ";
            column = 4;
        } else if at > 0 {
            text.push(' ');
            column += 1;
        }
        text += word;
        column += length;
    }
    text + "\n"
}

/// One line for each reason of a verdict that has no line of its own, with the number of its cases.
fn folded(look: Look, report: &Report<'_>, verdict: Verdict, lead: &str) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for result in &report.results {
        if result.verdict == verdict {
            let reason = result.reason.as_deref().unwrap_or("no reason given");
            *reasons.entry(reason).or_default() += 1;
        }
    }
    if reasons.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", look.paint(style(verdict), verdict.as_str()));
    for (reason, count) in reasons {
        let first = format!("  {count:>3} × ");
        text += &output::paragraph(&format!("{lead}{reason}"), look.width, &first, "        ");
    }
    text
}

/// The word for the whole, and every count.
fn headline(look: Look, report: &Report<'_>) -> String {
    let (word, verdict) = match (report.exit(), report.counts.exit()) {
        (Exit::Interrupted, Exit::No) => ("interrupted, not conformant", Verdict::Fail),
        (Exit::Interrupted, _) => ("interrupted", Verdict::NotRun),
        (Exit::No, _) => ("not conformant", Verdict::Fail),
        (Exit::Done, _) => ("conformant", Verdict::Pass),
        _ => ("no verdict", Verdict::NotRun),
    };
    let cases: BTreeSet<&str> = report
        .results
        .iter()
        .map(|result| &*result.case.id)
        .collect();
    let cases = counted(cases.len(), "case");
    let verdicts = counted(report.counts.total(), "verdict");
    let seconds = report.elapsed.as_secs_f64();
    let word = look.paint(style(verdict).bold(), word);
    let mut text = format!("\n{word} ({cases}, {verdicts}, {seconds:.1} s)\n");
    let mut column = 0;
    for (at, verdict) in Verdict::ALL.into_iter().enumerate() {
        let count = report.counts.of(verdict);
        let part = format!("{count} {}", verdict.as_str());
        if at > 0 {
            let is_full = column + ", ".len() + part.len() + ",".len() > look.width;
            text += if is_full { ",\n" } else { ", " };
            column = if is_full { 0 } else { column + 2 };
        }
        column += part.len();
        let style = if count > 0 {
            style(verdict)
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
    use crate::{
        corpus,
        target::{Address, Server, Target},
        verdict::{Counts, Evidence},
    };
    use std::time::Duration;

    fn plain(width: usize) -> Look {
        Look {
            width,
            color: false,
        }
    }

    /// Every line of a run in which everything goes wrong, for a server at an address.
    fn everything(look: Look) -> String {
        let cases = corpus::load().expect("the cases are well-formed");
        let address = Address::look_up(&"127.0.0.1:60606".parse().expect("an endpoint"));
        let server = Server::new(address.expect("an address"));
        let mut target = Target::blind(server.clone());
        (target.mac, target.small) = (Some(server.clone()), Some(server.clone()));
        target.checked = Some(server);
        let mut table = Table::of_run(look, &target, &cases.iter().collect::<Vec<_>>());
        let mut text = String::new();
        let mut report = Report {
            results: Vec::new(),
            counts: Counts::default(),
            round_trip: Duration::ZERO,
            elapsed: Duration::ZERO,
            interrupted: false,
        };
        for (case, verdict) in cases.iter().zip(Verdict::ALL.iter().cycle()) {
            let evidence = Evidence {
                step: 1,
                expected: vec!["one of many things, ".repeat(9)],
                observed: vec![r"\xff".repeat(99)],
                transcript: vec![format!(
                    "  c8 00                       name {}",
                    r"\xff".repeat(32)
                )],
            };
            let result = CaseResult {
                case,
                variant: Variant::Mac,
                verdict: *verdict,
                reason: Some("something long enough to be broken ".repeat(4)),
                evidence: verdict.is_failure().then_some(evidence),
                elapsed: Duration::ZERO,
            };
            text += &table.rows(std::slice::from_ref(&result));
            report.counts += *verdict;
            report.results.push(result);
        }
        let again = ["petrel-conformance", "server", "127.0.0.1:60606"].map(String::from);
        text + &conclusion(look, &report, &again)
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [50, 80, 100, 200] {
            let text = everything(plain(width));
            let listed = corpus::load().expect("the cases are well-formed");
            let listed = list(plain(width), &listed.iter().collect::<Vec<_>>());
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
        let mut text = String::new();
        for (at, part) in everything(look).split('\u{1b}').enumerate() {
            text += if at == 0 {
                part
            } else {
                part.split_once('m').expect("a style").1
            };
        }
        assert_eq!(text, everything(plain(80)));
    }

    #[test]
    fn a_command_that_is_broken_can_be_copied() {
        let words = ["petrel-conformance", "server", "localhost:60606"].map(String::from);
        assert_eq!(
            command(plain(40), "  again: ", &words, &["--run", "PC-0001"]),
            "  again: petrel-conformance server \\\n    localhost:60606 --run PC-0001\n"
        );
    }
}
