//! Requests and their answers: the messages of both sides of one connection, paired.
//!
//! Answers come in the order of the requests. Where bytes are missing, sequence numbers and names tell
//! which message is missing. The two sides may come skewed, each in its own order: an answer that comes
//! before its request waits for it.

mod pairing;
#[cfg(test)]
mod tests;

use crate::{
    exchange::{Connection, End, Event, Exchange, Gap, GapCause, Note, Side, Start},
    wire::{Framed, Framer, FramerConfig},
};
use pairing::{Queue, Verdict, Waiting, verdict};
use std::net::SocketAddr;

/// Gaps of a connection that are kept.
const GAPS_MAX: usize = 1000;

/// Notices of a connection that are kept, and bytes of their texts. A server sends one.
const NOTICES_MAX: u64 = 16;
const NOTICE_TEXT_MAX: usize = 4 << 10;

/// One connection, put together from the bytes of its sides.
#[derive(Debug)]
pub struct Conversation {
    connection: Connection,
    framers: [Framer; 2],
    requests: Queue,
    answers: Queue,
    /// How far each side's bytes came.
    offsets: [u64; 2],
    notices: u64,
    gap_bytes: u64,
    gaps: u64,
    conflicting_bytes: u64,
    framed: Vec<(Side, Framed)>,
}

impl Conversation {
    /// A connection of which nothing came yet.
    pub fn new(
        number: u32,
        client: SocketAddr,
        server: SocketAddr,
        start: Start,
        config: &FramerConfig,
    ) -> Self {
        let framer = |side| framer(side, start, config);
        Self {
            connection: Connection {
                number,
                client,
                server,
                first_ns: 0,
                last_ns: 0,
                start,
                end: End::Open,
                exchanges: 0,
                macs: [None; 2],
                gaps: Vec::new(),
                skipped: [0; 2],
                notes: Vec::new(),
            },
            framers: [framer(Side::Client), framer(Side::Server)],
            requests: Queue::default(),
            answers: Queue::default(),
            offsets: [0; 2],
            notices: 0,
            gaps: 0,
            gap_bytes: 0,
            conflicting_bytes: 0,
            framed: Vec::new(),
        }
    }

    /// The client's and the server's bytes begin so, whatever is known of the connection as a whole.
    #[must_use]
    pub fn with_sides(mut self, starts: [Start; 2], config: &FramerConfig) -> Self {
        let [client, server] = starts;
        self.framers = [
            framer(Side::Client, client, config),
            framer(Side::Server, server, config),
        ];
        self
    }

    /// Its number.
    pub const fn number(&self) -> u32 {
        self.connection.number
    }

    /// A packet of it was captured at this time.
    pub fn seen(&mut self, time_ns: u64) {
        let connection = &mut self.connection;
        if connection.last_ns == 0 && connection.first_ns == 0 {
            connection.first_ns = time_ns;
        }
        connection.first_ns = connection.first_ns.min(time_ns);
        connection.last_ns = connection.last_ns.max(time_ns);
    }

    /// The next bytes of a side: where they lie in their source, and when they were captured.
    pub fn data(
        &mut self,
        side: Side,
        bytes: &[u8],
        source: u64,
        time_ns: u64,
        out: &mut dyn FnMut(Event),
    ) {
        self.seen(time_ns);
        self.advance(side, bytes.len() as u64);
        self.frame(side, out, |framer, told| {
            framer.data(bytes, source, time_ns, told)
        });
    }

    /// The next bytes of a side are missing.
    pub fn gap(&mut self, side: Side, len: u64, cause: GapCause, out: &mut dyn FnMut(Event)) {
        let at = self.advance(side, len);
        self.gaps += 1;
        self.gap_bytes += len;
        if self.connection.gaps.len() < GAPS_MAX {
            self.connection.gaps.push((side, Gap { at, len, cause }));
        }
        self.frame(side, out, |framer, told| framer.gap(len, cause, told));
    }

    /// The other side has everything of this one, and spoke.
    pub fn answered(&mut self, side: Side, out: &mut dyn FnMut(Event)) {
        self.frame(side, out, Framer::answered);
    }

    /// Nothing comes for now: what stands as if it were whole is told.
    pub fn settle(&mut self, out: &mut dyn FnMut(Event)) {
        for side in [Side::Client, Side::Server] {
            self.answered(side, out);
        }
    }

