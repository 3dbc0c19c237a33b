//! A right Petrel client in process, with the program that drives it, and what turns it into a wrong
//! one.
//!
//! It does everything the moment it can: it sends when it is told to, and judges an answer when its
//! last byte is written. So only waiting for what does not come moves its clock.

mod answers;
#[cfg(test)]
mod battery;
mod requests;
#[cfg(test)]
mod talks;
#[cfg(test)]
mod tests;

use super::{
    CHECK_NAME, ClientFault as F, ClientManner as M, LIMIT_DOCUMENTED, NullClient, VERSION,
    garbage, reader::Reader,
};
use crate::world::{Chunk, Command, Drive, Ending, Link, Reply};
use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, ErrorKind},
    rc::Rc,
    time::Duration,
};

/// How much later a slow driver answers.
const SLOWLY: Duration = Duration::from_millis(50);

/// How long some wait for an answer before they do something about it.
const LONG: Duration = Duration::from_millis(500);

/// How a client is set up, beyond what it is told when it is to connect.
#[derive(Clone, Debug)]
pub(crate) struct ClientConfig {
    /// The sequence number of its first request on a connection.
    pub(crate) first_sequence: u32,
    /// The server's limit for the payloads of requests, as far as it is known.
    pub(crate) server_limit: Option<u32>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            first_sequence: 1,
            server_limit: Some(LIMIT_DOCUMENTED),
        }
    }
}

/// What sort of client it is.
#[derive(Clone, Debug)]
pub(crate) enum ClientKind {
    /// A right one, with these manners.
    Right(Vec<M>),
    /// One with a fault.
    Faulty(F),
    /// None at all.
    Null(NullClient),
}

/// What kind of error it was, in the words of the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Transport,
    /// A right client finds nothing in a frame that makes no sense: any bytes are one.
    Framing,
    Sequence,
    Name,
    Mac,
    Limit,
    Notice,
    Version,
    Closed,
    Usage,
}

impl Class {
    fn word(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Framing => "framing",
            Self::Sequence => "sequence",
            Self::Name => "name",
            Self::Mac => "mac",
            Self::Limit => "limit",
            Self::Notice => "notice",
            Self::Version => "version",
            Self::Closed => "closed",
            Self::Usage => "usage",
        }
    }
}

/// A client that lives in memory. Its clock stands still unless somebody waits.
#[derive(Debug)]
pub(crate) struct ModelClient {
    world: Rc<RefCell<World>>,
}

impl ModelClient {
    pub(crate) fn new(config: ClientConfig, kind: ClientKind) -> Self {
        let world = World::new(config, kind);
        Self {
            world: Rc::new(RefCell::new(world)),
        }
    }

    /// Memory it has taken for payload bytes that have not come, at its highest: 0 if it is right.
    pub(crate) fn reserved_bytes(&self) -> u64 {
        let world = self.world.borrow();
        let reserved = world.connections.iter().map(|it| it.reader.reserved);
        reserved.max().unwrap_or(0)
    }
}

impl Drive for ModelClient {
    fn now(&self) -> Duration {
        self.world.borrow().now
    }

    fn accept(&mut self, wait: Duration) -> io::Result<Option<Box<dyn Link>>> {
        let mut world = self.world.borrow_mut();
        if std::mem::take(&mut world.has_failed_handshake) {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "the TLS handshake failed",
            ));
        }
        let Some(id) = world.unaccepted.pop_front() else {
            world.wait(wait);
            return Ok(None);
        };
        Ok(Some(Box::new(ClientLink {
            world: Rc::clone(&self.world),
            id,
            is_shut: false,
        })))
    }

    fn command(&mut self, command: &Command) -> io::Result<()> {
        let mut world = self.world.borrow_mut();
        world.commands.push_back(command.clone());
        world.advance();
        Ok(())
    }

    fn reply(&mut self, wait: Duration) -> io::Result<Option<Reply>> {
        let mut world = self.world.borrow_mut();
        let until = world.now.saturating_add(wait);
        let due = world.replies.front().map(|(due, _)| *due);
        let Some(due) = due.filter(|due| *due <= until) else {
            world.wait(wait);
            return Ok(None);
        };
        world.now = world.now.max(due);
        Ok(world.replies.pop_front().map(|(_, reply)| reply))
    }
}

