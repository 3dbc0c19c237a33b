//! Who is told of exchanges while they are recorded.

use super::tap::{Drain, What};
use crate::exchange::Event;

/// Somebody who wants to see what is recorded, on a thread of its own: it may take its time. What
/// comes meanwhile waits, and if that is too much, bytes are missing in what is told later.
pub trait Onlooker: Send {
    /// An exchange or a connection is over.
    fn event(&mut self, event: Event);

    /// Nothing more is known for the moment.
    fn pause(&mut self) {}
}

/// Tells an onlooker of everything that comes out of the queue.
pub(super) fn run(drain: &Drain, mut onlooker: Box<dyn Onlooker>) {
    while let Some(heard) = drain.next() {
        if let What::Closed = heard.what {
            onlooker.pause();
        }
    }
}
