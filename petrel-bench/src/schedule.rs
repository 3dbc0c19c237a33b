//! When requests are due: computed from the beginning of the run, never from when the last one was sent.

use crate::plan::Arrivals;

const NANOS_PER_SECOND: f64 = 1e9;

/// The times at which one loading thread's requests are due, one after the other, in nanoseconds of the
/// run's clock.
///
/// Nobody sleeps along it: whoever is late finds the times where they were, and sends with them. So a
/// backlog needs no memory; it is the distance between the next time and now.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    arrivals: Arrivals,
    /// Nanoseconds between two requests, on average.
    period: f64,
    /// Where the counting began, and how many were due since.
    base: f64,
    passed: u64,
    random: fastrand::Rng,
    next: f64,
}

impl Schedule {
    /// The share of one of `threads` threads, the `index`-th, of `rate_per_s` requests per second from
    /// `begin` on. All shares together are the whole: at equal distances they interleave, and independent
    /// arrivals stay independent.
    pub(crate) fn new(
        arrivals: Arrivals,
        rate_per_s: f64,
        begin: u64,
        (index, threads): (u32, u32),
        seed: u64,
    ) -> Self {
        let period = NANOS_PER_SECOND / rate_per_s * f64::from(threads);
        let base = nanos(begin) + period / f64::from(threads) * f64::from(index);
        let seed = seed.wrapping_add(u64::from(index).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut schedule = Self {
            arrivals,
            period,
            base,
            passed: 0,
            random: fastrand::Rng::with_seed(seed),
            next: base,
        };
        if arrivals == Arrivals::Poisson {
            schedule.base = nanos(begin);
            schedule.next = schedule.base + schedule.gap();
        }
        schedule
    }

    /// When the next request is due.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "nanoseconds of a run lie far below 2^53"
    )]
    pub(crate) const fn next(&self) -> u64 {
        self.next as u64
    }

    /// Passes over the next request.
    #[inline]
    pub(crate) fn advance(&mut self) {
        match self.arrivals {
            // Counted, not added up: there is no error to grow.
            Arrivals::Constant => {
                self.passed += 1;
                self.next = self.base + nanos(self.passed) * self.period;
            }
            Arrivals::Poisson => self.next += self.gap(),
        }
    }

    /// About how many requests are due at `now`, the next one among them.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a backlog is far below 2^53"
    )]
    pub(crate) fn backlog(&self, now: u64) -> u64 {
        let late = nanos(now) - self.next;
        if late < 0.0 {
            0
        } else {
            (late / self.period) as u64 + 1
        }
    }

    /// Goes on from `now` with another share of the same kind.
    pub(crate) fn restart(&mut self, rate_per_s: f64, now: u64, share: (u32, u32)) {
        let seed = self.random.u64(..);
        *self = Self::new(self.arrivals, rate_per_s, now, share, seed);
    }

    fn gap(&mut self) -> f64 {
        // 1 - u lies in (0, 1], so that the logarithm is finite.
        -(1.0 - self.random.f64()).ln() * self.period
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds and counts of a run lie far below 2^53"
)]
const fn nanos(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(mut schedule: Schedule, until: u64) -> Vec<u64> {
        let mut times = Vec::new();
        while schedule.next() < until {
            times.push(schedule.next());
            schedule.advance();
        }
        times
    }

    #[test]
    fn at_equal_distances_every_time_is_where_it_belongs_however_far() {
        let schedule = Schedule::new(Arrivals::Constant, 3.0, 1_000, (0, 1), 1);
        let times = times(schedule, 1_000 + 3_600_000_000_000);
        assert_eq!(times.len(), 10_800);
        assert_eq!(times[3], 1_000 + 1_000_000_000);
        assert_eq!(times[10_797], 1_000 + 3_599_000_000_000);
    }

    #[test]
    fn the_shares_of_the_threads_interleave_to_the_whole() {
        let whole = times(
            Schedule::new(Arrivals::Constant, 1_000.0, 0, (0, 1), 1),
            1_000_000_000,
        );
        let mut shares: Vec<u64> = (0..4)
            .flat_map(|index| {
                times(
                    Schedule::new(Arrivals::Constant, 1_000.0, 0, (index, 4), 1),
                    1_000_000_000,
                )
            })
            .collect();
        shares.sort_unstable();
        assert_eq!(shares, whole);
    }

    #[test]
    fn independent_arrivals_have_their_rate_and_their_spread() {
        let schedule = Schedule::new(Arrivals::Poisson, 1_000.0, 0, (0, 1), 42);
        let times = times(schedule, 100_000_000_000);
        let count = times.len() as f64;
        // 100 000 are expected, with a standard deviation of 316.
        assert!((count - 100_000.0).abs() < 4.0 * 316.0, "{count}");
        let gaps: Vec<f64> = times.windows(2).map(|w| (w[1] - w[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Of exponential distances the standard deviation is the mean.
        assert!(
            (variance.sqrt() / mean - 1.0).abs() < 0.02,
            "{mean} {variance}"
        );
    }

    #[test]
    fn one_seed_is_one_schedule() {
        let make = |seed| {
            times(
                Schedule::new(Arrivals::Poisson, 50.0, 0, (1, 2), seed),
                1_000_000_000,
            )
        };
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
    }

    #[test]
    fn a_backlog_is_what_is_due_and_a_restart_forgets_it() {
        let mut schedule = Schedule::new(Arrivals::Constant, 1_000.0, 5_000, (0, 1), 1);
        assert_eq!(schedule.backlog(4_999), 0);
        assert_eq!(schedule.backlog(5_000), 1);
        assert_eq!(schedule.backlog(3_005_000), 4);
        schedule.restart(10.0, 3_005_000, (0, 1));
        assert_eq!(schedule.next(), 3_005_000);
        schedule.advance();
        assert_eq!(schedule.next(), 103_005_000);
    }
}
