//! Waking up at a moment of the run's clock.
//!
//! The runtime's own timers count in milliseconds. Where the system has timers of its own that a
//! runtime can wait for (Linux: timerfd), they are used; elsewhere the milliseconds are what there is,
//! and send lag shows it.

use std::{
    io,
    task::{Context, Poll},
};

/// A timer that goes off once for each time that it is set.
#[derive(Debug)]
pub(super) struct Timer(system::Timer);

impl Timer {
    /// # Errors
    /// If the system gives no timer.
    pub(super) fn new() -> io::Result<Self> {
        system::Timer::new().map(Self)
    }

    /// Goes off in so many nanoseconds; 0 is as soon as can be.
    pub(super) fn set(&mut self, nanos: u64) -> io::Result<()> {
        self.0.set(nanos)
    }

    /// Ready once it went off; then it rests until it is set again.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll(cx)
    }
}

#[cfg(target_os = "linux")]
mod system {
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::{
        io,
        os::fd::OwnedFd,
        task::{Context, Poll, ready},
    };
    use tokio::io::{Interest, unix::AsyncFd};

    const NANOS_PER_SECOND: u64 = 1_000_000_000;

    #[derive(Debug)]
    pub(super) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        #[expect(
            deprecated,
            reason = "it is so for descriptors that somebody else may close; this one is owned"
        )]
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            AsyncFd::with_interest(fd, Interest::READABLE).map(Self)
        }

        pub(super) fn set(&mut self, nanos: u64) -> io::Result<()> {
            let once = Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            // Zero would disarm it.
            let nanos = nanos.max(1);
            let value = Timespec {
                tv_sec: i64::try_from(nanos / NANOS_PER_SECOND).unwrap_or(i64::MAX),
                tv_nsec: i64::try_from(nanos % NANOS_PER_SECOND).expect("less than a second"),
            };
            let setting = Itimerspec {
                it_interval: once,
                it_value: value,
            };
            timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &setting)?;
            Ok(())
        }

        pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            loop {
                let mut guard = ready!(self.0.poll_read_ready(cx))?;
                let mut expirations = [0; 8];
                match guard.try_io(|fd| Ok(rustix::io::read(fd, &mut expirations)?)) {
                    Ok(read) => return Poll::Ready(read.map(drop)),
                    Err(_would_block) => (),
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::{
        future::Future,
        io,
        pin::Pin,
        task::{Context, Poll, ready},
        time::Duration,
    };
    use tokio::time::{Instant, Sleep, sleep};

    #[derive(Debug)]
    pub(super) struct Timer {
        sleep: Pin<Box<Sleep>>,
        is_set: bool,
    }

    impl Timer {
        #[expect(clippy::unnecessary_wraps, reason = "other systems may refuse")]
        pub(super) fn new() -> io::Result<Self> {
            let sleep = Box::pin(sleep(Duration::ZERO));
            Ok(Self {
                sleep,
                is_set: false,
            })
        }

        #[expect(clippy::unnecessary_wraps, reason = "other systems may refuse")]
        pub(super) fn set(&mut self, nanos: u64) -> io::Result<()> {
            let at = Instant::now() + Duration::from_nanos(nanos);
            self.sleep.as_mut().reset(at);
            self.is_set = true;
            Ok(())
        }

        pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            if !self.is_set {
                return Poll::Pending;
            }
            ready!(self.sleep.as_mut().poll(cx));
            self.is_set = false;
            Poll::Ready(Ok(()))
        }
    }
}