    /// Too much waits: messages are told without those that belong to them, the oldest first.
    pub fn relieve(&mut self, out: &mut dyn FnMut(Event)) {
        while !self.answers.is_empty() {
            self.shed_answer(out);
        }
        while !self.requests.is_empty() {
            self.shed_request(out);
        }
        self.framers.iter_mut().for_each(Framer::relieve);
    }

    /// Bytes of a side were sent again with other contents.
    pub fn conflict(&mut self, side: Side, len: u64) {
        self.conflicting_bytes += len;
        let notes = &mut self.connection.notes;
        let known = notes.iter_mut().find_map(|note| match note {
            Note::Conflict { side: of, len } if *of == side => Some(len),
            _ => None,
        });
        match known {
            Some(known) => *known += len,
            None => notes.push(Note::Conflict { side, len }),
        }
    }

    /// A side came to its end.
    pub fn end_of(&mut self, side: Side, out: &mut dyn FnMut(Event)) {
        self.frame(side, out, |framer, told| {
            framer.end(GapCause::ConnectionEnded, told)
        });
    }

    /// Exchanges that were told of so far.
    pub const fn exchanges(&self) -> u64 {
        self.connection.exchanges
    }

    /// Notices of closing so far.
    pub const fn notices(&self) -> u64 {
        self.notices
    }

    /// Gaps so far, and how many bytes they are.
    pub const fn gaps(&self) -> (u64, u64) {
        (self.gaps, self.gap_bytes)
    }

    /// Bytes that were sent again with other contents.
    pub const fn conflicting_bytes(&self) -> u64 {
        self.conflicting_bytes
    }

    /// Bytes and messages that are held, in bytes.
    pub fn held(&self) -> usize {
        let framers: usize = self.framers.iter().map(Framer::held).sum();
        framers + self.requests.held() + self.answers.held()
    }

    /// The connection is over, or nothing more is known of it: what waits is told, and the connection.
    pub fn finish(mut self, end: End, out: &mut dyn FnMut(Event)) {
        let cause = match end {
            End::Open => GapCause::CaptureEnded,
            _ => GapCause::ConnectionEnded,
        };
        for side in [Side::Client, Side::Server] {
            self.frame(side, out, |framer, told| framer.end(cause, told));
        }
        let [has_lost_requests, has_lost_answers] = self.have_lost();
        while let Some(answer) = self.answers.pop() {
            let note = match has_lost_requests || answer.after_loss {
                true => Note::RequestNotCaptured,
                false => Note::Unsolicited,
            };
            self.tell(None, Some(answer), vec![note], out);
        }
        let note = match end {
            _ if has_lost_answers => Note::ResponseNotCaptured,
            End::Open => Note::UnansweredYet,
            _ => Note::Unanswered,
        };
        let mut notices = std::mem::take(&mut self.connection.notes);
        while let Some(waiting) = self.requests.pop() {
            let is_last = self.requests.is_empty();
            let notes = if is_last {
                take_notices(&mut notices)
            } else {
                Vec::new()
            };
            let mut more = vec![note.clone()];
            more.extend(notes);
            self.tell(Some(waiting), None, more, out);
        }
        let [client, server] = &self.framers;
        self.connection.notes = notices;
        self.connection.macs = [client.macs(), server.macs()];
        self.connection.skipped = [client.skipped_in_all(), server.skipped_in_all()];
        if let [Some(one), Some(other)] = self.connection.macs
            && one != other
        {
            self.connection.notes.push(Note::OneSidedMacs);
        }
        self.connection.end = end;
        out(Event::Connection(Box::new(self.connection)));
    }

    /// Whether messages of the client, and of the server, may be missing behind the last one. Of a
    /// side that never spoke nothing is known to be.
    fn have_lost(&self) -> [bool; 2] {
        let [client, server] = &self.framers;
        let [sent, answered] = self.offsets;
        [
            self.requests.is_lossy() || (client.has_lost() && sent > 0),
            self.answers.is_lossy() || (server.has_lost() && answered > 0),
        ]
    }

