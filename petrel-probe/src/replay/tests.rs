//! Recordings that are sent again, to the embedded server and to servers that answer otherwise.

use super::{Macs, Options, Outcome, Pace, Recording, ReplayError, Skip, Tally, Verdict, run};
use crate::{
    exchange::{
        Exchange, GapCause, MacState, Message, Note, Side,
        sample::{message, with_gap},
    },
    index::Stores,
    keyring::Keyring,
    talk::Settings,
};
use petrel::wire::{Codec, Decoded, Frame, MacKey, Status};
use petrel_cli::{Embedded, EmbeddedConfig};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    ops::ControlFlow,
    thread::{self, JoinHandle},
};

/// Asked on a connection at a time, and answered so.
fn asked(
    connection: u32,
    at_us: u64,
    name: &str,
    payload: &str,
    answer: Option<(u16, &str)>,
) -> Exchange {
    let response = answer
        .map(|(status, payload)| message(status, name.as_bytes(), payload.as_bytes(), at_us + 1));
    let notes = match answer {
        Some(_) => Vec::new(),
        None => vec![Note::Unanswered],
    };
    Exchange {
        connection,
        client: ([10, 0, 0, 1], 40_000).into(),
        server: ([10, 0, 0, 2], 60_606).into(),
        request: Some(message(0, name.as_bytes(), payload.as_bytes(), at_us)),
        response,
        notes,
    }
}

fn recording(exchanges: &[Exchange]) -> Recording {
    let mut recording = Recording::new(Stores::new());
    for exchange in exchanges {
        recording.take(exchange, true).unwrap();
    }
    recording
}

fn replay(
    recording: &Recording,
    settings: &Settings,
    options: &Options,
) -> Result<Vec<Outcome>, ReplayError> {
    let mut outcomes = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(recording, settings, options, &mut |outcome| {
        outcomes.push(outcome);
        ControlFlow::Continue(())
    }))?;
    Ok(outcomes)
}

fn embedded() -> (Embedded, Settings) {
    let server = Embedded::start(EmbeddedConfig::default()).unwrap();
    let settings = Settings::new(server.endpoint().clone());
    (server, settings)
}

fn key() -> MacKey {
    MacKey::new(b"a key of sixteen").unwrap()
}

/// The payloads of the requests, in the order of the outcomes.
fn payloads(outcomes: &[Outcome]) -> Vec<String> {
    let requests = outcomes
        .iter()
        .filter_map(|outcome| outcome.recorded.request.as_ref());
    requests
        .map(|request| String::from_utf8(request.payload().to_vec()).unwrap())
        .collect()
}

fn verdicts(outcomes: &[Outcome]) -> Vec<Verdict> {
    outcomes.iter().map(|outcome| outcome.verdict).collect()
}

#[test]
fn requests_go_out_in_the_order_in_which_they_were_asked() {
    // As a decoder tells them: by their answers.
    let recording = recording(&[
        asked(2, 20, "echo", "b", Some((200, "b"))),
        asked(1, 10, "echo", "a", Some((200, "a"))),
        asked(1, 30, "echo", "c", Some((200, "c"))),
        // The clock ran backwards, and the connection did not.
        asked(1, 5, "echo", "d", Some((200, "d"))),
        asked(2, 40, "echo", "e", Some((200, "e"))),
    ]);
    let (_server, settings) = embedded();
    let outcomes = replay(&recording, &settings, &Options::default()).unwrap();
    assert_eq!(payloads(&outcomes), ["a", "b", "c", "d", "e"]);
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.verdict == Verdict::Same)
    );
    let now: Vec<_> = outcomes
        .iter()
        .map(|outcome| outcome.now.as_ref().unwrap())
        .map(|now| (now.connection, now.sequence()))
        .collect();
    assert_eq!(now, [(1, 2), (2, 2), (1, 3), (1, 4), (2, 3)]);
}

