//! Who follows the streams while they are recorded.

use super::tap::{Drain, Heard, What};
use crate::exchange::{End, Side};
use std::{collections::BTreeSet, net::SocketAddr};

/// Somebody who looks at what is said while it is recorded. It works on a thread of its own and may
/// take its time: what comes meanwhile waits, and if that becomes too much it is told that bytes are
/// missing.
///
/// Connections are told apart by numbers from 1, in the order in which they were accepted. Of one
/// connection everything comes in the order in which it happened.
pub trait Follower: Send {
    /// A connection was accepted.
    fn opened(&mut self, connection: u32, client: SocketAddr, server: SocketAddr, time_ns: u64);

    /// The next bytes of one side.
    fn data(&mut self, connection: u32, side: Side, bytes: &[u8], time_ns: u64);

    /// So many bytes of one side were passed on, and nobody kept them.
    fn missing(&mut self, connection: u32, side: Side, len: u64);

    /// One side sends no more.
    fn ended(&mut self, connection: u32, side: Side, time_ns: u64);

    /// The connection is over, or the recorder ends before it is.
    fn over(&mut self, connection: u32, end: End, time_ns: u64);

    /// Nothing more is known for the moment.
    fn pause(&mut self) {}
}

/// Tells a follower of everything that comes out of the queue.
pub(super) fn run(drain: &Drain, mut follower: Box<dyn Follower>) {
    let mut open = BTreeSet::new();
    let mut last_ns = 0;
    while let Some(heard) = drain.next() {
        let mut next = Some(heard);
        while let Some(heard) = next {
            last_ns = heard.time_ns;
            tell(follower.as_mut(), heard, &mut open);
            next = drain.next_waiting();
        }
        follower.pause();
    }
    for connection in open {
        follower.over(connection, End::Open, last_ns);
    }
    follower.pause();
}

fn tell(follower: &mut dyn Follower, heard: Heard, open: &mut BTreeSet<u32>) {
    let Heard {
        connection,
        time_ns,
        what,
    } = heard;
    match what {
        What::Opened { client, server } => {
            open.insert(connection);
            follower.opened(connection, client, server, time_ns);
        }
        What::Data { side, bytes } => follower.data(connection, side, &bytes, time_ns),
        What::Lost { side, len } => follower.missing(connection, side, len),
        What::Fin { side, .. } => follower.ended(connection, side, time_ns),
        What::Reset { side, .. } => {
            open.remove(&connection);
            follower.over(connection, End::Reset(side), time_ns);
        }
        What::Closed => {
            open.remove(&connection);
            follower.over(connection, End::Closed, time_ns);
        }
    }
}
