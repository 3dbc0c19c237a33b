//! Whether runs were parts of one load.

use crate::record::RunRecord;
use std::time::{Duration, SystemTime};

/// Refuses runs that were not parts of one load.
pub(super) fn refuse_unlike(runs: &[RunRecord]) -> Result<(), String> {
    let first = &runs[0];
    for (index, run) in runs.iter().enumerate() {
        if run.host.embedded || run.plan.target == "embedded" {
            return Err(
                "every generator had a server of its own (embedded); merge runs against one server"
                    .to_owned(),
            );
        }
        if runs[..index].contains(run) {
            return Err(format!(
                "run {} is the same as an earlier one; it would count twice",
                index + 1
            ));
        }
        let (a, b) = (&first.plan, &run.plan);
        let differs = [
            ("target", a.target != b.target),
            ("request", a.requests != b.requests),
            ("pipeline", a.pipeline != b.pipeline),
            ("rate_per_s", a.is_open() != b.is_open()),
            ("arrivals", a.arrivals != b.arrivals),
            ("duration_s", a.duration_s != b.duration_s),
            ("timeout_s", a.timeout_s != b.timeout_s),
            ("protocol_check", a.protocol_check != b.protocol_check),
            ("tls", a.tls != b.tls),
            ("mac", a.mac != b.mac),
            ("series.step_s", first.series.step_s != run.series.step_s),
        ];
        let fields: Vec<_> = differs
            .iter()
            .filter(|(_, differs)| *differs)
            .map(|(field, _)| *field)
            .collect();
        if !fields.is_empty() {
            return Err(format!(
                "run {} is no part of the same load as the first: {} differs; merge runs of one plan",
                index + 1,
                fields.join(", ")
            ));
        }
    }
    refuse_apart(runs)
}

/// Runs that had no time in common were not one load.
fn refuse_apart(runs: &[RunRecord]) -> Result<(), String> {
    let times = started(runs)?;
    let (Some(earliest), Some(latest)) = (times.iter().min(), times.iter().max()) else {
        return Ok(());
    };
    let apart = latest.duration_since(*earliest).unwrap_or_default();
    let duration = Duration::try_from_secs_f64(runs[0].plan.duration_s).unwrap_or(Duration::MAX);
    if apart >= duration {
        return Err(format!(
            "the runs began {} s apart and took {} s each: they did not load at the same time",
            apart.as_secs(),
            runs[0].plan.duration_s
        ));
    }
    Ok(())
}

fn started(runs: &[RunRecord]) -> Result<Vec<SystemTime>, String> {
    let read = |run: &RunRecord| {
        let time = humantime::parse_rfc3339_weak(&run.started);
        time.map_err(|error| {
            format!(
                "a run began at `{}`, which is no time: {error}",
                run.started
            )
        })
    };
    runs.iter().map(read).collect()
}

/// When the first of them began.
pub(super) fn earliest(runs: &[RunRecord]) -> Result<String, String> {
    let times = started(runs)?;
    let first = runs.iter().zip(times).min_by_key(|(_, time)| *time);
    Ok(first.map_or_else(String::new, |(run, _)| run.started.clone()))
}
