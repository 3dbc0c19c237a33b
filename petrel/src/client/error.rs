//! Why a call failed, whose doing it was, and whether the server may have executed the request.

use super::Executed;
use crate::{
    net::{Ending, EndpointError, LimitError},
    wire::{AnswerError, DecodeError, EncodeError, Escaped, Status},
};
use bytes::Bytes;
use std::{fmt, io, sync::Arc, time::Duration};

/// Why a client could not connect, or a call was not answered.
///
/// It is cheap to clone. [`ClientError::kind`] says what happened, the predicates say what to do
/// about it. An answered status is never an error: it is a [`Response`](crate::wire::Response).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientError {
    kind: Arc<ClientErrorKind>,
    executed: Executed,
    closed: Closed,
}

/// Whether a connection is closed, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closed {
    No,
    Now,
    Earlier,
}

/// Whose doing an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// This side: the caller's or the configuration's.
    Local,
    /// The server, as far as can be seen.
    Peer,
    /// What lies between, or nobody can tell: an address that nobody listens on, a reset, silence.
    Network,
}

/// What a client was doing when its time for connecting ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectPhase {
    /// Looking up the name, or waiting for the server to accept.
    Connecting,
    /// In the middle of the TLS handshake.
    TlsHandshake,
    /// Waiting for the answer to the protocol check.
    ProtocolCheck,
}

/// What is wrong with TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsFault {
    /// The endpoint asks for TLS, and the client was given no configuration for it.
    Unconfigured,
    /// The client was given a configuration for TLS, and the endpoint does not ask for it.
    Unused,
    /// The name that the certificate is to carry is neither a host name nor an address.
    BadServerName,
    /// The server's certificate was signed by nobody whom the client trusts.
    UnknownIssuer,
    /// The server's certificate carries another name.
    WrongName,
    /// The server's certificate is out of date, or not valid yet.
    Expired,
    /// The server wants a certificate of the client, or does not accept the one it was shown.
    ClientCertificate,
    /// What the server sent is not TLS.
    NotTls,
    /// Something else; the text says what.
    Other,
}

/// What happened. Each kind says its cause and the likely culprit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientErrorKind {
    /// The endpoint is not one. The caller is at fault.
    #[error(transparent)]
    Endpoint(EndpointError),
    /// A limit lies outside its range. The caller is at fault.
    #[error(transparent)]
    Limit(LimitError),
    /// The name or the payload of the request is too long; the payload perhaps over `request_max`.
    /// The caller is at fault; nothing was sent, and the connection stays usable.
    #[error(transparent)]
    Encode(EncodeError),
    /// The server cannot be reached: nobody listens there, the name is unknown, the network is down.
    #[error("cannot connect to {endpoint}: {text}")]
    Connect {
        /// Where to.
        endpoint: String,
        /// What the system called it.
        kind: io::ErrorKind,
        /// The same in words.
        text: String,
    },
    /// There was no connection within `connect_timeout`, or no TLS within `tls_timeout`. The
    /// network, a server that hangs, or, in the protocol check, MACs at one end only.
    #[error("not connected within {after:?}: {}", connect_timeout_text(*phase, *has_key))]
    ConnectTimeout {
        /// What the client was waiting for.
        phase: ConnectPhase,
        /// How long it had waited.
        after: Duration,
        /// Whether the client has a MAC key.
        has_key: bool,
    },
    /// TLS did not come about. The configuration of either end. That a server does not accept the
    /// client's certificate shows only at the first read under TLS 1.3, in the protocol check.
    #[error("{text}")]
    Tls {
        /// What is wrong.
        fault: TlsFault,
        /// The same in words.
        text: String,
    },
    /// The protocol check was not answered with 200 and the client's version. The server speaks
    /// another version, or another protocol.
    #[error("{}", mismatch_text(*status, *server, *client))]
    ProtocolMismatch {
        /// What the server answered; 497 if it does not speak the client's version.
        status: Status,
        /// The version that the answer names, if it names one.
        server: Option<u8>,
        /// The version that the client asked for.
        client: u8,
    },
    /// No answer within `request_timeout`. The connection stays usable; the answer is thrown away
    /// when it comes. A server that is slow or hangs, or too many calls before this one.
    #[error("no answer within {after:?}")]
    Timeout {
        /// How long the call had waited.
        after: Duration,
    },
    /// The server gave notice that it closes the connection.
    #[error(
        "the server gave notice that it closes the connection: {status}{}{}",
        if text.is_empty() { "" } else { ": " },
        Escaped(text)
    )]
    Notice {
        /// 198 or 498.
        status: Status,
        /// What it says about it, at most the first KiB. Bytes from the network: show it escaped.
        text: Bytes,
    },
    /// The server answered a request with a status behind which it closes. The call that was
    /// answered got its response; this is for those behind it.
    #[error("the server closes the connection behind its answer {status}")]
    ClosedBehind {
        /// 402, 497 or 502.
        status: Status,
        /// Whether it answered a protocol check.
        of_check: bool,
    },
    /// The connection ended before the answer was complete. The server or the network.
    #[error("{}", ending_text(*ending))]
    Ended {
        /// What could be seen of it.
        ending: Ending,
    },
    /// What came is not a frame that the client takes: over `answer_max`, or with a wrong MAC. The
    /// server, somebody on the path, or two ends that are configured differently.
    #[error("{error}{}", claims_text(*error, *claims))]
    Frame {
        /// What is wrong with it.
        error: DecodeError,
        /// The status that the frame claims to have. Nothing vouches for it.
        claims: Status,
    },
    /// The answer belongs to another request. The server is at fault, or MACs are configured at one
    /// end only.
    #[error("{0} (are both ends configured alike about MACs?)")]
    Answer(AnswerError),
    /// A frame came and nothing was asked. The server is at fault, or MACs are configured at one end
    /// only.
    #[error(
        "a frame with status {} and sequence number {sequence} came and nothing was asked (are both \
         ends configured alike about MACs?)",
        status.0
    )]
    Unsolicited {
        /// The status of the frame.
        status: Status,
        /// Its sequence number.
        sequence: u32,
    },
    /// The client quit. The caller wanted it so.
    #[error("the client has quit")]
    Quit,
    /// The runtime that drives the connection cannot be started or has ended. The caller, or a system
    /// short of threads.
    #[error("nothing drives the connection: {text}")]
    Runtime {
        /// What is known of it.
        text: String,
    },
}

