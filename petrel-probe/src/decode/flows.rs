//! The connections of a capture.

use super::{
    DecoderConfig,
    candidate::{Candidate, Kept, Speech},
};
use crate::{
    capture::Segment,
    conversation::Conversation,
    exchange::{End, Event, GapCause, Side, Start},
    tcp::{Flow, StreamEvent, Way},
    totals::Totals,
};
use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
};

/// Connections that are followed at once; of more, the ones that were idle longest are let go.
const FLOWS_MAX: usize = 32_768;

/// Bytes that may wait in all connections together.
const HELD_MAX: usize = 96 << 20;

/// All connections, by their two ends.
#[derive(Debug)]
pub(super) struct Flows {
    config: DecoderConfig,
    by_ends: HashMap<Ends, usize>,
    slots: Vec<Tracked>,
    free: Vec<usize>,
    /// The connection of the last segment: the next one is often of the same.
    last: Option<(SocketAddr, SocketAddr, usize)>,
    /// Ports of servers that speak Petrel.
    known_ports: BTreeSet<u16>,
    petrel_connections: u32,
    segments: u64,
    held: usize,
}

/// The two ends of a connection, the lower address first.
type Ends = (SocketAddr, SocketAddr);

#[derive(Debug)]
struct Tracked {
    ends: Ends,
    /// Who sent the first segment.
    first: SocketAddr,
    flow: Flow,
    talk: Talk,
    last_segment: u64,
    held: usize,
    first_ns: u64,
    last_ns: u64,
}

/// What is known of what a connection speaks.
#[derive(Debug)]
enum Talk {
    Unknown(Candidate),
    Petrel {
        conversation: Box<Conversation>,
        client: Way,
    },
    /// Not Petrel, or over: nothing of it is kept.
    Quiet,
}

impl Flows {
    pub(super) fn new(config: DecoderConfig) -> Self {
        let known_ports = config.ports.clone();
        Self {
            config,
            by_ends: HashMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            last: None,
            known_ports,
            petrel_connections: 0,
            segments: 0,
            held: 0,
        }
    }

    /// Takes a segment.
    pub(super) fn segment(
        &mut self,
        segment: &Segment<'_>,
        totals: &mut Totals,
        out: &mut dyn FnMut(Event),
    ) {
        self.segments += 1;
        let mut slot = self.slot(segment, totals, out);
        let is_new = self.slots.get(slot).is_some_and(|tracked| {
            let way = tracked.way(segment.from);
            let was_over = matches!(tracked.talk, Talk::Quiet) && segment.syn;
            tracked.flow.is_new_connection(way, segment)
                || (was_over && segment.acknowledged.is_none() && tracked.flow.opener().is_none())
        });
        if is_new {
            self.close(slot, End::Replaced, totals, out);
            slot = self.slot(segment, totals, out);
        }
        self.deliver(slot, segment, totals, out);
        if self.held > HELD_MAX {
            self.relieve(totals, out);
        }
    }

    /// The input went quiet.
    pub(super) fn settle(&mut self, totals: &mut Totals, out: &mut dyn FnMut(Event)) {
        for slot in self.in_order() {
            self.work(slot, totals, out, |flow, told| flow.settle(told));
        }
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, totals: &mut Totals, out: &mut dyn FnMut(Event)) {
        for slot in self.in_order() {
            self.close(slot, End::Open, totals, out);
        }
    }

    /// The slots in the order in which their connections were found, so that no order is left to luck.
    fn in_order(&self) -> Vec<usize> {
        let mut slots: Vec<_> = self
            .by_ends
            .iter()
            .map(|(ends, &slot)| (*ends, slot))
            .collect();
        slots.sort_unstable_by_key(|&(ends, slot)| {
            let tracked = self.slots.get(slot);
            let number = tracked.map_or(u64::MAX, |tracked| match &tracked.talk {
                Talk::Petrel { conversation, .. } => u64::from(conversation.number()),
                _ => u64::MAX,
            });
            let first_ns = tracked.map_or(0, |tracked| tracked.first_ns);
            (number, first_ns, ends)
        });
        slots.into_iter().map(|(_, slot)| slot).collect()
    }

    /// The slot of a segment's connection, a new one if it has none.
    fn slot(
        &mut self,
        segment: &Segment<'_>,
        totals: &mut Totals,
        out: &mut dyn FnMut(Event),
    ) -> usize {
        if let Some((from, to, slot)) = self.last
            && from == segment.from
            && to == segment.to
        {
            return slot;
        }
        let ends = if segment.from <= segment.to {
            (segment.from, segment.to)
        } else {
            (segment.to, segment.from)
        };
        let slot = match self.by_ends.get(&ends) {
            Some(&slot) => slot,
            None => self.open(ends, segment, totals, out),
        };
        self.last = Some((segment.from, segment.to, slot));
        slot
    }

