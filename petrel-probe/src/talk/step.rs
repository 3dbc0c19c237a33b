//! What happens on a connection, told while it happens.

use crate::exchange::Message;
use std::{net::SocketAddr, time::Duration};

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step<'a> {
    /// The server accepted the connection.
    Connected {
        /// Its address; none over a Unix socket.
        server: Option<SocketAddr>,
        /// How long it took, the look-up of the name included.
        took: Duration,
    },
    /// The TLS handshake is done.
    Secured {
        /// How long it took.
        took: Duration,
    },
    /// All bytes of a request were given to the system.
    Sent(&'a Message),
    /// A whole frame came: an answer, or a notice of closing.
    Received(&'a Message),
    /// The protocol check was answered with the version that was asked for.
    Checked {
        /// From its first byte sent to the last byte of its answer.
        took: Duration,
    },
    /// The connection is over, and these bytes of a frame had come that was not complete, or that is
    /// none.
    Remainder(&'a [u8]),
}

/// Whoever is told. `&mut |_| ()` is nobody.
pub type Watch<'a> = dyn FnMut(Step<'_>) + 'a;
