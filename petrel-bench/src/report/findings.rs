//! What a sweep and a search found, in words. Names in it are as they came: whoever shows them escapes
//! them.

use super::{
    facts::errors_in_all,
    words::{self, count, number, rate},
};
use crate::{
    latency::{Known, Percentile},
    record::{FindRecord, LimitedBy, RunRecord, SweepPoint, SweepRecord, Verdict},
};

/// The percentiles that a sweep shows.
pub(super) const SWEEP_PERCENTILES: [Percentile; 3] =
    [Percentile::P50, Percentile::P99, Percentile::P999];

/// What was varied, as a noun.
pub(super) fn parameter(record: &SweepRecord) -> &str {
    match record.parameter.as_str() {
        "rate_per_s" => "rate",
        other => other,
    }
}

/// A value of what was varied, with its unit: `16 connections`, `20,000/s`.
pub(super) fn value(record: &SweepRecord, value: f64) -> String {
    match record.parameter.as_str() {
        "rate_per_s" => rate(value),
        other if value == 1.0 => format!("1 {}", other.trim_end_matches('s')),
        other => format!("{} {other}", number(value)),
    }
}

/// The sweep in one line: its knee, or else its most.
pub(super) fn sweep_headline(record: &SweepRecord) -> String {
    match (record.knee, best(record)) {
        (Some(knee), _) => {
            let at_knee = record
                .points
                .iter()
                .filter(|point| point.value == knee)
                .map(|point| point.run.results.throughput_per_s)
                .fold(None, |best: Option<f64>, each| {
                    Some(best.map_or(each, |best| best.max(each)))
                });
            let brings =
                at_knee.map_or_else(String::new, |per_s| format!(", with {}", rate(per_s)));
            format!("knee at {}{brings}", value(record, knee))
        }
        (None, Some(point)) => format!(
            "no knee seen; the most is {} at {}",
            rate(point.run.results.throughput_per_s),
            value(record, point.value)
        ),
        (None, None) => "no runs".to_owned(),
    }
}

fn best(record: &SweepRecord) -> Option<&SweepPoint> {
    let throughput = |point: &&SweepPoint| point.run.results.throughput_per_s;
    record
        .points
        .iter()
        .max_by(|a, b| throughput(a).total_cmp(&throughput(b)))
}

/// The lowest rate that was not reached, by more than arrivals of chance explain.
fn fell_behind(record: &SweepRecord) -> Option<String> {
    const REACHED: f64 = 0.95;
    let behind = record.points.iter().find(|point| {
        let wanted = point.run.plan.rate_per_s;
        wanted.is_some_and(|wanted| point.run.results.throughput_per_s < REACHED * wanted)
    })?;
    Some(format!(
        "At {} it fell behind: {} were answered, and {} requests were never sent.",
        value(record, behind.value),
        rate(behind.run.results.throughput_per_s),
        count(behind.run.results.unsent)
    ))
}

/// What the knee says, and whether the runs of one rate agree.
pub(super) fn sweep_notes(record: &SweepRecord) -> Vec<String> {
    let mut notes = vec![match record.knee {
        Some(knee) => format!(
            "From {} on, more load brings hardly more throughput, only longer waits.",
            value(record, knee)
        ),
        None => {
            "Throughput went on rising or never settled: no knee was seen in this range.".into()
        }
    }];
    notes.extend(fell_behind(record));
    let has_pairs = record
        .points
        .iter()
        .any(|point| !way(record, point).is_empty());
    if !record.hysteresis.is_empty() {
        let values: Vec<String> = record
            .hysteresis
            .iter()
            .map(|each| value(record, *each))
            .collect();
        notes.push(format!(
            "At {} the run on the way up and the one on the way down differ by more than the \
             machine's noise explains: the server remembers its load.",
            values.join(", ")
        ));
    } else if has_pairs {
        notes.push(
            "The ways up and down agree within the machine's noise: no hysteresis was seen.".into(),
        );
    }
    notes
}

/// What is to be said against single runs: each that is not valid, and why.
pub(super) fn doubts(record: &SweepRecord) -> Vec<(Verdict, String)> {
    let points = record.points.iter();
    points
        .filter(|point| point.run.validity.verdict != Verdict::Valid)
        .map(|point| {
            let validity = &point.run.validity;
            let text = format!(
                "{}: {}",
                words::verdict(validity.verdict),
                validity.reasons.join("; ")
            );
            (
                validity.verdict,
                format!("{}, {text}", label(record, point)),
            )
        })
        .collect()
}

/// The value of a run, with what tells it from the other run of the same value.
pub(super) fn label(record: &SweepRecord, point: &SweepPoint) -> String {
    let way = way(record, point);
    format!("{} {way}", number(point.value))
        .trim_end()
        .to_owned()
}

