//! Runs that nobody made, for tests.

use crate::{
    histogram::Histogram,
    latency::Latency,
    plan::{Arrivals, Plan, RequestPlan, Verify, Warmup},
    record::{
        Evidence, Histograms, Host, Point, Results, RunRecord, SCHEMA, Series, Validity, Verdict,
    },
};
use std::sync::LazyLock;

/// What a generator counted, before anything is made of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) response: Histogram,
    pub(crate) response_censored: Histogram,
    pub(crate) hiccup: Histogram,
}

/// A valid run of ten seconds with a thousand requests per second of 100 µs and ten in a thousand of 2 ms.
pub(crate) fn run() -> RunRecord {
    // Its histograms take long to write, and some tests need thousands of runs.
    static RUN: LazyLock<RunRecord> = LazyLock::new(|| {
        let mut counted = Counted::default();
        counted.response.record(100_000, 19_700);
        counted.response.record(2_000_000, 300);
        run_of(&counted)
    });
    RUN.clone()
}

/// The run in which that was counted.
pub(crate) fn run_of(counted: &Counted) -> RunRecord {
    let none = Histogram::new();
    let Counted {
        response,
        response_censored: censored,
        hiccup,
    } = counted;
    let (requests, given_up) = (response.count(), censored.count());
    let per_s = |count: u64| f64::from(u32::try_from(count).unwrap()) / 10.0;
    let response_us = Latency::of(response, censored, Some(hiccup));
    let service_us = Latency::of(response, &none, Some(hiccup));
    RunRecord {
        schema: SCHEMA.to_owned(),
        kind: "run".to_owned(),
        version: "0.1.0".to_owned(),
        command: "petrel-bench run 127.0.0.1:60606".to_owned(),
        started: "2026-01-01T00:00:00Z".to_owned(),
        plan: plan(),
        host: Host {
            os: "Linux".to_owned(),
            cpu: "a processor".to_owned(),
            cores: 2,
            co_located: true,
            embedded: false,
        },
        validity: Validity {
            verdict: Verdict::Valid,
            reasons: vec!["the generator can do 5 times as much".to_owned()],
            evidence: Evidence {
                worker_busy: Some(0.2),
                hiccup_us: Latency::of(hiccup, &none, None),
                generator_cpu_us_per_request: Some(5.0),
                ..Evidence::default()
            },
        },
        results: Results {
            requests,
            ok: requests - given_up,
            unsent: given_up,
            censored: given_up,
            duration_s: 10.0,
            warmup_s: 1.0,
            throughput_per_s: per_s(requests - given_up),
            connections_open: 4,
            first_byte_us: service_us.clone(),
            response_us,
            service_us,
            server_cpu_us_per_request: Some(8.0),
            ..Results::default()
        },
        histograms: Histograms {
            response: response.to_base64(),
            response_censored: censored.to_base64(),
            service: response.to_base64(),
            first_byte: response.to_base64(),
            send_lag: none.to_base64(),
            connect: none.to_base64(),
            generator_lag: none.to_base64(),
            hiccup: hiccup.to_base64(),
        },
        series: Series {
            step_s: 10.0,
            points: vec![Point {
                target_per_s: Some(2_000.0),
                throughput_per_s: per_s(requests - given_up),
                response_p99_us: Some(100.0),
                ..Point::default()
            }],
        },
    }
}

fn plan() -> Plan {
    Plan {
        target: "127.0.0.1:60606".to_owned(),
        connections: 4,
        pipeline: 1,
        threads: 1,
        rate_per_s: Some(2_000.0),
        arrivals: Some(Arrivals::Poisson),
        duration_s: 10.0,
        warmup: Warmup::Seconds(1.0),
        timeout_s: 5.0,
        seed: 7,
        protocol_check: true,
        tls: false,
        mac: false,
        requests: vec![RequestPlan {
            name: "echo".to_owned(),
            payload: "64".to_owned(),
            weight: 1,
            verify: Verify::Length,
            expect_status: vec![200],
        }],
    }
}