#[test]
fn at_once_every_connection_keeps_its_order() {
    let mut exchanges = Vec::new();
    for connection in 1..=100 {
        for n in 0..40 {
            let payload = format!("{connection}.{n}");
            exchanges.push(asked(
                connection,
                n,
                "echo",
                &payload,
                Some((200, &payload)),
            ));
        }
    }
    let (_server, settings) = embedded();
    let options = Options {
        pace: Pace::Max,
        ..Options::default()
    };
    let outcomes = replay(&recording(&exchanges), &settings, &options).unwrap();
    assert_eq!(outcomes.len(), 4_000);
    let mut tally = Tally::default();
    outcomes.iter().for_each(|outcome| tally.add(outcome));
    assert_eq!((tally.of(Verdict::Same), tally.differences()), (4_000, 0));
    for connection in 1..=100 {
        let of_one = outcomes
            .iter()
            .filter(|outcome| outcome.recorded.connection == connection);
        let sequences: Vec<u32> = of_one
            .map(|outcome| outcome.now.as_ref().unwrap().sequence())
            .collect();
        assert_eq!(sequences, (2..42).collect::<Vec<_>>());
    }
}

#[test]
fn whoever_has_heard_enough_ends_it() {
    let exchanges: Vec<_> = (0..9)
        .map(|n| asked(n % 3, n.into(), "null", "", Some((200, ""))))
        .collect();
    let (_server, settings) = embedded();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for pace in [Pace::Lockstep, Pace::Max] {
        let options = Options {
            pace,
            ..Options::default()
        };
        let mut told = 0;
        let mut each = |_| {
            told += 1;
            match told {
                4 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        };
        let recording = recording(&exchanges);
        runtime
            .block_on(run(&recording, &settings, &options, &mut each))
            .unwrap();
        assert_eq!(told, 4);
    }
}

#[test]
fn every_kind_of_difference_is_told() {
    let recording = recording(&[
        asked(1, 1, "echo", "a", Some((200, "a"))),
        asked(1, 2, "echo", "a", Some((200, "b"))),
        asked(1, 3, "gone", "a", Some((200, "a"))),
        asked(1, 4, "status", "9101", Some((9101, ""))),
        asked(1, 5, "echo", "a", None),
    ]);
    let (_server, settings) = embedded();
    let outcomes = replay(&recording, &settings, &Options::default()).unwrap();
    let expected = [
        Verdict::Same,
        Verdict::Payload,
        Verdict::Status,
        Verdict::Same,
        Verdict::Extra,
    ];
    assert_eq!(verdicts(&outcomes), expected);
    let mut tally = Tally::default();
    outcomes.iter().for_each(|outcome| tally.add(outcome));
    assert_eq!((tally.differences(), tally.in_part()), (3, 0));
}

#[test]
fn what_touches_a_gap_is_not_sent_nor_what_a_payload_may_have_held() {
    let mut lost = asked(1, 6, "echo", "x", None);
    lost.notes = vec![Note::ResponseNotCaptured];
    let mut part = asked(1, 7, "echo", "0123456789", Some((200, "0123456789")));
    part.response = part
        .response
        .map(|answer| with_gap(answer, 4, 3, GapCause::SnapLength));
    // Behind bytes in which the place was lost a request without an answer may never have been one.
    let mut found = asked(2, 9, "fake", "", None);
    let (side, len) = (Side::Client, 700);
    found.notes = vec![Note::Skipped { side, len }, Note::Unanswered];
    let mut other = asked(2, 10, "fake", "", Some((200, "")));
    other.notes = vec![Note::WrongName];
    let recording = recording(&[
        lost,
        part,
        found,
        asked(2, 11, "fake", "", None),
        other,
        asked(2, 12, "echo", "true", Some((200, "true"))),
        asked(3, 12, "echo", "unanswered", None),
    ]);
    let skipped: Vec<_> = recording.skipped().iter().map(|(k, n)| (*k, *n)).collect();
    let expected = [
        (Skip::ResponseNotCaptured, 1),
        (Skip::ResponseIncomplete, 1),
        (Skip::Unconfirmed, 3),
    ];
    assert_eq!(skipped, expected);
    assert_eq!(recording.len(), 2);
}

#[test]
fn what_cannot_be_sent_is_counted_by_reason() {
    let mut unseen = asked(1, 1, "echo", "a", Some((200, "a")));
    unseen.request = None;
    let mut holed = asked(1, 2, "echo", "0123456789", Some((200, "")));
    holed.request = holed
        .request
        .map(|request| with_gap(request, 4, 3, GapCause::Lost));
    let mut recording = recording(&[
        asked(1, 0, "PROTOCHECK", "\0", Some((200, "\0"))),
        unseen,
        holed,
        asked(1, 4, "echo", "b", Some((200, "b"))),
        asked(2, 4, "null", "", Some((200, ""))),
        asked(2, 5, "echo", "c", Some((200, "c"))),
    ]);
    let unwanted = asked(1, 3, "echo", "a", Some((200, "a")));
    recording.take(&unwanted, false).unwrap();
    let skipped: Vec<_> = recording.skipped().iter().map(|(k, n)| (*k, *n)).collect();
    let expected = [
        (Skip::ProtocolCheck, 1),
        (Skip::FilteredOut, 1),
        (Skip::RequestNotCaptured, 1),
        (Skip::RequestIncomplete, 1),
    ];
    assert_eq!(skipped, expected);
    assert_eq!((recording.len(), recording.connections()), (3, 2));
    assert_eq!(recording.names(), [(&b"echo"[..], 2), (b"null", 1)]);
}

/// A message with a MAC of this key.
fn signed(message: Message, key: &MacKey) -> Message {
    let mut message = message;
    let mac = key.sign(message.payload());
    message.bytes.extend(mac);
    message.mac = MacState::NoKey;
    message
}

fn signed_exchange(n: u64, name: &str, payload: &str, key: &MacKey) -> Exchange {
    let mut exchange = asked(1, n, name, payload, Some((200, payload)));
    exchange.request = exchange.request.map(|message| signed(message, key));
    exchange.response = exchange.response.map(|message| signed(message, key));
    exchange
}

#[test]
fn macs_are_kept_made_anew_or_left_out() {
    let other = MacKey::new(b"another key").unwrap();
    let server = Embedded::start(EmbeddedConfig::default().hmac_key(Some(key()))).unwrap();
    let settings = Settings::new(server.endpoint().clone());
    let mut keys = Keyring::new();
    keys.add("k", key());
    let with = |macs| Options {
        macs,
        ..Options::default()
    };
    let own = [
        signed_exchange(0, "PROTOCHECK", "\0", &key()),
        signed_exchange(1, "echo", "a", &key()),
    ];
    assert!(recording(&own).has_macs());
    // Without any key: the recorded MACs do, that of the protocol check among them.
    let outcomes = replay(&recording(&own), &settings, &with(Macs::Keep)).unwrap();
    assert_eq!(verdicts(&outcomes), [Verdict::Same]);
    // Without the recorded check there is none of ours, and it works all the same.
    let outcomes = replay(&recording(&own[1..]), &settings, &with(Macs::Keep)).unwrap();
    assert_eq!(verdicts(&outcomes), [Verdict::Same]);
    // Recorded with another key: made anew they are good, kept they are refused.
    let foreign = recording(&[signed_exchange(1, "echo", "a", &other)]);
    let keyed = settings.clone().with_keys(keys);
    let outcomes = replay(&foreign, &keyed, &with(Macs::Resign)).unwrap();
    assert_eq!(verdicts(&outcomes), [Verdict::Same]);
    let outcomes = replay(&foreign, &settings, &with(Macs::Keep)).unwrap();
    assert_eq!(verdicts(&outcomes), [Verdict::Status]);
    // Left out, they suit a server that wants none.
    let (_plain, settings) = embedded();
    let outcomes = replay(&recording(&own), &settings, &with(Macs::Strip)).unwrap();
    assert_eq!(verdicts(&outcomes), [Verdict::Same]);
}

#[test]
fn a_server_that_is_not_there_is_told_after_one_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings::new(listener.local_addr().unwrap().into());
    drop(listener);
    let recording = recording(&[
        asked(1, 1, "echo", "a", Some((200, "a"))),
        asked(2, 2, "echo", "a", Some((200, "a"))),
    ]);
    for pace in [Pace::Lockstep, Pace::Max] {
        let options = Options {
            pace,
            ..Options::default()
        };
        let error = replay(&recording, &settings, &options).unwrap_err();
        assert!(matches!(error, ReplayError::Unreachable(_)), "{error}");
    }
}

