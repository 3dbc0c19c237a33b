//! The status of an answer.

use std::fmt;

/// How loud a status is in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the four levels of the original, complete"
)]
pub enum Level {
    /// Of interest while debugging.
    Debug,
    /// Worth knowing.
    Info,
    /// The client did something it should not have done.
    Warn,
    /// Something failed.
    Error,
}

/// The status number of a frame.
///
/// 0 to 1024 belong to the protocol and keep their meaning; applications add their own from 1025 up.
/// An answered status is never an error by itself: what 9101 means is for the application to say.
/// The status of a *request* means nothing; send [`Status::NONE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a number, and nothing will be added to it"
)]
pub struct Status(pub u16);

/// Number, level and text of every status that the protocol assigns.
const ASSIGNED: [(Status, Level, &str); 15] = [
    (Status::CLIENT_CONNECTED, Level::Info, "client connected"),
    (Status::IN_DISPATCH, Level::Debug, "in dispatch"),
    (Status::CLIENT_GONE, Level::Info, "client gone"),
    (Status::QUITTING, Level::Debug, "server quitting"),
    (Status::OK, Level::Debug, "success"),
    (Status::NOT_FOUND, Level::Warn, "handler not found"),
    (
        Status::NULL_REQUEST,
        Level::Warn,
        "null command: empty request text",
    ),
    (
        Status::PAYLOAD_TOO_LONG,
        Level::Error,
        "payload length limit exceeded",
    ),
    (Status::PROTOCOL_MISMATCH, Level::Error, "protocol mismatch"),
    (Status::READ_ERROR, Level::Error, "network read error"),
    (Status::WRITE_ERROR, Level::Error, "network write error"),
    (Status::FAILED, Level::Error, "request failed"),
    (Status::INTERNAL_ERROR, Level::Error, "internal error"),
    (Status::MAC_FAILED, Level::Error, "HMAC verification failed"),
    (Status::LISTENER_ERROR, Level::Error, "listener error"),
];

impl Status {
    /// 0: what a request carries. It has no meaning, and a receiver ignores it.
    pub const NONE: Self = Self(0);
    /// 100: a client connected; stands in logs, is not sent.
    pub const CLIENT_CONNECTED: Self = Self(100);
    /// 101: a request goes to its handler; stands in logs, is not sent.
    pub const IN_DISPATCH: Self = Self(101);
    /// 198: a notice that the connection closes because the client is gone; never an answer.
    pub const CLIENT_GONE: Self = Self(198);
    /// 199: the server quits; stands in logs, is not sent.
    pub const QUITTING: Self = Self(199);
    /// 200: success.
    pub const OK: Self = Self(200);
    /// 400: no handler of that name.
    pub const NOT_FOUND: Self = Self(400);
    /// 401: the request text is empty.
    pub const NULL_REQUEST: Self = Self(401);
    /// 402: the declared payload length is over the receiver's limit. The connection closes.
    pub const PAYLOAD_TOO_LONG: Self = Self(402);
    /// 497: the client speaks another protocol version. The connection closes.
    pub const PROTOCOL_MISMATCH: Self = Self(497);
    /// 498: a notice that the connection closes after a read error; never an answer.
    pub const READ_ERROR: Self = Self(498);
    /// 499: writing to the network failed; stands in logs, is not sent.
    pub const WRITE_ERROR: Self = Self(499);
    /// 500: the handler returned an error.
    pub const FAILED: Self = Self(500);
    /// 501: the handler panicked, or answered what it may not.
    pub const INTERNAL_ERROR: Self = Self(501);
    /// 502: the MAC does not fit the payload. The connection closes.
    pub const MAC_FAILED: Self = Self(502);
    /// 599: connections cannot be accepted; stands in logs, is not sent.
    pub const LISTENER_ERROR: Self = Self(599);

    /// Highest number that belongs to the protocol.
    pub const RESERVED_MAX: u16 = 1024;

    /// Whether the protocol keeps this number for itself (0 to 1024).
    pub const fn is_reserved(self) -> bool {
        self.0 <= Self::RESERVED_MAX
    }

    /// Whether a frame with this status is a notice of closing: 198 or 498, never an answer.
    pub const fn is_notice(self) -> bool {
        matches!(self, Self::CLIENT_GONE | Self::READ_ERROR)
    }

    /// Whether the connection ends with an answer of this status: 402, 497 or 502.
    pub const fn closes(self) -> bool {
        matches!(
            self,
            Self::PAYLOAD_TOO_LONG | Self::PROTOCOL_MISMATCH | Self::MAC_FAILED
        )
    }

    /// Whether a handler may answer with this status: 200, 400, 401, 500, 501 or an application's own.
    ///
    /// The other reserved numbers are what the connection itself says, or mean nothing yet.
    pub const fn is_for_handlers(self) -> bool {
        !self.is_reserved()
            || matches!(
                self,
                Self::OK
                    | Self::NOT_FOUND
                    | Self::NULL_REQUEST
                    | Self::FAILED
                    | Self::INTERNAL_ERROR
            )
    }

    /// How loud the status is in a log. An application's own is like a success.
    pub fn level(self) -> Level {
        self.assigned().map_or(Level::Debug, |(_, level, _)| level)
    }

    /// What the status says, in words.
    pub fn text(self) -> &'static str {
        match self.assigned() {
            Some((_, _, text)) => text,
            None if self == Self::NONE => "none",
            None if self.is_reserved() => "unassigned",
            None => "application status",
        }
    }

    fn assigned(self) -> Option<(Self, Level, &'static str)> {
        ASSIGNED.into_iter().find(|(status, ..)| *status == self)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.text())
    }
}

impl From<u16> for Status {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl From<Status> for u16 {
    fn from(status: Status) -> Self {
        status.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_may_answer_exactly_these_reserved_numbers() {
        let allowed: Vec<u16> = (0..=1024)
            .filter(|n| Status(*n).is_for_handlers())
            .collect();
        assert_eq!(allowed, [200, 400, 401, 500, 501]);
        assert!(Status(1025).is_for_handlers());
        assert!(Status(u16::MAX).is_for_handlers());
    }

    #[test]
    fn only_198_and_498_are_notices_and_only_three_close() {
        let notices: Vec<u16> = (0..=u16::MAX).filter(|n| Status(*n).is_notice()).collect();
        assert_eq!(notices, [198, 498]);
        let closing: Vec<u16> = (0..=u16::MAX).filter(|n| Status(*n).closes()).collect();
        assert_eq!(closing, [402, 497, 502]);
    }

    #[test]
    fn a_status_is_its_number() {
        assert_eq!(u16::from(Status(9101)), 9101);
        assert_eq!(Status::from(9101), Status(9101));
    }

    #[test]
    fn the_edge_between_protocol_and_application_lies_at_1024() {
        assert!(Status(1024).is_reserved());
        assert!(!Status(1025).is_reserved());
        assert_eq!(Status(1024).text(), "unassigned");
        assert_eq!(Status::NONE.text(), "none");
        assert_eq!(Status(9101).to_string(), "9101 application status");
        assert_eq!(
            Status::MAC_FAILED.to_string(),
            "502 HMAC verification failed"
        );
        assert_eq!(Status::CLIENT_GONE.level(), Level::Info);
        assert_eq!(Status(9101).level(), Level::Debug);
    }
}
