//! One request to its answer: everything the model decides about a frame.

use super::{
    super::{CHECK_NAME, ServerFault as F, ServerManner as M, VERSION, is_notice, wire::Message},
    World,
    connection::State,
    fixtures::{self, ANSWER_MAX, Ran},
};
use crate::world::Ending;
use std::time::Duration;

/// How much longer a slow server takes.
const SLOWLY: Duration = Duration::from_millis(50);

/// What becomes of a request.
#[derive(Debug)]
struct Outcome {
    status: u16,
    payload: Vec<u8>,
    takes: Duration,
    then: Then,
}

/// What becomes of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Keep,
    Close,
    /// Keep it, and say nothing more on it.
    FallSilent,
    /// Keep it, and leave this request unanswered.
    Drop,
    /// Close without an answer.
    CloseUnanswered,
}

impl Outcome {
    fn new(status: u16, payload: Vec<u8>) -> Self {
        Self {
            status,
            payload,
            takes: Duration::ZERO,
            then: Then::Keep,
        }
    }

    fn empty(status: u16) -> Self {
        Self::new(status, Vec::new())
    }

    fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }
}

impl World {
    /// Answers one request, and says with which status.
    pub(super) fn request(&mut self, id: usize, request: &Message) -> u16 {
        let connection = &mut self.connections[id];
        let last = connection.last.take();
        connection.requests += 1;
        connection.in_read += 1;
        connection.nameless += u32::from(request.name.is_empty());
        connection.last = Some((request.sequence, request.name.clone()));
        let outcome = match self.misjudged(id, request, last.map(|(sequence, _)| sequence)) {
            Some(then) => Outcome::empty(0).then(then),
            None => self.decide(id, request),
        };
        self.connections[id].before = request.payload.clone();
        let status = outcome.status;
        if self.died_at.is_none() {
            self.finish(id, request, outcome);
        }
        status
    }

    /// What some do with a request for what no right server looks at.
    fn misjudged(&self, id: usize, request: &Message, last: Option<u32>) -> Option<Then> {
        let sequence = request.sequence;
        let connection = &self.connections[id];
        let drop = |is: bool| is.then_some(Then::Drop);
        let close = |is: bool| is.then_some(Then::CloseUnanswered);
        match self.fault? {
            F::DropsSeventh => drop(connection.requests.is_multiple_of(7)),
            F::DropsEmpty => drop(request.payload.is_empty()),
            F::PipelineMax100 => drop(connection.in_read > 100),
            F::SequenceZeroCloses => close(sequence == 0),
            F::SequenceLateDropped => {
                let below = last.and_then(|last| last.checked_sub(sequence));
                drop(below.is_some_and(|below| (1..=16).contains(&below)))
            }
            F::SequenceWrapCloses => close(last == Some(u32::MAX) && sequence == 0),
            F::ClosesOnThird401 => close(request.name.is_empty() && connection.nameless > 2),
            F::FrameBufferShort => {
                let len = request.name.len() + request.payload.len();
                close(len > self.config.limit as usize + 128)
            }
            F::SequenceMaxDropped => drop(sequence == u32::MAX),
            F::SequenceMustRise => drop(last.is_some_and(|last| sequence < last)),
            F::DropsRepeated => drop(last == Some(sequence)),
            F::TrustsStatus => drop(request.status != 0),
            F::StatusNoticeCloses => close(is_notice(request.status)),
            _ => None,
        }
    }

    fn decide(&mut self, id: usize, request: &Message) -> Outcome {
        let name = request.name.as_slice();
        let ends_server = self.has(F::NoNameEndsServer) && name.is_empty()
            || self.has(F::NotUtf8EndsServer) && std::str::from_utf8(name).is_err();
        if ends_server {
            self.die();
            return Outcome::empty(0);
        }
        let is_first = self.connections[id].requests == 1;
        if self.memory.is_poisoned {
            return Outcome::empty(501);
        }
        if self.has(F::Always200) {
            return Outcome::empty(200);
        }
        if self.is_check(name, is_first) {
            return self.check(request, is_first);
        }
        let insists = self.config.require_check && !self.has(F::IgnoresRequiredCheck)
            || self.has(F::RequiresCheck)
            || self.does(M::RefusesUnchecked)
            || self.does(M::ClosesUnchecked);
        if insists && is_first {
            return self.without_check();
        }
        self.execute(id, request)
    }

