//! One case against one server: sends what the case says and judges what comes.

use crate::{
    case::{Case, Expected, Fill, Grade, Message, Outcome, Split, UNKNOWN_NAME, Verb},
    connection::{Connection, Event},
    describe, matching,
    patience::Patience,
    target::Server,
    transcript::Transcript,
    verdict::{Evidence, Verdict},
};
use std::{collections::BTreeMap, io, time::Instant};

/// What a case found out.
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) reason: Option<String>,
    pub(crate) evidence: Option<Evidence>,
}

/// Runs the steps of a case; the first that finds no acceptable outcome ends it.
pub(crate) fn judge(case: &Case, server: &Server, echo: &str, patience: &Patience) -> Judgement {
    let mut conversation = Conversation::new(server, echo, patience);
    let mut worst = Judgement {
        verdict: Verdict::Pass,
        reason: None,
        evidence: None,
    };
    for (at, step) in case.steps.iter().enumerate() {
        match conversation.step(&step.on, &step.verb) {
            Ok(None) => {}
            Ok(Some((Grade::Absent, reason))) => {
                return Judgement {
                    verdict: Verdict::NotApplicable,
                    reason: Some(reason),
                    evidence: None,
                };
            }
            Ok(Some((_, reason))) => {
                worst.verdict = Verdict::Warn;
                worst.reason.get_or_insert(reason);
            }
            Err(fault) => return fault.into_judgement(at + 1, &conversation),
        }
    }
    worst
}

/// A step that found no acceptable outcome.
struct Fault {
    expected: Vec<String>,
    observed: Vec<String>,
    is_hang: bool,
}

impl Fault {
    fn no_connection(error: &io::Error) -> Self {
        Self {
            expected: vec!["the server accepts a connection".into()],
            observed: vec![error.to_string()],
            is_hang: error.kind() == io::ErrorKind::TimedOut,
        }
    }

    fn into_judgement(self, step: usize, conversation: &Conversation<'_>) -> Judgement {
        let because = || format!("step {step}: {}", self.observed.join("; "));
        let (verdict, reason) = match (self.is_hang, conversation.patience.over()) {
            (false, _) => (Verdict::Fail, because()),
            (true, None) => (Verdict::Hang, because()),
            // The run came to its end in the middle of the wait.
            (true, Some(why)) => (Verdict::NotRun, why),
        };
        let evidence = Evidence {
            step,
            expected: self.expected,
            observed: self.observed,
            transcript: conversation.transcript.lines(),
        };
        Judgement {
            verdict,
            reason: Some(reason),
            evidence: Some(evidence),
        }
    }
}

/// `None`: as it has to be; otherwise the grade and why.
type Graded = Option<(Grade, String)>;

/// An event and when it was seen.
type Seen = (Event, Instant);

struct Conversation<'a> {
    server: &'a Server,
    fill: Fill<'a>,
    patience: &'a Patience,
    connections: BTreeMap<String, Connection>,
    transcript: Transcript,
    /// Numbers the connections that the suite opens on its own account.
    extra: usize,
}

impl<'a> Conversation<'a> {
    fn new(server: &'a Server, echo: &'a str, patience: &'a Patience) -> Self {
        Self {
            server,
            fill: Fill {
                limit: server.limit(),
                echo,
                key: server.key.as_ref(),
            },
            patience,
            connections: BTreeMap::new(),
            transcript: Transcript::default(),
            extra: 0,
        }
    }

