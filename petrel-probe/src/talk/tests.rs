//! Sessions with the embedded server, and with servers that do what servers should not.

use super::{Mac, Request, Session, Settings, Step, TalkError};
use crate::{
    exchange::{Exchange, MacState, Note},
    keyring::Keyring,
};
use petrel::{
    ClientErrorKind as Kind, ConnectPhase, Ending, Executed,
    wire::{Codec, Decoded, Frame, MAC_LEN, MacKey, Status},
};
use petrel_cli::{Embedded, EmbeddedConfig};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::Duration,
};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn key() -> MacKey {
    MacKey::new(b"a key of sixteen").unwrap()
}

fn keys() -> Keyring {
    let mut keys = Keyring::new();
    keys.add("k", key());
    keys
}

/// A server of one connection that does what the test says.
struct Foreign {
    settings: Settings,
    thread: JoinHandle<()>,
}

/// The server's end of the connection.
struct Peer {
    stream: TcpStream,
    inbox: Vec<u8>,
}

impl Foreign {
    fn start(act: impl FnOnce(&mut Peer) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut settings = Settings::new(listener.local_addr().unwrap().into());
        settings.protocol_check = false;
        let thread = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let inbox = Vec::new();
            act(&mut Peer { stream, inbox });
        });
        Self { settings, thread }
    }

    /// Asks for `n` and gives what came of it.
    fn ask(self) -> Result<Exchange, TalkError> {
        let answer = run(async {
            let mut session = Session::open(&self.settings, &mut |_| ()).await?;
            session.ask(&Request::new("n", "x"), &mut |_| ()).await
        });
        self.thread.join().unwrap();
        answer
    }
}

impl Peer {
    /// Waits for a request; gives its sequence number.
    fn request(&mut self) -> u32 {
        loop {
            let decoded = Codec::new().decode(&self.inbox).unwrap();
            if let Decoded::Frame { frame, len } = decoded {
                let sequence = frame.sequence;
                self.inbox.drain(..len);
                return sequence;
            }
            let mut chunk = [0; 4096];
            let len = self.stream.read(&mut chunk).unwrap();
            assert!(len > 0, "the client left before its request was whole");
            self.inbox.extend_from_slice(&chunk[..len]);
        }
    }

    fn answer(&mut self, status: u16, sequence: u32, name: &[u8], payload: &[u8]) {
        self.stream
            .write_all(&frame(&Codec::new(), status, sequence, name, payload))
            .unwrap();
    }

    /// Waits until the client closes.
    fn wait(&mut self) {
        let _ = self.stream.read_to_end(&mut self.inbox);
    }
}

fn frame(codec: &Codec, status: u16, sequence: u32, name: &[u8], payload: &[u8]) -> Vec<u8> {
    let status = Status(status);
    let frame = Frame {
        status,
        sequence,
        name,
        payload,
    };
    let mut bytes = Vec::new();
    codec.encode(&frame, &mut bytes).unwrap();
    bytes
}

#[test]
fn every_step_is_told_and_the_exchange_is_as_of_a_capture() {
    let server = Embedded::start(EmbeddedConfig::default().hmac_key(Some(key()))).unwrap();
    let settings = Settings::new(server.endpoint().clone()).with_keys(keys());
    let mut steps = Vec::new();
    let mut watch = |step: Step<'_>| {
        steps.push(match step {
            Step::Connected { server, .. } => format!("connected {}", server.is_some()),
            Step::Sent(message) => format!("sent {}", message.header.sequence),
            Step::Received(message) => format!("received {}", message.header.sequence),
            Step::Checked { .. } => "checked".to_owned(),
            other => format!("{other:?}"),
        });
    };
    let exchange = run(async {
        let mut session = Session::open(&settings, &mut watch).await.unwrap();
        assert_eq!(session.check().unwrap().sequence(), 1);
        let request = Request::new("echo", "payload");
        let exchange = session.ask(&request, &mut watch).await.unwrap();
        assert_eq!(session.close(&mut watch).await, []);
        exchange
    });
    let expected = [
        "connected true",
        "sent 1",
        "received 1",
        "checked",
        "sent 2",
        "received 2",
    ];
    assert_eq!(steps, expected);
    assert!(exchange.is_complete() && exchange.rtt().is_some());
    assert_eq!((exchange.name(), exchange.sequence()), (&b"echo"[..], 2));
    let response = exchange.response.unwrap();
    assert_eq!(response.payload(), b"payload");
    assert_eq!(response.mac, MacState::Ok("k".into()));
    assert_eq!(Some(exchange.server), server.endpoint().socket_addr());
}