    fn advance(&mut self, side: Side, len: u64) -> u64 {
        let [client, server] = &mut self.offsets;
        let offset = match side {
            Side::Client => client,
            Side::Server => server,
        };
        *offset += len;
        *offset - len
    }

    /// Lets a framer do something, and takes the messages that come of it.
    fn frame(
        &mut self,
        side: Side,
        out: &mut dyn FnMut(Event),
        work: impl FnOnce(&mut Framer, &mut dyn FnMut(Framed)),
    ) {
        let [client, server] = &mut self.framers;
        let framer = match side {
            Side::Client => client,
            Side::Server => server,
        };
        let mut framed = std::mem::take(&mut self.framed);
        work(framer, &mut |one| framed.push((side, one)));
        for (side, one) in framed.drain(..) {
            self.message(side, one, out);
        }
        // Kept for the next time, so that no memory is asked for.
        self.framed = framed;
    }

    fn message(&mut self, side: Side, framed: Framed, out: &mut dyn FnMut(Event)) {
        let Framed {
            message,
            skipped,
            after_loss,
        } = framed;
        let status = message.header.status;
        if side == Side::Server && status.is_notice() {
            self.notices += 1;
            if after_loss {
                self.answers.lose();
            }
            if self.notices <= NOTICES_MAX {
                let text = message.payload();
                self.connection.notes.push(Note::Notice {
                    status,
                    sequence: message.header.sequence,
                    text: text.get(..NOTICE_TEXT_MAX).unwrap_or(text).to_vec(),
                });
            }
            return;
        }
        let notes = match skipped {
            0 => Vec::new(),
            len => vec![Note::Skipped { side, len }],
        };
        let waiting = Waiting {
            message,
            after_loss,
            notes,
        };
        match side {
            Side::Client => self.requests.push(waiting),
            Side::Server => self.answers.push(waiting),
        }
        self.pair(out);
    }

    /// Pairs what can be paired.
    fn pair(&mut self, out: &mut dyn FnMut(Event)) {
        while let Some(verdict) = verdict(&self.requests, &self.answers) {
            match verdict {
                Verdict::Pair(notes) => {
                    let (request, answer) = (self.requests.pop(), self.answers.pop());
                    self.tell(request, answer, notes, out);
                }
                Verdict::AnswerAlone => {
                    let answer = self.answers.pop();
                    self.tell(None, answer, vec![Note::RequestNotCaptured], out);
                }
                Verdict::RequestAlone => {
                    let request = self.requests.pop();
                    self.tell(request, None, vec![Note::ResponseNotCaptured], out);
                }
            }
        }
        while self.answers.is_too_long() {
            self.shed_answer(out);
        }
        while self.requests.is_too_long() {
            self.shed_request(out);
        }
    }

    fn shed_answer(&mut self, out: &mut dyn FnMut(Event)) {
        let answer = self.answers.shed();
        self.tell(None, answer, vec![Note::RequestNotCaptured], out);
    }

    fn shed_request(&mut self, out: &mut dyn FnMut(Event)) {
        let request = self.requests.shed();
        self.tell(request, None, vec![Note::ResponseNotCaptured], out);
    }

    fn tell(
        &mut self,
        request: Option<Waiting>,
        answer: Option<Waiting>,
        mut notes: Vec<Note>,
        out: &mut dyn FnMut(Event),
    ) {
        let mut take = |waiting: Option<Waiting>| {
            waiting.map(|waiting| {
                notes.extend(waiting.notes);
                waiting.message
            })
        };
        let (request, response) = (take(request), take(answer));
        self.connection.exchanges += 1;
        out(Event::Exchange(Box::new(Exchange {
            connection: self.connection.number,
            client: self.connection.client,
            server: self.connection.server,
            request,
            response,
            notes,
        })));
    }
}

fn framer(side: Side, start: Start, config: &FramerConfig) -> Framer {
    match start {
        Start::MidStream => Framer::in_mid_stream(side, config.clone()),
        Start::Handshake => Framer::new(side, config.clone()),
    }
}

/// Takes the notices out of notes.
fn take_notices(notes: &mut Vec<Note>) -> Vec<Note> {
    let is_notice = |note: &Note| matches!(note, Note::Notice { .. });
    let (notices, others) = std::mem::take(notes).into_iter().partition(is_notice);
    *notes = others;
    notices
}
