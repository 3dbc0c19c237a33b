//! `petrel serve`: where it listens, and what it answers there.

use crate::{
    exchange::{answer, ask, greet},
    process::{Folder, Serving, command, petrel},
};
use petrel::wire::{Codec, Frame, MAC_LEN, MacKey, Status};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

#[test]
fn it_answers_where_it_says_it_listens() {
    for threads in ["1", "2"] {
        let serving = Serving::start(&["--threads", threads]);
        let mut stream = TcpStream::connect(serving.endpoints()[0]).unwrap();
        greet(&mut stream);
        for (name, payload, status, answer) in [
            ("null", "x", 200, ""),
            ("size", "5", 200, "xxxxx"),
            ("size", "4194305", 500, ""),
            ("sleep", "1", 200, ""),
            ("status", "9101", 9101, ""),
            ("fail", "", 500, ""),
            ("panic", "", 400, ""),
        ] {
            let answered = ask(&mut stream, name, payload.as_bytes());
            assert_eq!(answered.status, status, "{name} {payload}");
            assert_eq!(answered.payload, answer.as_bytes(), "{name} {payload}");
        }
    }
}

#[test]
fn without_a_command_it_says_so_and_serves_on_a_free_port() {
    let serving = Serving::spawn(&mut command(&[]), 1);
    let endpoint = serving.endpoints()[0].to_owned();
    assert!(endpoint.starts_with("127.0.0.1:"), "{endpoint}");
    greet(&mut TcpStream::connect(endpoint).unwrap());
    #[cfg(unix)]
    {
        let ended = serving.terminate();
        assert_eq!(ended.code, Some(0));
        assert!(
            ended
                .stderr
                .starts_with("note: no command: serving the fixtures"),
            "{ended:?}"
        );
    }
}

#[test]
fn an_address_in_use_is_named_with_what_would_help() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    petrel(&["serve", "--listen", "127.0.0.1:0", "--listen", &address])
        .failed(3, &[&address, "another program has it", "--listen"]);
    petrel(&["serve", "--listen", "unix:/nowhere/at/all"]).failed(3, &["unix:/nowhere/at/all"]);
}

#[test]
fn options_and_limits_reach_the_server() {
    let check = Serving::start(&["--require-protocol-check"]);
    let mut stream = TcpStream::connect(check.endpoints()[0]).unwrap();
    assert_eq!(ask(&mut stream, "echo", b"").status, 497);
    let limited = Serving::start(&["--allow-panic", "--payload-max", "10B", "--answer-max=20"]);
    let mut stream = TcpStream::connect(limited.endpoints()[0]).unwrap();
    assert_eq!(ask(&mut stream, "panic", b"").status, 501);
    assert_eq!(ask(&mut stream, "size", b"20").status, 200);
    assert_eq!(ask(&mut stream, "size", b"21").status, 500);
    assert_eq!(ask(&mut stream, "echo", b"0123456789").status, 200);
    assert_eq!(ask(&mut stream, "echo", b"0123456789+").status, 402);
}

#[test]
fn the_panic_that_was_asked_for_is_one_line_of_the_log() {
    let serving = Serving::start(&["--allow-panic", "--log", "error"]);
    let mut stream = TcpStream::connect(serving.endpoints()[0]).unwrap();
    assert_eq!(ask(&mut stream, "panic", b"").status, 501);
    drop(stream);
    let ended = serving.terminate();
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(
        ended.stderr.contains("the handler panicked: as asked"),
        "{ended:?}"
    );
}

#[test]
fn json_names_every_endpoint() {
    let free = "127.0.0.1:0";
    let args = [
        "serve", "--listen", free, "--listen", free, "--format", "json",
    ];
    let serving = Serving::spawn(&mut command(&args), 7);
    let json: serde_json::Value = serde_json::from_str(serving.started()).unwrap();
    assert_eq!(json["schema"], "petrel-serve/1");
    let listening = json["listening"].as_array().unwrap();
    assert_eq!(listening.len(), 2);
    for endpoint in listening {
        greet(&mut TcpStream::connect(endpoint.as_str().unwrap()).unwrap());
    }
}

