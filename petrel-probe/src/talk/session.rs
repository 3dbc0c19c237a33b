//! A connection, from the first step to the last.

use super::{
    Mac, Request, Settings, Step, TalkError, Watch,
    stream::{Duplex, Turn},
};
use crate::exchange::{Exchange, MacState, Message, Note};
use petrel::{
    Client, ClientErrorKind as Kind, ClientLimits, Executed,
    wire::{
        AnswerError, Codec, DecodeError, Expected, Frame, HEADER_LEN, Header, MAC_LEN,
        PROTOCOL_CHECK, PROTOCOL_VERSION, Status,
    },
};
use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, timeout_at};

/// How long closing waits for the server's end.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection that is open, or over: then every call says why.
///
/// Its futures may be dropped at any time; what they waited for can be waited for again.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    duplex: Duplex,
    clock: Clock,
    client: SocketAddr,
    server: SocketAddr,
    sequence: u32,
    pending: VecDeque<Pending>,
    check: Option<Exchange>,
    over: Option<Kind>,
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Pending {
    message: Message,
    /// How many bytes of the connection are written before its first, and with its last.
    from: u64,
    to: u64,
    sent: bool,
}

/// The time of day, which does not jump while the session lasts.
#[derive(Clone, Copy, Debug)]
struct Clock {
    start: Instant,
    start_ns: u64,
}

impl Session {
    /// Connects and does the protocol check, if the settings want one.
    ///
    /// # Errors
    /// If there is no connection in time, or the server does not speak the protocol.
    ///
    /// # Panics
    /// Outside a tokio runtime, or in one without I/O or time.
    pub async fn open(settings: &Settings, watch: &mut Watch<'_>) -> Result<Self, TalkError> {
        Self::open_with(settings, Mac::Sign, watch).await
    }

    /// The same, with this MAC for the protocol check.
    ///
    /// # Errors
    /// As [`Session::open`].
    ///
    /// # Panics
    /// As [`Session::open`].
    pub async fn open_with(
        settings: &Settings,
        check: Mac,
        watch: &mut Watch<'_>,
    ) -> Result<Self, TalkError> {
        let clock = Clock::new();
        let limits = ClientLimits::new()
            .connect_timeout(settings.connect_timeout)
            .tls_timeout(settings.connect_timeout);
        let mut builder = Client::builder().limits(limits);
        if let Some(tls) = &settings.tls {
            builder = builder.tls(tls.clone());
        }
        let stream = builder.open(&settings.endpoint).await?;
        watch(Step::Connected {
            server: stream.peer_addr(),
            took: stream.connect_time(),
        });
        if let Some(took) = stream.tls_time() {
            watch(Step::Secured { took });
        }
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let mut session = Self {
            settings: settings.clone(),
            client: stream.local_addr().unwrap_or(nowhere),
            server: stream.peer_addr().unwrap_or(nowhere),
            duplex: Duplex::new(stream),
            clock,
            sequence: 1,
            pending: VecDeque::new(),
            check: None,
            over: None,
        };
        if settings.protocol_check {
            session.check_protocol(check, watch).await?;
        }
        Ok(session)
    }

    /// The exchange of the protocol check, if there was one.
    pub const fn check(&self) -> Option<&Exchange> {
        self.check.as_ref()
    }

    /// How it is set up.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where the server is; `0.0.0.0:0` over a Unix socket, as everywhere in its exchanges.
    pub const fn server(&self) -> SocketAddr {
        self.server
    }

    /// Whether nothing more can be asked. If not, the connection may still end at any time: only
    /// asking can tell.
    pub const fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// How many requests wait for their answers.
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// Time for each of the answers to come.
    pub const fn set_timeout(&mut self, timeout: Duration) {
        self.settings.timeout = timeout;
    }

    /// The sequence number of the next request; those behind it count on from there.
    pub const fn set_sequence(&mut self, sequence: u32) {
        self.sequence = sequence;
    }

