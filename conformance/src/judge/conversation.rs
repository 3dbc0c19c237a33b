//! What the two roles have in common: connections by name, sending, and comparing what comes.

use super::{Fault, Graded, Peer, Setting, is_end, is_silence, passes_over};
use crate::{
    case::{Case, Expected, Fill, Grade, Message, Outcome, Request, Step, Verb},
    connection::{Connection, Event, Seen},
    describe, matching,
    record::WireKind,
    segmentation::Segmentation,
    wire_log::{Bytes, WireLog},
    world::{Command, Link},
};
use std::{collections::BTreeMap, io, time::Duration};

/// How much longer an end is waited for than anything else: a server may linger before it closes.
const END_PATIENCE: u32 = 4;

/// One case in progress.
pub(super) struct Conversation<'a> {
    case: &'a Case,
    pub(super) peer: Peer<'a>,
    pub(super) setting: Setting<'a>,
    pub(super) connections: BTreeMap<String, Connection>,
    /// The last request of a client under judgement.
    pub(super) request: Option<Request>,
    /// The limit that the client was told, if it was.
    pub(super) told_limit: Option<u32>,
    /// What the driver of a client was told last and has not answered.
    pub(super) told: Option<Command>,
    /// Connections that the client made of its own accord.
    pub(super) elsewhere: Vec<String>,
    log: WireLog,
    /// An end may be a while in coming.
    waits_for_end: bool,
    /// Numbers the connections that the suite opens on its own account.
    extra: usize,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(case: &'a Case, peer: Peer<'a>, setting: Setting<'a>) -> Self {
        Self {
            case,
            peer,
            setting,
            connections: BTreeMap::new(),
            request: None,
            told_limit: None,
            told: None,
            elsewhere: Vec::new(),
            log: WireLog::default(),
            waits_for_end: false,
            extra: 0,
        }
    }

    pub(super) fn into_log(self) -> WireLog {
        self.log
    }

    pub(super) fn step(&mut self, at: usize, step: &Step) -> Result<Graded, Fault> {
        let joins = self.joins(at);
        self.flush_others(&step.on)?;
        match self.peer {
            Peer::Server(_) => self.server_step(step, joins),
            Peer::Client(_) => self.client_step(step, joins),
        }
    }

    /// Whether what this step sends waits for the next step.
    fn joins(&self, at: usize) -> bool {
        let (step, next) = (&self.case.steps[at], self.case.steps.get(at + 1));
        self.setting.segmentation == Segmentation::Joined
            && self.case.joins_behind(&step.verb)
            && next.is_some_and(|next| {
                next.on == step.on && matches!(next.verb, Verb::Send(..) | Verb::Barrier(_))
            })
    }

    /// Nothing waits to be joined while another connection is looked at.
    fn flush_others(&mut self, on: &str) -> Result<(), Fault> {
        let waiting: Vec<String> = self
            .connections
            .iter()
            .filter(|(name, connection)| *name != on && !connection.pending.is_empty())
            .map(|(name, _)| name.clone())
            .collect();
        waiting.iter().try_for_each(|name| self.flush(name))
    }

    pub(super) fn now(&self) -> Duration {
        match &self.peer {
            Peer::Server(server) => server.now(),
            Peer::Client(client) => client.now(),
        }
    }

    /// What messages and outcomes are filled in with at this moment.
    pub(super) fn fill(&self) -> Fill<'_> {
        Fill {
            limit: self.told_limit.unwrap_or(self.setting.fill.limit),
            request: self.request.as_ref(),
            ..self.setting.fill
        }
    }

    /// Takes up a byte stream under a name.
    pub(super) fn take_up(&mut self, on: &str, link: Box<dyn Link>) {
        let takes_notices = matches!(self.peer, Peer::Server(_)) && self.case.notices;
        let key = self.setting.fill.key.cloned();
        let connection = Connection::new(link, key, takes_notices);
        self.connections.insert(on.to_owned(), connection);
    }

    pub(super) fn extra_name(&mut self, kind: &str) -> String {
        self.extra += 1;
        format!("{kind} {}", self.extra)
    }

    pub(super) fn note(&mut self, on: &str, kind: WireKind, text: impl AsRef<str>) {
        let now = self.now();
        self.log.note(now, on, kind, text);
    }

    /// The connection of that name, and the time; a case that names one it never made is at fault.
    pub(super) fn connection(&mut self, on: &str) -> Result<&mut Connection, Fault> {
        self.connections
            .get_mut(on)
            .ok_or_else(|| Fault::new(format!("a connection `{on}`"), "there is none"))
    }

    /// Builds frames and writes them, or keeps them back to be joined with the next ones.
    pub(super) fn send(
        &mut self,
        on: &str,
        messages: &[Message],
        cuts: &[usize],
        joins: bool,
    ) -> Result<(), Fault> {
        let fill = self.fill();
        let frames = messages.iter().flat_map(|message| message.build(fill));
        let frames: Vec<Vec<u8>> = frames.collect();
        let connection = self.connection(on)?;
        connection.pending.extend(frames);
        connection.own_cuts = cuts.to_vec();
        if joins { Ok(()) } else { self.flush(on) }
    }

    /// Writes what waits. A peer that ends or stops reading is no fault here: what it owes is judged
    /// by the next expectation.
    pub(super) fn flush(&mut self, on: &str) -> Result<(), Fault> {
        let Some(connection) = self.connections.get_mut(on) else {
            return Ok(());
        };
        let frames = std::mem::take(&mut connection.pending);
        if frames.is_empty() {
            return Ok(());
        }
        let with_mac = self.setting.fill.key.is_some();
        let own_cuts = std::mem::take(&mut self.connection(on)?.own_cuts);
        let cuts = match self.setting.segmentation {
            Segmentation::Whole => own_cuts,
            segmentation => segmentation.cuts(&frames, with_mac),
        };
        let now = self.now();
        let mut start = 0;
        let mut rest = cuts.iter().copied().peekable();
        for frame in &frames {
            let mut own = Vec::new();
            while let Some(cut) = rest.next_if(|cut| *cut < start + frame.len()) {
                own.extend(cut.checked_sub(start).filter(|cut| *cut > 0));
            }
            let what = Bytes {
                kind: WireKind::Sent,
                bytes: frame,
                text: "",
                is_frame: true,
                with_mac,
                cuts: &own,
            };
            self.log.bytes(now, on, what);
            start += frame.len();
        }
        let bytes = frames.concat();
        let sent = match self.connections.get_mut(on) {
            Some(connection) => connection.send(frames.len(), &bytes, &cuts, &clock_of(&self.peer)),
            None => Ok(()),
        };
        if let Err(error) = sent {
            let why = match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    "the peer stopped reading".into()
                }
                _ => error.to_string(),
            };
            let text = format!("(not all of it was written: {why})");
            self.note(on, WireKind::Note, text);
        }
        if std::mem::take(&mut self.connection(on)?.owes_greeting) {
            self.await_greeting(on)?;
        }
        Ok(())
    }

    /// Compares what comes with each outcome in turn; reads no further than an outcome asks for.
    pub(super) fn expect(&mut self, on: &str, outcomes: &[Outcome]) -> Result<Graded, Fault> {
        self.flush(on)?;
        let mut seen: Vec<Seen> = Vec::new();
        let mut differences: Vec<String> = Vec::new();
        // A server may take its time to close, unless that is what the case looks for.
        let asks_for_silence = |expected: &Expected| matches!(expected, Expected::Silence);
        let mut events = outcomes.iter().flat_map(|outcome| &outcome.events);
        self.waits_for_end = !events.any(asks_for_silence);
        for outcome in outcomes {
            match self.compare(on, outcome, &mut seen)? {
                Ok(used) => return self.accepted(on, outcome, seen, used),
                Err(difference) if difference.is_empty() => {}
                Err(difference) => differences.push(difference),
            }
        }
        let is_hang = seen.last().is_some_and(|(event, _)| is_silence(event));
        let mut observed = describe::events(seen.iter().map(|(event, _)| event));
        // With several outcomes it is plain enough what differs from all of them.
        if outcomes.len() == 1 {
            observed.extend(differences);
        }
        let fill = self.fill();
        let expected = outcomes
            .iter()
            .map(|outcome| describe::outcome(outcome, fill));
        Err(Fault {
            expected: expected.collect(),
            observed,
            is_hang,
            is_gone: false,
        })
    }

    fn accepted(
        &mut self,
        on: &str,
        outcome: &Outcome,
        mut seen: Vec<Seen>,
        used: usize,
    ) -> Result<Graded, Fault> {
        let clause = outcome.clause.as_deref().unwrap_or_default();
        let last = seen[..used].last().map(|(event, _)| describe::event(event));
        let last = last.unwrap_or_default();
        if matches!(self.peer, Peer::Client(_)) {
            for (event, _) in &seen[..used] {
                self.remember(event);
            }
        }
        // What an earlier outcome looked at beyond this one belongs to the next step.
        self.connection(on)?.put_back(seen.drain(used..));
        Ok(match outcome.grade {
            Grade::Ideal | Grade::Allowed => None,
            Grade::Warned => Some((Grade::Warned, format!("misses {clause}: {last}"))),
            Grade::Absent => Some((Grade::Absent, format!("what it does not offer: {last}"))),
        })
    }

    /// A request of the client that an answer may refer to.
    fn remember(&mut self, event: &Event) {
        if let Event::Frame(frame) = event {
            self.request = Some(Request {
                sequence: frame.sequence,
                name: frame.name.clone(),
            });
        }
    }

    /// How many events made the outcome, or what differs from it.
    fn compare(
        &mut self,
        on: &str,
        outcome: &Outcome,
        seen: &mut Vec<Seen>,
    ) -> Result<Result<usize, String>, Fault> {
        let mut at = 0;
        for expected in &outcome.events {
            loop {
                if at == seen.len() {
                    // Behind the last event nothing can come.
                    if seen.last().is_some_and(|(event, _)| event.is_last()) {
                        return Ok(Err(String::new()));
                    }
                    let is_late = self.waits_for_end && is_end(expected);
                    let within = self.setting.patience.wait() * END_PATIENCE;
                    let next = self.next_event(on, is_late.then_some(within))?;
                    seen.push(next);
                }
                let connection = self.connection(on)?;
                let (sent_at, is_shut) = (connection.sent_at, connection.is_shut);
                let (event, came_at) = &seen[at];
                at += 1;
                if is_shut && is_end(expected) && matches!(event, Event::Silence(0)) {
                    break;
                }
                if passes_over(expected, event) {
                    continue;
                }
                let after = came_at.saturating_sub(sent_at);
                match matching::difference(expected, event, self.fill(), after) {
                    Some(difference) => return Ok(Err(difference)),
                    None => break,
                }
            }
        }
        Ok(Ok(at))
    }

    /// What comes next, at most after so much silence; otherwise the suite is as patient as it is.
    pub(super) fn next_event(&mut self, on: &str, within: Option<Duration>) -> Result<Seen, Fault> {
        let patience = self.setting.patience;
        let clock = clock_of(&self.peer);
        let Some(connection) = self.connections.get_mut(on) else {
            return Err(Fault::new(format!("a connection `{on}`"), "there is none"));
        };
        if let Some(seen) = connection.take_back() {
            return Ok(seen);
        }
        let had_notice = connection.notice().is_some();
        let event = match within {
            None => connection.next_event(patience, &clock),
            Some(wait) => connection.event_within(wait, patience, &clock),
        };
        let now = clock();
        let notice = connection.notice().filter(|_| !had_notice).cloned();
        let with_mac = self.setting.fill.key.is_some();
        let mut received = |bytes: &[u8], text: &str, with_mac: bool| {
            let what = Bytes {
                kind: WireKind::Received,
                bytes,
                text,
                is_frame: true,
                with_mac,
                cuts: &[],
            };
            self.log.bytes(now, on, what);
        };
        if let Some(notice) = notice {
            received(&notice.to_bytes(), "a notice of closing", false);
        }
        match &event {
            Event::Frame(frame) | Event::FrameBehindNotice(frame) => {
                let mac = describe::mac(frame.mac).trim_start_matches(", ");
                received(&frame.to_bytes(), mac, false);
            }
            Event::Truncated(bytes, _) => {
                received(bytes, &describe::event(&event), with_mac);
            }
            _ => self
                .log
                .note(now, on, WireKind::Note, describe::event(&event)),
        }
        Ok((event, now))
    }

    pub(super) fn shutdown_write(&mut self, on: &str) -> Result<(), Fault> {
        self.flush(on)?;
        self.note(on, WireKind::Note, "the suite ends its writing side");
        if let Err(error) = self.connection(on)?.shutdown_write() {
            let text = format!("(it had ended already: {error})");
            self.note(on, WireKind::Note, text);
        }
        Ok(())
    }
}

/// The clock of the peer, apart from everything else of the conversation.
fn clock_of<'p>(peer: &'p Peer<'_>) -> impl Fn() -> Duration + use<'p> {
    let (server, client): (
        Option<&dyn crate::world::Dial>,
        Option<&dyn crate::world::Drive>,
    ) = match peer {
        Peer::Server(server) => (Some(&**server), None),
        Peer::Client(client) => (None, Some(&**client)),
    };
    move || match (server, client) {
        (Some(server), _) => server.now(),
        (_, Some(client)) => client.now(),
        _ => Duration::ZERO,
    }
}
