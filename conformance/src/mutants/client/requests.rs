//! What the model sends.

use super::{
    super::{CHECK_NAME, LIMIT_DOCUMENTED, VERSION, reader::Reader, server::dribbled, wire},
    Awaited, Class, Connection, F, M, What, World,
};
use crate::{
    frame::{HEADER_LEN, Key},
    world::{Chunk, Connect, Reply},
};
use std::collections::VecDeque;

/// The longest name that a frame can carry.
const NAME_MAX: usize = 255;

impl World {
    pub(super) fn connect(&mut self, connect: &Connect) {
        if let Some(id) = self.current {
            let is_in_order = self.connections[id].given_up.is_none();
            if is_in_order && self.has(F::SaysGoodbyeInOrder) {
                self.push(id, b"bye");
            }
            self.give_up(id, "it was closed for a new connection");
        }
        if connect.tls && self.has(F::NoTls) {
            self.current = None;
            return self.fail(Class::Transport, "no TLS here");
        }
        if connect.tls && (self.has(F::PlainUnderTls) || self.has(F::NoCertificate)) {
            self.current = None;
            self.has_failed_handshake = true;
            return self.fail(Class::Transport, "the handshake failed");
        }
        let limit = connect.limit.unwrap_or(LIMIT_DOCUMENTED);
        let version = connect.version.unwrap_or(VERSION);
        let id = self.open(connect.key.as_ref(), version, limit, connect.tls);
        match self.fault {
            Some(F::NoCheck) => return self.reply(Reply::Connected),
            Some(F::SaysHello) => self.push(id, b"\r\n"),
            Some(F::CheckBehindRequest) => self.send(id, b"null", b"", What::Extra),
            Some(F::WaitsForServer) => {
                self.connections[id].is_shy = true;
                return;
            }
            _ => {}
        }
        self.send_check(id);
    }

    /// A new connection, which the suite can accept.
    pub(super) fn open(&mut self, key: Option<&Key>, version: u8, limit: u32, tls: bool) -> usize {
        let fault = match self.fault {
            Some(F::Wire(fault)) => Some(fault),
            _ => None,
        };
        let before = self.connections.last().map(|it| it.next_sequence);
        let next_sequence = match (self.fault, before) {
            (Some(F::BeginsWithZero), _) => 0,
            (Some(F::SequenceAcrossConnections), Some(next)) => next,
            _ if self.does(M::BeginsWithSeven) => 7,
            _ => self.config.first_sequence,
        };
        let id = self.connections.len();
        self.connections.push(Connection {
            reader: Reader::new(wire::Wire::new(key, limit, tls, fault)),
            outgoing: VecDeque::new(),
            version,
            next_sequence,
            awaiting: VecDeque::new(),
            given_up: None,
            has_closed: false,
            is_shy: false,
            asked: None,
            last_status: 0,
            last_payload: Vec::new(),
        });
        self.unaccepted.push_back(id);
        self.current = Some(id);
        id
    }

    pub(super) fn send_check(&mut self, id: usize) {
        let version = self.connections[id].version;
        let payload = match self.fault {
            Some(F::CheckWithoutVersion) => Vec::new(),
            Some(F::CheckTooLong) => vec![version, 0, 0, 0],
            Some(F::CheckInDigits) => version.to_string().into_bytes(),
            Some(F::OtherVersion) => vec![version.wrapping_add(1)],
            _ => vec![version],
        };
        let name = match self.fault {
            Some(F::CheckInSmallLetters) => CHECK_NAME.to_ascii_lowercase(),
            _ => CHECK_NAME.to_vec(),
        };
        self.send(id, &name, &payload, What::Check);
        if self.has(F::SequenceStartsOver) {
            self.connections[id].next_sequence = 1;
        }
    }

