//! The page of a sweep.

use super::{
    axis::Axis,
    chart::Chart,
    page::{self, origin, reading_cell},
    series::{Series, Shape},
};
use crate::{
    latency::Known,
    record::{SweepPoint, SweepRecord, Verdict},
    report::{
        facts,
        findings::{self, SWEEP_PERCENTILES},
        words::{self, count, maybe_micros, rate, short, short_micros, title},
    },
};
use petrel_cli::output::html as esc;

/// A sweep as a page.
pub fn sweep(record: &SweepRecord) -> String {
    let headline = findings::sweep_headline(record);
    let first = record.points.first().map(|point| &point.run);
    let target = first.map_or("", |run| run.plan.target.as_str());
    let mut body = "<header>\n".to_owned();
    body += &origin(
        &record.version,
        "sweep",
        first.map_or("", |run| run.started.as_str()),
    );
    body += &format!(
        "<h1>{}</h1>\n<p class=\"target\">{}</p>\n",
        esc(&headline),
        esc(target)
    );
    for note in findings::sweep_notes(record) {
        body += &format!("<p class=\"note\">{}</p>\n", esc(&note));
    }
    body += &page::command(&record.command);
    if !record.points.is_empty() {
        body += &format!(
            "<div class=\"charts\">\n{}{}</div>\n",
            throughput(record).figure(),
            responses(record).figure()
        );
    }
    body += "</header>\n<main>\n";
    body += &format!("<section>\n<h2>Runs</h2>\n{}", table(record));
    for (verdict, doubt) in findings::doubts(record) {
        let (class, sign) = (page::class(verdict), words::sign(verdict));
        let sign = format!("<span class=\"k {class}\">{sign}</span>");
        body += &format!("<p class=\"note\">{sign} {}</p>\n", esc(&doubt));
    }
    let meanings = findings::reading_notes(record);
    if !meanings.is_empty() {
        body += &format!("<p class=\"note\">{}.</p>\n", esc(&meanings.join("; ")));
    }
    body += "</section>\n";
    if let Some(run) = first {
        body += &page::facts("What the first run did", facts::done(run));
    }
    body += "</main>\n";
    page::page(&format!("{headline}: {target}"), &body)
}

