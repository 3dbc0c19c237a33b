//! How `petrel serve` ends when it is asked to.
#![cfg(unix)]

use crate::{
    exchange::{answer, request},
    process::{Folder, Serving, command},
};
use rustix::process::Signal;
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    process::{Command, Stdio},
};

/// Longer than any test waits.
const HOUR: &str = "3600000";

/// A server whose one client is in the middle of a request that takes so many milliseconds.
fn busy(folder: &Folder, millis: &str, args: &[&str]) -> (Serving, UnixStream) {
    let path = folder.path("socket");
    let unix = format!("unix:{path}");
    let serve = ["serve", "--listen", &unix];
    let serving = Serving::spawn(&mut command(&[&serve[..], args].concat()), 1);
    let mut stream = UnixStream::connect(&path).unwrap();
    // Both requests come in one piece: with the answer to the first, the second is under way.
    let mut bytes = request(1, "echo", b"x");
    bytes.extend(request(2, "sleep", millis.as_bytes()));
    stream.write_all(&bytes).unwrap();
    assert_eq!(answer(&mut stream, 0).sequence, 1);
    (serving, stream)
}

#[test]
fn either_signal_ends_an_idle_server_cleanly() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut serving = Serving::start(&[]);
        serving.signal(signal);
        let ended = serving.wait();
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    }
}

#[test]
fn a_drain_that_has_to_cut_is_no_clean_end() {
    let folder = Folder::new();
    let (mut serving, _stream) = busy(&folder, HOUR, &["--drain-timeout", "1ms", "--log", "off"]);
    serving.signal(Signal::TERM);
    let ended = serving.wait();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let line = "petrel: connections that were cut before they came to an end: 1; --drain-timeout";
    assert!(ended.stderr.starts_with(line), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
}

/// Also while it waits for open files to become free.
#[test]
fn a_server_without_open_files_ends_cleanly() {
    let folder = Folder::new();
    let path = folder.path("socket");
    let unix = format!("unix:{path}");
    let serve = ["serve", "--listen", &unix, "--connections-max", "1000"];
    let pause = [
        "--accept-backoff-min",
        "1day",
        "--accept-backoff-max",
        "1day",
    ];
    let direct = command(&[&serve[..], &pause].concat());
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -n 40 && exec \"$0\" \"$@\""])
        .arg(direct.get_program())
        .args(direct.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut serving = Serving::spawn(&mut limited, 1);
    let clients: Vec<_> = (0..60)
        .map(|_| UnixStream::connect(&path).unwrap())
        .collect();
    serving.logs("cannot accept connections");
    serving.signal(Signal::TERM);
    drop(clients);
    let ended = serving.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// Nobody can take the end of a killed process for an orderly one, which would say that the request
/// was not executed.
#[test]
fn a_server_that_is_killed_resets_its_connections() {
    let serving = Serving::start(&[]);
    let mut stream = TcpStream::connect(serving.endpoints()[0]).unwrap();
    let mut bytes = request(1, "echo", b"x");
    bytes.extend(request(2, "sleep", HOUR.as_bytes()));
    stream.write_all(&bytes).unwrap();
    assert_eq!(answer(&mut stream, 0).sequence, 1);
    serving.signal(Signal::KILL);
    let end = stream.read(&mut [0]).unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = Folder::new();
    let (mut serving, _stream) = busy(&folder, HOUR, &["--drain-timeout", "1day"]);
    serving.signal(Signal::TERM);
    serving.signal(Signal::INT);
    assert_eq!(serving.wait().code, Some(1));
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let folder = Folder::new();
    let (mut serving, mut stream) = busy(&folder, "100", &["--drain-timeout", "1day"]);
    serving.signal(Signal::TERM);
    let last = answer(&mut stream, 0);
    assert_eq!((last.status, last.sequence), (200, 2));
    drop(stream);
    assert_eq!(serving.wait().code, Some(0));
}
