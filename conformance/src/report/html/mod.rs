//! The run as one page: no script, nothing from elsewhere, and nothing from the network unescaped.

mod case;
mod clause;
mod escape;
mod wire;

use super::{
    clauses::{ClauseView, clauses, open_musts},
    mark::Mark,
    summary::{self, CaseView, counted, time},
};
use crate::{record::Record, verdict::Verdict};
use escape::{code, esc};

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded and nothing runs, whatever stands in the page.
const POLICY: &str = "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'";

/// Failures that are open when the page is; the others are one click away.
const OPEN: usize = 10;

/// The page.
pub(crate) fn report(record: &Record) -> String {
    let cases = summary::cases(record);
    let clauses = clauses(record, &cases);
    let sections = sections(&cases);
    let (word, _) = summary::headline(record);
    let title = esc(&format!("{word}: {}", record.target.name));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    page += &header(record, &sections, &clauses);
    page += "<main>\n";
    let is_bad = |section: &&Section<'_>| !matches!(section.id, "passed" | "not-applicable");
    for each in sections.iter().filter(is_bad) {
        page += &section(record, each, &clauses);
    }
    page += &clause::tree(&clauses);
    for each in sections.iter().filter(|each| !is_bad(each)) {
        page += &section(record, each, &clauses);
    }
    page += "</main>\n<footer>Bytes are shown in hexadecimal, each field with what it says; ";
    page += "<code>┊</code> marks where one write ended and the next began. ";
    page += "Times count from the beginning of a case.</footer>\n</body>\n</html>\n";
    page
}

/// Cases that came out alike.
struct Section<'a> {
    id: &'static str,
    title: &'static str,
    cases: Vec<&'a CaseView<'a>>,
}

/// The cases by what was found: what needs somebody's eye first. Every case is in one of them.
fn sections<'a>(cases: &'a [CaseView<'a>]) -> Vec<Section<'a>> {
    let of = |id, title, is: fn(Mark) -> bool| Section {
        id,
        title,
        cases: cases
            .iter()
            .filter(|view| view.mark().is_some_and(is))
            .collect(),
    };
    let mut sections = vec![
        of("failures", "Failures", Mark::is_failure),
        of("not-run", "Not run", |mark| {
            mark == Mark::Is(Verdict::NotRun)
        }),
        of("warnings", "Warnings", |mark| {
            mark == Mark::Is(Verdict::Warn)
        }),
        of("excused", "Excused", |mark| {
            matches!(mark, Mark::Excused(_))
        }),
        of("passed", "Passed", |mark| mark == Mark::Is(Verdict::Pass)),
        of("not-applicable", "Not applicable", |mark| {
            mark == Mark::Is(Verdict::NotApplicable)
        }),
    ];
    sections.retain(|section| !section.cases.is_empty());
    sections
}

fn section(record: &Record, section: &Section<'_>, clauses: &[ClauseView<'_>]) -> String {
    let Section { id, title, cases } = section;
    let class = if *id == "passed" {
        " class=\"passed\""
    } else {
        ""
    };
    let mut text = format!(
        "<section id=\"{id}\"{class}>\n<h2>{title} <small>{}</small></h2>\n",
        counted(cases.len(), "case")
    );
    for (at, view) in cases.iter().enumerate() {
        let is_open = *id == "failures" && at < OPEN;
        text += &case::case(record, view, clauses, is_open);
    }
    text + "</section>\n"
}

/// Who was judged, what was found, and how to find it again.
fn header(record: &Record, sections: &[Section<'_>], clauses: &[ClauseView<'_>]) -> String {
    let (word, mark) = summary::headline(record);
    let mut text = format!(
        "<header>\n<p>petrel-conformance {} · {}</p>\n\
         <h1 class=\"{}\"><span aria-hidden=\"true\">{}</span> {word}</h1>\n\
         <p class=\"target\">{}</p>\n",
        esc(&record.version),
        esc(&record.role),
        mark.class(),
        mark.sign(),
        esc(&record.target.name),
    );
    text += &counts(record);
    text += "<nav aria-label=\"Sections\"><ul>\n";
    let link = |id: &str, title: &str, count: usize| {
        format!("<li><a href=\"#{id}\">{title}</a> <b>{count}</b></li>\n")
    };
    let (untested, _) = open_musts(clauses);
    for section in sections {
        text += &link(section.id, section.title, section.cases.len());
    }
    text += &link("clauses", "Clauses", clauses.len());
    if untested > 0 {
        text += &format!(
            "<li class=\"fail\"><a href=\"#clauses\">Untested MUSTs</a> <b class=\"k\">{untested}</b></li>\n"
        );
    }
    text += "</ul></nav>\n";
    text += &metadata(record);
    text += &format!(
        "<p class=\"label\" style=\"margin-top:1.5rem\">Again</p>\n<pre class=\"run\">{}</pre>\n",
        esc(&record.command)
    );
    text + "</header>\n"
}

fn counts(record: &Record) -> String {
    let mut text = "<ul class=\"counts\">\n".to_owned();
    let mut bar = String::new();
    for verdict in Verdict::ALL {
        let mark = Mark::Is(verdict);
        let count = summary::count(record, verdict);
        let zero = if count == 0 { " zero" } else { "" };
        let excused = match summary::excused(record, verdict) {
            0 => String::new(),
            excused => format!(", {excused} excused"),
        };
        text += &format!(
            "<li class=\"{}{zero}\"><b>{count}</b><span>{} {}{excused}</span></li>\n",
            mark.class(),
            mark.sign(),
            verdict.as_str(),
        );
        if count > 0 {
            bar += &format!("<i class=\"{}\" style=\"flex:{count}\"></i>", mark.class());
        }
    }
    format!("{text}</ul>\n<div class=\"bar\" aria-hidden=\"true\">{bar}</div>\n")
}