#[test]
fn large_answers_to_many_requests_come_while_the_requests_still_go_out() {
    let server = Embedded::start(EmbeddedConfig::default()).unwrap();
    let settings = Settings::new(server.endpoint().clone());
    run(async {
        let mut session = Session::open(&settings, &mut |_| ()).await.unwrap();
        for i in 0..16 {
            let request = Request::new("echo", vec![i; 1 << 20]);
            session.push(&request).unwrap();
        }
        for i in 0..16 {
            let exchange = session.next(&mut |_| ()).await.unwrap().unwrap();
            assert_eq!(exchange.sequence(), u32::from(i) + 2);
            assert!(exchange.response.unwrap().payload() == vec![i; 1 << 20]);
        }
        assert!(session.next(&mut |_| ()).await.is_none());
    });
}

#[test]
fn recorded_macs_are_sent_as_they_are_and_answers_are_read_without_a_key() {
    let server = Embedded::start(EmbeddedConfig::default().hmac_key(Some(key()))).unwrap();
    let mut settings = Settings::new(server.endpoint().clone());
    settings.macs = true;
    let mut request = Request::new("echo", "x");
    request.mac = Mac::Keep(key().sign(b"x"));
    run(async {
        let check = Mac::Keep(key().sign(&[0]));
        let mut session = Session::open_with(&settings, check, &mut |_| ())
            .await
            .unwrap();
        let exchange = session.ask(&request, &mut |_| ()).await.unwrap();
        let response = exchange.response.unwrap();
        assert_eq!(
            (response.payload(), &response.mac),
            (&b"x"[..], &MacState::NoKey)
        );
        request.mac = Mac::Keep([b'A'; MAC_LEN]);
        let exchange = session.ask(&request, &mut |_| ()).await.unwrap();
        assert_eq!(exchange.response.unwrap().header.status, Status::MAC_FAILED);
        assert!(session.is_over());
        let later = session.ask(&request, &mut |_| ()).await.unwrap_err();
        assert!(later.to_string().contains("closed earlier"), "{later}");
    });
}

#[test]
fn a_mac_at_one_end_only_is_told_within_the_time_for_connecting() {
    let server = Embedded::start(EmbeddedConfig::default().hmac_key(Some(key()))).unwrap();
    let mut settings = Settings::new(server.endpoint().clone());
    settings.connect_timeout = Duration::from_millis(500);
    let error = run(Session::open(&settings, &mut |_| ())).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("does the server expect MACs?"), "{text}");
    let phase = ConnectPhase::ProtocolCheck;
    assert!(matches!(error.kind(), Kind::ConnectTimeout { phase: got, .. } if *got == phase));
    assert_eq!(error.executed(), Executed::No);
    assert!(error.exchange().is_some() && error.is_of_opening());
}

#[test]
fn another_key_is_told_by_the_answer_that_cannot_be_verified() {
    let server = Embedded::start(EmbeddedConfig::default().hmac_key(Some(key()))).unwrap();
    let mut others = Keyring::new();
    others.add("other", MacKey::new(b"another key").unwrap());
    let settings = Settings::new(server.endpoint().clone()).with_keys(others);
    let error = run(Session::open(&settings, &mut |_| ())).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("the keys probably differ"), "{text}");
    let response = error.exchange().unwrap().response.as_ref().unwrap();
    assert_eq!(response.mac, MacState::Bad);
}

#[test]
fn who_is_not_there_and_who_speaks_another_version() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings::new(listener.local_addr().unwrap().into());
    drop(listener);
    let error = run(Session::open(&settings, &mut |_| ())).unwrap_err();
    assert!(error.to_string().contains("petrel serve"), "{error}");

    let mut other = Foreign::start(|peer| {
        let sequence = peer.request();
        peer.answer(497, sequence, b"PROTOCHECK", &[3]);
    });
    other.settings.protocol_check = true;
    let error = other.ask().unwrap_err();
    assert!(error.to_string().contains("speaks version 3"), "{error}");
}

