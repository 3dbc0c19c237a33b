//! How a connection ended: what we decided, or what could be seen of the peer.

use std::{fmt, io};

macro_rules! close_reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// Why we closed a connection. The same value stands in the error, the log and the counter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum CloseReason {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl CloseReason {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The reason as one word, for logs and metrics.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

close_reasons! {
    /// The peer announced more payload than is accepted.
    PayloadLimit = "payload_limit",
    /// The payloads of all connections together would hold more memory than they may.
    PayloadBudget = "payload_budget",
    /// The peer speaks another version of the protocol, or did not say which.
    ProtocolMismatch = "protocol_mismatch",
    /// A message failed authentication.
    MacFailed = "mac_failed",
    /// No first frame was complete in time, TLS handshake included.
    FirstFrameTimeout = "first_frame_timeout",
    /// A frame was begun and not completed in time.
    FrameTimeout = "frame_timeout",
    /// The bytes of a frame came too slowly.
    FrameTooSlow = "frame_too_slow",
    /// Nothing was asked for a long time.
    IdleTimeout = "idle_timeout",
    /// A handler took too long.
    HandlerTimeout = "handler_timeout",
    /// The peer did not take its answers.
    WriteStalled = "write_stalled",
    /// There were as many connections as there may be.
    ConnectionLimit = "connection_limit",
    /// There were as many connections from this address as there may be.
    AddressLimit = "address_limit",
    /// It had completed no request when its place was needed.
    Displaced = "displaced",
    /// The server shut down in order: complete requests were answered.
    Drained = "drained",
    /// The server shut down at once, or the drain took too long.
    Cut = "cut",
    /// The TLS handshake failed.
    TlsFailed = "tls_failed",
}

/// How the peer ended a connection, as far as it could be observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// An orderly end between two frames.
    Fin,
    /// A reset: what was under way may or may not have arrived.
    Reset,
    /// An end in the middle of a frame, or of TLS without its farewell.
    Truncated,
    /// A TLS alert.
    Alert,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConnectionEnd {
    /// We closed it.
    Closed(CloseReason),
    /// The peer ended it.
    Peer(Ending),
}

impl Ending {
    /// Every ending there is.
    pub const ALL: &'static [Self] = &[Self::Fin, Self::Reset, Self::Truncated, Self::Alert];

    /// The ending as one word, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::Truncated => "truncated",
            Self::Alert => "alert",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for ConnectionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(reason) => write!(f, "{reason}"),
            Self::Peer(ending) => write!(f, "{ending}"),
        }
    }
}

/// What an error of a read or a write says of the peer.
pub(crate) fn ending_of(error: &io::Error) -> Ending {
    #[cfg(feature = "tls")]
    if let Some(rustls::Error::AlertReceived(_)) =
        error.get_ref().and_then(|inner| inner.downcast_ref())
    {
        return Ending::Alert;
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Ending::Truncated,
        _ => Ending::Reset,
    }
}
