//! A socket as a [`Link`]: its reading side is drained by a thread of its own, so that a peer that
//! answers while the suite still writes can never make both sides wait for each other.

use super::{
    gate::Gate,
    stream::Stream,
    tls::{ClientSide, ServerSide, Session},
};
use crate::{
    frame::ANSWER_LEN_MAX,
    target::Address,
    world::{Chunk, Ending, Link},
};
use std::{
    io::{self, ErrorKind, Read, Write},
    net::Shutdown,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::JoinHandle,
    time::Duration,
};

/// More than any case asks for; a peer that sends more is cut off.
const BYTES_MAX: usize = 2 * ANSWER_LEN_MAX;

/// How long a connection may take, however quick the server is otherwise: a full queue of a listener
/// drops it, and the system tries again after a second, and after three.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);

/// How long a write may be stuck while the suite reads nothing: a peer that waits until its answers are
/// read is right, and takes no more.
const STUCK_MAX: Duration = Duration::from_millis(100);

/// A connection over a socket.
#[derive(Debug)]
pub(crate) struct SocketLink {
    /// Gone once the link was closed.
    stream: Option<Stream>,
    session: Option<Session>,
    incoming: Receiver<Chunk>,
    reader: Option<JoinHandle<()>>,
    /// Shut while nothing is to be read.
    gate: Gate,
    /// Scales the pause between pieces where nothing better is known.
    round_trip: Duration,
    is_shut: bool,
    /// The peer does not take any more.
    is_reset: bool,
}

impl SocketLink {
    /// Connects, and greets under TLS if the server is; `patience` bounds each wait for the peer.
    pub(crate) fn connect(
        address: &Address,
        tls: Option<&ClientSide>,
        patience: Duration,
        round_trip: Duration,
    ) -> io::Result<Self> {
        let mut stream = Stream::connect(address, patience.max(CONNECT_TIMEOUT))?;
        stream.set_timeouts(Some(patience), Some(patience))?;
        let session = tls.map(|tls| tls.connect(&mut stream)).transpose()?;
        Self::start(stream, session, patience, round_trip)
    }

    /// Takes a connection that a client has made.
    pub(crate) fn accepted(
        mut stream: Stream,
        tls: Option<&ServerSide>,
        patience: Duration,
    ) -> io::Result<Self> {
        stream.set_timeouts(Some(patience), Some(patience))?;
        let session = tls.map(|tls| tls.accept(&mut stream)).transpose()?;
        Self::start(stream, session, patience, Duration::ZERO)
    }

    fn start(
        stream: Stream,
        session: Option<Session>,
        patience: Duration,
        round_trip: Duration,
    ) -> io::Result<Self> {
        stream.set_timeouts(None, Some(patience))?;
        let (outgoing, incoming) = channel();
        let reading = stream.try_clone()?;
        let opening = session.clone();
        let gate = Gate::default();
        let passing = gate.clone();
        let reader = std::thread::Builder::new()
            .name("petrel-reader".to_owned())
            .spawn(move || read_all(reading, opening.as_ref(), &passing, &outgoing))?;
        Ok(Self {
            stream: Some(stream),
            session,
            incoming,
            reader: Some(reader),
            gate,
            round_trip,
            is_shut: false,
            is_reset: false,
        })
    }

    fn stream(&mut self) -> io::Result<&mut Stream> {
        self.stream
            .as_mut()
            .ok_or_else(|| io::Error::new(ErrorKind::NotConnected, "the suite has closed it"))
    }

    fn join(&mut self) {
        self.gate.open();
        if let Some(reader) = self.reader.take() {
            // If it panicked, it said so itself.
            let _ = reader.join();
        }
    }
}

impl Link for SocketLink {
    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        let written = match self.session.clone() {
            Some(session) => {
                let records = session.seal(piece)?;
                self.stream()?.write_all(&records)
            }
            None => self.stream()?.write_all(piece),
        };
        if let Err(error) = &written {
            let kind = error.kind();
            self.is_reset |= matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
        }
        written
    }

    fn settle(&mut self, at_most: Duration) {
        if let Some(stream) = &self.stream {
            stream.await_taken(self.round_trip, at_most);
        }
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        if !self.is_shut
            && let Some(session) = self.session.clone()
        {
            let records = session.close_notify()?;
            self.stream()?.write_all(&records)?;
        }
        self.is_shut = true;
        self.stream()?.shutdown(Shutdown::Write)
    }

    fn close(&mut self, how: Ending) {
        // The peer may have ended first; then there is nothing left to say.
        if how == Ending::Fin {
            let _ = self.shutdown_write();
        }
        let Some(stream) = self.stream.take() else {
            return;
        };
        if how == Ending::Reset {
            let _ = stream.end_with_reset();
            // Wakes the reading thread and tells the peer nothing.
            let _ = stream.shutdown(Shutdown::Read);
        } else {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.join();
    }

    fn read(&mut self, wait: Duration) -> Option<Chunk> {
        self.gate.open();
        match self.incoming.recv_timeout(wait) {
            // The system tells of a reset once: whoever wrote knows, and whoever reads sees an end.
            Ok(Chunk::End(_)) if self.is_reset => Some(Chunk::End(Ending::Reset)),
            Ok(chunk) => Some(chunk),
            Err(RecvTimeoutError::Timeout) => None,
            // The thread sends its last word before it ends.
            Err(RecvTimeoutError::Disconnected) => Some(Chunk::End(Ending::Fin)),
        }
    }

    /// The thread may be in the middle of a read; what that returns is little.
    fn stop_reading(&mut self) {
        self.gate.shut();
        if let Some(stream) = &self.stream {
            // Either can only weaken a case.
            let _ = stream.receive_little();
            let _ = stream.set_timeouts(None, Some(STUCK_MAX));
        }
    }
}

impl Drop for SocketLink {
    fn drop(&mut self) {
        self.close(Ending::Fin);
    }
}

fn read_all(mut stream: Stream, session: Option<&Session>, gate: &Gate, outgoing: &Sender<Chunk>) {
    let mut buffer = vec![0; 64 << 10];
    let mut total = 0;
    // What came along with the handshake is there before anything is read.
    let mut next = session.map_or((Vec::new(), None), |session| opened(session, &[]));
    loop {
        let (bytes, end) = next;
        total += bytes.len();
        if total > BYTES_MAX {
            // The receiver may be gone; then nobody asks any more.
            let _ = outgoing.send(Chunk::Flood);
            return;
        }
        if !bytes.is_empty() && outgoing.send(Chunk::Bytes(bytes)).is_err() {
            return;
        }
        if let Some(end) = end {
            let _ = outgoing.send(Chunk::End(end));
            return;
        }
        gate.pass();
        next = match (stream.read(&mut buffer), session) {
            // Under TLS the end of the stream alone is no orderly end.
            (Ok(0), Some(_)) => (Vec::new(), Some(Ending::Cut)),
            (Ok(0), None) => (Vec::new(), Some(Ending::Fin)),
            (Ok(count), Some(session)) => opened(session, &buffer[..count]),
            (Ok(count), None) => (buffer[..count].to_vec(), None),
            (Err(error), _) if error.kind() == ErrorKind::Interrupted => (Vec::new(), None),
            (Err(_), _) => (Vec::new(), Some(Ending::Reset)),
        };
    }
}

fn opened(session: &Session, records: &[u8]) -> (Vec<u8>, Option<Ending>) {
    match session.open(records) {
        Ok((plain, is_closed)) => (plain, is_closed.then_some(Ending::Fin)),
        // Records that are none.
        Err(_) => (Vec::new(), Some(Ending::Cut)),
    }
}
