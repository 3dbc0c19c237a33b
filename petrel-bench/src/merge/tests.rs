//! Parts of runs, put together again.

use super::*;
use crate::invented::{self, Counted};

/// What was counted as a whole, and the same in two unequal parts.
fn parts() -> (Counted, Counted, Counted) {
    let mut rng = fastrand::Rng::with_seed(5);
    let mut parts = [Counted::default(), Counted::default()];
    let mut whole = Counted::default();
    for _ in 0..30_000 {
        let is_censored = rng.u32(..1_000) < 4;
        let answered = 50_000 + rng.u64(..1_000_000) * rng.u64(..10);
        let nanos = if is_censored { 50_000_000 } else { answered };
        let hiccup = rng.u64(..6_000_000);
        for counted in [&mut parts[usize::from(rng.u32(..3) == 0)], &mut whole] {
            counted.response.record(nanos, 1);
            counted.hiccup.record(hiccup, 1);
            if is_censored {
                counted.response_censored.record(nanos, 1);
            }
        }
    }
    let [a, b] = parts;
    (whole, a, b)
}

fn merged(runs: &[RunRecord]) -> Result<RunRecord, String> {
    merge(runs, "petrel-bench merge a.json b.json".to_owned())
}

#[test]
fn the_parts_of_a_run_are_the_run() {
    let (whole, a, b) = parts();
    let whole = invented::run_of(&whole);
    let merged = merged(&[invented::run_of(&a), invented::run_of(&b)]).unwrap();
    assert_eq!(merged.histograms, whole.histograms);
    assert!(whole.results.response_us.p999.is_some());
    assert_eq!(whole.results.response_us.at_least, ["p999"]);
    assert_eq!(whole.results.response_us.under_noise[0], "p50");
    let mut results = merged.results;
    assert!((results.throughput_per_s - whole.results.throughput_per_s).abs() < 1e-6);
    results.throughput_per_s = whole.results.throughput_per_s;
    // Both saw the whole server, and each had a part of the requests.
    assert!(results.server_cpu_us_per_request.unwrap() < 8.0);
    results.server_cpu_us_per_request = whole.results.server_cpu_us_per_request;
    results.connections_open = whole.results.connections_open;
    assert_eq!(results, whole.results);
    assert_eq!(
        (merged.plan.connections, merged.plan.rate_per_s),
        (8, Some(4_000.0))
    );
}

#[test]
fn the_order_of_the_parts_changes_no_figure() {
    let (_, a, b) = parts();
    let (a, b) = (invented::run_of(&a), invented::run_of(&b));
    let (one, two) = (
        merged(&[a.clone(), b.clone()]).unwrap(),
        merged(&[b, a]).unwrap(),
    );
    assert_eq!(one.results, two.results);
    assert_eq!(one.histograms, two.histograms);
    assert_eq!(one.series, two.series);
}

#[test]
fn the_worst_verdict_stands_with_the_reasons_of_all() {
    let (_, a, b) = parts();
    let (mut a, mut b) = (invented::run_of(&a), invented::run_of(&b));
    a.validity.verdict = Verdict::LimitedByGenerator;
    b.validity.verdict = Verdict::Noisy;
    a.validity.evidence.worker_busy = Some(0.9);
    let validity = merged(&[a, b]).unwrap().validity;
    assert_eq!(validity.verdict, Verdict::LimitedByGenerator);
    assert_eq!(
        validity.reasons,
        [
            "generator 1: the generator can do 5 times as much",
            "generator 2: the generator can do 5 times as much"
        ]
    );
    assert_eq!(validity.evidence.worker_busy, Some(0.9));
    assert_eq!(validity.evidence.generator_cpu_us_per_request, Some(5.0));
}

#[test]
fn points_are_added_and_keep_the_larger_percentile() {
    let (_, a, b) = parts();
    let (mut a, mut b) = (invented::run_of(&a), invented::run_of(&b));
    let throughput = |run: &RunRecord| run.series.points[0].throughput_per_s;
    let sum = throughput(&a) + throughput(&b);
    b.series.points[0].response_p99_us = Some(300.0);
    a.series.points[0].response_p50_us = Some(9.0);
    b.series.points.push(b.series.points[0].clone());
    let merged = merged(&[a, b]).unwrap();
    let [both, last] = merged.series.points.as_slice() else {
        panic!("{:?}", merged.series);
    };
    assert_eq!(
        (both.throughput_per_s, both.target_per_s),
        (sum, Some(4_000.0))
    );
    assert_eq!(
        (both.response_p50_us, both.response_p99_us),
        (Some(9.0), Some(300.0))
    );
    assert_eq!(last.target_per_s, Some(2_000.0), "only one ran so long");
}

#[test]
fn what_was_not_one_load_is_refused_by_name() {
    let (_, a, b) = parts();
    let (a, b) = (invented::run_of(&a), invented::run_of(&b));
    let changed = |change: fn(&mut RunRecord)| {
        let mut b = b.clone();
        change(&mut b);
        merged(&[a.clone(), b]).unwrap_err()
    };
    for (error, part) in [
        (changed(|run| run.plan.target.push('1')), "target differs"),
        (
            changed(|run| run.plan.requests[0].payload.push('1')),
            "request differs",
        ),
        (
            changed(|run| {
                run.plan.tls = true;
                run.plan.rate_per_s = None;
            }),
            "rate_per_s, tls differs",
        ),
        (
            changed(|run| run.started = "2026-01-01T00:00:10Z".into()),
            "began 10 s apart",
        ),
        (
            changed(|run| run.started = "noon".into()),
            "`noon`, which is no time",
        ),
        (changed(|run| run.host.embedded = true), "embedded"),
        (
            changed(|run| run.histograms.service.push('%')),
            "run 2: a histogram is not base64",
        ),
        (
            merged(&[a.clone(), a.clone()]).unwrap_err(),
            "it would count twice",
        ),
        (
            merged(std::slice::from_ref(&a)).unwrap_err(),
            "give two or more",
        ),
        (merged(&[]).unwrap_err(), "give two runs or more"),
    ] {
        assert!(error.contains(part), "`{part}` is missing in `{error}`");
    }
    assert!(merged(&[a.clone(), b.clone()]).is_ok());
}
