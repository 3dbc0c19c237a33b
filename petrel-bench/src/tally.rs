//! What one loading thread counts in one stretch of time. All of it merges exactly.

use crate::{fault::FaultCounts, histogram::Histogram};

/// When the four things happened that happen to a request, and since when it could have been written;
/// in nanoseconds of the run's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamps {
    /// When it was due.
    pub(crate) intended: u64,
    /// When it was due and a connection had a place for it.
    pub(crate) ready: u64,
    /// When its last byte was handed to the system.
    pub(crate) written: u64,
    /// When the first byte of its answer was there.
    pub(crate) first_byte: u64,
    /// When its answer was there whole.
    pub(crate) done: u64,
}

/// One stretch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) counts: Counts,
    pub(crate) times: Times,
}

/// The counters of a stretch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// Requests that were due and sent.
    pub(crate) sent: u64,
    /// Of these, answered as expected.
    pub(crate) ok: u64,
    /// Of these, gone wrong.
    pub(crate) faults: FaultCounts,
    /// Requests that were due and never sent.
    pub(crate) unsent: u64,
    /// Requests that were sent and neither answered nor gone wrong when the run ended.
    pub(crate) unfinished: u64,
    /// Expected answers that came in the stretch, whenever their requests were due.
    pub(crate) answered: u64,
    pub(crate) sent_bytes: u64,
    pub(crate) received_bytes: u64,
    /// Answers that nobody had asked for; each cost its connection.
    pub(crate) unasked: u64,
    pub(crate) reconnects: u64,
    pub(crate) failed_connects: u64,
    /// Processor time of the thread, and time in which it was ready and had no processor.
    pub(crate) cpu_nanos: u64,
    pub(crate) starved_nanos: u64,
    /// What holds at the end of the stretch.
    pub(crate) standing: Standing,
}

/// What holds at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Requests in flight.
    pub(crate) in_flight: u64,
    /// Requests that are due and not sent.
    pub(crate) backlog: u64,
    /// Connections that are open.
    pub(crate) connections: u32,
}

/// The distributions of a stretch, of requests that were due in it or before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    /// From intended to done; what was given up is in it with its age.
    pub(crate) response: Histogram,
    /// The part of it that was given up.
    pub(crate) response_censored: Histogram,
    /// From written to done.
    pub(crate) service: Histogram,
    /// From written to the first byte.
    pub(crate) first_byte: Histogram,
    /// From intended to written.
    pub(crate) send_lag: Histogram,
    /// From ready to written.
    pub(crate) generator_lag: Histogram,
}

impl Tally {
    /// Counts `times` expected answers that share their stamps.
    #[inline]
    pub(crate) fn answered(&mut self, stamps: &Stamps, times: u64) {
        self.counts.ok += times;
        self.times.answered(stamps, times);
    }

    /// Adds what came after it; what holds then is what holds at the end of both.
    pub(crate) fn follow(&mut self, later: &Self) {
        self.counts.add(&later.counts);
        self.counts.standing = later.counts.standing;
        self.times.merge(&later.times);
    }

    /// Adds the same stretch of another thread.
    pub(crate) fn join(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.counts.standing.add(other.counts.standing);
        self.times.merge(&other.times);
    }

    /// Forgets everything and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.counts = Counts::default();
        self.times.each(Histogram::clear);
    }
}

impl Counts {
    /// Requests that were due.
    pub(crate) const fn due(&self) -> u64 {
        self.sent + self.unsent
    }

    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.ok += other.ok;
        self.faults.merge(&other.faults);
        self.unsent += other.unsent;
        self.unfinished += other.unfinished;
        self.answered += other.answered;
        self.sent_bytes += other.sent_bytes;
        self.received_bytes += other.received_bytes;
        self.unasked += other.unasked;
        self.reconnects += other.reconnects;
        self.failed_connects += other.failed_connects;
        self.cpu_nanos += other.cpu_nanos;
        self.starved_nanos += other.starved_nanos;
    }
}

impl Standing {
    const fn add(&mut self, other: Self) {
        self.in_flight += other.in_flight;
        self.backlog += other.backlog;
        self.connections += other.connections;
    }
}

impl Times {
    #[inline]
    fn answered(&mut self, stamps: &Stamps, times: u64) {
        let Stamps {
            intended,
            ready,
            written,
            first_byte,
            done,
        } = *stamps;
        self.response.record(done.saturating_sub(intended), times);
        self.service.record(done.saturating_sub(written), times);
        self.first_byte
            .record(first_byte.saturating_sub(written), times);
        self.send_lag
            .record(written.saturating_sub(intended), times);
        self.generator_lag
            .record(written.saturating_sub(ready), times);
    }

    /// Enters a request that nobody waits for any longer with the age that it has.
    pub(crate) fn given_up(&mut self, age: u64) {
        self.response.record(age, 1);
        self.response_censored.record(age, 1);
    }

    fn merge(&mut self, other: &Self) {
        self.response.merge(&other.response);
        self.response_censored.merge(&other.response_censored);
        self.service.merge(&other.service);
        self.first_byte.merge(&other.first_byte);
        self.send_lag.merge(&other.send_lag);
        self.generator_lag.merge(&other.generator_lag);
    }

    fn each(&mut self, change: impl Fn(&mut Histogram)) {
        for histogram in [
            &mut self.response,
            &mut self.response_censored,
            &mut self.service,
            &mut self.first_byte,
            &mut self.send_lag,
            &mut self.generator_lag,
        ] {
            change(histogram);
        }
    }
}
