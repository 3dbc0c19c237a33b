//! One line for each case, below the name of its group.

use crate::{
    case::{Case, Offers},
    target::{LIMIT_DEFAULT, Server, Target},
    verdict::{CaseResult, Variant, Verdict},
};
use anstyle::{AnsiColor, Style};
use petrel_cli::{Look, output};
use std::mem;

/// The lines of a table, in columns that are the same throughout: something in front, the id, the
/// title, the clause and its level.
#[derive(Debug)]
pub(crate) struct Table {
    look: Look,
    /// What stands above the first line.
    opening: String,
    /// The servers that have a column of marks.
    columns: Vec<Variant>,
    title_width: usize,
    group: String,
}

impl Table {
    /// The table of a run of these cases: in front stands a mark for each server.
    pub(crate) fn of_run(look: Look, target: &Target, cases: &[&Case]) -> Self {
        let columns: Vec<Variant> = target.servers().map(|(variant, _)| variant).collect();
        Self {
            look,
            opening: opening(look, target, cases.len()),
            title_width: title_width(look, columns.len() * 2 - 1, cases),
            columns,
            group: String::new(),
        }
    }

    /// The table of these cases without verdicts: in front stands what the server has to offer.
    pub(crate) fn of_list(look: Look, cases: &[&Case]) -> Self {
        Self {
            look,
            opening: String::new(),
            columns: Vec::new(),
            title_width: title_width(look, Offers::Fixtures.as_str().len(), cases),
            group: String::new(),
        }
    }

    /// The line of one case that was run. A case that no server was judged by gets none; the
    /// conclusion counts it.
    pub(crate) fn rows(&mut self, results: &[CaseResult<'_>]) -> String {
        let is_judged = |result: &&CaseResult<'_>| {
            !matches!(result.verdict, Verdict::NotApplicable | Verdict::NotRun)
        };
        let mut text = mem::take(&mut self.opening);
        if let Some(first) = results.iter().find(is_judged) {
            let marks = self.columns.iter().map(|column| {
                let result = results.iter().find(|result| result.variant == *column);
                result.map_or_else(
                    || " ".to_owned(),
                    |CaseResult { verdict, .. }| self.look.paint(style(*verdict), mark(*verdict)),
                )
            });
            let marks = marks.collect::<Vec<_>>().join(" ");
            text += &self.row(&marks, first.case);
        }
        text
    }

    /// The line of one case that is listed.
    pub(crate) fn entry(&mut self, case: &Case) -> String {
        let offers = case.offers.as_str();
        self.row(&format!("{offers:<8}"), case)
    }

    fn row(&mut self, front: &str, case: &Case) -> String {
        let mut text = String::new();
        if self.group != case.group {
            self.group.clone_from(&case.group);
            text = format!("\n{}\n", self.look.paint(Style::new().bold(), &case.group));
        }
        let width = self.title_width;
        let mut title = case.title.clone();
        if let Some((end, _)) = title.char_indices().nth(width) {
            title.truncate(end);
            title.pop();
            title.push('…');
        }
        let clause = format!("{} {}", case.clause.id, case.clause.level.as_str());
        let clause = self.look.paint(Style::new().dimmed(), &clause);
        text + &format!("  {front} {}  {title:<width$} {clause}\n", case.id)
    }
}

/// Columns for the title: one more than the longest has, or what the others leave of the line.
fn title_width(look: Look, front: usize, cases: &[&Case]) -> usize {
    let longest = |length: fn(&Case) -> usize| cases.iter().map(|case| length(case)).max();
    let id = longest(|case| case.id.len());
    let clause = longest(|case| case.clause.id.len() + 1 + case.clause.level.as_str().len());
    let others = "    ".len() + front + id.unwrap_or(0) + "  ".len() + clause.unwrap_or(0);
    let title = longest(|case| case.title.chars().count()).unwrap_or(0);
    (title + 1).min(look.width.saturating_sub(others)).max(1)
}

/// Who is judged, by how much, and what the columns of marks stand for.
fn opening(look: Look, target: &Target, cases: usize) -> String {
    let cases = counted(cases, "case");
    let plain = &target.plain;
    let sentence = if target.ours {
        format!("Judging the embedded reference server by {cases}")
    } else {
        let known = match target.offers {
            Offers::Blind => "no fixtures".to_owned(),
            Offers::Echo => format!("`{}` echoes", output::one_line(&target.echo)),
            Offers::Fixtures => "all fixtures".to_owned(),
        };
        let limit = plain.limit.map_or_else(
            || format!("limit {LIMIT_DEFAULT} assumed"),
            |limit| format!("limit {limit}"),
        );
        format!("Judging {} by {cases} ({known}, {limit})", plain.address)
    };
    let mut text = output::paragraph(&output::one_line(&sentence), look.width, "", "");
    let servers: Vec<(Variant, &Server)> = target.servers().collect();
    if servers.len() < 2 {
        return text;
    }
    text.push('\n');
    for (at, (variant, server)) in servers.iter().enumerate() {
        let about = match variant {
            Variant::Plain => "",
            Variant::Mac => ", with MACs",
            Variant::Small => ", with a small limit",
            Variant::Checked => ", insists on the check",
        };
        let column = "│ ".repeat(at) + variant.as_str();
        let line = output::one_line(&format!("{}{about}", server.address));
        let (first, rest) = (format!("  {column:<15}"), " ".repeat(17));
        text += &output::paragraph(&line, look.width, &first, &rest);
    }
    text
}

/// A number of things.
pub(super) fn counted(count: usize, thing: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{s}")
}

/// The one character for a verdict.
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

/// How a verdict is coloured.
pub(super) fn style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Warn | Verdict::NotRun => AnsiColor::Yellow,
        Verdict::Fail | Verdict::Hang => AnsiColor::Red,
        Verdict::NotApplicable => return Style::new().dimmed(),
    };
    color.on_default()
}
