//! Cutting one side's bytes into messages.

use super::{
    pending::{Origin, Pending, add_extent},
    search::{Manner, Search},
    shape::{self, Likeness},
};
use crate::{
    exchange::{Gap, GapCause, MacState, Message, Side},
    keyring::Keyring,
};
use petrel::wire::{HEADER_LEN, Header, MAC_LEN, PAYLOAD_MAX_DEFAULT};
use std::{collections::VecDeque, sync::Arc};

/// Bytes that are kept while the place is looked for, beyond the longest payload.
const HEAP_ROOM: usize = 64 << 10;

/// Bytes that are looked at together while searching, so that losing the place again and again costs
/// no more than this each time.
const PIECE: usize = 2 << 10;

/// Whether messages carry MACs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "they do, they do not, or it is found out"
)]
pub enum Macs {
    /// It is found out with the first message of each side.
    #[default]
    Auto,
    /// They do.
    Yes,
    /// They do not.
    No,
}

/// How bytes are read.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what a user may set")]
pub struct FramerConfig {
    /// Keys that MACs are tried with.
    pub keyring: Arc<Keyring>,
    /// Whether messages carry MACs. Defaults to finding out.
    pub macs: Macs,
    /// The longest payload in bytes that is kept. Defaults to 4 MiB.
    pub payload_max: u32,
    /// Whether messages say where their bytes lie in the file. Defaults to not.
    pub extents: bool,
}

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message and what was before it"
)]
pub struct Framed {
    /// The message.
    pub message: Message,
    /// Bytes that were passed over before it, because no frame was found in them.
    pub skipped: u64,
    /// Whether messages may be missing before it.
    pub after_loss: bool,
}

/// One side's bytes on their way to messages.
#[derive(Debug)]
pub struct Framer {
    side: Side,
    config: FramerConfig,
    macs: Option<bool>,
    /// Bytes of the frame under way; while searching, the heap that is searched.
    pending: Pending,
    /// Gaps in the frame under way, and how many bytes they are.
    gaps: Vec<Gap>,
    missing: u64,
    search: Option<Search>,
    last_sequence: Option<u32>,
    skipped: u64,
    skipped_in_all: u64,
    after_loss: bool,
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

impl Default for FramerConfig {
    fn default() -> Self {
        Self {
            keyring: Arc::default(),
            macs: Macs::Auto,
            payload_max: PAYLOAD_MAX_DEFAULT,
            extents: false,
        }
    }
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
        if let Some(search) = &mut self.search {
            let heap = self.pending.bytes.len() as u64;
            search.restart(heap + len);
            self.pass_over(heap);
            self.pending.clear();
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
        if self.macs.is_none() && at > header.frame_len(false) {
            // What stands behind the first frame was a MAC so far.
            self.macs = Some(true);
        }
        // A first frame that is not complete cannot tell whether a MAC follows: it is as if none did.
        let end = header.frame_len(self.macs == Some(true));
        let inside = len.min(end.saturating_sub(at));
        if inside > 0 {
            self.gaps.push(Gap {
                at,
                len: inside,
                cause,
            });
            self.missing += inside;
        }
        if len > inside {
            self.emit(header, out);
            self.lose_place(len - inside);
        } else if at + len == end && self.macs.is_some() {
            self.emit(header, out);
        }
    }

    /// The other side has everything of this one so far, and spoke: no MAC follows any more.
    pub fn answered(&mut self, out: &mut dyn FnMut(Framed)) {
        while self.search.is_some() && self.look(true) {
            self.put_back(&[], 0, 0);
            self.read_again(out);
        }
        if self.search.is_none()
            && self.macs.is_none()
            && let Some(header) = self.header()
            && self.pending.bytes.len() as u64 + self.missing == header.frame_len(false)
        {
            self.macs = Some(false);
            self.emit(header, out);
        }
    }

    /// Nothing more comes: what was begun is told as it is.
    pub fn end(&mut self, cause: GapCause, out: &mut dyn FnMut(Framed)) {
        self.answered(out);
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
        if at < end {
            self.gaps.push(Gap {
                at,
                len: end - at,
                cause,
            });
        }
        self.emit(header, out);
    }

