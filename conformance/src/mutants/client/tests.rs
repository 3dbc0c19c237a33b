//! The right client, and that no wrong one is right.

use super::{
    super::{CLIENT_MUTANTS, ClientManner, NullClient, testing::*},
    battery, talks, *,
};
use crate::{
    frame::{Frame, Key, Parsed, parse},
    world::Connect,
};

fn right() -> ModelClient {
    ModelClient::new(ClientConfig::default(), ClientKind::Right(Vec::new()))
}

fn reply(client: &mut ModelClient) -> Option<Reply> {
    client.reply(SECOND).expect("it speaks")
}

fn class(client: &mut ModelClient) -> Option<String> {
    match reply(client) {
        Some(Reply::Error { class, .. }) => class,
        other => panic!("an error, not {other:?}"),
    }
}

fn dispatch(client: &mut ModelClient, name: &str) {
    let command = Command::Dispatch {
        name: name.into(),
        payload: b"payload".into(),
    };
    client.command(&command).expect("it takes commands");
}

fn sent(link: &mut dyn Link, key: Option<&Key>) -> Frame {
    // Whoever waits for an answer may not do so for long.
    let chunks = std::iter::from_fn(|| link.read(Duration::ZERO));
    let pieces = chunks.map(|chunk| match chunk {
        Chunk::Bytes(bytes) => bytes,
        other => panic!("a frame, not {other:?}"),
    });
    let bytes = pieces.collect::<Vec<_>>().concat();
    match parse(&bytes, key) {
        Parsed::Frame(frame, used) if used == bytes.len() => frame,
        other => panic!("one frame, not {other:?}"),
    }
}

/// A client that has made its connection.
fn connected(client: &mut ModelClient, key: Option<&Key>) -> Box<dyn Link> {
    let connect = Connect {
        key: key.cloned(),
        limit: Some(100),
        ..Connect::default()
    };
    client
        .command(&Command::Connect(connect))
        .expect("it takes commands");
    let link = client.accept(SECOND).expect("it connects");
    let mut link = link.expect("it connects");
    let check = sent(&mut *link, key);
    assert_eq!(
        (check.status, &check.name[..], &check.payload[..]),
        (0, &b"PROTOCHECK"[..], &[0][..])
    );
    link.write(&frame(200, check.sequence, b"PROTOCHECK", &[0], key))
        .expect("taken");
    assert_eq!(reply(client), Some(Reply::Connected));
    link
}

#[test]
fn it_connects_and_hands_on_every_status() {
    for key in [None, Some(key())] {
        let mut client = right();
        let mut link = connected(&mut client, key.as_ref());
        for (sequence, status) in (2..).zip([200, 201, 400, 9101]) {
            dispatch(&mut client, "echo");
            let request = sent(&mut *link, key.as_ref());
            assert_eq!((request.status, request.sequence), (0, sequence));
            assert_eq!(
                (&request.name[..], &request.payload[..]),
                (&b"echo"[..], &b"payload"[..])
            );
            let answer = frame(status, sequence, b"echo", b"answer", key.as_ref());
            for byte in answer {
                link.write(&[byte]).expect("taken");
            }
            let payload = b"answer".to_vec();
            assert_eq!(reply(&mut client), Some(Reply::Answer { status, payload }));
        }
    }
}

#[test]
fn every_error_has_its_class_and_ends_the_connection() {
    let key = key();
    let bad_mac = |frame: Vec<u8>| [frame, vec![b'A'; 43], b"=".to_vec()].concat();
    let signed = |status, sequence, name: &[u8]| frame(status, sequence, name, b"", Some(&key));
    let cases = [
        ("limit", claim(9, b"other", 101)),
        ("mac", bad_mac(frame(198, 9, b"other", b"", None))),
        ("notice", signed(198, 9, b"other")),
        ("notice", signed(498, 2, b"echo")),
        ("sequence", signed(200, 9, b"other")),
        ("name", signed(200, 2, b"other")),
    ];
    for (expected, bytes) in cases {
        let mut client = right();
        let mut link = connected(&mut client, Some(&key));
        dispatch(&mut client, "echo");
        sent(&mut *link, Some(&key));
        link.write(&bytes).expect("taken");
        assert_eq!(class(&mut client).as_deref(), Some(expected));
        assert_eq!(drain(&mut *link), [Chunk::End(Ending::Fin)]);
        dispatch(&mut client, "echo");
        assert_eq!(class(&mut client).as_deref(), Some("closed"));
        link.write(b"x").expect_err("closed");
        assert_eq!(client.reserved_bytes(), 0);
    }
}

