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
struct Showing<'a> {
    shared: &'a Shared,
    last: Cell<Option<Instant>>,
}

impl<'a> Showing<'a> {
    const fn new(shared: &'a Shared) -> Self {
        Self {
            shared,
            last: Cell::new(None),
        }
    }

    /// Shows what was found, if it is time and there is anything. Says whether it did.
    fn show(&self) -> bool {
        let is_early = self
            .last
            .get()
            .is_some_and(|last| last.elapsed() < SHOW_EVERY);
        if is_early || !self.shared.has_arrived() || !self.shared.has_news() {
            return false;
        }
        self.last.set(Some(Instant::now()));
        self.shared.publish()
    }
}

/// Reads a capture to its end.
pub(super) fn read_capture(shared: &Shared, input: Input, config: DecoderConfig) {
    let total = input.len();
    let showing = Showing::new(shared);
    let read = Cell::new(0);
    let show = || {
        if showing.show() {
            shared.tell(SourceMsg::Progress {
                read: read.get(),
                total,
            });
        }
    };
    // This is asked now and then, also while nothing comes.
    let stop = || {
        show();
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
            Told::Read(bytes) => {
                read.set(bytes);
                show();
            }
            Told::Pause => show(),
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
    let showing = Showing::new(shared);
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
