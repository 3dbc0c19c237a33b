//! The stretches of all threads put together: totals, and what happened when.

use crate::{
    histogram::Histogram,
    latency::micros,
    record::{Point, Series},
    stats::WarmupWindow,
    tally::Tally,
};
use std::collections::BTreeMap;

const NANOS_PER_SECOND: f64 = 1e9;

/// Points that a view is shown at the most.
const POINTS_SHOWN: usize = 240;

/// A time from one moment of the run's clock to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// What a run counted.
#[derive(Debug)]
pub(crate) struct Gathered {
    threads: usize,
    /// The measured time, once it has begun.
    window: Option<Span>,
    /// Of the measured time, to its end and behind it.
    pub(crate) total: Tally,
    /// Of the warm-up.
    pub(crate) warmup: Tally,
    /// Of the newest whole stretch.
    pub(crate) last: Tally,
    pub(crate) last_span: Span,
    /// Processor time and starvation of the busiest thread in the measured time, as shares.
    pub(crate) busiest: Share,
    /// What each thread used in the measured time.
    used: Vec<(u64, u64)>,
    /// Stretches that not every thread has told of.
    open: BTreeMap<u64, Joined>,
    points: Vec<Point>,
    warmup_points: Vec<Point>,
    target_per_s: Option<f64>,
}

/// Shares of a time (0 to 1).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Share {
    pub(crate) busy: f64,
    pub(crate) starved: f64,
}

#[derive(Debug)]
struct Joined {
    to: u64,
    tally: Tally,
    threads: usize,
    busiest: Share,
}

impl Gathered {
    pub(crate) fn new(threads: usize, target_per_s: Option<f64>) -> Self {
        Self {
            threads,
            window: None,
            total: Tally::default(),
            warmup: Tally::default(),
            last: Tally::default(),
            last_span: Span::default(),
            busiest: Share::default(),
            used: vec![(0, 0); threads],
            open: BTreeMap::new(),
            points: Vec::new(),
            warmup_points: Vec::new(),
            target_per_s,
        }
    }

    /// From here on the measured time goes on.
    pub(crate) fn measure(&mut self, window: Span) {
        self.window = Some(window);
    }

    /// The rate that is wanted from now on.
    pub(crate) const fn set_target(&mut self, rate_per_s: f64) {
        self.target_per_s = Some(rate_per_s);
    }

    /// Takes a stretch of one thread. Gives whether it was the last that was missing of it.
    pub(crate) fn add(&mut self, thread: usize, span: Span, tally: &Tally) -> bool {
        let share = Share::of(tally, span);
        let is_measured = self.is_measured(span);
        if is_measured && let Some(used) = self.used.get_mut(thread) {
            used.0 += tally.counts.cpu_nanos;
            used.1 += tally.counts.starved_nanos;
        }
        let joined = self.open.entry(span.from).or_insert_with(|| Joined {
            to: span.to,
            tally: Tally::default(),
            threads: 0,
            busiest: Share::default(),
        });
        joined.tally.join(tally);
        joined.threads += 1;
        if share.busy + share.starved > joined.busiest.busy + joined.busiest.starved {
            joined.busiest = share;
        }
        if joined.threads < self.threads {
            return false;
        }
        if let Some(joined) = self.open.remove(&span.from) {
            let span = Span {
                from: span.from,
                to: joined.to,
            };
            self.close(span, joined, is_measured);
        }
        true
    }

    /// Takes the last stretch of one thread, behind the end of the measured time.
    pub(crate) fn finish(&mut self, tally: &Tally) {
        self.total.counts.standing = Default::default();
        self.total.follow(tally);
    }

    /// What happened when in the measured time.
    pub(crate) fn series(&self, step_s: f64) -> Series {
        Series {
            step_s,
            points: self.points.clone(),
        }
    }

    /// The last points of whatever goes on.
    pub(crate) fn shown(&self) -> &[Point] {
        let points = if self.points.is_empty() {
            &self.warmup_points
        } else {
            &self.points
        };
        let hidden = points.len().saturating_sub(POINTS_SHOWN);
        points.get(hidden..).unwrap_or_default()
    }

    /// How busy the busiest thread was over the measured time.
    pub(crate) fn busiest_of(&self, span: Span) -> Share {
        let shares = self.used.iter().map(|(cpu, starved)| Share {
            busy: ratio(*cpu, span.to - span.from),
            starved: ratio(*starved, span.to - span.from),
        });
        shares
            .max_by(|a, b| (a.busy + a.starved).total_cmp(&(b.busy + b.starved)))
            .unwrap_or_default()
    }