    /// Sends a request and waits for its answer. Any status is an answer. Behind 402, 497 and 502 the
    /// session is over, as behind every error but that of a request that does not fit a frame.
    ///
    /// # Errors
    /// If the request does not fit, or no answer comes that can be taken.
    pub async fn ask(
        &mut self,
        request: &Request,
        watch: &mut Watch<'_>,
    ) -> Result<Exchange, TalkError> {
        self.push(request)?;
        self.answer(watch).await
    }

    /// Lets a request wait to be sent, behind those that wait already. It goes out during
    /// [`Session::next`].
    ///
    /// # Errors
    /// If it does not fit a frame, or the session is over.
    pub fn push(&mut self, request: &Request) -> Result<(), TalkError> {
        self.check_over()?;
        let now = self.clock.now_ns();
        let message = request
            .to_message(self.sequence, &self.settings.keys, now)
            .map_err(|error| TalkError::new(Kind::Encode(error), Executed::No))?;
        self.sequence = self.sequence.wrapping_add(1);
        let to = self.duplex.push(&message.bytes);
        self.pending.push_back(Pending {
            from: to - message.bytes.len() as u64,
            message,
            to,
            sent: false,
        });
        Ok(())
    }

    /// Waits for the answer to the oldest request that has none, and meanwhile sends what waits. The
    /// time for it begins now. None if no request waits for an answer.
    ///
    /// # Errors
    /// If no answer comes that can be taken, or the session is over; then there is an error for each
    /// request that waits.
    pub async fn next(&mut self, watch: &mut Watch<'_>) -> Option<Result<Exchange, TalkError>> {
        if self.pending.is_empty() {
            return None;
        }
        Some(self.answer(watch).await)
    }

    /// Waits, while no request waits for an answer, for the connection to end, or for anything that
    /// comes although nobody asked. The session is over then. It may be given up at any time.
    pub async fn ended(&mut self, watch: &mut Watch<'_>) -> TalkError {
        loop {
            if let Some(kind) = self.over.clone() {
                return TalkError::earlier(kind);
            }
            let kind = match self.take_frame(watch) {
                Ok(Some(message)) => match self.answered(message) {
                    Ok(_) => continue,
                    Err(error) => return error,
                },
                Ok(None) => match self.duplex.turn().await {
                    Turn::End(kind) => kind,
                    Turn::Read | Turn::Wrote => continue,
                },
                Err(kind) => kind,
            };
            self.show_remainder(watch);
            return self.failed(kind, None);
        }
    }

    async fn answer(&mut self, watch: &mut Watch<'_>) -> Result<Exchange, TalkError> {
        if let Some(kind) = self.over.clone() {
            return Err(self.failed(kind, None));
        }
        let after = self.settings.timeout;
        let deadline = Instant::now() + after;
        loop {
            match self.take_frame(watch) {
                Ok(Some(message)) => return self.answered(message),
                Ok(None) => {}
                Err(kind) => return Err(self.failed(kind, None)),
            }
            let kind = match timeout_at(deadline, self.duplex.turn()).await {
                Ok(Turn::Read) => continue,
                Ok(Turn::Wrote) => {
                    self.note_sent(watch);
                    continue;
                }
                Ok(Turn::End(kind)) => kind,
                Err(_) => Kind::Timeout { after },
            };
            self.show_remainder(watch);
            return Err(self.failed(kind, None));
        }
    }

    /// Ends the writing side, and gives the server a second to end its own. Gives the notices of
    /// closing that came.
    pub async fn close(mut self, watch: &mut Watch<'_>) -> Vec<Note> {
        let mut notes = Vec::new();
        let deadline = Instant::now() + CLOSE_TIMEOUT;
        if timeout_at(deadline, self.duplex.shut_down()).await.is_err() {
            return notes;
        }
        loop {
            while let Ok(Some(message)) = self.take_frame(watch) {
                notes.extend(notice_of(&message));
            }
            match timeout_at(deadline, self.duplex.turn()).await {
                Ok(Turn::End(_)) | Err(_) => break,
                Ok(_) => {}
            }
        }
        self.show_remainder(watch);
        notes
    }

    /// Ends the writing side and waits for nothing: for when many are left at once.
    pub async fn leave(mut self) {
        // What TLS still has to say must not wait for a server that reads nothing.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.duplex.shut_down()).await;
    }