    fn step(&mut self, on: &str, verb: &Verb) -> Result<Graded, Fault> {
        // These two open connections of their own.
        if !matches!(verb, Verb::Fresh | Verb::Crowd(_)) {
            self.open(on)?;
        }
        match verb {
            Verb::Greet => self.greet(on).map(|()| None),
            Verb::Send { messages, split } => {
                self.send(on, messages, split);
                Ok(None)
            }
            Verb::Expect(outcomes) => self.expect(on, outcomes),
            Verb::ShutdownWrite => {
                self.transcript
                    .note(format!("{} the writing side ends", self.label(on, "sent")));
                if let Err(error) = self.connection(on).shutdown_write() {
                    self.transcript
                        .note(format!("(it had ended already: {error})"));
                }
                Ok(None)
            }
            Verb::Leave => {
                self.transcript
                    .note(self.label(on, "the connection is dropped"));
                self.connections.remove(on);
                Ok(None)
            }
            Verb::Barrier(sequence) => self.barrier(on, *sequence).map(|()| None),
            Verb::Fresh => {
                let name = self.extra_name("fresh");
                self.open(&name)?;
                self.greet(&name)?;
                self.barrier(&name, 2)?;
                self.connections.remove(&name);
                Ok(None)
            }
            Verb::Crowd(count) => self.crowd(*count).map(|()| None),
        }
    }

    fn open(&mut self, on: &str) -> Result<(), Fault> {
        if !self.connections.contains_key(on) {
            let opened = Connection::open(self.server, self.patience)
                .map_err(|error| Fault::no_connection(&error))?;
            self.connections.insert(on.into(), opened);
        }
        Ok(())
    }

    fn connection(&mut self, on: &str) -> &mut Connection {
        self.connections
            .get_mut(on)
            .expect("opened by the step that names it")
    }

    fn greet(&mut self, on: &str) -> Result<(), Fault> {
        self.ask_to_greet(on);
        self.await_greeting(on)
    }

    fn ask_to_greet(&mut self, on: &str) {
        self.send(
            on,
            &[Message::request(1, "PROTOCHECK", &[0])],
            &Split::Whole,
        );
    }

    fn await_greeting(&mut self, on: &str) -> Result<(), Fault> {
        let greeting = Outcome::frame(200, 1, "PROTOCHECK", Some(&[0]));
        self.expect(on, &[greeting]).map(drop)
    }

    fn barrier(&mut self, on: &str, sequence: u32) -> Result<(), Fault> {
        let request = Message::request(sequence, UNKNOWN_NAME, b"barrier");
        self.send(on, &[request], &Split::Whole);
        let answer = Outcome::frame(400, sequence, UNKNOWN_NAME, None);
        self.expect(on, &[answer]).map(drop)
    }

    fn crowd(&mut self, count: usize) -> Result<(), Fault> {
        let names: Vec<String> = (0..count).map(|_| self.extra_name("crowd")).collect();
        for name in &names {
            self.open(name)?;
        }
        names.iter().for_each(|name| self.ask_to_greet(name));
        for name in &names {
            self.await_greeting(name)?;
        }
        for name in &names {
            self.barrier(name, 2)?;
        }
        names
            .iter()
            .for_each(|name| drop(self.connections.remove(name)));
        Ok(())
    }