    /// The newest stretch, for whoever waits until the load is stable.
    pub(crate) fn newest(&self) -> Option<WarmupWindow> {
        let (span, answered) = (self.last_span, self.last.counts.answered);
        (span.to > span.from).then(|| WarmupWindow {
            answers: answered,
            throughput_per_s: per_second(answered, span),
            response_p50: self.last.times.response.quantile(0.5).map(micros),
        })
    }

    fn is_measured(&self, span: Span) -> bool {
        self.window.is_some_and(|window| span.from >= window.from)
    }

    fn close(&mut self, span: Span, joined: Joined, is_measured: bool) {
        let Joined { tally, busiest, .. } = joined;
        let (whole, points, origin) = if is_measured {
            let origin = self.window.map_or(0, |window| window.from);
            (&mut self.total, &mut self.points, origin)
        } else {
            (&mut self.warmup, &mut self.warmup_points, 0)
        };
        whole.follow(&tally);
        points.push(point(&tally, span, origin, self.target_per_s));
        self.last = tally;
        self.last_span = span;
        self.busiest = busiest;
    }
}

impl Share {
    fn of(tally: &Tally, span: Span) -> Self {
        Self {
            busy: ratio(tally.counts.cpu_nanos, span.to - span.from),
            starved: ratio(tally.counts.starved_nanos, span.to - span.from),
        }
    }
}

fn point(tally: &Tally, span: Span, origin: u64, target_per_s: Option<f64>) -> Point {
    let at = |histogram: &Histogram, quantile| histogram.quantile(quantile).map(micros);
    let counts = &tally.counts;
    Point {
        at_s: seconds(span.from.saturating_sub(origin)),
        target_per_s,
        throughput_per_s: per_second(counts.answered, span),
        errors: counts.faults.total(),
        in_flight: counts.standing.in_flight,
        backlog: counts.standing.backlog,
        response_p50_us: at(&tally.times.response, 0.5),
        response_p99_us: at(&tally.times.response, 0.99),
        response_max_us: tally.times.response.max().map(micros),
        service_p99_us: at(&tally.times.service, 0.99),
    }
}

/// How many there were in a second of a time.
pub(crate) fn per_second(count: u64, span: Span) -> f64 {
    if span.to > span.from {
        float(count) / seconds(span.to - span.from)
    } else {
        0.0
    }
}

/// Nanoseconds as seconds.
pub(crate) fn seconds(nanos: u64) -> f64 {
    float(nanos) / NANOS_PER_SECOND
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        float(part) / float(whole)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and nanoseconds of a run lie far below 2^53"
)]
const fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(answered: u64, cpu_nanos: u64) -> Tally {
        let mut tally = Tally::default();
        tally.counts.answered = answered;
        tally.counts.cpu_nanos = cpu_nanos;
        tally.times.response.record(1_000 * answered, answered);
        tally
    }

    #[test]
    fn a_stretch_is_whole_when_every_thread_has_told_of_it() {
        let mut gathered = Gathered::new(2, None);
        let span = |from: u64| Span {
            from: from * 1_000_000_000,
            to: (from + 1) * 1_000_000_000,
        };
        assert!(!gathered.add(0, span(0), &tally(5, 0)));
        assert!(gathered.add(1, span(0), &tally(5, 0)));
        let newest = gathered.newest().unwrap();
        assert_eq!((newest.answers, newest.throughput_per_s), (10, 10.0));
        gathered.measure(Span {
            from: span(1).from,
            to: span(3).to,
        });
        // One thread is ahead by a stretch.
        gathered.add(0, span(1), &tally(100, 900_000_000));
        gathered.add(0, span(2), &tally(200, 900_000_000));
        assert!(gathered.series(1.0).points.is_empty());
        gathered.add(1, span(1), &tally(1, 100_000_000));
        gathered.add(1, span(2), &tally(2, 100_000_000));
        let rates: Vec<_> = gathered
            .series(1.0)
            .points
            .iter()
            .map(|point| (point.at_s, point.throughput_per_s))
            .collect();
        assert_eq!(rates, [(0.0, 101.0), (1.0, 202.0)]);
        let share = gathered.busiest_of(Span {
            from: span(1).from,
            to: span(2).to,
        });
        assert!((share.busy - 0.9).abs() < 1e-9, "{share:?}");
        assert_eq!(gathered.warmup.counts.answered, 10);
        assert_eq!(gathered.total.counts.answered, 303);
    }
}
