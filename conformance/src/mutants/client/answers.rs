//! What the model makes of what comes.

use super::{
    super::{
        is_notice,
        reader::{Missing, Next},
        wire::Message,
    },
    Awaited, Class, F, M, What, World,
};
use crate::{
    frame::MAC_LEN,
    world::{Ending, Reply},
};

impl World {
    /// Takes in what one read returned.
    pub(super) fn receive(&mut self, id: usize, piece: &[u8]) {
        let connection = &mut self.connections[id];
        if connection.given_up.is_some() || self.null.is_some() {
            return;
        }
        connection.reader.feed(piece);
        if std::mem::take(&mut connection.is_shy) {
            self.send_check(id);
        }
        if self.connections[id].awaiting.is_empty() && self.does(M::LooksLate) {
            return;
        }
        self.judge(id);
        self.advance();
    }

    /// Judges every frame that is there, until the connection is given up.
    pub(super) fn judge(&mut self, id: usize) {
        while self.connections[id].given_up.is_none() {
            match self.connections[id].reader.next() {
                Next::Need => return,
                Next::Frame(frame) => self.frame_came(id, frame),
                Next::TooLong(frame, claim) => self.too_long(id, frame, claim),
                Next::BadMac(frame) => self.bad_mac(id, frame),
                Next::Lost(why) => self.lose(id, Class::Framing, why),
            }
            if self.connections[id].awaiting.is_empty() && self.does(M::LooksLate) {
                return;
            }
        }
    }

    fn too_long(&mut self, id: usize, frame: Message, claim: u32) {
        let reader = &mut self.connections[id].reader;
        let mac_len = if reader.wire.has_key() { MAC_LEN } else { 0 };
        let front = self.connections[id].awaiting.front();
        let is_foreign = front.is_none_or(|it| it.sequence != frame.sequence);
        let reader = &mut self.connections[id].reader;
        let rest = claim as usize + mac_len;
        let error = format!("an answer of {claim} bytes is over the limit");
        match self.fault {
            Some(F::SequenceBeforeLimit) if is_foreign => {
                self.lose(id, Class::Sequence, "the sequence number is wrong");
            }
            Some(F::KeepsOverLimit) => self.report(id, Class::Limit, &error),
            Some(F::SkipsOverLimit) => {
                reader.skip(rest);
                self.report(id, Class::Limit, &error);
            }
            Some(F::OverLimitIsEmpty) => {
                reader.skip(rest);
                self.frame_came(id, frame);
            }
            _ => self.lose(id, Class::Limit, &error),
        }
    }

    fn bad_mac(&mut self, id: usize, mut frame: Message) {
        let error = format!(
            "the MAC of an answer is wrong; it claims status {}",
            frame.status
        );
        let front = self.connections[id].awaiting.front();
        let is_foreign = front.is_none_or(|it| it.sequence != frame.sequence);
        match self.fault {
            Some(F::NoticeBeforeMac) if is_notice(frame.status) => {
                self.lose(id, Class::Notice, "the server closes");
            }
            Some(F::SequenceBeforeMac) if is_foreign => {
                self.lose(id, Class::Sequence, "the sequence number is wrong");
            }
            Some(F::IgnoresMacOfErrors) if frame.status != 200 => self.frame_came(id, frame),
            Some(F::BadMacIsEmpty) => {
                frame.payload.clear();
                self.frame_came(id, frame);
            }
            Some(F::BadMacWaits) => {}
            Some(F::UsesAfterMac) => self.report(id, Class::Mac, &error),
            _ => self.lose(id, Class::Mac, &error),
        }
    }

