//! That latencies are what users would have seen, and that rates are what was asked for.

use crate::{
    assert_accounted,
    peer::{Manner, Peer},
    run,
};
use std::{sync::Mutex, thread, time::Duration};

/// The server stops for at least so long.
const STALL: Duration = Duration::from_millis(400);

/// A server that answers one request after the other, whatever the connection, and stops once.
fn stalling(at: u64) -> Peer {
    let turn = Mutex::new(());
    Peer::start(move |seen| {
        let _turn = turn.lock().unwrap();
        if seen.number == at {
            thread::sleep(STALL);
        }
        Manner::Say(seen.echo())
    })
}

#[test]
fn a_stall_in_an_open_loop_shows_in_all_that_were_due_in_it() {
    let peer = stalling(300);
    let addr = peer.addr.to_string();
    let (record, _) = run(&[
        &addr,
        "-c",
        "4",
        "--rate",
        "1000",
        "--arrivals",
        "constant",
        "-d",
        "1s",
        "--warmup",
        "0",
    ]);
    assert_accounted(&record);
    let results = &record.results;
    assert_eq!(results.requests, 1000);
    // At least 400 of the 1000 were due while it stood still: those in the first half of that waited for
    // 200 ms and more.
    let slow = |least_ms: u64| {
        let of = petrel_bench::histogram::Histogram::from_base64(&record.histograms.response);
        let of = of.unwrap();
        of.count() - of.count_up_to(least_ms * 1_000_000)
    };
    assert!(slow(100) >= 250, "{}", slow(100));
    assert!(slow(300) >= 80, "{}", slow(300));
    assert!(results.response_us.max.unwrap() >= 400_000.0);
    // From when they were written only those few took long that were on their way.
    let service = petrel_bench::histogram::Histogram::from_base64(&record.histograms.service);
    let service = service.unwrap();
    let slow_service = service.count() - service.count_up_to(399_000_000);
    assert!((1..=4).contains(&slow_service), "{slow_service}");
}

#[test]
fn what_a_server_cannot_keep_up_with_was_never_sent_and_makes_lower_bounds() {
    // Ten milliseconds each, one after the other: 100 a second at the most.
    let turn = Mutex::new(());
    let peer = Peer::start(move |seen| {
        let _turn = turn.lock().unwrap();
        thread::sleep(Duration::from_millis(10));
        Manner::Say(seen.echo())
    });
    let addr = peer.addr.to_string();
    let (record, _) = run(&[
        &addr,
        "-c",
        "2",
        "--rate",
        "2000",
        "--arrivals",
        "constant",
        "-d",
        "1s",
        "--warmup",
        "0",
    ]);
    assert_accounted(&record);
    let results = &record.results;
    assert_eq!(results.requests, 2000);
    assert!(results.ok <= 103 && results.unsent >= 1890, "{results:?}");
    assert!(results.throughput_per_s <= 101.0);
    assert_eq!(results.response_us.at_least, ["p50", "p90", "p99"]);
    // Half of what was due waited for more than 400 ms when the run ended.
    assert!(results.response_us.p50.unwrap() > 400_000.0);
}

#[test]
fn several_requests_are_in_flight_on_one_connection() {
    // The server answers only once it has eight.
    let waiting = Mutex::new(Vec::new());
    let peer = Peer::start(move |seen| {
        let mut waiting = waiting.lock().unwrap();
        waiting.push(seen.echo());
        if waiting.len() < 8 {
            return Manner::Nothing;
        }
        Manner::Say(std::mem::take(&mut *waiting).concat())
    });
    let addr = peer.addr.to_string();
    let (record, _) = run(&[
        &addr,
        "-c",
        "1",
        "--pipeline",
        "8",
        "-d",
        "200ms",
        "--warmup",
        "0",
    ]);
    assert_accounted(&record);
    assert!(record.results.ok >= 8 && record.results.errors.is_empty());
}

#[test]
fn nothing_is_asked_for_until_every_connection_is_open() {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    };
    const CONNECTIONS: u64 = 80;
    let (checks, early) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let (counted, noticed) = (Arc::clone(&checks), Arc::clone(&early));
    let peer = Peer::watching_checks(
        move || {
            counted.fetch_add(1, Ordering::SeqCst);
        },
        move |seen| {
            if checks.load(Ordering::SeqCst) < CONNECTIONS {
                noticed.store(true, Ordering::SeqCst);
            }
            Manner::Say(seen.echo())
        },
    );
    let addr = peer.addr.to_string();
    let connections = CONNECTIONS.to_string();
    let (record, _) = run(&[&addr, "-c", &connections, "-d", "200ms", "--warmup", "0"]);
    assert_accounted(&record);
    assert_eq!(u64::from(record.results.connections_open), CONNECTIONS);
    assert!(!early.load(Ordering::SeqCst));
}