    fn is_check(&self, name: &[u8], is_first: bool) -> bool {
        match self.fault {
            Some(F::CheckAnyCase) => name.eq_ignore_ascii_case(CHECK_NAME),
            Some(F::CheckByPrefix) => name.starts_with(CHECK_NAME),
            Some(F::CheckToZero) => name.split(|byte| *byte == 0).next() == Some(CHECK_NAME),
            Some(F::LaterCheckUnknown) => is_first && name == CHECK_NAME,
            _ => name == CHECK_NAME,
        }
    }

    fn check(&self, request: &Message, is_first: bool) -> Outcome {
        let payload = request.payload.as_slice();
        let is_spoken = match self.fault {
            Some(F::AcceptsEveryVersion) => !payload.is_empty(),
            Some(F::AcceptsEmptyCheck) => payload.first().is_none_or(|it| *it == VERSION),
            Some(F::AcceptsLastVersion) => payload.last() == Some(&VERSION),
            Some(F::CheckAsList) => payload.contains(&VERSION),
            Some(F::RefusesLongCheck) => payload == [VERSION],
            Some(F::AcceptsLaterCheck) => !is_first || payload.first() == Some(&VERSION),
            Some(F::CheckNeedsNumberOne) => {
                request.sequence == 1 && payload.first() == Some(&VERSION)
            }
            _ => payload.first() == Some(&VERSION),
        };
        if !is_spoken {
            return self.mismatch(payload);
        }
        let answer = match self.fault {
            Some(F::CheckWithoutVersion) => Outcome::empty(200),
            Some(F::CheckEchoesPayload) => Outcome::new(200, payload.to_vec()),
            _ => Outcome::new(200, vec![VERSION]),
        };
        match self.fault {
            Some(F::LaterCheckCloses) if !is_first => answer.then(Then::Close),
            _ => answer,
        }
    }

    fn mismatch(&self, asked_for: &[u8]) -> Outcome {
        let answer = match self.fault {
            Some(F::MismatchIs400) => return Outcome::empty(400),
            Some(F::MismatchIsSilent) => return Outcome::empty(497).then(Then::CloseUnanswered),
            Some(F::MismatchEchoesVersion) if !asked_for.is_empty() => vec![asked_for[0]],
            Some(F::MismatchWithoutVersion) => Vec::new(),
            _ => vec![VERSION],
        };
        let then = match self.fault {
            Some(F::ExecutesBehindMismatch | F::ExecutesPipelineBehindMismatch) => Then::Keep,
            Some(F::MuteAfterMismatch) => Then::FallSilent,
            _ if self.does(M::MuteAfterMismatch) => Then::FallSilent,
            _ => Then::Close,
        };
        Outcome::new(497, answer).then(then)
    }

    fn without_check(&self) -> Outcome {
        let answer = Outcome::new(497, vec![VERSION]);
        match self.fault {
            Some(F::RequiredCheckCloses) => answer.then(Then::CloseUnanswered),
            Some(F::RequiredCheckWaits) => answer,
            _ if self.does(M::ClosesUnchecked) => answer.then(Then::CloseUnanswered),
            _ => answer.then(Then::Close),
        }
    }

    /// Runs the handler of an ordinary request.
    fn execute(&mut self, id: usize, request: &Message) -> Outcome {
        let name = self.looked_up(&request.name);
        let mut payload = request.payload.as_slice();
        let in_read = self.connections[id].in_read;
        if self.has(F::MixesPipeline) && in_read > 1 || self.has(F::PipelineRing64) && in_read > 64
        {
            payload = &self.connections[id].before;
        }
        let mut outcome = match fixtures::run(self.fault, self.config.allow_panic, &name, payload) {
            Ran::Answer(status, payload) => self.returned(status, payload),
            Ran::After(takes, payload) => Outcome {
                takes,
                ..Outcome::new(200, payload)
            },
            Ran::Error => match self.fault {
                Some(F::ErrorIs200) => Outcome::empty(200),
                Some(F::ErrorIs501) => Outcome::empty(501),
                Some(F::ErrorText) => Outcome::new(500, b"this text stays here".to_vec()),
                _ => Outcome::empty(500),
            },
            Ran::Panic => self.panicked(id),
            Ran::Unknown if name.is_empty() => self.nameless(),
            Ran::Unknown => self.unknown(id, request),
        };
        if self.has(F::StatusCarriedOver) && request.status > 1024 {
            outcome.status = request.status;
        }
        let before = &self.connections[id].before;
        if self.has(F::EchoKeepsLarge) && name == b"echo" && before.len() > 65_535 {
            let left = before.get(outcome.payload.len()..);
            outcome.payload.extend(left.unwrap_or_default());
        }
        if self.has(F::BodyOfOther) && outcome.status == 200 {
            let bodies = &mut self.memory.bodies;
            let other = bodies.iter().find(|(other, _)| **other != id);
            let body = other.map_or_else(|| outcome.payload.clone(), |(_, body)| body.clone());
            bodies.insert(id, std::mem::replace(&mut outcome.payload, body));
        }
        outcome
    }