    /// Writes what it can. A peer that ends or stops reading is no fault here: what it owes is
    /// judged by the next expectation.
    fn send(&mut self, on: &str, messages: &[Message], split: &Split) {
        let frames: Vec<Vec<u8>> = messages
            .iter()
            .flat_map(|message| message.build(self.fill))
            .collect();
        let with_mac = self.fill.key.is_some();
        let label = self.label(on, "sent");
        for frame in &frames {
            self.transcript
                .message(label.clone(), frame, with_mac, true);
        }
        let cuts = split.cuts(&frames);
        if !cuts.is_empty() {
            self.transcript
                .note(format!("(in {} separate writes)", cuts.len() + 1));
        }
        let patience = self.patience;
        if let Err(error) = self.connection(on).send(&frames.concat(), &cuts, patience) {
            let why = match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    "the peer stopped reading".into()
                }
                _ => error.to_string(),
            };
            self.transcript
                .note(format!("(not all of it was written: {why})"));
        }
    }

    /// Compares what comes with each outcome in turn; reads no further than an outcome asks for.
    fn expect(&mut self, on: &str, outcomes: &[Outcome]) -> Result<Graded, Fault> {
        let mut seen: Vec<Seen> = Vec::new();
        let mut differences: Vec<String> = Vec::new();
        for outcome in outcomes {
            let differs = self.compare(on, outcome, &mut seen);
            let Err(difference) = differs else {
                let used = differs.unwrap_or_default();
                let clause = outcome.clause.as_deref().unwrap_or_default();
                let last = seen[..used].last().map(|(event, _)| describe::event(event));
                let last = last.unwrap_or_default();
                // What an earlier outcome looked at beyond this one belongs to the next step.
                self.connection(on).put_back(seen.drain(used..));
                return Ok(match outcome.grade {
                    Grade::Ideal | Grade::Allowed => None,
                    Grade::Warned => Some((Grade::Warned, format!("misses {clause}: {last}"))),
                    Grade::Absent => {
                        Some((Grade::Absent, format!("what it does not offer: {last}")))
                    }
                });
            };
            if !difference.is_empty() {
                differences.push(difference);
            }
        }
        let is_hang = seen
            .last()
            .is_some_and(|(event, _)| matches!(event, Event::Silence(_)));
        let mut observed = describe::events(seen.iter().map(|(event, _)| event));
        // With several outcomes it is plain enough what differs from all of them.
        if outcomes.len() == 1 {
            observed.extend(differences);
        }
        let expected = outcomes
            .iter()
            .map(|outcome| describe::outcome(outcome, self.fill));
        Err(Fault {
            expected: expected.collect(),
            observed,
            is_hang,
        })
    }

    /// How many events made the outcome, or what differs from it.
    fn compare(
        &mut self,
        on: &str,
        outcome: &Outcome,
        seen: &mut Vec<Seen>,
    ) -> Result<usize, String> {
        let mut at = 0;
        for expected in &outcome.events {
            loop {
                if at == seen.len() {
                    // Behind the last event nothing can come.
                    if seen.last().is_some_and(|(event, _)| event.is_last()) {
                        return Err(String::new());
                    }
                    let next = self.next_event(on);
                    seen.push(next);
                }
                let (event, came_at) = &seen[at];
                at += 1;
                // Whatever comes before the end is passed over where only the end counts.
                if matches!(expected, Expected::End) && !event.is_last() {
                    continue;
                }
                let after = came_at.saturating_duration_since(self.connections[on].sent_at);
                match matching::difference(expected, event, self.fill, after) {
                    Some(difference) => return Err(difference),
                    None => break,
                }
            }
        }
        Ok(at)
    }

    fn next_event(&mut self, on: &str) -> Seen {
        let label = self.label(on, "received");
        let patience = self.patience;
        let connection = self.connection(on);
        if let Some(seen) = connection.take_back() {
            return seen;
        }
        let had_notice = connection.notice().is_some();
        let event = connection.next_event(patience);
        let seen = (event.clone(), Instant::now());
        let notice = connection.notice().filter(|_| !had_notice).cloned();
        if let Some(notice) = notice {
            self.transcript
                .message(format!("{label} (notice)"), &notice.to_bytes(), false, true);
        }
        match &event {
            Event::Frame(frame) | Event::FrameBehindNotice(frame) => {
                let mac = describe::mac(frame.mac);
                self.transcript
                    .message(format!("{label}{mac}"), &frame.to_bytes(), false, true);
            }
            Event::Truncated(bytes, _) => {
                let with_mac = self.fill.key.is_some();
                self.transcript
                    .message(label.clone(), bytes, with_mac, true);
                self.transcript
                    .note(format!("{label}: {}", describe::event(&event)));
            }
            _ => self
                .transcript
                .note(format!("{label}: {}", describe::event(&event))),
        }
        seen
    }

    fn label(&self, on: &str, verb: &str) -> String {
        if on == "main" {
            verb.into()
        } else {
            format!("[{on}] {verb}")
        }
    }

    fn extra_name(&mut self, kind: &str) -> String {
        self.extra += 1;
        format!("{kind} {}", self.extra)
    }
}
