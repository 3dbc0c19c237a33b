//! A right Petrel server in process, and what turns it into a wrong one.
//!
//! Requests are decided the moment their last byte is written; what takes time is only the answer,
//! which lies in the outgoing queue of its connection until the clock has come so far. Nothing that
//! a request finds depends on that, so the model needs no events.

mod answer;
#[cfg(test)]
mod battery;
mod connection;
mod fixtures;
mod request;
#[cfg(test)]
mod tests;

use super::{
    NullServer, ServerFault as F, ServerManner, WireFault,
    reader::Reader,
    wire::{Message, Wire},
};
use crate::{
    frame::Key,
    world::{Chunk, Dial, Ending, Link},
};
pub(super) use answer::dribbled;
use connection::{Connection, Incoming};
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashSet},
    io::{self, ErrorKind},
    rc::Rc,
    time::Duration,
};

/// How a server is set up.
#[derive(Clone, Debug)]
pub(crate) struct ServerConfig {
    pub(crate) key: Option<Key>,
    /// Its limit for the payloads of requests.
    pub(crate) limit: u32,
    /// It insists on a protocol check as first request.
    pub(crate) require_check: bool,
    /// It expects TLS on every connection.
    pub(crate) tls: bool,
    /// It has the fixture `panic`.
    pub(crate) allow_panic: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            key: None,
            limit: super::LIMIT_DOCUMENTED,
            require_check: false,
            tls: false,
            allow_panic: false,
        }
    }
}

/// What sort of server it is.
#[derive(Clone, Debug)]
pub(crate) enum ServerKind {
    /// A right one, with these manners.
    Right(Vec<ServerManner>),
    /// One with a fault.
    Faulty(F),
    /// None at all.
    Null(NullServer),
}

/// A server that lives in memory. Its clock stands still unless somebody waits.
#[derive(Debug)]
pub(crate) struct ModelServer {
    world: Rc<RefCell<World>>,
}

