//! What speaks against a run: each rule is a function that gives its reason, if it holds.

use super::{
    Judged,
    figures::{percent, reached, used},
};
use crate::{
    figures,
    latency::{Percentile, show_micros},
};

/// Share of its time from which on a loading thread has nothing left to give.
pub(crate) const BUSY_LIMIT: f64 = 0.95;

/// Share of the headroom from which on the generator is what a busy thread is busy with.
pub(crate) const HEADROOM_REACHED: f64 = 0.8;

/// Lag of the generator in microseconds at the 99th percentile, up to which it is small whatever it is
/// compared with.
pub(crate) const LAG_LIMIT_US: f64 = 1_000.0;

/// Share of the 99th percentile of responses that the generator's lag may make up.
const LAG_SHARE: f64 = 0.5;

/// Share of all processor time that the hypervisor may take before latencies are its own.
pub(crate) const STEAL_LIMIT: f64 = 0.02;

/// Share of its time that a loading thread may wait for a processor.
pub(crate) const STARVED_LIMIT: f64 = 0.1;

/// Percentiles of responses that have to lie above the noise. Rarer ones are marked one by one.
const ABOVE_NOISE: [Percentile; 3] = [Percentile::P50, Percentile::P90, Percentile::P99];

/// Share of its time, and of its headroom, below which a generator has room: what makes it late then is
/// the machine.
const HAS_ROOM: f64 = 0.5;

pub(super) fn limits_of_generator(input: &Judged) -> Vec<String> {
    let lag = lag(input).filter(|_| !has_room(input)).map(|late| {
        format!(
            "{late}: much of that is the generator's; lower --rate, load with more --threads, or end \
             what else runs here"
        )
    });
    [busy(input), lag, above_headroom(input)]
        .into_iter()
        .flatten()
        .collect()
}

fn has_room(input: &Judged) -> bool {
    let busy = input.evidence.worker_busy.unwrap_or(1.0);
    busy < HAS_ROOM && reached(input).is_none_or(|reached| reached < HAS_ROOM)
}

fn busy(input: &Judged) -> Option<String> {
    let used = used(&input.evidence)?;
    if used < BUSY_LIMIT {
        return None;
    }
    let reached = match reached(input) {
        Some(reached) if reached < HEADROOM_REACHED => return None,
        Some(reached) => format!(
            "and the run reached {} of what it reaches against a server that costs nothing",
            percent(reached)
        ),
        None => "and what it reaches against a server that costs nothing is not known".to_owned(),
    };
    let starved = match input.evidence.worker_starved {
        Some(starved) if starved > STARVED_LIMIT => {
            format!(" or waited for one ({} of its time)", percent(starved))
        }
        _ => String::new(),
    };
    Some(format!(
        "the busiest loading thread used {} of a processor{starved}, {reached}: load with more \
         --threads if there are processors left, from another machine, or with less (--rate, fewer \
         connections)",
        percent(used.min(1.0))
    ))
}

/// That requests went out late, in words that stand before a reason.
fn lag(input: &Judged) -> Option<String> {
    input.rate_per_s?;
    let lag = input.evidence.generator_lag_us.p99?;
    let response = input.response_us.p99?;
    (lag > LAG_LIMIT_US && lag > LAG_SHARE * response).then(|| {
        format!(
            "one request in a hundred was written {} or more after it could have been, and one \
             response in a hundred took {}",
            show_micros(lag),
            show_micros(response)
        )
    })
}

fn above_headroom(input: &Judged) -> Option<String> {
    let (rate, headroom) = input.rate_per_s.zip(input.evidence.headroom_per_s)?;
    (rate > headroom).then(|| {
        format!(
            "{} were asked for, and the generator makes {} against a server that costs nothing: ask for \
             less, load with more --threads, or from several machines",
            figures::rate(rate),
            figures::rate(headroom)
        )
    })
}

pub(super) fn noise(input: &Judged) -> Vec<String> {
    let evidence = &input.evidence;
    let mut reasons = Vec::new();
    if let Some(steal) = evidence.steal.filter(|steal| *steal >= STEAL_LIMIT) {
        reasons.push(format!(
            "the hypervisor gave {} of all processor time to others: measure when its host has less \
             to do, or on a machine of your own",
            percent(steal)
        ));
    }
    if let Some(late) = lag(input).filter(|_| has_room(input)) {
        reasons.push(format!(
            "{late}: the generator had time enough and was not let run; end what else runs here, or \
             give it a processor of its own"
        ));
    }
    let under = &input.response_us.under_noise;
    let under: Vec<&str> = ABOVE_NOISE
        .map(Percentile::name)
        .into_iter()
        .filter(|name| under.iter().any(|under| under == name))
        .collect();
    if !under.is_empty() {
        let hiccup = evidence.hiccup_us.p99.map_or_else(String::new, |hiccup| {
            format!(
                " (one wake-up in a hundred came {} late)",
                show_micros(hiccup)
            )
        });
        reasons.push(format!(
            "{} of responses {} under what the machine withheld from a thread that only \
             wakes{hiccup}: end what else runs here; `petrel-bench doctor` shows when it is quiet",
            under.join(", "),
            if under.len() == 1 { "lies" } else { "lie" }
        ));
    }
    if let Some(starved) = evidence
        .worker_starved
        .filter(|share| *share > STARVED_LIMIT)
    {
        reasons.push(format!(
            "the busiest loading thread was ready and had no processor {} of its time: give it one of \
             its own, with fewer --threads, with the server elsewhere, or by ending what else runs here",
            percent(starved)
        ));
    }
    reasons
}