    async fn check_protocol(&mut self, mac: Mac, watch: &mut Watch<'_>) -> Result<(), TalkError> {
        let begun = self.clock.start;
        let after = self.settings.connect_timeout;
        let of_requests = self.settings.timeout;
        let mut request = Request::new(PROTOCOL_CHECK, [PROTOCOL_VERSION]);
        request.mac = mac;
        self.settings.timeout = after.saturating_sub(begun.elapsed());
        let asked = Instant::now();
        let answer = self.ask(&request, watch).await;
        self.settings.timeout = of_requests;
        let exchange = match answer {
            Ok(exchange) => exchange,
            Err(error) => return Err(error.of_check(after, self.settings.macs)),
        };
        let response = exchange.response.as_ref();
        let status = response.map_or(Status::NONE, |response| response.header.status);
        let server = response.and_then(|response| response.payload().first().copied());
        if status != Status::OK || server != Some(PROTOCOL_VERSION) {
            let kind = Kind::ProtocolMismatch {
                status,
                server,
                client: PROTOCOL_VERSION,
            };
            return Err(TalkError::new(kind, Executed::No).with_exchange(exchange));
        }
        watch(Step::Checked {
            took: asked.elapsed(),
        });
        self.check = Some(exchange);
        Ok(())
    }

    fn check_over(&self) -> Result<(), TalkError> {
        match &self.over {
            None => Ok(()),
            Some(kind) => Err(TalkError::earlier(kind.clone())),
        }
    }

    /// Takes the frame at the front of what came, if it is whole. Its MAC is judged, and may be bad.
    fn take_frame(&mut self, watch: &mut Watch<'_>) -> Result<Option<Message>, Kind> {
        let input = self.duplex.inbox();
        let Some(header) = input.first_chunk::<HEADER_LEN>().map(Header::parse) else {
            return Ok(None);
        };
        let head_len = HEADER_LEN + usize::from(header.name_len);
        if header.payload_len > self.settings.payload_max {
            if input.len() < head_len {
                return Ok(None);
            }
            let error = DecodeError::PayloadTooLong {
                claimed: header.payload_len,
                limit: self.settings.payload_max,
            };
            self.show_remainder(watch);
            let claims = header.status;
            return Err(Kind::Frame { error, claims });
        }
        let frame_len = header.frame_len(self.settings.macs);
        let frame_len = usize::try_from(frame_len).unwrap_or(usize::MAX);
        if input.len() < frame_len {
            return Ok(None);
        }
        let bytes = self.duplex.take(frame_len);
        let now = self.clock.now_ns();
        let mut message = Message {
            header,
            bytes,
            gaps: Vec::new(),
            extents: Vec::new(),
            mac: MacState::None,
            first_ns: now,
            time_ns: now,
        };
        message.mac = self.judge(&message, head_len);
        watch(Step::Received(&message));
        Ok(Some(message))
    }

    fn judge(&self, message: &Message, head_len: usize) -> MacState {
        if !self.settings.macs {
            return MacState::None;
        }
        let behind_name = message.bytes.get(head_len..).unwrap_or_default();
        match behind_name.split_last_chunk::<MAC_LEN>() {
            Some((payload, mac)) => self.settings.keys.judge(payload, mac),
            None => MacState::Unchecked,
        }
    }

    /// What is wrong with the MAC of a frame, if anything is.
    fn mac_error(&self, message: &Message) -> Option<DecodeError> {
        let key = self.settings.keys.first()?;
        if message.mac != MacState::Bad {
            return None;
        }
        let codec = Codec::new().payload_max(u32::MAX).mac_key(key.clone());
        codec.decode(&message.bytes).err()
    }

