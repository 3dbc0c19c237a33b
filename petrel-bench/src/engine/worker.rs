//! One loading thread: its connections, when each request goes out, and what is counted.
//!
//! Everything here belongs to one thread. Tasks of its runtime share it: one for each connection, the
//! pacer of an open loop, and the beat, which looks after what hardly ever happens.

mod sending;

use super::{
    common::{Common, Report},
    lane::Lane,
    stretch::{Counting, Handover, Repeated},
};
use crate::{fault::Fault, plan::Arrivals, schedule::Schedule};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    sync::Arc,
    task::Waker,
};

/// Bytes that one read takes at the most.
pub(super) const READ_CHUNK: usize = 256 << 10;

/// A place for a request on a connection, free since some moment.
#[derive(Clone, Copy, Debug)]
struct Place {
    lane: u32,
    /// Which of the connections that the lane had: a place on a former one is none.
    generation: u32,
    since: u64,
}

/// A lane and its connection's task.
#[derive(Debug)]
struct Seat {
    lane: Lane,
    waker: Option<Waker>,
    generation: u32,
    is_open: bool,
    is_expired: bool,
}

/// One loading thread.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) common: Arc<Common>,
    seats: Vec<RefCell<Seat>>,
    state: RefCell<State>,
    /// What the thread reads into and writes from; never held across a wait.
    pub(super) input: RefCell<Box<[u8]>>,
    pub(super) output: RefCell<Vec<u8>>,
    /// Whether the load has begun, and whether requests go out: not while it is paused.
    has_begun: Cell<bool>,
    is_running: Cell<bool>,
    handover: Handover,
}

#[derive(Debug)]
struct State {
    counting: Counting,
    schedule: Option<Schedule>,
    share: (u32, u32),
    rate_changes: u32,
    /// Places without a request, longest free first. Only an open loop keeps them.
    free: VecDeque<Place>,
    pacer: Option<Waker>,
    random: fastrand::Rng,
}

impl Worker {
    pub(super) fn new(
        common: Arc<Common>,
        share: (u32, u32),
        lanes: u32,
        handover: Handover,
    ) -> Self {
        let plan = &common.plan;
        let places = plan.pipeline as usize;
        let seat = || {
            RefCell::new(Seat {
                lane: Lane::new(places),
                waker: None,
                generation: 0,
                is_open: false,
                is_expired: false,
            })
        };
        let seed = plan.seed.wrapping_add(u64::from(share.0));
        let all_places = if plan.is_open() {
            places * lanes as usize
        } else {
            0
        };
        Self {
            seats: (0..lanes).map(|_| seat()).collect(),
            state: RefCell::new(State {
                counting: Counting::new(common.step),
                schedule: None,
                share,
                rate_changes: 0,
                free: VecDeque::with_capacity(all_places),
                pacer: None,
                random: fastrand::Rng::with_seed(seed),
            }),
            input: RefCell::new(vec![0; READ_CHUNK].into()),
            output: RefCell::new(Vec::new()),
            has_begun: Cell::new(false),
            is_running: Cell::new(false),
            handover,
            common,
        }
    }

    pub(super) fn report(&self, report: Report) {
        self.handover.report(report);
    }

    pub(super) fn lanes(&self) -> impl Iterator<Item = u32> + use<> {
        0..u32::try_from(self.seats.len()).unwrap_or(u32::MAX)
    }

    /// Begins to load at `now`.
    pub(super) fn begin(&self, now: u64) {
        let mut state = self.state.borrow_mut();
        state.counting.begin(now);
        let plan = &self.common.plan;
        if let Some(rate) = plan.rate_per_s {
            let arrivals = plan.arrivals.unwrap_or(Arrivals::Constant);
            let share = state.share;
            state.schedule = Some(Schedule::new(arrivals, rate, now, share, plan.seed));
        }
        drop(state);
        self.has_begun.set(true);
        self.run(true);
    }

    /// Sends requests, or sends nothing new.
    fn run(&self, runs: bool) {
        self.is_running.set(runs);
        self.wake_pacer();
        if runs && !self.common.plan.is_open() {
            self.seats.iter().for_each(|seat| wake(&seat.borrow()));
        }
    }

    pub(super) fn wake_pacer(&self) {
        if let Some(waker) = &self.state.borrow().pacer {
            waker.wake_by_ref();
        }
    }