#[test]
fn an_end_is_an_error_wherever_it_comes() {
    for how in [Ending::Fin, Ending::Reset, Ending::Cut] {
        for cut in [0, 5, 16, 20] {
            let mut client = right();
            let mut link = connected(&mut client, None);
            dispatch(&mut client, "echo");
            sent(&mut *link, None);
            link.write(&frame(200, 2, b"echo", b"payload", None)[..cut])
                .expect("taken");
            link.close(how);
            assert_eq!(class(&mut client).as_deref(), Some("transport"));
            dispatch(&mut client, "echo");
            assert_eq!(class(&mut client).as_deref(), Some("closed"));
        }
    }
}

#[test]
fn what_it_must_not_send_is_an_error_of_usage() {
    let config = ClientConfig {
        server_limit: Some(6),
        ..ClientConfig::default()
    };
    let mut client = ModelClient::new(config, ClientKind::Right(Vec::new()));
    let mut link = connected(&mut client, None);
    dispatch(&mut client, "echo");
    assert_eq!(class(&mut client).as_deref(), Some("usage"));
    dispatch(&mut client, &"n".repeat(256));
    assert_eq!(class(&mut client).as_deref(), Some("usage"));
    assert_eq!(drain(&mut *link), []);
}

#[test]
fn a_mismatch_names_status_and_version() {
    for (status, payload) in [(497, &[1][..]), (200, &[1]), (200, &[]), (400, &[0])] {
        let mut client = right();
        let connect = Command::Connect(Connect::default());
        client.command(&connect).expect("it takes commands");
        let mut link = client
            .accept(SECOND)
            .expect("it connects")
            .expect("at once");
        sent(&mut *link, None);
        link.write(&frame(status, 1, b"PROTOCHECK", payload, None))
            .expect("taken");
        let Some(Reply::Error { error, class }) = reply(&mut client) else {
            panic!("an error")
        };
        assert_eq!(class.as_deref(), Some("version"));
        assert!(error.contains(&status.to_string()), "{error}");
        assert!(error.contains("version"), "{error}");
        dispatch(&mut client, "echo");
        assert_eq!(drain(&mut *link), [Chunk::End(Ending::Fin)]);
    }
}

#[test]
fn nothing_is_sent_behind_a_refusal() {
    for status in [402, 497, 502] {
        let mut client = right();
        let mut link = connected(&mut client, None);
        dispatch(&mut client, "echo");
        sent(&mut *link, None);
        link.write(&frame(status, 2, b"echo", b"", None))
            .expect("taken");
        let payload = Vec::new();
        assert_eq!(reply(&mut client), Some(Reply::Answer { status, payload }));
        dispatch(&mut client, "echo");
        assert_eq!(class(&mut client).as_deref(), Some("closed"));
        assert_eq!(drain(&mut *link), [Chunk::End(Ending::Fin)]);
    }
}

#[test]
fn a_second_command_waits_for_the_first_answer() {
    let mut client = right();
    let mut link = connected(&mut client, None);
    dispatch(&mut client, "one");
    dispatch(&mut client, "two");
    assert_eq!(sent(&mut *link, None).name, b"one");
    link.write(&frame(200, 2, b"one", b"", None))
        .expect("taken");
    assert_eq!(sent(&mut *link, None).name, b"two");
}

#[test]
fn waiting_moves_the_clock() {
    let mut client = right();
    assert!(client.accept(SECOND).expect("no error").is_none());
    assert_eq!(reply(&mut client), None);
    assert_eq!(client.now(), 2 * SECOND);
}