    /// A frame within the limit and with a right MAC: notice, sequence number, name, in this order.
    fn frame_came(&mut self, id: usize, frame: Message) {
        let front = self.connections[id].awaiting.front();
        let sequence_is_right = front.is_some_and(|it| self.takes_sequence(it, &frame));
        let name_is_right = front.is_some_and(|it| self.takes_name(it, &frame));
        let is_right = sequence_is_right && name_is_right;
        let notice = is_notice(frame.status)
            && !match self.fault {
                Some(F::NoticeIsAnswer) => is_right,
                Some(F::Notice498Only) => is_right && frame.status == 198,
                Some(F::Notice198Only) => frame.status == 498,
                Some(F::NoticeLast) => !is_right,
                _ => false,
            };
        if notice {
            let error = format!("the server closes, notice {}", frame.status);
            if self.has(F::NoticeSpoilsAnswer) && self.replies.pop_back().is_some() {
                self.fail(Class::Notice, error.clone());
            }
            return match self.fault {
                Some(F::PassesOverNotice) => {}
                Some(F::UsesAfterNotice) => self.report(id, Class::Notice, &error),
                _ => self.lose(id, Class::Notice, &error),
            };
        }
        if self.has(F::NameBeforeSequence) && !name_is_right {
            return self.lose(id, Class::Name, "the name is not that of the request");
        }
        if !sequence_is_right {
            let error = format!("an answer has the sequence number {}", frame.sequence);
            return match self.fault {
                Some(F::PassesOverSequence) => {}
                Some(F::UsesAfterSequence) => self.report(id, Class::Sequence, &error),
                _ => self.lose(id, Class::Sequence, &error),
            };
        }
        if !name_is_right {
            let error = "the name is not that of the request";
            return match self.fault {
                Some(F::UsesAfterName) => self.report(id, Class::Name, error),
                _ => self.lose(id, Class::Name, error),
            };
        }
        self.deliver(id, frame);
    }

    fn takes_sequence(&self, awaited: &Awaited, frame: &Message) -> bool {
        let (wanted, came) = (awaited.sequence, frame.sequence);
        match self.fault {
            Some(F::IgnoresSequence) => true,
            Some(F::SequenceLow16) => wanted & 0xffff == came & 0xffff,
            Some(F::SequenceOrBefore) => came == wanted || came.wrapping_add(1) == wanted,
            Some(F::SequenceOrZero) => came == 0 || came == wanted,
            _ => came == wanted,
        }
    }

    fn takes_name(&self, awaited: &Awaited, frame: &Message) -> bool {
        let (wanted, came) = (&awaited.name, &frame.name);
        match self.fault {
            Some(F::IgnoresName) => true,
            Some(F::NameAnyCase) => came.eq_ignore_ascii_case(wanted),
            Some(F::NameByLength) => came.len() == wanted.len(),
            Some(F::NameByPrefix) => came.starts_with(wanted),
            Some(F::NameByBeginning) => !came.is_empty() && wanted.starts_with(came),
            Some(F::NameNotUtf8Passes) => came == wanted || std::str::from_utf8(came).is_err(),
            Some(F::NameOrNone) => came.is_empty() || came == wanted,
            _ => came == wanted,
        }
    }

    /// The answer to the request at the front.
    fn deliver(&mut self, id: usize, frame: Message) {
        let Some(awaited) = self.connections[id].awaiting.pop_front() else {
            return;
        };
        self.connections[id].last_status = frame.status;
        match awaited.what {
            What::Check => self.checked(id, &frame),
            What::Request => self.answered(id, frame),
            What::Extra => {}
        }
    }

    fn checked(&mut self, id: usize, answer: &Message) {
        let has_version = answer.payload == [self.connections[id].version];
        let is_200 = answer.status == 200;
        let is_made = match self.fault {
            Some(F::AcceptsMismatch) => answer.status == 497 || is_200 && has_version,
            Some(F::AcceptsEveryVersion) => is_200,
            Some(F::AcceptsNewerVersion) => {
                let own = self.connections[id].version;
                is_200 && answer.payload.first().is_some_and(|it| *it >= own)
            }
            Some(F::AcceptsNoVersion) => is_200 && (answer.payload.is_empty() || has_version),
            Some(F::AcceptsEveryStatus) => has_version,
            _ => is_200 && has_version,
        };
        if is_made {
            return self.reply(Reply::Connected);
        }
        let status = answer.status;
        let version = match answer.payload.first() {
            Some(version) => format!("version {version}"),
            None => "no version".into(),
        };
        let error = match self.fault {
            Some(F::MismatchIsAnonymous) => "the server is not a right one".into(),
            Some(F::MismatchWithoutVersion) => format!("the protocol check was answered {status}"),
            _ => format!("the protocol check was answered {status}, {version}"),
        };
        self.fail(Class::Version, error.clone());
        if !self.has(F::GoesOnAfterMismatch) {
            self.give_up(id, &error);
        }
    }

