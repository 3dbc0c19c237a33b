//! One connection of the model: what comes in, and how it ends.

use super::{
    super::{
        CHECK_NAME, NullServer, ServerFault as F, ServerManner as M, garbage,
        reader::{Missing, Next, Reader},
        wire::Message,
    },
    World,
};
use crate::{
    frame::MAC_LEN,
    world::{Chunk, Ending},
};
use std::{collections::VecDeque, time::Duration};

/// How much the server reads and discards behind its last answer, and for how long.
const DISCARD_MAX: usize = 256 << 10;
const DISCARD_TIME: Duration = Duration::from_secs(1);
/// How much the system holds of what the client has not read: as much as some real ones do, and more.
const UNREAD_MAX: usize = 6 << 20;
/// An answer that one of the mutants does not queue.
const LONG: usize = 256 << 10;
/// How little one of the mutants discards.
const DISCARD_LITTLE: usize = 16 << 10;

#[derive(Debug)]
pub(super) enum Incoming {
    Bytes(Vec<u8>),
    End(Ending),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    Serving,
    /// It reads, and says nothing more.
    Mute,
    /// It has said its last word, and discards what still comes.
    Lingering {
        until: Duration,
        left: usize,
    },
    Over,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) reader: Reader,
    /// What the server has not yet looked at.
    pub(super) incoming: VecDeque<Incoming>,
    /// What it sends, and when, in the order of the times.
    pub(super) outgoing: VecDeque<(Duration, Chunk)>,
    pub(super) state: State,
    /// What comes on it is no TLS, though the server expects that.
    is_foreign: bool,
    /// When the handler of the request before is done.
    pub(super) free_at: Duration,
    /// How many requests have come, and how many of them in this read.
    pub(super) requests: u32,
    pub(super) in_read: u32,
    /// How many of the requests had empty text.
    pub(super) nameless: u32,
    /// How many answers were sent.
    pub(super) answers: u32,
    /// Sequence number and name of the last request.
    pub(super) last: Option<(u32, Vec<u8>)>,
    /// The payload of the request before, and a buffer that nobody clears.
    pub(super) before: Vec<u8>,
    pub(super) scratch: Vec<u8>,
    /// Answers that a mutant keeps back.
    pub(super) held: Vec<Vec<u8>>,
    /// The client has ended its side, or the connection never was.
    pub(super) is_gone: bool,
    /// The client has read up to the end.
    pub(super) read_to: Option<Ending>,
    /// The client has stopped reading.
    pub(super) is_unread: bool,
}

impl Connection {
    pub(super) fn new(reader: Reader, is_foreign: bool) -> Self {
        Self {
            reader,
            incoming: VecDeque::new(),
            outgoing: VecDeque::new(),
            state: State::Serving,
            is_foreign,
            free_at: Duration::ZERO,
            requests: 0,
            in_read: 0,
            nameless: 0,
            answers: 0,
            last: None,
            before: Vec::new(),
            scratch: Vec::new(),
            held: Vec::new(),
            is_gone: false,
            read_to: None,
            is_unread: false,
        }
    }

    /// Whether the client leaves unread more than there is room for on the way to it.
    pub(super) fn is_stuck(&self) -> bool {
        self.is_unread && self.answer_lens().sum::<usize>() > UNREAD_MAX
    }

    /// Whether one of the answers that wait to be read is long.
    pub(super) fn sends_long(&self) -> bool {
        self.answer_lens().any(|len| len > LONG)
    }

    fn answer_lens(&self) -> impl Iterator<Item = usize> {
        self.outgoing.iter().map(|(_, chunk)| match chunk {
            Chunk::Bytes(bytes) => bytes.len(),
            Chunk::End(_) | Chunk::Flood => 0,
        })
    }

    /// Whether requests on it are still answered.
    pub(super) fn is_served(&self) -> bool {
        matches!(self.state, State::Serving) && !self.is_gone
    }

    /// Whether the server takes no more bytes.
    pub(super) fn has_ended(&mut self, now: Duration) -> bool {
        if matches!(self.state, State::Lingering { until, .. } if now >= until) {
            self.state = State::Over;
        }
        matches!(self.state, State::Over)
    }
}

