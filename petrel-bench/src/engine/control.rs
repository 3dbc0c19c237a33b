//! What the coordinator tells the loading threads. They look at it a hundred times a second, never on
//! the way of a request.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Orders to all loading threads. Times are nanoseconds of the run's clock; `u64::MAX` is never.
#[derive(Debug)]
pub(super) struct Control {
    /// When loading begins.
    begin: AtomicU64,
    /// When the measured time begins and ends.
    start: AtomicU64,
    end: AtomicU64,
    paused: AtomicBool,
    /// Everybody is to come home, whatever is in flight.
    abandoned: AtomicBool,
    /// Requests per second of all threads, as the bits of an `f64`, and how often it was changed.
    rate: AtomicU64,
    rate_changes: AtomicU32,
}

impl Control {
    pub(super) const fn new() -> Self {
        Self {
            begin: AtomicU64::new(u64::MAX),
            start: AtomicU64::new(u64::MAX),
            end: AtomicU64::new(u64::MAX),
            paused: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            rate: AtomicU64::new(0),
            rate_changes: AtomicU32::new(0),
        }
    }

    pub(super) fn begin_at(&self, at: u64) {
        self.begin.store(at, Ordering::Release);
    }

    pub(super) fn begin(&self) -> u64 {
        self.begin.load(Ordering::Acquire)
    }

    /// Measures from `start` to `end`.
    pub(super) fn measure(&self, start: u64, end: u64) {
        // Whoever sees the start sees its end, too.
        self.end.store(end, Ordering::Release);
        self.start.store(start, Ordering::Release);
    }

    /// Measures no longer than to `end`.
    pub(super) fn end_at(&self, end: u64) {
        self.end.fetch_min(end, Ordering::AcqRel);
    }

    /// When the measured time begins and ends.
    pub(super) fn window(&self) -> (u64, u64) {
        let start = self.start.load(Ordering::Acquire);
        (start, self.end.load(Ordering::Acquire))
    }

    pub(super) fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Release);
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Acquire)
    }

    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    pub(super) fn set_rate(&self, rate_per_s: f64) {
        self.rate.store(rate_per_s.to_bits(), Ordering::Release);
        self.rate_changes.fetch_add(1, Ordering::AcqRel);
    }

    /// How often the rate was changed, and what it is then.
    pub(super) fn rate(&self) -> (u32, f64) {
        let changes = self.rate_changes.load(Ordering::Acquire);
        (changes, f64::from_bits(self.rate.load(Ordering::Acquire)))
    }
}
