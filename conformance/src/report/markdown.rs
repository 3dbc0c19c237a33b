//! The run as Markdown, fit for the summary of a build. Whatever a peer can have said stands in code,
//! where no Markdown is read and nobody is mentioned.

use super::{
    clauses::{ClauseView, State, clauses, open_musts},
    evidence::{self, command_of},
    mark::Mark,
    summary::{self, CaseView, by_reason, counted, ids, reason, time},
};
use crate::{record::Record, spec::SpecClause, verdict::Verdict};
use petrel_cli::{Look, output};

/// How the evidence inside a block of code is drawn.
const LOOK: Look = Look {
    width: 100,
    color: false,
};
/// Cases whose evidence is shown: a summary that is too long is not shown at all.
const IN_FULL: usize = 30;

/// The document.
pub(crate) fn report(record: &Record) -> String {
    let cases = summary::cases(record);
    let clauses = clauses(record, &cases);
    let mut text = head(record);
    text += &failures(record, &cases);
    text += &folded(record, "Warnings", |mark| mark == Mark::Is(Verdict::Warn));
    text += &folded(record, "Not run", |mark| mark == Mark::Is(Verdict::NotRun));
    text += &folded(record, "Not applicable: the target lacks", |mark| {
        mark == Mark::Is(Verdict::NotApplicable)
    });
    text += &folded(record, "Excused", |mark| matches!(mark, Mark::Excused(_)));
    text + &clause_table(&clauses)
}

/// The headline and the counts.
fn head(record: &Record) -> String {
    let (word, mark) = summary::headline(record);
    let mut text = format!(
        "## {} {word}: {}\n\n",
        mark.sign(),
        code(&record.target.name)
    );
    let (mut names, mut rules, mut numbers) = (String::new(), String::new(), String::new());
    for verdict in Verdict::ALL {
        names += &format!("| {} {} ", Mark::Is(verdict).sign(), verdict.as_str());
        rules += "|---:";
        numbers += &format!("| {} ", summary::count(record, verdict));
        match summary::excused(record, verdict) {
            0 => {}
            excused => numbers += &format!("({excused} excused) "),
        }
    }
    text += &format!("{names}|\n{rules}|\n{numbers}|\n\n");
    text += &format!(
        "{}, {} in {}, round trip {}. Version {}, cases {}, started {}.\n\n",
        counted(record.cases.len(), "case"),
        counted(record.results.len(), "verdict"),
        time(record.elapsed_us),
        time(record.round_trip_us),
        code(&record.version),
        code(record.corpus.get(..12).unwrap_or(&record.corpus)),
        code(&record.started),
    );
    text + "Again:\n\n" + &block(&record.command)
}

