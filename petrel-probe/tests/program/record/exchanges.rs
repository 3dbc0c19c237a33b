//! What is printed while it records is what its file tells afterwards.

use super::process::{Recorder, Upstream, await_that};
use petrel::{Client, wire::MacKey};
use petrel_cli::{Embedded, EmbeddedConfig};
use petrel_probe::{
    capture::Reader,
    decode::{Decoder, DecoderConfig},
    exchange::Event,
    keyring::Keyring,
    report::{Portion, Report, json::JsonLines},
    wire::FramerConfig,
};
use serde_json::Value;
use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
    sync::Arc,
};

const KEY: &[u8] = b"a key for tests, of no worth";

/// The lines that the file gives.
fn decoded(path: &Path, key_label: &str) -> Vec<Value> {
    let mut keyring = Keyring::new();
    keyring.add(key_label, MacKey::new(KEY).unwrap());
    let framer = FramerConfig {
        keyring: Arc::new(keyring),
        ..FramerConfig::default()
    };
    let config = DecoderConfig {
        framer,
        ..DecoderConfig::default()
    };
    let mut decoder = Decoder::new(config);
    let mut reader = Reader::new(File::open(path).unwrap()).unwrap();
    let mut lines = Vec::new();
    let mut report = JsonLines::new(&mut lines, Portion::Full);
    let mut out = |event| match event {
        Event::Exchange(exchange) => report.exchange(&exchange).unwrap(),
        Event::Connection(connection) => report.connection(&connection).unwrap(),
    };
    while let Some(packet) = reader.next_packet().unwrap() {
        decoder.packet(&packet, &mut out);
    }
    decoder.finish(&mut out);
    report.flush().unwrap();
    drop(report);
    values(&String::from_utf8(lines).unwrap())
}

fn values(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_lines_printed_are_those_that_the_file_gives() {
    let folder = tempfile::tempdir().unwrap();
    let key_path = folder.path().join("mac.key");
    fs::write(&key_path, KEY).unwrap();
    let label = key_path.to_str().unwrap();
    let config = EmbeddedConfig::default().hmac_key(Some(MacKey::new(KEY).unwrap()));
    let server = Embedded::start(config).unwrap();
    let words = ["--format", "jsonl", "--hmac-key-file", label];
    let recorder = Recorder::start(&server.endpoint().to_string(), &words);
    let builder = Client::builder().hmac_key(MacKey::new(KEY).unwrap());
    let client = builder.connect_blocking(recorder.listening()).unwrap();
    let big = vec![0xff; 100_000];
    for (name, payload) in [
        ("echo", &big[..]),
        ("status", b"9101"),
        ("nope", b"{}"),
        ("size", b"70000"),
    ] {
        client.dispatch(name, payload.to_vec()).unwrap();
    }
    drop((client, server));
    let ended = recorder.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut printed = values(&ended.stdout);
    let end = printed.pop().unwrap();
    assert_eq!(
        (&end["type"], &end["exchanges"]),
        (&"end".into(), &5.into())
    );
    assert_eq!(printed.len(), 6);
    for exchange in &printed[..5] {
        assert_eq!(exchange["request"]["mac"]["key"], label, "{exchange}");
        assert_eq!(exchange["response"]["mac"]["state"], "ok");
    }
    for (printed, decoded) in printed.iter().zip(decoded(&ended.file(), label)) {
        // Apart, because the payloads would fill a screen.
        for (field, value) in printed.as_object().unwrap() {
            let is_like = *value == decoded[field];
            let shown = [value, &decoded[field]].map(|value| format!("{value:.300}"));
            assert!(is_like, "{field} of {}: {shown:?}", printed["seq"]);
        }
    }
}

#[test]
fn people_read_them_as_they_come_and_the_filter_chooses() {
    let server = Embedded::start(EmbeddedConfig::default()).unwrap();
    let words = ["--filter", "status == 400"];
    let mut recorder = Recorder::start(&server.endpoint().to_string(), &words);
    let client = Client::builder()
        .connect_blocking(recorder.listening())
        .unwrap();
    client.dispatch("echo", "seen by nobody").unwrap();
    client.dispatch("no\u{1b}[2Jthing", "").unwrap();
    let mut text = String::new();
    while !text.contains("handler not found") {
        text += &recorder.line();
    }
    assert!(
        text.contains(r"no\u{1b}[2Jthing") && !text.contains("echo"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'), "{text:?}");
    drop((client, server));
    assert_eq!(recorder.stop().code, Some(0));
}

#[test]
fn what_is_not_petrel_is_forwarded_and_recorded_all_the_same() {
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &[]);
    let mut client = recorder.connect();
    let mut server = upstream.accept();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    server.read_exact(&mut [0; 18]).unwrap();
    drop(client);
    assert_eq!(server.read(&mut [0]).unwrap(), 0);
    drop(server);
    let file = recorder.file();
    await_that(|| {
        fs::read(&file)
            .unwrap()
            .windows(5)
            .any(|bytes| bytes == b"GET /")
    });
    let ended = recorder.stop();
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.stdout.contains("connection 1 closed"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_reader_that_is_gone_ends_the_printing_and_not_the_recording() {
    let server = Embedded::start(EmbeddedConfig::default()).unwrap();
    let mut recorder = Recorder::start(&server.endpoint().to_string(), &[]);
    recorder.hang_up();
    let client = Client::builder()
        .connect_blocking(recorder.listening())
        .unwrap();
    for _ in 0..3 {
        client.dispatch("echo", "still there").unwrap();
    }
    drop((client, server));
    let ended = recorder.stop();
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    let recorded = super::recording::read_one(&ended.file());
    assert!(recorded.bytes[1].ends_with(b"still there"));
}
