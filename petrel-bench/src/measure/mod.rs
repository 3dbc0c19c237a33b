//! One run with everything around it: what the generator can do, what the machine withholds, and the
//! judgement over both.

mod headroom;
mod surroundings;

pub(crate) use headroom::headroom;

use crate::{
    engine::{self, Edge, Outcome, Setup},
    health::{self, Judged},
    histogram::Histogram,
    latency::Latency,
    plan::Plan,
    progress::{Phase, Progress, Watch},
    record::{Evidence, Histograms, Results, RunRecord, SCHEMA, Validity},
    target::Reached,
    workload::Workload,
};
use petrel_cli::{Failure, Interrupt, Key};
use std::{cell::Cell, time::SystemTime};
use surroundings::{After, Surroundings};

/// What runs are made with.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    reached: &'a Reached,
    key: Option<&'a Key>,
    command: &'a str,
    interrupt: &'a Interrupt,
    /// The headroom of the last run, with the connections that it was measured with.
    known: Cell<Option<(u32, Option<f64>)>>,
}

/// A run, and whether it was cut short.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) record: RunRecord,
    pub(crate) interrupted: bool,
}

impl<'a> Bench<'a> {
    /// `command` is the line that makes such runs again.
    pub(crate) const fn new(
        reached: &'a Reached,
        key: Option<&'a Key>,
        command: &'a str,
        interrupt: &'a Interrupt,
    ) -> Self {
        Self {
            reached,
            key,
            command,
            interrupt,
            known: Cell::new(None),
        }
    }

    /// Makes the run that a plan describes.
    ///
    /// # Errors
    /// If the target cannot be reached, the plan cannot be carried out, or nothing was measured.
    pub(crate) fn run(&self, plan: Plan, watch: &mut dyn Watch) -> Result<Measured, Failure> {
        let is_embedded = self.reached.embedded().is_some();
        health::check_connections(plan.connections, is_embedded)?;
        let started = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let workload = Workload::new(&plan, self.key.map(Key::mac_key))?;
        let headroom_per_s = self.headroom(&plan, watch)?;
        let setup = Setup {
            plan,
            workload,
            endpoint: self.reached.endpoint.clone(),
            builder: self.reached.builder.clone(),
            interrupt: Some(self.interrupt.clone()),
            headroom_per_s,
        };
        let mut surroundings = Surroundings::of(self.reached);
        let outcome = engine::run(setup, watch, &mut |edge| match edge {
            Edge::Start => surroundings.begin(),
            Edge::End => surroundings.end(),
        })?;
        let seen = surroundings.into_seen();
        let results = results(&outcome, &seen, is_embedded);
        let validity = self.judge(&outcome, &results, &seen, headroom_per_s);
        let record = RunRecord {
            schema: SCHEMA.to_owned(),
            kind: "run".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.command.to_owned(),
            started,
            host: health::host(self.reached.is_near, is_embedded),
            validity,
            results,
            histograms: histograms(&outcome, &seen.hiccups),
            series: outcome.gathered.series(outcome.step_s),
            plan: outcome.plan,
        };
        Ok(Measured {
            record,
            interrupted: outcome.interrupted,
        })
    }

    /// Measured anew only if the number of connections is another one.
    fn headroom(&self, plan: &Plan, watch: &mut dyn Watch) -> Result<Option<f64>, Failure> {
        match self.known.get() {
            Some((connections, known)) if connections == plan.connections => Ok(known),
            _ => {
                // Whoever watches sees why it does not begin at once. Orders come too early.
                watch.show(&Progress {
                    phase: Phase::Preflight,
                    connections: (0, plan.connections),
                    target_per_s: plan.rate_per_s,
                    ..Progress::default()
                });
                let measured = headroom(plan, self.key, Some(self.interrupt))?;
                self.known.set(Some((plan.connections, measured)));
                Ok(measured)
            }
        }
    }

