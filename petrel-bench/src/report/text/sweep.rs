//! A sweep: a row for each run, the knee, and the curve in characters.

use super::{
    lines::{lead, prose, wide_enough},
    table::{Cell, Table},
};
use crate::{
    record::SweepRecord,
    report::{
        findings::{self, SWEEP_PERCENTILES},
        words::{self, count, maybe_micros, rate, short_reading},
    },
};
use anstyle::Style;
use petrel_cli::{Look, output};

/// Columns that a bar takes at the most.
const BAR: usize = 60;
/// The eighths of a column.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A sweep as a person reads it.
pub fn sweep(record: &SweepRecord, look: &Look) -> String {
    let look = wide_enough(look);
    let target = record
        .points
        .first()
        .map_or_else(String::new, |point| format!("({})", point.run.plan.target));
    let headline = findings::sweep_headline(record);
    let mut text = lead(look, Style::new().bold(), &headline, &target);
    text.push('\n');
    text += &table(record).render(look);
    text.push('\n');
    text += &curve(record, look);
    text.push('\n');
    for note in findings::sweep_notes(record) {
        text += &prose(look, &note);
    }
    for (verdict, doubt) in findings::doubts(record) {
        text += &lead(look, words::style(verdict), words::sign(verdict), &doubt);
    }
    text.push('\n');
    let columns = "failed: errors and unsent; server, gen.: processor time per request";
    let meanings = findings::reading_notes(record).into_iter();
    let meanings: Vec<&str> = std::iter::once(columns).chain(meanings).collect();
    text += &prose(look, &format!("{}.", meanings.join("; ")));
    text
}

fn table(record: &SweepRecord) -> Table {
    let first = match findings::parameter(record) {
        "rate" => "rate",
        "connections" => "conns",
        _ => "value",
    };
    let mut table = Table::new(vec![
        first, "answers", "p50", "p99", "p99.9", "failed", "server", "gen.", "",
    ]);
    for point in &record.points {
        let run = &point.run;
        let results = &run.results;
        let verdict = run.validity.verdict;
        let mut row = vec![
            Cell::new(findings::label(record, point)),
            Cell::new(rate(results.throughput_per_s)),
        ];
        for percentile in SWEEP_PERCENTILES {
            row.push(Cell::new(short_reading(
                results.response_us.reading(percentile),
            )));
        }
        row.extend([
            Cell::new(count(findings::failed(run))),
            Cell::new(maybe_micros(results.server_cpu_us_per_request)),
            Cell::new(maybe_micros(
                run.validity.evidence.generator_cpu_us_per_request,
            )),
            Cell::new(words::sign(verdict)).in_style(words::style(verdict)),
        ]);
        table.push(row);
    }
    table
}

/// Throughput as bars, the knee marked.
fn curve(record: &SweepRecord, look: Look) -> String {
    let most = record
        .points
        .iter()
        .map(|point| point.run.results.throughput_per_s)
        .fold(0.0, f64::max);
    let labels: Vec<String> = record
        .points
        .iter()
        .map(|each| findings::label(record, each))
        .collect();
    let label_width = labels
        .iter()
        .map(|each| each.chars().count())
        .max()
        .unwrap_or(0);
    let end = " 1,000,000/s ← knee".len();
    let width = look.width.saturating_sub(label_width + 2 + end).min(BAR);
    let mut text = String::new();
    let knee = record
        .points
        .iter()
        .position(|point| record.knee == Some(point.value));
    for (at, (point, label)) in record.points.iter().zip(labels).enumerate() {
        let per_s = point.run.results.throughput_per_s;
        let share = if most > 0.0 { per_s / most } else { 0.0 };
        let mark = if knee == Some(at) { " ← knee" } else { "" };
        let style = words::style(point.run.validity.verdict);
        let bar = look.paint(style, &bar(share, width));
        let label = output::one_line(&label);
        text += &format!("{label:>label_width$}  {bar} {}{mark}\n", rate(per_s));
    }
    text
}

fn bar(share: f64, width: usize) -> String {
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a share of a terminal's columns"
    )]
    let eighths = (share * (width * 8) as f64).round() as usize;
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{hostile, sample};

    fn at(width: usize) -> Look {
        Look {
            width,
            color: false,
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_nothing_raw_reaches_it() {
        for record in [sample::sweep(), sample::sweep_of_rates(), hostile::sweep()] {
            for width in [60, 80, 120] {
                let text = sweep(&record, &at(width));
                for line in text.lines() {
                    assert!(line.chars().count() <= width, "over {width}: {line}");
                }
                let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
                assert!(!text.contains(raw), "{text}");
            }
        }
    }

    #[test]
    fn a_sweep_has_a_row_and_a_bar_for_each_run() {
        let record = sample::sweep();
        let text = sweep(&record, &at(80));
        for point in &record.points {
            let rate = rate(point.run.results.throughput_per_s);
            let rows = text.lines().filter(|line| {
                line.trim_start().starts_with(&format!("{} ", point.value)) && line.contains(&rate)
            });
            assert_eq!(rows.count(), 2, "{}: {text}", point.value);
        }
        assert_eq!(text.matches("← knee").count(), 1, "{text}");
        assert!(
            text.contains("From 8 connections on, more load brings hardly"),
            "{text}"
        );
    }

    #[test]
    fn short_words_are_explained_where_they_stand() {
        let text = sweep(&sample::sweep_of_rates(), &at(120));
        for part in [
            "20,000 ↑ ",
            "20,000 ↓ ",
            "≥: at least so long",
            "! 80,000 ↑, limited by the generator: its busiest",
        ] {
            assert!(text.contains(part), "`{part}` is missing in:\n{text}");
        }
        assert!(!text.contains("noise: shorter"), "{text}");
    }

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(0.28, 4), "█▏");
        assert_eq!(bar(9.0, 2), "██");
        assert_eq!(bar(f64::NAN, 2), "");
    }
}
