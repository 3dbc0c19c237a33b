//! Why a request was not answered.

use crate::exchange::Exchange;
use petrel::{ClientError, ClientErrorKind, ConnectPhase, Executed};
use petrel_cli::{Exit, Failure};
use std::{error, fmt, io, time::Duration};

/// Why a session could not be opened, or a request got no answer that could be taken.
///
/// `Display` is one line: what happened, whose doing it may be, and what may help. What the server
/// said in it is escaped.
#[derive(Debug)]
pub struct TalkError {
    kind: ClientErrorKind,
    executed: Executed,
    /// Whether it happened to an earlier request.
    earlier: bool,
    /// What the bytes look like that came instead of a frame.
    looks_like: Option<&'static str>,
    exchange: Option<Box<Exchange>>,
}

impl TalkError {
    pub(super) fn new(kind: ClientErrorKind, executed: Executed) -> Self {
        Self {
            kind,
            executed,
            earlier: false,
            looks_like: None,
            exchange: None,
        }
    }

    /// What a request gets that comes after the end.
    pub(super) fn earlier(kind: ClientErrorKind) -> Self {
        Self {
            earlier: true,
            ..Self::new(kind, Executed::No)
        }
    }

    /// The same error of the protocol check: nothing was asked yet, and the time is that of connecting.
    pub(super) fn of_check(mut self, after: Duration, has_key: bool) -> Self {
        if let ClientErrorKind::Timeout { .. } = self.kind {
            self.kind = ClientErrorKind::ConnectTimeout {
                phase: ConnectPhase::ProtocolCheck,
                after,
                has_key,
            };
        }
        self.executed = Executed::No;
        self
    }

    /// Adds what the bytes look like that came and are no frame.
    pub(super) fn with_remainder(mut self, bytes: &[u8]) -> Self {
        self.looks_like = match bytes {
            [b'H', b'T', b'T', b'P', b'/', ..] => Some("what came looks like HTTP"),
            [0x15 | 0x16, 3, ..] => {
                Some("what came looks like TLS: write tls:// before the host, or tls+unix:")
            }
            _ => None,
        };
        self
    }

    /// Adds what there is of the exchange.
    pub(super) fn with_exchange(mut self, exchange: Exchange) -> Self {
        self.exchange = Some(Box::new(exchange));
        self
    }

    /// What happened.
    pub const fn kind(&self) -> &ClientErrorKind {
        &self.kind
    }

    /// Whether the server executed the request, as far as is known.
    pub const fn executed(&self) -> Executed {
        self.executed
    }

    /// What there is of the exchange: the request as it was sent, and what came instead of an answer.
    /// None if nothing was sent.
    pub fn exchange(&self) -> Option<&Exchange> {
        self.exchange.as_deref()
    }

    /// The same, to keep.
    pub fn into_exchange(self) -> Option<Box<Exchange>> {
        self.exchange
    }

    /// Whether there was no connection, or none that speaks the protocol: nothing could be asked.
    pub const fn is_of_opening(&self) -> bool {
        matches!(
            self.kind,
            ClientErrorKind::Connect { .. }
                | ClientErrorKind::ConnectTimeout { .. }
                | ClientErrorKind::Tls { .. }
                | ClientErrorKind::ProtocolMismatch { .. }
        )
    }
}

impl fmt::Display for TalkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.earlier {
            f.write_str("the connection was closed earlier: ")?;
        }
        if let Some(likeness) = self.looks_like {
            return write!(f, "the server does not speak Petrel: {likeness}");
        }
        self.kind.fmt(f)?;
        match &self.kind {
            ClientErrorKind::Connect {
                kind: io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound,
                ..
            } => f.write_str("; is a server listening there? `petrel serve` starts one"),
            ClientErrorKind::Frame { error, .. } if !error.is_mac() => {
                f.write_str("; --payload-max takes longer answers")
            }
            _ if self.executed == Executed::Maybe => {
                f.write_str("; the request may have been executed")
            }
            _ => Ok(()),
        }
    }
}

impl error::Error for TalkError {}

impl From<ClientError> for TalkError {
    fn from(error: ClientError) -> Self {
        Self::new(error.kind().clone(), error.executed())
    }
}

impl From<TalkError> for Failure {
    /// Wrong settings are wrong usage; for the rest something could not be reached or read.
    fn from(error: TalkError) -> Self {
        let exit = match error.kind {
            ClientErrorKind::Endpoint(_)
            | ClientErrorKind::Limit(_)
            | ClientErrorKind::Encode(_) => Exit::Usage,
            _ => Exit::Unreachable,
        };
        Self::new(exit, error.to_string())
    }
}
