//! What happened when: throughput, responses, and what was under way, waited and went wrong.

use super::{
    axis::Axis,
    chart::Chart,
    series::{Series, Shape},
};
use crate::{
    record::{Point, RunRecord},
    report::{
        facts::errors_in_all,
        words::{rate, short, short_micros},
    },
};

/// The charts, if the record holds a series.
pub(super) fn over_time(record: &RunRecord) -> Vec<Chart> {
    if record.series.points.is_empty() {
        return Vec::new();
    }
    vec![throughput(record), responses(record), trouble(record)]
}

/// The values of a series, each in the middle of its stretch; what is unknown interrupts it.
fn values(record: &RunRecord, value: impl Fn(&Point) -> Option<f64>) -> Vec<(f64, f64)> {
    let middle = record.series.step_s / 2.0;
    let points = record.series.points.iter();
    points
        .map(|point| (point.at_s + middle, value(point).unwrap_or(f64::NAN)))
        .collect()
}

fn time(record: &RunRecord) -> Axis {
    let end = record.series.points.last().map_or(0.0, |point| point.at_s) + record.series.step_s;
    Axis::up_to("seconds", end, short)
}

fn largest<'a>(series: impl IntoIterator<Item = &'a Series>) -> f64 {
    let points = series.into_iter().flat_map(|series| &series.points);
    points.fold(0.0, |most, (_, value)| most.max(*value))
}

fn throughput(record: &RunRecord) -> Chart {
    let mut series = Vec::new();
    let target = values(record, |point| point.target_per_s);
    if target.iter().any(|(_, value)| value.is_finite()) {
        series.push(Series::new("target", "ink", Shape::Dashed, target));
    }
    let answers = values(record, |point| Some(point.throughput_per_s));
    series.push(Series::new(
        "answered as expected",
        "c1",
        Shape::Line,
        answers,
    ));
    Chart {
        heading: "Throughput",
        title: format!(
            "Throughput over time; on the whole {}",
            rate(record.results.throughput_per_s)
        ),
        x: time(record),
        y: Axis::from_zero("answers/s", largest(&series), short),
        series,
        note: String::new(),
    }
}

fn responses(record: &RunRecord) -> Chart {
    let series = vec![
        Series::new(
            "max",
            "c4",
            Shape::Line,
            values(record, |point| point.response_max_us),
        ),
        Series::new(
            "p99",
            "c3",
            Shape::Line,
            values(record, |point| point.response_p99_us),
        ),
        Series::new(
            "p50",
            "c1",
            Shape::Line,
            values(record, |point| point.response_p50_us),
        ),
    ];
    let all = series
        .iter()
        .flat_map(|series| series.points.iter().map(|(_, value)| *value));
    Chart {
        heading: "Response",
        title: "Response over time: median, p99 and longest of each stretch".into(),
        x: time(record),
        y: Axis::log("duration", all, short_micros),
        series,
        note: String::new(),
    }
}

fn trouble(record: &RunRecord) -> Chart {
    let count = |of: fn(&Point) -> u64| values(record, move |point| Some(of(point) as f64));
    let mut series = vec![Series::new(
        "in flight",
        "c2",
        Shape::Line,
        count(|point| point.in_flight),
    )];
    if record.plan.is_open() {
        let backlog = count(|point| point.backlog);
        series.push(Series::new("due and not sent", "c3", Shape::Line, backlog));
    }
    series.push(Series::new(
        "errors",
        "fail",
        Shape::Line,
        count(|point| point.errors),
    ));
    Chart {
        heading: "In flight, waiting, gone wrong",
        title: format!(
            "Requests in flight, due and not sent, and errors over time; {} errors in all",
            errors_in_all(record)
        ),
        x: time(record),
        y: Axis::counts("requests", largest(&series), short),
        series,
        note: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn names(chart: &Chart) -> Vec<&str> {
        chart
            .series
            .iter()
            .map(|series| series.name.as_str())
            .collect()
    }

    #[test]
    fn only_an_open_loop_has_a_target_and_a_backlog() {
        let open = over_time(&sample::overloaded());
        assert_eq!(names(&open[0]), ["target", "answered as expected"]);
        assert_eq!(names(&open[2]), ["in flight", "due and not sent", "errors"]);
        let closed = over_time(&sample::closed());
        assert_eq!(names(&closed[0]), ["answered as expected"]);
        assert_eq!(names(&closed[2]), ["in flight", "errors"]);
    }

    #[test]
    fn a_stretch_without_answers_interrupts_the_responses() {
        let charts = over_time(&sample::overloaded());
        let gaps = |series: &Series| {
            series
                .points
                .iter()
                .filter(|(_, value)| value.is_nan())
                .count()
        };
        assert!(charts[1].series.iter().all(|series| gaps(series) == 1));
        let mut empty = sample::closed();
        empty.series.points.clear();
        assert!(over_time(&empty).is_empty());
    }
}