    /// The name under which a handler is looked for.
    fn looked_up(&self, name: &[u8]) -> Vec<u8> {
        match self.fault {
            Some(F::NamesAnyCase) => name.to_ascii_lowercase(),
            Some(F::NamesToZero) => name
                .split(|byte| *byte == 0)
                .next()
                .map_or_else(Vec::new, Vec::from),
            Some(F::NamesAsCStrings) => match name.iter().position(|byte| *byte == 0) {
                Some(end @ 1..) => name[..end].to_vec(),
                _ => name.to_vec(),
            },
            Some(F::NameZeroIsNone) if name.starts_with(&[0]) => Vec::new(),
            Some(F::NamesByPrefix) => {
                let mut names = fixtures::NAMES.iter();
                let found = names.find(|known| name.starts_with(known));
                found.map_or_else(|| name.to_vec(), |known| known.to_vec())
            }
            _ => name.to_vec(),
        }
    }

    /// What a handler returned; not every status may be sent.
    fn returned(&self, status: u16, payload: Vec<u8>) -> Outcome {
        let is_known = matches!(
            status,
            100 | 101 | 198..=200 | 400..=402 | 497..=502 | 599 | 1025..
        );
        let carries = match self.fault {
            Some(F::CarriesEveryStatus) => true,
            Some(F::InternalStatuses) => matches!(status, 100 | 101 | 199 | 499 | 599),
            Some(F::Carries499) => status == 499,
            Some(F::NoticeAsAnswer) => is_notice(status),
            Some(F::CarriesUnassigned) => !is_known,
            Some(F::CarriesRefusals) => matches!(status, 402 | 497 | 502),
            _ => false,
        };
        if !carries && !matches!(status, 200 | 400 | 401 | 500 | 501 | 1025..) {
            return match self.fault {
                Some(F::NotAllowedIs500) => Outcome::empty(500),
                Some(F::NotAllowedHasText) => Outcome::new(501, b"not allowed".to_vec()),
                _ => Outcome::empty(501),
            };
        }
        if payload.len() > ANSWER_MAX {
            return Outcome::empty(501);
        }
        let status = match self.fault {
            Some(F::SmallStatus) if status > 1024 => status & 0x7fff,
            Some(F::StatusLowByte) if status > 1024 => status & 0xff,
            Some(F::ApplicationIs500) if status > 1024 => 500,
            _ => status,
        };
        Outcome::new(status, payload)
    }

    /// Resets all connections but one.
    pub(super) fn reset_but(&mut self, kept: Option<usize>) {
        for id in 0..self.connections.len() {
            if kept != Some(id) {
                self.connections[id].outgoing.clear();
                self.end(id, Ending::Reset);
            }
        }
    }

    fn panicked(&mut self, id: usize) -> Outcome {
        match self.fault {
            Some(F::PanicEndsServer) => self.die(),
            Some(F::ThirdPanicEndsServer) => {
                self.memory.panics += 1;
                if self.memory.panics == 3 {
                    self.die();
                }
            }
            Some(F::PanicEndsAll) => self.reset_but(None),
            Some(F::PanicEndsOthers) => self.reset_but(Some(id)),
            Some(F::PanicPoisons) => self.memory.is_poisoned = true,
            _ => {}
        }
        let closes = self.has(F::PanicCloses) || self.does(M::PanicCloses);
        match self.fault {
            _ if closes || self.has(F::PanicEndsAll) => {
                Outcome::empty(501).then(Then::CloseUnanswered)
            }
            Some(F::PanicAnsweredCloses) => Outcome::empty(501).then(Then::Close),
            Some(F::PanicIs500) => Outcome::empty(500),
            Some(F::PanicIsSilent) => Outcome::empty(501).then(Then::Drop),
            Some(F::PanicText) => Outcome::new(501, b"a handler panicked".to_vec()),
            _ => Outcome::empty(501),
        }
    }