    /// Reads bytes to their end, or until some that were held are to be read again first.
    fn read(&mut self, bytes: &[u8], source: u64, time_ns: u64, out: &mut dyn FnMut(Framed)) {
        let (mut rest, mut at) = (bytes, source);
        while !rest.is_empty() {
            let mut taken = 0;
            if self.search.is_some() {
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

    /// A whole frame at the front of bytes that stand alone: how long it was, or 0.
    fn take_whole(
        &mut self,
        bytes: &[u8],
        source: u64,
        time_ns: u64,
        out: &mut dyn FnMut(Framed),
    ) -> usize {
        let Some(macs) = self.macs else { return 0 };
        let Some(head) = bytes.first_chunk::<HEADER_LEN>() else {
            return 0;
        };
        let header = Header::parse(head);
        if header.payload_len > self.config.payload_max {
            return 0;
        }
        let Ok(len) = usize::try_from(header.frame_len(macs)) else {
            return 0;
        };
        let Some(frame) = bytes.get(..len) else {
            return 0;
        };
        let mut extents = Vec::new();
        if self.config.extents {
            add_extent(&mut extents, source, len);
        }
        let origin = Origin {
            extents,
            first_ns: time_ns,
            time_ns,
        };
        self.tell(header, frame.to_vec(), Vec::new(), origin, out);
        len
    }

    /// As many bytes as the frame under way needs, or as tell more of it: how many were taken.
    fn take_part(
        &mut self,
        bytes: &[u8],
        source: u64,
        time_ns: u64,
        out: &mut dyn FnMut(Framed),
    ) -> usize {
        let here = self.pending.bytes.len() as u64 + self.missing;
        let wanted = match self.header() {
            None => HEADER_LEN as u64 - here,
            Some(header) if header.payload_len > self.config.payload_max => {
                header_end(header).saturating_sub(here)
            }
            Some(header) => header.frame_len(self.macs != Some(false)) - here,
        };
        let taken = usize::try_from(wanted).map_or(bytes.len(), |wanted| wanted.min(bytes.len()));
        self.pending
            .push(bytes.get(..taken).unwrap_or_default(), source, time_ns);
        if let Some(header) = self.header() {
            self.conclude(header, out);
        }
        taken
    }

    /// Tells the frame under way, if it is known where it ends and all of it is there.
    fn conclude(&mut self, header: Header, out: &mut dyn FnMut(Framed)) {
        let here = self.pending.bytes.len() as u64 + self.missing;
        if header.payload_len > self.config.payload_max {
            if here >= header_end(header) {
                self.refuse(header, out);
            }
            return;
        }
        let plain = header.frame_len(false);
        if here < plain {
            return;
        }
        match self.macs {
            Some(macs) => {
                if here >= header.frame_len(macs) {
                    self.emit(header, out);
                }
            }
            None => {
                // Nothing was taken beyond a MAC, so what is behind the frame are its last bytes.
                let behind = usize::try_from(here - plain).unwrap_or(usize::MAX);
                let at = self.pending.bytes.len().saturating_sub(behind);
                let tail = self.pending.bytes.get(at..).unwrap_or_default();
                match shape::mac(tail) {
                    Likeness::Perhaps => {}
                    Likeness::Yes => {
                        self.macs = Some(true);
                        self.emit(header, out);
                    }
                    Likeness::No => {
                        self.macs = Some(false);
                        let rest = self.pending.split_off(at);
                        self.emit(header, out);
                        self.release(&rest);
                    }
                }
            }
        }
    }

    /// A frame whose payload is over the limit: it is told without, and what follows may be anything.
    fn refuse(&mut self, header: Header, out: &mut dyn FnMut(Framed)) {
        let at = header_end(header);
        let len = header.frame_len(self.macs == Some(true)) - at;
        let cause = GapCause::OverLimit;
        self.gaps.push(Gap { at, len, cause });
        self.emit(header, out);
        self.lose_place(0);
        // An over-long claim is refused from its header, and no message need be missing behind it.
        self.after_loss = false;
    }

    /// Gives bytes back that are of later messages.
    fn release(&mut self, bytes: &Pending) {
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

    fn lose_place(&mut self, lost: u64) {
        let mut search = Search::new(self.last_sequence);
        search.restart(lost);
        self.search = Some(search);
        self.after_loss = true;
    }

    fn pass_over(&mut self, len: u64) {
        self.skipped += len;
        self.skipped_in_all += len;
    }

    /// The header of the frame under way. Gaps never lie in a header, so it is the first bytes.
    fn header(&self) -> Option<Header> {
        self.pending.bytes.first_chunk().map(Header::parse)
    }

    /// Tells the frame under way.
    fn emit(&mut self, header: Header, out: &mut dyn FnMut(Framed)) {
        let origin = self.pending.origin(self.config.extents);
        let bytes = std::mem::take(&mut self.pending.bytes);
        self.pending.clear();
        let gaps = std::mem::take(&mut self.gaps);
        self.missing = 0;
        self.tell(header, bytes, gaps, origin, out);
    }

    fn tell(
        &mut self,
        header: Header,
        bytes: Vec<u8>,
        gaps: Vec<Gap>,
        origin: Origin,
        out: &mut dyn FnMut(Framed),
    ) {
        let mut message = Message {
            header,
            bytes,
            gaps,
            extents: origin.extents,
            mac: MacState::None,
            first_ns: origin.first_ns,
            time_ns: origin.time_ns,
        };
        if self.macs == Some(true) {
            message.mac = MacState::Unchecked;
            message.mac = self.judge(&message);
        }
        self.last_sequence = Some(header.sequence);
        out(Framed {
            message,
            skipped: std::mem::take(&mut self.skipped),
            after_loss: std::mem::take(&mut self.after_loss),
        });
    }

    fn judge(&self, message: &Message) -> MacState {
        let is_whole = message.payload().len() == message.header.payload_len as usize;
        match message
            .mac_text()
            .and_then(|text| text.first_chunk::<MAC_LEN>())
        {
            Some(mac) if is_whole => self.config.keyring.judge(message.payload(), mac),
            _ => MacState::Unchecked,
        }
    }
}

/// Where the payload of a frame begins.
fn header_end(header: Header) -> u64 {
    HEADER_LEN as u64 + u64::from(header.name_len)
}
