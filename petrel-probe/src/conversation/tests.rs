//! Pairing, by what two sides said and what of it was captured.

use super::*;
use crate::{exchange::MacState, keyring::Keyring};
use petrel::wire::{Codec, Frame, MacKey, Status};
use std::sync::Arc;

const CLIENT: Side = Side::Client;
const SERVER: Side = Side::Server;

fn frame(status: u16, sequence: u32, name: &str, payload: &[u8]) -> Vec<u8> {
    encode(&Codec::new(), status, sequence, name, payload)
}

fn signed(status: u16, sequence: u32, name: &str, payload: &[u8]) -> Vec<u8> {
    let codec = Codec::new().mac_key(MacKey::new(b"key").unwrap());
    encode(&codec, status, sequence, name, payload)
}

fn encode(codec: &Codec, status: u16, sequence: u32, name: &str, payload: &[u8]) -> Vec<u8> {
    let frame = Frame {
        status: Status(status),
        sequence,
        name: name.as_bytes(),
        payload,
    };
    let mut bytes = Vec::new();
    codec.encode(&frame, &mut bytes).unwrap();
    bytes
}

fn request(sequence: u32) -> Vec<u8> {
    frame(0, sequence, "ask", b"question")
}

fn answer(sequence: u32) -> Vec<u8> {
    frame(200, sequence, "ask", b"answer")
}

/// A conversation under way, and what it told.
struct Talk {
    conversation: Conversation,
    events: Vec<Event>,
    time_ns: u64,
}

impl Talk {
    fn new(start: Start) -> Self {
        Self::with(start, &FramerConfig::default())
    }

    fn with(start: Start, config: &FramerConfig) -> Self {
        let (client, server) = ("[::1]:5".parse().unwrap(), "[::1]:6".parse().unwrap());
        Self {
            conversation: Conversation::new(1, client, server, start, config),
            events: Vec::new(),
            time_ns: 0,
        }
    }

    fn say(&mut self, side: Side, bytes: &[u8]) -> &mut Self {
        self.time_ns += 1000;
        let (at, events) = (self.time_ns, &mut self.events);
        self.conversation
            .data(side, bytes, at, at, &mut |event| events.push(event));
        self
    }

    fn lose(&mut self, side: Side, len: usize) -> &mut Self {
        let events = &mut self.events;
        self.conversation
            .gap(side, len as u64, GapCause::Lost, &mut |event| {
                events.push(event)
            });
        self
    }

    /// A protocol check and its answer, so that the rest is about what comes after.
    fn checked(&mut self) -> &mut Self {
        self.say(CLIENT, &frame(0, 1, "PROTOCHECK", &[0]));
        self.say(SERVER, &frame(200, 1, "PROTOCHECK", &[0]))
    }

    /// Nothing comes for now.
    fn settle(&mut self) -> &mut Self {
        let events = &mut self.events;
        self.conversation.settle(&mut |event| events.push(event));
        self
    }

    /// Too much waits.
    fn relieve(&mut self) -> &mut Self {
        let events = &mut self.events;
        self.conversation.relieve(&mut |event| events.push(event));
        self
    }

    fn end(self, end: End) -> (Vec<Exchange>, Connection) {
        let Self {
            conversation,
            mut events,
            ..
        } = self;
        conversation.finish(end, &mut |event| events.push(event));
        let mut exchanges = Vec::new();
        for event in events {
            match event {
                Event::Exchange(exchange) => exchanges.push(*exchange),
                Event::Connection(connection) => {
                    assert_eq!(connection.exchanges, exchanges.len() as u64);
                    return (exchanges, *connection);
                }
            }
        }
        unreachable!("a connection is told when it is over")
    }
}

