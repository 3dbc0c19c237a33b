//! What is counted.

use super::{CloseReason, ConnectionEnd, Ending};
use std::sync::atomic::{AtomicU64, Ordering};

/// What was counted since the server began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerStats {
    /// Connections that are there now.
    pub connections_open: usize,
    /// Connections that were accepted, those refused at a limit not among them.
    pub connections_accepted: u64,
    /// Errors of the accept loop; each was followed by a pause.
    pub accept_errors: u64,
    /// Requests that were answered, whatever the answer.
    pub requests: u64,
    /// Requests answered that the request is at fault: 400, 401, 402, 497, 502.
    pub refused: u64,
    /// Requests answered that the server is at fault: 500, 501.
    pub failed: u64,
    /// Handlers that panicked.
    pub panics: u64,
    /// Bytes that came in, as the connection reads them.
    pub bytes_in: u64,
    /// Bytes that went out, as the connection writes them.
    pub bytes_out: u64,
    /// Bytes that large payloads hold now, of the budget.
    pub payload_bytes_held: usize,
    closes: [u64; CloseReason::ALL.len()],
    endings: [u64; Ending::ALL.len()],
}

impl ServerStats {
    /// How many connections we closed for this reason.
    pub fn closes(&self, reason: CloseReason) -> u64 {
        self.closes.get(reason as usize).copied().unwrap_or(0)
    }

    /// How many connections the peer ended in this way.
    pub fn endings(&self, ending: Ending) -> u64 {
        self.endings.get(ending as usize).copied().unwrap_or(0)
    }
}

/// What one run of a connection's task adds to the counters.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) refused: u64,
    pub(crate) failed: u64,
    pub(crate) panics: u64,
    pub(crate) bytes_in: usize,
    pub(crate) bytes_out: usize,
}

/// The counters of one server.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) accepted: AtomicU64,
    pub(super) accept_errors: AtomicU64,
    requests: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    panics: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    closes: [AtomicU64; CloseReason::ALL.len()],
    endings: [AtomicU64; Ending::ALL.len()],
}

impl Counters {
    /// Adds what one run of a connection's task did.
    pub(super) fn add(&self, tally: &Tally) {
        let add = |counter: &AtomicU64, n: u64| {
            if n > 0 {
                counter.fetch_add(n, Ordering::Relaxed);
            }
        };
        add(&self.requests, tally.requests);
        add(&self.refused, tally.refused);
        add(&self.failed, tally.failed);
        add(&self.panics, tally.panics);
        add(&self.bytes_in, tally.bytes_in as u64);
        add(&self.bytes_out, tally.bytes_out as u64);
    }

    pub(super) fn count_end(&self, end: ConnectionEnd) {
        let counter = match end {
            ConnectionEnd::Closed(reason) => self.closes.get(reason as usize),
            ConnectionEnd::Peer(ending) => self.endings.get(ending as usize),
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Reads everything, beside what is a level and no counter.
    pub(super) fn read(&self, connections_open: usize, payload_bytes_held: usize) -> ServerStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ServerStats {
            connections_open,
            connections_accepted: read(&self.accepted),
            accept_errors: read(&self.accept_errors),
            requests: read(&self.requests),
            refused: read(&self.refused),
            failed: read(&self.failed),
            panics: read(&self.panics),
            bytes_in: read(&self.bytes_in),
            bytes_out: read(&self.bytes_out),
            payload_bytes_held,
            closes: std::array::from_fn(|i| self.closes.get(i).map_or(0, read)),
            endings: std::array::from_fn(|i| self.endings.get(i).map_or(0, read)),
        }
    }
}
