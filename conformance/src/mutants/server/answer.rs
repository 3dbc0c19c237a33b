//! What the model sends: answers and notices, and in which pieces.

use super::{
    super::{CHECK_NAME, ServerFault as F, ServerManner as M, wire::Message},
    World,
};
use crate::world::Chunk;
use std::time::Duration;

impl World {
    /// Sends the answer to a request at that time.
    pub(super) fn answer(
        &mut self,
        id: usize,
        request: &Message,
        status: u16,
        payload: Vec<u8>,
        at: Duration,
    ) {
        self.connections[id].answers += 1;
        let answer = Message {
            status,
            sequence: self.sequence(id, request, status),
            name: self.name(request, status),
            payload,
        };
        let mut frame = self.signed(id, request, &answer);
        if self.has(F::AnswersTwice) {
            frame.extend(frame.clone());
        }
        if self.has(F::ExtraAnswer) && self.connections[id].answers == 3 {
            frame.extend(frame.clone());
        }
        if self.has(F::Reversed) && self.connections[id].requests > 1 {
            self.connections[id].held.push(frame);
        } else if self.has(F::CheckOvertakes) && request.name == CHECK_NAME {
            let first = (self.now, Chunk::Bytes(frame));
            self.connections[id].outgoing.push_front(first);
        } else {
            self.emit(id, at, frame);
        }
    }

    /// The frame with the MAC that it is sent with.
    fn signed(&self, id: usize, request: &Message, answer: &Message) -> Vec<u8> {
        let wire = &self.connections[id].reader.wire;
        let Some(key) = &self.config.key else {
            return wire.encode(answer);
        };
        let is_refusal = matches!(answer.status, 402 | 497 | 502);
        let mac = match self.fault {
            Some(F::UnsignedErrors) if answer.status != 200 => Vec::new(),
            Some(F::UnsignedRefusals) if is_refusal => Vec::new(),
            Some(F::FalseMacOnErrors) if answer.status != 200 => [&[b'A'; 43][..], b"="].concat(),
            Some(F::EchoesMac) => key.sign(&request.payload).to_vec(),
            _ => return wire.encode(answer),
        };
        [wire.encode_unsigned(answer), mac].concat()
    }

    fn sequence(&self, id: usize, request: &Message, status: u16) -> u32 {
        let sequence = request.sequence;
        match self.fault {
            // Its own protocol check still works, so that a client gets to see the rest.
            Some(F::SequencePlusOne) if status != 497 => sequence.wrapping_add(1),
            Some(F::FirstCheckIsOne)
                if self.connections[id].requests == 1 && request.name == CHECK_NAME =>
            {
                1
            }
            Some(F::SequenceOwn) => self.connections[id].answers,
            Some(F::SequenceLow16) => sequence & 0xffff,
            Some(F::RefusalWithoutSequence) if matches!(status, 402 | 502) => 0,
            _ => sequence,
        }
    }

    fn name(&self, request: &Message, status: u16) -> Vec<u8> {
        let mut name = request.name.clone();
        match self.fault {
            Some(F::NameNotSent) => name.clear(),
            Some(F::RefusalWithoutName) if matches!(status, 402 | 502) => name.clear(),
            Some(F::NameTruncated) => name.truncate(32),
            // The protocol check alone would give it away at once.
            Some(F::NameLowerCased) if !name.starts_with(b"PROTO") => name.make_ascii_lowercase(),
            Some(F::NameToZero) => {
                let end = name.iter().position(|byte| *byte == 0);
                name.truncate(end.unwrap_or(name.len()));
            }
            Some(F::NameInLatin1) => {
                if let Ok(text) = std::str::from_utf8(&request.name) {
                    let bytes = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?'));
                    name = bytes.collect();
                }
            }
            Some(F::NameLossy) => {
                name = String::from_utf8_lossy(&name).into_owned().into_bytes();
                name.truncate(255);
            }
            _ => {}
        }
        name
    }

    /// Sends what nobody asked for: sequence number and name are those of the last request.
    pub(super) fn notice(&mut self, id: usize, status: u16, text: &[u8]) {
        let at = self.start(id);
        let connection = &self.connections[id];
        let (sequence, name) = connection.last.clone().unwrap_or_default();
        let notice = Message {
            status,
            sequence,
            name,
            payload: text.to_vec(),
        };
        let frame = connection.reader.wire.encode(&notice);
        self.emit(id, at, frame);
    }

    /// Sends the answers that were kept back, the last one first.
    pub(super) fn flush_held(&mut self, id: usize) {
        let held = std::mem::take(&mut self.connections[id].held);
        let at = self.start(id);
        for frame in held.into_iter().rev() {
            self.emit(id, at, frame);
        }
    }

    /// Sends bytes at that time, in the pieces that the server's manners make of them.
    pub(super) fn emit(&mut self, id: usize, at: Duration, bytes: Vec<u8>) {
        let (joins, dribbles) = (self.does(M::Joins), self.does(M::Dribbles));
        let outgoing = &mut self.connections[id].outgoing;
        // Behind everything that is sent no later: an answer may overtake a slow one.
        let place = outgoing.partition_point(|(due, _)| *due <= at);
        if joins
            && let Some((due, Chunk::Bytes(before))) = place
                .checked_sub(1)
                .and_then(|before| outgoing.get_mut(before))
            && *due == at
        {
            before.extend(bytes);
            return;
        }
        if !dribbles {
            outgoing.insert(place, (at, Chunk::Bytes(bytes)));
            return;
        }
        for (nth, piece) in dribbled(&bytes).enumerate() {
            outgoing.insert(place + nth, (at, Chunk::Bytes(piece.to_vec())));
        }
    }
}

/// Single bytes, or pieces of some thousand where that would be too many.
pub(in super::super) fn dribbled(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (head, tail) = bytes.split_at(bytes.len().min(1024));
    head.chunks(1).chain(tail.chunks(4093))
}
