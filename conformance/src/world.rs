//! What the interpreter of the cases needs of the other side: byte streams, a driver for a client
//! under judgement, and a clock.
//!
//! Real sockets implement it, and so do the mutants, in process and without a thread: there every
//! wait is virtual, and the bytes arrive exactly in the pieces in which they were written.

use crate::frame::Key;
use std::{fmt, io, time::Duration};

/// How a byte stream ended, as far as can be told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The peer has ended its side; under TLS behind a close_notify.
    Fin,
    Reset,
    /// Under TLS: the stream ended without a close_notify.
    Cut,
}

/// What came from the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    Bytes(Vec<u8>),
    /// Nothing comes after it.
    End(Ending),
    /// More bytes than any case asks for; nothing comes after it.
    Flood,
}

/// One byte stream between the suite and the peer. Dropping it ends both directions.
pub(crate) trait Link: fmt::Debug {
    /// Writes one piece. An error says that the peer has ended or does not read.
    fn write(&mut self, piece: &[u8]) -> io::Result<()>;
    /// Waits until the peer has taken what was written, so that the next piece reaches it alone.
    fn settle(&mut self, at_most: Duration);
    /// Ends the direction to the peer in order; under TLS with a close_notify.
    fn shutdown_write(&mut self) -> io::Result<()>;
    /// Ends both directions at once: `Fin` in order, `Reset` with a reset, `Cut` without a word of TLS.
    fn close(&mut self, how: Ending);
    /// What came next, or `None` if nothing did for so long.
    fn read(&mut self, wait: Duration) -> Option<Chunk>;
    /// Leaves what the peer sends unread until the next `read`, in buffers that are small on this side.
    fn stop_reading(&mut self);
}

/// A server under judgement.
pub(crate) trait Dial {
    /// Time since the beginning of the case.
    fn now(&self) -> Duration;
    /// A new connection; `raw` leaves out TLS where the server expects it.
    fn dial(&mut self, raw: bool) -> io::Result<Box<dyn Link>>;
}

/// A client under judgement, and the program that drives it.
pub(crate) trait Drive {
    /// Time since the beginning of the case.
    fn now(&self) -> Duration;
    /// The next connection that the client makes, or `None` if it makes none for so long.
    fn accept(&mut self, wait: Duration) -> io::Result<Option<Box<dyn Link>>>;
    /// Tells the driver what to do. It answers each command once, in order.
    fn command(&mut self, command: &Command) -> io::Result<()>;
    /// What the driver answered, or `None` if it said nothing for so long. An error says that the
    /// driver has ended or speaks another language.
    fn reply(&mut self, wait: Duration) -> io::Result<Option<Reply>>;
}

/// What a client is told to do.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// Connect to the suite and make the protocol check; a connection made before is closed.
    Connect(Connect),
    /// Send a request and wait for its answer.
    Dispatch { name: String, payload: Vec<u8> },
}

/// How a client is to connect.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connect {
    pub(crate) tls: bool,
    pub(crate) key: Option<Key>,
    /// The client's limit for the payloads of answers.
    pub(crate) limit: Option<u32>,
    /// The protocol version it is to speak.
    pub(crate) version: Option<u8>,
}

/// What a client said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The connection is made.
    Connected,
    /// The answer to a request.
    Answer { status: u16, payload: Vec<u8> },
    /// It failed; the class, if there is one, is a word of DRIVER.md.
    Error {
        error: String,
        class: Option<String>,
    },
    /// This client cannot do it.
    Unsupported(String),
}