    pub(super) fn dispatch(&mut self, name: &[u8], payload: &[u8]) {
        if self.has(F::Lies) {
            return self.reply(Reply::Answer {
                status: 200,
                payload: payload.to_vec(),
            });
        }
        let Some(id) = self.current else {
            return self.fail(Class::Closed, "there is no connection");
        };
        if let Some(why) = &self.connections[id].given_up {
            let error = format!("the connection was given up: {why}");
            return self.fail(Class::Closed, error);
        }
        let sends_long_names =
            matches!(self.fault, Some(F::NameCut | F::NameWraps | F::NameDropped));
        if name.len() > NAME_MAX && !sends_long_names {
            return self.fail(Class::Usage, "the name is over 255 bytes");
        }
        let is_too_long = |limit| payload.len() as u64 > u64::from(limit);
        if self.config.server_limit.is_some_and(is_too_long) {
            return self.fail(Class::Usage, "the payload is over the limit of the server");
        }
        let latin;
        let mut name = name;
        if self.has(F::NameInLatin1) {
            latin = in_latin_1(name);
            name = &latin;
        }
        self.send(id, name, payload, What::Request);
        // A client that looks late may find something that has waited for it.
        self.judge(id);
    }

    /// Sends a request, and remembers that its answer is to come.
    pub(super) fn send(&mut self, id: usize, name: &[u8], payload: &[u8], what: What) {
        let sent = match self.fault {
            Some(F::NameDropped) if name.len() > NAME_MAX => &[],
            Some(F::NameWraps) => &name[..name.len() % (NAME_MAX + 1)],
            _ => &name[..name.len().min(NAME_MAX)],
        };
        let mut frame = self.frame(id, sent, payload, what);
        if self.has(F::NameWraps) {
            let at = HEADER_LEN + sent.len();
            let rest = &name[sent.len()..];
            frame.splice(at..at, rest.iter().copied());
        }
        if self.has(F::SendsTwice) {
            frame.extend(frame.clone());
        }
        let sequence = self.connections[id].next_sequence;
        self.connections[id].awaiting.push_back(Awaited {
            sequence,
            name: sent.to_vec(),
            what,
        });
        self.connections[id].next_sequence = self.sequence_behind(sequence);
        self.connections[id].asked = Some((self.now, frame.clone()));
        self.push(id, &frame);
    }

    fn frame(&self, id: usize, name: &[u8], payload: &[u8], what: What) -> Vec<u8> {
        let connection = &self.connections[id];
        let status = match self.fault {
            Some(F::StatusIs200) => 200,
            _ if self.does(M::EchoesStatus) => connection.last_status,
            _ => 0,
        };
        let request = wire::Message {
            status,
            sequence: connection.next_sequence,
            name: name.to_vec(),
            payload: payload.to_vec(),
        };
        let wire = &connection.reader.wire;
        if self.has(F::SignsOnlyCheck) && what != What::Check {
            return wire.encode_unsigned(&request);
        }
        wire.encode(&request)
    }

    fn sequence_behind(&self, sequence: u32) -> u32 {
        match self.fault {
            Some(F::SequenceStands) => sequence,
            Some(F::SequenceByTwo) => sequence.wrapping_add(2),
            Some(F::SequenceFalls) => sequence.wrapping_sub(1),
            Some(F::SequenceSkipsZero) if sequence == u32::MAX => 1,
            Some(F::SequenceStaysAtMax) => sequence.saturating_add(1),
            _ => sequence.wrapping_add(1),
        }
    }

    /// Sends bytes, in the pieces that the client's manners make of them.
    pub(super) fn push(&mut self, id: usize, bytes: &[u8]) {
        let dribbles = self.does(M::Dribbles);
        let outgoing = &mut self.connections[id].outgoing;
        if dribbles {
            outgoing.extend(dribbled(bytes).map(|piece| Chunk::Bytes(piece.to_vec())));
        } else {
            outgoing.push_back(Chunk::Bytes(bytes.to_vec()));
        }
    }
}

/// A name as programs wrote it that knew no other alphabet; what Latin-1 lacks becomes a question mark.
fn in_latin_1(name: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(name);
    let bytes = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?'));
    bytes.collect()
}