    fn open(
        &mut self,
        ends: Ends,
        segment: &Segment<'_>,
        totals: &mut Totals,
        out: &mut dyn FnMut(Event),
    ) -> usize {
        if self.by_ends.len() >= FLOWS_MAX {
            let idle = self.slots.iter().enumerate();
            let used = idle.filter(|(_, tracked)| self.by_ends.contains_key(&tracked.ends));
            if let Some((slot, _)) = used.min_by_key(|(_, tracked)| tracked.last_segment) {
                self.close(slot, End::Open, totals, out);
            }
        }
        let tracked = Tracked {
            ends,
            first: segment.from,
            flow: Flow::new(self.config.patience),
            talk: Talk::Unknown(Candidate::default()),
            last_segment: self.segments,
            held: 0,
            first_ns: segment.time_ns,
            last_ns: segment.time_ns,
        };
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => self.slots.len(),
        };
        match self.slots.get_mut(slot) {
            Some(place) => *place = tracked,
            None => self.slots.push(tracked),
        }
        self.by_ends.insert(ends, slot);
        slot
    }

    fn deliver(
        &mut self,
        slot: usize,
        segment: &Segment<'_>,
        totals: &mut Totals,
        out: &mut dyn FnMut(Event),
    ) {
        let Some(tracked) = self.slots.get_mut(slot) else {
            return;
        };
        tracked.last_segment = self.segments;
        tracked.last_ns = tracked.last_ns.max(segment.time_ns);
        tracked.first_ns = tracked.first_ns.min(segment.time_ns);
        match &mut tracked.talk {
            Talk::Quiet => return,
            Talk::Petrel { conversation, .. } => conversation.seen(segment.time_ns),
            Talk::Unknown(_) => {}
        }
        let way = tracked.way(segment.from);
        self.work(slot, totals, out, |flow, told| {
            flow.segment(way, segment, told)
        });
        let is_over = self
            .slots
            .get(slot)
            .is_some_and(|tracked| tracked.flow.is_over());
        if is_over {
            self.conclude(slot, totals, out);
        }
    }

    /// Lets a flow do something, and hands on what it tells.
    fn work(
        &mut self,
        slot: usize,
        totals: &mut Totals,
        out: &mut dyn FnMut(Event),
        work: impl FnOnce(&mut Flow, &mut dyn FnMut(StreamEvent<'_>)),
    ) {
        let Some(tracked) = self.slots.get_mut(slot) else {
            return;
        };
        let server_is_known =
            matches!(tracked.talk, Talk::Unknown(_)) && tracked.server_is_known(&self.known_ports);
        let Tracked { flow, talk, .. } = tracked;
        let mut found = false;
        match talk {
            Talk::Quiet => return,
            Talk::Petrel {
                conversation,
                client,
                ..
            } => {
                work(flow, &mut |event| tell(conversation, *client, event, out));
            }
            Talk::Unknown(candidate) => {
                let mut speech = Speech::Unknown;
                // What was found out stays found out, whatever else this segment tells.
                work(flow, &mut |event| {
                    let judged = candidate.add(event);
                    if speech == Speech::Unknown {
                        speech = judged;
                    }
                });
                match speech {
                    Speech::Petrel => found = true,
                    Speech::Unknown | Speech::Other(_)
                        if candidate.has_data() && server_is_known =>
                    {
                        found = true;
                    }
                    Speech::Other(reason) => {
                        *talk = Talk::Quiet;
                        *totals.skipped_connections.entry(reason).or_default() += 1;
                    }
                    Speech::Unknown => {}
                }
            }
        }
        if found {
            self.begin(slot, totals, out);
        }
        if let Some(tracked) = self.slots.get_mut(slot) {
            let held = tracked.flow.held() + tracked.talk.held();
            self.held = self.held + held - tracked.held;
            tracked.held = held;
        }
    }

    /// A connection turned out to be Petrel: what it said so far is told.
    fn begin(&mut self, slot: usize, totals: &mut Totals, out: &mut dyn FnMut(Event)) {
        let Some(tracked) = self.slots.get_mut(slot) else {
            return;
        };
        let Talk::Unknown(candidate) = std::mem::replace(&mut tracked.talk, Talk::Quiet) else {
            return;
        };
        let client = tracked.client(&candidate, &self.known_ports);
        let (from, to) = tracked.addresses(client);
        self.known_ports.insert(to.port());
        self.petrel_connections += 1;
        totals.connections += 1;
        let number = self.petrel_connections;
        let start = tracked.flow.start();
        // A way that begins with the protocol check begins at its beginning, handshake or not.
        let sides = [client, client.other()].map(|way| match candidate.begins_with_check(way) {
            true => Start::Handshake,
            false => start,
        });
        let mut conversation = Conversation::new(number, from, to, start, &self.config.framer)
            .with_sides(sides, &self.config.framer);
        conversation.seen(tracked.first_ns);
        for kept in candidate.into_events() {
            tell(&mut conversation, client, Kept::event(&kept), out);
        }
        let conversation = Box::new(conversation);
        tracked.talk = Talk::Petrel {
            conversation,
            client,
        };
    }

    /// A connection is over; its place is kept for stragglers.
    fn conclude(&mut self, slot: usize, totals: &mut Totals, out: &mut dyn FnMut(Event)) {
        self.end_talk(slot, End::Closed, totals, out);
    }

    /// A connection is let go.
    fn close(&mut self, slot: usize, end: End, totals: &mut Totals, out: &mut dyn FnMut(Event)) {
        self.end_talk(slot, end, totals, out);
        if let Some(tracked) = self.slots.get(slot) {
            self.by_ends.remove(&tracked.ends);
            self.free.push(slot);
            self.last = None;
        }
    }

    fn end_talk(&mut self, slot: usize, end: End, totals: &mut Totals, out: &mut dyn FnMut(Event)) {
        let cause = match end {
            End::Open => GapCause::CaptureEnded,
            _ => GapCause::ConnectionEnded,
        };
        self.work(slot, totals, out, |flow, told| flow.finish(cause, told));
        let Some(tracked) = self.slots.get_mut(slot) else {
            return;
        };
        self.held -= tracked.held;
        tracked.held = 0;
        let end = match (tracked.flow.reset_by(), end) {
            (Some(way), _) => match &tracked.talk {
                Talk::Petrel { client, .. } if *client == way => End::Reset(Side::Client),
                _ => End::Reset(Side::Server),
            },
            (None, _) if tracked.flow.has_ended() => End::Closed,
            (None, end) => end,
        };
        match std::mem::replace(&mut tracked.talk, Talk::Quiet) {
            Talk::Quiet => {}
            Talk::Unknown(candidate) => {
                *totals
                    .skipped_connections
                    .entry(candidate.reason())
                    .or_default() += 1;
            }
            Talk::Petrel { conversation, .. } => {
                let counters = tracked.flow.counters();
                totals.segments += counters.segments;
                totals.retransmissions += counters.retransmissions;
                totals.out_of_order += counters.out_of_order;
                totals.conflicting_bytes += conversation.conflicting_bytes();
                totals.notices += conversation.notices();
                let (gaps, gap_bytes) = conversation.gaps();
                totals.gaps += gaps;
                totals.gap_bytes += gap_bytes;
                conversation.finish(end, &mut |event| {
                    if let Event::Connection(connection) = &event {
                        totals.exchanges += connection.exchanges;
                        totals.skipped_bytes += connection.skipped.iter().sum::<u64>();
                    }
                    out(event);
                });
            }
        }
    }

    /// Too much waits: the connections that hold most stop waiting.
    fn relieve(&mut self, totals: &mut Totals, out: &mut dyn FnMut(Event)) {
        let held = self.slots.iter().enumerate();
        if let Some((slot, _)) = held.max_by_key(|(_, tracked)| tracked.held) {
            self.work(slot, totals, out, |flow, told| flow.force(told));
        }
    }
}

impl Tracked {
    fn way(&self, from: SocketAddr) -> Way {
        if from == self.first {
            Way::Forth
        } else {
            Way::Back
        }
    }

    /// Who is the client: who opened the connection, who asked for the protocol check, or who is not
    /// at a port that is known for a server's.
    fn client(&self, candidate: &Candidate, known: &BTreeSet<u16>) -> Way {
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
    fn addresses(&self, way: Way) -> (SocketAddr, SocketAddr) {
        let (low, high) = self.ends;
        let other = if self.first == low { high } else { low };
        match way {
            Way::Forth => (self.first, other),
            Way::Back => (other, self.first),
        }
    }

    /// Whether its server's port is known for Petrel.
    fn server_is_known(&self, known: &BTreeSet<u16>) -> bool {
        match self.flow.opener() {
            Some(client) => known.contains(&self.addresses(client).1.port()),
            None => known.contains(&self.ends.0.port()) || known.contains(&self.ends.1.port()),
        }
    }
}

impl Talk {
    fn held(&self) -> usize {
        match self {
            Self::Petrel { conversation, .. } => conversation.held(),
            _ => 0,
        }
    }
}

fn tell(
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
