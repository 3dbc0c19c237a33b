//! Records made by hand, for the tests of everything that is made from one.

use crate::{
    histogram::Histogram,
    latency::Latency,
    plan::{Arrivals, Plan, RequestPlan, Verify, Warmup},
    record::{
        Evidence, FindRecord, FindStep, Histograms, Host, LimitedBy, Point, Results, RunRecord,
        SCHEMA, Series, SweepPoint, SweepRecord, Validity, Verdict,
    },
};
use std::sync::LazyLock;

/// What a run is made of.
struct Shape {
    /// Requests that are in its histograms.
    samples: u64,
    throughput_per_s: f64,
    service_us: f64,
    /// What waiting to be written took, at the median.
    wait_us: f64,
    /// What was given up, and at which age.
    censored: (u64, u64),
    /// How much the machine withheld, at the worst.
    hiccup_us: f64,
}

/// Durations around a median, with a tail: the same for the same seed.
fn durations(seed: u64, samples: u64, median_us: f64, tail: f64) -> Histogram {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut histogram = Histogram::new();
    for _ in 0..samples {
        let sum: f64 = (0..6).map(|_| random.f64()).sum();
        let mut micros = median_us * ((sum - 3.0) * 0.5).exp();
        if random.f64() < 0.012 {
            micros *= 1.0 + tail * random.f64().powi(4);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a sample of some seconds")]
        histogram.record((micros * 1e3) as u64, 1);
    }
    histogram
}

fn run(plan: Plan, shape: &Shape) -> RunRecord {
    let service = durations(1, shape.samples, shape.service_us, 30.0);
    let lag = durations(2, shape.samples, 24.0, 40.0);
    let mut send_lag = lag.clone();
    let mut response = service.clone();
    if shape.wait_us > 0.0 {
        send_lag = durations(3, shape.samples, shape.wait_us, 1.0);
        response = durations(4, shape.samples, shape.wait_us + shape.service_us, 1.0);
    }
    let mut censored = Histogram::new();
    censored.record(shape.censored.1 * 1_000, shape.censored.0);
    response.merge(&censored);
    let hiccup = durations(5, 20_000, shape.hiccup_us / 40.0, 40.0);
    let connect = durations(6, u64::from(plan.connections), 420.0, 3.0);
    let first_byte = durations(1, shape.samples, shape.service_us * 0.97, 30.0);
    let none = Histogram::new();
    let of = |histogram: &Histogram| Latency::of(histogram, &none, Some(&hiccup));
    RunRecord {
        schema: SCHEMA.into(),
        kind: "run".into(),
        version: "0.1.0".into(),
        command: "petrel-bench run 127.0.0.1:21606 --connections 16 --payload 64 --seed 7".into(),
        started: "2026-03-01T12:00:00Z".into(),
        host: Host {
            os: "Linux 6.8.0".into(),
            cpu: "AMD EPYC 7B13".into(),
            cores: 4,
            co_located: true,
            embedded: false,
        },
        validity: Validity {
            verdict: Verdict::Valid,
            reasons: vec![
                "the generator can do 4.1 times as much".into(),
                "its busiest thread used 61 % of its time".into(),
            ],
            evidence: Evidence {
                headroom_per_s: Some(198_400.0),
                worker_busy: Some(0.612),
                worker_starved: Some(0.004),
                steal: Some(0.001),
                generator_cpu_us_per_request: Some(11.2),
                generator_lag_us: Latency::of(&lag, &none, None),
                hiccup_us: Latency::of(&hiccup, &none, None),
            },
        },
        results: Results {
            requests: shape.samples + shape.censored.0,
            ok: shape.samples,
            duration_s: plan.duration_s,
            warmup_s: 2.4,
            throughput_per_s: shape.throughput_per_s,
            sent_bytes_per_s: shape.throughput_per_s * 79.0,
            received_bytes_per_s: shape.throughput_per_s * 79.0,
            connections_open: plan.connections,
            response_us: Latency::of(&response, &censored, Some(&hiccup)),
            service_us: of(&service),
            first_byte_us: of(&first_byte),
            send_lag_us: Latency::of(&send_lag, &none, None),
            connect_us: of(&connect),
            server_cpu_us_per_request: Some(14.1),
            ..Results::default()
        },
        histograms: Histograms {
            response: response.to_base64(),
            response_censored: censored.to_base64(),
            service: service.to_base64(),
            first_byte: first_byte.to_base64(),
            send_lag: send_lag.to_base64(),
            connect: connect.to_base64(),
            generator_lag: lag.to_base64(),
            hiccup: hiccup.to_base64(),
        },
        series: series(&plan, shape),
        plan,
    }
}

/// A second for each second, with the response of a stretch around that of the run.
fn series(plan: &Plan, shape: &Shape) -> Series {
    let mut random = fastrand::Rng::with_seed(8);
    let response_us = shape.service_us + shape.wait_us;
    let mut points = Vec::new();
    let mut at_s = 0.0;
    while at_s < plan.duration_s {
        let factor = 0.94 + 0.12 * random.f64();
        points.push(Point {
            at_s,
            target_per_s: plan.rate_per_s,
            throughput_per_s: shape.throughput_per_s * factor,
            in_flight: u64::from(plan.connections) * u64::from(plan.pipeline),
            response_p50_us: Some(response_us / factor),
            response_p99_us: Some(response_us * (3.0 + random.f64())),
            response_max_us: Some(response_us * (8.0 + 12.0 * random.f64())),
            service_p99_us: Some(shape.service_us * 3.0),
            ..Point::default()
        });
        at_s += 1.0;
    }
    Series {
        step_s: 1.0,
        points,
    }
}

fn plan(connections: u32, rate_per_s: Option<f64>) -> Plan {
    Plan {
        target: "127.0.0.1:21606".into(),
        connections,
        pipeline: 1,
        threads: 2,
        rate_per_s,
        arrivals: rate_per_s.map(|_| Arrivals::Poisson),
        duration_s: 30.0,
        warmup: Warmup::Auto,
        timeout_s: 5.0,
        seed: 7,
        protocol_check: true,
        tls: false,
        mac: false,
        requests: vec![RequestPlan {
            name: "echo".into(),
            payload: "64".into(),
            weight: 1,
            verify: Verify::Echo,
            expect_status: vec![200],
        }],
    }
}

/// A closed loop that can be believed.
pub(super) fn closed() -> RunRecord {
    let shape = Shape {
        samples: 30_000,
        throughput_per_s: 48_213.4,
        service_us: 312.0,
        wait_us: 0.0,
        censored: (0, 0),
        hiccup_us: 400.0,
    };
    run(plan(16, None), &shape)
}

/// An open loop at a rate that the server cannot keep up with.
pub(super) fn overloaded() -> RunRecord {
    let shape = Shape {
        samples: 9_000,
        throughput_per_s: 31_400.0,
        service_us: 480.0,
        wait_us: 900_000.0,
        censored: (700, 2_600_000),
        hiccup_us: 400.0,
    };
    let mut run = run(plan(64, Some(40_000.0)), &shape);
    run.command = "petrel-bench run 127.0.0.1:21606 --rate 40000 --connections 64 --seed 7".into();
    run.validity.reasons = vec!["the generator was late by less than 1 ms at p99".into()];
    (run.results.unsent, run.results.censored) = (600, 700);
    run.results.reconnects = 3;
    run.results.requests += 12;
    for (kind, number) in [("timeout", 41), ("reset", 8), ("status 503", 4)] {
        run.results.errors.insert(kind.into(), number);
    }
    let mut backlog = 0;
    for (at, point) in run.series.points.iter_mut().enumerate() {
        backlog += 8_000 + 137 * (at as u64 % 5);
        point.backlog = backlog;
        point.errors = [0, 0, 3, 0, 11, 0, 0][at % 7];
        if at == 17 {
            (point.throughput_per_s, point.response_p50_us) = (0.0, None);
            (point.response_p99_us, point.response_max_us) = (None, None);
        }
    }
    run
}

/// A run on a machine that withholds more than the server takes, against the embedded server.
pub(super) fn noisy() -> RunRecord {
    let shape = Shape {
        samples: 4_000,
        throughput_per_s: 9_120.0,
        service_us: 90.0,
        wait_us: 0.0,
        censored: (0, 0),
        hiccup_us: 9_000.0,
    };
    let mut run = run(plan(8, None), &shape);
    run.plan.target = "embedded".into();
    run.host.embedded = true;
    run.validity.verdict = Verdict::Noisy;
    run.validity.reasons =
        vec!["the machine withheld 9 ms of a thread that only wakes up, more than p99".into()];
    run.validity.evidence.steal = Some(0.083);
    run.results.server_counted = Some(4_003);
    run
}

/// Closed loops over the number of connections.
pub(super) fn sweep() -> SweepRecord {
    static MADE: LazyLock<SweepRecord> = LazyLock::new(make_sweep);
    MADE.clone()
}

fn make_sweep() -> SweepRecord {
    let mut points = Vec::new();
    for (order, (connections, throughput_per_s, service_us)) in (0..).zip([
        (1, 9_600.0, 101.0),
        (2, 18_700.0, 104.0),
        (4, 34_100.0, 113.0),
        (8, 46_900.0, 167.0),
        (16, 48_200.0, 331.0),
        (32, 48_900.0, 642.0),
        (64, 47_300.0, 1_330.0),
    ]) {
        let shape = Shape {
            samples: if connections == 1 { 4_000 } else { 12_000 },
            throughput_per_s,
            service_us,
            wait_us: 0.0,
            censored: (0, 0),
            hiccup_us: 90.0,
        };
        points.push(SweepPoint {
            value: connections.into(),
            order,
            run: run(plan(connections, None), &shape),
        });
    }
    SweepRecord {
        schema: SCHEMA.into(),
        kind: "sweep".into(),
        version: "0.1.0".into(),
        command: "petrel-bench sweep 127.0.0.1:21606 --connections 1..64 --seed 7".into(),
        parameter: "connections".into(),
        points,
        knee: Some(8.0),
        hysteresis: Vec::new(),
    }
}

/// Open loops over rates, each on the way up and on the way down.
pub(super) fn sweep_of_rates() -> SweepRecord {
    static MADE: LazyLock<SweepRecord> = LazyLock::new(make_sweep_of_rates);
    MADE.clone()
}

fn make_sweep_of_rates() -> SweepRecord {
    let mut points = Vec::new();
    let rates: [f64; 5] = [5_000.0, 10_000.0, 20_000.0, 40_000.0, 80_000.0];
    for (at, rate_per_s) in (0..).zip(rates) {
        for is_down in [false, true] {
            let is_over = rate_per_s > 30_000.0;
            let slower = if is_down && rate_per_s > 15_000.0 {
                1.6
            } else {
                1.0
            };
            let shape = Shape {
                samples: 12_000,
                throughput_per_s: rate_per_s.min(31_000.0 / slower),
                service_us: 130.0 * slower * (1.0 + rate_per_s / 40_000.0),
                wait_us: if is_over { 700_000.0 * slower } else { 0.0 },
                censored: if is_over { (900, 1_500_000) } else { (0, 0) },
                hiccup_us: 90.0,
            };
            let mut run = run(plan(64, Some(rate_per_s)), &shape);
            if is_over {
                (run.results.unsent, run.results.censored) = (800, 900);
            }
            if rate_per_s > 70_000.0 {
                run.validity.verdict = Verdict::LimitedByGenerator;
                run.validity.reasons = vec!["its busiest thread used 99 % of its time".into()];
            }
            let order = if is_down { 9 - at } else { at };
            points.push(SweepPoint {
                value: rate_per_s,
                order,
                run,
            });
        }
    }
    SweepRecord {
        command: "petrel-bench sweep 127.0.0.1:21606 --rate 5k..80k --seed 7".into(),
        parameter: "rate_per_s".into(),
        points,
        knee: Some(20_000.0),
        hysteresis: vec![20_000.0, 40_000.0],
        ..sweep()
    }
}

/// A search that the server's latency limits.
pub(super) fn find() -> FindRecord {
    let mut steps = Vec::new();
    for (phase, rate_per_s, met) in [
        ("bracket", 1_000.0, 3),
        ("bracket", 2_000.0, 3),
        ("bracket", 4_000.0, 3),
        ("bracket", 8_000.0, 3),
        ("bracket", 16_000.0, 2),
        ("bracket", 32_000.0, 0),
        ("bisect", 22_600.0, 0),
        ("bisect", 19_000.0, 1),
        ("bisect", 17_500.0, 3),
        ("bisect", 18_400.0, 3),
        ("confirm", 18_400.0, 3),
    ] {
        steps.push(FindStep {
            phase: phase.into(),
            rate_per_s,
            met,
            windows: 3,
            passed: met >= 2,
            reason: (met < 2).then(|| format!("p99 was {:.2} ms", rate_per_s / 6_090.0)),
        });
    }
    let shape = Shape {
        samples: 20_000,
        throughput_per_s: 18_392.0,
        service_us: 210.0,
        wait_us: 0.0,
        censored: (0, 0),
        hiccup_us: 200.0,
    };
    FindRecord {
        schema: SCHEMA.into(),
        kind: "find".into(),
        version: "0.1.0".into(),
        command: "petrel-bench find 127.0.0.1:21606 --slo 'p99 < 2 ms, errors < 0.1 %'".into(),
        slo: "p99 < 2 ms, errors < 0.1 %".into(),
        rate_per_s: Some(18_400.0),
        interval_per_s: Some([17_900.0, 18_700.0]),
        limited_by: LimitedBy::Latency,
        reason: "p99 was 3.12 ms at 19,000/s".into(),
        steps,
        confirmation: Some(run(plan(64, Some(18_400.0)), &shape)),
    }
}