/// A server that answers so many requests on each connection and then closes it, in order or not, for so
/// many connections.
fn tired(connections: usize, answers: usize, reset: bool) -> (Settings, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings::new(listener.local_addr().unwrap().into());
    let serve = move || {
        let mut open = Vec::new();
        for _ in 0..connections {
            let (stream, _) = listener.accept().unwrap();
            open.push(thread::spawn(move || answer(stream, answers, reset)));
        }
        drop(listener);
        open.into_iter().for_each(|thread| thread.join().unwrap());
    };
    (settings, thread::spawn(serve))
}

fn answer(mut stream: TcpStream, answers: usize, reset: bool) {
    let codec = Codec::new();
    let mut inbox = Vec::new();
    let mut answered = 0;
    loop {
        let mut out = Vec::new();
        if let Decoded::Frame { frame, len } = codec.decode(&inbox).unwrap() {
            if answered == answers + 1 {
                break;
            }
            let status = Status::OK;
            codec.encode(&Frame { status, ..frame }, &mut out).unwrap();
            inbox.drain(..len);
            answered += 1;
            stream.write_all(&out).unwrap();
            continue;
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).unwrap() {
            0 => return,
            len => inbox.extend_from_slice(&chunk[..len]),
        }
    }
    if reset {
        let socket = socket2::SockRef::from(&stream);
        socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }
}