fn metadata(record: &Record) -> String {
    let target = &record.target;
    let mut rows = vec![(
        "Run",
        format!(
            "{}, {} in {}",
            counted(record.cases.len(), "case"),
            counted(record.results.len(), "verdict"),
            time(record.elapsed_us)
        ),
    )];
    let variants = summary::in_order(target.variants.keys().map(String::as_str));
    let reached = variants.into_iter().map(|variant| {
        let address = target.variants.get(variant).map_or("", String::as_str);
        format!("{} {}", esc(variant), code(address))
    });
    let reached: Vec<String> = reached.collect();
    if !reached.is_empty() {
        rows.push(("Variants", reached.join("<br/>")));
    }
    if !target.offers.is_empty() {
        rows.push(("Offers", esc(&target.offers)));
    }
    let limit = target.limit.map_or_else(
        || "not declared".into(),
        |limit| format!("{} declared", counted(limit as usize, "byte")),
    );
    rows.push(("Payload limit", limit));
    rows.push(("Round trip", time(record.round_trip_us)));
    rows.push(("Started", esc(&record.started)));
    rows.push(("Cases", format!("SHA-256 {}", code(&record.corpus))));
    rows.push(("Exit code", record.exit_code.to_string()));
    let row =
        |(name, value): (&str, String)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>\n");
    let rows: String = rows.into_iter().map(row).collect();
    format!("<dl class=\"meta\">\n{rows}</dl>\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{self, failure, record, result};

    /// Tags in the order in which they open and close, and a check that they nest.
    fn check_nesting(page: &str) {
        let mut open: Vec<&str> = Vec::new();
        let body = page.split_once("</style>").expect("a style").1;
        for tag in body.split('<').skip(1) {
            let end = tag.find('>').expect("a tag ends");
            let (tag, is_empty) = (&tag[..end], tag[..end].ends_with('/'));
            let name = tag.split([' ', '/']).find(|part| !part.is_empty());
            let name = name.expect("a tag has a name");
            if tag.starts_with('/') {
                // `</head>` closes what opened above the style.
                if name != "head" && name != "html" {
                    assert_eq!(open.pop(), Some(name), "</{name}> closes another");
                }
            } else if !is_empty {
                open.push(name);
            }
        }
        assert_eq!(open, Vec::<&str>::new());
    }

    #[test]
    fn the_page_is_well_formed_and_its_ids_are_unique() {
        for run in [
            sample::everything(40),
            sample::hostile(),
            record(Vec::new()),
        ] {
            let page = report(&run);
            check_nesting(&page);
            let mut ids: Vec<&str> = page
                .split(" id=\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
                .collect();
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), count);
            let anchors = page.split(" href=\"#").skip(1);
            for anchor in anchors.filter_map(|rest| rest.split('"').next()) {
                assert!(
                    ids.binary_search(&anchor).is_ok(),
                    "#{anchor} leads nowhere"
                );
            }
        }
    }

    #[test]
    fn every_case_is_in_the_page_once() {
        let run = sample::everything(40);
        let page = report(&run);
        for case in &run.cases {
            let id = format!(" id=\"{}\"", case.id);
            assert_eq!(page.matches(&id).count(), 1, "{id}");
        }
    }

    #[test]
    fn nothing_hostile_becomes_markup_and_nothing_is_loaded() {
        let page = report(&sample::hostile());
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        for part in [
            "<script", "\u{1b}", "\u{202e}", "\u{0}", "http:", "https:", "src=", "url(", "@import",
            " on",
        ] {
            let markup: Vec<&str> = page
                .split('<')
                .filter_map(|tag| tag.split('>').next())
                .collect();
            assert!(
                !markup.iter().any(|tag| tag.contains(part)),
                "`{part}` is in a tag"
            );
        }
        assert!(!page.contains(|c: char| c.is_control() && c != '\n'));
        assert!(page.contains("default-src 'none'; script-src 'none'"));
    }

    #[test]
    fn a_thousand_results_stay_small() {
        let mut run = sample::everything(110);
        for result in &mut run.results {
            let more = result.wire.clone();
            result.wire.extend(more.iter().cycle().take(9).cloned());
        }
        assert!(run.results.len() > 1000);
        let page = report(&run);
        assert!(page.len() < 1_500_000, "{} bytes", page.len());
    }

    #[test]
    fn failures_come_first_and_clauses_before_what_passed() {
        let page = report(&record(vec![
            result("PC-0001@plain/whole", Verdict::Pass),
            failure("PC-0002@plain/whole", Verdict::Crash),
            result("PC-0003@plain/whole", Verdict::NotApplicable),
        ]));
        let at = |part: &str| {
            page.find(part)
                .unwrap_or_else(|| panic!("`{part}` is missing"))
        };
        assert!(at("<section id=\"failures\"") < at("<section id=\"clauses\""));
        assert!(at("<section id=\"clauses\"") < at("<section id=\"passed\""));
        assert!(at("<section id=\"passed\"") < at("<section id=\"not-applicable\""));
        for part in [
            "> not conformant</h1>",
            "<b>1</b><span>☠ crash</span>",
            "<code>5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8</code>",
            "--echo &#39;my echo&#39; --only PC-0002@plain/whole",
            "thread &#39;main&#39; panicked at \\u{1b}[31msrc/main.rs",
        ] {
            at(part);
        }
    }
}
