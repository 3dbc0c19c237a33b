//! One connection to the peer under judgement, as a source of events.

use crate::{
    frame::{Frame, Header, Key, Layout, MAC_LEN, Parsed, parse},
    patience::Patience,
    world::{Chunk, Ending, Link},
};
use std::{collections::VecDeque, io, time::Duration};

/// How long the pieces of one write may wait to be taken, all of them together: a server may close on
/// a frame that comes too slowly.
const PIECES_MAX: Duration = Duration::from_secs(2);

/// How long one of them may: a peer that has stopped reading is no reason to wait for ever.
const PIECE_MAX: Duration = Duration::from_millis(200);

/// How long the suite listens to one connection without looking up.
const WAIT_MAX: Duration = Duration::from_millis(100);

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

/// An event and when it was seen.
pub(crate) type Seen = (Event, Duration);

/// What tells the time of the case.
pub(crate) type Clock<'a> = &'a dyn Fn() -> Duration;

/// A byte stream to the peer, with what of it was looked at.
#[derive(Debug)]
pub(crate) struct Connection {
    link: Box<dyn Link>,
    key: Option<Key>,
    /// The peer is a server: it may announce that it closes.
    takes_notices: bool,
    buffer: Vec<u8>,
    last: Option<Event>,
    notice: Option<Frame>,
    put_back: VecDeque<Seen>,
    /// When the last write began.
    pub(crate) sent_at: Duration,
    /// The suite has ended its side. No clause says when the peer ends its own.
    pub(crate) is_shut: bool,
    /// What comes is left unread.
    is_unread: bool,
    /// Frames, and bytes, that were sent and not answered.
    pub(crate) unanswered: (usize, usize),
    /// Frames that wait to be joined with the next ones.
    pub(crate) pending: Vec<Vec<u8>>,
    /// Where they are cut when they are sent whole.
    pub(crate) own_cuts: Vec<usize>,
    /// The greeting among them has not been answered yet.
    pub(crate) owes_greeting: bool,
}

impl Connection {
    pub(crate) fn new(link: Box<dyn Link>, key: Option<Key>, takes_notices: bool) -> Self {
        Self {
            link,
            key,
            takes_notices,
            buffer: Vec::new(),
            last: None,
            notice: None,
            put_back: VecDeque::new(),
            sent_at: Duration::ZERO,
            is_shut: false,
            is_unread: false,
            unanswered: (0, 0),
            pending: Vec::new(),
            own_cuts: Vec::new(),
            owes_greeting: false,
        }
    }

    /// Writes the bytes, each piece between two cuts apart, and waits between pieces until the
    /// peer has taken the one before.
    pub(crate) fn send(
        &mut self,
        frames: usize,
        bytes: &[u8],
        cuts: &[usize],
        clock: Clock<'_>,
    ) -> io::Result<()> {
        self.sent_at = clock();
        self.unanswered.0 += frames;
        self.unanswered.1 += bytes.len();
        let mut start = 0;
        let mut cuts_left = u32::try_from(cuts.len()).unwrap_or(u32::MAX);
        for &cut in cuts.iter().filter(|cut| **cut < bytes.len()) {
            self.link.write(&bytes[start..cut])?;
            let left = PIECES_MAX.saturating_sub(clock().saturating_sub(self.sent_at));
            self.link.settle((left / cuts_left).min(PIECE_MAX));
            cuts_left = cuts_left.saturating_sub(1).max(1);
            start = cut;
        }
        self.link.write(&bytes[start..])?;
        if self.is_unread {
            // What comes next is to meet a peer that is busy with this.
            self.link.settle(PIECE_MAX);
        }
        Ok(())
    }

    pub(crate) fn shutdown_write(&mut self) -> io::Result<()> {
        self.is_shut = true;
        self.link.shutdown_write()
    }

    /// From now on what comes is left unread, until somebody asks for it.
    pub(crate) fn stop_reading(&mut self) {
        self.is_unread = true;
        self.link.stop_reading();
    }

    pub(crate) fn close(&mut self, how: Ending) {
        self.link.close(how);
    }

    /// The next event; a notice is taken note of and passed over.
    pub(crate) fn next_event(&mut self, patience: &Patience, clock: Clock<'_>) -> Event {
        let (frames, bytes) = self.unanswered;
        self.event_within(patience.wait_behind(frames, bytes), patience, clock)
    }

    /// The next event that comes without `wait` of silence before it.
    pub(crate) fn event_within(
        &mut self,
        wait: Duration,
        patience: &Patience,
        clock: Clock<'_>,
    ) -> Event {
        if let Some(event) = &self.last {
            return event.clone();
        }
        self.is_unread = false;
        let mut until = clock() + wait;
        let until_at_most = clock() + wait * 10;
        let event = loop {
            match parse(&self.buffer, self.key.as_ref()) {
                Parsed::Frame(frame, used) => {
                    self.buffer.drain(..used);
                    if self.notice.is_some() {
                        break Event::FrameBehindNotice(frame);
                    }
                    if self.takes_notices && is_notice(frame.status) {
                        self.notice = Some(frame);
                        continue;
                    }
                    let left = self.unanswered.0.saturating_sub(1);
                    self.unanswered = (left, if left > 0 { self.unanswered.1 } else { 0 });
                    break Event::Frame(frame);
                }
                Parsed::Oversized(header) => break Event::Oversized(header),
                Parsed::Incomplete => {}
            }
            let left = until.min(until_at_most).saturating_sub(clock());
            // In short waits, so that an interruption is not kept waiting.
            match self.link.read(left.min(WAIT_MAX)) {
                Some(Chunk::Bytes(bytes)) => {
                    self.buffer.extend(bytes);
                    until = clock() + wait;
                }
                Some(Chunk::Flood) => break Event::Flood,
                Some(Chunk::End(ending)) => break self.ended(ending),
                None if left > WAIT_MAX && !patience.is_out() => {}
                None => return Event::Silence(self.buffer.len()),
            }
        };
        if event.is_last() {
            self.last = Some(event.clone());
        }
        event
    }

    /// Gives events back that were looked at but not used. Silence is not kept: it may have ended.
    pub(crate) fn put_back(&mut self, events: impl Iterator<Item = Seen>) {
        self.put_back
            .extend(events.filter(|(event, _)| !matches!(event, Event::Silence(_))));
    }

    /// The first event that was given back.
    pub(crate) fn take_back(&mut self) -> Option<Seen> {
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
            && self.takes_notices
            && Header::parse(rest).is_some_and(|header| {
                is_notice(header.status) && rest.len() + MAC_LEN == Layout::of(header, true).end
            })
    }
}

fn is_notice(status: u16) -> bool {
    matches!(status, 198 | 498)
}