    fn answered(&mut self, id: usize, mut frame: Message) {
        let status = frame.status;
        let goes_on = match self.fault {
            Some(F::GoesOnAfter402) => status == 402,
            Some(F::GoesOnAfter497) => status == 497,
            Some(F::GoesOnAfter502) => status == 502,
            _ => false,
        };
        let is_refusal = matches!(status, 402 | 497 | 502);
        let is_unassigned = !matches!(
            status,
            100 | 101 | 198..=200 | 400..=402 | 497..=502 | 599 | 1025..
        );
        let is_failure = match self.fault {
            Some(F::ErrorsAreFailures) => (400..600).contains(&status),
            Some(F::ApplicationIsFailure) => status > 1024,
            Some(F::Only200IsSuccess) => status != 200,
            Some(F::UnassignedIsFailure) => is_unassigned,
            Some(F::RefusalIsFailure) => is_refusal,
            Some(F::EmptyIsFailure) => frame.payload.is_empty(),
            _ => false,
        };
        if is_failure {
            self.fail(Class::Transport, format!("the answer is {status}"));
        } else {
            let status = match self.fault {
                Some(F::LosesStatus) => 200,
                Some(F::StatusLowByte) => status & 0xff,
                Some(F::StatusTo15Bits) => status & 0x7fff,
                _ => status,
            };
            let payload = &mut frame.payload;
            match self.fault {
                Some(F::LosesErrorPayloads) if status != 200 => payload.clear(),
                Some(F::LosesLastByte) => drop(payload.pop()),
                Some(F::PayloadTo64K) => payload.truncate(65_535),
                Some(F::PayloadOfBefore) => {
                    std::mem::swap(payload, &mut self.connections[id].last_payload);
                }
                _ => {}
            }
            let payload = frame.payload;
            self.reply(Reply::Answer { status, payload });
        }
        if is_refusal && !goes_on {
            self.give_up(id, &format!("the server answered {status}"));
        }
    }

    /// The other side has ended.
    pub(super) fn ended(&mut self, id: usize, how: Ending) {
        let is_over = self.connections[id].given_up.is_some();
        if is_over || self.null.is_some() || self.has(F::HangsAtEnd) {
            return;
        }
        if let Some((mut frame, missing)) = self.connections[id].reader.take_rest() {
            let hands_on = match self.fault {
                Some(F::HandsOnTruncated) => missing >= Missing::Payload,
                Some(F::HeadIsEnough) => missing >= Missing::Payload && frame.payload.is_empty(),
                Some(F::TruncatedIsEmpty) => {
                    frame.payload.clear();
                    missing >= Missing::Payload
                }
                Some(F::MissingMacIsFine) => missing == Missing::MacOnly,
                Some(F::ResetIsEnd) => missing >= Missing::Payload && how == Ending::Reset,
                Some(F::IgnoresCut) => missing >= Missing::Payload && how == Ending::Cut,
                _ => false,
            };
            if hands_on {
                self.frame_came(id, frame);
            }
        } else if self.has(F::EndIsAnswer)
            && how == Ending::Fin
            && let Some(awaited) = self.connections[id].awaiting.front()
        {
            let answer = Message {
                status: 200,
                sequence: awaited.sequence,
                name: awaited.name.clone(),
                payload: Vec::new(),
            };
            self.frame_came(id, answer);
        }
        let how = match how {
            Ending::Fin => "the stream ended",
            Ending::Reset => "the connection was reset",
            Ending::Cut => "the TLS stream ended without close_notify",
        };
        self.lose(id, Class::Transport, how);
        self.advance();
    }

    /// Reports an error to whoever waits, and gives the connection up.
    pub(super) fn lose(&mut self, id: usize, class: Class, error: &str) {
        while !self.connections[id].awaiting.is_empty() {
            self.report(id, class, error);
        }
        self.give_up(id, error);
    }

    /// Reports an error to the one who waits for the next answer.
    fn report(&mut self, id: usize, class: Class, error: &str) {
        let front = self.connections[id].awaiting.pop_front();
        if front.is_some_and(|awaited| awaited.what != What::Extra) {
            self.fail(class, error);
        }
    }

    pub(super) fn give_up(&mut self, id: usize, why: &str) {
        self.connections[id]
            .given_up
            .get_or_insert_with(|| why.to_owned());
        self.close(id);
    }
}
