//! How late the timers of the runtime are, which no load should be paced with.

use super::ticks::nanos;
use crate::histogram::Histogram;
use std::time::Duration;
use tokio::{
    runtime,
    time::{Instant, sleep_until},
};

/// Close enough to each other that a timer of whole milliseconds shows.
const INTERVAL: Duration = Duration::from_micros(500);

/// Sleeps on an absolute schedule with the timers of the runtime, for so long; gives how late each
/// wake-up was that was due. Without a runtime nothing is known.
pub fn lateness_of_runtime(watched: Duration) -> Histogram {
    let mut lateness = Histogram::new();
    let Ok(runtime) = runtime::Builder::new_current_thread().enable_time().build() else {
        return lateness;
    };
    runtime.block_on(async {
        let begin = Instant::now();
        let mut next = begin;
        while next.duration_since(begin) < watched {
            next += INTERVAL;
            sleep_until(next).await;
            let late = Instant::now().saturating_duration_since(next);
            lateness.record(nanos(late), 1);
        }
    });
    lateness
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wake_up_of_the_schedule_counts_late_or_not() {
        let lateness = lateness_of_runtime(INTERVAL * 8);
        assert_eq!(lateness.count(), 8);
    }
}
