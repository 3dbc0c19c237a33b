//! The way from forwarding to writing: a queue that is bounded by its bytes and never waited for.
//!
//! Who forwards hands over copies. If the queue is full the copy is dropped and counted, and the count
//! goes along with what comes next, so that the recording shows a hole where the bytes were.

use crate::exchange::Side;
use std::{
    borrow::Cow,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
};

/// What one copy costs beside its bytes.
const OVERHEAD: usize = 128;

/// What was heard on a connection.
#[derive(Debug)]
pub(super) struct Heard {
    /// Which connection, from 1 in the order of acceptance.
    pub(super) connection: u32,
    /// When, in nanoseconds since 1970.
    pub(super) time_ns: u64,
    pub(super) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It was accepted.
    Opened {
        client: SocketAddr,
        server: SocketAddr,
    },
    /// These bytes were passed on.
    Data { side: Side, bytes: Vec<u8> },
    /// So many bytes were passed on and are not kept.
    Lost { side: Side, len: u64 },
    /// This side ended in order.
    Fin {
        side: Side,
        remark: Option<&'static str>,
    },
    /// This side gave up, which ends the connection.
    Reset { side: Side, remark: Option<String> },
    /// Both sides have ended in order.
    Closed,
}

/// The entrance of the queue. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Tap {
    sender: Sender<Heard>,
    load: Arc<Load>,
}

/// The exit.
#[derive(Debug)]
pub(super) struct Drain {
    receiver: Receiver<Heard>,
    load: Arc<Load>,
}

#[derive(Debug)]
struct Load {
    waiting: AtomicUsize,
    capacity: usize,
}

/// A connection's access to the queue.
#[derive(Debug)]
pub(super) struct ConnectionTap {
    tap: Tap,
    connection: u32,
    /// Bytes of the client and of the server that were dropped and not told of yet.
    lost: [u64; 2],
    /// Whether the queue knows of the connection.
    is_known: bool,
}

/// A queue of so many bytes.
pub(super) fn queue(capacity: usize) -> (Tap, Drain) {
    let (sender, receiver) = mpsc::channel();
    let load = Arc::new(Load {
        waiting: AtomicUsize::new(0),
        capacity,
    });
    let tap = Tap {
        sender,
        load: Arc::clone(&load),
    };
    (tap, Drain { receiver, load })
}

impl Tap {
    /// Tells of a connection. If there is no room, nothing of it will be kept.
    pub(super) fn open(
        &self,
        connection: u32,
        client: SocketAddr,
        server: SocketAddr,
        time_ns: u64,
    ) -> ConnectionTap {
        let mut opened = ConnectionTap {
            tap: self.clone(),
            connection,
            lost: [0; 2],
            is_known: true,
        };
        opened.is_known = self.has_room_for(0);
        opened.send(What::Opened { client, server }, time_ns);
        opened
    }

    fn has_room_for(&self, bytes: usize) -> bool {
        let waiting = self.load.waiting.load(Ordering::Relaxed);
        waiting.saturating_add(bytes + OVERHEAD) <= self.load.capacity
    }

    /// Whether the other end is gone is no matter of those who forward.
    fn send(&self, heard: Heard) {
        self.load.waiting.fetch_add(heard.cost(), Ordering::Relaxed);
        let _ = self.sender.send(heard);
    }
}

impl ConnectionTap {
    /// Bytes that `side` sent were passed on.
    pub(super) fn data(&mut self, side: Side, bytes: Cow<'_, [u8]>, time_ns: u64) {
        if !self.tap.has_room_for(bytes.len()) {
            self.lost(side, bytes.len() as u64);
            return;
        }
        self.tell_of_losses(time_ns);
        let bytes = bytes.into_owned();
        self.send(What::Data { side, bytes }, time_ns);
    }

    /// Bytes that `side` sent were passed on and are not at hand.
    pub(super) fn lost(&mut self, side: Side, len: u64) {
        let [client, server] = &mut self.lost;
        match side {
            Side::Client => *client += len,
            Side::Server => *server += len,
        }
    }

    /// `side` ended in order.
    pub(super) fn fin(&mut self, side: Side, remark: Option<&'static str>, time_ns: u64) {
        self.tell_of_losses(time_ns);
        self.send(What::Fin { side, remark }, time_ns);
    }

