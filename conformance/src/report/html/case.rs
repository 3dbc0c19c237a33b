//! One case: its results, and the evidence of the one that matters most.

use super::{
    escape::{code, esc, words},
    wire,
};
use crate::{
    record::{Record, ResultRecord},
    report::{
        clauses::ClauseView,
        evidence::command_of,
        mark::Mark,
        summary::{self, CaseView, time},
    },
    verdict::Verdict,
};
use std::collections::BTreeMap;

/// The ways to cut bytes in the order in which they are shown; others stand behind them.
const SEGMENTATIONS: [&str; 5] = ["whole", "header", "fields", "bytes", "joined"];

/// The case, folded to one line unless it is open.
pub(super) fn case(
    record: &Record,
    view: &CaseView<'_>,
    clauses: &[ClauseView<'_>],
    is_open: bool,
) -> String {
    let Some(mark) = view.mark() else {
        return String::new();
    };
    let id = esc(&view.case.id);
    let open = if is_open { " open" } else { "" };
    let mut text = format!(
        "<details class=\"case\"{open}>\n<summary><span class=\"k {}\" title=\"{}\">{}</span> \
         <code>{id}</code> <span class=\"title\">{}</span> <span class=\"marks\">{}</span></summary>\n\
         <div class=\"body\" id=\"{id}\">\n",
        mark.class(),
        mark.word(),
        mark.sign(),
        esc(&view.case.title),
        marks(view),
    );
    // The link stands inside, so that following it opens the case.
    text += &format!("<a class=\"perma\" href=\"#{id}\">#{id}</a>\n");
    text += &quote(view, clauses);
    text += &grid(view);
    if let Some(result) = view.shown() {
        text += &in_full(record, result);
    }
    text += &others(view);
    text + "</div>\n</details>\n"
}

/// The worst mark of each variant.
fn marks(view: &CaseView<'_>) -> String {
    let variants = view.results.iter().map(|result| result.variant.as_str());
    let mark = |variant: &str| {
        let results = view.results.iter().copied();
        let worst = Mark::worst(results.filter(|result| result.variant == variant))?;
        let (class, sign) = (worst.class(), worst.sign());
        Some(format!(
            "<span>{} <b class=\"k {class}\">{sign}</b></span>",
            esc(variant)
        ))
    };
    summary::in_order(variants)
        .into_iter()
        .filter_map(mark)
        .collect()
}

/// The clause that the case stands on, and the others that it proves.
fn quote(view: &CaseView<'_>, clauses: &[ClauseView<'_>]) -> String {
    let case = view.case;
    let link = |id: &str| {
        let is_known = clauses.iter().any(|view| view.clause.id == id);
        if is_known {
            format!("<a href=\"#{id}\">{id}</a>")
        } else {
            esc(id)
        }
    };
    let clause = clauses.iter().find(|view| view.clause.id == case.clause);
    let mut text = format!(
        "<blockquote class=\"quote\"><b>{} {}</b> {}",
        link(&case.clause),
        esc(&case.level),
        clause.map_or_else(String::new, |view| words(view.clause.text)),
    );
    if !case.also.is_empty() {
        let also: Vec<String> = case.also.iter().map(|id| link(id)).collect();
        text += &format!(" <span class=\"small\">Also {}.</span>", also.join(", "));
    }
    text + "</blockquote>\n"
}

/// Every result of the case: a row for each variant, a column for each way to cut the bytes.
fn grid(view: &CaseView<'_>) -> String {
    if view.results.len() < 2 {
        return String::new();
    }
    let variants = summary::in_order(view.results.iter().map(|each| each.variant.as_str()));
    let mut columns: Vec<&str> = view
        .results
        .iter()
        .map(|each| each.segmentation.as_str())
        .collect();
    let place = |word: &str| SEGMENTATIONS.iter().position(|each| *each == word);
    columns.sort_by_key(|word| (place(word).unwrap_or(SEGMENTATIONS.len()), *word));
    columns.dedup();
    let shown = view.shown().map(|result| &result.name);
    let mut text = "<table class=\"grid\"><thead><tr><td></td>".to_owned();
    for column in &columns {
        text += &format!("<th scope=\"col\">{}</th>", esc(column));
    }
    text += "</tr></thead><tbody>";
    for variant in variants {
        text += &format!("<tr><th scope=\"row\">{}</th>", esc(variant));
        for column in &columns {
            let mut results = view.results.iter();
            let found =
                results.find(|each| each.variant == variant && each.segmentation == *column);
            text += &found.map_or_else(
                || "<td></td>".into(),
                |result| cell(result, Some(&result.name) == shown),
            );
        }
        text += "</tr>";
    }
    text + "</tbody></table>\n"
}

fn cell(result: &ResultRecord, is_shown: bool) -> String {
    let mark = Mark::of(result);
    let here = if is_shown { " here" } else { "" };
    let (class, word, sign) = (mark.class(), mark.word(), mark.sign());
    format!("<td class=\"{class}{here}\" title=\"{word}\">{sign}</td>")
}

