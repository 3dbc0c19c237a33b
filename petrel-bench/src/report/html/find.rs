//! The page of a search.

use super::{
    axis::Axis,
    chart::Chart,
    curve::curve,
    page::{self, origin},
    series::{Series, Shape},
};
use crate::{
    record::{FindRecord, FindStep},
    report::{
        facts, findings,
        words::{rate, short},
    },
};
use petrel_cli::output::html as esc;

/// A search as a page.
pub fn find(record: &FindRecord) -> String {
    let headline = findings::find_headline(record);
    let run = record.confirmation.as_ref();
    let target = run.map_or("", |run| run.plan.target.as_str());
    let mut body = "<header>\n".to_owned();
    let started = run.map_or("", |run| run.started.as_str());
    body += &origin(&record.version, "find", started);
    body += &format!(
        "<h1>{}</h1>\n<p class=\"target\">{}</p>\n",
        esc(&headline),
        esc(target)
    );
    body += &format!(
        "<div class=\"verdict {}\"><b>limited by {}</b><ul><li>{}</li>{}</ul></div>\n",
        if findings::is_lower_bound(record.limited_by) {
            "warn"
        } else {
            "none"
        },
        esc(findings::limit(record.limited_by)),
        esc(&record.reason),
        findings::interval(record)
            .map_or_else(String::new, |text| format!("<li>{}</li>", esc(&text))),
    );
    body += &page::command(&record.command);
    let charts = (!record.steps.is_empty()).then(|| steps(record));
    let figures: String = charts
        .into_iter()
        .chain(run.and_then(curve))
        .map(|chart| chart.figure())
        .collect();
    body += &format!("<div class=\"charts\">\n{figures}</div>\n</header>\n<main>\n");
    body += &format!("<section>\n<h2>Steps</h2>\n{}</section>\n", table(record));
    if let Some(run) = run {
        body += &format!(
            "<section>\n<h2>Confirmation <small>{}</small></h2>\n{}{}</section>\n",
            esc(&facts::headline(run)),
            page::verdict(&run.validity),
            page::percentiles(run)
        );
        body += &page::facts("What the confirmation did", facts::done(run));
        let mut found = facts::outcome(run);
        found.extend(facts::evidence(run));
        body += &page::facts("What came of it", found);
    }
    body += "</main>\n";
    page::page(&format!("{headline}: {target}"), &body)
}

/// The rates in the order in which they were tried.
fn steps(record: &FindRecord) -> Chart {
    let last = record.steps.len() as f64;
    let numbered = || (1_u32..).map(f64::from).zip(&record.steps);
    let of = |passed: bool| -> (Vec<(f64, f64)>, Vec<String>) {
        numbered()
            .filter(|(_, step)| step.passed == passed)
            .map(|(at, step)| ((at, step.rate_per_s), tip(at, step)))
            .unzip()
    };
    let mut series = Vec::new();
    if let Some([low, high]) = record.interval_per_s {
        let (from, to) = (0.5, last + 0.5);
        let region = vec![(from, low), (to, low), (to, high), (from, high)];
        series.push(Series::new(
            "95 % confidence",
            "floor",
            Shape::Region,
            region,
        ));
    }
    if let Some(per_s) = record.rate_per_s {
        let line = vec![(0.5, per_s), (last + 0.5, per_s)];
        let name = format!("answer: {}", rate(per_s));
        series.push(Series::new(name, "ink", Shape::Dashed, line));
    }
    let way = numbered().map(|(at, step)| (at, step.rate_per_s)).collect();
    series.push(Series::new("", "way", Shape::Line, way).without_legend());
    for (passed, name, class, shape) in [
        (true, "met", "pass", Shape::Points),
        (false, "not met", "fail", Shape::Crosses),
    ] {
        let (points, tips) = of(passed);
        if !points.is_empty() {
            series.push(Series::new(name, class, shape, points).with_tips(tips));
        }
    }
    let rates = record.steps.iter().map(|step| step.rate_per_s);
    let ends = rates.chain(record.interval_per_s.into_iter().flatten());
    Chart {
        heading: "Steps",
        title: format!(
            "Rate of each of {} steps, and whether it met the objective",
            record.steps.len()
        ),
        x: Axis::ordinal("step", record.steps.len(), short),
        y: Axis::log("requests/s", ends, short),
        series,
        note: String::new(),
    }
}

fn tip(at: f64, step: &FindStep) -> String {
    let FindStep {
        phase,
        met,
        windows,
        ..
    } = step;
    format!(
        "step {at}, {phase}: {}, {met} of {windows} windows met",
        rate(step.rate_per_s)
    )
}

fn table(record: &FindRecord) -> String {
    let mut text = "<div class=\"scroll\"><table class=\"words\">\n<thead><tr>".to_owned();
    for name in ["step", "phase", "rate", "windows met", "passed", "why not"] {
        text += &format!("<th scope=\"col\">{name}</th>");
    }
    text += "</tr></thead>\n<tbody>\n";
    for (at, step) in record.steps.iter().enumerate() {
        let (class, word) = if step.passed {
            ("pass", "✓ yes")
        } else {
            ("fail", "✗ no")
        };
        text += &format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{} of {}</td>\
             <td class=\"k {class}\">{word}</td><td>{}</td></tr>\n",
            at + 1,
            esc(&step.phase),
            rate(step.rate_per_s),
            step.met,
            step.windows,
            esc(step.reason.as_deref().unwrap_or_default()),
        );
    }
    text + "</tbody>\n</table></div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::LimitedBy,
        report::{hostile, sample},
    };

    #[test]
    fn every_page_is_whole_and_harmless() {
        let mut nothing = sample::find();
        (nothing.rate_per_s, nothing.interval_per_s) = (None, None);
        nothing.confirmation = None;
        let mut empty = nothing.clone();
        empty.steps.clear();
        for record in [sample::find(), hostile::find(), nothing, empty] {
            page::tests::check(&find(&record));
        }
        assert!(find(&hostile::find()).contains("&lt;script&gt;"));
    }

    #[test]
    fn every_step_is_in_the_chart_and_in_the_table() {
        let record = sample::find();
        let page = find(&record);
        let failed = record.steps.iter().filter(|step| !step.passed).count();
        assert_eq!(
            page.matches("<td class=\"k fail\">✗ no</td>").count(),
            failed
        );
        // One more of each is the sample in the legend.
        assert_eq!(page.matches("class=\"cross\"").count(), failed + 1);
        let passed = record.steps.len() - failed;
        assert_eq!(page.matches("<circle").count(), passed + 1);
        for part in [
            "<h1>18,400/s meet p99 &lt; 2 ms, errors &lt; 0.1 %</h1>",
            "limited by the server&#39;s latency",
            "95 % confidence: 17,900/s to 18,700/s",
            "<title>step 7, bisect: 22,600/s, 0 of 3 windows met</title>",
            "<figcaption>Percentiles</figcaption>",
        ] {
            assert!(page.contains(part), "`{part}` is missing");
        }
    }

    #[test]
    fn a_lower_bound_is_called_one() {
        let mut record = sample::find();
        record.limited_by = LimitedBy::Ceiling;
        let page = find(&record);
        assert!(page.contains("<h1>at least 18,400/s") && page.contains("class=\"verdict warn\""));
    }
}
