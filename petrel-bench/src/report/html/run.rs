//! The page of one run.

use super::{
    curve::curve,
    over_time::over_time,
    page::{self, card, card_of, origin},
};
use crate::{
    latency::Percentile,
    record::RunRecord,
    report::{
        facts,
        words::{self, count, rate},
    },
};
use petrel_cli::output::html as esc;

/// A run as a page.
pub fn run(record: &RunRecord) -> String {
    let verdict = words::verdict(record.validity.verdict);
    let target = &record.plan.target;
    let title = format!("{} ({verdict}): {target}", facts::headline(record));
    let mut body = header(record);
    body += "<main>\n";
    body += &section("Percentiles", &page::percentiles(record));
    body += &page::facts("What was done", facts::done(record));
    let mut found = facts::outcome(record);
    found.extend(facts::evidence(record));
    body += &page::facts("What came of it", found);
    body += "</main>\n";
    page::page(&title, &body)
}

fn section(heading: &str, body: &str) -> String {
    format!("<section>\n<h2>{heading}</h2>\n{body}</section>\n")
}

fn header(record: &RunRecord) -> String {
    let mut text = "<header>\n".to_owned();
    text += &origin(&record.version, "run", &record.started);
    text += &format!(
        "<h1>{} <small>answers</small></h1>\n<p class=\"target\">{}</p>\n",
        rate(record.results.throughput_per_s),
        esc(&record.plan.target)
    );
    text += &page::verdict(&record.validity);
    text += &cards(record);
    for note in notes(record) {
        text += &format!("<p class=\"note\">{}</p>\n", esc(&note));
    }
    text += &page::command(&record.command);
    text += &charts(record);
    text + "</header>\n"
}

/// The numbers that somebody came for.
fn cards(record: &RunRecord) -> String {
    let results = &record.results;
    let class = |number: u64| if number > 0 { "fail" } else { "zero" };
    let mut text = "<ul class=\"cards\">\n".to_owned();
    for percentile in [Percentile::P50, Percentile::P99, Percentile::P999] {
        text += &card_of(&results.response_us, percentile);
    }
    let errors = facts::errors_in_all(record);
    text += &card(&count(errors), "errors", class(errors));
    if record.plan.is_open() {
        text += &card(&count(results.unsent), "unsent", class(results.unsent));
    }
    text += &card(
        &count(results.censored),
        "censored",
        class(results.censored),
    );
    text + "</ul>\n"
}

fn notes(record: &RunRecord) -> impl Iterator<Item = String> {
    let closed = (!record.plan.is_open()).then(|| facts::CLOSED_LOOP.to_owned());
    facts::wait(record).into_iter().chain(closed)
}

fn charts(record: &RunRecord) -> String {
    let charts = curve(record).into_iter().chain(over_time(record));
    let figures: String = charts.map(|chart| chart.figure()).collect();
    format!("<div class=\"charts\">\n{figures}</div>\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{hostile, sample};

    #[test]
    fn every_page_is_whole_and_harmless() {
        for record in [
            sample::closed(),
            sample::overloaded(),
            sample::noisy(),
            hostile::run(),
        ] {
            let page = run(&record);
            page::tests::check(&page);
            assert!(page.len() < 200_000, "{} bytes", page.len());
        }
        assert!(run(&hostile::run()).contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }

    #[test]
    fn every_reading_stands_as_it_is_known() {
        let page = run(&sample::overloaded());
        for part in [
            "<td class=\"least\">≥ ",
            "<td class=\"off\">n/a (needs 10000)</td>",
            "All places were taken",
            "<b>600</b><span>unsent</span>",
            "<b>53</b><span>errors</span>",
            "<th scope=\"row\">send lag</th>",
        ] {
            assert!(page.contains(part), "`{part}` is missing");
        }
        let page = run(&sample::noisy());
        for part in [
            "<td class=\"off\">n/a (noise)</td>",
            "<div class=\"verdict warn\"><b><span aria-hidden=\"true\">~</span> noisy</b><ul><li>",
            "the server counted 4,003 requests, 3 more",
            "--rate shows what users would feel",
        ] {
            assert!(page.contains(part), "`{part}` is missing");
        }
        assert!(!page.contains("send lag</th>") && !page.contains("unsent</span>"));
    }

    #[test]
    fn every_chart_has_axes_a_legend_and_words() {
        let page = run(&sample::overloaded());
        let figures: Vec<&str> = page.split("<figure>").skip(1).collect();
        assert_eq!(figures.len(), 4);
        for figure in figures {
            for part in [
                "<ul class=\"legend\"><li",
                "<title>",
                "class=\"label\"",
                "class=\"grid\"",
            ] {
                assert!(figure.contains(part), "`{part}` is missing in {figure}");
            }
        }
    }

    #[test]
    fn without_distributions_and_series_the_numbers_stand_alone() {
        let mut record = sample::closed();
        record.histograms = Default::default();
        record.series = Default::default();
        record.results = Default::default();
        let page = run(&record);
        page::tests::check(&page);
        assert!(!page.contains("<figure>"));
        assert!(page.contains("n/a (needs 20)"));
    }
}