#[test]
fn a_connection_that_breaks_takes_its_own_rest_along_and_no_other() {
    let exchanges: Vec<_> = (0..8)
        .map(|n| {
            let payload = n.to_string();
            asked(1 + n % 2, n.into(), "echo", &payload, Some((200, &payload)))
        })
        .collect();
    for reset in [false, true] {
        let (settings, server) = tired(2, 2, reset);
        let outcomes = replay(&recording(&exchanges), &settings, &Options::default()).unwrap();
        server.join().unwrap();
        let first = match reset {
            false => Verdict::Missing,
            true => Verdict::Transport,
        };
        for connection in [1, 2] {
            let of_one: Vec<_> = outcomes
                .iter()
                .filter(|outcome| outcome.recorded.connection == connection)
                .map(|outcome| outcome.verdict)
                .collect();
            let expected = [Verdict::Same, Verdict::Same, first, Verdict::Transport];
            assert_eq!(of_one, expected, "{outcomes:#?}");
        }
        let last = outcomes.last().unwrap().error.as_ref().unwrap();
        assert!(last.contains("closed earlier"), "{last}");
    }
}

#[test]
fn a_connection_that_cannot_be_opened_later_on_is_a_difference_of_its_own() {
    let (settings, server) = tired(1, 9, false);
    let outcomes = replay(
        &recording(&[
            asked(1, 1, "echo", "a", Some((200, "a"))),
            asked(2, 2, "echo", "a", Some((200, "a"))),
        ]),
        &settings,
        &Options::default(),
    );
    let outcomes = outcomes.unwrap();
    server.join().unwrap();
    assert_eq!(verdicts(&outcomes), [Verdict::Same, Verdict::Transport]);
    let error = outcomes[1].error.as_ref().unwrap();
    assert!(error.contains("could not be opened"), "{error}");
}

#[test]
fn no_answer_then_and_none_now_is_the_same() {
    let (settings, server) = tired(1, 1, false);
    let outcomes = replay(
        &recording(&[
            asked(1, 1, "echo", "a", Some((200, "a"))),
            asked(1, 2, "echo", "a", None),
        ]),
        &settings,
        &Options::default(),
    );
    server.join().unwrap();
    assert_eq!(verdicts(&outcomes.unwrap()), [Verdict::Same; 2]);
}
