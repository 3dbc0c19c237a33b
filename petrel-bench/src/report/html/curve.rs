//! The curve of percentiles: response and service over the share of requests, above the noise floor.

use super::{
    axis::Axis,
    chart::Chart,
    series::{Series, Shape},
};
use crate::{
    histogram::Histogram,
    latency::{Percentile, micros},
    record::RunRecord,
    report::words::{short_micros, title},
};

/// Samples above a share that are needed to believe in it: as for percentiles in numbers.
const SAMPLES_ABOVE_MIN: u64 = 10;

/// The chart, if the record holds the distribution of responses.
pub(super) fn curve(record: &RunRecord) -> Option<Chart> {
    let read = |text: &str| {
        let histogram = Histogram::from_base64(text).ok()?;
        (!histogram.is_empty()).then_some(histogram)
    };
    let response = read(&record.histograms.response)?;
    let service = read(&record.histograms.service);
    let hiccup = read(&record.histograms.hiccup);
    let censored = read(&record.histograms.response_censored).unwrap_or_default();

    let mut series = Vec::new();
    if let Some(hiccup) = &hiccup {
        let points = shares(hiccup);
        series.push(Series::new(
            "noise floor of the machine",
            "floor",
            Shape::Area,
            points,
        ));
    }
    if let Some(service) = &service {
        series.extend(believed("service", "c2 broad", service, &Histogram::new()));
    }
    series.extend(believed("response", "c1", &response, &censored));

    let all = [Some(&response), service.as_ref()];
    let ends = all.into_iter().flatten().flat_map(|histogram| {
        let least = histogram.iter().next().map(|(nanos, _)| micros(nanos));
        [least, histogram.max().map(micros)].into_iter().flatten()
    });
    let readings = Percentile::ALL.map(|percentile| {
        format!(
            "{} {}",
            title(percentile),
            record.results.response_us.reading(percentile)
        )
    });
    Some(Chart {
        heading: "Percentiles",
        title: format!("Response by percentile: {}", readings.join(", ")),
        x: Axis::tail("percentile", response.count()),
        y: Axis::log("duration", ends, short_micros),
        series,
        note: "Dashed: fewer than ten samples lie above, or requests that were given up make it a \
               lower bound. What lies in the grey cannot be told from the machine's own delays."
            .to_owned(),
    })
}

/// The distribution as a line, and dashed from where it is not to be believed.
fn believed(
    name: &str,
    class: &'static str,
    all: &Histogram,
    censored: &Histogram,
) -> impl Iterator<Item = Series> {
    let points = shares(all);
    let sure = sure_share(all, censored);
    let split = points.partition_point(|(share, _)| *share <= sure);
    let (solid, mut dashed) = (points[..split].to_vec(), points[split..].to_vec());
    if let Some((share, value)) = solid.last().copied()
        && share < sure
        && !dashed.is_empty()
    {
        // Both meet where belief ends: on the step that it cuts.
        dashed.insert(0, (share, value));
    } else if let Some(last) = solid.last() {
        dashed.insert(0, *last);
    }
    let is_all_dashed = solid.is_empty();
    let rest = Series::new(name, class, Shape::Dashed, dashed);
    let rest = if is_all_dashed {
        rest
    } else {
        rest.without_legend()
    };
    let solid = (!is_all_dashed).then(|| Series::new(name, class, Shape::Line, solid));
    solid.into_iter().chain([rest])
}

/// For every value the share that is smaller, and the one that is not larger.
fn shares(histogram: &Histogram) -> Vec<(f64, f64)> {
    let total = histogram.count() as f64;
    let mut points = Vec::new();
    let mut seen = 0;
    for (nanos, times) in histogram.iter() {
        let before = seen as f64 / total;
        seen += times;
        points.push((before, micros(nanos)));
        points.push((seen as f64 / total, micros(nanos)));
    }
    points
}

/// The share up to which the distribution is exact and has samples enough.
fn sure_share(all: &Histogram, censored: &Histogram) -> f64 {
    let total = all.count();
    let mut sure = total.saturating_sub(SAMPLES_ABOVE_MIN);
    let (mut seen, mut given_up) = (0, 0);
    let mut gone = censored.iter().peekable();
    for (nanos, times) in all.iter() {
        while let Some((_, more)) = gone.next_if(|(age, _)| *age <= nanos) {
            given_up += more;
        }
        seen += times;
        // Answered ones up to here: from there on somebody given up may belong in between.
        if given_up > 0 {
            sure = sure.min((seen - given_up.min(seen)).max(seen - times));
            break;
        }
    }
    sure as f64 / total.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn histogram(values: impl IntoIterator<Item = (u64, u64)>) -> Histogram {
        let mut histogram = Histogram::new();
        for (nanos, times) in values {
            histogram.record(nanos, times);
        }
        histogram
    }

    #[test]
    fn belief_ends_where_samples_do_or_somebody_was_given_up() {
        let all = histogram([(1_000, 900), (2_000, 100)]);
        assert_eq!(sure_share(&all, &Histogram::new()), 0.99);
        let censored = histogram([(2_000, 60)]);
        assert_eq!(sure_share(&all, &censored), 0.94);
        let all = histogram([(10, 500), (1_000, 500)]);
        assert_eq!(sure_share(&all, &histogram([(10, 500)])), 0.0);
    }

    #[test]
    fn a_share_is_drawn_from_the_smaller_ones_to_all_up_to_it() {
        let points = shares(&histogram([(1_000, 3), (2_000, 1)]));
        assert_eq!(points, [(0.0, 1.0), (0.75, 1.0), (0.75, 2.0), (1.0, 2.0)]);
    }

    #[test]
    fn response_service_and_noise_are_drawn() {
        let chart = curve(&sample::overloaded()).unwrap();
        let names: Vec<&str> = chart
            .series
            .iter()
            .filter(|series| series.in_legend)
            .map(|series| series.name.as_str())
            .collect();
        assert_eq!(names, ["noise floor of the machine", "service", "response"]);
        assert!(chart.title.contains("p99 ≥ "), "{}", chart.title);
    }

    #[test]
    fn without_its_distribution_there_is_no_curve() {
        let mut run = sample::closed();
        run.histograms.service = "<script>".into();
        assert!(curve(&run).is_some(), "what is left is drawn");
        run.histograms.response = String::new();
        assert!(curve(&run).is_none());
    }
}
