//! Decoding: real captures, what can happen to captures, and connections of all kinds.

mod captures;
mod connections;
mod mangled;
mod script;

use super::{Decoder, DecoderConfig};
use crate::{
    exchange::{Connection, Event, Exchange, Note},
    totals::Totals,
};

/// What a decoder told in all.
struct Decoded {
    exchanges: Vec<Exchange>,
    connections: Vec<Connection>,
    totals: Totals,
}

impl Decoded {
    fn new(events: Vec<Event>, totals: &Totals) -> Self {
        let (mut exchanges, mut connections) = (Vec::new(), Vec::new());
        for event in events {
            match event {
                Event::Exchange(exchange) => exchanges.push(*exchange),
                Event::Connection(connection) => connections.push(*connection),
            }
        }
        let totals = totals.clone();
        assert_eq!(totals.exchanges, exchanges.len() as u64);
        assert_eq!(totals.connections, connections.len() as u64);
        Self {
            exchanges,
            connections,
            totals,
        }
    }

    /// The kinds of all notes of exchanges, in their order.
    fn notes(&self) -> Vec<&'static str> {
        let notes = self.exchanges.iter().flat_map(|one| &one.notes);
        notes.map(Note::kind).collect()
    }
}

/// Numbers that look like luck and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.roll(last + 1));
        }
    }
}
