//! Whether an answer is what was recorded.

use super::{Ignored, Verdict, json};
use crate::exchange::{Exchange, Message, Note};
use serde_json::Value;

/// How answers are compared. By default payloads are equal if their bytes are.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "what a user may set")]
pub struct Comparison {
    /// What may differ in JSON. If there is any of it, payloads that are both JSON are compared as JSON:
    /// order of fields, spaces and what is ignored do not matter.
    pub ignored: Vec<Ignored>,
}

/// What the recording says about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then<'a> {
    Answered(&'a Message),
    Unanswered,
    NotCaptured,
}

impl<'a> Then<'a> {
    pub(super) fn of(recorded: &'a Exchange) -> Self {
        let was_lost = |note: &Note| {
            matches!(
                note,
                Note::ResponseNotCaptured | Note::UnansweredYet | Note::RequestNotCaptured
            )
        };
        match &recorded.response {
            Some(answer) => Self::Answered(answer),
            None if recorded.notes.iter().any(was_lost) => Self::NotCaptured,
            None => Self::Unanswered,
        }
    }
}

impl Comparison {
    /// Compares an answer with the recorded exchange.
    pub(super) fn judge(&self, recorded: &Exchange, now: &Message) -> Verdict {
        let then = match Then::of(recorded) {
            Then::Answered(then) => then,
            Then::Unanswered => return Verdict::Extra,
            Then::NotCaptured => return Verdict::Uncompared,
        };
        if then.header.status != now.header.status {
            Verdict::Status
        } else if self.are_equal(then, now) {
            Verdict::Same
        } else {
            Verdict::Payload
        }
    }

    /// The payloads as JSON without what is ignored, if they are to be compared so and are JSON.
    pub(super) fn as_json(&self, then: &Message, now: &Message) -> Option<(Value, Value)> {
        if self.ignored.is_empty() || !then.is_complete() {
            return None;
        }
        let parse = |message: &Message| serde_json::from_slice(message.payload()).ok();
        let (then, now) = (parse(then)?, parse(now)?);
        Some((
            json::without(then, &self.ignored),
            json::without(now, &self.ignored),
        ))
    }

    fn are_equal(&self, then: &Message, now: &Message) -> bool {
        if then.is_complete() {
            return then.payload() == now.payload()
                || self
                    .as_json(then, now)
                    .is_some_and(|(then, now)| then == now);
        }
        // What differs may be what is ignored, and a part is no JSON.
        if !self.ignored.is_empty() {
            return true;
        }
        let (then_at, now_at) = (then.fields().payload, now.fields().payload);
        then.header.payload_len == now.header.payload_len
            && then.pieces(then_at.clone()).iter().all(|(at, piece)| {
                let from = now_at.start + (at - then_at.start);
                let to = from + piece.len() as u64;
                now.pieces(from..to)
                    .iter()
                    .map(|(_, bytes)| *bytes)
                    .eq([*piece].into_iter().filter(|piece| !piece.is_empty()))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{
        GapCause,
        sample::{exchange, message, with_gap},
    };

    fn answer(status: u16, payload: &[u8]) -> Message {
        message(status, b"n", payload, 0)
    }

    fn judge(ignored: &[&str], then: Option<Message>, now: &Message) -> Verdict {
        let ignored = ignored.iter().map(|path| path.parse().unwrap()).collect();
        let recorded = exchange(Some(message(0, b"n", b"", 0)), then);
        Comparison { ignored }.judge(&recorded, now)
    }

    #[test]
    fn status_goes_before_payload() {
        let then = || Some(answer(200, b"a"));
        assert_eq!(judge(&[], then(), &answer(200, b"a")), Verdict::Same);
        assert_eq!(judge(&[], then(), &answer(200, b"b")), Verdict::Payload);
        assert_eq!(judge(&[], then(), &answer(400, b"a")), Verdict::Status);
        assert_eq!(judge(&[], then(), &answer(400, b"b")), Verdict::Status);
        assert_eq!(judge(&[], None, &answer(200, b"")), Verdict::Extra);
    }

    #[test]
    fn an_answer_that_the_capture_lost_is_compared_with_nothing() {
        let mut recorded = exchange(Some(message(0, b"n", b"", 0)), None);
        let comparison = Comparison::default();
        for note in [Note::ResponseNotCaptured, Note::UnansweredYet] {
            recorded.notes = vec![note];
            let verdict = comparison.judge(&recorded, &answer(200, b""));
            assert_eq!(verdict, Verdict::Uncompared);
        }
        recorded.notes = vec![Note::Unanswered];
        let verdict = comparison.judge(&recorded, &answer(200, b""));
        assert_eq!(verdict, Verdict::Extra);
    }

    #[test]
    fn json_is_compared_as_such_only_if_something_is_ignored() {
        let then = || Some(answer(200, br#"{"a":1,"ts":2}"#));
        let now = answer(200, br#"{ "ts": 3, "a": 1 }"#);
        assert_eq!(judge(&[], then(), &now), Verdict::Payload);
        assert_eq!(judge(&["$.ts"], then(), &now), Verdict::Same);
        assert_eq!(judge(&["$.b"], then(), &now), Verdict::Payload);
        let text = answer(200, b"not json");
        assert_eq!(judge(&["$.ts"], then(), &text), Verdict::Payload);
        let same = Some(answer(200, b"not json"));
        assert_eq!(judge(&["$.ts"], same, &text), Verdict::Same);
    }

    #[test]
    fn of_an_answer_with_a_gap_the_captured_bytes_and_the_length_count() {
        let then = || Some(with_gap(answer(200, b"0123456789"), 4, 3, GapCause::Lost));
        for (payload, verdict) in [
            (&b"0123456789"[..], Verdict::Same),
            (b"0123abc789", Verdict::Same),
            (b"x123456789", Verdict::Payload),
            (b"012345678x", Verdict::Payload),
            (b"01234567890", Verdict::Payload),
            (b"0123", Verdict::Payload),
        ] {
            assert_eq!(judge(&[], then(), &answer(200, payload)), verdict);
        }
        let other = answer(200, b"other");
        assert_eq!(judge(&["$.ts"], then(), &other), Verdict::Same);
    }
}
