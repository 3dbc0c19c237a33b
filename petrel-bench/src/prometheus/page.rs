//! A run as a page of metrics.

use crate::{
    figures::{achieved_per_s, errors_in_all},
    latency::{Latency, Percentile},
    progress::{Phase, Progress},
};
use petrel_cli::output::one_line;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};
use std::fmt;

/// What the page is, for its readers.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const PHASES: [Phase; 5] = [
    Phase::Preflight,
    Phase::Connecting,
    Phase::Warmup,
    Phase::Measuring,
    Phase::Draining,
];

/// The page, complete with its end mark.
pub(super) fn page(progress: &Progress) -> String {
    let mut registry = Registry::with_prefix("petrel_bench");
    registry.register_collector(Box::new(Snapshot(progress.clone())));
    let mut page = String::with_capacity(8 * 1024);
    text::encode(&mut page, &registry).expect("a string takes everything");
    page
}

#[derive(Debug)]
struct Snapshot(Progress);

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let out = &mut encoder;
        counters(out, &self.0)?;
        durations(out, &self.0)?;
        rates(out, &self.0)?;
        state(out, &self.0)?;
        generator(out, &self.0)
    }
}

fn counters(out: &mut DescriptorEncoder<'_>, progress: &Progress) -> fmt::Result {
    let outcomes = [("ok", progress.ok), ("error", errors_in_all(progress))];
    family(
        out,
        "requests",
        "Requests in the measured time that were answered as expected, or went wrong",
        "outcome",
        outcomes.map(|(outcome, count)| (outcome, ConstCounter::new(count))),
    )?;
    let errors = progress.errors.iter();
    family(
        out,
        "errors",
        "Requests in the measured time that went wrong, by kind",
        "kind",
        errors.map(|(kind, &count)| (kind.as_str(), ConstCounter::new(count))),
    )
}

fn durations(out: &mut DescriptorEncoder<'_>, progress: &Progress) -> fmt::Result {
    family(
        out,
        "response_seconds",
        "From when a request was due to its whole answer; quantile 1 is the longest",
        "quantile",
        quantiles(&progress.response),
    )?;
    family(
        out,
        "service_seconds",
        "From when a request was written to its whole answer; quantile 1 is the longest",
        "quantile",
        quantiles(&progress.service),
    )
}

/// Those that are known. A percentile that has too few samples is left out, not set to nought.
fn quantiles(latency: &Latency) -> impl Iterator<Item = (String, ConstGauge<f64>)> {
    let percentiles = Percentile::ALL.into_iter().filter_map(|percentile| {
        let micros = latency.reading(percentile).micros?;
        Some((percentile.quantile().to_string(), micros))
    });
    percentiles
        .chain(latency.max.map(|micros| ("1".to_owned(), micros)))
        .map(|(quantile, micros)| (quantile, ConstGauge::new(micros / 1e6)))
}

fn rates(out: &mut DescriptorEncoder<'_>, progress: &Progress) -> fmt::Result {
    gauge(
        out,
        "target_requests_per_second",
        "Rate that is wanted; absent in a closed loop",
        progress.target_per_s,
    )?;
    gauge(
        out,
        "achieved_requests_per_second",
        "Expected answers per second in the last stretch",
        achieved_per_s(progress),
    )
}

fn state(out: &mut DescriptorEncoder<'_>, progress: &Progress) -> fmt::Result {
    gauge(
        out,
        "in_flight",
        "Requests in flight",
        Some(progress.in_flight),
    )?;
    gauge(
        out,
        "backlog",
        "Requests that are due and not sent",
        Some(progress.backlog),
    )?;
    let (open, wanted) = progress.connections;
    let connections = [("open", open), ("wanted", wanted)];
    family(
        out,
        "connections",
        "Connections that are open, and how many there are to be",
        "state",
        connections.map(|(state, count)| (state, ConstGauge::new(u64::from(count)))),
    )?;
    family(
        out,
        "phase",
        "1 for what the run is doing",
        "phase",
        PHASES.map(|phase| {
            let is_now = u64::from(phase == progress.phase);
            (phase.name(), ConstGauge::new(is_now))
        }),
    )?;
    let is_paused = u64::from(progress.paused);
    gauge(out, "paused", "1 while the load is paused", Some(is_paused))
}

