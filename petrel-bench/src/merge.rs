//! Joins the results of generators that loaded one server at the same time, as if they had been one.
//!
//! - Histograms are merged, counts and throughputs summed, and every percentile is taken anew from the
//!   merged histograms: nothing is averaged.
//! - Series are added point by point. The percentiles of a point cannot be merged, because its histogram is
//!   not kept: the larger one stays, which is an upper bound of what the joined point would have.
//! - Every generator divides the whole processor time of the server by its own requests. Merged, that time
//!   is the longest that one of them saw, divided by the requests of all.
//! - The verdict is the worst one, with the reasons of all.
//! - Connections, rates and threads of the plan are summed; what differs otherwise without mattering (seed,
//!   warm-up) is the first one's.

mod likeness;

use crate::{
    histogram::Histogram,
    latency::Latency,
    plan::Plan,
    record::{
        Evidence, Histograms, Host, Point, Results, RunRecord, SCHEMA, Series, Validity, Verdict,
    },
};
use std::collections::BTreeMap;

/// The run that the runs were together. `command` is what makes the same document again.
///
/// # Errors
/// If there are fewer than two, or they were not parts of one load; the message names what differs.
pub fn merge(runs: &[RunRecord], command: String) -> Result<RunRecord, String> {
    let [first, rest @ ..] = runs else {
        return Err("there is nothing to merge; give two runs or more".to_owned());
    };
    if rest.is_empty() {
        return Err("one run is whole already; give two or more".to_owned());
    }
    likeness::refuse_unlike(runs)?;
    let distributions = Distributions::of(runs)?;
    let results = results(runs, &distributions);
    Ok(RunRecord {
        schema: SCHEMA.to_owned(),
        kind: "run".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command,
        started: likeness::earliest(runs)?,
        plan: Plan {
            connections: runs.iter().map(|run| run.plan.connections).sum(),
            threads: runs.iter().map(|run| run.plan.threads).sum(),
            rate_per_s: sum_of_known(runs, |run| run.plan.rate_per_s),
            ..first.plan.clone()
        },
        host: host(runs),
        validity: validity(runs, &distributions),
        results,
        histograms: distributions.texts(),
        series: series(runs),
    })
}

/// All distributions of all runs, merged.
struct Distributions {
    response: Histogram,
    response_censored: Histogram,
    service: Histogram,
    first_byte: Histogram,
    send_lag: Histogram,
    connect: Histogram,
    generator_lag: Histogram,
    hiccup: Histogram,
}

impl Distributions {
    fn of(runs: &[RunRecord]) -> Result<Self, String> {
        let merged = |of: fn(&Histograms) -> &String| {
            let mut all = Histogram::new();
            for (index, run) in runs.iter().enumerate() {
                let read = Histogram::from_base64(of(&run.histograms));
                all.merge(&read.map_err(|error| format!("run {}: {error}", index + 1))?);
            }
            Ok::<_, String>(all)
        };
        Ok(Self {
            response: merged(|texts| &texts.response)?,
            response_censored: merged(|texts| &texts.response_censored)?,
            service: merged(|texts| &texts.service)?,
            first_byte: merged(|texts| &texts.first_byte)?,
            send_lag: merged(|texts| &texts.send_lag)?,
            connect: merged(|texts| &texts.connect)?,
            generator_lag: merged(|texts| &texts.generator_lag)?,
            hiccup: merged(|texts| &texts.hiccup)?,
        })
    }

    fn texts(&self) -> Histograms {
        Histograms {
            response: self.response.to_base64(),
            response_censored: self.response_censored.to_base64(),
            service: self.service.to_base64(),
            first_byte: self.first_byte.to_base64(),
            send_lag: self.send_lag.to_base64(),
            connect: self.connect.to_base64(),
            generator_lag: self.generator_lag.to_base64(),
            hiccup: self.hiccup.to_base64(),
        }
    }
}

fn results(runs: &[RunRecord], distributions: &Distributions) -> Results {
    let none = Histogram::new();
    let plain = |histogram| Latency::of(histogram, &none, None);
    let noisy = |histogram, censored| Latency::of(histogram, censored, Some(&distributions.hiccup));
    let count = |of: fn(&Results) -> u64| runs.iter().map(|run| of(&run.results)).sum();
    let sum = |of: fn(&Results) -> f64| runs.iter().map(|run| of(&run.results)).sum();
    let longest =
        |of: fn(&Results) -> f64| runs.iter().map(|run| of(&run.results)).fold(0.0, f64::max);
    let mut errors = BTreeMap::new();
    for (kind, times) in runs.iter().flat_map(|run| &run.results.errors) {
        *errors.entry(kind.clone()).or_insert(0) += times;
    }
    Results {
        requests: count(|of| of.requests),
        ok: count(|of| of.ok),
        errors,
        unsent: count(|of| of.unsent),
        censored: count(|of| of.censored),
        unasked: count(|of| of.unasked),
        duration_s: longest(|of| of.duration_s),
        warmup_s: longest(|of| of.warmup_s),
        throughput_per_s: sum(|of| of.throughput_per_s),
        sent_bytes_per_s: sum(|of| of.sent_bytes_per_s),
        received_bytes_per_s: sum(|of| of.received_bytes_per_s),
        connections_open: runs.iter().map(|run| run.results.connections_open).sum(),
        reconnects: count(|of| of.reconnects),
        response_us: noisy(&distributions.response, &distributions.response_censored),
        service_us: noisy(&distributions.service, &none),
        first_byte_us: noisy(&distributions.first_byte, &none),
        send_lag_us: plain(&distributions.send_lag),
        connect_us: plain(&distributions.connect),
        server_cpu_us_per_request: {
            let spent = runs.iter().filter_map(|run| {
                Some(run.results.server_cpu_us_per_request? * float(run.results.ok))
            });
            per_request(runs, spent.reduce(f64::max))
        },
        server_counted: None,
    }
}

