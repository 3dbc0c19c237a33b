//! Whether an expression holds.

use super::{
    Part, Payload, Subject,
    field::{Fact, Which},
    literal::Literal,
    syntax::{Condition, Node, Operator},
};
use crate::exchange::Side;
use std::net::SocketAddr;

impl Node {
    /// None if it depends on a payload that is not at hand.
    pub(super) fn judge(&self, subject: &impl Subject) -> Option<bool> {
        match self {
            Self::Any(nodes) => any(nodes.iter().map(|node| node.judge(subject))),
            Self::All(nodes) => {
                let none_fails = any(nodes.iter().map(|node| node.judge(subject).map(|is| !is)));
                none_fails.map(|fails| !fails)
            }
            Self::Not(node) => node.judge(subject).map(|is| !is),
            Self::Condition(condition) => condition.judge(subject),
        }
    }
}

/// Whether one of them holds: true as soon as one does, unknown if only an unknown one might.
fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all_known = true;
    for answer in answers {
        match answer {
            Some(true) => return Some(true),
            Some(false) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(false)
}

impl Which {
    const fn sides(self) -> &'static [Side] {
        match self {
            Self::Request => &[Side::Client],
            Self::Response => &[Side::Server],
            Self::Either => &[Side::Client, Side::Server],
        }
    }
}

impl Condition {
    fn judge(&self, subject: &impl Subject) -> Option<bool> {
        match self.field.fact {
            Fact::Payload(which) => {
                return any(which
                    .sides()
                    .iter()
                    .map(|side| self.payload(subject, *side)));
            }
            Fact::Anywhere if !self.bytes(subject.name()) => {
                let sides = Which::Either.sides().iter();
                return any(sides.map(|side| self.payload(subject, *side)));
            }
            _ => {}
        }
        Some(self.holds(subject))
    }

    /// Of everything but payloads.
    fn holds(&self, subject: &impl Subject) -> bool {
        let part = |which: Which, test: &dyn Fn(Part<'_>) -> bool| {
            let mut parts = which.sides().iter().filter_map(|side| subject.part(*side));
            parts.any(test)
        };
        match self.field.fact {
            Fact::Connection => self.number(subject.connection().into()),
            Fact::Sequence => self.number(subject.sequence().into()),
            Fact::Client => self.address(subject.client()),
            Fact::Server => self.address(subject.server()),
            Fact::Name => self.bytes(subject.name()),
            Fact::Rtt => subject.rtt_ns().is_some_and(|rtt| self.number(rtt)),
            Fact::RttMicros => subject.rtt_ns().is_some_and(|rtt| self.number(rtt / 1_000)),
            Fact::Complete => self.truth(subject.is_complete()),
            Fact::Notes if self.operator == Operator::Exists => !subject.notes().is_empty(),
            Fact::Notes => subject.notes().iter().any(|note| self.word(note.kind())),
            Fact::Gaps | Fact::GapLen | Fact::GapCause => self.gaps(subject),
            Fact::Present(which) => self.truth(part(which, &|_| true)),
            Fact::PartName(which) => part(which, &|part| self.bytes(part.name)),
            Fact::Status(which) => part(which, &|part| self.number(part.status.0.into())),
            Fact::PayloadLen(which) => part(which, &|part| self.number(part.payload_len.into())),
            Fact::Mac(which) => part(which, &|part| self.word(part.mac.as_str())),
            Fact::MacKey(which) => part(which, &|part| {
                part.mac.key().is_some_and(|key| self.bytes(key.as_bytes()))
            }),
            Fact::Time(which) => part(which, &|part| self.number(part.time_ns)),
            Fact::Payload(_) | Fact::Anywhere => true,
        }
    }

    fn payload(&self, subject: &impl Subject, side: Side) -> Option<bool> {
        if subject.part(side).is_none() {
            return Some(false);
        }
        Some(match subject.payload(side)? {
            Payload::Whole(bytes) => self.bytes(bytes),
            Payload::Pieces(pieces) => {
                self.operator == Operator::Contains && pieces.iter().any(|piece| self.bytes(piece))
            }
        })
    }

    fn gaps(&self, subject: &impl Subject) -> bool {
        let (mut count, mut len, mut has_cause) = (0, 0_u64, false);
        subject.each_gap(&mut |_, gap| {
            count += 1;
            len = len.saturating_add(gap.len);
            has_cause |= self.field.fact == Fact::GapCause && self.word(gap.cause.as_str());
        });
        match self.field.fact {
            Fact::GapCause => has_cause,
            Fact::GapLen => self.number(len),
            _ if self.operator == Operator::Exists => count > 0,
            _ => self.number(count),
        }
    }

    fn number(&self, value: u64) -> bool {
        let mut ranges = self.values.iter().filter_map(|literal| match literal {
            Literal::Range { from, to, .. } => Some((*from, *to)),
            _ => None,
        });
        match self.operator {
            Operator::Exists => true,
            Operator::Equal | Operator::In => ranges.any(|(from, to)| from <= value && value <= to),
            Operator::NotEqual => ranges.all(|(from, _)| value != from),
            Operator::Less => ranges.all(|(from, _)| value < from),
            Operator::AtMost => ranges.all(|(from, _)| value <= from),
            Operator::More => ranges.all(|(from, _)| value > from),
            Operator::AtLeast => ranges.all(|(from, _)| value >= from),
            Operator::Contains => false,
        }
    }

    fn bytes(&self, value: &[u8]) -> bool {
        self.equality(|literal| match literal {
            Literal::Bytes(needle) if self.operator == Operator::Contains => needle.is_in(value),
            Literal::Bytes(needle) => needle.bytes() == value,
            _ => false,
        })
    }

    fn word(&self, value: &str) -> bool {
        self.equality(|literal| matches!(literal, Literal::Word(word) if *word == value))
    }

    fn truth(&self, value: bool) -> bool {
        if self.operator == Operator::Exists {
            return value;
        }
        self.equality(|literal| *literal == Literal::Truth(value))
    }

    fn address(&self, value: SocketAddr) -> bool {
        self.equality(|literal| match literal {
            Literal::Address { ip, port } => {
                ip.is_none_or(|ip| ip == value.ip()) && port.is_none_or(|port| port == value.port())
            }
            _ => false,
        })
    }

    /// Equal to one of the values; for `!=` to none.
    fn equality(&self, equals: impl Fn(&Literal) -> bool) -> bool {
        self.values.iter().any(equals) != (self.operator == Operator::NotEqual)
    }
}