/// The points of one way, in the order of the parameter, and what each says.
fn series(
    record: &SweepRecord,
    (name, class, shape): (String, &'static str, Shape),
    ways: &[&str],
    of: impl Fn(&SweepPoint) -> Option<(f64, String)>,
) -> Series {
    let mut points: Vec<(f64, f64, String)> = record
        .points
        .iter()
        .filter(|point| ways.contains(&findings::way(record, point)))
        .map(|point| match of(point) {
            Some((value, text)) => {
                let tip = format!("{}: {text}", findings::label(record, point));
                (point.value, value, tip)
            }
            None => (point.value, f64::NAN, String::new()),
        })
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let tips = points.iter().map(|(.., tip)| tip.clone()).collect();
    let points = points.into_iter().map(|(x, y, _)| (x, y)).collect();
    Series::new(name, class, shape, points).with_tips(tips)
}

fn has_ways(record: &SweepRecord) -> bool {
    record
        .points
        .iter()
        .any(|point| findings::way(record, point) == "↓")
}

fn parameter_axis(record: &SweepRecord) -> Axis {
    let values: Vec<f64> = record.points.iter().map(|point| point.value).collect();
    let label = match findings::parameter(record) {
        "rate" => "requests/s wanted",
        other => other,
    };
    Axis::log_at(label, &values, short)
}

fn knee(record: &SweepRecord, y: &Axis) -> Option<Series> {
    let knee = record.knee?;
    let name = format!("knee at {}", findings::value(record, knee));
    let (from, to) = y.ends();
    Some(Series::new(
        name,
        "ink",
        Shape::Dashed,
        vec![(knee, from), (knee, to)],
    ))
}

/// The runs whose numbers may not be the server's.
fn doubted(record: &SweepRecord) -> Series {
    let points = record.points.iter();
    let points = points
        .filter(|point| point.run.validity.verdict != Verdict::Valid)
        .map(|point| (point.value, point.run.results.throughput_per_s));
    Series::new("not valid", "fail", Shape::Crosses, points.collect())
}

fn throughput(record: &SweepRecord) -> Chart {
    let of = |point: &SweepPoint| {
        let per_s = point.run.results.throughput_per_s;
        Some((per_s, rate(per_s)))
    };
    let mut lines = Vec::new();
    if has_ways(record) {
        let down = ("answers/s, way down".to_owned(), "c2", Shape::Dots);
        lines.push(series(record, down, &["↓"], of));
        let up = ("answers/s, way up".to_owned(), "c1", Shape::Dots);
        lines.push(series(record, up, &["↑", ""], of));
    } else {
        let all = ("answers/s".to_owned(), "c1", Shape::Dots);
        lines.push(series(record, all, &[""], of));
    }
    let doubted = doubted(record);
    if !doubted.points.is_empty() {
        lines.push(doubted);
    }
    let most = record
        .points
        .iter()
        .map(|point| point.run.results.throughput_per_s);
    let y = Axis::from_zero("answers/s", most.fold(0.0, f64::max), short);
    lines.splice(0..0, knee(record, &y));
    Chart {
        heading: "Throughput",
        title: format!("Throughput over the {}", findings::parameter(record)),
        x: parameter_axis(record),
        y,
        series: lines,
        note: String::new(),
    }
}

/// Responses of the runs on the way up; those on the way down are in the table.
fn responses(record: &SweepRecord) -> Chart {
    let mut lines = Vec::new();
    for (percentile, class) in SWEEP_PERCENTILES.into_iter().rev().zip(["c4", "c3", "c1"]) {
        let of = |point: &SweepPoint| {
            let reading = point.run.results.response_us.reading(percentile);
            match reading.known {
                Known::Exactly | Known::AtLeast => Some((reading.micros?, reading.to_string())),
                Known::UnderNoise | Known::TooFew => None,
            }
        };
        let name = title(percentile).to_owned();
        lines.push(series(record, (name, class, Shape::Dots), &["↑", ""], of));
    }
    let all = lines
        .iter()
        .flat_map(|line| line.points.iter().map(|(_, value)| *value));
    let y = Axis::log("response", all.collect::<Vec<f64>>(), short_micros);
    lines.splice(0..0, knee(record, &y));
    let note = if has_ways(record) {
        "Of the runs on the way up; the table has both."
    } else {
        ""
    };
    Chart {
        heading: "Response",
        title: format!("Response over the {}", findings::parameter(record)),
        x: parameter_axis(record),
        y,
        series: lines,
        note: note.to_owned(),
    }
}

fn table(record: &SweepRecord) -> String {
    let mut text = format!(
        "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\" class=\"first\">{}</th>",
        esc(findings::parameter(record))
    );
    let percentiles = SWEEP_PERCENTILES.map(title);
    let names = ["answers"].into_iter().chain(percentiles).chain([
        "errors",
        "unsent",
        "server CPU",
        "generator CPU",
        "verdict",
    ]);
    for name in names {
        text += &format!("<th scope=\"col\">{name}</th>");
    }
    text += "</tr></thead>\n<tbody>\n";
    for point in &record.points {
        text += &row(record, point);
    }
    text + "</tbody>\n</table></div>\n"
}

fn row(record: &SweepRecord, point: &SweepPoint) -> String {
    let run = &point.run;
    let is_knee = record.knee == Some(point.value);
    let class = if is_knee { " class=\"knee\"" } else { "" };
    let mut text = format!(
        "<tr{class}><th scope=\"row\">{}</th><td>{}</td>",
        esc(&findings::label(record, point)),
        rate(run.results.throughput_per_s)
    );
    for percentile in SWEEP_PERCENTILES {
        let reading = run.results.response_us.reading(percentile);
        text += &reading_cell(reading, &words::short_reading(reading));
    }
    let verdict = run.validity.verdict;
    text += &format!(
        "<td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
         <td class=\"k {}\">{} {}</td></tr>\n",
        count(facts::errors_in_all(run)),
        count(run.results.unsent),
        maybe_micros(run.results.server_cpu_us_per_request),
        maybe_micros(run.validity.evidence.generator_cpu_us_per_request),
        page::class(verdict),
        words::sign(verdict),
        words::verdict(verdict),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        latency::Percentile,
        report::{hostile, sample},
    };

    #[test]
    fn every_page_is_whole_and_harmless() {
        let mut empty = sample::sweep();
        empty.points.clear();
        for record in [
            sample::sweep(),
            sample::sweep_of_rates(),
            hostile::sweep(),
            empty,
        ] {
            page::tests::check(&sweep(&record));
        }
        assert!(sweep(&hostile::sweep()).contains("&lt;script&gt;"));
    }

    #[test]
    fn the_knee_is_marked_in_charts_and_table() {
        let page = sweep(&sample::sweep());
        assert!(page.contains("<h1>knee at 8 connections, with 46,900/s</h1>"));
        assert_eq!(page.matches("</svg>knee at 8 connections</li>").count(), 2);
        assert_eq!(page.matches("<tr class=\"knee\">").count(), 1);
        for percentile in [Percentile::P50, Percentile::P99, Percentile::P999] {
            let legend = format!("</svg>{}</li>", title(percentile));
            assert_eq!(page.matches(&legend).count(), 1, "{legend}");
        }
    }

    #[test]
    fn the_two_ways_are_two_lines_and_two_rows() {
        let page = sweep(&sample::sweep_of_rates());
        for part in [
            "answers/s, way up</li>",
            "answers/s, way down</li>",
            "<th scope=\"row\">40,000 ↑</th>",
            "<th scope=\"row\">40,000 ↓</th>",
            "! limited by the generator</td>",
            "</svg>not valid</li>",
            "80,000 ↑, limited by the generator: its busiest thread",
            "the server remembers its load",
            "<td class=\"least\">≥ ",
        ] {
            assert!(page.contains(part), "`{part}` is missing");
        }
    }
}