    /// A connection is there, on which a protocol check was made or not.
    pub(super) fn opened(&self, index: u32, waker: &Waker) {
        let mut seat = self.seat(index).borrow_mut();
        seat.lane.restart(self.common.plan.protocol_check);
        seat.generation = seat.generation.wrapping_add(1);
        seat.is_open = true;
        seat.is_expired = false;
        seat.waker = Some(waker.clone());
        let mut state = self.state.borrow_mut();
        state.counting.standing.connections += 1;
        if self.common.plan.is_open() {
            let place = Place {
                lane: index,
                generation: seat.generation,
                since: self.common.clock.now(),
            };
            let places = self.common.plan.pipeline as usize;
            state.free.extend(std::iter::repeat_n(place, places));
        }
        drop(state);
        self.wake_pacer();
    }

    /// A connection is lost, and with it what was in flight: the oldest for this reason.
    pub(super) fn lost(&self, index: u32, reason: Fault) {
        let now = self.common.clock.now();
        let timeout = self.timeout();
        let mut seat = self.seat(index).borrow_mut();
        let state = &mut *self.state.borrow_mut();
        self.turn(state, now);
        seat.is_open = false;
        seat.waker = None;
        state.counting.standing.connections -= 1;
        state.free.retain(|place| place.lane != index);
        if reason == Fault::Unasked && state.counting.counts(now) {
            state.counting.tally.counts.unasked += 1;
        }
        let mut fault = reason;
        seat.lane.give_up(|request| {
            if reason == Fault::Timeout && now.saturating_sub(request.ready) >= timeout {
                fault = Fault::Timeout;
            }
            state.counting.standing.in_flight -= 1;
            if self.is_owed(state, request.intended) {
                state.counting.tally.counts.faults.add(fault);
                let age = now.saturating_sub(request.intended);
                state.counting.tally.times.given_up(age);
            }
            fault = match reason {
                // Whatever ended the connection ended all that was on it.
                Fault::Closed | Fault::Reset | Fault::Truncated | Fault::Io => reason,
                _ => Fault::Lost,
            };
        });
    }

    /// A connection was made anew, or could not be.
    pub(super) fn reconnected(&self, is_open: bool) {
        let counts = &mut self.state.borrow_mut().counting.tally.counts;
        if is_open {
            counts.reconnects += 1;
        } else {
            counts.failed_connects += 1;
        }
    }

    /// Takes what a connection read at `now`, and refills the places that became free.
    pub(super) fn received(&self, index: u32, bytes: &[u8], now: u64) -> Result<(), Fault> {
        let seat = &mut *self.seat(index).borrow_mut();
        let state = &mut *self.state.borrow_mut();
        self.turn(state, now);
        state.counting.tally.counts.received_bytes += bytes.len() as u64;
        let is_counted = state.counting.counts(now);
        let mut same = Repeated::default();
        let mut freed = 0;
        let outcome = seat
            .lane
            .read(&self.common.workload, bytes, now, |stamps, fault| {
                freed += 1;
                state.counting.standing.in_flight -= 1;
                let counts = state.counting.counts(stamps.intended);
                match fault {
                    None => {
                        state.counting.tally.counts.answered += u64::from(is_counted);
                        if counts {
                            same.add(*stamps, &mut state.counting.tally);
                        }
                    }
                    Some(fault) if counts => state.counting.tally.counts.faults.add(fault),
                    Some(_) => (),
                }
            });
        same.flush(&mut state.counting.tally);
        outcome?;
        for _ in 0..freed {
            if !self.refill(index, seat, state, now) {
                break;
            }
        }
        Ok(())
    }

    /// How a connection ended whose last byte was read.
    pub(super) fn ended(&self, index: u32) -> Fault {
        if self.seat(index).borrow().lane.is_inside_answer() {
            Fault::Truncated
        } else {
            Fault::Closed
        }
    }

    /// Whether the connection is to be given up because an answer does not come.
    pub(super) fn is_expired(&self, index: u32) -> bool {
        self.seat(index).borrow().is_expired
    }

    /// Appends what a connection is to write next, if there is anything.
    pub(super) fn to_write(&self, index: u32, out: &mut Vec<u8>) {
        out.clear();
        self.seat(index)
            .borrow()
            .lane
            .fill(&self.common.workload, out);
    }

