//! Commands that make many runs.

use crate::{
    bench,
    peer::{Manner, Peer},
    stderr,
};
use petrel_bench::record::{FindRecord, LimitedBy, SweepRecord};

#[test]
fn a_sweep_has_a_run_for_each_number_of_connections() {
    let peer = Peer::start(|seen| Manner::Say(seen.echo()));
    let output = bench(&[
        "sweep",
        &peer.addr.to_string(),
        "--connections",
        "4,1",
        "-d",
        "200ms",
        "--warmup",
        "0",
        "--format",
        "json",
    ]);
    let record: SweepRecord = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    let values: Vec<f64> = record.points.iter().map(|point| point.value).collect();
    assert_eq!(
        (record.parameter.as_str(), values),
        ("connections", vec![1.0, 4.0])
    );
    for point in &record.points {
        crate::assert_accounted(&point.run);
        assert!(point.run.results.ok > 0);
    }
}

#[test]
fn a_sweep_over_rates_goes_there_and_back() {
    let peer = Peer::start(|seen| Manner::Say(seen.echo()));
    let output = bench(&[
        "sweep",
        &peer.addr.to_string(),
        "--rates",
        "200,400",
        "-d",
        "200ms",
        "--warmup",
        "0",
        "-c",
        "2",
        "--format",
        "json",
    ]);
    let record: SweepRecord = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    let values: Vec<f64> = record.points.iter().map(|point| point.value).collect();
    assert_eq!(values, [200.0, 200.0, 400.0, 400.0]);
    let mut orders: Vec<u32> = record.points.iter().map(|point| point.order).collect();
    orders.sort_unstable();
    assert_eq!(orders, [0, 1, 2, 3]);
}

#[test]
fn a_search_that_meets_its_objective_everywhere_ends_at_the_ceiling() {
    let peer = Peer::start(|seen| Manner::Say(seen.echo()));
    let (record, code) = search(&peer);
    assert_eq!(record.rate_per_s, Some(200.0));
    assert_eq!(record.limited_by, LimitedBy::Ceiling);
    assert_eq!(code, Some(0));
    let confirmed = record.confirmation.unwrap();
    crate::assert_accounted(&confirmed);
}

#[test]
fn a_search_that_never_meets_it_says_what_was_wrong() {
    let peer = Peer::start(|seen| Manner::Say(seen.answer(500, seen.sequence, &seen.name, b"")));
    let (record, code) = search(&peer);
    assert_eq!(
        (record.rate_per_s, record.limited_by),
        (None, LimitedBy::Errors)
    );
    assert_eq!(code, Some(1));
}

/// Searches between 100 and 200 requests per second for the rate at which hardly anything goes wrong.
fn search(peer: &Peer) -> (FindRecord, Option<i32>) {
    let output = bench(&[
        "find",
        &peer.addr.to_string(),
        "--slo",
        "errors<1%",
        "--from",
        "100",
        "--to",
        "200",
        "-d",
        "200ms",
        "--warmup",
        "0",
        "--windows",
        "1",
        "-c",
        "2",
        "--format",
        "json",
    ]);
    let record: FindRecord = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    (record, output.status.code())
}