impl ClientError {
    /// An error of one call; the connection stays usable, or there is none.
    pub(super) fn new(kind: ClientErrorKind, executed: Executed) -> Self {
        Self {
            kind: Arc::new(kind),
            executed,
            closed: Closed::No,
        }
    }

    /// The error that ends the connection, for a request that was not sent.
    pub(super) fn of_end(kind: ClientErrorKind) -> Self {
        Self {
            closed: Closed::Now,
            ..Self::from(kind)
        }
    }

    /// The same error for a request of which this is known.
    pub(super) fn with_executed(&self, executed: Executed) -> Self {
        Self {
            executed,
            ..self.clone()
        }
    }

    /// The same error for a call that came later.
    pub(super) fn for_later_call(&self) -> Self {
        Self {
            kind: Arc::clone(&self.kind),
            executed: Executed::No,
            closed: Closed::Earlier,
        }
    }

    /// What happened.
    pub fn kind(&self) -> &ClientErrorKind {
        &self.kind
    }

    /// Whether a deadline passed: that of connecting or that of a call.
    pub fn is_timeout(&self) -> bool {
        matches!(
            *self.kind,
            ClientErrorKind::Timeout { .. } | ClientErrorKind::ConnectTimeout { .. }
        )
    }

    /// Whether there was a connection and it is closed: every later call on it fails too.
    pub fn is_closed(&self) -> bool {
        self.closed != Closed::No
    }

    /// Whose doing it is.
    pub fn origin(&self) -> Origin {
        use ClientErrorKind as Kind;
        match &*self.kind {
            Kind::Endpoint(_)
            | Kind::Limit(_)
            | Kind::Encode(_)
            | Kind::Quit
            | Kind::Runtime { .. }
            | Kind::Tls {
                fault: TlsFault::Unconfigured | TlsFault::Unused | TlsFault::BadServerName,
                ..
            } => Origin::Local,
            Kind::Connect { .. }
            | Kind::ConnectTimeout { .. }
            | Kind::Timeout { .. }
            | Kind::Ended {
                ending: Ending::Reset | Ending::Truncated,
            } => Origin::Network,
            Kind::Tls { .. }
            | Kind::ProtocolMismatch { .. }
            | Kind::Notice { .. }
            | Kind::ClosedBehind { .. }
            | Kind::Ended { .. }
            | Kind::Frame { .. }
            | Kind::Answer(_)
            | Kind::Unsolicited { .. } => Origin::Peer,
        }
    }

    /// Whether the server executed the request, as far as is known. For an error of connecting it is
    /// [`Executed::No`].
    pub fn executed(&self) -> Executed {
        self.executed
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.closed == Closed::Earlier && *self.kind != ClientErrorKind::Quit {
            f.write_str("the connection was closed earlier: ")?;
        }
        self.kind.fmt(f)
    }
}

impl std::error::Error for ClientError {}

impl From<ClientErrorKind> for ClientError {
    /// An error before any request was sent.
    fn from(kind: ClientErrorKind) -> Self {
        Self::new(kind, Executed::No)
    }
}

impl fmt::Display for ConnectPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "connecting",
            Self::TlsHandshake => "TLS handshake",
            Self::ProtocolCheck => "protocol check",
        })
    }
}

fn connect_timeout_text(phase: ConnectPhase, has_key: bool) -> &'static str {
    match (phase, has_key) {
        (ConnectPhase::Connecting, _) => "the server did not accept the connection",
        (ConnectPhase::TlsHandshake, _) => "the TLS handshake did not end",
        (ConnectPhase::ProtocolCheck, false) => {
            "no answer to the protocol check: does the server expect MACs?"
        }
        (ConnectPhase::ProtocolCheck, true) => {
            "no answer with a MAC to the protocol check: is the server configured for MACs?"
        }
    }
}

fn mismatch_text(status: Status, server: Option<u8>, client: u8) -> String {
    let version = server.map_or_else(
        || "names no version".to_owned(),
        |version| format!("speaks version {version}"),
    );
    format!(
        "the server answered the protocol check for version {client} with {status}; it {version}"
    )
}

fn ending_text(ending: Ending) -> &'static str {
    match ending {
        Ending::Fin => "the server closed the connection",
        Ending::Reset => "the connection was reset",
        Ending::Truncated => {
            "the connection ended inside a frame, or TLS without its farewell (inside a frame: are \
             both ends configured alike about MACs?)"
        }
        Ending::Alert => "the server ended the connection with a TLS alert",
    }
}

fn claims_text(error: DecodeError, claims: Status) -> String {
    match claims {
        _ if !error.is_mac() => String::new(),
        Status::MAC_FAILED => "; the answer claims 502: the keys probably differ".to_owned(),
        status => format!("; the answer claims {status}"),
    }
}

// It travels in every `Result` of a call.
const _: () = assert!(size_of::<ClientError>() <= 16);
