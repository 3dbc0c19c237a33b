//! One run, on one screen.

use super::{
    lines::{fact, lead, prose, wide_enough},
    table::{Cell, Table},
};
use crate::{
    latency::{Known, Latency, Percentile},
    record::RunRecord,
    report::{
        facts,
        words::{self, count, maybe_micros, title},
    },
};
use anstyle::{AnsiColor, Style};
use petrel_cli::Look;

/// A run as a person reads it: what was found and whether it can be believed, what was done, the
/// percentiles, and what they rest on.
pub fn run(record: &RunRecord, look: &Look) -> String {
    let look = wide_enough(look);
    let target = format!("({})", record.plan.target);
    let mut text = lead(look, Style::new().bold(), &facts::headline(record), &target);
    text += &verdict(record, look);
    text.push('\n');
    for (label, value) in facts::done(record) {
        text += &fact(look, label, &value);
    }
    text.push('\n');
    text += &percentiles(record).render(look);
    text.push('\n');
    for (label, value) in facts::outcome(record) {
        text += &fact(look, label, &value);
    }
    for (label, value) in facts::evidence(record) {
        text += &fact(look, label, &value);
    }
    let closed = (!record.plan.is_open()).then(|| facts::CLOSED_LOOP.to_owned());
    for note in facts::wait(record).into_iter().chain(closed) {
        text.push('\n');
        text += &prose(look, &note);
    }
    text
}

/// The judgement, and why.
pub(super) fn verdict(record: &RunRecord, look: Look) -> String {
    let verdict = record.validity.verdict;
    let word = format!("{}:", words::verdict(verdict));
    let style = words::style(verdict).bold();
    lead(look, style, &word, &record.validity.reasons.join("; "))
}

/// A row for each duration.
pub(super) fn percentiles(record: &RunRecord) -> Table {
    let results = &record.results;
    let mut head = vec![""];
    head.extend(Percentile::ALL.map(title));
    head.extend(["max", "count"]);
    let mut table = Table::new(head);
    table.push(row("response", &results.response_us));
    table.push(row("service", &results.service_us));
    table.push(row("first byte", &results.first_byte_us));
    if record.plan.is_open() {
        table.push(row("send lag", &results.send_lag_us));
    }
    table.push(row("connect", &results.connect_us));
    table
}

fn row(label: &str, latency: &Latency) -> Vec<Cell> {
    let mut row = vec![Cell::new(label)];
    for (at, percentile) in Percentile::ALL.into_iter().enumerate() {
        let reading = latency.reading(percentile);
        let style = match reading.known {
            Known::Exactly => Style::new(),
            Known::AtLeast => AnsiColor::Yellow.on_default(),
            Known::UnderNoise | Known::TooFew => Style::new().dimmed(),
        };
        let cell = Cell::new(reading.to_string()).in_style(style);
        if reading.known == Known::TooFew {
            // Every percentile above it needs more samples still.
            row.push(cell.over(Percentile::ALL.len() - at));
            break;
        }
        row.push(cell);
    }
    row.push(Cell::new(maybe_micros(latency.max)));
    row.push(Cell::new(count(latency.count)));
    row
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
        for record in [
            sample::closed(),
            sample::overloaded(),
            sample::noisy(),
            hostile::run(),
        ] {
            for width in [60, 80, 120] {
                let text = run(&record, &at(width));
                for line in text.lines() {
                    assert!(line.chars().count() <= width, "over {width}: {line}");
                }
                let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
                assert!(!text.contains(raw), "{text}");
            }
        }
    }

    #[test]
    fn it_fits_one_screen() {
        for record in [sample::closed(), sample::overloaded(), sample::noisy()] {
            let lines = run(&record, &at(80)).lines().count();
            assert!((25..=35).contains(&lines), "{lines} lines");
        }
    }

    #[test]
    fn colours_change_nothing_else() {
        let record = sample::overloaded();
        let look = Look {
            color: true,
            ..at(80)
        };
        let painted = run(&record, &look);
        assert!(painted.contains('\u{1b}'));
        let mut text = String::new();
        for (at, part) in painted.split('\u{1b}').enumerate() {
            text += if at == 0 {
                part
            } else {
                part.split_once('m').unwrap().1
            };
        }
        assert_eq!(text, run(&record, &at(80)));
    }

    #[test]
    fn a_closed_loop_says_what_it_cannot_show() {
        let text = run(&sample::closed(), &at(80));
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].starts_with("48,") && lines[0].ends_with("(127.0.0.1:21606)"),
            "{text}"
        );
        assert!(lines[0].contains("/s answers, response p50 "), "{text}");
        assert!(lines[1].starts_with("valid: the generator"), "{text}");
        for part in [
            "closed loop, as fast as answers come; 16 connections × 1 in flight",
            "payload 64, answer compared with the request",
            "TLS off, MAC off; co-located",
            "4 cores, of which 2 threads for load",
            "30 s measured after 2.4 s of warm-up (until stable, discarded)",
            "seed 7",
            "errors       none",
            "0 unsent, 0 censored",
            "hiccup p50",
            "times what was achieved",
            "generator 11.2 µs, server 14.1 µs",
            "--rate shows what users would",
        ] {
            assert!(text.contains(part), "`{part}` is missing in:\n{text}");
        }
        assert!(!text.contains("send lag"), "{text}");
        assert!(!text.contains("the server counted"), "{text}");
    }

    #[test]
    fn every_reading_stands_as_it_is_known() {
        let overloaded = run(&sample::overloaded(), &at(80));
        for part in [
            "\nvalid: ",
            "≥ ",
            "send lag  ",
            "All places were taken",
            "timeout 4",
            "n/a (needs",
        ] {
            assert!(
                overloaded.contains(part),
                "`{part}` is missing in:\n{overloaded}"
            );
        }
        assert!(!overloaded.contains("closed loop"), "{overloaded}");
        let noisy = run(&sample::noisy(), &at(80));
        for part in [
            "\nnoisy: ",
            "n/a (noise)",
            "n/a (needs 20)",
            "the server counted",
        ] {
            assert!(noisy.contains(part), "`{part}` is missing in:\n{noisy}");
        }
        assert!(!noisy.contains("(needs 100)"), "said once: {noisy}");
    }

    #[test]
    fn an_empty_run_is_shown_too() {
        let mut record = sample::closed();
        record.results = Default::default();
        record.validity.evidence = Default::default();
        let text = run(&record, &at(80));
        assert!(
            text.starts_with("0/s answers, response p50 n/a (needs 20)"),
            "{text}"
        );
        assert!(text.contains("headroom     not measured"), "{text}");
    }
}