fn generator(out: &mut DescriptorEncoder<'_>, progress: &Progress) -> fmt::Result {
    let health = &progress.health;
    for (name, help, value) in [
        (
            "generator_busy_ratio",
            "Share of its time that the busiest loading thread used the processor",
            health.worker_busy,
        ),
        (
            "generator_starved_ratio",
            "Share of its time that it was ready and had no processor",
            health.worker_starved,
        ),
        (
            "generator_steal_ratio",
            "Share of processor time that the hypervisor gave to others",
            health.steal,
        ),
        (
            "generator_lag_p99_seconds",
            "One in a hundred requests was written later than this after it could have been",
            health.generator_lag_p99_us.map(|micros| micros / 1e6),
        ),
        (
            "generator_headroom_requests_per_second",
            "Rate that the generator can make at the most, as far as is known",
            health.headroom_per_s,
        ),
    ] {
        gauge(out, name, help, value)?;
    }
    Ok(())
}

/// One value, or nothing at all.
fn gauge<N>(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    value: Option<N>,
) -> fmt::Result
where
    ConstGauge<N>: EncodeMetric,
{
    let Some(value) = value else {
        return Ok(());
    };
    let encoder = out.encode_descriptor(name, help, None, MetricType::Gauge)?;
    ConstGauge::new(value).encode(encoder)
}

/// One value for each value of a label.
fn family<L: AsRef<str>, M: EncodeMetric>(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &str,
    metrics: impl IntoIterator<Item = (L, M)>,
) -> fmt::Result {
    let mut metrics = metrics.into_iter().peekable();
    let Some((_, first)) = metrics.peek() else {
        return Ok(());
    };
    let mut encoder = out.encode_descriptor(name, help, None, first.metric_type())?;
    for (value, metric) in metrics {
        let labels = [(label, label_value(value.as_ref()))];
        metric.encode(encoder.encode_family(&labels)?)?;
    }
    Ok(())
}

/// The library writes values of labels as they are; the format wants quotes and backslashes escaped.
fn label_value(text: &str) -> String {
    one_line(text).replace('\\', r"\\").replace('"', r#"\""#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{progress::Health, record::Point};

    #[test]
    fn a_run_is_a_page() {
        let progress = Progress {
            phase: Phase::Measuring,
            target_per_s: Some(10_000.0),
            connections: (49, 50),
            ok: 1_200,
            errors: [("status".to_owned(), 1), ("timeout".to_owned(), 2)].into(),
            in_flight: 12,
            response: Latency {
                p50: Some(250.0),
                max: Some(1_500_000.0),
                count: 30,
                ..Latency::default()
            },
            points: vec![Point {
                throughput_per_s: 9_998.5,
                ..Point::default()
            }],
            health: Health {
                worker_busy: Some(0.25),
                ..Health::default()
            },
            ..Progress::default()
        };
        let page = page(&progress);
        let samples: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "petrel_bench_requests_total{outcome=\"ok\"} 1200",
                "petrel_bench_requests_total{outcome=\"error\"} 3",
                "petrel_bench_errors_total{kind=\"status\"} 1",
                "petrel_bench_errors_total{kind=\"timeout\"} 2",
                "petrel_bench_response_seconds{quantile=\"0.5\"} 0.00025",
                "petrel_bench_response_seconds{quantile=\"1\"} 1.5",
                "petrel_bench_target_requests_per_second 10000.0",
                "petrel_bench_achieved_requests_per_second 9998.5",
                "petrel_bench_in_flight 12",
                "petrel_bench_backlog 0",
                "petrel_bench_connections{state=\"open\"} 49",
                "petrel_bench_connections{state=\"wanted\"} 50",
                "petrel_bench_phase{phase=\"preflight\"} 0",
                "petrel_bench_phase{phase=\"connecting\"} 0",
                "petrel_bench_phase{phase=\"warm-up\"} 0",
                "petrel_bench_phase{phase=\"measuring\"} 1",
                "petrel_bench_phase{phase=\"draining\"} 0",
                "petrel_bench_paused 0",
                "petrel_bench_generator_busy_ratio 0.25",
            ]
        );
        assert!(page.contains("# TYPE petrel_bench_requests counter\n"));
        assert!(page.ends_with("# EOF\n"));
    }

    #[test]
    fn a_kind_of_error_cannot_break_out_of_its_label() {
        let kind = "a\"} 1\nevil 2".to_owned();
        let progress = Progress {
            errors: [(kind, 1)].into(),
            ..Progress::default()
        };
        let page = page(&progress);
        let sample = r#"petrel_bench_errors_total{kind="a\"} 1\\nevil 2"} 1"#;
        assert!(page.lines().any(|line| line == sample), "{page}");
    }
}
