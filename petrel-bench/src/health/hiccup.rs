//! How long the machine keeps a thread from waking that does nothing but wake: the noise that lies
//! under every latency measured here.

use super::ticks::{Ticks, Woken, nanos};
use crate::histogram::Histogram;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Often enough to see what withholds the processor for milliseconds; seldom enough to cost less than a
/// hundredth of one, where waking costs up to 16 µs because others fill the caches in between.
const INTERVAL: Duration = Duration::from_millis(2);

/// A thread that wakes five hundred times per second and notes how late. Dropping it ends the thread.
#[derive(Debug)]
pub struct HiccupProbe {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    lateness: Mutex<Histogram>,
    ended: AtomicBool,
}

impl HiccupProbe {
    /// Begins to watch. If the system gives no thread, nothing is noted, and the noise stays unknown.
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("hiccups".to_owned())
            .spawn(move || own.watch());
        if let Err(error) = &thread {
            tracing::warn!(%error, "no thread to watch for hiccups with");
        }
        Self {
            shared,
            thread: thread.ok(),
        }
    }

    /// What was noted so far: by how much each wake-up was later than usual, in nanoseconds.
    pub fn snapshot(&self) -> Histogram {
        beyond_usual(&self.lateness())
    }

    /// The lateness itself, the usual delay included: how exact the timers here are.
    pub fn lateness(&self) -> Histogram {
        self.shared.noted().clone()
    }

    /// Ends the thread and gives what it noted, as [`HiccupProbe::snapshot`].
    pub fn finish(mut self) -> Histogram {
        self.end();
        self.snapshot()
    }

    fn end(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It wakes within two milliseconds. Had it panicked, what it noted would stay all the same.
            let _ = thread.join();
        }
    }
}

impl Drop for HiccupProbe {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn noted(&self) -> MutexGuard<'_, Histogram> {
        self.lateness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) {
        let mut ticks = Ticks::every(INTERVAL);
        while !self.ended.load(Ordering::Relaxed) {
            let woken = ticks.wait();
            note(&mut self.noted(), woken, nanos(INTERVAL));
        }
    }
}

/// Notes a wake-up and every one that was missed with it. A thread withheld for five
/// intervals is five wake-ups late, by five, four, three, two and one: as requests that come at such
/// distances would have met it. Noting it once would hide how much of the time was lost.
fn note(lateness: &mut Histogram, woken: Woken, interval_ns: u64) {
    let mut late_ns = woken.late_ns;
    for _ in 0..woken.due {
        lateness.record(late_ns, 1);
        late_ns = late_ns.saturating_sub(interval_ns);
    }
}

/// The lateness beyond the median one. Waking takes some time always, and every latency that is
/// measured here contains that already.
fn beyond_usual(lateness: &Histogram) -> Histogram {
    let usual = lateness.quantile(0.5).unwrap_or_default();
    let mut beyond = Histogram::new();
    for (late_ns, times) in lateness.iter() {
        beyond.record(late_ns.saturating_sub(usual), times);
    }
    beyond
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn noted(wakes: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let mut lateness = Histogram::new();
        for &(late_ns, due) in wakes {
            note(&mut lateness, Woken { late_ns, due }, MS);
        }
        let rounded = |(late, times)| ((late + MS / 20) / (MS / 10), times);
        lateness.iter().map(rounded).collect()
    }

    #[test]
    fn a_missed_wake_up_counts_like_one_that_came_late() {
        assert_eq!(noted(&[(MS / 10, 1)]), [(1, 1)]);
        // 3.2 ms late: those due 1, 2 and 3 ms after it were missed, too.
        assert_eq!(
            noted(&[(MS * 32 / 10, 4)]),
            [(2, 1), (12, 1), (22, 1), (32, 1)]
        );
        // The kernel may count one more than the clock had shown.
        assert_eq!(noted(&[(MS * 9 / 10, 2)]), [(0, 1), (9, 1)]);
    }

    #[test]
    fn half_of_all_wake_ups_have_no_hiccup_and_the_rest_what_is_beyond() {
        let mut lateness = Histogram::new();
        lateness.record(30_000, 60);
        lateness.record(10_000, 20);
        lateness.record(5 * MS, 20);
        let beyond = beyond_usual(&lateness);
        assert_eq!(beyond.count(), 100);
        assert_eq!(beyond.quantile(0.5), Some(0));
        assert_eq!(beyond.quantile(0.8), Some(0), "earlier than usual is none");
        let hiccup = beyond.quantile(0.9).unwrap();
        assert!((4_960_000..4_980_000).contains(&hiccup), "{hiccup}");
        assert!(beyond_usual(&Histogram::new()).is_empty());
    }

    #[test]
    fn the_probe_notes_until_it_is_finished() {
        let probe = HiccupProbe::start();
        while probe.snapshot().count() < 3 {
            thread::yield_now();
        }
        let shared = Arc::clone(&probe.shared);
        assert!(probe.finish().count() >= 3);
        assert_eq!(Arc::strong_count(&shared), 1, "the thread is gone");
    }
}
