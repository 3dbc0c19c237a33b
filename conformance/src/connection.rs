//! One connection to the server under judgement, as a source of events.

use crate::{
    frame::{ANSWER_LEN_MAX, Frame, Header, Key, Layout, MAC_LEN, Parsed, parse},
    patience::Patience,
    stream::Stream,
    target::Server,
};
use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    net::Shutdown,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// More than any case asks for; a peer that sends more is cut off.
const BYTES_MAX: usize = 2 * ANSWER_LEN_MAX;

/// How long the pieces of one write may wait to be taken, all of them together: a server may close on
/// a frame that comes too slowly.
const PIECES_MAX: Duration = Duration::from_secs(2);

/// How long one of them may: a peer that has stopped reading is no reason to wait for ever.
const PIECE_MAX: Duration = Duration::from_millis(200);

/// How long the suite listens to one connection without looking up.
const WAIT_MAX: Duration = Duration::from_millis(100);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Fin,
    Reset,
}

/// What the peer did next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Frame(Frame),
    /// A frame came behind a notice of closing.
    FrameBehindNotice(Frame),
    End(Ending),
    /// The connection ended inside a frame, with these bytes of it.
    Truncated(Vec<u8>, Ending),
    /// A frame claims a payload that no case asks for.
    Oversized(Header),
    /// More bytes than any case asks for.
    Flood,
    /// Nothing more came while the suite was patient; so many bytes of a frame had come.
    Silence(usize),
}

impl Event {
    /// Whether nothing can come after it.
    pub(crate) fn is_last(&self) -> bool {
        !matches!(self, Self::Frame(_) | Self::FrameBehindNotice(_))
    }
}

enum Chunk {
    Bytes(Vec<u8>),
    End(Ending),
    Flood,
}

/// A connection whose reading side is drained by a thread of its own: a peer that answers while
/// the suite still writes can never make both sides wait for each other.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Stream,
    incoming: Receiver<Chunk>,
    reader: Option<JoinHandle<()>>,
    key: Option<Key>,
    buffer: Vec<u8>,
    last: Option<Event>,
    notice: Option<Frame>,
    put_back: VecDeque<(Event, Instant)>,
    /// When the last write began.
    pub(crate) sent_at: Instant,
}

impl Connection {
    pub(crate) fn open(server: &Server, patience: &Patience) -> io::Result<Self> {
        let stream = Stream::connect(&server.address, patience.wait())?;
        stream.set_write_timeout(patience.wait())?;
        let (outgoing, incoming) = channel();
        let reading = stream.try_clone()?;
        let reader = std::thread::spawn(move || read_all(reading, &outgoing));
        Ok(Self {
            stream,
            incoming,
            reader: Some(reader),
            key: server.key.clone(),
            buffer: Vec::new(),
            last: None,
            notice: None,
            put_back: VecDeque::new(),
            sent_at: Instant::now(),
        })
    }

    /// Writes the bytes, each piece between two cuts apart, and waits between pieces until the
    /// peer has taken the one before.
    pub(crate) fn send(
        &mut self,
        bytes: &[u8],
        cuts: &[usize],
        patience: &Patience,
    ) -> io::Result<()> {
        self.sent_at = Instant::now();
        let mut start = 0;
        let mut cuts_left = u32::try_from(cuts.len()).unwrap_or(u32::MAX);
        for &cut in cuts {
            self.stream.write_all(&bytes[start..cut])?;
            let left = PIECES_MAX.saturating_sub(self.sent_at.elapsed());
            let share = (left / cuts_left).min(PIECE_MAX);
            self.stream.await_taken(patience.round_trip(), share);
            cuts_left = cuts_left.saturating_sub(1).max(1);
            start = cut;
        }
        self.stream.write_all(&bytes[start..])
    }

