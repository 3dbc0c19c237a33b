//! The connections of a capture.

use super::{
    DecoderConfig,
    bounds::{FLOWS_MAX, HELD_MAX},
    candidate::{Candidate, Kept, Speech},
    tracked::{Ends, Talk, Tracked, tell},
};
use crate::{
    capture::Segment,
    conversation::Conversation,
    exchange::{End, Event, GapCause, Side, Start},
    tcp::{Flow, StreamEvent},
    totals::Totals,
};
use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
};

/// All connections, by their two ends.
#[derive(Debug)]
pub(super) struct Flows {
    config: DecoderConfig,
    pub(super) by_ends: HashMap<Ends, usize>,
    pub(super) slots: Vec<Tracked>,
    free: Vec<usize>,
    /// The connection of the last segment: the next one is often of the same.
    last: Option<(SocketAddr, SocketAddr, usize)>,
    /// Ports of servers that speak Petrel.
    known_ports: BTreeSet<u16>,
    petrel_connections: u32,
    segments: u64,
    pub(super) held: usize,
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

    /// What waits in all connections, in bytes.
    #[cfg(test)]
    pub(super) const fn held(&self) -> usize {
        self.held
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
            if let Some(Talk::Petrel { conversation, .. }) = self.talk(slot) {
                conversation.settle(out);
            }
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
        slots.sort_by_cached_key(|&(ends, slot)| {
            let tracked = self.slots.get(slot);
            let number = tracked.map_or(u64::MAX, |tracked| match &tracked.talk {
                Talk::Petrel { conversation, .. } => u64::from(conversation.number()),
                _ => u64::MAX,
            });
            let first_ns = tracked.map_or(0, |tracked| tracked.first_ns);
            // The port of a connection that says what it speaks is known for those that do not.
            let is_to_be_known = tracked.is_some_and(Tracked::waits_with_check);
            (number, !is_to_be_known, first_ns, ends)
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
            self.make_room(totals, out);
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

    pub(super) fn talk(&mut self, slot: usize) -> Option<&mut Talk> {
        self.slots.get_mut(slot).map(|tracked| &mut tracked.talk)
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
    pub(super) fn work(
        &mut self,
        slot: usize,
        totals: &mut Totals,
        out: &mut dyn FnMut(Event),
        work: impl FnOnce(&mut Flow, &mut dyn FnMut(StreamEvent<'_>)),
    ) {
        let Some(tracked) = self.slots.get_mut(slot) else {
            return;
        };
        let Tracked { flow, talk, .. } = tracked;
        let mut speech = Speech::Unknown;
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
                // What was found out stays found out, whatever else this segment tells.
                work(flow, &mut |event| {
                    let judged = candidate.add(event);
                    if speech == Speech::Unknown {
                        speech = judged;
                    }
                });
                speech = self.judge(slot, speech);
            }
        }
        match speech {
            Speech::Petrel => self.begin(slot, totals, out),
            Speech::Other(reason) => self.dismiss(slot, reason, totals),
            Speech::Unknown => {}
        }
        self.measure(slot);
    }

    /// What a connection speaks, by what it said and by its ports.
    fn judge(&self, slot: usize, speech: Speech) -> Speech {
        let Some(tracked) = self.slots.get(slot) else {
            return speech;
        };
        let Talk::Unknown(candidate) = &tracked.talk else {
            return speech;
        };
        if speech == Speech::Petrel || !tracked.is_served_at(&self.known_ports) {
            return speech;
        }
        let is_forced = tracked.is_served_at(&self.config.ports);
        candidate.judge_at_known_port(tracked.flow.opener(), is_forced)
    }

    /// A connection is not Petrel's: nothing of it is kept but what tells it from another.
    fn dismiss(&mut self, slot: usize, reason: &'static str, totals: &mut Totals) {
        if let Some(tracked) = self.slots.get_mut(slot) {
            tracked.talk = Talk::Quiet;
            tracked.flow.forget();
            *totals.skipped_connections.entry(reason).or_default() += 1;
        }
    }

    /// Counts anew what waits of a connection.
    pub(super) fn measure(&mut self, slot: usize) {
        if let Some(tracked) = self.slots.get_mut(slot) {
            let held = tracked.holds();
            self.held = (self.held + held).saturating_sub(tracked.held);
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
        conversation.seen(tracked.last_ns);
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
    pub(super) fn close(
        &mut self,
        slot: usize,
        end: End,
        totals: &mut Totals,
        out: &mut dyn FnMut(Event),
    ) {
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
        if self.is_petrel_after_all(slot) {
            self.begin(slot, totals, out);
        }
        let Some(tracked) = self.slots.get_mut(slot) else {
            return;
        };
        tracked.flow.forget();
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
                let reason = candidate.reason();
                *totals.skipped_connections.entry(reason).or_default() += 1;
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
        self.measure(slot);
    }

    /// Whether a connection that is over said too little to tell, at a port that the user named.
    fn is_petrel_after_all(&self, slot: usize) -> bool {
        self.slots.get(slot).is_some_and(|tracked| {
            let said_something = matches!(&tracked.talk, Talk::Unknown(candidate)
                if candidate.has_data() && !candidate.is_tls());
            said_something && tracked.is_served_at(&self.config.ports)
        })
    }
}