fn failures(record: &Record, cases: &[CaseView<'_>]) -> String {
    let is_failed = |view: &&CaseView<'_>| view.mark().is_some_and(Mark::is_failure);
    let failed: Vec<&CaseView<'_>> = cases.iter().filter(is_failed).collect();
    if failed.is_empty() {
        return String::new();
    }
    let mut text = "### Failures\n\n".to_owned();
    for (at, view) in failed.iter().enumerate() {
        text += &failure(record, view, at < IN_FULL);
    }
    text
}

fn failure(record: &Record, view: &CaseView<'_>, in_full: bool) -> String {
    let Some(result) = view.shown() else {
        return String::new();
    };
    let mark = Mark::of(result);
    let heading = format!(
        "{} {} {}: {}",
        mark.sign(),
        mark.word(),
        html_code(&result.name),
        prose(&view.case.title)
    );
    if !in_full {
        return format!("- {heading}\n");
    }
    let clause = format!("{} {}", view.case.clause, view.case.level);
    let mut evidence = reason(result)
        .map(|reason| reason + "\n")
        .unwrap_or_default();
    evidence += &evidence::expected(LOOK, result);
    evidence += &evidence::wire(LOOK, result);
    evidence += &evidence::stderr(LOOK, result);
    let others = view.others(Mark::is_failure);
    let others = others
        .iter()
        .map(|other| code(&other.name))
        .collect::<Vec<_>>();
    let also = match &others[..] {
        [] => String::new(),
        others => format!("Also: {}.\n\n", others.join(", ")),
    };
    format!(
        "<details>\n<summary>{heading}</summary>\n\n{}\n\n{}{also}{}</details>\n\n",
        prose(&clause),
        block_of_lines(&evidence),
        block(&command_of(record, result)),
    )
}

/// One line for each reason.
fn folded(record: &Record, heading: &str, is: impl Fn(Mark) -> bool) -> String {
    let reasons = by_reason(record, is);
    if reasons.is_empty() {
        return String::new();
    }
    let mut text = format!("### {heading}\n\n");
    for (reason, results) in reasons {
        let ids = ids(&results);
        let mut names = ids.iter().take(8).map(|id| prose(id)).collect::<Vec<_>>();
        if ids.len() > names.len() {
            names.push(format!("{} more", ids.len() - names.len()));
        }
        text += &format!(
            "- {} × {} ({})\n",
            results.len(),
            code(&reason),
            names.join(", ")
        );
    }
    text + "\n"
}

/// What is known about each clause that binds the target.
fn clause_table(clauses: &[ClauseView<'_>]) -> String {
    let (untested, not_judged) = open_musts(clauses);
    let mut text = "### Clauses\n\n".to_owned();
    text +=
        &format!("Untested in this run: {untested} of level MUST; not judged: {not_judged}.\n\n");
    text += "<details>\n<summary>Every clause with its state</summary>\n\n";
    text += "| clause | level | state | cases |\n|---|---|---|---|\n";
    for view in clauses
        .iter()
        .filter(|view| view.state != State::BindsOthers)
    {
        let cases: Vec<String> = (view.cases.iter())
            .map(|case| {
                let sign = case.mark().map_or("", Mark::sign);
                format!("{sign} {}", prose(&case.case.id))
            })
            .collect();
        let state = match view.state {
            State::Untested if view.clause.is_must() => "**untested**".into(),
            state => format!("{} {}", state.sign(), state.word()),
        };
        let SpecClause { id, level, .. } = view.clause;
        text += &format!("| {id} | {level} | {state} | {} |\n", cases.join(", "));
    }
    text + "\n</details>\n"
}

/// Words of ours, with everything escaped that Markdown or HTML would read.
fn prose(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in output::one_line(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '!' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Code in a line. A bar would end the cell of a table, so another one stands for it.
fn code(text: &str) -> String {
    let text = output::one_line(text).replace('|', "¦");
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Code inside an HTML element, where backticks are only backticks.
fn html_code(text: &str) -> String {
    let text = output::one_line(text);
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<code>{text}</code>")
}

/// A line of code in a block of its own.
fn block(line: &str) -> String {
    block_of_lines(&(output::one_line(line) + "\n"))
}

/// Lines of code, which are escaped already and end with a newline each.
fn block_of_lines(lines: &str) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(lines).max(2) + 1);
    format!("{fence}text\n{lines}{fence}\n\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{self, failure as failing, record, result};

    #[test]
    fn the_summary_has_headline_counts_evidence_and_clauses() {
        let mut run = record(vec![
            failing("PC-0001@plain/whole", Verdict::Fail),
            failing("PC-0001@mac/whole", Verdict::Fail),
            result("PC-0002@plain/whole", Verdict::Pass),
            result("PC-0003@plain/whole", Verdict::NotApplicable),
        ]);
        run.results[3].reason = Some("the fixtures (--fixtures)".into());
        let text = report(&run);
        for part in [
            "## ✗ not conformant: `127.0.0.1:60606`\n",
            "| ✓ pass | ! warn | ✗ fail | ☠ crash | ◔ hang | ? not run | – not applicable |\n",
            "\n| 1 | 0 | 2 | 0 | 0 | 0 | 1 |\n",
            "<summary>✗ fail <code>PC-0001@plain/whole</code>: The words of P-001 hold</summary>",
            "status 400\n",
            "\nAlso: `PC-0001@mac/whole`.\n",
            "--only PC-0001@plain/whole\n",
            "\n- 1 × `the fixtures (--fixtures)` (PC-0003)\n",
            "\n| P-001 | MUST | ✗ fail | ✗ PC-0001 |\n",
            "\n| P-002 | MUST NOT | ✓ pass | ✓ PC-0002 |\n",
            "\n| P-004 | MUST | **untested** |  |\n",
        ] {
            assert!(text.contains(part), "`{part}` is missing in:\n{text}");
        }
        assert!(!text.contains("| P-041 |"), "a clause for clients");
    }

    #[test]
    fn a_peer_that_does_everything_wrong_fits_the_summary() {
        let text = report(&sample::everything(140));
        assert!(text.len() < 300_000, "{} bytes", text.len());
        assert_eq!(text.matches("<summary>").count(), IN_FULL + 1);
    }

    #[test]
    fn nothing_hostile_is_read_as_markdown_or_html() {
        let text = report(&sample::hostile());
        let mut fence: Option<&str> = None;
        let mut outside = String::new();
        for line in text.lines() {
            let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
            match fence {
                Some(open) if line == open => fence = None,
                Some(_) => {}
                None if ticks.len() > 2 && line.ends_with("text") => fence = Some(ticks),
                None => outside += &format!("{line}\n"),
            }
        }
        assert_eq!(fence, None, "every block is closed");
        // Outside of blocks the tag may only stand in a code span.
        for line in outside.lines().filter(|line| line.contains("<script")) {
            let before = line.split("<script").next().unwrap_or_default();
            assert!(before.ends_with("````") || before.ends_with('`'), "{line}");
        }
        assert!(!outside.contains("\n::"), "{outside}");
    }

    #[test]
    fn code_holds_any_backticks() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a|b\n"), "`a¦b\\n`");
    }
}
