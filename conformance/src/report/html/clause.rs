//! Every clause by chapter, beside the cases that prove it.

use super::escape::{esc, words};
use crate::report::{
    clauses::{ClauseView, State, open_musts},
    mark::Mark,
    summary::counted,
};

/// Clauses with more cases than this list them in two columns.
const FEW: usize = 4;

/// The section.
pub(super) fn tree(clauses: &[ClauseView<'_>]) -> String {
    let (untested, not_judged) = open_musts(clauses);
    let mut text = format!(
        "<section id=\"clauses\">\n<h2>Clauses <small>{} of SPEC.md</small></h2>\n",
        clauses.len()
    );
    if untested > 0 {
        text += &format!(
            "<p class=\"note fail\"><span class=\"k\">○ {} untested</span>: each can be proved on \
             the wire, and no case of this run does.</p>\n",
            counted(untested, "MUST")
        );
    }
    if not_judged > 0 {
        text += &format!(
            "<p class=\"note none\"><span class=\"k\">? {} not judged</span>: the target does not \
             offer what their cases need, or they were not run.</p>\n",
            counted(not_judged, "MUST")
        );
    }
    for chapter in clauses.chunk_by(|a, b| a.clause.chapter == b.clause.chapter) {
        text += &chapter_of(chapter);
    }
    text + "</section>\n"
}

fn chapter_of(clauses: &[ClauseView<'_>]) -> String {
    let title = clauses.first().map_or("", |view| view.clause.chapter);
    let is_bad = |view: &ClauseView<'_>| {
        view.is_untested_must() || matches!(view.state, State::Judged(mark) if mark.is_failure())
    };
    let open = if clauses.iter().any(is_bad) {
        " open"
    } else {
        ""
    };
    let rows: String = clauses.iter().map(row).collect();
    format!(
        "<details class=\"chapter\"{open}>\n<summary><h3>{}</h3> <span>{}</span></summary>\n{rows}</details>\n",
        esc(title),
        totals(clauses)
    )
}

/// How many clauses of a chapter are in which state, the worst first.
fn totals(clauses: &[ClauseView<'_>]) -> String {
    let mut states: Vec<(&State, usize)> = Vec::new();
    for view in clauses {
        match states.iter_mut().find(|(state, _)| **state == view.state) {
            Some((_, count)) => *count += 1,
            None => states.push((&view.state, 1)),
        }
    }
    states.sort_by_key(|(state, _)| match state {
        State::Judged(mark) => 10 - mark.severity(),
        State::Untested => 5,
        State::NotJudged => 6,
        State::Elsewhere => 20,
        State::BindsOthers => 21,
    });
    let part = |(state, count): (&State, usize)| {
        let class = class(*state, clauses.iter().any(ClauseView::is_untested_must));
        let (sign, word) = (state.sign(), state.word());
        format!("<b class=\"k {class}\">{sign} {count}</b> {word}")
    };
    let parts: Vec<String> = states.into_iter().map(part).collect();
    parts.join(" · ")
}

fn class(state: State, is_must: bool) -> &'static str {
    match state {
        State::Judged(mark) => mark.class(),
        State::Untested if is_must => "fail",
        State::Untested | State::NotJudged => "none",
        State::Elsewhere | State::BindsOthers => "na",
    }
}

fn row(view: &ClauseView<'_>) -> String {
    let ClauseView {
        clause,
        cases,
        state,
    } = view;
    let off = match state {
        State::Elsewhere | State::BindsOthers => " off",
        _ => "",
    };
    let class = class(*state, clause.is_must());
    let (sign, word) = (state.sign(), state.word());
    let word = match state {
        State::Elsewhere => clause.proof,
        _ => word,
    };
    let many = if cases.len() > FEW {
        " class=\"many\""
    } else {
        ""
    };
    let link = |view: &&super::CaseView<'_>| {
        let mark = view.mark();
        let (class, sign, word) = mark.map_or(("na", "", ""), |mark| {
            (Mark::class(mark), mark.sign(), mark.word())
        });
        let id = esc(&view.case.id);
        format!(
            "<li><a href=\"#{id}\" title=\"{word}\"><span class=\"k {class}\">{sign}</span> {id}</a></li>"
        )
    };
    let links: String = cases.iter().map(link).collect();
    let list = if links.is_empty() {
        String::new()
    } else {
        format!("<ul{many}>{links}</ul>")
    };
    format!(
        "<div class=\"clause {class}{off}\" id=\"{}\"><div><b>{}</b> {}<br/>{}</div>\
         <p>{}</p><div><span class=\"state\">{sign} {word}</span>{list}</div></div>\n",
        clause.id,
        clause.id,
        esc(clause.level),
        esc(clause.role),
        words(clause.text),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::{
            clauses::clauses,
            sample::{record, result},
            summary,
        },
        verdict::Verdict,
    };

    #[test]
    fn an_untested_must_is_red_and_counted() {
        let run = record(vec![
            result("PC-0001@plain/whole", Verdict::Pass),
            result("PC-0002@plain/whole", Verdict::NotApplicable),
        ]);
        let cases = summary::cases(&run);
        let clauses = clauses(&run, &cases);
        let (untested, not_judged) = open_musts(&clauses);
        assert!(untested > 10 && not_judged == 1);
        let page = tree(&clauses);
        for part in [
            &format!("○ {untested} MUSTs untested"),
            "? 1 MUST not judged",
            "<div class=\"clause fail\" id=\"P-003\">",
            "<div class=\"clause pass\" id=\"P-001\">",
            "<div class=\"clause na off\" id=\"P-041\">",
            "<a href=\"#PC-0001\" title=\"pass\"><span class=\"k pass\">✓</span> PC-0001</a>",
            "the ten bytes <code>PROTOCHECK</code>",
        ] {
            assert!(page.contains(part), "`{part}` is missing");
        }
    }
}
