//! One connection of a capture: its two ways, and what it speaks.

use super::candidate::{Candidate, is_check};
use crate::{
    conversation::Conversation,
    exchange::{Event, Side},
    tcp::{Flow, StreamEvent, Way},
};
use std::{collections::BTreeSet, net::SocketAddr};

/// The two ends of a connection, the lower address first.
pub(super) type Ends = (SocketAddr, SocketAddr);

/// A connection that is followed, or was.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) ends: Ends,
    /// Who sent the first segment.
    pub(super) first: SocketAddr,
    pub(super) flow: Flow,
    pub(super) talk: Talk,
    pub(super) last_segment: u64,
    pub(super) held: usize,
    pub(super) first_ns: u64,
    pub(super) last_ns: u64,
}

/// What is known of what a connection speaks.
#[derive(Debug)]
pub(super) enum Talk {
    Unknown(Candidate),
    Petrel {
        conversation: Box<Conversation>,
        client: Way,
    },
    /// Not Petrel, or over: nothing of it is kept.
    Quiet,
}

impl Tracked {
    pub(super) fn way(&self, from: SocketAddr) -> Way {
        if from == self.first {
            Way::Forth
        } else {
            Way::Back
        }
    }

    /// Who is the client: who opened the connection, who asked for the protocol check, or who is not
    /// at a port that is known for a server's.
    pub(super) fn client(&self, candidate: &Candidate, known: &BTreeSet<u16>) -> Way {
        self.flow
            .opener()
            .or_else(|| candidate.client())
            .unwrap_or_else(|| {
                let (first, other) = self.addresses(Way::Forth);
                let is_server = known.contains(&first.port()) && !known.contains(&other.port());
                if is_server { Way::Back } else { Way::Forth }
            })
    }

    /// The addresses of who sends this way, and of who gets it.
    pub(super) fn addresses(&self, way: Way) -> (SocketAddr, SocketAddr) {
        let (low, high) = self.ends;
        let other = if self.first == low { high } else { low };
        match way {
            Way::Forth => (self.first, other),
            Way::Back => (other, self.first),
        }
    }

    /// Whether its server's port is among those.
    pub(super) fn is_served_at(&self, ports: &BTreeSet<u16>) -> bool {
        match self.flow.opener() {
            Some(client) => ports.contains(&self.addresses(client).1.port()),
            None => ports.contains(&self.ends.0.port()) || ports.contains(&self.ends.1.port()),
        }
    }

    /// Whether what waits of it begins with a protocol check.
    pub(super) fn waits_with_check(&self) -> bool {
        let mut ways = [Way::Forth, Way::Back].into_iter();
        ways.any(|way| self.flow.opening(way).is_some_and(is_check))
    }

    /// What waits of it, in bytes.
    pub(super) fn holds(&self) -> usize {
        self.flow.held() + self.flow.kept() + self.talk.held()
    }
}

impl Talk {
    fn held(&self) -> usize {
        match self {
            Self::Petrel { conversation, .. } => conversation.held(),
            Self::Unknown(candidate) => candidate.held(),
            Self::Quiet => 0,
        }
    }
}

/// Hands on what reassembly tells of a connection.
pub(super) fn tell(
    conversation: &mut Conversation,
    client: Way,
    event: StreamEvent<'_>,
    out: &mut dyn FnMut(Event),
) {
    let side = |way| {
        if way == client {
            Side::Client
        } else {
            Side::Server
        }
    };
    match event {
        StreamEvent::Data {
            way,
            bytes,
            source,
            time_ns,
        } => {
            conversation.data(side(way), bytes, source, time_ns, out);
        }
        StreamEvent::Gap { way, len, cause } => conversation.gap(side(way), len, cause, out),
        StreamEvent::Conflict { way, len } => conversation.conflict(side(way), len),
        StreamEvent::Answered { way } => conversation.answered(side(way), out),
        StreamEvent::End { way } => conversation.end_of(side(way), out),
    }
}
