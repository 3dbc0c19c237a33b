//! What is measured and read to judge a machine.

use crate::{
    health::{HiccupProbe, PortRange, Steal, backlog_max, lateness_of_runtime, port_range},
    histogram::Histogram,
    latency::Latency,
};
use petrel_cli::{Exit, Failure, open_files};
use std::{num::NonZero, thread, time::Duration};

/// How long timers, hiccups and steal are watched: enough for a 99th percentile of each.
const WATCHED: Duration = Duration::from_millis(2_200);

/// What was found on a machine.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "whoever judges makes their own")]
pub struct Facts {
    /// Whether this program was built with optimisation.
    pub optimised: bool,
    /// The limit of open files, as far as it goes.
    pub files: open_files::Limit,
    /// Local ports for connections, where that is told.
    pub ports: Option<PortRange>,
    /// Connections that may wait to be accepted, where that is told.
    pub backlog_max: Option<u32>,
    /// How late the kernel's timers wake a thread, in microseconds.
    pub timer_us: Latency,
    /// How late the timers of the runtime wake a task, in microseconds.
    pub runtime_timer_us: Latency,
    /// How long a thread that only wakes was withheld, beyond its usual delay, in microseconds.
    pub hiccup_us: Latency,
    /// Share of all processor time that the hypervisor gave to others (0 to 1), where that is told.
    pub steal: Option<f64>,
    /// Processors that this program may use.
    pub processors: usize,
    /// Requests per second against a server that costs next to nothing.
    pub headroom: Headroom,
}

/// What a generator reaches against a server that costs next to nothing.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "it was measured or not")]
pub enum Headroom {
    /// Requests per second.
    PerSecond(f64),
    /// It could not be measured, and why.
    Unknown(String),
}

impl Facts {
    /// Looks at this machine, for some two seconds and what `headroom` takes.
    ///
    /// # Errors
    /// If the headroom was interrupted.
    pub fn measure(headroom: impl FnOnce() -> Result<f64, Failure>) -> Result<Self, Failure> {
        Self::measure_for(WATCHED, headroom)
    }

    fn measure_for(
        watched: Duration,
        headroom: impl FnOnce() -> Result<f64, Failure>,
    ) -> Result<Self, Failure> {
        open_files::raise();
        let probe = HiccupProbe::start();
        let steal_before = Steal::read();
        let runtime_timer = lateness_of_runtime(watched);
        let timer = probe.lateness();
        // Ended before the machine is loaded.
        let hiccup = probe.finish();
        let headroom = match headroom() {
            Ok(per_second) => Headroom::PerSecond(per_second),
            Err(failure) if failure.exit() == Exit::Interrupted => return Err(failure),
            Err(failure) => Headroom::Unknown(failure.to_string()),
        };
        // Under load, too: from a machine that wants nothing, nothing can be taken.
        let steal_after = Steal::read();
        Ok(Self {
            optimised: cfg!(not(debug_assertions)),
            files: open_files::limit(),
            ports: port_range(),
            backlog_max: backlog_max(),
            timer_us: told(&timer),
            runtime_timer_us: told(&runtime_timer),
            hiccup_us: told(&hiccup),
            steal: steal_after
                .zip(steal_before)
                .and_then(|(after, before)| after.share_since(before)),
            processors: thread::available_parallelism().map_or(1, NonZero::get),
            headroom,
        })
    }
}

fn told(durations: &Histogram) -> Latency {
    Latency::of(durations, &Histogram::new(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headroom_that_fails_is_a_finding_and_an_interruption_is_the_end() {
        let measured = |headroom| Facts::measure_for(Duration::from_millis(5), || headroom);
        let facts = measured(Ok(1_000.0)).unwrap();
        assert_eq!(facts.headroom, Headroom::PerSecond(1_000.0));
        assert!(facts.runtime_timer_us.count > 0 && facts.processors > 0);
        let fails = |exit| measured(Err(Failure::new(exit, "no")));
        let facts = fails(Exit::Unreachable).unwrap();
        assert_eq!(facts.headroom, Headroom::Unknown("no".to_owned()));
        assert_eq!(
            fails(Exit::Interrupted).unwrap_err().exit(),
            Exit::Interrupted
        );
    }
}
