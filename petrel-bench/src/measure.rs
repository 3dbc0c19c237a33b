//! One run with everything around it: what the generator can do, what the machine withholds, and the
//! judgement over both.

use crate::{
    engine::{self, Edge, Outcome, Setup},
    histogram::Histogram,
    latency::Latency,
    plan::Plan,
    progress::Watch,
    record::{Evidence, Histograms, Host, Results, RunRecord, SCHEMA, Validity, Verdict},
    target::Reached,
    workload::Workload,
};
use petrel_cli::{Failure, Interrupt, Key};
use std::time::SystemTime;

/// What a run is made with.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    pub(crate) reached: &'a Reached,
    pub(crate) key: Option<&'a Key>,
    pub(crate) command: &'a str,
    pub(crate) interrupt: Option<&'a Interrupt>,
}

impl Bench<'_> {
    /// Makes the run that a plan describes.
    ///
    /// # Errors
    /// If the target cannot be reached, the plan cannot be carried out, or nothing was measured.
    pub(crate) fn run(&self, plan: Plan, watch: &mut dyn Watch) -> Result<RunRecord, Failure> {
        let started = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let workload = Workload::new(&plan, self.key.map(Key::mac_key))?;
        let mut counted = (0, 0);
        let setup = Setup {
            plan,
            workload,
            endpoint: self.reached.endpoint.clone(),
            builder: self.reached.builder.clone(),
            interrupt: self.interrupt.cloned(),
            headroom_per_s: None,
        };
        let outcome = engine::run(setup, watch, &mut |edge| {
            let requests = self.reached.embedded().map(|it| it.stats().requests);
            match edge {
                Edge::Start => counted.0 = requests.unwrap_or(0),
                Edge::End => counted.1 = requests.unwrap_or(0),
            }
        })?;
        let is_embedded = self.reached.embedded().is_some();
        let mut results = results(&outcome);
        results.server_counted = is_embedded.then(|| counted.1 - counted.0);
        let times = &outcome.gathered.total.times;
        let none = Histogram::new();
        let evidence = Evidence {
            worker_busy: Some(outcome.busiest.busy),
            worker_starved: Some(outcome.busiest.starved),
            generator_lag_us: Latency::of(&times.generator_lag, &none, None),
            ..Evidence::default()
        };
        Ok(RunRecord {
            schema: SCHEMA.to_owned(),
            kind: "run".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.command.to_owned(),
            started,
            host: Host::default(),
            validity: Validity {
                verdict: Verdict::Valid,
                reasons: Vec::new(),
                evidence,
            },
            results,
            histograms: histograms(&outcome, &none),
            series: outcome.gathered.series(outcome.step_s),
            plan: outcome.plan,
        })
    }
}

fn results(outcome: &Outcome) -> Results {
    let (counts, times) = (
        &outcome.gathered.total.counts,
        &outcome.gathered.total.times,
    );
    let none = Histogram::new();
    let of = |histogram| Latency::of(histogram, &none, None);
    let window = outcome.window;
    Results {
        requests: counts.due(),
        ok: counts.ok,
        errors: counts.faults.by_name(),
        unsent: counts.unsent,
        censored: times.response_censored.count(),
        duration_s: engine::seconds(window.to - window.from),
        warmup_s: outcome.warmup_s,
        throughput_per_s: engine::per_second(counts.answered, window),
        sent_bytes_per_s: engine::per_second(counts.sent_bytes, window),
        received_bytes_per_s: engine::per_second(counts.received_bytes, window),
        connections_open: outcome.connections,
        reconnects: counts.reconnects,
        response_us: Latency::of(&times.response, &times.response_censored, None),
        service_us: of(&times.service),
        first_byte_us: of(&times.first_byte),
        send_lag_us: of(&times.send_lag),
        connect_us: of(&outcome.connect),
        ..Results::default()
    }
}

fn histograms(outcome: &Outcome, hiccup: &Histogram) -> Histograms {
    let times = &outcome.gathered.total.times;
    Histograms {
        response: times.response.to_base64(),
        response_censored: times.response_censored.to_base64(),
        service: times.service.to_base64(),
        first_byte: times.first_byte.to_base64(),
        send_lag: times.send_lag.to_base64(),
        connect: outcome.connect.to_base64(),
        generator_lag: times.generator_lag.to_base64(),
        hiccup: hiccup.to_base64(),
    }
}
