//! The verbs of cases that judge a client: the suite is the server, and a driver tells the client what
//! to do.

use super::{Fault, Graded, Peer, conversation::Conversation, server::foreign};
use crate::{
    case::{DispatchStep, Grade, Message, Outcome, Request, Said, SaidOutcome, Step, Verb},
    connection::Event,
    describe, matching,
    record::WireKind,
    world::{Command, Connect, Reply},
};
use std::{io, time::Duration};

/// How long the suite listens to one side before it looks at the other.
const SLICE: Duration = Duration::from_millis(20);

/// The name and the payload of an ordinary exchange: no client knows the answer by itself.
const EXCHANGE_NAME: &str = "Petrel-Conformance/exchange";

impl Conversation<'_> {
    pub(super) fn client_step(&mut self, step: &Step, joins: bool) -> Result<Graded, Fault> {
        let on = step.on.as_str();
        match &step.verb {
            Verb::Connect(connect) => {
                self.told_limit = connect.limit.or(self.told_limit);
                self.tell(Command::Connect(Connect {
                    tls: self.setting.tls,
                    key: self.setting.fill.key.cloned(),
                    limit: connect.limit,
                    version: connect.version,
                }))
                .map(|()| None)
            }
            Verb::Accept => self.accept(on),
            Verb::Greet => self.greet_client(on),
            Verb::Dispatch(request) => self.dispatch(request).map(|()| None),
            Verb::Expect(outcomes) => self.expect(on, outcomes),
            Verb::Send(messages, cuts) => self.send(on, messages, cuts, joins).map(|()| None),
            Verb::Result(outcomes) => {
                self.flush(on)?;
                self.result(outcomes)
            }
            Verb::ShutdownWrite => self.shutdown_write(on).map(|()| None),
            Verb::Close(how) => {
                self.flush(on)?;
                self.note(on, WireKind::Note, format!("the suite ends it: {how:?}"));
                self.connection(on)?.close(*how);
                Ok(None)
            }
            Verb::Exchange => self.exchange(on),
            Verb::Fresh => {
                let name = self.extra_name("fresh");
                match self.greet_client(&name)? {
                    None => self.exchange(&name),
                    absent => Ok(absent),
                }
            }
            Verb::Quiet => self.quiet(on).map(|()| None),
            other => Err(foreign(other, "server")),
        }
    }

    fn tell(&mut self, command: Command) -> Result<(), Fault> {
        self.note("driver", WireKind::Driver, describe::command(&command));
        let Peer::Client(client) = &mut self.peer else {
            return Err(Fault::new("a client under judgement", "a server"));
        };
        client
            .command(&command)
            .map_err(|error| driver_gone(&error))?;
        self.told = Some(command);
        Ok(())
    }

    /// The next connection of the client. Its driver may say instead that it cannot connect so.
    fn accept(&mut self, on: &str) -> Result<Graded, Fault> {
        const EXPECTED: &str = "the client connects";
        let until = self.now() + self.setting.patience.wait();
        loop {
            let Peer::Client(client) = &mut self.peer else {
                return Err(Fault::new("a client under judgement", "a server"));
            };
            match client.accept(SLICE) {
                Ok(Some(link)) => {
                    self.take_up(on, link);
                    self.note(on, WireKind::Note, "the client connects");
                    return Ok(None);
                }
                Ok(None) => {}
                Err(error) => return Err(Fault::new(EXPECTED, error.to_string())),
            }
            // Nothing of it is lost: a driver that answers has not connected.
            if let Some(reply) = self.reply(Duration::ZERO)? {
                return match reply {
                    Reply::Unsupported(why) => Ok(Some((Grade::Absent, cannot(&why)))),
                    reply => Err(Fault::new(EXPECTED, describe::reply(&reply))),
                };
            }
            if self.now() >= until || self.setting.patience.is_out() {
                return Err(Fault::hang(EXPECTED, "no connection came"));
            }
        }
    }

    /// The connection is made, checked, and reported as made.
    fn greet_client(&mut self, on: &str) -> Result<Graded, Fault> {
        if self.told.is_none() {
            self.tell(Command::Connect(Connect {
                tls: self.setting.tls,
                key: self.setting.fill.key.cloned(),
                limit: None,
                version: None,
            }))?;
        }
        if let Some(absent) = self.accept(on)? {
            return Ok(Some(absent));
        }
        self.expect(on, &[Outcome::request("PROTOCHECK", &[0])])?;
        self.send(on, &[Message::answer(&[0])], &[], false)?;
        self.result(&[SaidOutcome::connected()])
    }

    fn dispatch(&mut self, request: &DispatchStep) -> Result<(), Fault> {
        let fill = self.fill();
        let name = String::from_utf8(request.name.bytes(fill, 0));
        let payload = request.payload.bytes(fill, 0);
        let name = name.map_err(|_| Fault::new("a name that is text", "bytes that are none"))?;
        self.tell(Command::Dispatch { name, payload })
    }

    fn exchange(&mut self, on: &str) -> Result<Graded, Fault> {
        // Different for each, so that an answer that was kept from before shows.
        let asked = self.extra_name("asked");
        let answered = self.extra_name("answered");
        self.tell(Command::Dispatch {
            name: EXCHANGE_NAME.to_owned(),
            payload: asked.as_bytes().to_vec(),
        })?;
        self.expect(on, &[Outcome::request(EXCHANGE_NAME, asked.as_bytes())])?;
        self.send(on, &[Message::answer(answered.as_bytes())], &[], false)?;
        self.result(&[SaidOutcome::answer(200, answered.as_bytes())])
    }

    /// What the driver says next, compared with each outcome in turn.
    fn result(&mut self, outcomes: &[SaidOutcome]) -> Result<Graded, Fault> {
        let fill = self.fill();
        let expected: Vec<String> = outcomes
            .iter()
            .map(|outcome| describe::said_outcome(outcome, fill))
            .collect();
        let Some(reply) = self.patient_reply()? else {
            if let Some(outcome) = outcomes.iter().find(|it| matches!(it.said, Said::Silence)) {
                return Ok(Some((outcome.grade, "an error at this point".into())));
            }
            return Err(Fault {
                expected,
                ..Fault::hang("", "the driver said nothing")
            });
        };
        if let Reply::Unsupported(why) = &reply {
            return Ok(Some((Grade::Absent, cannot(why))));
        }
        let mut observed = vec![describe::reply(&reply)];
        for outcome in outcomes {
            match matching::reply_difference(&outcome.said, &reply, self.fill()) {
                None => {
                    let clause = outcome.clause.as_deref().unwrap_or_default();
                    return Ok(match outcome.grade {
                        Grade::Ideal | Grade::Allowed => None,
                        grade => Some((grade, format!("misses {clause}: {}", observed[0]))),
                    });
                }
                Some(difference) if outcomes.len() == 1 && !difference.is_empty() => {
                    observed.push(difference);
                }
                Some(_) => {}
            }
        }
        Err(Fault {
            expected,
            observed,
            is_hang: false,
            is_gone: false,
        })
    }

    fn patient_reply(&mut self) -> Result<Option<Reply>, Fault> {
        let unanswered = self.connections.values().map(|it| it.unanswered);
        let (frames, bytes) = unanswered.max().unwrap_or_default();
        let until = self.now() + self.setting.patience.wait_behind(frames, bytes);
        loop {
            let left = until.saturating_sub(self.now());
            if let Some(reply) = self.reply(left.min(SLICE))? {
                return Ok(Some(reply));
            }
            self.serve_elsewhere()?;
            if self.now() >= until || self.setting.patience.is_out() {
                return Ok(None);
            }
        }
    }

    /// A client may go on by a connection of its own accord; there it is served as by any server.
    fn serve_elsewhere(&mut self) -> Result<(), Fault> {
        if let Peer::Client(client) = &mut self.peer
            && let Ok(Some(link)) = client.accept(Duration::ZERO)
        {
            let name = self.extra_name("elsewhere");
            self.take_up(&name, link);
            self.elsewhere.push(name);
        }
        for name in self.elsewhere.clone() {
            let (event, _) = self.next_event(&name, Some(Duration::ZERO))?;
            if let Event::Frame(frame) = event {
                let is_check = frame.name == b"PROTOCHECK";
                self.request = Some(Request {
                    sequence: frame.sequence,
                    name: frame.name,
                });
                let payload: &[u8] = if is_check { &[0] } else { b"elsewhere" };
                self.send(&name, &[Message::answer(payload)], &[], false)?;
            }
        }
        Ok(())
    }

    fn reply(&mut self, wait: Duration) -> Result<Option<Reply>, Fault> {
        let Peer::Client(client) = &mut self.peer else {
            return Ok(None);
        };
        let reply = client.reply(wait).map_err(|error| driver_gone(&error))?;
        if let Some(reply) = &reply {
            self.told = None;
            for connection in self.connections.values_mut() {
                connection.unanswered = (0, 0);
            }
            self.note("driver", WireKind::Driver, describe::reply(reply));
        }
        Ok(reply)
    }

    /// Everything that the client sent before its driver answered has arrived by now, or will in a
    /// moment.
    fn quiet(&mut self, on: &str) -> Result<(), Fault> {
        let moment = self.setting.patience.moment();
        let (event, at) = self.next_event(on, Some(moment))?;
        if let Event::Frame(_) | Event::Truncated(..) | Event::Silence(1..) = event {
            return Err(Fault::new(
                "the client sends nothing",
                describe::event(&event),
            ));
        }
        self.connection(on)?.put_back(std::iter::once((event, at)));
        Ok(())
    }
}

fn cannot(why: &str) -> String {
    let why: String = why.chars().take(200).collect();
    format!("what its driver cannot do: {}", why.escape_debug())
}

fn driver_gone(error: &io::Error) -> Fault {
    Fault {
        is_gone: true,
        ..Fault::new("the driver answers", error.to_string())
    }
}
