//! A run as it stands, for whoever watches it.

use super::Running;
use crate::{
    engine::seconds,
    health::Steal,
    histogram::Histogram,
    latency::{Latency, micros},
    progress::{Health, Phase, Progress},
};

impl Running {
    pub(super) fn progress(&self) -> Progress {
        let (phase, since) = self.phase;
        let now = self.now();
        let tally = if phase == Phase::Warmup {
            &self.gathered.warmup
        } else {
            &self.gathered.total
        };
        let (times, counts) = (&tally.times, &tally.counts);
        let last = &self.gathered.last;
        Progress {
            phase,
            phase_s: seconds(now.saturating_sub(since)),
            phase_total_s: (phase == Phase::Measuring)
                .then(|| seconds(self.end().saturating_sub(self.window.from))),
            target_per_s: self.target_per_s,
            paused: self.is_paused,
            connections: match phase {
                Phase::Connecting => (self.opened(), self.common.plan.connections),
                _ => (
                    last.counts.standing.connections,
                    self.common.plan.connections,
                ),
            },
            requests: counts.due(),
            ok: counts.ok,
            errors: counts.faults.by_name(),
            in_flight: last.counts.standing.in_flight,
            backlog: last.counts.standing.backlog,
            response: Latency::of(&times.response, &times.response_censored, None),
            service: Latency::of(&times.service, &Histogram::new(), None),
            points: self.gathered.shown().to_vec(),
            health: Health {
                worker_busy: Some(self.gathered.busiest.busy),
                worker_starved: Some(self.gathered.busiest.starved),
                steal: self.steal.2,
                generator_lag_p99_us: last.times.generator_lag.quantile(0.99).map(micros),
                headroom_per_s: self.headroom_per_s,
            },
        }
    }

    /// Once a second: it is counted in hundredths of one.
    pub(super) fn read_steal(&mut self) {
        const PAUSE: u64 = 1_000_000_000;
        let (at, before, _) = self.steal;
        let now = self.now();
        if now.saturating_sub(at) >= PAUSE {
            let read = Steal::read();
            let share = read
                .zip(before)
                .and_then(|(now, then)| now.share_since(then));
            self.steal = (now, read, share);
        }
    }
}
