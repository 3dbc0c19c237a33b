//! Every end is passed on as it came, and the recorder's own end claims nothing.

use super::{
    process::{Recorder, Upstream, await_that},
    recording,
};
use rustix::process::Signal;
use socket2::SockRef;
use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Ends a connection with a reset.
fn reset(stream: TcpStream) {
    SockRef::from(&stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(stream);
}

#[track_caller]
fn assert_reset(stream: &mut TcpStream) {
    let error = stream.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

/// Says something both ways, so that the connection stands.
fn exchange(recorder: &Recorder, upstream: &Upstream) -> [TcpStream; 2] {
    let (mut client, mut said) = (recorder.connect(), [0; 5]);
    let mut server = upstream.accept();
    client.write_all(b"hi").unwrap();
    server.read_exact(&mut said[..2]).unwrap();
    server.write_all(b"hello").unwrap();
    client.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"hello");
    [client, server]
}

#[test]
fn a_reset_arrives_as_a_reset_and_is_recorded_as_one() {
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &[]);
    let [client, mut server] = exchange(&recorder, &upstream);
    let first = client.local_addr().unwrap();
    reset(client);
    assert_reset(&mut server);
    let [mut client, server] = exchange(&recorder, &upstream);
    let second = client.local_addr().unwrap();
    reset(server);
    assert_reset(&mut client);
    let all = recording::read(&recorder.stop().file());
    assert_eq!(all[&first].resets, [true, false]);
    assert_eq!(all[&second].resets, [false, true]);
    for recorded in all.values() {
        assert_eq!((recorded.fins, recorded.missing), ([false; 2], [0; 2]));
        assert_eq!(recorded.bytes, [&b"hi"[..], b"hello"]);
    }
}

#[test]
fn a_reset_behind_an_orderly_end_arrives_too() {
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &[]);
    let [mut client, server] = exchange(&recorder, &upstream);
    server.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
    reset(server);
    // Nobody reads or writes any more: the recorder has to look for it.
    await_that(|| client.take_error().unwrap().is_some());
    let recorded = recording::read_one(&recorder.stop().file());
    assert_eq!(
        (recorded.fins, recorded.resets),
        ([false, true], [false, true])
    );
}

#[test]
fn an_upstream_that_is_gone_resets_the_client_and_is_told() {
    let gone = Upstream::start().addr().to_string();
    let recorder = Recorder::start(&gone, &[]);
    assert_reset(&mut recorder.connect());
    let ended = recorder.stop();
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.stderr.contains(&format!("{gone} cannot be reached")),
        "{}",
        ended.stderr
    );
    let recorded = recording::read_one(&ended.file());
    assert_eq!(recorded.resets, [false, true]);
    assert!(
        recorded.comments[1].contains("cannot be reached"),
        "{recorded:?}"
    );
}

#[test]
fn when_it_is_told_to_end_open_connections_are_reset_and_stay_open_in_the_file() {
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &[]);
    let [mut client, mut server] = exchange(&recorder, &upstream);
    let addr = recorder.listening().to_owned();
    let ended = recorder.stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.contains("still open"), "{}", ended.stdout);
    assert!(
        ended.stderr.contains("1 of them still open"),
        "{}",
        ended.stderr
    );
    assert_reset(&mut client);
    assert_reset(&mut server);
    assert!(TcpStream::connect(addr).is_err());
    let recorded = recording::read_one(&ended.file());
    assert_eq!((recorded.fins, recorded.resets), ([false; 2], [false; 2]));
    assert_eq!(recorded.bytes, [&b"hi"[..], b"hello"]);
}

#[test]
fn a_killed_recorder_leaves_what_was_said_and_nobody_takes_its_end_for_an_orderly_one() {
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &[]);
    let [mut client, mut server] = exchange(&recorder, &upstream);
    let file = recorder.file();
    await_that(|| {
        fs::read(&file)
            .unwrap()
            .windows(5)
            .any(|bytes| bytes == b"hello")
    });
    recorder.signal(Signal::KILL);
    let ended = recorder.wait();
    assert_eq!(ended.code, None);
    assert_reset(&mut client);
    assert_reset(&mut server);
    assert_eq!(
        recording::read_one(&ended.file()).bytes,
        [&b"hi"[..], b"hello"]
    );
}