/// Sequence numbers of request and answer, and the notes.
type Seen = (Option<u32>, Option<u32>, Vec<&'static str>);

fn seen(exchanges: &[Exchange]) -> Vec<Seen> {
    let number = |message: &Option<crate::exchange::Message>| {
        message.as_ref().map(|message| message.header.sequence)
    };
    let all = exchanges.iter().map(|one| {
        let notes = one.notes.iter().map(Note::kind).collect();
        (number(&one.request), number(&one.response), notes)
    });
    all.collect()
}

fn pair(sequence: u32) -> Seen {
    (Some(sequence), Some(sequence), Vec::new())
}

#[test]
fn answers_go_to_requests_in_their_order_however_the_sides_are_skewed() {
    let mut early = Talk::new(Start::Handshake);
    early.say(SERVER, &frame(200, 1, "PROTOCHECK", &[0]));
    for sequence in 2..5 {
        early.say(SERVER, &answer(sequence));
    }
    early.say(CLIENT, &frame(0, 1, "PROTOCHECK", &[0]));
    for sequence in 2..5 {
        early.say(CLIENT, &request(sequence));
    }
    let (exchanges, connection) = early.end(End::Closed);
    assert_eq!(seen(&exchanges), [pair(1), pair(2), pair(3), pair(4)]);
    assert_eq!(connection.notes, []);
    // Answers were told before the requests, as this capture has it.
    assert_eq!(exchanges[1].rtt(), None);
}

#[test]
fn a_lost_answer_costs_its_exchange_only() {
    let mut talk = Talk::new(Start::Handshake);
    talk.checked();
    for sequence in 2..6 {
        talk.say(CLIENT, &request(sequence));
    }
    talk.say(SERVER, &answer(2)).lose(SERVER, answer(3).len());
    talk.say(SERVER, &answer(4)).say(SERVER, &answer(5));
    let lost = (Some(3), None, vec!["response-not-captured"]);
    let (exchanges, connection) = talk.end(End::Closed);
    assert_eq!(seen(&exchanges), [pair(1), pair(2), lost, pair(4), pair(5)]);
    assert_eq!(connection.gaps.len(), 1);
    assert_eq!(connection.gaps[0].1.at, 22 + answer(2).len() as u64);
}

#[test]
fn a_lost_request_costs_its_exchange_only() {
    let mut talk = Talk::new(Start::Handshake);
    talk.checked();
    talk.say(CLIENT, &request(2)).lose(CLIENT, request(3).len());
    talk.say(CLIENT, &request(4)).say(CLIENT, &request(5));
    for sequence in 2..6 {
        talk.say(SERVER, &answer(sequence));
    }
    let lost = (None, Some(3), vec!["request-not-captured"]);
    let (exchanges, _) = talk.end(End::Closed);
    assert_eq!(seen(&exchanges), [pair(1), pair(2), lost, pair(4), pair(5)]);
}

#[test]
fn where_a_client_does_not_count_names_tell_what_was_lost() {
    let names = ["a", "b", "c", "d", "e"];
    let mut talk = Talk::new(Start::Handshake);
    talk.say(CLIENT, &frame(0, 0, "PROTOCHECK", &[0]));
    talk.say(SERVER, &frame(200, 0, "PROTOCHECK", &[0]));
    for name in names {
        match name {
            "b" => talk.lose(CLIENT, frame(0, 0, name, b"").len()),
            _ => talk.say(CLIENT, &frame(0, 0, name, b"")),
        };
    }
    for name in names {
        match name {
            "d" => talk.lose(SERVER, frame(200, 0, name, b"").len()),
            _ => talk.say(SERVER, &frame(200, 0, name, b"")),
        };
    }
    let (exchanges, _) = talk.end(End::Closed);
    let names: Vec<_> = exchanges
        .iter()
        .map(|one| {
            let name = String::from_utf8_lossy(one.name()).into_owned();
            (name, one.request.is_some(), one.response.is_some())
        })
        .collect();
    let expected = [
        ("PROTOCHECK", true, true),
        ("a", true, true),
        ("b", false, true),
        ("c", true, true),
        ("d", true, false),
        ("e", true, true),
    ];
    assert_eq!(
        names,
        expected.map(|(name, asked, told)| (name.to_owned(), asked, told))
    );
    assert!(exchanges.iter().all(|one| {
        let mut kinds = one.notes.iter().map(Note::kind);
        !kinds.any(|kind| kind.starts_with("wrong"))
    }));
}

#[test]
fn in_mid_stream_an_answer_to_an_earlier_request_stands_alone() {
    let mut talk = Talk::new(Start::MidStream);
    talk.say(SERVER, &answer(7)).say(CLIENT, &request(8));
    talk.say(SERVER, &answer(8)).say(CLIENT, &request(9));
    let (exchanges, connection) = talk.end(End::Open);
    let alone = (None, Some(7), vec!["request-not-captured"]);
    let open = (Some(9), None, vec!["unanswered-yet"]);
    assert_eq!(seen(&exchanges), [alone, pair(8), open]);
    assert_eq!(connection.start, Start::MidStream);
}

#[test]
fn without_loss_a_wrong_sequence_or_name_is_told_and_the_order_holds() {
    let mut talk = Talk::new(Start::Handshake);
    talk.checked();
    for sequence in 2..5 {
        talk.say(CLIENT, &request(sequence));
    }
    talk.say(SERVER, &answer(9));
    talk.say(SERVER, &frame(200, 3, "other", b""));
    talk.say(SERVER, &answer(4));
    let (exchanges, _) = talk.end(End::Closed);
    let wrong = Note::WrongSequence {
        expected: 2,
        got: 9,
    };
    assert_eq!(exchanges[1].notes, [wrong]);
    assert_eq!(exchanges[2].notes, [Note::WrongName]);
    assert_eq!(exchanges[3].notes, []);
}

#[test]
fn how_a_connection_ends_says_why_a_request_has_no_answer() {
    for (end, note) in [
        (End::Open, Note::UnansweredYet),
        (End::Closed, Note::Unanswered),
        (End::Reset(SERVER), Note::Unanswered),
        (End::Replaced, Note::Unanswered),
    ] {
        let mut talk = Talk::new(Start::Handshake);
        talk.checked().say(CLIENT, &request(2));
        let (exchanges, connection) = talk.end(end);
        assert_eq!(
            (&exchanges[1].notes[..], connection.end),
            (&[note][..], end)
        );
        assert!(!exchanges[1].is_complete());
    }
    let mut talk = Talk::new(Start::Handshake);
    talk.checked().say(CLIENT, &request(2)).lose(SERVER, 40);
    let (exchanges, _) = talk.end(End::Closed);
    assert_eq!(exchanges[1].notes, [Note::ResponseNotCaptured]);
}

#[test]
fn a_notice_is_never_an_answer() {
    let notice = frame(498, 2, "ask", b"read failed");
    let mut pending = Talk::new(Start::Handshake);
    pending.checked().say(CLIENT, &request(2));
    pending.say(SERVER, &notice);
    let (exchanges, connection) = pending.end(End::Closed);
    let kinds: Vec<_> = exchanges[1].notes.iter().map(Note::kind).collect();
    assert_eq!(kinds, ["unanswered", "notice"]);
    assert_eq!((&exchanges[1].response, connection.notes), (&None, vec![]));

    let mut idle = Talk::new(Start::Handshake);
    idle.checked().say(SERVER, &frame(198, 0, "", b"EOF"));
    assert_eq!(idle.conversation.notices(), 1);
    let (exchanges, connection) = idle.end(End::Closed);
    assert_eq!(seen(&exchanges), [pair(1)]);
    assert_eq!(connection.notes.len(), 1);
}

#[test]
fn what_was_lost_before_a_notice_stays_lost() {
    let mut talk = Talk::new(Start::Handshake);
    talk.checked().say(CLIENT, &request(2));
    talk.lose(SERVER, answer(2).len());
    talk.say(SERVER, &frame(198, 2, "ask", b"EOF"));
    let (exchanges, _) = talk.end(End::Closed);
    let kinds: Vec<_> = exchanges[1].notes.iter().map(Note::kind).collect();
    assert_eq!(kinds, ["response-not-captured", "notice"]);
}

#[test]
fn a_server_that_gives_notice_without_end_takes_no_memory() {
    let mut talk = Talk::new(Start::Handshake);
    talk.checked();
    let notice = frame(198, 1, "", &[b'x'; 60_000]);
    for _ in 0..200 {
        talk.say(SERVER, &notice);
    }
    assert_eq!(talk.conversation.notices(), 200);
    let (_, connection) = talk.end(End::Closed);
    assert_eq!(connection.notes.len(), 16);
    for note in connection.notes {
        assert!(matches!(note, Note::Notice { text, .. } if text.len() <= 4096));
    }
}

#[test]
fn an_answer_that_nobody_asked_for_is_told_so() {
    let mut talk = Talk::new(Start::Handshake);
    talk.checked().say(SERVER, &answer(2));
    let (exchanges, _) = talk.end(End::Closed);
    assert_eq!(seen(&exchanges)[1], (None, Some(2), vec!["unsolicited"]));

    let mut lost = Talk::new(Start::Handshake);
    lost.checked().lose(CLIENT, request(2).len());
    lost.say(SERVER, &answer(2));
    let (exchanges, _) = lost.end(End::Closed);
    let alone = (None, Some(2), vec!["request-not-captured"]);
    assert_eq!(seen(&exchanges)[1], alone);
}

#[test]
fn macs_on_one_side_only_are_remarked() {
    let mut keyring = Keyring::new();
    keyring.add("k", MacKey::new(b"key").unwrap());
    let config = FramerConfig {
        keyring: Arc::new(keyring),
        ..FramerConfig::default()
    };
    let mut talk = Talk::with(Start::Handshake, &config);
    talk.say(CLIENT, &signed(0, 1, "PROTOCHECK", &[0]));
    talk.say(SERVER, &frame(200, 1, "PROTOCHECK", &[0]));
    talk.say(CLIENT, &signed(0, 2, "ask", b"x"));
    talk.say(SERVER, &frame(200, 2, "ask", b"y"));
    let (exchanges, connection) = talk.end(End::Closed);
    assert_eq!(connection.macs, [Some(true), Some(false)]);
    assert_eq!(connection.notes, [Note::OneSidedMacs]);
    let states: Vec<_> = exchanges[1]
        .messages()
        .map(|(_, message)| message.mac.clone())
        .collect();
    assert_eq!(states, [MacState::Ok("k".into()), MacState::None]);
}

#[test]
fn a_request_over_the_limit_is_an_exchange_with_its_402() {
    let config = FramerConfig {
        payload_max: 1000,
        ..FramerConfig::default()
    };
    let big = frame(0, 2, "upload", &[b'x'; 5000]);
    let mut talk = Talk::with(Start::Handshake, &config);
    talk.checked().say(CLIENT, &big[..1460]);
    talk.say(SERVER, &frame(402, 2, "upload", b""));
    talk.say(CLIENT, &big[1460..3000]);
    let told = talk.events.len();
    let (exchanges, connection) = talk.end(End::Closed);
    assert_eq!(
        (told, exchanges.len()),
        (2, 2),
        "told at once, not at the end"
    );
    let [_, refused] = &exchanges[..] else {
        panic!("{exchanges:?}")
    };
    let request = refused.request.as_ref().unwrap();
    assert_eq!(
        (request.header.payload_len, request.name()),
        (5000, &b"upload"[..])
    );
    assert_eq!(refused.response.as_ref().unwrap().header.status.0, 402);
    assert!(!refused.is_complete() && refused.notes.is_empty());
    assert_eq!(connection.skipped, [0, 0]);
}

#[test]
fn a_request_within_the_limit_that_is_refused_early_is_an_exchange_too() {
    let big = frame(0, 2, "upload", &[b'x'; 5000]);
    let mut talk = Talk::new(Start::Handshake);
    talk.checked().say(CLIENT, &big[..1460]);
    talk.say(SERVER, &frame(402, 2, "upload", b""));
    let (exchanges, _) = talk.end(End::Reset(SERVER));
    assert_eq!(seen(&exchanges)[1], pair(2));
    let request = exchanges[1].request.as_ref().unwrap();
    assert_eq!(request.gaps[0].len, big.len() as u64 - 1460);
    assert_eq!(request.gaps[0].cause, GapCause::ConnectionEnded);
}

#[test]
fn bytes_in_which_no_frame_is_are_remarked_at_the_next_one() {
    let mut talk = Talk::new(Start::Handshake);
    talk.checked().lose(CLIENT, 8);
    talk.say(CLIENT, &request(2)[8..]).say(CLIENT, &request(3));
    talk.say(SERVER, &answer(2)).say(SERVER, &answer(3));
    let (exchanges, connection) = talk.end(End::Closed);
    let skipped = Note::Skipped {
        side: CLIENT,
        len: request(2).len() as u64 - 8,
    };
    assert_eq!(exchanges.last().unwrap().notes, [skipped]);
    assert_eq!(connection.skipped, [request(2).len() as u64 - 8, 0]);
    assert_eq!(seen(&exchanges)[1].1, Some(2));
}

#[test]
fn what_waits_for_the_other_side_is_bounded() {
    let big = frame(0, 2, "ask", &vec![b'x'; 1 << 20]);
    let mut talk = Talk::new(Start::Handshake);
    talk.checked();
    for _ in 0..100 {
        talk.say(CLIENT, &big);
        assert!(talk.conversation.held() <= 36 << 20);
    }
    talk.relieve();
    // What is left is the first answer, behind which a MAC may follow.
    assert_eq!(talk.conversation.held(), 22);
    let (exchanges, _) = talk.end(End::Open);
    let requests = exchanges.iter().filter(|one| one.request.is_some());
    assert_eq!(requests.count(), 101);
}

#[test]
fn a_late_answer_to_a_request_that_was_told_already_stands_alone() {
    let mut talk = Talk::new(Start::Handshake);
    talk.checked().settle();
    talk.say(CLIENT, &request(2)).say(CLIENT, &request(3));
    talk.relieve();
    talk.say(CLIENT, &request(4));
    for sequence in 2..5 {
        talk.say(SERVER, &answer(sequence));
    }
    let (exchanges, _) = talk.end(End::Closed);
    let numbers: Vec<_> = seen(&exchanges)
        .into_iter()
        .map(|(asked, told, _)| (asked, told))
        .collect();
    let expected = [
        (Some(1), Some(1)),
        (Some(2), None),
        (Some(3), None),
        (None, Some(2)),
        (None, Some(3)),
        (Some(4), Some(4)),
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn when_nothing_comes_for_now_a_first_exchange_is_told() {
    let mut talk = Talk::new(Start::Handshake);
    talk.checked();
    assert_eq!(talk.events, []);
    talk.settle();
    assert_eq!(talk.events.len(), 1);
}

#[test]
fn a_conflict_is_remarked_once_per_side() {
    let mut talk = Talk::new(Start::Handshake);
    talk.checked();
    (0..3).for_each(|_| talk.conversation.conflict(SERVER, 5));
    let (_, connection) = talk.end(End::Closed);
    let all = Note::Conflict {
        side: SERVER,
        len: 15,
    };
    assert_eq!(connection.notes, [all]);
}
