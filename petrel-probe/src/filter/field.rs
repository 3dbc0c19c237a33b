//! The fields of filters: one table that the parser, help and completion share.

use super::literal::Kind;

/// A field, for help and completion.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// As it is written: `response.status`.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    pub(super) fact: Fact,
}

/// What a field says of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    Connection,
    Sequence,
    Client,
    Server,
    Name,
    Rtt,
    RttMicros,
    Complete,
    Notes,
    Gaps,
    GapLen,
    GapCause,
    Present(Which),
    PartName(Which),
    Status(Which),
    Payload(Which),
    PayloadLen(Which),
    Mac(Which),
    MacKey(Which),
    Time(Which),
    /// What a string alone stands for: names and payloads.
    Anywhere,
}

/// Whose field it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Request,
    Response,
    Either,
}

use Which::{Either, Request, Response};

pub(super) const FIELDS: &[Field] = &[
    of(
        "name",
        Fact::Name,
        "name of the request, which its answer copies",
    ),
    of("status", Fact::Status(Response), "status of the answer"),
    of(
        "rtt",
        Fact::Rtt,
        "from the last byte of the request to that of the answer: 50ms",
    ),
    of("rtt_us", Fact::RttMicros, "the same in whole microseconds"),
    of(
        "mac",
        Fact::Mac(Either),
        "MAC state of either side: none, ok, bad, nokey, unchecked",
    ),
    of(
        "mac.key",
        Fact::MacKey(Either),
        "label of the key that fits, of either side",
    ),
    of("payload", Fact::Payload(Either), "payload of either side"),
    of(
        "payload.len",
        Fact::PayloadLen(Either),
        "length of either payload: 4KiB",
    ),
    of("seq", Fact::Sequence, "sequence number"),
    of("conn", Fact::Connection, "number of the connection, from 1"),
    of(
        "client",
        Fact::Client,
        "address of the client: 10.0.0.1:80, 10.0.0.1 or :80",
    ),
    of("server", Fact::Server, "address of the server"),
    of(
        "complete",
        Fact::Complete,
        "whether both messages are there with all their bytes",
    ),
    of(
        "notes",
        Fact::Notes,
        "kind of a note: notice, unanswered, wrong-sequence, …",
    ),
    of("gaps", Fact::Gaps, "number of gaps in the two messages"),
    of("gaps.len", Fact::GapLen, "bytes missing in them"),
    of(
        "gaps.cause",
        Fact::GapCause,
        "cause of a gap: lost, snap-length, …",
    ),
    of(
        "request",
        Fact::Present(Request),
        "whether the request was captured",
    ),
    of(
        "request.name",
        Fact::PartName(Request),
        "name in the request",
    ),
    of(
        "request.status",
        Fact::Status(Request),
        "status in the request, which means nothing",
    ),
    of(
        "request.payload",
        Fact::Payload(Request),
        "payload of the request",
    ),
    of(
        "request.payload.len",
        Fact::PayloadLen(Request),
        "its length",
    ),
    of(
        "request.mac",
        Fact::Mac(Request),
        "MAC state of the request",
    ),
    of("request.mac.state", Fact::Mac(Request), "the same"),
    of(
        "request.mac.key",
        Fact::MacKey(Request),
        "label of the key that fits the request",
    ),
    of(
        "request.time",
        Fact::Time(Request),
        "when its last byte was captured: 2026-01-31T12:00:00Z",
    ),
    of("request.time_ns", Fact::Time(Request), "the same"),
    of(
        "response",
        Fact::Present(Response),
        "whether there is an answer",
    ),
    of(
        "response.name",
        Fact::PartName(Response),
        "name in the answer",
    ),
    of(
        "response.status",
        Fact::Status(Response),
        "status of the answer",
    ),
    of(
        "response.payload",
        Fact::Payload(Response),
        "payload of the answer",
    ),
    of(
        "response.payload.len",
        Fact::PayloadLen(Response),
        "its length",
    ),
    of(
        "response.mac",
        Fact::Mac(Response),
        "MAC state of the answer",
    ),
    of("response.mac.state", Fact::Mac(Response), "the same"),
    of(
        "response.mac.key",
        Fact::MacKey(Response),
        "label of the key that fits the answer",
    ),
    of(
        "response.time",
        Fact::Time(Response),
        "when its last byte was captured",
    ),
    of("response.time_ns", Fact::Time(Response), "the same"),
];

/// What a string alone is compared with.
pub(super) const ANYWHERE: &Field = &of("", Fact::Anywhere, "name or payload of either side");

const fn of(name: &'static str, fact: Fact, doc: &'static str) -> Field {
    Field { name, doc, fact }
}

impl Field {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }
}

impl Fact {
    /// What it is compared with.
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Connection | Self::Sequence | Self::RttMicros | Self::Gaps | Self::Status(_) => {
                Kind::Number
            }
            Self::Client | Self::Server => Kind::Address,
            Self::Rtt => Kind::Duration,
            Self::Complete | Self::Present(_) => Kind::Truth,
            Self::Notes => Kind::Note,
            Self::GapCause => Kind::Cause,
            Self::GapLen | Self::PayloadLen(_) => Kind::Size,
            Self::Name | Self::PartName(_) | Self::Payload(_) | Self::MacKey(_) => Kind::Bytes,
            Self::Anywhere => Kind::Bytes,
            Self::Mac(_) => Kind::Mac,
            Self::Time(_) => Kind::Time,
        }
    }

    /// Whether the field alone is a condition: that there is such a thing.
    pub(super) const fn stands_alone(self) -> bool {
        matches!(
            self,
            Self::Complete | Self::Present(_) | Self::Rtt | Self::Notes | Self::Gaps
        )
    }

    pub(super) const fn needs_payload(self) -> bool {
        matches!(self, Self::Payload(_) | Self::Anywhere)
    }
}
