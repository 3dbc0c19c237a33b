//! One way of a connection: its bytes put in order.

use super::{
    Counters, Patience, StreamEvent, Way,
    cuts::Cuts,
    history::History,
    waiting::{OVERHEAD, Piece, Waiting},
};
use crate::{capture::Segment, exchange::GapCause};

/// Offsets further from the next byte than this are of another connection, or nonsense.
const WINDOW: i64 = 1 << 30;

/// A segment of a way whose first sequence number is not known yet.
#[derive(Clone, Debug)]
struct Early {
    sequence: u32,
    piece: Piece,
    missing: u32,
    fin: bool,
}

/// The state of one way.
#[derive(Clone, Debug)]
pub(super) struct WayState {
    way: Way,
    /// Sequence number of the byte at offset 0.
    anchor: Option<u32>,
    early: Vec<Early>,
    next: u64,
    waiting: Waiting,
    cuts: Cuts,
    /// Cost of the early segments.
    held_early: usize,
    acknowledged: u64,
    /// An acknowledgment that came before the anchor.
    early_acknowledged: Option<u32>,
    fin: Option<u64>,
    is_over: bool,
    history: History,
}

impl WayState {
    pub(super) const fn new(way: Way) -> Self {
        Self {
            way,
            anchor: None,
            early: Vec::new(),
            next: 0,
            waiting: Waiting::new(),
            cuts: Cuts::new(),
            held_early: 0,
            acknowledged: 0,
            early_acknowledged: None,
            fin: None,
            is_over: false,
            history: History::new(),
        }
    }