/// The suite's end of a connection.
#[derive(Debug)]
struct ClientLink {
    world: Rc<RefCell<World>>,
    id: usize,
    /// The suite has ended its side.
    is_shut: bool,
}

impl Link for ClientLink {
    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        let mut world = self.world.borrow_mut();
        if self.is_shut || world.connections[self.id].has_closed {
            return Err(ErrorKind::BrokenPipe.into());
        }
        world.receive(self.id, piece);
        Ok(())
    }

    fn settle(&mut self, _: Duration) {}

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.hang_up(Ending::Fin);
        Ok(())
    }

    fn close(&mut self, how: Ending) {
        self.hang_up(how);
    }

    fn read(&mut self, wait: Duration) -> Option<Chunk> {
        let mut world = self.world.borrow_mut();
        if world.connections[self.id].outgoing.is_empty() {
            world.wait(wait);
        }
        let outgoing = &mut world.connections[self.id].outgoing;
        match outgoing.front() {
            // Nothing comes after an end; it can be read again and again.
            Some(Chunk::End(_)) => outgoing.front().cloned(),
            _ => outgoing.pop_front(),
        }
    }

    /// What is not asked for is never read, and nothing stands in the client's way.
    fn stop_reading(&mut self) {}
}

impl ClientLink {
    fn hang_up(&mut self, how: Ending) {
        if !self.is_shut {
            self.is_shut = true;
            self.world.borrow_mut().ended(self.id, how);
        }
    }
}

impl Drop for ClientLink {
    fn drop(&mut self) {
        self.hang_up(Ending::Fin);
    }
}

/// The client, its connections and the clock.
#[derive(Debug)]
struct World {
    config: ClientConfig,
    fault: Option<F>,
    manners: Vec<M>,
    null: Option<NullClient>,
    now: Duration,
    connections: Vec<Connection>,
    /// The connections that the suite has not accepted yet.
    unaccepted: VecDeque<usize>,
    has_failed_handshake: bool,
    current: Option<usize>,
    /// What it is told to do and cannot do yet.
    commands: VecDeque<Command>,
    replies: VecDeque<(Duration, Reply)>,
}

#[derive(Debug)]
struct Connection {
    reader: Reader,
    outgoing: VecDeque<Chunk>,
    /// The protocol version it speaks.
    version: u8,
    next_sequence: u32,
    awaiting: VecDeque<Awaited>,
    /// Why nothing more is sent on it.
    given_up: Option<String>,
    has_closed: bool,
    /// The client waits for the other side to speak first.
    is_shy: bool,
    /// The request that was sent last, and when, until something is done about its answer being late.
    asked: Option<(Duration, Vec<u8>)>,
    last_status: u16,
    last_payload: Vec<u8>,
}

/// A request whose answer has not come.
#[derive(Debug)]
struct Awaited {
    sequence: u32,
    name: Vec<u8>,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Check,
    Request,
    /// Nobody has asked for it, and nobody is told of its answer.
    Extra,
}

impl World {
    fn new(config: ClientConfig, kind: ClientKind) -> Self {
        let (fault, manners, null) = match kind {
            ClientKind::Right(manners) => (None, manners, None),
            ClientKind::Faulty(fault) => (Some(fault), Vec::new(), None),
            ClientKind::Null(null) => (None, Vec::new(), Some(null)),
        };
        Self {
            config,
            fault,
            manners,
            null,
            now: Duration::ZERO,
            connections: Vec::new(),
            unaccepted: VecDeque::new(),
            has_failed_handshake: false,
            current: None,
            commands: VecDeque::new(),
            replies: VecDeque::new(),
        }
    }

    fn has(&self, fault: F) -> bool {
        self.fault == Some(fault)
    }

