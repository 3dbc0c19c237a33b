//! Which request goes out when, and on which connection.

use super::{Place, Seat, State, Worker, wake};
use crate::schedule::Schedule;
use std::task::Waker;

impl Worker {
    /// In an open loop: hands requests that are due to free places, and says when to look again; nothing
    /// if there is no place, or nothing will be due.
    pub(in crate::engine) fn pace(&self, waker: &Waker) -> Option<u64> {
        let now = self.common.clock.now();
        let state = &mut *self.state.borrow_mut();
        state.pacer = Some(waker.clone());
        self.turn(state, now);
        if !self.is_running.get() {
            return None;
        }
        loop {
            let next = state.schedule.as_ref()?.next();
            if next >= state.counting.window.1 {
                return None;
            }
            if next > now {
                return (!state.free.is_empty()).then_some(next);
            }
            let place = state.free.pop_front()?;
            let seat = &mut *self.seat(place.lane).borrow_mut();
            if seat.generation == place.generation && seat.is_open {
                self.send_due(seat, state, next, place.since);
                wake(seat);
            }
        }
    }

    /// In a closed loop: fills every place of a connection that has just been opened, or may go on.
    pub(in crate::engine) fn fill(&self, index: u32) {
        let places = self.common.plan.pipeline as usize;
        let seat = &mut *self.seat(index).borrow_mut();
        if self.common.plan.is_open() || seat.lane.len() >= places {
            return;
        }
        let now = self.common.clock.now();
        let state = &mut *self.state.borrow_mut();
        self.turn(state, now);
        while seat.lane.len() < places && self.refill(index, seat, state, now) {}
    }

    /// Puts a request in a place that is free since `now`, if there is one to be sent.
    #[inline]
    pub(super) fn refill(&self, index: u32, seat: &mut Seat, state: &mut State, now: u64) -> bool {
        // Behind the end nothing new goes out: what is still due then was not sent in time.
        if now >= state.counting.window.1 {
            return false;
        }
        if !self.common.plan.is_open() {
            if self.is_running.get() {
                self.send(seat, state, now, now);
            }
            return self.is_running.get();
        }
        let next = state.schedule.as_ref().map_or(u64::MAX, Schedule::next);
        if next <= now && self.is_running.get() {
            self.send_due(seat, state, next, now);
            return true;
        }
        let was_full = state.free.is_empty();
        state.free.push_back(Place {
            lane: index,
            generation: seat.generation,
            since: now,
        });
        // The pacer does not wait for a time while there is no place.
        if was_full && let Some(pacer) = &state.pacer {
            pacer.wake_by_ref();
        }
        true
    }

    fn send_due(&self, seat: &mut Seat, state: &mut State, intended: u64, free_since: u64) {
        if let Some(schedule) = &mut state.schedule {
            schedule.advance();
        }
        self.send(seat, state, intended, intended.max(free_since));
    }

    #[inline]
    fn send(&self, seat: &mut Seat, state: &mut State, intended: u64, ready: u64) {
        let template = self.common.workload.choose(&mut state.random);
        seat.lane.push(template, intended, ready);
        state.counting.standing.in_flight += 1;
        state.counting.tally.counts.sent += u64::from(state.counting.counts(intended));
    }
}