    fn judge(
        &self,
        outcome: &Outcome,
        results: &Results,
        seen: &After,
        headroom_per_s: Option<f64>,
    ) -> Validity {
        let none = Histogram::new();
        let times = &outcome.gathered.total.times;
        let counts = &outcome.gathered.total.counts;
        let evidence = Evidence {
            headroom_per_s,
            worker_busy: Some(outcome.busiest.busy),
            worker_starved: Some(outcome.busiest.starved),
            steal: seen.steal,
            generator_cpu_us_per_request: per_request(counts.cpu_nanos, counts.answered),
            generator_lag_us: Latency::of(&times.generator_lag, &none, None),
            hiccup_us: Latency::of(&seen.hiccups, &none, None),
        };
        let mut validity = health::judge(&Judged {
            evidence,
            throughput_per_s: results.throughput_per_s,
            rate_per_s: outcome.plan.rate_per_s,
            response_us: results.response_us.clone(),
            connections_open: results.connections_open,
            connections_wanted: outcome.plan.connections,
            steered: !outcome.steered.is_empty(),
            co_located: self.reached.is_near,
        });
        if let Some(problem) = &outcome.connect_problem {
            validity
                .reasons
                .push(format!("a connection could not be opened: {problem}"));
        }
        let standing = outcome.gathered.last.counts.standing.connections;
        if standing < outcome.connections {
            validity.reasons.push(format!(
                "note: of {} connections only {standing} were open at the end",
                outcome.connections
            ));
        }
        if results.unasked > 0 {
            validity.reasons.push(format!(
                "note: {} answers came that nobody had asked for; each cost its connection",
                results.unasked
            ));
        }
        if results.ok == 0 {
            let reason = "note: not one answer came as expected: nothing is known of how fast the \
                          server is";
            validity.reasons.insert(0, reason.to_owned());
        }
        if results.duration_s + 0.001 < outcome.plan.duration_s {
            validity.reasons.push(format!(
                "note: ended by hand after {:.1} s of {:.1} s",
                results.duration_s, outcome.plan.duration_s
            ));
        }
        if counts.failed_connects > 0 {
            validity.reasons.push(format!(
                "note: connections that were lost could not be made anew {} times",
                counts.failed_connects
            ));
        }
        if !outcome.steered.is_empty() {
            let steps = outcome.steered.join(", ");
            validity.reasons.push(format!("steered by hand: {steps}"));
        }
        validity
    }
}

fn results(outcome: &Outcome, seen: &After, is_embedded: bool) -> Results {
    let (counts, times) = (
        &outcome.gathered.total.counts,
        &outcome.gathered.total.times,
    );
    let none = Histogram::new();
    let of = |histogram| Latency::of(histogram, &none, None);
    let noisy = |histogram, censored| Latency::of(histogram, censored, Some(&seen.hiccups));
    let window = outcome.window;
    Results {
        requests: counts.due(),
        ok: counts.ok,
        errors: counts.faults.by_name(),
        unsent: counts.unsent,
        censored: times.response_censored.count(),
        duration_s: engine::seconds(window.to - window.from),
        warmup_s: outcome.warmup_s,
        throughput_per_s: outcome.throughput_per_s(),
        sent_bytes_per_s: engine::per_second(counts.sent_bytes, window),
        received_bytes_per_s: engine::per_second(counts.received_bytes, window),
        connections_open: outcome.connections,
        unasked: counts.unasked,
        reconnects: counts.reconnects,
        response_us: noisy(&times.response, &times.response_censored),
        service_us: noisy(&times.service, &none),
        first_byte_us: noisy(&times.first_byte, &none),
        send_lag_us: of(&times.send_lag),
        connect_us: of(&outcome.connect),
        server_cpu_us_per_request: seen
            .server_ns
            .and_then(|nanos| per_request(nanos, counts.answered)),
        server_counted: is_embedded.then_some(seen.counted).flatten(),
    }
}

fn histograms(outcome: &Outcome, hiccups: &Histogram) -> Histograms {
    let times = &outcome.gathered.total.times;
    Histograms {
        response: times.response.to_base64(),
        response_censored: times.response_censored.to_base64(),
        service: times.service.to_base64(),
        first_byte: times.first_byte.to_base64(),
        send_lag: times.send_lag.to_base64(),
        connect: outcome.connect.to_base64(),
        generator_lag: times.generator_lag.to_base64(),
        hiccup: hiccups.to_base64(),
    }
}

/// Nanoseconds of many requests as microseconds of one.
#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds and counts of a run lie far below 2^53"
)]
fn per_request(nanos: u64, requests: u64) -> Option<f64> {
    (requests > 0).then(|| nanos as f64 / 1e3 / requests as f64)
}
