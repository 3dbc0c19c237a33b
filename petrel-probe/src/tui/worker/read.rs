//! Reading: the source from its beginning to its end, and exchanges one by one.

use super::{
    SourceMsg,
    shared::{Shared, cannot_keep},
};
use crate::{
    decode::DecoderConfig,
    exchange::Event,
    source::{self, Input, Told},
    totals::Totals,
};
use petrel_cli::{Exit, Failure};
use std::{
    cell::Cell,
    ops::ControlFlow,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

/// What is found is shown so often at most.
const SHOW_EVERY: Duration = Duration::from_millis(50);

/// When what was found is shown.
pub(super) struct Showing<'a> {
    shared: &'a Shared,
    last: Cell<Option<Instant>>,
    /// How many bytes were read, of how many, and how many were told.
    read: Cell<u64>,
    total: Option<u64>,
    told: Cell<u64>,
}

impl<'a> Showing<'a> {
    pub(super) const fn new(shared: &'a Shared, total: Option<u64>) -> Self {
        Self {
            shared,
            last: Cell::new(None),
            read: Cell::new(0),
            total,
            told: Cell::new(0),
        }
    }

    /// So many bytes were read.
    pub(super) fn read(&self, bytes: u64) {
        self.read.set(bytes);
        self.show();
    }

    /// Shows what was found and how much was read, if it is time and anything has changed.
    pub(super) fn show(&self) {
        let is_early = self
            .last
            .get()
            .is_some_and(|last| last.elapsed() < SHOW_EVERY);
        let read = self.read.get();
        let has_read = self.told.get() != read;
        if is_early || !self.shared.has_arrived() || !(has_read || self.shared.has_news()) {
            return;
        }
        self.last.set(Some(Instant::now()));
        // Without news it is the index of before. It holds up the next one all the same, and so what is
        // told of progress does not pile up either.
        self.shared.publish();
        if has_read {
            self.told.set(read);
            let total = self.total;
            self.shared.tell(SourceMsg::Progress { read, total });
        }
    }
}

/// Reads a capture to its end.
pub(super) fn read_capture(shared: &Shared, input: Input, config: DecoderConfig) {
    let showing = Showing::new(shared, input.len());
    // This is asked now and then, also while nothing comes.
    let stop = || {
        showing.show();
        shared.is_over()
    };
    let mut each = |told: Told| {
        match told {
            Told::Event(Event::Exchange(exchange)) => {
                shared
                    .index(&exchange)
                    .map_err(|error| cannot_keep(&error))?;
            }
            Told::Event(Event::Connection(_)) => {}
            Told::Read(bytes) => showing.read(bytes),
            Told::Pause => showing.show(),
        }
        Ok(ControlFlow::Continue(()))
    };
    let ended = source::decode(input, config, &stop, &mut each);
    // Whatever ended it: what was found until then stays.
    shared.publish();
    shared.tell(match ended {
        Ok(totals) => SourceMsg::Done(Box::new(totals)),
        Err(failure) => SourceMsg::Failed(failure),
    });
}

/// Takes what is decoded elsewhere, until there is no more.
pub(super) fn take_events(shared: &Shared, events: &Receiver<Event>) {
    let showing = Showing::new(shared, None);
    let mut totals = Totals::default();
    loop {
        // Nobody waits for a time if there is nothing to be shown.
        let event = if shared.has_news() {
            events.recv_timeout(SHOW_EVERY)
        } else {
            events.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match event {
            Ok(Event::Exchange(exchange)) => {
                totals.exchanges += 1;
                if let Err(error) = shared.index(&exchange) {
                    shared.publish();
                    shared.tell(SourceMsg::Failed(cannot_keep(&error)));
                    return;
                }
            }
            Ok(Event::Connection(_)) => totals.connections += 1,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        showing.show();
        if shared.is_over() {
            return;
        }
    }
    shared.publish();
    shared.tell(SourceMsg::Done(Box::new(totals)));
}

/// Reads the exchanges that are looked at.
pub(super) fn read_exchanges(shared: &Shared) {
    let next = || {
        shared.wait_for(|wishes| {
            let row = wishes.rows.pop_front()?;
            Some((row, wishes.index.clone()))
        })
    };
    while let Some((row, index)) = next() {
        let exchange = match index.read(row, shared.stores()) {
            Ok(Some(exchange)) => Ok(Box::new(exchange)),
            Ok(None) => Err(failure("there is no such exchange".to_owned())),
            Err(error) => Err(failure(format!("cannot read the exchange again: {error}"))),
        };
        if !shared.tell(SourceMsg::Loaded { row, exchange }) {
            return;
        }
    }
}

fn failure(message: String) -> Failure {
    Failure::new(Exit::Unreachable, message)
}