/// What the short readings mean that stand in the table of a sweep.
pub(super) fn reading_notes(record: &SweepRecord) -> Vec<&'static str> {
    let is_there = |known: Known| {
        record.points.iter().any(|point| {
            SWEEP_PERCENTILES
                .iter()
                .any(|percentile| point.run.results.response_us.reading(*percentile).known == known)
        })
    };
    words::SHORT_READINGS
        .iter()
        .filter(|(known, _)| is_there(*known))
        .map(|(_, meaning)| *meaning)
        .collect()
}

/// Which of the two runs of one value it is: `↑` the earlier, `↓` the later, nothing if it is alone.
pub(super) fn way(record: &SweepRecord, point: &SweepPoint) -> &'static str {
    let others = record
        .points
        .iter()
        .filter(|each| each.value == point.value);
    match others
        .map(|each| each.order.cmp(&point.order))
        .find(|order| order.is_ne())
    {
        None => "",
        Some(std::cmp::Ordering::Greater) => "↑",
        Some(_) => "↓",
    }
}

/// Requests that got no expected answer for whatever reason but being under way at the end.
pub(super) fn failed(run: &RunRecord) -> u64 {
    errors_in_all(run) + run.results.unsent
}

/// The answer of a search in one line.
pub(super) fn find_headline(record: &FindRecord) -> String {
    let Some(per_s) = record.rate_per_s else {
        return format!("no rate that was tried meets {}", record.slo);
    };
    let least = if is_lower_bound(record.limited_by) {
        "at least "
    } else {
        ""
    };
    format!("{least}{} meet {}", rate(per_s), record.slo)
}

/// Where the answer lies.
pub(super) fn interval(record: &FindRecord) -> Option<String> {
    let [low, high] = record.interval_per_s?;
    Some(format!("95 % confidence: {} to {}", rate(low), rate(high)))
}

/// Whether the server may be faster than the answer says.
pub(super) const fn is_lower_bound(limited_by: LimitedBy) -> bool {
    matches!(limited_by, LimitedBy::Generator | LimitedBy::Ceiling)
}

/// What limited it, in words.
pub(super) const fn limit(limited_by: LimitedBy) -> &'static str {
    match limited_by {
        LimitedBy::Latency => "the server's latency",
        LimitedBy::Errors => "the server's errors",
        LimitedBy::Throughput => "the server's throughput",
        LimitedBy::Generator => "the generator, so this is a lower bound",
        LimitedBy::Noise => "the noise of the machine",
        LimitedBy::Ceiling => "the highest rate that was asked for, so this is a lower bound",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_two_runs_of_one_rate_are_told_apart() {
        let sweep = sample::sweep_of_rates();
        let ways: Vec<&str> = sweep.points.iter().map(|each| way(&sweep, each)).collect();
        assert_eq!(ways[..2], ["↑", "↓"]);
        assert!(!ways.contains(&""));
        let sweep = sample::sweep();
        assert!(sweep.points.iter().all(|each| way(&sweep, each).is_empty()));
    }

    #[test]
    fn knee_and_hysteresis_are_said_and_so_is_their_absence() {
        let mut sweep = sample::sweep_of_rates();
        assert!(sweep_headline(&sweep).starts_with("knee at 20,000/s, with "));
        let notes = sweep_notes(&sweep).join("\n");
        assert!(
            notes.contains("At 20,000/s, 40,000/s the run on the way up"),
            "{notes}"
        );
        let (verdict, doubt) = &doubts(&sweep)[0];
        assert_eq!(*verdict, Verdict::LimitedByGenerator);
        assert!(
            doubt.starts_with("80,000 ↑, limited by the generator: its"),
            "{doubt}"
        );
        (sweep.knee, sweep.hysteresis) = (None, Vec::new());
        assert!(sweep_headline(&sweep).starts_with("no knee seen; the most is "));
        let notes = sweep_notes(&sweep).join("\n");
        let mut kept = sweep.clone();
        for point in &mut kept.points {
            point.run.results.throughput_per_s = point.run.plan.rate_per_s.unwrap();
        }
        assert!(!sweep_notes(&kept).join("\n").contains("fell behind"));
        let last = kept.points.last_mut().unwrap();
        last.run.results.throughput_per_s *= 0.9;
        let behind = sweep_notes(&kept).join("\n");
        assert!(
            behind.contains("At 80,000/s it fell behind: 72,000/s were"),
            "{behind}"
        );
        assert!(
            notes.contains("no knee was seen") && notes.contains("no hysteresis"),
            "{notes}"
        );
        sweep.points.clear();
        assert_eq!(sweep_headline(&sweep), "no runs");
    }

    #[test]
    fn a_lower_bound_is_called_one() {
        let mut find = sample::find();
        assert_eq!(
            find_headline(&find),
            "18,400/s meet p99 < 2 ms, errors < 0.1 %"
        );
        find.limited_by = LimitedBy::Generator;
        assert!(find_headline(&find).starts_with("at least 18,400/s"));
        find.rate_per_s = None;
        assert!(find_headline(&find).starts_with("no rate that was tried meets p99"));
    }
}
