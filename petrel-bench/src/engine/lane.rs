//! One connection's requests in flight, without I/O: what is to be written next, and whose answer the
//! bytes are that came.

use crate::{fault::Fault, tally::Stamps, wire::Answer, workload::Workload};
use std::collections::VecDeque;

/// Bytes that are put together for one write. Small frames share it; a large one takes several.
const CHUNK: usize = 64 << 10;

/// The first sequence number of a connection. The protocol check has it; without one, a request.
pub(super) const FIRST_SEQUENCE: u32 = 1;

/// A request from when it was due to when its answer is whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct InFlight {
    template: u32,
    sequence: u32,
    pub(super) intended: u64,
    pub(super) ready: u64,
    /// 0 until its last byte is handed to the system.
    written: u64,
}

/// The requests in flight on one connection, in their order.
#[derive(Debug, Default)]
pub(super) struct Lane {
    requests: VecDeque<InFlight>,
    /// How many of them are written whole, and how many bytes of the next one.
    written: usize,
    written_bytes: usize,
    next_sequence: u32,
    /// The beginning of an answer that is not whole yet, since when, and how much of it is needed.
    partial: Vec<u8>,
    partial_since: u64,
    needed: usize,
}

impl Lane {
    /// A lane with room for `places` requests in flight, so that none of them allocates.
    pub(super) fn new(places: usize) -> Self {
        Self {
            requests: VecDeque::with_capacity(places),
            ..Self::default()
        }
    }

    /// Begins anew on a fresh connection, on which a protocol check was made or not.
    pub(super) fn restart(&mut self, checked: bool) {
        debug_assert!(self.requests.is_empty(), "what was in flight was given up");
        self.next_sequence = FIRST_SEQUENCE + u32::from(checked);
        self.written = 0;
        self.written_bytes = 0;
        self.partial.clear();
        self.needed = 0;
    }

    /// How many requests are in flight, those not written yet among them.
    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Since when the oldest request could have been written, if there is one.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.requests.front().map(|request| request.ready)
    }

    /// Takes a request that was due at `intended` and had a place since `ready`.
    #[inline]
    pub(super) fn push(&mut self, template: u32, intended: u64, ready: u64) {
        self.requests.push_back(InFlight {
            template,
            sequence: self.next_sequence,
            intended,
            ready,
            written: 0,
        });
        self.next_sequence = self.next_sequence.wrapping_add(1);
    }

    /// Appends to `out` what is to be written next, as much as one write should take.
    pub(super) fn fill(&self, workload: &Workload, out: &mut Vec<u8>) {
        let mut from = self.written_bytes;
        for request in self.requests.range(self.written..) {
            if out.len() >= CHUNK {
                return;
            }
            let template = workload.template(request.template);
            template.append(request.sequence, from, CHUNK - out.len(), out);
            from = 0;
        }
    }

    /// Whether there is something to write.
    pub(super) fn has_unwritten(&self) -> bool {
        self.written < self.requests.len()
    }

    /// The system took so many of those bytes, and was asked to at `now`.
    pub(super) fn wrote(&mut self, workload: &Workload, mut bytes: usize, now: u64) {
        while let Some(request) = self.requests.get_mut(self.written) {
            let left = workload.template(request.template).len() - self.written_bytes;
            if bytes < left {
                self.written_bytes += bytes;
                return;
            }
            bytes -= left;
            request.written = now;
            self.written += 1;
            self.written_bytes = 0;
        }
        debug_assert_eq!(bytes, 0, "no more was written than there was");
    }

    /// Takes bytes that came at `now`. Every request that they answer is given to `answered` with its
    /// stamps and what is wrong with the answer, if anything is.
    ///
    /// # Errors
    /// If the place in the conversation is lost: the request in front is at fault, those behind it are
    /// lost with it. Nothing is to be read or written any more.
    pub(super) fn read(
        &mut self,
        workload: &Workload,
        bytes: &[u8],
        now: u64,
        mut answered: impl FnMut(&Stamps, Option<Fault>),
    ) -> Result<(), Fault> {
        if self.partial.is_empty() {
            let rest = self.answers(workload, bytes, now, now, &mut answered)?;
            let taken = bytes.len() - rest;
            self.keep(bytes.get(taken..).unwrap_or_default(), now);
            return Ok(());
        }
        self.partial.extend_from_slice(bytes);
        if self.partial.len() < self.needed {
            return Ok(());
        }
        let mut partial = std::mem::take(&mut self.partial);
        let since = self.partial_since;
        let rest = self.answers(workload, &partial, now, since, &mut answered);
        let taken = partial.len() - rest?;
        partial.drain(..taken);
        self.partial = partial;
        if taken > 0 {
            self.partial_since = now;
        }
        Ok(())
    }

    /// Whether the bytes that came end inside an answer.
    pub(super) fn is_inside_answer(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Gives up everything that is in flight, the oldest first.
    pub(super) fn give_up(&mut self, mut each: impl FnMut(&InFlight)) {
        self.requests.iter().for_each(&mut each);
        self.requests.clear();
        self.written = 0;
        self.written_bytes = 0;
        // An answer of some megabytes leaves no room behind that nobody needs any more.
        self.partial = Vec::new();
        self.needed = 0;
    }

    /// Judges the answers that stand whole in `bytes`, the first of which began to come at `since`. Gives
    /// how many bytes are left behind them.
    fn answers(
        &mut self,
        workload: &Workload,
        bytes: &[u8],
        now: u64,
        since: u64,
        answered: &mut impl FnMut(&Stamps, Option<Fault>),
    ) -> Result<usize, Fault> {
        let mut rest = bytes;
        let mut first_byte = since;
        while !rest.is_empty() {
            let request = *self.requests.front().ok_or(Fault::Unasked)?;
            let template = workload.template(request.template);
            match template.judge(&workload.codec, request.sequence, rest) {
                Answer::Whole { len, fault } => {
                    let is_written = self.written > 0;
                    let stamps = Stamps {
                        intended: request.intended,
                        ready: request.ready,
                        written: if is_written { request.written } else { now },
                        first_byte,
                        done: now,
                    };
                    if !is_written {
                        // Refused from its first bytes on: what follows cannot be told from the rest.
                        return Err(fault.unwrap_or(Fault::Lost));
                    }
                    self.requests.pop_front();
                    self.written -= 1;
                    answered(&stamps, fault);
                    rest = rest.get(len..).unwrap_or_default();
                    first_byte = now;
                }
                Answer::NeedMore { at_least } => {
                    self.needed = rest.len().saturating_add(at_least);
                    break;
                }
                Answer::Lost(fault) => return Err(fault),
            }
        }
        Ok(rest.len())
    }

    fn keep(&mut self, rest: &[u8], now: u64) {
        if !rest.is_empty() {
            self.partial.extend_from_slice(rest);
            self.partial_since = now;
        }
    }
}

#[cfg(test)]
mod tests;
