//! Records in which every text is hostile, for the tests of what shows them.

use super::sample;
use crate::record::{FindRecord, RunRecord, SweepRecord};

/// What nobody wants on a terminal or in a page.
const HOSTILE: &str =
    "<script>alert(1)</script> \u{1b}[2J \u{202e} & \"'\n::error::x \u{0} \u{fffe}";

/// A run in which every text is hostile.
pub(super) fn run() -> RunRecord {
    let mut run = sample::overloaded();
    let request = &mut run.plan.requests[0];
    for text in [
        &mut run.version,
        &mut run.command,
        &mut run.started,
        &mut run.plan.target,
        &mut request.name,
        &mut request.payload,
        &mut run.host.os,
        &mut run.host.cpu,
        &mut run.histograms.service,
        &mut run.results.response_us.at_least[0],
    ] {
        *text = HOSTILE.into();
    }
    run.validity.reasons = vec![HOSTILE.into(), HOSTILE.into()];
    run.results.errors.insert(HOSTILE.into(), 1);
    run
}

/// A sweep in which every text is hostile.
pub(super) fn sweep() -> SweepRecord {
    let mut sweep = sample::sweep();
    for text in [&mut sweep.version, &mut sweep.command, &mut sweep.parameter] {
        *text = HOSTILE.into();
    }
    sweep.points[3].run = run();
    sweep
}

/// A search in which every text is hostile.
pub(super) fn find() -> FindRecord {
    let mut find = sample::find();
    for text in [
        &mut find.version,
        &mut find.command,
        &mut find.slo,
        &mut find.reason,
        &mut find.steps[2].phase,
    ] {
        *text = HOSTILE.into();
    }
    find.steps[3].reason = Some(HOSTILE.into());
    find.confirmation = Some(run());
    find
}
