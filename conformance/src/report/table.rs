//! One line for each case, below the name of its group.

use super::{
    mark::Mark,
    summary::{counted, in_order},
};
use crate::{
    record::{CaseRecord, ResultRecord, TargetRecord},
    target::LIMIT_DEFAULT,
};
use anstyle::Style;
use petrel_cli::{Look, output};
use std::mem;

/// The lines of a table, in columns that are the same throughout: something in front, the id, the
/// title, the clause and its level. It is drawn line by line while a run goes on.
#[derive(Debug)]
pub(crate) struct Table {
    look: Look,
    /// What stands above the first line.
    opening: String,
    /// The variants that have a column of marks.
    columns: Vec<String>,
    title_width: usize,
    group: String,
}

impl Table {
    /// The table of a run of these cases: in front stands a mark for each variant.
    pub(crate) fn of_run(look: Look, target: &TargetRecord, cases: &[CaseRecord]) -> Self {
        let mut columns: Vec<String> = in_order(target.variants.keys().map(String::as_str))
            .into_iter()
            .map(String::from)
            .collect();
        if columns.is_empty() {
            columns.push(String::new());
        }
        Self {
            look,
            opening: opening(look, target, cases.len()),
            title_width: title_width(look, columns.len() * 2 - 1, cases),
            columns,
            group: String::new(),
        }
    }

    /// The table of these cases without verdicts: in front stands what the peer has to offer.
    pub(crate) fn of_list(look: Look, cases: &[CaseRecord]) -> Self {
        Self {
            look,
            opening: String::new(),
            columns: Vec::new(),
            title_width: title_width(look, "fixtures".len(), cases),
            group: String::new(),
        }
    }

    /// The line of one case that was run. A case that no variant was judged by gets none; the
    /// conclusion counts it.
    pub(crate) fn rows(&mut self, case: &CaseRecord, results: &[ResultRecord]) -> String {
        let text = mem::take(&mut self.opening);
        if !results.iter().any(|result| Mark::of(result).is_judged()) {
            return text;
        }
        // A result that has no column of its own is not lost: it counts in the first.
        let place = |result: &ResultRecord| {
            let mut columns = self.columns.iter();
            columns
                .position(|column| *column == result.variant)
                .unwrap_or(0)
        };
        let marks = (0..self.columns.len()).map(|column| {
            let worst = Mark::worst(results.iter().filter(|result| place(result) == column));
            worst.map_or_else(
                || " ".to_owned(),
                |mark| self.look.paint(mark.style(), mark.sign()),
            )
        });
        let marks = marks.collect::<Vec<_>>().join(" ");
        text + &self.row(&marks, case)
    }

    /// The line of one case that is listed.
    pub(crate) fn entry(&mut self, case: &CaseRecord) -> String {
        let offers = output::one_line(&case.offers);
        self.row(&format!("{offers:<8}"), case)
    }

    fn row(&mut self, front: &str, case: &CaseRecord) -> String {
        let mut text = String::new();
        if self.group != case.group {
            self.group.clone_from(&case.group);
            let group = shortened(&output::one_line(&case.group), self.look.width);
            text = format!("\n{}\n", self.look.paint(Style::new().bold(), &group));
        }
        let width = self.title_width;
        let title = shortened(&output::one_line(&case.title), width);
        let id = output::one_line(&case.id);
        let clause = output::one_line(&format!("{} {}", case.clause, case.level));
        let clause = self.look.paint(Style::new().dimmed(), &clause);
        text + &format!("  {front} {id}  {title:<width$} {clause}\n")
    }
}

/// At most so many characters of a text.
fn shortened(text: &str, width: usize) -> String {
    let mut text = text.to_owned();
    if let Some((end, _)) = text.char_indices().nth(width) {
        text.truncate(end);
        text.pop();
        text.push('…');
    }
    text
}

/// Columns for the title: one more than the longest has, or what the others leave of the line.
fn title_width(look: Look, front: usize, cases: &[CaseRecord]) -> usize {
    let longest = |length: fn(&CaseRecord) -> usize| cases.iter().map(length).max().unwrap_or(0);
    let id = longest(|case| case.id.len());
    let clause = longest(|case| case.clause.len() + 1 + case.level.len());
    let others = "    ".len() + front + id + "  ".len() + clause;
    let title = longest(|case| output::one_line(&case.title).chars().count());
    (title + 1).min(look.width.saturating_sub(others)).max(1)
}

