//! Whether runs are of one kind, so that what differs is the server's doing.

use crate::{plan::Plan, record::RunRecord};

/// The same run counts once.
pub(super) fn refuse_twice(a: &[RunRecord], b: &[RunRecord]) -> Result<(), String> {
    let all: Vec<&RunRecord> = a.iter().chain(b).collect();
    let name = |index: usize| {
        if index < a.len() {
            format!("run {} of a", index + 1)
        } else {
            format!("run {} of b", index - a.len() + 1)
        }
    };
    for (index, run) in all.iter().enumerate() {
        if let Some(same) = all[..index].iter().position(|earlier| earlier == run) {
            let (this, other) = (name(index), name(same));
            return Err(format!(
                "{this} is the same as {other}; give every run once"
            ));
        }
    }
    Ok(())
}

/// Fields of the plans that differ between any two runs and that change what is measured. The target may
/// differ, as may the seed and the warm-up.
pub(super) fn differences(a: &[RunRecord], b: &[RunRecord]) -> Vec<&'static str> {
    let Some(first) = a.first() else {
        return Vec::new();
    };
    let plans: Vec<&Plan> = a.iter().chain(b).map(|run| &run.plan).collect();
    let differs =
        |is_other: fn(&Plan, &Plan) -> bool| plans.iter().any(|plan| is_other(&first.plan, plan));
    let fields: [(&str, bool); 11] = [
        (
            "connections",
            differs(|a, b| a.connections != b.connections),
        ),
        ("pipeline", differs(|a, b| a.pipeline != b.pipeline)),
        ("threads", differs(|a, b| a.threads != b.threads)),
        ("rate_per_s", differs(|a, b| a.rate_per_s != b.rate_per_s)),
        ("arrivals", differs(|a, b| a.arrivals != b.arrivals)),
        ("duration_s", differs(|a, b| a.duration_s != b.duration_s)),
        ("timeout_s", differs(|a, b| a.timeout_s != b.timeout_s)),
        (
            "protocol_check",
            differs(|a, b| a.protocol_check != b.protocol_check),
        ),
        ("tls", differs(|a, b| a.tls != b.tls)),
        ("mac", differs(|a, b| a.mac != b.mac)),
        ("request", differs(|a, b| a.requests != b.requests)),
    ];
    let differing = fields.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(field, _)| field).collect()
}

/// What else differs and may explain a difference.
pub(super) fn remarks(a: &[RunRecord], b: &[RunRecord]) -> Vec<String> {
    let all: Vec<&RunRecord> = a.iter().chain(b).collect();
    let differs =
        |is_other: fn(&RunRecord, &RunRecord) -> bool| all.iter().any(|run| is_other(all[0], run));
    let mut remarks = Vec::new();
    if differs(|a, b| {
        (&a.host.cpu, &a.host.os, a.host.cores) != (&b.host.cpu, &b.host.os, b.host.cores)
    }) {
        remarks.push("the runs were made on different machines".to_owned());
    }
    if differs(|a, b| a.host.co_located != b.host.co_located || a.host.embedded != b.host.embedded)
    {
        remarks.push(
            "some servers shared the machine or process of the generator, others did not"
                .to_owned(),
        );
    }
    if differs(|a, b| a.version != b.version) {
        remarks.push("the runs were made by different versions of this program".to_owned());
    }
    let (of_a, of_b) = (failed(a), failed(b));
    if of_a.0 + of_b.0 > 0 {
        remarks.push(format!(
            "requests failed: {} of {} in a, {} of {} in b; throughput counts those that were answered \
             as expected",
            of_a.0, of_a.1, of_b.0, of_b.1
        ));
    }
    remarks
}

/// Requests that were not answered as expected, and all of them.
fn failed(runs: &[RunRecord]) -> (u64, u64) {
    let requests = runs.iter().map(|run| run.results.requests).sum();
    let failed = |run: &RunRecord| run.results.requests.saturating_sub(run.results.ok);
    (runs.iter().map(failed).sum(), requests)
}