    fn nameless(&self) -> Outcome {
        match self.fault {
            Some(F::NoNameIs200) => Outcome::empty(200),
            Some(F::NoNameIs500) => Outcome::empty(500),
            Some(F::NoNameCloses) => Outcome::empty(401).then(Then::CloseUnanswered),
            Some(F::NoNameIs400) => Outcome::empty(400),
            _ if self.does(M::NoNameIs400) => Outcome::empty(400),
            _ => Outcome::empty(401),
        }
    }

    fn unknown(&mut self, id: usize, request: &Message) -> Outcome {
        let is_text = std::str::from_utf8(&request.name).is_ok();
        let connection = &mut self.connections[id];
        let payload = match self.fault {
            Some(F::UnknownIs500) => return Outcome::empty(500),
            Some(F::UnknownIs200) => return Outcome::empty(200),
            Some(F::UnknownIsSilent) => return Outcome::empty(400).then(Then::Drop),
            Some(F::NotUtf8Is500) if !is_text => return Outcome::empty(500),
            Some(F::NotUtf8IsSilent) if !is_text => {
                return Outcome::empty(400).then(Then::Drop);
            }
            Some(F::Leaks) => std::mem::replace(&mut self.memory.unknown, request.payload.clone()),
            Some(F::LeaksOwn) => connection.before.clone(),
            Some(F::LeaksTail) => {
                let len = request.payload.len();
                if connection.scratch.len() < len {
                    connection.scratch.resize(len, 0);
                }
                connection.scratch[..len].copy_from_slice(&request.payload);
                connection.scratch[len..].to_vec()
            }
            Some(F::TextIn400) => b"no such handler".to_vec(),
            _ if self.does(M::TextIn400) => b"no such handler".to_vec(),
            _ => Vec::new(),
        };
        Outcome::new(400, payload)
    }

    /// Sends the answer, if there is one, and does with the connection what is to be done.
    fn finish(&mut self, id: usize, request: &Message, mut outcome: Outcome) {
        let then = self.habit(request, &outcome).unwrap_or(outcome.then);
        match then {
            Then::Drop => return,
            Then::CloseUnanswered => return self.linger_unless_over(id),
            Then::Keep | Then::Close | Then::FallSilent => {}
        }
        if self.does(M::Slow) {
            outcome.takes += SLOWLY;
        }
        let at = self.start(id).saturating_add(outcome.takes);
        if self.has(F::Overtakes) || self.has(F::NullOvertakes) && request.name == b"null" {
            let at = self.now.saturating_add(outcome.takes);
            self.answer(id, request, outcome.status, outcome.payload, at);
        } else {
            self.connections[id].free_at = at;
            self.memory.free_at = at;
            self.answer(id, request, outcome.status, outcome.payload, at);
        }
        match then {
            Then::Close => self.linger_unless_over(id),
            Then::FallSilent => self.connections[id].state = State::Mute,
            _ => {}
        }
    }

    fn linger_unless_over(&mut self, id: usize) {
        if matches!(self.connections[id].state, State::Serving) {
            self.linger(id);
        }
    }

    /// What some do behind answers after which a right server goes on.
    fn habit(&self, request: &Message, outcome: &Outcome) -> Option<Then> {
        if outcome.then != Then::Keep {
            return None;
        }
        let is_ordinary = request.name != CHECK_NAME;
        let closes = match self.fault? {
            F::ClosesOn200 => outcome.status == 200 && is_ordinary,
            F::ClosesOn400 => outcome.status == 400,
            F::ClosesOn401 => outcome.status == 401,
            F::ClosesOn500 => outcome.status == 500,
            F::ClosesOnApplication => outcome.status > 1024,
            F::HangsAfterError if matches!(outcome.status, 400 | 500) => {
                return Some(Then::FallSilent);
            }
            _ => false,
        };
        closes.then_some(Then::Close)
    }
}