impl World {
    pub(super) fn take(&mut self, id: usize, incoming: &Incoming) {
        let connection = &mut self.connections[id];
        if let Incoming::End(how) = incoming {
            connection.is_gone = true;
            return self.hang_up(id, *how);
        }
        let Incoming::Bytes(piece) = incoming else {
            return;
        };
        let state = connection.state;
        match state {
            State::Mute | State::Over => {}
            State::Lingering { until, left } if piece.len() <= left => {
                let left = left - piece.len();
                self.connections[id].state = State::Lingering { until, left };
            }
            State::Lingering { .. } => self.reset_unread(id),
            State::Serving if self.connections[id].is_foreign => self.end(id, Ending::Fin),
            State::Serving if self.knows_visitor(id, piece) => {
                self.emit(id, self.now, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
                self.end(id, Ending::Fin);
            }
            State::Serving if self.null.is_some() => self.pretend(id, piece),
            State::Serving => {
                let connection = &mut self.connections[id];
                connection.in_read = 0;
                connection.reader.feed(piece);
                self.serve(id);
                self.flush_held(id);
                if self.does(M::DropsUnread) && self.connections[id].is_stuck() {
                    self.reset_unread(id);
                }
            }
        }
    }

    /// Whether the mutant takes the first bytes for those of somebody it can talk to.
    fn knows_visitor(&self, id: usize, piece: &[u8]) -> bool {
        let connection = &self.connections[id];
        let is_first = connection.requests == 0 && connection.reader.len() == 0;
        is_first
            && match self.fault {
                Some(F::AnswersHttp) => piece.starts_with(b"GET "),
                Some(F::AnswersTls) => piece.starts_with(b"\x16\x03\x01"),
                _ => false,
            }
    }

    /// Handles every frame that is there.
    fn serve(&mut self, id: usize) {
        let (mut is_refused, mut was_too_long) = (false, false);
        while self.died_at.is_none() && matches!(self.connections[id].state, State::Serving) {
            match self.connections[id].reader.next() {
                Next::Need => break,
                Next::Frame(request) => {
                    if self.is_replay(id, &request) {
                        self.refuse_mac(id, &request);
                    } else {
                        is_refused |= self.request(id, &request) == 497;
                    }
                }
                Next::TooLong(..) if was_too_long => break,
                Next::TooLong(request, claim) => {
                    was_too_long = self.has(F::ReadsRefusedPipeline);
                    self.refuse_length(id, &request, claim);
                }
                Next::BadMac(request)
                    if self.has(F::TrustsAfterRightMac) && self.connections[id].requests > 1 =>
                {
                    self.request(id, &request);
                }
                Next::BadMac(request) => self.refuse_mac(id, &request),
                Next::Lost(_) => self.linger(id),
            }
        }
        // What stood in the same read was executed; now the connection ends after all.
        if is_refused && self.has(F::ExecutesPipelineBehindMismatch) || was_too_long {
            self.linger(id);
        }
    }

    /// Whether the mutant that never forgets has seen the same, the protocol check excepted.
    fn is_replay(&mut self, id: usize, request: &Message) -> bool {
        if self.has(F::ReplayGuardFrame) && self.config.key.is_some() {
            let Connection { last, before, .. } = &self.connections[id];
            let is_last = last.as_ref().is_some_and(|(sequence, name)| {
                (sequence, name) == (&request.sequence, &request.name)
            });
            return is_last && !before.is_empty() && *before == request.payload;
        }
        let guards = self.has(F::ReplayGuardServer) && self.config.key.is_some();
        let is_ordinary = request.name != CHECK_NAME && !request.payload.is_empty();
        let seen = || [&request.name[..], b"\0", &request.payload].concat();
        guards && is_ordinary && !self.memory.seen.insert(seen())
    }

    fn refuse_length(&mut self, id: usize, request: &Message, claim: u32) {
        if self.has(F::HugeEndsServer) && claim > 1 << 31 {
            return self.die();
        }
        if self.has(F::RefusalEndsOthers) {
            self.reset_but(Some(id));
        }
        if self.has(F::RefusalDropsEarlier) {
            self.connections[id].outgoing.clear();
        }
        let status = if self.has(F::RefusalIs500) { 500 } else { 402 };
        if self.has(F::RefusalIsSilent) {
            return self.linger(id);
        }
        match self.fault {
            Some(F::RefusalWithoutEnd) => {
                self.refuse(id, request, status);
                self.connections[id].state = State::Mute;
            }
            Some(F::SkipsRefused) => {
                self.refuse(id, request, status);
                let reader = &mut self.connections[id].reader;
                let mac_len = if reader.wire.has_key() { MAC_LEN } else { 0 };
                reader.skip(claim as usize + mac_len);
            }
            Some(F::ReadsRefused | F::ReadsRefusedPipeline) => self.refuse(id, request, status),
            _ => self.refuse_and_close(id, request, status),
        }
    }

    fn refuse_mac(&mut self, id: usize, request: &Message) {
        let connection = &mut self.connections[id];
        connection.requests += 1;
        connection.last = Some((request.sequence, request.name.clone()));
        let status = if self.has(F::BadMacIs400) { 400 } else { 502 };
        match self.fault {
            Some(F::DropsBadMac) => {}
            Some(F::ExecutesBadMac) => {
                self.request(id, request);
                self.linger(id);
            }
            Some(F::KeepsBadMac) => self.refuse(id, request, status),
            Some(F::BadMacIsSilent) => self.linger(id),
            _ => self.refuse_and_close(id, request, status),
        }
    }

    fn refuse(&mut self, id: usize, request: &Message, status: u16) {
        let text = match self.fault {
            Some(F::TextInRefusals) => b"refused".to_vec(),
            Some(F::BadMacEchoes) if status == 502 => request.payload.clone(),
            _ => Vec::new(),
        };
        self.answer(id, request, status, text, self.start(id));
    }

    fn refuse_and_close(&mut self, id: usize, request: &Message, status: u16) {
        if self.does(M::ResetDestroysRefusal) {
            return self.end(id, Ending::Reset);
        }
        if self.does(M::NoticeForRefusal) {
            self.connections[id].last = Some((request.sequence, request.name.clone()));
            self.notice(id, 498, b"refused");
        } else if !self.does(M::ClosesInsteadOfRefusing) {
            self.refuse(id, request, status);
        }
        self.linger(id);
    }

    /// The client has ended its side.
    fn hang_up(&mut self, id: usize, how: Ending) {
        let connection = &mut self.connections[id];
        let state = connection.state;
        let is_cut = connection.reader.len() > 0;
        let is_idle = connection.requests == 0 && !is_cut;
        if how == Ending::Cut && self.has(F::TlsCutEndsServer) {
            return self.die();
        }
        let connection = &mut self.connections[id];
        if how == Ending::Reset {
            connection.outgoing.clear();
            connection.state = State::Over;
            if self.has(F::ResetsEndServer) || is_cut && self.has(F::CutsEndServer) {
                self.die();
            }
            return;
        }
        match state {
            State::Over => return,
            State::Lingering { .. } => {
                connection.state = State::Over;
                return;
            }
            State::Mute => return self.end(id, Ending::Fin),
            State::Serving => {}
        }
        if is_cut && self.has(F::CutsEndServer) {
            return self.die();
        }
        self.drop_half_closed(id);
        if is_idle && self.has(F::EofIsRequest) {
            self.request(id, &Message::default());
        }
        if !self.has(F::DropsHalfClosed) && self.null.is_none() {
            self.take_cut_off(id);
            self.flush_held(id);
            self.say_farewell(id);
        }
        if matches!(self.connections[id].state, State::Serving) {
            self.end(id, Ending::Fin);
        }
    }

    fn drop_half_closed(&mut self, id: usize) {
        let now = self.now;
        let connection = &mut self.connections[id];
        match self.fault {
            Some(F::DropsHalfClosed) => connection.outgoing.clear(),
            Some(F::DropsManyHalfClosed) => connection.outgoing.truncate(16),
            Some(F::CutsHalfClosed) => {
                for (_, chunk) in &mut connection.outgoing {
                    if let Chunk::Bytes(bytes) = chunk {
                        bytes.truncate(32 << 10);
                    }
                }
            }
            Some(F::DropsPipelineHalfClosed) => connection.outgoing.truncate(1),
            Some(F::DropsSlowHalfClosed) => connection.outgoing.retain(|(due, _)| *due <= now),
            _ => return,
        }
        connection.free_at = now;
    }

    /// Executes what the end has cut off, as some do.
    fn take_cut_off(&mut self, id: usize) {
        let least = match self.fault {
            Some(F::AcceptsPartial) => Missing::Head,
            Some(F::AcceptsCutPayload) => Missing::Payload,
            Some(F::AcceptsCutPlain) if self.config.key.is_none() => Missing::Payload,
            Some(F::AcceptsMissingMac) => Missing::MacOnly,
            _ => return,
        };
        if let Some((request, missing)) = self.connections[id].reader.take_rest()
            && missing >= least
        {
            self.request(id, &request);
        }
    }

    fn say_farewell(&mut self, id: usize) {
        let at = self.start(id);
        match self.fault {
            Some(F::TrailingNewline) => self.emit(id, at, b"\n".to_vec()),
            Some(F::SendsNotice) => self.notice(id, 198, b"EOF"),
            Some(F::FrameBehindNotice) => {
                self.notice(id, 198, b"EOF");
                self.notice(id, 200, b"");
            }
            _ if self.does(M::SaysFarewell) => self.notice(id, 198, b"EOF"),
            _ => {}
        }
    }

    /// Ends in a way that cannot destroy what was sent, unless more comes than is discarded.
    pub(super) fn linger(&mut self, id: usize) {
        if self.has(F::ResetsBehindRefusal) || self.does(M::ResetsAfterRefusal) {
            return self.end(id, Ending::Reset);
        }
        let most = match self.fault {
            Some(F::LingersNot) => 0,
            Some(F::LingersLittle) => DISCARD_LITTLE,
            _ => DISCARD_MAX,
        };
        let until = self.start(id).saturating_add(DISCARD_TIME);
        self.flush_held(id);
        self.end(id, Ending::Fin);
        let connection = &mut self.connections[id];
        match most.checked_sub(connection.reader.len()) {
            Some(left) => connection.state = State::Lingering { until, left },
            None => self.reset_unread(id),
        }
    }

    /// Closes with input unread: what was sent and has not been read is destroyed.
    fn reset_unread(&mut self, id: usize) {
        let connection = &mut self.connections[id];
        connection.outgoing.clear();
        connection.free_at = self.now;
        self.end(id, Ending::Reset);
    }

    /// Behind everything that is to be sent, the end.
    pub(super) fn end(&mut self, id: usize, how: Ending) {
        let start = self.start(id);
        let connection = &mut self.connections[id];
        let last = connection.outgoing.back().map_or(start, |(due, _)| *due);
        connection.state = State::Over;
        connection
            .outgoing
            .push_back((last.max(start), Chunk::End(how)));
    }

    /// When the next request of the connection can be handled.
    pub(super) fn start(&self, id: usize) -> Duration {
        let free_at = match self.has(F::SleepHoldsAll) {
            true => self.memory.free_at,
            false => self.connections[id].free_at,
        };
        free_at.max(self.now)
    }

    /// What a program does that is no server.
    fn pretend(&mut self, id: usize, piece: &[u8]) {
        let always = match self.null {
            Some(NullServer::Echoes) => return self.emit(id, self.now, piece.to_vec()),
            Some(NullServer::Garbage) => {
                self.connections[id].requests += 1;
                let seed = u64::from(self.connections[id].requests);
                return self.emit(id, self.now, garbage(seed));
            }
            Some(NullServer::Floods) => {
                self.emit(id, self.now, vec![0; 64 << 10]);
                let flood = (self.now, Chunk::Flood);
                return self.connections[id].outgoing.push_back(flood);
            }
            Some(NullServer::Always200) => 200,
            Some(NullServer::Always400) => 400,
            Some(NullServer::Silent | NullServer::Closes) | None => return,
        };
        self.connections[id].reader.feed(piece);
        while let Next::Frame(request) | Next::BadMac(request) = self.connections[id].reader.next()
        {
            self.answer(id, &request, always, Vec::new(), self.now);
        }
    }
}
