//! What all pages share: the frame, and the parts that more than one has.

use crate::{
    latency::{Known, Latency, Percentile, Reading},
    record::{RunRecord, Validity, Verdict},
    report::{
        facts::Fact,
        words::{self, count, maybe_micros, title},
    },
};
use petrel_cli::output::html as esc;

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded and nothing runs, whatever stands in the page.
const POLICY: &str = "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'";

/// The whole page around a body that is markup already.
pub(super) fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}\
         <footer>Durations are exact to 0.1 %. Response counts from when a request was due, service \
         from when it was written. <b>≥</b> marks a lower bound: requests that were never answered \
         lie below it. <b>n/a (noise)</b> is shorter than what the machine itself withheld, \
         <b>n/a (needs N)</b> would rest on fewer than ten samples.</footer>\n</body>\n</html>\n",
        esc(title)
    )
}

/// The line above the heading.
pub(super) fn origin(version: &str, kind: &str, started: &str) -> String {
    format!(
        "<p class=\"origin\">petrel-bench {} · {} · {}</p>\n",
        esc(version),
        esc(kind),
        esc(started)
    )
}

/// The command that makes it again.
pub(super) fn command(command: &str) -> String {
    format!("<p class=\"cap\">Again</p>\n<pre>{}</pre>\n", esc(command))
}

/// The judgement, and why.
pub(super) fn verdict(validity: &Validity) -> String {
    let verdict = validity.verdict;
    let reasons: String = validity
        .reasons
        .iter()
        .map(|reason| format!("<li>{}</li>", esc(reason)))
        .collect();
    format!(
        "<div class=\"verdict {}\"><b><span aria-hidden=\"true\">{}</span> {}</b><ul>{reasons}</ul></div>\n",
        class(verdict),
        words::sign(verdict),
        words::verdict(verdict),
    )
}

/// The class that gives the judgement's colour.
pub(super) const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "pass",
        Verdict::Noisy => "warn",
        Verdict::LimitedByGenerator => "fail",
    }
}

/// A number that stands out, with what it is.
pub(super) fn card(value: &str, label: &str, class: &str) -> String {
    format!(
        "<li class=\"{class}\"><b>{}</b><span>{}</span></li>\n",
        esc(value),
        esc(label)
    )
}

/// A percentile that stands out.
pub(super) fn card_of(latency: &Latency, percentile: Percentile) -> String {
    let reading = latency.reading(percentile);
    let label = format!("{} response", title(percentile));
    card(&reading.to_string(), &label, reading_class(reading))
}

const fn reading_class(reading: Reading) -> &'static str {
    match reading.known {
        Known::Exactly => "",
        Known::AtLeast => "least",
        Known::UnderNoise | Known::TooFew => "off",
    }
}

/// A cell with a percentile.
pub(super) fn reading_cell(reading: Reading, text: &str) -> String {
    match reading_class(reading) {
        "" => format!("<td>{}</td>", esc(text)),
        class => format!("<td class=\"{class}\">{}</td>", esc(text)),
    }
}

/// A cell for each percentile; one for all that have too few samples.
fn readings(latency: &Latency) -> String {
    let mut text = String::new();
    for (at, percentile) in Percentile::ALL.into_iter().enumerate() {
        let reading = latency.reading(percentile);
        let columns = Percentile::ALL.len() - at;
        if reading.known == Known::TooFew && columns > 1 {
            // Every percentile above it needs more samples still.
            return text + &format!("<td class=\"off\" colspan=\"{columns}\">{reading}</td>");
        }
        text += &reading_cell(reading, &reading.to_string());
    }
    text
}

/// Labels with what belongs to them.
pub(super) fn facts(heading: &str, facts: Vec<Fact>) -> String {
    let rows: String = facts
        .into_iter()
        .map(|(label, value)| format!("<div><dt>{label}</dt><dd>{}</dd></div>\n", esc(&value)))
        .collect();
    format!("<section>\n<h2>{heading}</h2>\n<dl>\n{rows}</dl>\n</section>\n")
}

/// A row for each duration.
pub(super) fn percentiles(record: &RunRecord) -> String {
    let results = &record.results;
    let mut rows = vec![
        ("response", &results.response_us),
        ("service", &results.service_us),
        ("first byte", &results.first_byte_us),
        ("connect", &results.connect_us),
    ];
    if record.plan.is_open() {
        rows.insert(3, ("send lag", &results.send_lag_us));
    }
    rows.push(("generator lag", &record.validity.evidence.generator_lag_us));
    rows.push(("hiccup", &record.validity.evidence.hiccup_us));
    let mut text = "<div class=\"scroll\"><table>\n<thead><tr><td></td>".to_owned();
    for name in Percentile::ALL
        .map(title)
        .into_iter()
        .chain(["max", "mean", "count"])
    {
        text += &format!("<th scope=\"col\">{name}</th>");
    }
    text += "</tr></thead>\n<tbody>\n";
    for (label, latency) in rows {
        text += &format!("<tr><th scope=\"row\">{label}</th>");
        text += &readings(latency);
        text += &format!(
            "<td>{}</td><td>{}</td><td>{}</td></tr>\n",
            maybe_micros(latency.max),
            maybe_micros(latency.mean),
            count(latency.count)
        );
    }
    text + "</tbody>\n</table></div>\n"
}

#[cfg(test)]
pub(super) mod tests {
    /// Panics unless every tag of a page is closed in turn, ids are unique, and nothing that came from
    /// a record became markup.
    pub(in super::super) fn check(page: &str) {
        let body = page.split_once("</style>").unwrap().1;
        let mut open = Vec::new();
        for tag in body.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').expect("a tag ends");
            let name = tag.split([' ', '/']).next().unwrap_or_default();
            if let Some(name) = tag.strip_prefix('/') {
                if name != "head" && name != "html" {
                    assert_eq!(open.pop(), Some(name), "</{name}> closes another");
                }
            } else if !tag.ends_with('/') {
                open.push(name);
            }
            for part in ["script", "http:", "https:", "src=", "url(", " on"] {
                assert!(!tag.contains(part), "`{part}` is in <{tag}>");
            }
        }
        assert_eq!(open, Vec::<&str>::new());
        for part in ["<script", "\u{202e}", "NaN", "inf"] {
            assert!(!body.contains(part), "`{part}` is in the page");
        }
        assert!(!page.contains(|c: char| c.is_control() && c != '\n'));
        assert!(page.contains("default-src 'none'; script-src 'none'"));
        assert!(page.ends_with("</html>\n"));
    }
}
