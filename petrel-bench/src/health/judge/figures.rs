//! The figures that several rules look at, and how they are written.

use super::Judged;
use crate::record::Evidence;

/// Share of its time that the busiest loading thread was on a processor or waited for one.
pub(super) fn used(evidence: &Evidence) -> Option<f64> {
    Some(evidence.worker_busy? + evidence.worker_starved.unwrap_or_default())
}

/// Share of the headroom that the run reached.
pub(super) fn reached(input: &Judged) -> Option<f64> {
    let headroom = input.evidence.headroom_per_s?;
    (headroom > 0.0).then(|| input.throughput_per_s / headroom)
}

/// A share as people read it; one digit more where that is most of it.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 9.95 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}