#[test]
fn what_is_no_answer_is_told_with_what_came_instead() {
    let wrong = Foreign::start(|peer| {
        let sequence = peer.request();
        peer.answer(200, sequence + 1, b"n", b"");
    });
    let error = wrong.ask().unwrap_err();
    assert_eq!(error.executed(), Executed::Maybe);
    let exchange = error.exchange().unwrap();
    let (expected, got) = (1, 2);
    assert_eq!(exchange.notes, [Note::WrongSequence { expected, got }]);
    assert!(exchange.is_complete());

    let wrong = Foreign::start(|peer| {
        let sequence = peer.request();
        peer.answer(200, sequence, b"m", b"");
    });
    let error = wrong.ask().unwrap_err();
    assert_eq!(error.exchange().unwrap().notes, [Note::WrongName]);

    let leaving = Foreign::start(|peer| {
        let sequence = peer.request();
        peer.answer(498, sequence, b"n", b"EOF\x1b[2J");
    });
    let error = leaving.ask().unwrap_err();
    let text = error.to_string();
    assert!(text.contains(r"EOF\u{1b}[2J"), "{text}");
    let exchange = error.exchange().unwrap();
    assert!(exchange.response.is_none());
    assert!(matches!(&exchange.notes[0], Note::Notice { status, .. } if status.0 == 498));
}

#[test]
fn an_end_in_mid_frame_is_an_error_and_never_a_short_payload() {
    let cut = Foreign::start(|peer| {
        let sequence = peer.request();
        let answer = frame(&Codec::new(), 200, sequence, b"n", b"payload");
        peer.stream.write_all(&answer[..15]).unwrap();
    });
    let mut remainder = Vec::new();
    let error = run(async {
        let mut watch = |step: Step<'_>| {
            if let Step::Remainder(bytes) = step {
                remainder.extend_from_slice(bytes);
            }
        };
        let mut session = Session::open(&cut.settings, &mut watch).await.unwrap();
        session
            .ask(&Request::new("n", "x"), &mut watch)
            .await
            .unwrap_err()
    });
    cut.thread.join().unwrap();
    let ending = Ending::Truncated;
    assert_eq!(*error.kind(), Kind::Ended { ending });
    assert_eq!(remainder.len(), 15);
    assert!(error.exchange().unwrap().response.is_none());
}

#[test]
fn an_answer_over_the_limit_is_refused_from_its_header() {
    let mut huge = Foreign::start(|peer| {
        let sequence = peer.request();
        let answer = frame(&Codec::new(), 200, sequence, b"n", &[0; 9]);
        peer.stream.write_all(&answer[..12]).unwrap();
        peer.wait();
    });
    huge.settings.payload_max = 8;
    let error = huge.ask().unwrap_err();
    assert!(error.to_string().contains("over the limit of 8"), "{error}");
}

#[test]
fn silence_ends_at_the_deadline_and_the_session_with_it() {
    let mut silent = Foreign::start(|peer| {
        peer.request();
        peer.wait();
    });
    silent.settings.timeout = Duration::from_millis(30);
    let error = silent.ask().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("no answer within 30ms"), "{text}");
    assert!(text.contains("may have been executed"), "{text}");
    assert_eq!(error.exchange().unwrap().notes, [Note::Unanswered]);
}

#[test]
fn every_request_behind_a_close_gets_its_error() {
    let closing = Foreign::start(|peer| {
        let sequence = peer.request();
        peer.answer(502, sequence, b"n", b"");
        peer.wait();
    });
    run(async {
        let mut session = Session::open(&closing.settings, &mut |_| ()).await.unwrap();
        for _ in 0..3 {
            session.push(&Request::new("n", "x")).unwrap();
        }
        let first = session.next(&mut |_| ()).await.unwrap().unwrap();
        assert_eq!(first.response.unwrap().header.status.0, 502);
        for _ in 0..2 {
            let error = session.next(&mut |_| ()).await.unwrap().unwrap_err();
            assert!(matches!(error.kind(), Kind::ClosedBehind { .. }));
            assert!(error.exchange().is_some());
        }
        assert!(session.next(&mut |_| ()).await.is_none());
    });
    closing.thread.join().unwrap();
}

#[test]
fn a_notice_at_the_end_is_given_when_the_session_is_closed() {
    let polite = Foreign::start(|peer| {
        let sequence = peer.request();
        peer.answer(200, sequence, b"n", b"");
        peer.wait();
        peer.answer(198, sequence, b"n", b"EOF");
    });
    let notes = run(async {
        let mut session = Session::open(&polite.settings, &mut |_| ()).await.unwrap();
        let answer = session.ask(&Request::new("n", "x"), &mut |_| ()).await;
        assert!(answer.is_ok());
        session.close(&mut |_| ()).await
    });
    polite.thread.join().unwrap();
    assert!(matches!(&notes[..], [Note::Notice { status, .. }] if status.0 == 198));
}