/// Who is judged, by how much, and what the columns of marks stand for.
fn opening(look: Look, target: &TargetRecord, cases: usize) -> String {
    let mut known = Vec::new();
    match target.offers.as_str() {
        "" => {}
        "blind" => known.push("no fixtures".to_owned()),
        "echo" => known.push(match &target.echo {
            Some(name) => format!("`{name}` echoes"),
            None => "a request that echoes".into(),
        }),
        "fixtures" => known.push("all fixtures".into()),
        other => known.push(other.into()),
    }
    match target.limit {
        Some(limit) => known.push(format!("limit {limit}")),
        None if target.offers.is_empty() => {}
        None => known.push(format!("limit {LIMIT_DEFAULT} assumed")),
    }
    let known = match &known[..] {
        [] => String::new(),
        known => format!(" ({})", known.join(", ")),
    };
    let sentence = format!(
        "Judging {} by {}{known}",
        target.name,
        counted(cases, "case")
    );
    let mut text = output::paragraph(&output::one_line(&sentence), look.width, "", "");
    let variants = in_order(target.variants.keys().map(String::as_str));
    if variants.len() < 2 {
        return text;
    }
    text.push('\n');
    for (at, variant) in variants.into_iter().enumerate() {
        let about = match variant {
            "mac" => ", with MACs",
            "small" => ", with a small limit",
            "checked" => ", insists on the check",
            "tls" => ", under TLS",
            _ => "",
        };
        let column = "│ ".repeat(at) + &output::one_line(variant);
        let address = target.variants.get(variant).map_or("", String::as_str);
        let line = output::one_line(&format!("{address}{about}"));
        let (first, rest) = (format!("  {column:<15}"), " ".repeat(17));
        text += &output::paragraph(&line, look.width, &first, &rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::sample::{case, result},
        verdict::Verdict,
    };

    const LOOK: Look = Look {
        width: 80,
        color: false,
    };

    fn target(variants: &[&str]) -> TargetRecord {
        TargetRecord {
            name: "127.0.0.1:60606".into(),
            offers: "blind".into(),
            variants: variants
                .iter()
                .map(|variant| ((*variant).into(), "127.0.0.1:60606".into()))
                .collect(),
            ..TargetRecord::default()
        }
    }

    #[test]
    fn a_cell_shows_the_worst_of_all_segmentations() {
        let cases = [case("PC-0001")];
        let mut table = Table::of_run(LOOK, &target(&["mac", "plain", "small"]), &cases);
        let results = [
            result("PC-0001@plain/whole", Verdict::Pass),
            result("PC-0001@plain/bytes", Verdict::Fail),
            result("PC-0001@mac/whole", Verdict::Pass),
        ];
        let text = table.rows(&cases[0], &results);
        assert!(text.starts_with("Judging 127.0.0.1:60606 by 1 case (no fixtures, limit "));
        assert!(
            text.contains("\n  │ mac          127.0.0.1:60606, with MACs\n"),
            "{text}"
        );
        assert!(
            text.contains("\n  ✗ ✓   PC-0001  The words of P-001 hold"),
            "{text}"
        );
        let again = table.rows(&cases[0], &results);
        assert_eq!(again.lines().count(), 1, "the rest is said once: {again}");
    }

    #[test]
    fn a_case_that_nothing_was_judged_by_has_no_line() {
        let cases = [case("PC-0001")];
        let mut table = Table::of_run(LOOK, &target(&["plain"]), &cases);
        table.rows(&cases[0], &[]);
        let skipped = [result("PC-0001@plain/whole", Verdict::NotApplicable)];
        assert_eq!(table.rows(&cases[0], &skipped), "");
    }

    #[test]
    fn a_client_without_variants_has_one_column() {
        let cases = [case("PC-0001")];
        let none = TargetRecord {
            name: "a client".into(),
            ..TargetRecord::default()
        };
        let mut table = Table::of_run(LOOK, &none, &cases);
        let text = table.rows(&cases[0], &[result("PC-0001@plain/whole", Verdict::Hang)]);
        assert!(text.starts_with("Judging a client by 1 case\n"), "{text}");
        assert!(text.contains("\n  ◔ PC-0001  "), "{text}");
    }
}
