//! Cutting one side's bytes into messages.

use super::{
    config::{Framed, FramerConfig, Macs},
    frames::header_end,
    pending::Pending,
    search::{Manner, Search},
};
use crate::exchange::{Gap, GapCause, Side};
use petrel::wire::Header;
use std::collections::VecDeque;

/// Bytes that are kept while the place is looked for, beyond the longest payload.
const HEAP_ROOM: usize = 64 << 10;

/// Bytes that are looked at together while searching, so that losing the place again and again costs
/// no more than this each time.
const PIECE: usize = 2 << 10;

/// Messages that must make sense behind a place that was found.
const DOUBTS: u8 = 3;

/// One side's bytes on their way to messages.
#[derive(Debug)]
pub struct Framer {
    side: Side,
    pub(super) config: FramerConfig,
    pub(super) macs: Option<bool>,
    /// Bytes of the frame under way; while searching, the heap that is searched.
    pub(super) pending: Pending,
    /// Gaps in the frame under way, and how many bytes they are.
    pub(super) gaps: Vec<Gap>,
    pub(super) missing: u64,
    pub(super) search: Option<Search>,
    pub(super) last_sequence: Option<u32>,
    pub(super) skipped: u64,
    skipped_in_all: u64,
    pub(super) after_loss: bool,
    /// Messages that must still make sense before a place that was found is believed.
    pub(super) doubts: u8,
    /// Bytes to come of a payload over the limit, which was told without it.
    pub(super) unkept: u64,
    unkept_in_all: u64,
    /// Bytes that were held and turn out to be of later messages.
    released: Vec<Run>,
    /// Bytes that are to be read again, before anything that comes later.
    again: VecDeque<Run>,
}

/// Bytes that were held.
#[derive(Debug)]
struct Run {
    bytes: Vec<u8>,
    source: u64,
    time_ns: u64,
}

impl Framer {
    /// One side of a connection, from its first byte on.
    pub fn new(side: Side, config: FramerConfig) -> Self {
        let macs = match config.macs {
            Macs::Auto => None,
            Macs::Yes => Some(true),
            Macs::No => Some(false),
        };
        Self {
            side,
            config,
            macs,
            pending: Pending::default(),
            gaps: Vec::new(),
            missing: 0,
            search: None,
            last_sequence: None,
            skipped: 0,
            skipped_in_all: 0,
            after_loss: false,
            doubts: 0,
            unkept: 0,
            unkept_in_all: 0,
            released: Vec::new(),
            again: VecDeque::new(),
        }
    }

    /// One side of a connection whose beginning was not captured.
    pub fn in_mid_stream(side: Side, config: FramerConfig) -> Self {
        let mut framer = Self::new(side, config);
        framer.lose_place(0);
        framer
    }

    /// Whether messages carry MACs; none while that is not known.
    pub const fn macs(&self) -> Option<bool> {
        self.macs
    }

    /// Bytes that were passed over so far.
    pub const fn skipped_in_all(&self) -> u64 {
        self.skipped_in_all
    }

    /// Bytes of payloads over the limit so far, which were not kept.
    pub const fn unkept_in_all(&self) -> u64 {
        self.unkept_in_all
    }

    /// Whether messages may be missing before the next one.
    pub const fn has_lost(&self) -> bool {
        self.after_loss
    }

    /// Bytes held for a message that is not complete.
    pub fn held(&self) -> usize {
        self.pending.bytes.len()
    }

    /// The next bytes, where they lie, and when they were captured.
    pub fn data(&mut self, bytes: &[u8], source: u64, time_ns: u64, out: &mut dyn FnMut(Framed)) {
        self.read(bytes, source, time_ns, out);
        self.read_again(out);
    }

