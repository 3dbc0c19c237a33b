//! The table, the failures in full, and the headline.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};

use super::Look;
use crate::case::Case;
use crate::run::Report;
use crate::verdict::{CaseResult, Variant, Verdict};

/// Columns beside the title: mark and id, then the clause with its level.
const LEFT: usize = "  ✓ PC-0001 checked ".len() - 2;
const RIGHT: usize = " P-001 MUST NOT".len();

/// The table of a run, line by line.
#[derive(Debug)]
pub(crate) struct Table {
    look: Look,
    group: String,
}

impl Table {
    pub(crate) fn new(look: Look) -> Self {
        Self {
            look,
            group: String::new(),
        }
    }

    /// The line of one result, below the name of its group where that is a new one. What is not
    /// applicable gets no line; the conclusion counts it.
    pub(crate) fn row(&mut self, result: &CaseResult<'_>) -> String {
        if result.verdict == Verdict::NotApplicable {
            return String::new();
        }
        let CaseResult {
            case,
            variant,
            verdict,
            ..
        } = result;
        let mut text = self.group_line(case);
        let variant = match variant {
            Variant::Plain => "",
            other => other.as_str(),
        };
        let mark = paint(self.look, style(*verdict), mark(*verdict));
        text += &format!(
            "  {mark} {} {variant:<7} {}\n",
            case.id,
            title_and_clause(self.look, case)
        );
        text
    }

    fn group_line(&mut self, case: &Case) -> String {
        if self.group == case.group {
            return String::new();
        }
        self.group.clone_from(&case.group);
        format!("\n{}\n", paint(self.look, Style::new().bold(), &case.group))
    }
}

/// The cases without verdicts.
pub(crate) fn list(look: Look, cases: &[&Case]) -> String {
    let mut table = Table::new(look);
    let mut text = String::new();
    for case in cases {
        text += &table.group_line(case);
        let offers = case.offers.as_str();
        text += &format!(
            "  {} {offers:<9} {}\n",
            case.id,
            title_and_clause(look, case)
        );
    }
    text + &format!("\n{} cases\n", cases.len())
}

/// Failures that are shown with every byte; a peer that does everything wrong fills no screens.
const IN_FULL: usize = 10;

/// Warnings and failures with their evidence, what was not applicable, and the headline last.
pub(crate) fn conclusion(look: Look, report: &Report<'_>, rerun: &str) -> String {
    let mut text = String::new();
    let mut shown = 0;
    for result in &report.results {
        match result.verdict {
            Verdict::Fail | Verdict::Hang => {
                shown += 1;
                text += &failure(look, result, rerun, shown <= IN_FULL);
            }
            Verdict::Warn => text += &remark(look, result),
            _ => {}
        }
    }
    text += &folded(report, Verdict::NotApplicable, "needs ");
    text += &folded(report, Verdict::NotRun, "");
    text + &headline(look, report)
}

/// Title, padded or cut to the width, then the clause.
fn title_and_clause(look: Look, case: &Case) -> String {
    let room = look.width.saturating_sub(LEFT + RIGHT);
    let mut title: String = case.title.chars().take(room).collect();
    if case.title.chars().count() > room {
        title.pop();
        title.push('…');
    }
    let clause = format!("{} {}", case.clause.id, case.clause.level.as_str());
    format!(
        "{title:<room$} {}",
        paint(look, Style::new().dimmed(), &clause)
    )
}

fn failure(look: Look, result: &CaseResult<'_>, rerun: &str, in_full: bool) -> String {
    let case = result.case;
    let mut text = heading(look, result);
    text += &paragraph(
        look,
        &format!("{} {}: ", case.clause.id, case.clause.level.as_str()),
        &case.clause.quote,
    );
    if let Some(evidence) = &result.evidence {
        text += &labelled("expected", &evidence.expected);
        text += &labelled("observed", &evidence.observed);
    }
    if let Some(evidence) = result.evidence.as_ref().filter(|_| in_full) {
        text += &format!("  what went over the wire until step {}:\n", evidence.step);
        for line in &evidence.transcript {
            text += &format!("    {line}\n");
        }
    }
    text + &format!("  again: {rerun} --run {}\n", case.id)
}