/// The evidence of one result.
fn in_full(record: &Record, result: &ResultRecord) -> String {
    let mark = Mark::of(result);
    let mut text = format!(
        "<div><p class=\"head\">{} <span class=\"k {}\">{} {}</span> <span class=\"soft small\">{}</span></p>\n",
        code(&result.name),
        mark.class(),
        mark.sign(),
        mark.word(),
        time(result.elapsed_us),
    );
    if let Some(excused) = &result.excused {
        text += &format!("<p>Excused: {}</p>\n", esc(excused));
    }
    if let Some(reason) = summary::reason(result) {
        let needs = match result.verdict {
            Verdict::NotApplicable => "needs ",
            _ => "",
        };
        text += &format!("<p>{needs}{}</p>\n", esc(&reason));
    }
    text += "</div>\n";
    text += &versus(result);
    text += &wire::timeline(&result.wire);
    text += &wire::events(&result.wire, result.verdict == Verdict::Pass);
    if !result.stderr.is_empty() {
        let lines: Vec<String> = result.stderr.iter().map(|line| esc(line)).collect();
        text += &format!(
            "<div><p class=\"label\">Last on its standard error</p>\n<pre class=\"err\">{}</pre></div>\n",
            lines.join("\n")
        );
    }
    if mark.is_judged() {
        text += &format!(
            "<div><p class=\"label\">Again</p>\n<pre class=\"run\">{}</pre></div>\n",
            esc(&command_of(record, result))
        );
    }
    text
}

/// Expected beside observed.
fn versus(result: &ResultRecord) -> String {
    if result.expected.is_empty() && result.observed.is_empty() {
        return String::new();
    }
    let step = match result.step {
        Some(step) => format!(" at step {step}"),
        None => String::new(),
    };
    let side = |class: &str, label: &str, lines: &[String]| {
        let items: String = lines
            .iter()
            .map(|line| format!("<li>{}</li>", esc(line)))
            .collect();
        format!(
            "<div class=\"{class}\"><p class=\"label\">{label}{step}</p><ul>{items}</ul></div>\n"
        )
    };
    format!(
        "<div class=\"versus\">\n{}{}</div>\n",
        side("pass", "Expected", &result.expected),
        side("fail", "Observed", &result.observed)
    )
}

/// The other results that are no pass, those with the same reason on one line.
fn others(view: &CaseView<'_>) -> String {
    let is_bad = |mark| {
        !matches!(mark, Mark::Is(Verdict::Pass)) && (mark.is_judged() || mark.severity() > 0)
    };
    let mut alike: BTreeMap<(u8, String), Vec<&ResultRecord>> = BTreeMap::new();
    for other in view.others(is_bad) {
        let reason = other.excused.as_ref().or(other.reason.as_ref());
        let rank = u8::MAX - Mark::of(other).severity();
        let key = (rank, reason.cloned().unwrap_or_default());
        alike.entry(key).or_default().push(other);
    }
    if alike.is_empty() {
        return String::new();
    }
    let mut text = "<div class=\"more\"><p class=\"label\">Other results</p><ul>\n".to_owned();
    for ((_, reason), results) in alike {
        let Some(first) = results.first() else {
            continue;
        };
        let mark = Mark::of(first);
        let names: Vec<String> = results.iter().map(|each| code(&each.name)).collect();
        text += &format!(
            "<li><span class=\"k {}\">{} {}</span> {} <span class=\"soft\">{}</span></li>\n",
            mark.class(),
            mark.sign(),
            mark.word(),
            names.join(", "),
            esc(&reason)
        );
    }
    text + "</ul></div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        clauses::clauses,
        sample::{failure, record, result},
    };

    #[test]
    fn only_one_result_has_its_bytes_and_the_others_are_listed() {
        let run = record(vec![
            result("PC-0001@plain/whole", Verdict::Pass),
            failure("PC-0001@plain/bytes", Verdict::Fail),
            failure("PC-0001@mac/whole", Verdict::Fail),
            failure("PC-0001@mac/bytes", Verdict::Fail),
        ]);
        let cases = summary::cases(&run);
        let page = case(&run, &cases[0], &clauses(&run, &cases), true);
        assert_eq!(page.matches("<ol class=\"wire\">").count(), 1);
        for part in [
            "<details class=\"case\" open>",
            "<div class=\"body\" id=\"PC-0001\">",
            "<b><a href=\"#P-001\">P-001</a> MUST</b> A sender MUST send every message",
            "<td class=\"fail here\" title=\"fail\">✗</td>",
            "<li>answer 200, sequence 1, payload &quot;\\x00&quot; (best)</li>",
            "<code>PC-0001@mac/whole</code>, <code>PC-0001@mac/bytes</code>",
            "--only PC-0001@plain/bytes</pre>",
        ] {
            assert!(page.contains(part), "`{part}` is missing in:\n{page}");
        }
    }
}