/// Sends a signed echo and reads the status of the answer; 0 if the server closes without one.
fn signed_echo(endpoint: &str, key: &[u8]) -> u16 {
    let codec = Codec::new().mac_key(MacKey::new(key).unwrap());
    let (status, sequence, name, payload) = (Status::NONE, 1, &b"echo"[..], &b"hello"[..]);
    let frame = Frame {
        status,
        sequence,
        name,
        payload,
    };
    let mut bytes = Vec::new();
    codec.encode(&frame, &mut bytes).unwrap();
    let mut stream = TcpStream::connect(endpoint).unwrap();
    stream.write_all(&bytes).unwrap();
    answer(&mut stream, MAC_LEN).status
}

#[test]
fn a_key_is_the_bytes_of_its_file_less_one_newline() {
    let folder = Folder::new();
    let path = folder.file("key", b"sixteen bytes or more\n");
    let serving = Serving::start(&["--hmac-key-file", &path]);
    assert_eq!(
        signed_echo(serving.endpoints()[0], b"sixteen bytes or more"),
        200
    );
    assert_eq!(
        signed_echo(serving.endpoints()[0], b"sixteen bytes or more\n"),
        502
    );
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--hmac-key-env",
        "PETREL_TEST_KEY",
    ];
    let key = "from the environment\n";
    let serving = Serving::spawn(command(&args).env("PETREL_TEST_KEY", key), 1);
    assert_eq!(signed_echo(serving.endpoints()[0], key.as_bytes()), 200);
}

#[cfg(unix)]
#[test]
fn weak_keys_are_warned_about_and_shown_nowhere() {
    let folder = Folder::new();
    let path = folder.file("key", b"hunter2\r\n");
    crate::process::set_mode(&path, 0o644);
    let serving = Serving::start(&["--log", "trace", "--hmac-key-file", &path]);
    assert_eq!(signed_echo(serving.endpoints()[0], b"hunter2\r"), 200);
    let ended = serving.terminate();
    assert_eq!(ended.code, Some(0));
    for part in ["open to others", "chmod 600", "8 bytes", "carriage return"] {
        assert!(ended.stderr.contains(part), "{part:?} is not in {ended:?}");
    }
    assert!(
        ended
            .stderr
            .lines()
            .filter(|line| line.starts_with("warning: "))
            .count()
            == 3
    );
    assert!(!format!("{ended:?}").contains("hunter2"));
    assert!(
        !ended.stderr.contains('\u{1b}'),
        "colours are for terminals"
    );
}

#[cfg(unix)]
#[test]
fn a_good_key_is_not_warned_about() {
    let folder = Folder::new();
    let path = folder.path("key");
    assert_eq!(petrel(&["keygen", &path]).code, Some(0));
    let ended = Serving::start(&["--hmac-key-file", &path]).terminate();
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn it_serves_tcp_and_unix_sockets_at_once_and_leaves_nothing_behind() {
    use std::os::unix::net::UnixStream;
    let folder = Folder::new();
    let path = folder.path("socket");
    let unix = format!("unix:{path}");
    let args = ["serve", "--listen", &unix, "--listen", "127.0.0.1:0"];
    let serving = Serving::spawn(&mut command(&args), 2);
    let endpoints = serving.endpoints();
    assert_eq!(endpoints[0], unix);
    greet(&mut TcpStream::connect(endpoints[1]).unwrap());
    let mut stream = UnixStream::connect(&path).unwrap();
    greet(&mut stream);
    let ended = serving.terminate();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 2);
    assert!(!std::fs::exists(&path).unwrap());
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "closed in order");
}

#[cfg(target_os = "linux")]
#[test]
fn the_limit_of_open_files_is_raised() {
    let mut shell = std::process::Command::new("sh");
    shell
        .args([
            "-c",
            "ulimit -S -n 64 && exec \"$0\" serve --listen 127.0.0.1:0",
        ])
        .arg(env!("CARGO_BIN_EXE_petrel"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let serving = Serving::spawn(&mut shell, 1);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", serving.id())).unwrap();
    let row = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let mut numbers = row.split_whitespace().skip(3);
    assert_eq!(numbers.next(), numbers.next(), "{row}");
}
