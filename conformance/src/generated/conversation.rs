//! One conversation as data.

use crate::{case::Offers, plan::Facts, segmentation::Segmentation};

/// What is known of the server, as far as it decides what it is sent and owes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) offers: Offers,
    pub(crate) limit: u32,
    /// It is the reference implementation, which promises more.
    pub(crate) ours: bool,
    /// It may be sent what no honest client sends.
    pub(crate) hostile: bool,
    /// It answers a client that has ended its writing side.
    pub(crate) half_closes: bool,
    /// It is configured for MACs.
    pub(crate) signed: bool,
}

impl Known {
    pub(crate) fn new(facts: Facts<'_>, signed: bool) -> Self {
        Self {
            offers: facts.offers,
            limit: facts.limit,
            ours: facts.ours,
            hostile: facts.hostile,
            // Not every library for TLS knows half-closed connections.
            half_closes: facts.ours || !facts.tls,
            signed,
        }
    }
}

/// Requests in order, and how the connection ends.
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    pub(super) segmentation: Segmentation,
    pub(super) end: End,
    /// It begins with a protocol check whose answer is awaited.
    pub(super) greets: bool,
    pub(super) requests: Vec<Request>,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) pace: Pace,
    pub(super) ask: Ask,
    pub(super) sequence: u32,
    pub(super) status: u16,
}

/// When a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Once all answers before it have come.
    Answered,
    /// At once, in a send of its own.
    Apart,
    /// In one send with the request before.
    Together,
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Unknown(Name, Payload),
    /// Without a name.
    Nameless(Payload),
    /// A protocol check of version 0, with these bytes behind the version.
    Check(Vec<u8>),
    Echo(Payload),
    Null(Payload),
    Size(Decimal),
    Status(Decimal),
    Sleep(Decimal),
    Fail(Payload),
    /// A fixture that wants a decimal, with something else.
    Malformed(&'static str, &'static str),
}

/// A name that no server has a handler for.
#[derive(Clone, Debug)]
pub(super) enum Name {
    /// The one that the cases use.
    Usual,
    /// One byte, so many times.
    Same(u8, u8),
    Mixed(Vec<u8>),
    /// Almost that of the protocol check, or of a fixture.
    Close(&'static [u8]),
}

#[derive(Clone, Debug)]
pub(super) enum Payload {
    Bytes(Vec<u8>),
    /// One byte, so many times.
    Same(u8, u32),
    /// So many bytes of every value, counted up from the first, with no short period.
    Counted(u8, u32),
}

/// A number and how many zeros are written before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    pub(super) number: u32,
    pub(super) zeros: usize,
}

#[derive(Clone, Debug)]
pub(super) enum End {
    /// The suite drops the connection when all answers have come.
    Open,
    /// The suite ends its writing side with the last requests, and the server ends in its turn.
    HalfClosed,
    /// A last frame that the server refuses, with junk in the same send.
    Refused {
        refusal: Refusal,
        sequence: u32,
        junk: Junk,
    },
}

#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// The header claims so much payload, which is over the limit.
    TooLong(u32),
    /// A MAC of this kind, as the case files call it.
    BadMac(&'static str),
    /// A protocol check with this payload, which asks for no version 0.
    Version(Vec<u8>),
}

/// What stands behind a refused frame and must not be executed.
#[derive(Clone, Debug)]
pub(super) enum Junk {
    Nothing,
    /// So many whole requests.
    Requests(u32),
    Bytes(Vec<u8>),
}

impl Name {
    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Usual => crate::case::UNKNOWN_NAME.into(),
            Self::Same(byte, count) => foreign(vec![*byte; usize::from(*count)]),
            Self::Mixed(bytes) => foreign(bytes.clone()),
            Self::Close(name) => name.to_vec(),
        }
    }
}

/// The name with another first byte if somebody might have a handler of that name.
fn foreign(mut name: Vec<u8>) -> Vec<u8> {
    const REGISTERED_MAX: usize = 32;
    let is_text = std::str::from_utf8(&name).is_ok_and(|text| !text.contains(char::is_control));
    if is_text && name.len() < REGISTERED_MAX {
        name[0] = 1;
    }
    name
}

impl Payload {
    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Same(byte, count) => vec![*byte; *count as usize],
            Self::Counted(first, count) => (0..*count)
                .map(|at| {
                    let [low, high, ..] = at.to_le_bytes();
                    first.wrapping_add(low).wrapping_add(high)
                })
                .collect(),
        }
    }
}

impl Decimal {
    pub(super) fn text(self) -> String {
        format!("{}{}", "0".repeat(self.zeros), self.number)
    }
}
