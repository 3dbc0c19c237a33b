//! Wake-ups on an absolute schedule, and how late each of them was.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Wakes a thread again and again, at equal distances from its beginning: being late once moves
/// nothing that follows.
#[derive(Debug)]
pub(super) struct Ticks {
    interval: Duration,
    /// When the next wake-up is due.
    next: Instant,
    /// What wakes; without it the thread sleeps by the clock.
    #[cfg(target_os = "linux")]
    timer: Option<rustix::fd::OwnedFd>,
}

/// One return of [`Ticks::wait`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Woken {
    /// How late the first wake-up that was due came, in nanoseconds.
    pub(super) late_ns: u64,
    /// How many were due by then: more than one if some were missed.
    pub(super) due: u64,
}

impl Ticks {
    /// Begins now; the first wake-up is one interval away.
    pub(super) fn every(interval: Duration) -> Self {
        // Taken first: if the thread loses the processor here, everything seems late by the same time,
        // which is seen; the other way round, being late would be hidden.
        let next = Instant::now() + interval;
        Self {
            interval,
            next,
            #[cfg(target_os = "linux")]
            timer: timer(interval).ok(),
        }
    }

    /// Sleeps until a wake-up is due.
    pub(super) fn wait(&mut self) -> Woken {
        let counted = self.sleep();
        let late = Instant::now().saturating_duration_since(self.next);
        // The timer's own count, where there is one: what becomes due after it looked is told next time.
        let due = counted.unwrap_or_else(|| due_after(late, self.interval));
        let steps = u32::try_from(due).unwrap_or(u32::MAX);
        self.next += self.interval.saturating_mul(steps);
        Woken {
            late_ns: nanos(late),
            due,
        }
    }

    #[cfg(target_os = "linux")]
    fn sleep(&mut self) -> Option<u64> {
        let mut count = [0; 8];
        if let Some(timer) = &self.timer {
            let read = rustix::io::retry_on_intr(|| rustix::io::read(timer, &mut count));
            if read == Ok(count.len()) {
                return Some(u64::from_ne_bytes(count));
            }
            self.timer = None;
        }
        self.sleep_by_clock()
    }

    #[cfg(not(target_os = "linux"))]
    fn sleep(&mut self) -> Option<u64> {
        self.sleep_by_clock()
    }

    fn sleep_by_clock(&self) -> Option<u64> {
        thread::sleep(self.next.saturating_duration_since(Instant::now()));
        None
    }
}

/// How many wake-ups are due if the first of them is so late.
fn due_after(late: Duration, interval: Duration) -> u64 {
    nanos(late) / nanos(interval).max(1) + 1
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A timer of the kernel: finer than what sleeping gives, whose wake-ups may be put together.
#[cfg(target_os = "linux")]
fn timer(interval: Duration) -> rustix::io::Result<rustix::fd::OwnedFd> {
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
    let interval = Timespec {
        tv_sec: i64::try_from(interval.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: interval.subsec_nanos().into(),
    };
    let schedule = Itimerspec {
        it_interval: interval,
        it_value: interval,
    };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &schedule)?;
    Ok(timer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_due_with_what_woke() {
        let interval = Duration::from_millis(1);
        for (late_us, due) in [(0, 1), (999, 1), (1_000, 2), (3_500, 4)] {
            let late = Duration::from_micros(late_us);
            assert_eq!(due_after(late, interval), due, "{late_us}");
        }
    }

    #[test]
    fn the_schedule_does_not_move_with_the_one_who_waits() {
        let interval = Duration::from_micros(200);
        let mut ticks = Ticks::every(interval);
        let first = ticks.next;
        let mut due = 0;
        for _ in 0..5 {
            let woken = ticks.wait();
            assert!(woken.due >= 1);
            due += u32::try_from(woken.due).unwrap();
            assert_eq!(ticks.next, first + interval * due);
        }
        assert!(Instant::now() >= first + interval * (due - 1));
    }
}