    /// The system took so many bytes of a connection, and was asked to at `now`.
    pub(super) fn wrote(&self, index: u32, bytes: usize, now: u64) {
        let lane = &mut self.seat(index).borrow_mut().lane;
        lane.wrote(&self.common.workload, bytes, now);
        let mut state = self.state.borrow_mut();
        state.counting.tally.counts.sent_bytes += bytes as u64;
    }

    pub(super) fn has_unwritten(&self, index: u32) -> bool {
        self.seat(index).borrow().lane.has_unwritten()
    }

    /// The beat: carries out orders, ends stretches, and looks for answers that do not come. Gives false
    /// once the run is over.
    pub(super) fn beat(&self) -> bool {
        let now = self.common.clock.now();
        let control = &self.common.control;
        let mut guard = self.state.borrow_mut();
        let state = &mut *guard;
        state.counting.learn(control.window());
        self.turn(state, now);
        let (changes, rate) = control.rate();
        let share = state.share;
        let changed = changes != state.rate_changes;
        state.rate_changes = changes;
        let resumed = self.has_begun.get() && control.is_paused() == self.is_running.get();
        if let Some(schedule) = &mut state.schedule {
            if changed {
                schedule.restart(rate, now, share);
            } else if resumed && !control.is_paused() {
                schedule.restart(self.rate_now(), now, share);
            }
        }
        let (end, in_flight) = (state.counting.window.1, state.counting.standing.in_flight);
        drop(guard);
        if now < end {
            if resumed {
                self.run(!control.is_paused());
            } else if changed {
                self.wake_pacer();
            }
        }
        self.expire(now);
        let is_over = now >= end && (in_flight == 0 || now - end >= self.timeout());
        !(is_over || control.is_abandoned())
    }

    /// Ends the last stretch: what was never sent and never answered is entered with the age it has.
    pub(super) fn finish(&self) {
        let now = self.common.clock.now();
        let state = &mut *self.state.borrow_mut();
        self.turn(state, now);
        for seat in &self.seats {
            seat.borrow_mut().lane.give_up(|request| {
                if self.is_owed(state, request.intended) {
                    state.counting.tally.counts.unfinished += 1;
                    let age = now.saturating_sub(request.intended);
                    state.counting.tally.times.given_up(age);
                }
            });
        }
        if let Some(schedule) = &mut state.schedule {
            let end = state.counting.window.1.min(now);
            while schedule.next() < end {
                let intended = schedule.next();
                if state.counting.counts(intended) {
                    state.counting.tally.counts.unsent += 1;
                    state.counting.tally.times.given_up(end - intended);
                }
                schedule.advance();
            }
        }
        state.counting.finish(&self.handover);
    }

    /// Hands over the stretch if it is over.
    #[inline]
    fn turn(&self, state: &mut State, now: u64) {
        if state.counting.is_over(now) {
            // While a place is free, what is due is only on its way.
            let schedule = state.schedule.as_ref().filter(|_| state.free.is_empty());
            let control = &self.common.control;
            state
                .counting
                .turn_over(now, schedule, control, &self.handover);
        }
    }

    /// Whether a request that is given up belongs to the measured time. In a closed loop one from before it
    /// does, too, and is counted as sent only now: it held a place in which others would have been.
    fn is_owed(&self, state: &mut State, intended: u64) -> bool {
        if state.counting.counts(intended) {
            return true;
        }
        let is_older = intended < state.counting.window.0;
        let is_owed = is_older && !self.common.plan.is_open();
        state.counting.tally.counts.sent += u64::from(is_owed);
        is_owed
    }

    fn expire(&self, now: u64) {
        let timeout = self.timeout();
        for seat in &self.seats {
            let mut seat = seat.borrow_mut();
            let oldest = seat.lane.oldest();
            if oldest.is_some_and(|since| now.saturating_sub(since) >= timeout) && seat.is_open {
                seat.is_expired = true;
                wake(&seat);
            }
        }
    }

    fn rate_now(&self) -> f64 {
        match self.common.control.rate() {
            (0, _) => self.common.plan.rate_per_s.unwrap_or(1.0),
            (_, changed) => changed,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a plan's times are positive and lie within days"
    )]
    fn timeout(&self) -> u64 {
        (self.common.plan.timeout_s * 1e9) as u64
    }

    fn seat(&self, index: u32) -> &RefCell<Seat> {
        &self.seats[index as usize]
    }
}

fn wake(seat: &Seat) {
    if let Some(waker) = &seat.waker {
        waker.wake_by_ref();
    }
}