fn remark(look: Look, result: &CaseResult<'_>) -> String {
    let reason = result.reason.as_deref().unwrap_or("no reason given");
    heading(look, result) + &paragraph(look, "", reason)
}

fn heading(look: Look, result: &CaseResult<'_>) -> String {
    let CaseResult {
        case,
        variant,
        verdict,
        ..
    } = result;
    let word = paint(look, style(*verdict), verdict.as_str());
    let variant = match variant {
        Variant::Plain => String::new(),
        other => format!(" ({})", other.as_str()),
    };
    format!("\n{word} {}{variant}: {}\n", case.id, case.title)
}

fn labelled(label: &str, lines: &[String]) -> String {
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        text += &format!("  {label:<8}  {line}\n");
    }
    text
}

/// Breaks a text at spaces, two columns from the left.
fn paragraph(look: Look, lead: &str, words: &str) -> String {
    let mut text = String::new();
    let mut line = format!("  {lead}");
    for word in words.split_whitespace() {
        if line.chars().count() + word.chars().count() > look.width {
            text += line.trim_end();
            text += "\n";
            line = "  ".into();
        }
        line += word;
        line.push(' ');
    }
    text + line.trim_end() + "\n"
}

/// One line for each reason of a verdict that has no line of its own, with the number of its cases.
fn folded(report: &Report<'_>, verdict: Verdict, lead: &str) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for result in &report.results {
        if result.verdict == verdict {
            *reasons
                .entry(result.reason.as_deref().unwrap_or("unknown"))
                .or_default() += 1;
        }
    }
    if reasons.is_empty() {
        return String::new();
    }
    let lines = reasons
        .iter()
        .map(|(reason, count)| format!("  {count:>3} × {lead}{reason}\n"));
    format!("\n{}\n{}", verdict.as_str(), lines.collect::<String>())
}

fn headline(look: Look, report: &Report<'_>) -> String {
    let counts = &report.counts;
    let (word, verdict) = match counts.exit_code() {
        0 => ("conformant", Verdict::Pass),
        1 => ("not conformant", Verdict::Fail),
        _ => ("no verdict", Verdict::NotRun),
    };
    let parts: Vec<String> = Verdict::ALL
        .iter()
        .map(|verdict| {
            let part = format!("{} {}", counts.of(*verdict), verdict.as_str());
            if counts.of(*verdict) > 0 {
                paint(look, style(*verdict), &part)
            } else {
                part
            }
        })
        .collect();
    let seconds = report.elapsed.as_secs_f64();
    let word = paint(look, style(verdict).bold(), word);
    // On two lines: every count may have three digits.
    format!("\n{word} ({seconds:.1} s)\n{}\n", parts.join(", "))
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Warn => "!",
        Verdict::Fail => "✗",
        Verdict::Hang => "⧗",
        Verdict::NotRun => "?",
        Verdict::NotApplicable => "–",
    }
}

fn style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Warn | Verdict::NotRun => AnsiColor::Yellow,
        Verdict::Fail | Verdict::Hang => AnsiColor::Red,
        Verdict::NotApplicable => return Style::new().dimmed(),
    };
    color.on_default()
}

fn paint(look: Look, style: Style, text: &str) -> String {
    if look.color {
        format!("{style}{text}{style:#}")
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus;

    #[test]
    fn the_table_fits_its_width_and_uses_more_room() {
        let cases = corpus::load().expect("the cases are well-formed");
        for width in [80, 120] {
            let look = Look {
                width,
                color: false,
            };
            let listed = list(look, &cases.iter().collect::<Vec<_>>());
            let longest = listed.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(width), "{longest:?} columns of {width}");
        }
        let wide = Look {
            width: 140,
            color: false,
        };
        let title = &cases.first().expect("a case").title;
        assert!(title_and_clause(wide, &cases[0]).contains(title.as_str()));
    }

    #[test]
    fn a_paragraph_breaks_at_spaces() {
        let look = Look {
            width: 12,
            color: false,
        };
        assert_eq!(
            paragraph(look, "", "one two three four"),
            "  one two\n  three four\n"
        );
    }
}