    fn does(&self, manner: M) -> bool {
        self.manners.contains(&manner)
    }

    /// Does what it is told as far as it can: each request waits for the answer before it.
    fn advance(&mut self) {
        while !self.commands.is_empty() {
            let current = self.current.map(|id| &self.connections[id]);
            let is_busy = current.is_some_and(|it| !it.awaiting.is_empty());
            if is_busy {
                return;
            }
            let Some(command) = self.commands.pop_front() else {
                return;
            };
            match (self.null, command) {
                (Some(null), command) => self.pretend(null, &command),
                (None, Command::Connect(connect)) => self.connect(&connect),
                (None, Command::Dispatch { name, payload }) => {
                    self.dispatch(name.as_bytes(), &payload);
                }
            }
        }
    }

    /// Lets time pass, in which an answer can become late.
    fn wait(&mut self, time: Duration) {
        self.now = self.now.saturating_add(time);
        let Some(id) = self.current else {
            return;
        };
        let connection = &mut self.connections[id];
        let now = self.now;
        let is_late = |(at, _): &mut (Duration, Vec<u8>)| now.saturating_sub(*at) >= LONG;
        // It does something once; a question of its own may be late, too.
        let has_asked = |it: &Awaited| it.what == What::Extra;
        if connection.awaiting.back().is_none_or(has_asked) {
            return;
        }
        let Some((_, frame)) = connection.asked.take_if(is_late) else {
            return;
        };
        if self.has(F::RepeatsWhenLate) {
            self.push(id, &frame);
        } else if self.does(M::GivesUp) {
            self.lose(id, Class::Transport, "no answer in time");
            self.advance();
        } else if self.does(M::Pings) {
            self.send(id, CHECK_NAME, &[VERSION], What::Extra);
        }
    }

    fn reply(&mut self, reply: Reply) {
        let takes = match self.does(M::Slow) {
            true => SLOWLY,
            false => Duration::ZERO,
        };
        self.replies.push_back((self.now + takes, reply));
    }

    fn fail(&mut self, class: Class, error: impl Into<String>) {
        let class = (!self.does(M::NoClasses)).then(|| class.word().to_owned());
        self.reply(Reply::Error {
            error: error.into(),
            class,
        });
    }

    /// Closes a connection, in order unless it has other manners.
    fn close(&mut self, id: usize) {
        let how = match self.does(M::Resets) {
            true => Ending::Reset,
            false => Ending::Fin,
        };
        let says_goodbye = self.has(F::SaysGoodbye);
        let connection = &mut self.connections[id];
        if connection.has_closed {
            return;
        }
        connection.has_closed = true;
        if says_goodbye {
            connection.outgoing.push_back(Chunk::Bytes(b"bye".into()));
        }
        connection.outgoing.push_back(Chunk::End(how));
    }

    /// What a driver does behind which there is no client.
    fn pretend(&mut self, null: NullClient, command: &Command) {
        let is_connect = matches!(command, Command::Connect(_));
        let connects = matches!(
            null,
            NullClient::Garbage | NullClient::Silent | NullClient::Closes
        );
        if is_connect && connects {
            if let Some(id) = self.current {
                self.close(id);
            }
            self.open(None, VERSION, LIMIT_DOCUMENTED, false);
        }
        let id = self.connections.len().saturating_sub(1);
        match null {
            NullClient::Garbage => {
                let bytes = garbage(self.replies.len() as u64);
                self.connections[id].outgoing.push_back(Chunk::Bytes(bytes));
            }
            NullClient::Closes if is_connect => self.close(id),
            _ => {}
        }
        match null {
            NullClient::Silent => {}
            NullClient::Unable => self.reply(Reply::Unsupported("anything".into())),
            NullClient::Fails | NullClient::Closes => self.fail(Class::Transport, "it failed"),
            NullClient::Claims | NullClient::Garbage if is_connect => self.reply(Reply::Connected),
            NullClient::Claims | NullClient::Garbage => self.reply(Reply::Answer {
                status: 200,
                payload: Vec::new(),
            }),
        }
    }
}
