//! Figures as people read them while a run goes on.

use crate::progress::Progress;

/// A number with its thousands apart: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate with what digits it needs: `0.50/s`, `12.3/s`, `9,998/s`.
pub(crate) fn rate(per_s: f64) -> String {
    if per_s < 9.995 {
        format!("{per_s:.2}/s")
    } else if per_s < 99.95 {
        format!("{per_s:.1}/s")
    } else if per_s < 1e15 {
        format!("{}/s", grouped(whole(per_s.round())))
    } else {
        format!("{per_s:.2e}/s")
    }
}

/// A span of time to the second, as flags take it: `12s`, `3m 05s`, `1h 02m`.
pub(crate) fn span(seconds: f64) -> String {
    let seconds = whole(seconds);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// How far the phase is: `12s of 30s`, or only `12s` where nobody knows how long it takes.
pub(crate) fn elapsed(progress: &Progress) -> String {
    match progress.phase_total_s {
        Some(total_s) => format!("{} of {}", span(progress.phase_s), span(total_s)),
        None => span(progress.phase_s),
    }
}

/// Expected answers per second in the last stretch, once there is one.
pub(crate) fn achieved_per_s(progress: &Progress) -> Option<f64> {
    progress.points.last().map(|point| point.throughput_per_s)
}

/// Errors of all kinds.
pub(crate) fn errors_in_all(progress: &Progress) -> u64 {
    let add = |sum: u64, &count| sum.saturating_add(count);
    progress.errors.values().fold(0, add)
}

/// The whole part; nothing for what is no number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and that is what is wanted"
)]
const fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn a_rate_shows_the_digits_that_it_needs() {
        for (per_s, text) in [
            (0.0, "0.00/s"),
            (0.5, "0.50/s"),
            (12.34, "12.3/s"),
            (99.96, "100/s"),
            (9_998.4, "9,998/s"),
            (3e20, "3.00e20/s"),
        ] {
            assert_eq!(rate(per_s), text);
        }
    }

    #[test]
    fn a_span_is_written_as_flags_take_it() {
        for (seconds, text) in [
            (f64::NAN, "0s"),
            (-1.0, "0s"),
            (59.9, "59s"),
            (185.0, "3m 05s"),
            (3_725.0, "1h 02m"),
        ] {
            assert_eq!(span(seconds), text);
        }
        assert_eq!(humantime::parse_duration("3m 05s").unwrap().as_secs(), 185);
    }
}