    /// The next bytes are missing.
    pub fn gap(&mut self, len: u64, cause: GapCause, out: &mut dyn FnMut(Framed)) {
        let unkept = len.min(self.unkept);
        self.pass_unkept(unkept);
        let len = len - unkept;
        if len == 0 {
            return;
        }
        // A frame that reaches into the gap, or ends where it begins, is not confirmed any better.
        self.decide(out);
        if self.search.is_some() {
            self.drop_heap(len);
            return;
        }
        let Some(header) = self.header() else {
            let lost = self.pending.bytes.len() as u64;
            self.pass_over(lost);
            self.pending.clear();
            self.lose_place(lost + len);
            return;
        };
        let at = self.pending.bytes.len() as u64 + self.missing;
        if header.payload_len > self.config.payload_max {
            // Its payload is none that is waited for: what is missing of it is passed like the rest.
            let inside = len.min(header_end(header).saturating_sub(at));
            self.miss(at, inside, cause);
            if at + inside >= header_end(header) {
                self.refuse(header, out);
            }
            return self.gap(len - inside, cause, out);
        }
        if self.macs.is_none() && at > header.frame_len(false) {
            // What stands behind the first frame was a MAC so far.
            self.macs = Some(true);
        }
        // A first frame that is not complete cannot tell whether a MAC follows: it is as if none did.
        let end = header.frame_len(self.macs == Some(true));
        let inside = len.min(end.saturating_sub(at));
        self.miss(at, inside, cause);
        if len > inside {
            self.emit(header, out);
            self.lose_place(len - inside);
        } else if at + len == end && self.macs.is_some() {
            self.emit(header, out);
        }
    }

    /// The other side has everything of this one so far, and spoke: no MAC follows any more.
    pub fn answered(&mut self, out: &mut dyn FnMut(Framed)) {
        self.decide(out);
        if self.search.is_none()
            && self.macs.is_none()
            && let Some(header) = self.header()
            && self.pending.bytes.len() as u64 + self.missing == header.frame_len(false)
        {
            self.macs = Some(false);
            self.emit(header, out);
        }
    }

    /// Bytes of the frame under way are missing.
    fn miss(&mut self, at: u64, len: u64, cause: GapCause) {
        if len > 0 {
            self.gaps.push(Gap { at, len, cause });
            self.missing += len;
        }
    }

    /// Takes the best place that there is, as long as one is searched for.
    fn decide(&mut self, out: &mut dyn FnMut(Framed)) {
        while self.search.is_some() && self.look(true) {
            self.put_back(&[], 0, 0);
            self.read_again(out);
        }
    }

    /// Too much waits: the payload of the frame under way is not kept so far, and a search begins anew.
    pub fn relieve(&mut self) {
        if self.search.is_some() {
            self.drop_heap(0);
            self.pending = Pending::default();
            return;
        }
        let Some(header) = self.header() else { return };
        let payload_at = header_end(header);
        let here = self.pending.bytes.len() as u64 + self.missing;
        // Without all of the name there is not much to drop.
        let is_named = self.gaps.first().is_none_or(|gap| gap.at >= payload_at);
        if is_named && (payload_at + 1..header.frame_len(false)).contains(&here) {
            let kept = usize::try_from(payload_at).unwrap_or(usize::MAX);
            self.pending.truncate(kept);
            let (at, len, cause) = (payload_at, here - payload_at, GapCause::Limit);
            self.gaps = vec![Gap { at, len, cause }];
            self.missing = len;
        }
    }

    /// Nothing more comes: what was begun is told as it is.
    pub fn end(&mut self, cause: GapCause, out: &mut dyn FnMut(Framed)) {
        self.answered(out);
        self.unkept = 0;
        if self.search.is_some() {
            self.pass_over(self.pending.bytes.len() as u64);
            self.pending.clear();
            return;
        }
        let Some(header) = self.header() else {
            self.pass_over(self.pending.bytes.len() as u64);
            self.pending.clear();
            return;
        };
        let at = self.pending.bytes.len() as u64 + self.missing;
        let plain = header.frame_len(false);
        // Bytes behind a first frame that may have become a MAC are one that was cut.
        let has_mac = self.macs.unwrap_or(at > plain);
        self.macs.get_or_insert(has_mac);
        let end = header.frame_len(has_mac);
        self.miss(at, end.saturating_sub(at), cause);
        self.emit(header, out);
    }

