//! The verbs of cases that judge a server: the suite is the client.

use super::{Fault, Graded, Peer, conversation::Conversation};
use crate::{
    case::{Message, Outcome, Step, UNKNOWN_NAME, Verb},
    record::WireKind,
};

impl Conversation<'_> {
    pub(super) fn server_step(&mut self, step: &Step, joins: bool) -> Result<Graded, Fault> {
        let on = step.on.as_str();
        // These open connections of their own.
        if !matches!(
            step.verb,
            Verb::Fresh | Verb::Crowd(_) | Verb::Visitors(_) | Verb::OpenRaw
        ) {
            self.open(on, false)?;
        }
        match &step.verb {
            Verb::OpenRaw => self.open(on, true)?,
            Verb::Greet => {
                self.ask_to_greet(on)?;
                if !joins {
                    self.flush(on)?;
                }
            }
            Verb::Send(messages, cuts) => self.send(on, messages, cuts, joins)?,
            Verb::Expect(outcomes) => return self.expect(on, outcomes),
            Verb::ShutdownWrite => self.shutdown_write(on)?,
            Verb::StopReading => {
                self.flush(on)?;
                self.note(on, WireKind::Note, "the suite stops reading");
                self.connection(on)?.stop_reading();
            }
            Verb::Close(how) => {
                self.flush(on)?;
                self.note(on, WireKind::Note, "the suite drops the connection");
                self.connection(on)?.close(*how);
                self.connections.remove(on);
            }
            Verb::Barrier(sequence) => self.barrier(on, *sequence)?,
            Verb::Fresh => {
                let name = self.extra_name("fresh");
                self.open(&name, false)?;
                self.greet_server(&name)?;
                self.barrier(&name, 2)?;
                self.connections.remove(&name);
            }
            Verb::Crowd(count) => self.crowd(*count)?,
            Verb::Visitors(count) => self.visitors(*count)?,
            other => return Err(foreign(other, "client")),
        }
        Ok(None)
    }

    fn open(&mut self, on: &str, raw: bool) -> Result<(), Fault> {
        if self.connections.contains_key(on) {
            return Ok(());
        }
        let Peer::Server(server) = &mut self.peer else {
            return Ok(());
        };
        let link = server
            .dial(raw)
            .map_err(|error| Fault::no_connection(&error))?;
        self.take_up(on, link);
        Ok(())
    }

    /// Builds the greeting; it leaves with the next flush, which awaits its answer.
    fn ask_to_greet(&mut self, on: &str) -> Result<(), Fault> {
        let greeting = Message::request(1, "PROTOCHECK", &[0]);
        self.send(on, &[greeting], &[], true)?;
        self.connection(on)?.owes_greeting = true;
        Ok(())
    }

    fn greet_server(&mut self, on: &str) -> Result<(), Fault> {
        self.ask_to_greet(on)?;
        self.flush(on)
    }

    pub(super) fn await_greeting(&mut self, on: &str) -> Result<(), Fault> {
        let greeting = Outcome::frame(200, 1, "PROTOCHECK", Some(&[0]));
        self.expect(on, &[greeting]).map(drop)
    }

    fn barrier(&mut self, on: &str, sequence: u32) -> Result<(), Fault> {
        let request = Message::request(sequence, UNKNOWN_NAME, b"barrier");
        self.send(on, &[request], &[], false)?;
        let answer = Outcome::frame(400, sequence, UNKNOWN_NAME, None);
        self.expect(on, &[answer]).map(drop)
    }

    fn visitors(&mut self, count: usize) -> Result<(), Fault> {
        for _ in 0..count {
            let name = self.extra_name("visitor");
            self.open(&name, false)?;
            self.greet_server(&name)?;
            self.connections.remove(&name);
        }
        Ok(())
    }

    fn crowd(&mut self, count: usize) -> Result<(), Fault> {
        let names: Vec<String> = (0..count).map(|_| self.extra_name("crowd")).collect();
        for name in &names {
            self.open(name, false)?;
        }
        // All of them ask before the first is listened to.
        for name in &names {
            let greeting = Message::request(1, "PROTOCHECK", &[0]);
            self.send(name, &[greeting], &[], false)?;
        }
        for name in &names {
            self.await_greeting(name)?;
        }
        for name in &names {
            self.barrier(name, 2)?;
        }
        for name in &names {
            self.connections.remove(name);
        }
        Ok(())
    }
}

/// A case whose verbs are those of the other role is itself at fault; the corpus tests see to it.
pub(super) fn foreign(verb: &Verb, role: &str) -> Fault {
    Fault::new(
        format!("a verb for a {role} under judgement"),
        format!("{verb:?}"),
    )
}
