//! What came of a request that was sent again.

use crate::exchange::Exchange;

/// A recorded exchange and what came of it now.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made and read all over this program"
)]
pub struct Outcome {
    /// As it was recorded.
    pub recorded: Box<Exchange>,
    /// As it went now; none if nothing was sent.
    pub now: Option<Box<Exchange>>,
    /// What came of the comparison.
    pub verdict: Verdict,
    /// Whether bytes of the recorded answer are missing, so that only the others could be compared.
    pub in_part: bool,
    /// Why there is no answer now, for people.
    pub error: Option<String>,
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever counts them counts them all"
)]
pub enum Verdict {
    /// Status and payload are those that were recorded; or there was no answer then and is none now.
    Same,
    /// The status is another one. The payload may be, too.
    Status,
    /// The status is the same, and the payload is not.
    Payload,
    /// The server answered then, and does not now.
    Missing,
    /// The server did not answer then, and does now.
    Extra,
    /// The request could not be sent, or the connection broke under it.
    Transport,
    /// The recorded answer was not captured: there is nothing to compare.
    Uncompared,
}

impl Verdict {
    /// Every verdict there is, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::Same,
        Self::Status,
        Self::Payload,
        Self::Missing,
        Self::Extra,
        Self::Transport,
        Self::Uncompared,
    ];

    /// As JSON says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Status => "status",
            Self::Payload => "payload",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Transport => "transport",
            Self::Uncompared => "uncompared",
        }
    }

    /// For people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Status => "another status",
            Self::Payload => "another payload",
            Self::Missing => "answered then, not now",
            Self::Extra => "answered now, not then",
            Self::Transport => "not sent, or the connection broke",
            Self::Uncompared => "sent, but the recorded answer was not captured",
        }
    }

    /// Whether it is a difference.
    pub const fn is_difference(self) -> bool {
        !matches!(self, Self::Same | Self::Uncompared)
    }
}