    pub(super) const fn anchor(&self) -> Option<u32> {
        self.anchor
    }

    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) const fn held(&self) -> usize {
        self.held_early + self.waiting.held()
    }

    /// Bytes that are kept for comparison only.
    pub(super) const fn kept(&self) -> usize {
        self.history.len()
    }

    /// Nothing of this way is of interest any more: what waits is dropped. Its place stays known.
    pub(super) fn forget(&mut self) {
        self.early = Vec::new();
        self.waiting = Waiting::new();
        self.cuts = Cuts::new();
        self.history = History::new();
        self.held_early = 0;
    }

    /// The bytes with which this way would begin, if it began with what came so far.
    pub(super) fn opening(&self) -> Option<&[u8]> {
        let lowest = self.lowest_early()?;
        let mut first = self.early.iter().filter(|one| one.sequence == lowest);
        first.next().map(|one| &one.piece.bytes[..])
    }

    /// The lowest sequence number that came early. Numbers wrap, so they are compared by their
    /// distance from one of them.
    fn lowest_early(&self) -> Option<u32> {
        let first = self.early.first()?.sequence;
        let distance = |sequence: u32| sequence.wrapping_sub(first).wrapping_add(1 << 31);
        let sequences = self.early.iter().map(|early| early.sequence);
        sequences.min_by_key(|&sequence| distance(sequence))
    }

    /// Whether everything that came was handed out.
    pub(super) fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.early.is_empty()
    }

    /// Whether the other end has everything that was handed out, and nothing more came.
    pub(super) fn is_acknowledged_whole(&self, number: u32) -> bool {
        self.is_settled() && self.next > 0 && self.offset(number) == Some(self.next)
    }

    /// Whether a segment's sequence number is the one that comes next.
    pub(super) fn is_next(&self, sequence: u32) -> bool {
        self.offset(sequence) == Some(self.next)
    }

    /// Whether a segment's sequence number is that of the first byte.
    pub(super) fn is_first(&self, sequence: u32) -> bool {
        self.anchor == Some(sequence)
    }

    /// Whether a SYN with this number opens another connection than the one that is followed.
    pub(super) fn contradicts(&self, anchor: u32) -> bool {
        match self.anchor {
            Some(own) => own != anchor,
            // Bytes that precede the beginning are not of this connection.
            None => self.early.iter().any(|early| {
                let ahead = early.sequence.wrapping_sub(anchor);
                i64::from(ahead) > WINDOW
            }),
        }
    }

    /// The place of the first byte is known now.
    pub(super) fn set_anchor(
        &mut self,
        anchor: u32,
        counters: &mut Counters,
        out: &mut dyn FnMut(StreamEvent<'_>),
    ) {
        if self.anchor.is_some() {
            return;
        }
        self.anchor = Some(anchor);
        if let Some(number) = self.early_acknowledged.take() {
            self.acknowledge(number);
        }
        for early in std::mem::take(&mut self.early) {
            let Early {
                sequence,
                piece,
                missing,
                fin,
            } = early;
            self.held_early = self.held_early.saturating_sub(piece.bytes.len() + OVERHEAD);
            let segment = Arrival {
                sequence,
                missing,
                fin,
                bytes: &piece.bytes,
            };
            self.arrive(
                &segment,
                piece.source,
                piece.time_ns,
                piece.packet,
                counters,
                out,
            );
        }
    }

    /// Begins at the lowest sequence number that came: the beginning was not captured.
    pub(super) fn begin_in_mid_stream(
        &mut self,
        counters: &mut Counters,
        out: &mut dyn FnMut(StreamEvent<'_>),
    ) {
        if let Some(lowest) = self.lowest_early() {
            self.set_anchor(lowest, counters, out);
        }
    }

    /// Notes how far the other end has this way.
    pub(super) fn acknowledge(&mut self, number: u32) {
        if self.anchor.is_none() {
            self.early_acknowledged = Some(number);
        } else if let Some(offset) = self.offset(number) {
            self.acknowledged = self.acknowledged.max(offset);
        }
    }

    /// Takes a segment's bytes.
    pub(super) fn segment(
        &mut self,
        segment: &Segment<'_>,
        packet: u64,
        counters: &mut Counters,
        out: &mut dyn FnMut(StreamEvent<'_>),
    ) {
        let Segment {
            payload,
            missing,
            source,
            time_ns,
            fin,
            ..
        } = *segment;
        let sequence = segment.sequence.wrapping_add(u32::from(segment.syn));
        if payload.is_empty() && missing == 0 && !fin {
            return;
        }
        if self.anchor.is_none() {
            let bytes = payload.to_vec();
            self.held_early += bytes.len() + OVERHEAD;
            let piece = Piece {
                bytes,
                source,
                time_ns,
                packet,
            };
            self.early.push(Early {
                sequence,
                piece,
                missing,
                fin,
            });
            return;
        }
        let arrival = Arrival {
            sequence,
            missing,
            fin,
            bytes: payload,
        };
        self.arrive(&arrival, source, time_ns, packet, counters, out);
    }

    /// Drops what is kept for comparison only.
    pub(super) fn drop_history(&mut self) {
        self.history = History::new();
    }

    /// What waits for longer than patience allows is told, and gaps before it.
    pub(super) fn lose_patience(
        &mut self,
        patience: Patience,
        packet: u64,
        counters: &mut Counters,
        out: &mut dyn FnMut(StreamEvent<'_>),
    ) {
        let is_old = |piece: &Piece| packet.saturating_sub(piece.packet) >= patience.packets;
        if self.anchor.is_none() {
            let oldest = self.early.first();
            if self.held() > patience.bytes || oldest.is_some_and(|early| is_old(&early.piece)) {
                self.begin_in_mid_stream(counters, out);
            }
        }
        while let Some((at, piece)) = self.waiting.first() {
            let is_too_much = self.held() > patience.bytes;
            if !is_too_much && !is_old(piece) {
                break;
            }
            let cause = if is_too_much {
                GapCause::Limit
            } else {
                GapCause::Unacknowledged
            };
            self.skip_to(at, cause, out);
            self.hand_out(out);
        }
    }

    /// Everything that is missing before what waits is a gap; with `to_the_end` what a FIN promised
    /// is, too.
    pub(super) fn settle(
        &mut self,
        cause: GapCause,
        only_acknowledged: bool,
        counters: &mut Counters,
        out: &mut dyn FnMut(StreamEvent<'_>),
    ) {
        self.begin_in_mid_stream(counters, out);
        while let Some((at, _)) = self.waiting.first() {
            if only_acknowledged && self.acknowledged < at {
                return;
            }
            self.skip_to(at, GapCause::Unacknowledged, out);
            self.hand_out(out);
        }
        if only_acknowledged {
            return;
        }
        // Behind the last byte: what the FIN, an acknowledgment or a cut packet tells of.
        let told = self.acknowledged_data().max(self.cuts.end());
        let end = self.fin.unwrap_or(told);
        if end > self.next {
            self.skip_to(end, cause, out);
        }
        self.reach_end(out);
    }

    /// How far the other end has bytes; an acknowledged FIN is no byte.
    fn acknowledged_data(&self) -> u64 {
        // Where the FIN was not captured, an acknowledgment of one byte more than was seen is its.
        if self.acknowledged == self.next + 1 {
            self.next
        } else {
            self.acknowledged
        }
    }

    fn offset(&self, sequence: u32) -> Option<u64> {
        self.signed_offset(sequence)
            .and_then(|offset| u64::try_from(offset).ok())
    }

    /// Where a sequence number lies, if it lies near the next byte at all.
    fn signed_offset(&self, sequence: u32) -> Option<i64> {
        let next = i64::try_from(self.next).ok()?;
        let low = u32::try_from(self.next & 0xffff_ffff).ok()?;
        let ahead = sequence.wrapping_sub(self.anchor?.wrapping_add(low));
        // As a signed number: ahead of the next byte, or behind it.
        let ahead = i64::from(ahead.cast_signed());
        (-WINDOW..=WINDOW).contains(&ahead).then_some(next + ahead)
    }

    fn arrive(
        &mut self,
        arrival: &Arrival<'_>,
        source: u64,
        time_ns: u64,
        packet: u64,
        counters: &mut Counters,
        out: &mut dyn FnMut(StreamEvent<'_>),
    ) {
        let Some(signed) = self.signed_offset(arrival.sequence) else {
            counters.out_of_window += 1;
            return;
        };
        // Bytes before the beginning are none of ours.
        let before = usize::try_from(-signed.min(0)).unwrap_or(usize::MAX);
        let bytes = arrival.bytes.get(before..).unwrap_or_default();
        let source = source + before as u64;
        let at = u64::try_from(signed).unwrap_or(0);
        let end = at + bytes.len() as u64 + u64::from(arrival.missing);
        if arrival.fin && signed >= 0 {
            self.fin.get_or_insert(end);
        }
        if arrival.missing > 0 && end > self.next {
            let from = at + bytes.len() as u64;
            self.cuts.add(from, end);
        }
        if !bytes.is_empty() {
            if at == self.next && self.waiting.is_empty() {
                self.tell(bytes, source, time_ns, out);
            } else {
                let piece = Piece {
                    bytes: Vec::new(),
                    source,
                    time_ns,
                    packet,
                };
                self.place(at, bytes, &piece, counters, out);
            }
        }
        self.hand_out(out);
    }

    /// Puts bytes where they belong: what was there before stays.
    fn place(
        &mut self,
        at: u64,
        bytes: &[u8],
        origin: &Piece,
        counters: &mut Counters,
        out: &mut dyn FnMut(StreamEvent<'_>),
    ) {
        let is_keepalive = bytes.len() == 1 && at + 1 == self.next;
        if is_keepalive {
            return;
        }
        let placed = self.waiting.place(at, bytes, self.next, origin);
        let conflict = placed.conflict + self.history.conflict(self.next, at, bytes);
        if conflict > 0 {
            out(StreamEvent::Conflict {
                way: self.way,
                len: conflict,
            });
        }
        match placed.first {
            None => counters.retransmissions += 1,
            Some(first) if first > self.next => counters.out_of_order += 1,
            Some(_) => {}
        }
    }

    /// Tells what is next in order, as long as there is something.
    fn hand_out(&mut self, out: &mut dyn FnMut(StreamEvent<'_>)) {
        loop {
            let first = self.waiting.first().map(|(at, _)| at);
            if first == Some(self.next) {
                if let Some(piece) = self.waiting.pop_first() {
                    self.tell(&piece.bytes, piece.source, piece.time_ns, out);
                }
                continue;
            }
            // What the capture cut off will not come, unless it waits already.
            let Some((_, to)) = self.cuts.first_within(self.next, self.next + 1) else {
                break;
            };
            self.gap(
                first.map_or(to, |first| first.min(to)),
                GapCause::SnapLength,
                out,
            );
        }
        self.reach_end(out);
    }

    /// Goes on at an offset: what lies before it is missing, some of it for reasons that are known.
    fn skip_to(&mut self, at: u64, cause: GapCause, out: &mut dyn FnMut(StreamEvent<'_>)) {
        while self.next < at {
            let cut = self.cuts.first_within(self.next, at);
            let to = cut.map_or(at, |(from, _)| from);
            if to > self.next {
                let split = self.acknowledged.clamp(self.next, to);
                self.gap(split, GapCause::Lost, out);
                self.gap(to, cause, out);
            }
            if let Some((_, to)) = cut {
                self.gap(to.min(at), GapCause::SnapLength, out);
            }
        }
    }

    fn gap(&mut self, to: u64, cause: GapCause, out: &mut dyn FnMut(StreamEvent<'_>)) {
        let len = to.saturating_sub(self.next);
        if len > 0 {
            self.next = to;
            self.history.clear();
            out(StreamEvent::Gap {
                way: self.way,
                len,
                cause,
            });
        }
    }

    fn reach_end(&mut self, out: &mut dyn FnMut(StreamEvent<'_>)) {
        if !self.is_over && self.fin == Some(self.next) {
            self.is_over = true;
            out(StreamEvent::End { way: self.way });
        }
    }

    fn tell(
        &mut self,
        bytes: &[u8],
        source: u64,
        time_ns: u64,
        out: &mut dyn FnMut(StreamEvent<'_>),
    ) {
        self.next += bytes.len() as u64;
        self.history.remember(bytes);
        out(StreamEvent::Data {
            way: self.way,
            bytes,
            source,
            time_ns,
        });
    }
}

/// What a segment brings.
#[derive(Debug)]
struct Arrival<'a> {
    sequence: u32,
    missing: u32,
    fin: bool,
    bytes: &'a [u8],
}