#[test]
fn an_answer_that_is_late_is_waited_for_given_up_or_asked_after() {
    let late = |kind: ClientKind| {
        let mut client = ModelClient::new(ClientConfig::default(), kind);
        client
            .command(&Command::Connect(Connect::default()))
            .expect("it takes commands");
        let mut link = client
            .accept(SECOND)
            .expect("it connects")
            .expect("at once");
        let check = sent(&mut *link, None);
        link.write(&frame(200, check.sequence, &check.name, &[0], None))
            .expect("taken");
        assert_eq!(reply(&mut client), Some(Reply::Connected));
        dispatch(&mut client, "echo");
        let first = sent(&mut *link, None);
        (first, drain(&mut *link), reply(&mut client))
    };
    let (_, chunks, said) = late(ClientKind::Right(Vec::new()));
    assert_eq!((chunks, said), (vec![], None));
    let (_, chunks, said) = late(ClientKind::Right(vec![ClientManner::GivesUp]));
    assert_eq!(chunks, [Chunk::End(Ending::Fin)]);
    assert!(matches!(said, Some(Reply::Error { .. })));
    let (first, chunks, _) = late(ClientKind::Right(vec![ClientManner::Pings]));
    let ping = frame(0, first.sequence + 1, b"PROTOCHECK", &[0], None);
    assert_eq!(chunks, [Chunk::Bytes(ping)]);
    let (first, chunks, _) = late(ClientKind::Faulty(F::RepeatsWhenLate));
    assert_eq!(chunks, [Chunk::Bytes(first.to_bytes())]);
}

#[test]
fn manners_change_no_outcome() {
    let alone = ClientManner::ALL.iter().map(|manner| vec![*manner]);
    for manners in alone.chain([ClientManner::ALL.to_vec()]) {
        let kind = ClientKind::Right(manners.clone());
        let mut client = ModelClient::new(ClientConfig::default(), kind);
        client
            .command(&Command::Connect(Connect::default()))
            .expect("it takes commands");
        let mut link = client
            .accept(SECOND)
            .expect("it connects")
            .expect("at once");
        for name in ["PROTOCHECK", "one", "two"] {
            let request = sent(&mut *link, None);
            let answer = frame(200, request.sequence, name.as_bytes(), &[0], None);
            link.write(&answer).expect("taken");
            let expected = match name {
                "PROTOCHECK" => Reply::Connected,
                _ => Reply::Answer {
                    status: 200,
                    payload: vec![0],
                },
            };
            assert_eq!(reply(&mut client), Some(expected), "{manners:?}");
            dispatch(&mut client, if name == "one" { "two" } else { "one" });
        }
    }
}

#[test]
fn null_clients_are_what_they_are_called() {
    for null in NullClient::ALL {
        let mut client = ModelClient::new(ClientConfig::default(), ClientKind::Null(*null));
        client
            .command(&Command::Connect(Connect::default()))
            .expect("it takes commands");
        dispatch(&mut client, "echo");
        let link = client.accept(SECOND).expect("no error");
        let replies: Vec<_> = std::iter::from_fn(|| reply(&mut client)).collect();
        let connects = matches!(
            null,
            NullClient::Garbage | NullClient::Silent | NullClient::Closes
        );
        assert_eq!(link.is_some(), connects, "{null:?}");
        assert_eq!(
            replies.len(),
            if *null == NullClient::Silent { 0 } else { 2 },
            "{null:?}"
        );
        if let Some(mut link) = link {
            let mut bytes = Vec::new();
            for chunk in drain(&mut *link) {
                match chunk {
                    Chunk::Bytes(more) => bytes.extend(more),
                    other => assert_eq!(other, Chunk::End(Ending::Fin)),
                }
            }
            assert!(
                !matches!(parse(&bytes, None), Parsed::Frame(..)),
                "{null:?}"
            );
        }
    }
}

#[test]
fn no_mutant_behaves_like_the_right_client() {
    let right = ClientKind::Right(Vec::new());
    let talks = talks::talks();
    let seen: Vec<_> = talks
        .iter()
        .map(|talk| battery::hold(&right, talk))
        .collect();
    let is_alike = |kind: &ClientKind| {
        let mut both = talks.iter().zip(&seen);
        both.all(|(talk, seen)| battery::hold(kind, talk) == *seen)
    };
    assert!(is_alike(&right), "it is the same every time");
    let alike: Vec<&str> = CLIENT_MUTANTS
        .iter()
        .filter(|mutant| is_alike(&ClientKind::Faulty(mutant.fault)))
        .map(|mutant| mutant.name)
        .collect();
    assert!(alike.is_empty(), "nothing tells these apart: {alike:?}");
}
