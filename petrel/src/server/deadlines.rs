//! How long a connection may take over what it is doing.

use super::ServerLimits;
use crate::CloseReason;
use std::time::Duration;
use tokio::time::Instant;

/// Since when a connection has been doing what has a deadline.
#[derive(Debug)]
pub(super) struct Deadlines {
    /// Since when the frame at the front of the input has been coming in, or the handler of a
    /// complete one has been at work where that has a limit.
    frame_since: Option<Instant>,
    /// Since when the peer has taken nothing of what is ready for it.
    blocked_since: Option<Instant>,
    /// When it was accepted; once it has completed a request and where idleness has a limit, when
    /// bytes last came or went.
    active: Instant,
}

/// What a connection is waiting for, beside the peer taking its answers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Waiting {
    /// The first frame to be complete.
    FirstFrame,
    /// A later frame, of which so many bytes have come.
    Frame { came: usize },
    /// A handler.
    Handler,
    /// Nothing else.
    Nothing,
}

impl Deadlines {
    pub(super) const fn new(accepted: Instant) -> Self {
        Self {
            frame_since: None,
            blocked_since: None,
            active: accepted,
        }
    }

    /// A frame is half there.
    pub(super) fn frame_begun(&mut self) {
        self.frame_since.get_or_insert_with(Instant::now);
    }

    /// No frame is half there.
    pub(super) const fn no_frame(&mut self) {
        self.frame_since = None;
    }

    /// A handler begins.
    pub(super) fn handler_begun(&mut self, limits: &ServerLimits) {
        self.frame_since = (!limits.handler_timeout.is_zero()).then(Instant::now);
    }

    /// The peer takes no more for now; whether it took something just before.
    pub(super) fn blocked(&mut self, progress: bool) {
        if self.blocked_since.is_none() || progress {
            self.blocked_since = Some(Instant::now());
        }
    }

    /// The peer has taken everything.
    pub(super) const fn unblocked(&mut self) {
        self.blocked_since = None;
    }

    /// Bytes came or went, and a request was completed before.
    pub(super) fn moved(&mut self, limits: &ServerLimits) {
        if !limits.idle_timeout.is_zero() {
            self.active = Instant::now();
        }
    }

    /// The first of the deadlines that run, and what its passing means.
    pub(super) fn due(
        &self,
        limits: &ServerLimits,
        waiting: Waiting,
    ) -> Option<(Instant, CloseReason)> {
        let blocked = self
            .blocked_since
            .map(|since| (since + limits.write_timeout, CloseReason::WriteStalled));
        let (frame, rate) = match waiting {
            Waiting::Nothing => (None, None),
            Waiting::Handler => {
                let at = self.frame_since.map(|since| since + limits.handler_timeout);
                (at.map(|at| (at, CloseReason::HandlerTimeout)), None)
            }
            Waiting::FirstFrame => {
                let at = self.active + limits.first_frame_timeout;
                (Some((at, CloseReason::FirstFrameTimeout)), None)
            }
            Waiting::Frame { came } => match self.frame_since {
                Some(since) => {
                    let at = since + limits.frame_timeout;
                    (
                        Some((at, CloseReason::FrameTimeout)),
                        self.too_slow(limits, since, came),
                    )
                }
                None if limits.idle_timeout.is_zero() => (None, None),
                None => {
                    let at = self.active + limits.idle_timeout;
                    (Some((at, CloseReason::IdleTimeout)), None)
                }
            },
        };
        let running = [blocked, frame, rate].into_iter().flatten();
        running.min_by_key(|(at, _)| *at)
    }

    /// Until when the bytes of a frame that have come are enough.
    fn too_slow(
        &self,
        limits: &ServerLimits,
        since: Instant,
        came: usize,
    ) -> Option<(Instant, CloseReason)> {
        // No minimum, no division, no deadline.
        let earned = (came as u64 * 1000).checked_div(limits.frame_rate_min)?;
        let allowed = limits.frame_rate_grace.max(Duration::from_millis(earned));
        Some((since + allowed, CloseReason::FrameTooSlow))
    }
}