fn validity(runs: &[RunRecord], distributions: &Distributions) -> Validity {
    let weight = |verdict: &Verdict| match verdict {
        Verdict::Valid => 0,
        Verdict::Noisy => 1,
        Verdict::LimitedByGenerator => 2,
    };
    let verdicts = runs.iter().map(|run| run.validity.verdict);
    let reasons = runs.iter().enumerate().flat_map(|(index, run)| {
        let reasons = run.validity.reasons.iter();
        reasons.map(move |reason| format!("generator {}: {reason}", index + 1))
    });
    let greatest = |of: fn(&Evidence) -> Option<f64>| {
        let known = runs.iter().filter_map(|run| of(&run.validity.evidence));
        known.reduce(f64::max)
    };
    let none = Histogram::new();
    let cpu: Option<Vec<f64>> = (runs.iter())
        .map(|run| {
            Some(run.validity.evidence.generator_cpu_us_per_request? * float(run.results.ok))
        })
        .collect();
    Validity {
        verdict: verdicts.max_by_key(weight).unwrap_or(Verdict::Valid),
        reasons: reasons.collect(),
        evidence: Evidence {
            headroom_per_s: sum_of_known(runs, |run| run.validity.evidence.headroom_per_s),
            worker_busy: greatest(|of| of.worker_busy),
            worker_starved: greatest(|of| of.worker_starved),
            steal: greatest(|of| of.steal),
            generator_cpu_us_per_request: per_request(runs, cpu.map(|all| all.iter().sum())),
            generator_lag_us: Latency::of(&distributions.generator_lag, &none, None),
            hiccup_us: Latency::of(&distributions.hiccup, &none, None),
        },
    }
}

/// What all hosts have in common, and the names of all. Generators may share a machine, so processors are
/// not summed.
fn host(runs: &[RunRecord]) -> Host {
    let names = |of: fn(&Host) -> &String| {
        let mut names: Vec<&str> = Vec::new();
        for name in runs.iter().map(|run| of(&run.host).as_str()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(" + ")
    };
    Host {
        os: names(|host| &host.os),
        cpu: names(|host| &host.cpu),
        cores: runs.iter().map(|run| run.host.cores).max().unwrap_or(0),
        co_located: runs.iter().any(|run| run.host.co_located),
        embedded: false,
    }
}

fn series(runs: &[RunRecord]) -> Series {
    let mut points: Vec<Point> = Vec::new();
    for (index, point) in runs
        .iter()
        .flat_map(|run| run.series.points.iter().enumerate())
    {
        match points.get_mut(index) {
            Some(sum) => add(sum, point),
            None => points.push(point.clone()),
        }
    }
    Series {
        step_s: runs[0].series.step_s,
        points,
    }
}

fn add(sum: &mut Point, point: &Point) {
    let larger = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::max);
    sum.target_per_s = sum.target_per_s.zip(point.target_per_s).map(|(a, b)| a + b);
    sum.throughput_per_s += point.throughput_per_s;
    sum.errors += point.errors;
    sum.in_flight += point.in_flight;
    sum.backlog += point.backlog;
    sum.response_p50_us = larger(sum.response_p50_us, point.response_p50_us);
    sum.response_p99_us = larger(sum.response_p99_us, point.response_p99_us);
    sum.response_max_us = larger(sum.response_max_us, point.response_max_us);
    sum.service_p99_us = larger(sum.service_p99_us, point.service_p99_us);
}

/// The sum, if every run has it.
fn sum_of_known(runs: &[RunRecord], of: fn(&RunRecord) -> Option<f64>) -> Option<f64> {
    runs.iter().map(of).sum()
}

fn per_request(runs: &[RunRecord], micros: Option<f64>) -> Option<f64> {
    let ok: u64 = runs.iter().map(|run| run.results.ok).sum();
    micros.filter(|_| ok > 0).map(|micros| micros / float(ok))
}

#[expect(clippy::cast_precision_loss, reason = "counts lie far below 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
