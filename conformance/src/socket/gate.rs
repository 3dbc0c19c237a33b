//! What holds the reading thread of a link while the suite reads nothing.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Open unless somebody shuts it; whoever comes to it meanwhile waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(super) fn shut(&self) {
        *self
            .0
            .is_shut
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
    }

    pub(super) fn open(&self) {
        *self
            .0
            .is_shut
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = false;
        self.0.opened.notify_all();
    }

    /// Returns once it is open.
    pub(super) fn pass(&self) {
        let is_shut = self.0.is_shut.lock();
        let is_shut = is_shut.unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.opened.wait_while(is_shut, |is_shut| *is_shut);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}
