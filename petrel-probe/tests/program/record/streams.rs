//! No byte is changed, and the slower side sets the pace.

use super::{
    process::{Noise, PATIENCE, Recorder, Upstream, await_that, patient},
    recording,
};
use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
    thread,
};

/// Writes in pieces of odd lengths.
fn write_in_pieces(stream: &mut impl Write, bytes: &[u8], noise: &mut Noise) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let longest = [3, 2_000, 200_000][noise.below(3)];
        let (piece, behind) = rest.split_at(1 + noise.below(longest.min(rest.len())));
        stream.write_all(piece).unwrap();
        rest = behind;
    }
}

fn read_all(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn every_byte_arrives_both_ways_at_once_and_is_recorded() {
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &["--quiet"]);
    let client = recorder.connect();
    let server = upstream.accept();
    let sent = [1, 2].map(|seed| Noise::new(seed).bytes(3 << 20));
    let received = thread::scope(|scope| {
        let ends = [(&client, 0), (&server, 1)].map(|(stream, side)| {
            let (sent, mut noise) = (&sent, Noise::new(side as u64 + 3));
            scope.spawn(move || {
                let mut stream = stream;
                write_in_pieces(&mut stream, &sent[side], &mut noise);
                stream.shutdown(Shutdown::Write).unwrap();
            });
            scope.spawn(move || read_all(&mut { stream }))
        });
        ends.map(|end| end.join().unwrap())
    });
    assert!(received[0] == sent[1] && received[1] == sent[0]);
    let ended = recorder.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let recorded = recording::read_one(&ended.file());
    assert!(recorded.bytes == sent, "the recording differs");
    assert_eq!(recorded.missing, [0; 2]);
    assert_eq!((recorded.fins, recorded.resets), ([true; 2], [false; 2]));
}

#[test]
fn after_a_half_close_the_answer_still_comes() {
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &["--quiet"]);
    let mut client = recorder.connect();
    let mut server = upstream.accept();
    client.write_all(b"question").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_all(&mut server), b"question");
    server.write_all(b"answer").unwrap();
    drop(server);
    assert_eq!(read_all(&mut client), b"answer");
    let recorded = recording::read_one(&recorder.stop().file());
    assert_eq!(recorded.bytes, [&b"question"[..], b"answer"]);
    assert_eq!(recorded.fins, [true; 2]);
}

#[test]
fn who_does_not_read_holds_the_other_side_up() {
    const MUCH: usize = 64 << 20;
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &["--quiet"]);
    let mut client = recorder.connect();
    let mut server = upstream.accept();
    client.set_nonblocking(true).unwrap();
    let chunk = vec![7; 64 << 10];
    let mut sent = 0;
    let mut held_up_since = None;
    // What the systems' buffers hold goes out; then nothing more does, for a while.
    while sent < MUCH {
        match client.write(&chunk) {
            Ok(len) => (sent, held_up_since) = (sent + len, None),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                let since = held_up_since.get_or_insert_with(std::time::Instant::now);
                if since.elapsed() > PATIENCE / 60 {
                    break;
                }
                thread::yield_now();
            }
        }
    }
    assert!(sent < MUCH, "it takes in what nobody takes out");
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_all(&mut server).len(), sent);
    drop((client, server));
    let recorded = recording::read_one(&recorder.stop().file());
    assert_eq!(recorded.bytes[0].len(), sent);
}

#[test]
fn many_connections_at_once_are_kept_apart() {
    const COUNT: usize = 200;
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &["--quiet"]);
    let mut clients = Vec::new();
    for number in 0..COUNT {
        let mut client = recorder.connect();
        client.write_all(&number.to_le_bytes()).unwrap();
        clients.push(client);
    }
    for _ in 0..COUNT {
        let mut server = upstream.accept();
        let mut number = [0; 8];
        server.read_exact(&mut number).unwrap();
        server.write_all(&number).unwrap();
    }
    let mut addrs = Vec::new();
    for (number, mut client) in clients.into_iter().enumerate() {
        assert_eq!(read_all(&mut client), number.to_le_bytes());
        addrs.push(client.local_addr().unwrap());
    }
    let all = recording::read(&recorder.stop().file());
    assert_eq!(all.len(), COUNT);
    for (number, addr) in addrs.iter().enumerate() {
        let number = number.to_le_bytes();
        assert_eq!(all[addr].bytes, [number; 2], "of {addr}");
    }
}

#[test]
fn unix_sockets_are_recorded_under_addresses_that_are_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let listener = UnixListener::bind(path("up")).unwrap();
    let [listen, upstream] = ["listen", "up"].map(|name| format!("unix:{}", path(name).display()));
    let recorder = Recorder::start_at(&listen, &upstream, &["--quiet"]);
    assert_eq!(recorder.listening(), listen);
    for text in [&b"one"[..], b"two"] {
        let mut client = UnixStream::connect(path("listen")).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut server = listener.accept().unwrap().0;
        client.write_all(text).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_all(&mut server), text);
        drop(server);
        assert_eq!(read_all(&mut client), b"");
    }
    let ended = recorder.stop();
    assert!(!path("listen").exists(), "the socket stays behind");
    let all = recording::read(&ended.file());
    let texts: Vec<_> = all
        .values()
        .map(|connection| &connection.bytes[0][..])
        .collect();
    assert_eq!(texts, [&b"one"[..], b"two"]);
    let comment = &all.first_key_value().unwrap().1.comments[0];
    assert!(
        comment.contains("made up") && comment.contains(&upstream),
        "{comment}"
    );
}

#[test]
fn ipv6_is_recorded_as_such() {
    // Not every machine has it.
    if TcpStream::connect("[::1]:1")
        .is_err_and(|error| error.kind() != ErrorKind::ConnectionRefused)
    {
        eprintln!("SKIPPED: there is no IPv6 here");
        return;
    }
    let upstream = Upstream::start();
    let recorder = Recorder::start_at("[::1]:0", &upstream.addr().to_string(), &["--quiet"]);
    let mut client = patient(TcpStream::connect(recorder.listening()).unwrap());
    client.write_all(b"six").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let addr = client.local_addr().unwrap();
    assert_eq!(read_all(&mut upstream.accept()), b"six");
    await_that(|| client.take_error().unwrap().is_none());
    assert_eq!(read_all(&mut client), b"");
    let all = recording::read(&recorder.stop().file());
    assert_eq!(all[&addr].bytes[0], b"six");
}