    /// Reads bytes to their end, or until some that were held are to be read again first.
    fn read(&mut self, bytes: &[u8], source: u64, time_ns: u64, out: &mut dyn FnMut(Framed)) {
        let (mut rest, mut at) = (bytes, source);
        while !rest.is_empty() {
            let mut taken = 0;
            if self.unkept > 0 {
                taken = usize::try_from(self.unkept).map_or(rest.len(), |len| len.min(rest.len()));
                self.pass_unkept(taken as u64);
            } else if self.search.is_some() {
                taken = rest.len().min(PIECE);
                self.pending
                    .push(rest.get(..taken).unwrap_or_default(), at, time_ns);
                self.look(false);
            } else if self.pending.bytes.is_empty() {
                taken = self.take_whole(rest, at, time_ns, out);
            }
            if taken == 0 {
                taken = self.take_part(rest, at, time_ns, out);
            }
            rest = rest.get(taken..).unwrap_or_default();
            at += taken as u64;
            if !self.released.is_empty() {
                self.put_back(rest, at, time_ns);
                return;
            }
        }
    }

    /// Lets what was released be read again, and then these bytes, before anything else that waits.
    fn put_back(&mut self, bytes: &[u8], source: u64, time_ns: u64) {
        let mut at = source + bytes.len() as u64;
        for piece in bytes.rchunks(PIECE) {
            at -= piece.len() as u64;
            let bytes = piece.to_vec();
            self.again.push_front(Run {
                bytes,
                source: at,
                time_ns,
            });
        }
        for run in self.released.drain(..).rev() {
            self.again.push_front(run);
        }
    }

    fn read_again(&mut self, out: &mut dyn FnMut(Framed)) {
        while let Some(run) = self.again.pop_front() {
            self.read(&run.bytes, run.source, run.time_ns, out);
        }
    }

    /// Gives bytes back that are of later messages.
    pub(super) fn release(&mut self, bytes: &Pending) {
        let runs = bytes.runs().map(|(bytes, source, time_ns)| Run {
            bytes: bytes.to_vec(),
            source,
            time_ns,
        });
        self.released.extend(runs);
    }

    /// Looks for the place in the heap. If it is found, the bytes from there on are released.
    fn look(&mut self, is_settled: bool) -> bool {
        let manner = Manner {
            side: self.side,
            payload_max: self.config.payload_max,
            macs: self.macs,
        };
        let Some(search) = &mut self.search else {
            return false;
        };
        let mut found = search.find(&self.pending, manner);
        if found.is_none() && is_settled {
            found = search.settle(&self.pending);
        }
        if let Some(at) = found {
            self.search = None;
            self.doubts = DOUBTS;
            let rest = self.pending.split_off(at);
            self.pending.clear();
            self.pass_over(at as u64);
            self.release(&rest);
            return true;
        }
        let room = self.config.payload_max as usize + HEAP_ROOM;
        let excess = self.pending.bytes.len().saturating_sub(room);
        // Removing a little at a time would move the heap again and again.
        let hopeless = search.hopeless().max(excess);
        if hopeless > HEAP_ROOM || hopeless == self.pending.bytes.len() {
            search.removed(hopeless);
            self.pending = self.pending.split_off(hopeless);
            self.pass_over(hopeless as u64);
        }
        false
    }

    /// So many bytes of a payload over the limit came, or are missing.
    fn pass_unkept(&mut self, len: u64) {
        if len == 0 {
            return;
        }
        self.unkept -= len;
        self.unkept_in_all += len;
        if self.unkept == 0 && self.macs.is_none() {
            // Whether a MAC follows cannot be told from what was not kept. No message is missing here.
            let after_loss = self.after_loss;
            self.lose_place(0);
            self.after_loss = after_loss;
        }
    }

    /// Gives up what was searched so far, and so many bytes that are missing behind it.
    fn drop_heap(&mut self, lost: u64) {
        let heap = self.pending.bytes.len() as u64;
        if let Some(search) = &mut self.search {
            search.restart(heap + lost);
        }
        self.pass_over(heap);
        self.pending.clear();
    }

    pub(super) fn lose_place(&mut self, lost: u64) {
        let mut search = Search::new(self.last_sequence);
        search.restart(lost);
        self.search = Some(search);
        self.after_loss = true;
    }

    pub(super) fn pass_over(&mut self, len: u64) {
        self.skipped += len;
        self.skipped_in_all += len;
    }

    /// The header of the frame under way. Gaps never lie in a header, so it is the first bytes.
    pub(super) fn header(&self) -> Option<Header> {
        self.pending.bytes.first_chunk().map(Header::parse)
    }
}
