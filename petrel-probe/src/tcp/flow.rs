//! One connection, both ways.

use super::{Patience, StreamEvent, Way, way::WayState};
use crate::{
    capture::Segment,
    exchange::{GapCause, Start},
};

/// A connection that is put together.
#[derive(Clone, Debug)]
pub struct Flow {
    forth: WayState,
    back: WayState,
    patience: Patience,
    opener: Option<Way>,
    reset_by: Option<Way>,
    is_cut: bool,
    counters: Counters,
}

/// What was noticed beside the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "plain counters")]
pub struct Counters {
    /// Segments.
    pub segments: u64,
    /// Segments with nothing new in them.
    pub retransmissions: u64,
    /// Segments that came before bytes that precede them.
    pub out_of_order: u64,
    /// Segments far from where the connection is.
    pub out_of_window: u64,
}

impl Flow {
    /// A connection of which nothing came yet.
    pub const fn new(patience: Patience) -> Self {
        Self {
            forth: WayState::new(Way::Forth),
            back: WayState::new(Way::Back),
            patience,
            opener: None,
            reset_by: None,
            is_cut: false,
            counters: Counters {
                segments: 0,
                retransmissions: 0,
                out_of_order: 0,
                out_of_window: 0,
            },
        }
    }

    /// The way of the one who opened the connection, if its handshake was captured.
    pub const fn opener(&self) -> Option<Way> {
        self.opener
    }

    /// Whether its handshake was captured.
    pub const fn start(&self) -> Start {
        match self.opener {
            Some(_) => Start::Handshake,
            None => Start::MidStream,
        }
    }

    /// Whether it came to an end: both ways did, or somebody reset it.
    pub fn has_ended(&self) -> bool {
        self.reset_by.is_some() || (self.forth.is_over() && self.back.is_over())
    }

    /// The way of the one who reset it. Who had come to an orderly end before refuses late bytes only.
    pub fn reset_by(&self) -> Option<Way> {
        self.reset_by.filter(|way| !self.state(*way).is_over())
    }

    /// Counters.
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// Nothing of it is of interest any more: what waits is dropped. What it takes to tell another
    /// connection from this one stays.
    pub fn forget(&mut self) {
        self.forth.forget();
        self.back.forget();
    }

    /// The bytes with which a way would begin, if it is not known yet where it does and it began with
    /// what came so far.
    pub fn opening(&self, way: Way) -> Option<&[u8]> {
        self.state(way).opening()
    }

    /// Bytes that were told and are kept, to be compared with what is sent again.
    pub const fn kept(&self) -> usize {
        self.forth.kept() + self.back.kept()
    }

    /// Bytes that wait, and what they cost.
    pub const fn held(&self) -> usize {
        self.forth.held() + self.back.held()
    }

    /// Whether nothing can come any more: both ways came to their ends, or it was reset behind
    /// everything that was sent.
    pub fn is_over(&self) -> bool {
        let both = self.forth.is_over() && self.back.is_over();
        both || (self.is_cut && self.forth.is_settled() && self.back.is_settled())
    }

    /// Whether a segment opens another connection between the same two ports.
    pub fn is_new_connection(&self, way: Way, segment: &Segment<'_>) -> bool {
        let (own, other) = (self.state(way), self.state(way.other()));
        // An answer to an opening that was not captured contradicts on both ways.
        let is_answer_to_another = |number| other.contradicts(number);
        segment.syn
            && own.contradicts(segment.sequence.wrapping_add(1))
            && segment.acknowledged.is_none_or(is_answer_to_another)
    }

    /// Takes a segment and tells what it makes known.
    pub fn segment(
        &mut self,
        way: Way,
        segment: &Segment<'_>,
        out: &mut dyn FnMut(StreamEvent<'_>),
    ) {
        self.counters.segments += 1;
        let (patience, packet) = (self.patience, self.counters.segments);
        if segment.syn {
            let opener = if segment.acknowledged.is_some() {
                way.other()
            } else {
                way
            };
            self.opener.get_or_insert(opener);
            let (own, _, counters) = self.ways(way);
            own.set_anchor(segment.sequence.wrapping_add(1), counters, out);
        }
        // Who opened the connection acknowledges the other's first number with its own first byte.
        let is_first = self.opener == Some(way) && self.state(way).is_first(segment.sequence);
        if let Some(number) = segment.acknowledged {
            let (_, other, counters) = self.ways(way);
            if segment.syn || is_first {
                other.set_anchor(number, counters, out);
            }
            other.acknowledge(number);
            if !segment.payload.is_empty() && other.is_acknowledged_whole(number) {
                out(StreamEvent::Answered { way: way.other() });
            }
        }
        if segment.reset {
            self.reset(way, segment);
        }
        let (own, _, counters) = self.ways(way);
        own.segment(segment, packet, counters, out);
        for way in [way, way.other()] {
            let (own, _, counters) = self.ways(way);
            if !own.is_settled() {
                own.lose_patience(patience, packet, counters, out);
            }
        }
    }

    /// The input went quiet: what others acknowledged and did not come will not come, and a beginning
    /// that was not captured was not.
    pub fn settle(&mut self, out: &mut dyn FnMut(StreamEvent<'_>)) {
        for way in [Way::Forth, Way::Back] {
            let (own, _, counters) = self.ways(way);
            own.settle(GapCause::Unacknowledged, true, counters, out);
        }
    }

    /// What waits takes too much room: everything that is there is told.
    pub fn force(&mut self, out: &mut dyn FnMut(StreamEvent<'_>)) {
        for way in [Way::Forth, Way::Back] {
            let (own, _, counters) = self.ways(way);
            let patience = Patience {
                packets: u64::MAX,
                bytes: 0,
            };
            own.lose_patience(patience, 0, counters, out);
            own.drop_history();
        }
    }

    /// Nothing more comes: everything that is there is told, and what is missing, for this cause unless
    /// a better one is known.
    pub fn finish(&mut self, cause: GapCause, out: &mut dyn FnMut(StreamEvent<'_>)) {
        for way in [Way::Forth, Way::Back] {
            let (own, _, counters) = self.ways(way);
            own.settle(cause, false, counters, out);
        }
    }

    fn reset(&mut self, way: Way, segment: &Segment<'_>) {
        self.reset_by.get_or_insert(way);
        let has_anchors = self.forth.anchor().is_some() && self.back.anchor().is_some();
        // In a capture whose packets are out of order a reset can come before data.
        let is_last = self.state(way).is_next(segment.sequence);
        let other = self.state(way.other());
        let has_other = segment
            .acknowledged
            .is_none_or(|number| other.is_next(number));
        self.is_cut |= has_anchors && is_last && has_other;
    }

    const fn state(&self, way: Way) -> &WayState {
        match way {
            Way::Forth => &self.forth,
            Way::Back => &self.back,
        }
    }

    /// This way, the other one, and the counters.
    const fn ways(&mut self, way: Way) -> (&mut WayState, &mut WayState, &mut Counters) {
        match way {
            Way::Forth => (&mut self.forth, &mut self.back, &mut self.counters),
            Way::Back => (&mut self.back, &mut self.forth, &mut self.counters),
        }
    }
}
