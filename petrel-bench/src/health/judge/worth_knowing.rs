//! What speaks for a valid run, and what changes no verdict but should be known.

use super::{
    Judged,
    against::{BUSY_LIMIT, HEADROOM_REACHED},
    figures::{percent, reached, used},
};
use crate::{figures, latency::show_micros};

pub(super) fn what_speaks_for(input: &Judged) -> Vec<String> {
    let evidence = &input.evidence;
    let mut reasons = Vec::new();
    if let Some(reached) = reached(input).filter(|reached| *reached > 0.0) {
        reasons.push(format!(
            "the generator makes {} against a server that costs nothing: {:.1} times what \
             the run reached",
            // A quotient of what is known, so that both figures are told.
            figures::rate(evidence.headroom_per_s.unwrap_or_default()),
            1.0 / reached
        ));
    }
    if let Some(used) = used(evidence) {
        reasons.push(format!(
            "the busiest loading thread used {} of a processor",
            percent(used)
        ));
    }
    if let Some((lag, _)) = evidence.generator_lag_us.p99.zip(input.rate_per_s) {
        reasons.push(format!(
            "ninety-nine requests in a hundred were written at most {} after they could have been",
            show_micros(lag)
        ));
    }
    if let Some(hiccup) = evidence.hiccup_us.p99 {
        reasons.push(format!(
            "ninety-nine in a hundred wake-ups of a thread that only wakes came at most {} late",
            show_micros(hiccup)
        ));
    }
    reasons
}

pub(super) fn notes(input: &Judged) -> Vec<String> {
    let mut notes = Vec::new();
    let (open, wanted) = (input.connections_open, input.connections_wanted);
    if open < wanted {
        notes.push(format!(
            "note: only {open} of {wanted} connections were open; the errors of connecting say why"
        ));
    }
    if input.steered {
        notes.push(
            "note: the load was changed by hand while it was measured; the same command again makes \
             another run"
                .to_owned(),
        );
    }
    if input.co_located {
        notes.push(
            "note: server and generator shared this machine; compare with runs that did so, too, or \
             load from another one"
                .to_owned(),
        );
    }
    if input.evidence.headroom_per_s.is_none() {
        notes.push(
            "note: what the generator reaches against a server that costs nothing was not measured"
                .to_owned(),
        );
    }
    let busy = used(&input.evidence).is_some_and(|used| used >= BUSY_LIMIT);
    if let Some(reached) = reached(input).filter(|reached| busy && *reached < HEADROOM_REACHED) {
        notes.push(format!(
            "note: the busiest loading thread had no time left, but the run reached only {} of the \
             headroom; more --threads show whether the server gives more",
            percent(reached)
        ));
    }
    notes
}
