//! What is to be said of a run beside its percentiles: what was done, what came of it, how far it can
//! be believed. Names and texts in it are as they came: whoever shows them escapes them.

use super::words::{
    byte_rate, count, counted, maybe_micros, number, percent, rate, seconds, title,
};
use crate::{
    latency::{Known, Latency, Percentile, Reading, show_micros},
    plan::{Arrivals, Plan, RequestPlan, Verify, Warmup},
    record::{Host, RunRecord},
};

/// Response counts as far above service from this many times on.
const FAR_ABOVE: f64 = 1.5;

/// A label and what belongs to it.
pub(super) type Fact = (&'static str, String);

/// What a closed loop cannot show.
pub(super) const CLOSED_LOOP: &str = "In a closed loop a server that stalls slows this load down \
     too, so its stalls count too little here; --rate shows what users would feel.";

/// A run in one line, without its target.
pub(super) fn headline(record: &RunRecord) -> String {
    let reading = |percentile| {
        let reading = record.results.response_us.reading(percentile);
        format!("{} {reading}", title(percentile))
    };
    format!(
        "{} answers, response {}, {}",
        rate(record.results.throughput_per_s),
        reading(Percentile::P50),
        reading(Percentile::P99)
    )
}

/// What was done, to what, on what.
pub(super) fn done(record: &RunRecord) -> Vec<Fact> {
    let RunRecord { plan, host, .. } = record;
    let requests: Vec<String> = plan
        .requests
        .iter()
        .map(|each| request(plan, each))
        .collect();
    let warmup = match plan.warmup {
        Warmup::Auto => "until stable",
        Warmup::Seconds(_) => "as asked",
    };
    vec![
        ("load", load(plan)),
        ("request", requests.join("; ")),
        ("server", server(plan, host)),
        (
            "machine",
            format!(
                "{}, {}, {}, of which {} for load",
                host.os,
                host.cpu,
                counted(host.cores.into(), "core"),
                counted(plan.threads.into(), "thread"),
            ),
        ),
        (
            "time",
            format!(
                "{} measured after {} of warm-up ({warmup}, discarded); timeout {}; seed {}",
                seconds(record.results.duration_s),
                seconds(record.results.warmup_s),
                seconds(plan.timeout_s),
                plan.seed,
            ),
        ),
    ]
}

fn load(plan: &Plan) -> String {
    let places = format!(
        "{} × {} in flight",
        counted(plan.connections.into(), "connection"),
        plan.pipeline
    );
    match plan.rate_per_s {
        None => format!("closed loop, as fast as answers come; {places}"),
        Some(per_s) => {
            let arrivals = match plan.arrivals {
                Some(Arrivals::Poisson) => ", Poisson arrivals",
                Some(Arrivals::Constant) => ", constant arrivals",
                None => "",
            };
            format!("open loop at {}{arrivals}; {places}", rate(per_s))
        }
    }
}

fn request(plan: &Plan, request: &RequestPlan) -> String {
    let verify = match request.verify {
        Verify::None => "not checked",
        Verify::Length => "checked for its length",
        Verify::Echo => "compared with the request",
    };
    let total: u64 = plan
        .requests
        .iter()
        .map(|each| u64::from(each.weight))
        .sum();
    let share = match plan.requests.len() {
        0 | 1 => String::new(),
        _ => format!(" ({} of {total})", request.weight),
    };
    let payload = &request.payload;
    format!(
        "{}{share}, payload {payload}, answer {verify}",
        request.name
    )
}

fn server(plan: &Plan, host: &Host) -> String {
    let on = |is_on| if is_on { "on" } else { "off" };
    let place = match (host.embedded, host.co_located) {
        (true, _) => "embedded: in this process, on the same cores",
        (false, true) => "co-located: on this machine, on the same cores",
        (false, false) => "not known to share this machine",
    };
    let (tls, mac) = (on(plan.tls), on(plan.mac));
    format!("{}, TLS {tls}, MAC {mac}; {place}", plan.target)
}

/// What came of it.
pub(super) fn outcome(record: &RunRecord) -> Vec<Fact> {
    let results = &record.results;
    let mut facts = vec![(
        "requests",
        format!(
            "{} due, {} answered as expected, {} unsent, {} censored",
            count(results.requests),
            count(results.ok),
            count(results.unsent),
            count(results.censored),
        ),
    )];
    facts.push(("errors", errors(record)));
    let mut traffic = format!(
        "{} sent, {} received over {}",
        byte_rate(results.sent_bytes_per_s),
        byte_rate(results.received_bytes_per_s),
        counted(results.connections_open.into(), "connection"),
    );
    if results.reconnects > 0 {
        traffic += &format!(", {} made anew", count(results.reconnects));
    }
    facts.push(("traffic", traffic));
    if let Some(server) = results.server_counted {
        facts.push(("count", own_count(server, results.ok)));
    }
    facts
}

fn errors(record: &RunRecord) -> String {
    let errors = &record.results.errors;
    if errors.is_empty() {
        return "none".to_owned();
    }
    let kinds: Vec<String> = errors
        .iter()
        .map(|(kind, number)| format!("{kind} {}", count(*number)))
        .collect();
    kinds.join(", ")
}

/// Of all requests that went wrong.
pub(super) fn errors_in_all(record: &RunRecord) -> u64 {
    record.results.errors.values().sum()
}

fn own_count(server: u64, ours: u64) -> String {
    let difference = match server.cmp(&ours) {
        std::cmp::Ordering::Equal => "as many as were answered here".to_owned(),
        std::cmp::Ordering::Greater => format!(
            "{} more than the {} answered here as expected",
            count(server - ours),
            count(ours)
        ),
        std::cmp::Ordering::Less => format!(
            "{} fewer than the {} answered here as expected",
            count(ours - server),
            count(ours)
        ),
    };
    format!(
        "the server counted {}, {difference}",
        counted(server, "request")
    )
}

/// How far it can be believed.
pub(super) fn evidence(record: &RunRecord) -> Vec<Fact> {
    let evidence = &record.validity.evidence;
    let mut generator = format!("lag {}", percentiles(&evidence.generator_lag_us));
    let shares = [
        ("busiest thread busy", evidence.worker_busy),
        ("starved", evidence.worker_starved),
        ("steal", evidence.steal),
    ];
    let shares: Vec<String> = shares
        .iter()
        .filter_map(|(name, share)| Some(format!("{name} {}", percent((*share)?))))
        .collect();
    if !shares.is_empty() {
        generator += &format!("; {}", shares.join(", "));
    }
    vec![
        (
            "noise floor",
            format!("hiccup {}", percentiles(&evidence.hiccup_us)),
        ),
        ("generator", generator),
        ("headroom", headroom(record)),
        (
            "processor",
            format!(
                "per request: generator {}, server {}",
                maybe_micros(evidence.generator_cpu_us_per_request),
                maybe_micros(record.results.server_cpu_us_per_request),
            ),
        ),
    ]
}

fn headroom(record: &RunRecord) -> String {
    let achieved = record.results.throughput_per_s;
    match record.validity.evidence.headroom_per_s {
        None => "not measured".to_owned(),
        Some(most) if achieved > 0.0 => format!(
            "{:.1} times what was achieved: {} against a server that costs next to nothing",
            most / achieved,
            rate(most),
        ),
        Some(most) => format!("{} against a server that costs next to nothing", rate(most)),
    }
}

fn percentiles(latency: &Latency) -> String {
    let mut parts: Vec<String> = Vec::new();
    for percentile in [Percentile::P50, Percentile::P99, Percentile::P999] {
        let reading = latency.reading(percentile);
        parts.push(format!("{} {reading}", title(percentile)));
        // What needs more samples is needed by everything above it too.
        if reading.known == Known::TooFew {
            break;
        }
    }
    parts.push(format!("max {}", maybe_micros(latency.max)));
    parts.join(", ")
}

/// Whose the wait was, if responses took far longer than services.
pub(super) fn wait(record: &RunRecord) -> Option<String> {
    let results = &record.results;
    let percentile = [Percentile::P99, Percentile::P50]
        .into_iter()
        .find(|percentile| {
            let known = |latency: &Latency| latency.reading(*percentile);
            let (response, service) = (known(&results.response_us), known(&results.service_us));
            match (response.micros, service.micros) {
                (Some(response_us), Some(service_us)) => {
                    response.known != Known::UnderNoise && response_us > FAR_ABOVE * service_us
                }
                _ => false,
            }
        })?;
    let response = results.response_us.reading(percentile);
    let times = response.micros? / results.service_us.reading(percentile).micros?.max(0.001);
    let lag = record
        .validity
        .evidence
        .generator_lag_us
        .reading(percentile);
    let waited = results.send_lag_us.reading(percentile);
    let least = if response.known == Known::AtLeast {
        "at least "
    } else {
        ""
    };
    let name = title(percentile);
    let mut text = format!(
        "At {name} response is {least}{} times service",
        number(times)
    );
    if let Some(waited_us) = waited.micros {
        text += &format!(": requests waited {} to be written", show_micros(waited_us));
    }
    if response.known == Known::AtLeast && explains_little(waited, response) {
        return Some(format!(
            "{text}. Most of it is of requests that were never sent or never answered."
        ));
    }
    Some(format!("{text}. {}", whose(waited, lag)))
}

/// Send lag is only of what was sent and answered.
fn explains_little(waited: Reading, response: Reading) -> bool {
    let both = waited.micros.zip(response.micros);
    both.is_none_or(|(waited, response)| waited < response / 2.0)
}

/// Lag is of when a place was free; what is beyond it was waited for a place.
fn whose(waited: Reading, lag: Reading) -> String {
    let (Some(waited_us), Some(lag_us)) = (waited.micros, lag.micros) else {
        return "Whose that wait was cannot be told from so few requests.".to_owned();
    };
    let lag = show_micros(lag_us);
    if lag_us >= 0.8 * waited_us {
        format!(
            "Places were free and the generator was late, by {lag}: the wait is the generator's, \
             not the server's."
        )
    } else if lag_us <= 0.2 * waited_us {
        format!(
            "All places were taken, for the generator itself was late by {lag} only: the server \
             was too slow for this rate."
        )
    } else {
        format!(
            "Of that the generator was late by {lag} while places were free; the rest is time in \
             which all places were taken, and is the server's."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_wait_is_the_servers_where_places_were_taken() {
        let text = wait(&sample::overloaded()).unwrap();
        assert!(text.contains("All places were taken"), "{text}");
        assert!(text.starts_with("At p99 response is at least "), "{text}");
        assert_eq!(wait(&sample::closed()), None);
    }

    #[test]
    fn the_wait_is_the_generators_where_places_were_free() {
        let mut run = sample::overloaded();
        let lag = run.results.send_lag_us.p99.unwrap();
        run.validity.evidence.generator_lag_us.p99 = Some(lag);
        let text = wait(&run).unwrap();
        assert!(text.contains("the wait is the generator's"), "{text}");
        run.validity.evidence.generator_lag_us.p99 = Some(lag / 2.0);
        let text = wait(&run).unwrap();
        assert!(text.contains("the rest is time in which"), "{text}");
        run.validity.evidence.generator_lag_us.p99 = None;
        let text = wait(&run).unwrap();
        assert!(text.contains("cannot be told"), "{text}");
    }

    #[test]
    fn the_servers_count_stands_beside_ours() {
        assert!(own_count(7, 7).ends_with("7 requests, as many as were answered here"));
        assert!(own_count(9, 7).contains("9 requests, 2 more than the 7"));
        assert!(own_count(7, 9).contains("7 requests, 2 fewer than the 9"));
    }
}