    /// Makes an exchange of the oldest request and what came.
    fn answered(&mut self, message: Message) -> Result<Exchange, TalkError> {
        if let Some(error) = self.mac_error(&message) {
            let claims = message.header.status;
            return Err(self.failed(Kind::Frame { error, claims }, Some(message)));
        }
        let Some(front) = self.pending.front() else {
            let kind = Kind::Unsolicited {
                status: message.header.status,
                sequence: message.header.sequence,
            };
            return Err(self.failed(kind, Some(message)));
        };
        let expected = Expected {
            sequence: front.message.header.sequence,
            name: front.message.name(),
        };
        let status = message.header.status;
        let frame = Frame {
            status,
            sequence: message.header.sequence,
            name: message.name(),
            payload: message.payload(),
        };
        match expected.check(&frame) {
            Ok(()) => {}
            Err(AnswerError::Notice { status }) => {
                let text = message.payload();
                let text = text.get(..text.len().min(1 << 10)).unwrap_or_default();
                let text = text.to_vec().into();
                return Err(self.failed(Kind::Notice { status, text }, Some(message)));
            }
            Err(error) => return Err(self.failed(Kind::Answer(error), Some(message))),
        }
        if status.closes() {
            let of_check = frame.is_protocol_check();
            self.over = Some(Kind::ClosedBehind { status, of_check });
        }
        let request = self.pending.pop_front().map(|mut pending| {
            if !pending.sent {
                pending.message.time_ns = message.time_ns;
            }
            pending.message
        });
        Ok(self.exchange(request, Some(message), Vec::new()))
    }

    /// The error for the oldest request, behind which the session is over.
    fn failed(&mut self, kind: Kind, message: Option<Message>) -> TalkError {
        self.over.get_or_insert_with(|| kind.clone());
        let Some(pending) = self.pending.pop_front() else {
            return TalkError::new(kind, Executed::No);
        };
        let claims_no_execution = matches!(
            kind,
            Kind::Frame {
                claims: Status::MAC_FAILED,
                ..
            }
        );
        let executed = if self.duplex.written() <= pending.from || claims_no_execution {
            Executed::No
        } else {
            Executed::Maybe
        };
        let mut notes = Vec::new();
        let response = match message {
            Some(message) if message.header.status.is_notice() => {
                notes.extend(notice_of(&message));
                None
            }
            other => other,
        };
        match &kind {
            Kind::Answer(AnswerError::WrongSequence { expected, got }) => {
                notes.push(Note::WrongSequence {
                    expected: *expected,
                    got: *got,
                });
            }
            Kind::Answer(AnswerError::WrongName) => notes.push(Note::WrongName),
            _ if response.is_none() => notes.push(Note::Unanswered),
            _ => {}
        }
        let exchange = self.exchange(Some(pending.message), response, notes);
        let error = TalkError::new(kind, executed).with_exchange(exchange);
        match error.kind() {
            Kind::Ended { .. } | Kind::Frame { .. } | Kind::Timeout { .. } => {
                error.with_remainder(self.duplex.inbox())
            }
            _ => error,
        }
    }

    fn exchange(
        &self,
        request: Option<Message>,
        response: Option<Message>,
        notes: Vec<Note>,
    ) -> Exchange {
        Exchange {
            connection: self.settings.connection,
            client: self.client,
            server: self.server,
            request,
            response,
            notes,
        }
    }

    /// Tells of the requests whose last bytes went out.
    fn note_sent(&mut self, watch: &mut Watch<'_>) {
        let (written, now) = (self.duplex.written(), self.clock.now_ns());
        for pending in &mut self.pending {
            if pending.to <= written && !pending.sent {
                pending.sent = true;
                pending.message.time_ns = now;
                watch(Step::Sent(&pending.message));
            }
        }
    }

    fn show_remainder(&self, watch: &mut Watch<'_>) {
        if !self.duplex.inbox().is_empty() {
            watch(Step::Remainder(self.duplex.inbox()));
        }
    }
}

/// The notice of closing that a frame is, if it is one.
fn notice_of(message: &Message) -> Option<Note> {
    let header = message.header;
    header.status.is_notice().then(|| Note::Notice {
        status: header.status,
        sequence: header.sequence,
        text: message.payload().to_vec(),
    })
}

impl Clock {
    fn new() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            start: Instant::now(),
            start_ns: since.map_or(0, nanoseconds),
        }
    }

    fn now_ns(&self) -> u64 {
        self.start_ns
            .saturating_add(nanoseconds(self.start.elapsed()))
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
