//! A search: its answer, how sure it is, what limited it, and every step on the way.

use super::{
    lines::{fact, lead, wide_enough},
    run::{percentiles, verdict},
    table::{Cell, Table},
};
use crate::{
    record::FindRecord,
    report::{facts, findings, words::rate},
};
use anstyle::{AnsiColor, Style};
use petrel_cli::Look;

/// A search as a person reads it.
pub fn find(record: &FindRecord, look: &Look) -> String {
    let look = wide_enough(look);
    let interval = findings::interval(record);
    let interval = interval.map_or_else(String::new, |text| format!("({text})"));
    let headline = findings::find_headline(record);
    let mut text = lead(look, Style::new().bold(), &headline, &interval);
    let limit = format!("{}: {}", findings::limit(record.limited_by), record.reason);
    let style = AnsiColor::Yellow.on_default();
    text += &lead(look, style, "limited by", &limit);
    text.push('\n');
    text += &steps(record).render(look);
    for (at, step) in record.steps.iter().enumerate() {
        if let Some(reason) = &step.reason {
            text += &fact(look, &format!("step {}", at + 1), reason);
        }
    }
    if let Some(run) = &record.confirmation {
        text.push('\n');
        let headline = facts::headline(run);
        text += &lead(look, Style::new().bold(), "confirmation:", &headline);
        text += &verdict(run, look);
        text += &percentiles(run).render(look);
    }
    text
}

fn steps(record: &FindRecord) -> Table {
    let mut table = Table::new(vec!["step", "phase", "rate", "windows met", "passed"]);
    for (at, step) in record.steps.iter().enumerate() {
        let (word, color) = if step.passed {
            ("yes", AnsiColor::Green)
        } else {
            ("no", AnsiColor::Red)
        };
        table.push(vec![
            Cell::new((at + 1).to_string()),
            Cell::new(step.phase.as_str()),
            Cell::new(rate(step.rate_per_s)),
            Cell::new(format!("{} of {}", step.met, step.windows)),
            Cell::new(word).in_style(color.on_default()),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::LimitedBy,
        report::{hostile, sample},
    };

    fn at(width: usize) -> Look {
        Look {
            width,
            color: false,
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_nothing_raw_reaches_it() {
        for record in [sample::find(), hostile::find()] {
            for width in [60, 80, 120] {
                let text = find(&record, &at(width));
                for line in text.lines() {
                    assert!(line.chars().count() <= width, "over {width}: {line}");
                }
                let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
                assert!(!text.contains(raw), "{text}");
            }
        }
    }

    #[test]
    fn the_answer_comes_first_and_then_every_step() {
        let record = sample::find();
        let text = find(&record, &at(100));
        let first = text.lines().next().unwrap();
        assert_eq!(
            first,
            "18,400/s meet p99 < 2 ms, errors < 0.1 % (95 % confidence: 17,900/s to 18,700/s)"
        );
        assert!(
            text.contains("\nlimited by the server's latency: p99 was 3.12 ms"),
            "{text}"
        );
        for (at, step) in record.steps.iter().enumerate() {
            let row = text
                .lines()
                .find(|line| line.starts_with(&format!("{} ", at + 1)));
            let row = row.unwrap_or_else(|| panic!("no step {}: {text}", at + 1));
            assert!(row.contains(&rate(step.rate_per_s)), "{row}");
            assert!(
                row.ends_with(if step.passed { "yes" } else { "no" }),
                "{row}"
            );
        }
        assert!(text.contains("\nconfirmation: "), "{text}");
    }

    #[test]
    fn an_answer_that_the_generator_limits_is_a_lower_bound() {
        let mut record = sample::find();
        record.limited_by = LimitedBy::Generator;
        record.confirmation = None;
        let text = find(&record, &at(80));
        assert!(text.starts_with("at least 18,400/s"), "{text}");
        assert!(
            text.contains("limited by the generator, so this is a lower bound: "),
            "{text}"
        );
        assert!(!text.contains("confirmation"), "{text}");
    }
}