    pub(crate) fn shutdown_write(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// The next event; a notice is taken note of and passed over.
    pub(crate) fn next_event(&mut self, patience: &Patience) -> Event {
        if let Some(last) = &self.last {
            return last.clone();
        }
        let until_at_most = patience.until_at_most();
        let mut until = patience.until();
        let event = loop {
            match parse(&self.buffer, self.key.as_ref()) {
                Parsed::Oversized(header) => break Event::Oversized(header),
                Parsed::Frame(frame, used) => {
                    self.buffer.drain(..used);
                    if self.notice.is_some() {
                        break Event::FrameBehindNotice(frame);
                    }
                    if !is_notice(frame.status) {
                        break Event::Frame(frame);
                    }
                    self.notice = Some(frame);
                    continue;
                }
                Parsed::Incomplete => {}
            }
            let left = until
                .min(until_at_most)
                .saturating_duration_since(Instant::now());
            // In short waits, so that an interruption is not kept waiting.
            match self.incoming.recv_timeout(left.min(WAIT_MAX)) {
                Ok(Chunk::Bytes(bytes)) => {
                    self.buffer.extend(bytes);
                    until = patience.until();
                }
                Ok(Chunk::Flood) => break Event::Flood,
                Ok(Chunk::End(ending)) => break self.ended(ending),
                // The thread sends its last word before it ends.
                Err(RecvTimeoutError::Disconnected) => break self.ended(Ending::Fin),
                Err(RecvTimeoutError::Timeout) if left > WAIT_MAX && !patience.is_interrupted() => {
                }
                Err(RecvTimeoutError::Timeout) => return Event::Silence(self.buffer.len()),
            }
        };
        if event.is_last() {
            self.last = Some(event.clone());
        }
        event
    }

    /// Gives events back that were looked at but not used. Silence is not kept: it may have ended.
    pub(crate) fn put_back(&mut self, events: impl Iterator<Item = (Event, Instant)>) {
        self.put_back
            .extend(events.filter(|(event, _)| !matches!(event, Event::Silence(_))));
    }

    /// The first event that was given back.
    pub(crate) fn take_back(&mut self) -> Option<(Event, Instant)> {
        self.put_back.pop_front()
    }

    /// The notice that announced the end, if one came.
    pub(crate) fn notice(&self) -> Option<&Frame> {
        self.notice.as_ref()
    }

    fn ended(&mut self, ending: Ending) -> Event {
        let rest = std::mem::take(&mut self.buffer);
        if rest.is_empty() || self.is_notice_without_mac(&rest) {
            Event::End(ending)
        } else {
            Event::Truncated(rest, ending)
        }
    }

    /// Answers carry a MAC where one is configured; nothing is said of the farewell of a server
    /// that is about to close, so a notice without one is no fault.
    fn is_notice_without_mac(&self, rest: &[u8]) -> bool {
        self.key.is_some()
            && Header::parse(rest).is_some_and(|header| {
                is_notice(header.status) && rest.len() + MAC_LEN == Layout::of(header, true).end
            })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Wakes the reading thread; the socket may have ended already.
        let _ = self.stream.shutdown(Shutdown::Both);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn is_notice(status: u16) -> bool {
    matches!(status, 198 | 498)
}

fn read_all(mut stream: Stream, outgoing: &Sender<Chunk>) {
    let mut buffer = vec![0; 64 << 10];
    let mut total = 0;
    loop {
        let chunk = match stream.read(&mut buffer) {
            Ok(0) => Chunk::End(Ending::Fin),
            Ok(count) => {
                total += count;
                if total > BYTES_MAX {
                    Chunk::Flood
                } else {
                    Chunk::Bytes(buffer[..count].into())
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => Chunk::End(Ending::Reset),
        };
        let is_last = !matches!(chunk, Chunk::Bytes(_));
        if outgoing.send(chunk).is_err() || is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{run::Options, target::Address};
    use petrel::Endpoint;
    use std::net::TcpListener;

    #[test]
    fn many_pieces_for_a_peer_that_does_not_read_are_sent_within_their_time() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let endpoint = Endpoint::from(listener.local_addr().expect("an address"));
        let server = Server::new(Address::look_up(&endpoint).expect("an address"));
        let patience = Patience::new(&Options::default(), Duration::from_secs(1), Instant::now());
        let mut connection = Connection::open(&server, &patience).expect("a connection");
        let cuts: Vec<usize> = (1..100).collect();
        let sent = connection.send(&[0; 100], &cuts, &patience);
        sent.expect("the system takes so little");
        let took = connection.sent_at.elapsed();
        assert!(took < PIECES_MAX * 2, "it took {took:?}");
    }
}