impl ModelServer {
    pub(crate) fn new(config: ServerConfig, kind: ServerKind) -> Self {
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

impl Dial for ModelServer {
    fn now(&self) -> Duration {
        self.world.borrow().now
    }

    fn dial(&mut self, raw: bool) -> io::Result<Box<dyn Link>> {
        let id = self.world.borrow_mut().dial(raw)?;
        Ok(Box::new(ServerLink {
            world: Rc::clone(&self.world),
            id,
            is_shut: false,
        }))
    }
}

/// The suite's end of a connection.
#[derive(Debug)]
struct ServerLink {
    world: Rc<RefCell<World>>,
    id: usize,
    /// The suite has ended its side.
    is_shut: bool,
}

impl Link for ServerLink {
    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        if self.is_shut {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.world.borrow_mut().write(self.id, piece)
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
        self.world.borrow_mut().read(self.id, wait)
    }

    fn stop_reading(&mut self) {
        self.world.borrow_mut().connections[self.id].is_unread = true;
    }
}

impl ServerLink {
    fn hang_up(&mut self, how: Ending) {
        if !self.is_shut {
            self.is_shut = true;
            let mut world = self.world.borrow_mut();
            world.receive(self.id, Incoming::End(how));
        }
    }
}

impl Drop for ServerLink {
    fn drop(&mut self) {
        self.hang_up(Ending::Fin);
    }
}

/// The server, its connections and the clock.
#[derive(Debug)]
struct World {
    config: ServerConfig,
    fault: Option<F>,
    manners: Vec<ServerManner>,
    null: Option<NullServer>,
    now: Duration,
    died_at: Option<Duration>,
    /// It listens no more; what is under way comes to its end.
    connections: Vec<Connection>,
    memory: Memory,
}

/// What wrong servers remember across connections.
#[derive(Debug, Default)]
struct Memory {
    unknown: Vec<u8>,
    bodies: BTreeMap<usize, Vec<u8>>,
    seen: HashSet<Vec<u8>>,
    /// When the one handler that may run is done.
    free_at: Duration,
    is_poisoned: bool,
    /// How many handlers have panicked.
    panics: u32,
}

impl World {
    fn new(config: ServerConfig, kind: ServerKind) -> Self {
        let (fault, manners, null) = match kind {
            ServerKind::Right(manners) => (None, manners, None),
            ServerKind::Faulty(fault) => (Some(fault), Vec::new(), None),
            ServerKind::Null(null) => (None, Vec::new(), Some(null)),
        };
        Self {
            config,
            fault,
            manners,
            null,
            now: Duration::ZERO,
            died_at: None,
            connections: Vec::new(),
            memory: Memory::default(),
        }
    }

    fn has(&self, fault: F) -> bool {
        self.fault == Some(fault)
    }

    fn does(&self, manner: ServerManner) -> bool {
        self.manners.contains(&manner)
    }

    fn wire(&self) -> Wire {
        let fault = match self.fault {
            Some(F::Wire(fault)) => Some(fault),
            _ if self.does(ServerManner::DecimalLimit) => Some(WireFault::DefaultDecimal),
            _ => None,
        };
        let limit = match self.null {
            Some(_) => u32::MAX,
            None => self.config.limit,
        };
        Wire::new(self.config.key.as_ref(), limit, self.config.tls, fault)
    }

    fn dial(&mut self, raw: bool) -> io::Result<usize> {
        if self.died_at.is_some() {
            return Err(ErrorKind::ConnectionRefused.into());
        }
        let handshake = self.config.tls && !raw;
        if handshake && (self.has(F::NoTls) || self.has(F::NoCertificate)) {
            return Err(io::Error::new(
                ErrorKind::ConnectionAborted,
                "the TLS handshake failed",
            ));
        }
        let id = self.connections.len();
        let served = self.connections.iter().filter(|it| it.is_served()).count();
        let is_foreign = self.config.tls && raw && !self.has(F::PlainUnderTls);
        let reader = Reader::new(self.wire());
        self.connections.push(Connection::new(reader, is_foreign));
        if self.null == Some(NullServer::Closes) || self.has(F::EightAtMost) && served >= 8 {
            self.end(id, Ending::Fin);
        } else if self.has(F::SpeaksFirst) {
            let request = Message {
                name: super::CHECK_NAME.to_vec(),
                ..Message::default()
            };
            self.answer(id, &request, 200, vec![super::VERSION], self.now);
        }
        Ok(id)
    }

    fn write(&mut self, id: usize, piece: &[u8]) -> io::Result<()> {
        if self.died_at.is_some() {
            return Err(ErrorKind::ConnectionReset.into());
        }
        let now = self.now;
        if self.connections[id].has_ended(now) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.receive(id, Incoming::Bytes(piece.to_vec()));
        Ok(())
    }

    /// What came on a connection; on others there may be something that had to wait for it.
    fn receive(&mut self, id: usize, incoming: Incoming) {
        self.connections[id].incoming.push_back(incoming);
        self.look();
    }

    /// Takes in what came on each connection, unless something keeps the server from it.
    fn look(&mut self) {
        let mut progress = true;
        while progress {
            progress = false;
            for id in 0..self.connections.len() {
                let is_idle = self.connections[id].incoming.is_empty();
                if is_idle || self.died_at.is_some() || self.is_held_up(id) {
                    continue;
                }
                if let Some(incoming) = self.connections[id].incoming.pop_front() {
                    self.take(id, &incoming);
                    progress = true;
                }
            }
        }
    }

    /// Whether another connection keeps the server from looking at this one.
    fn is_held_up(&self, id: usize) -> bool {
        if self.does(ServerManner::WaitsUntilRead) && self.connections[id].is_stuck() {
            return true;
        }
        let mut others = self.connections.iter().enumerate();
        match self.fault {
            Some(F::UnreadHoldsAll) => {
                others.any(|(other, it)| other != id && !it.is_gone && it.is_stuck())
            }
            Some(F::LongUnreadHoldsAll) => others
                .any(|(other, it)| other != id && !it.is_gone && it.is_stuck() && it.sends_long()),
            Some(F::OneAtATime) => others.any(|(other, it)| other < id && !it.is_gone),
            Some(F::HalfFrameHoldsAll) => {
                others.any(|(other, it)| other != id && it.is_served() && it.reader.len() > 0)
            }
            _ => false,
        }
    }

    fn read(&mut self, id: usize, wait: Duration) -> Option<Chunk> {
        let until = self.now.saturating_add(wait);
        if std::mem::take(&mut self.connections[id].is_unread) {
            self.look();
        }
        let connection = &mut self.connections[id];
        if let Some(ending) = connection.read_to {
            return Some(Chunk::End(ending));
        }
        let due = connection.outgoing.front().map(|(due, _)| *due);
        let died_first = |died| due.is_none_or(|due| died < due);
        if let Some(died) = self.died_at.filter(|died| died_first(*died)) {
            self.now = self.now.max(died);
            connection.read_to = Some(Ending::Reset);
            return Some(Chunk::End(Ending::Reset));
        }
        if due.is_none_or(|due| due > until) {
            self.now = until;
            return None;
        }
        let (due, chunk) = connection.outgoing.pop_front()?;
        self.now = self.now.max(due);
        if let Chunk::End(ending) = chunk {
            connection.read_to = Some(ending);
        }
        Some(chunk)
    }

    /// Ends at once, and all connections with it.
    fn die(&mut self) {
        self.died_at.get_or_insert(self.now);
    }
}