    /// `side` gave up.
    pub(super) fn reset(&mut self, side: Side, remark: Option<String>, time_ns: u64) {
        self.tell_of_losses(time_ns);
        self.send(What::Reset { side, remark }, time_ns);
    }

    /// Tells what another queue told.
    pub(super) fn pass_on(&mut self, what: What, time_ns: u64) {
        match what {
            What::Data { side, bytes } => self.data(side, bytes.into(), time_ns),
            What::Lost { side, len } => self.lost(side, len),
            What::Fin { side, remark } => self.fin(side, remark, time_ns),
            What::Reset { side, remark } => self.reset(side, remark, time_ns),
            What::Closed => self.close(time_ns),
            What::Opened { .. } => (),
        }
    }

    /// Both sides have ended.
    pub(super) fn close(&mut self, time_ns: u64) {
        self.send(What::Closed, time_ns);
    }

    fn tell_of_losses(&mut self, time_ns: u64) {
        let [client, server] = std::mem::take(&mut self.lost);
        for (side, len) in [(Side::Client, client), (Side::Server, server)] {
            if len > 0 {
                self.send(What::Lost { side, len }, time_ns);
            }
        }
    }

    fn send(&self, what: What, time_ns: u64) {
        if self.is_known {
            self.tap.send(Heard {
                connection: self.connection,
                time_ns,
                what,
            });
        }
    }
}

impl Drain {
    /// What was heard next; waits for it. Nothing once every entrance is gone.
    pub(super) fn next(&self) -> Option<Heard> {
        self.taken(self.receiver.recv().ok())
    }

    /// The same; nothing if nothing waits.
    pub(super) fn next_waiting(&self) -> Option<Heard> {
        self.taken(self.receiver.try_recv().ok())
    }

    fn taken(&self, heard: Option<Heard>) -> Option<Heard> {
        let cost = heard.as_ref().map_or(0, Heard::cost);
        self.load.waiting.fetch_sub(cost, Ordering::Relaxed);
        heard
    }
}

impl Heard {
    const fn cost(&self) -> usize {
        match &self.what {
            What::Data { bytes, .. } => bytes.len() + OVERHEAD,
            _ => OVERHEAD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(drain: &Drain) -> Vec<What> {
        std::iter::from_fn(|| drain.next_waiting())
            .map(|heard| heard.what)
            .collect()
    }

    #[test]
    fn what_finds_no_room_is_counted_and_told_of_before_what_comes_next() {
        let (tap, drain) = queue(4 * OVERHEAD + 100);
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        let mut connection = tap.open(1, addr, addr, 0);
        connection.data(Side::Client, vec![1; 100].into(), 1);
        let (side, bytes) = (Side::Client, vec![1; 100]);
        connection.data(Side::Client, vec![2; 300].into(), 2);
        connection.data(Side::Client, vec![3; 301].into(), 3);
        connection.data(Side::Server, vec![4; 302].into(), 4);
        let opened = What::Opened {
            client: addr,
            server: addr,
        };
        assert_eq!(all(&drain), [opened, What::Data { side, bytes }]);
        connection.data(Side::Server, vec![5].into(), 5);
        connection.data(Side::Server, vec![6].into(), 6);
        connection.lost(Side::Server, 7);
        connection.fin(Side::Server, None, 8);
        let (side, bytes) = (Side::Server, vec![5]);
        let told = [
            What::Lost {
                side: Side::Client,
                len: 601,
            },
            What::Lost { side, len: 302 },
            What::Data { side, bytes },
            What::Data {
                side,
                bytes: vec![6],
            },
            What::Lost { side, len: 7 },
            What::Fin { side, remark: None },
        ];
        assert_eq!(all(&drain), told);
        assert_eq!(drain.load.waiting.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_connection_that_finds_no_room_is_not_kept_at_all() {
        let (tap, drain) = queue(OVERHEAD);
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        let mut first = tap.open(1, addr, addr, 0);
        let mut second = tap.open(2, addr, addr, 0);
        assert_eq!(all(&drain).len(), 1);
        second.data(Side::Client, vec![1].into(), 1);
        second.close(2);
        assert_eq!(all(&drain), []);
        first.close(3);
        assert_eq!(all(&drain), [What::Closed]);
        drop((tap, first, second));
        assert!(drain.next().is_none());
    }
}
