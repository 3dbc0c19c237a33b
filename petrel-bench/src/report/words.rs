//! Numbers and verdicts as every report writes them.

pub(super) use crate::figures::grouped as count;
use crate::{
    latency::{Known, Percentile, Reading, show_micros},
    record::Verdict,
};
use anstyle::{AnsiColor, Style};

/// A count with its noun: `1 connection`, `16 connections`.
pub(super) fn counted(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(number))
}

/// A number as exactly as somebody wants to read it: `48,213`, `12.5`.
pub(super) fn number(value: f64) -> String {
    if value.is_finite() && value.fract() != 0.0 && value.abs() < 99.95 {
        format!("{value:.1}")
    } else if (0.0..1e15).contains(&value) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the arm is for small numbers"
        )]
        count(value.round() as u64)
    } else {
        format!("{value:.0}")
    }
}

/// A rate: `48,213/s`.
pub(super) fn rate(per_s: f64) -> String {
    number(per_s) + "/s"
}

/// A number for the tick of an axis: `500`, `12k`, `1.5M`.
pub(super) fn short(value: f64) -> String {
    let (value, unit) = match value.abs() {
        small if small < 1e3 => (value, ""),
        middle if middle < 1e6 => (value / 1e3, "k"),
        _ => (value / 1e6, "M"),
    };
    trimmed(value) + unit
}

/// A duration for the tick of an axis: `100 µs`, `2 ms`.
pub(super) fn short_micros(micros: f64) -> String {
    match micros {
        small if small < 1e3 => trimmed(micros) + " µs",
        middle if middle < 1e6 => trimmed(micros / 1e3) + " ms",
        _ => trimmed(micros / 1e6) + " s",
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A share as per cent: `61 %`, `0.12 %`; never nothing for something.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let digits = match percent {
        large if large >= 9.95 => 0,
        middle if middle >= 0.995 => 1,
        _ => 2,
    };
    if percent > 0.0 && percent < 0.005 {
        "< 0.01 %".to_owned()
    } else if percent == 0.0 {
        "0 %".to_owned()
    } else {
        format!("{percent:.digits$} %")
    }
}

/// Seconds as people say them: `30 s`, `1.5 s`, `0.25 s`.
pub(super) fn seconds(seconds: f64) -> String {
    trimmed(seconds) + " s"
}

/// Bytes per second: `6.17 MB/s`.
pub(super) fn byte_rate(per_s: f64) -> String {
    match per_s {
        small if small < 1e3 => format!("{per_s:.0} B/s"),
        middle if middle < 1e6 => format!("{:.1} kB/s", per_s / 1e3),
        _ => format!("{:.1} MB/s", per_s / 1e6),
    }
}

/// A duration that may not be known.
pub(super) fn maybe_micros(micros: Option<f64>) -> String {
    micros.map_or_else(|| "n/a".to_owned(), show_micros)
}

/// A percentile's name as people write it.
pub(super) const fn title(percentile: Percentile) -> &'static str {
    match percentile {
        Percentile::P50 => "p50",
        Percentile::P90 => "p90",
        Percentile::P99 => "p99",
        Percentile::P999 => "p99.9",
    }
}

/// A reading for a narrow column; [`SHORT_READINGS`] says what the words mean.
pub(super) fn short_reading(reading: Reading) -> String {
    match reading.known {
        Known::UnderNoise => "noise".to_owned(),
        Known::TooFew => "few".to_owned(),
        Known::Exactly | Known::AtLeast => reading.to_string(),
    }
}

/// What the words of [`short_reading`] mean, in the order in which they are explained.
pub(super) const SHORT_READINGS: [(Known, &str); 3] = [
    (
        Known::AtLeast,
        "≥: at least so long, because requests were given up",
    ),
    (
        Known::UnderNoise,
        "noise: shorter than what the machine itself withheld",
    ),
    (
        Known::TooFew,
        "few: too few samples (p50 needs 20, p90 100, p99 1000, p99.9 10000)",
    ),
];

/// The judgement in words.
pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "valid",
        Verdict::Noisy => "noisy",
        Verdict::LimitedByGenerator => "limited by the generator",
    }
}

/// The judgement in one character.
pub(super) const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "✓",
        Verdict::Noisy => "~",
        Verdict::LimitedByGenerator => "!",
    }
}

/// The judgement's colour on a terminal.
pub(super) fn style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Valid => AnsiColor::Green,
        Verdict::Noisy => AnsiColor::Yellow,
        Verdict::LimitedByGenerator => AnsiColor::Red,
    };
    color.on_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_exact_as_somebody_reads_them() {
        for (value, text) in [
            (0.0, "0"),
            (12.54, "12.5"),
            (100.4, "100"),
            (999.6, "1,000"),
            (1_446_402.2, "1,446,402"),
            (f64::INFINITY, "inf"),
            (-3.0, "-3"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(
            (counted(1, "core"), counted(1_000, "core")),
            ("1 core".to_owned(), "1,000 cores".to_owned())
        );
    }

    #[test]
    fn a_small_share_is_not_nothing() {
        for (share, text) in [
            (0.0, "0 %"),
            (0.000_01, "< 0.01 %"),
            (0.001_2, "0.12 %"),
            (0.034, "3.4 %"),
            (0.612, "61 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn ticks_are_short() {
        for (value, text) in [(0.5, "0.5"), (500.0, "500"), (12e3, "12k"), (1.5e6, "1.5M")] {
            assert_eq!(short(value), text);
        }
        for (micros, text) in [(0.2, "0.2 µs"), (2e3, "2 ms"), (1e6, "1 s")] {
            assert_eq!(short_micros(micros), text);
        }
    }
}
