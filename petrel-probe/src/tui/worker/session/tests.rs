//! The thread behind the composer, against servers on real sockets.

use super::*;
use crate::{exchange::MacState, keyring::Keyring, talk::Request};
use compose::{Entry, Msg as Told};
use petrel::wire::{Codec, Decoded, Frame, MacKey, Status};
use std::{
    io::Write,
    net::{Shutdown, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
};

fn start(setup: Setup) -> (Composer, Receiver<Msg>) {
    let (tell, told) = channel();
    (Composer::start(setup, tell).unwrap(), told)
}

fn next(told: &Receiver<Msg>) -> Told {
    match told.recv_timeout(Duration::from_secs(30)).unwrap() {
        Msg::Compose(msg) => msg,
        other => panic!("{other:?}"),
    }
}

fn route(target: &str) -> Route {
    Route {
        target: target.parse().unwrap(),
        key: None,
    }
}

fn send(route: &Route, name: &str, payload: &str, repeat: u32) -> Effect {
    Effect::Send(Box::new(Order {
        route: route.clone(),
        request: Request::new(name, payload),
        timeout: Duration::from_secs(20),
        repeat,
    }))
}

/// The answers until an order is finished.
fn answers(told: &Receiver<Msg>) -> Vec<(Status, Vec<u8>, u32)> {
    let mut answers = Vec::new();
    loop {
        match next(told) {
            Told::Answered(exchange) => {
                let response = exchange.response.as_ref().unwrap();
                let payload = response.payload().to_vec();
                answers.push((response.header.status, payload, exchange.connection));
            }
            Told::Finished => return answers,
            Told::Connecting(_) | Told::Connected(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn requests_go_over_one_connection_as_often_as_is_asked_for() {
    let (composer, told) = start(Setup::default());
    let route = route("embedded");
    composer.perform(Effect::Connect(route.clone()));
    assert!(matches!(next(&told), Told::Connecting(to) if to == route));
    let Told::Connected(took) = next(&told) else {
        panic!("there is no connection");
    };
    assert!(took.check.is_some() && took.tls.is_none());
    assert_eq!(took.exchange.unwrap().name(), b"PROTOCHECK");
    composer.perform(send(&route, "echo", "hello", 3));
    let answer = (Status::OK, b"hello".to_vec(), 1);
    assert_eq!(answers(&told), vec![answer; 3]);
    composer.perform(send(&route, "nobody", "", 1));
    assert_eq!(answers(&told), [(Status::NOT_FOUND, Vec::new(), 1)]);
}

#[test]
fn another_key_is_another_connection() {
    let mut keys = Keyring::new();
    for name in ["a", "b"] {
        keys.add(name, MacKey::new(name.as_bytes()).unwrap());
    }
    let (composer, told) = start(Setup {
        keys,
        ..Setup::default()
    });
    for (key, state) in [
        (None, MacState::None),
        (Some(1), MacState::Ok("b".into())),
        (Some(0), MacState::Ok("a".into())),
    ] {
        let route = Route {
            key,
            ..route("embedded")
        };
        composer.perform(send(&route, "echo", "x", 1));
        assert!(matches!(next(&told), Told::Connecting(to) if to == route));
        assert!(matches!(next(&told), Told::Connected(_)));
        let Told::Answered(exchange) = next(&told) else {
            panic!("there is no answer");
        };
        assert_eq!(exchange.request.unwrap().mac, state);
        assert_eq!(exchange.response.unwrap().mac, state);
        assert!(matches!(next(&told), Told::Finished));
    }
}

#[test]
fn a_server_that_goes_is_told_of_and_one_that_comes_back_is_used() {
    let server = Embedded::start(EmbeddedConfig::default()).unwrap();
    let address = server.endpoint().to_string();
    let (composer, told) = start(Setup::default());
    let route = route(&address);
    composer.perform(send(&route, "echo", "1", 1));
    assert_eq!(answers(&told).len(), 1);
    drop(server);
    // Nobody asked for anything: the connection is watched.
    assert!(matches!(next(&told), Told::Lost(_)));
    composer.perform(send(&route, "echo", "2", 1));
    assert!(matches!(next(&told), Told::Connecting(_)));
    let Told::Refused(why) = next(&told) else {
        panic!("nobody should listen");
    };
    assert!(why.contains(&address), "{why}");
    assert!(matches!(next(&told), Told::Finished));

    let listener = TcpListener::bind(&address).unwrap();
    let serving = thread::spawn(move || serve(&listener, 2));
    composer.perform(send(&route, "name", "3", 1));
    assert_eq!(answers(&told), [(Status::OK, b"3".to_vec(), 3)]);
    drop(composer);
    serving.join().unwrap();
}

/// Answers so many requests of a connection with their payload, then ends it.
fn serve(listener: &TcpListener, requests: usize) {
    let (mut stream, _) = listener.accept().unwrap();
    for _ in 0..requests {
        let (sequence, name, mut payload) = read_request(&mut stream);
        if name == petrel::wire::PROTOCOL_CHECK.as_bytes() {
            payload = vec![0];
        }
        let answer = Frame {
            status: Status::OK,
            sequence,
            name: &name,
            payload: &payload,
        };
        let mut bytes = Vec::new();
        Codec::new().encode(&answer, &mut bytes).unwrap();
        stream.write_all(&bytes).unwrap();
    }
    let _ = stream.shutdown(Shutdown::Both);
}

fn read_request(stream: &mut TcpStream) -> (u32, Vec<u8>, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        if let Decoded::Frame { frame, .. } = Codec::new().decode(&bytes).unwrap() {
            return (frame.sequence, frame.name.to_vec(), frame.payload.to_vec());
        }
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.extend(byte);
    }
}

#[test]
fn a_server_that_ends_its_connections_is_connected_to_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = thread::spawn(move || {
        for _ in 0..3 {
            serve(&listener, 2);
        }
    });
    let (composer, told) = start(Setup::default());
    for connection in 1..=3 {
        composer.perform(send(&route(&address), "name", "x", 1));
        assert_eq!(answers(&told), [(Status::OK, b"x".to_vec(), connection)]);
        assert!(matches!(next(&told), Told::Lost(_)));
    }
    serving.join().unwrap();
}

#[test]
fn what_takes_too_long_can_be_given_up() {
    let (composer, told) = start(Setup::default());
    let route = route("embedded");
    composer.perform(send(&route, "sleep", "600000", 1));
    assert!(matches!(next(&told), Told::Connecting(_)));
    assert!(matches!(next(&told), Told::Connected(_)));
    composer.perform(Effect::Stop);
    assert!(matches!(next(&told), Told::Failed { why, .. } if why.starts_with("given up")));
    assert!(matches!(next(&told), Told::Lost(_)));
    assert!(matches!(next(&told), Told::Finished));
    composer.perform(send(&route, "null", "", 1));
    assert_eq!(answers(&told), [(Status::OK, Vec::new(), 2)]);
}

#[test]
fn no_answer_in_time_is_a_failure_with_what_there_is() {
    let (composer, told) = start(Setup::default());
    let Effect::Send(mut order) = send(&route("embedded"), "sleep", "600000", 2) else {
        unreachable!();
    };
    order.timeout = Duration::from_millis(1);
    composer.perform(Effect::Send(order));
    assert!(matches!(next(&told), Told::Connecting(_)));
    assert!(matches!(next(&told), Told::Connected(_)));
    let Told::Failed { why, exchange } = next(&told) else {
        panic!("there is an answer");
    };
    assert!(why.contains("1ms"), "{why}");
    assert!(exchange.unwrap().response.is_none());
    assert!(matches!(next(&told), Told::Lost(_)));
    assert!(matches!(next(&told), Told::Finished));
}

#[test]
fn files_are_read_and_what_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("payload");
    std::fs::write(&path, b"\0payload").unwrap();
    let (composer, told) = start(Setup::default());
    for (path, generation) in [(path, 1), (folder.path().into(), 2), ("/no/such".into(), 3)] {
        composer.perform(Effect::ReadFile { path, generation });
    }
    let mut results = Vec::new();
    for expected in 1..=3 {
        let Told::FileRead { generation, bytes } = next(&told) else {
            panic!("no file was read");
        };
        assert_eq!(generation, expected);
        results.push(bytes);
    }
    assert_eq!(results[0], Ok(b"\0payload".to_vec()));
    assert!(
        results[1]
            .as_ref()
            .unwrap_err()
            .ends_with(": it is no file")
    );
    assert!(results[2].as_ref().unwrap_err().starts_with("/no/such: "));
}

#[test]
fn what_was_sent_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup {
        history: Some(folder.path().join("history.jsonl")),
        ..Setup::default()
    };
    let entry = Entry {
        target: "h:1".into(),
        name: "login".into(),
    };
    let (composer, told) = start(setup.clone());
    assert!(matches!(next(&told), Told::Remembered(entries) if entries.is_empty()));
    composer.perform(Effect::Remember(entry.clone()));
    // What is read behind it tells that it was written.
    let path = folder.path().join("none");
    composer.perform(Effect::ReadFile {
        path,
        generation: 1,
    });
    assert!(matches!(next(&told), Told::FileRead { .. }));
    let (_other, told) = start(setup);
    assert!(matches!(next(&told), Told::Remembered(entries) if entries == [entry]));
}

#[derive(clap::Parser)]
struct Tls {
    #[command(flatten)]
    args: petrel_cli::ClientTlsArgs,
}

#[test]
fn under_tls_it_trusts_whom_it_is_told_to() {
    let certs = petrel_cli::DevelopmentCerts::new(&["localhost".to_owned()]).unwrap();
    let tls = petrel::ServerTls::new(certs.server.as_bytes(), certs.server_key.as_bytes());
    let config = EmbeddedConfig::default().tls(Some(tls.unwrap()));
    let server = Embedded::start(config).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &certs.ca).unwrap();
    let words = ["x", "--tls-server-name", "localhost", "--tls-ca"];
    let words = words
        .map(Into::into)
        .into_iter()
        .chain([ca.into_os_string()]);
    let setup = Setup {
        tls: <Tls as clap::Parser>::parse_from(words).args,
        ..Setup::default()
    };
    let route = route(&server.endpoint().to_string());
    let (composer, told) = start(setup);
    composer.perform(Effect::Connect(route.clone()));
    assert!(matches!(next(&told), Told::Connecting(_)));
    assert!(matches!(next(&told), Told::Connected(took) if took.tls.is_some()));
    composer.perform(send(&route, "echo", "x", 1));
    assert_eq!(answers(&told), [(Status::OK, b"x".to_vec(), 1)]);
    // Without anybody to trust it says what to give.
    let (composer, told) = start(Setup::default());
    composer.perform(Effect::Connect(route));
    assert!(matches!(next(&told), Told::Connecting(_)));
    assert!(matches!(next(&told), Told::Refused(why) if why.contains("--tls-ca")));
}
