//! `petrel-probe decode`, on what was recorded from the original programs.

use super::{capture, command, probe, stderr, stdout};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Stdio},
};

/// The lines of `--format jsonl`, and the exit code.
fn lines(words: &[&str]) -> (Vec<Value>, i32) {
    let output = probe(&[&["decode", "--format", "jsonl"], words].concat());
    let lines = stdout(&output);
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    (lines.collect(), output.status.code().unwrap())
}

fn of_type<'l>(lines: &'l [Value], name: &str) -> Vec<&'l Value> {
    lines.iter().filter(|line| line["type"] == name).collect()
}

/// A key file that no warning is due for.
fn key_file(key: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    petrel_cli::files::create(&path, key, petrel_cli::files::Readers::Owner).unwrap();
    let path = path.into_os_string().into_string().unwrap();
    (folder, path)
}

#[test]
fn every_exchange_of_a_plain_capture_is_told() {
    let (lines, code) = lines(&[&capture("plain.pcap"), "--strict"]);
    assert_eq!(code, 0);
    let exchanges = of_type(&lines, "exchange");
    let count = |conn| exchanges.iter().filter(|line| line["conn"] == conn).count();
    assert_eq!([count(1), count(2), count(3)], [5, 9, 3]);
    for conn in 1..=3 {
        let mut sequences = exchanges.iter().filter(|line| line["conn"] == conn);
        let first = sequences.next().unwrap();
        assert_eq!(first["request"]["name"], "PROTOCHECK");
        assert_eq!(first["request"]["payload"]["data"], "\0");
        assert_eq!(first["seq"], 1);
        for (line, expected) in sequences.zip(2..) {
            assert_eq!(line["seq"], expected);
        }
    }
    for line in &exchanges {
        assert_eq!(line["complete"], true);
        assert_eq!(line["server"], "127.0.0.1:60606");
        assert_eq!(line["request"]["mac"], json!({"state": "none"}));
        assert!(line["rtt_us"].as_u64().unwrap() < 1000);
    }
    let greeting = exchanges
        .iter()
        .find(|line| line["conn"] == 3 && line["seq"] == 2);
    assert_eq!(
        greeting.unwrap()["response"]["payload"]["data"],
        "Grüße, 世界"
    );
    let last = exchanges
        .iter()
        .find(|line| line["conn"] == 3 && line["seq"] == 3);
    assert_eq!(last.unwrap()["response"]["status"], 9101);

    let connections = of_type(&lines, "connection");
    assert_eq!(connections.len(), 3);
    for connection in connections {
        assert_eq!(connection["start"], "handshake");
        assert_eq!(connection["end"], "closed");
        let notice = &connection["notes"][0];
        assert_eq!(
            (&notice["kind"], &notice["status"]),
            (&json!("notice"), &json!(198))
        );
        assert_eq!(notice["message"], "EOF");
    }
    let end = lines.last().unwrap();
    assert_eq!(end["type"], "end");
    assert_eq!(
        (&end["packets"], &end["exchanges"], &end["notices"]),
        (&json!(58), &json!(17), &json!(3))
    );
    assert_eq!(end["ending"], json!({"state": "complete"}));
}

#[test]
fn macs_are_ok_by_the_key_that_fits_and_bad_without_it() {
    let file = capture("hmac.pcap");
    let (_folder, key) = key_file(b"s3cret-key\n");
    let (_other_folder, other) = key_file(b"some other key of length");
    let keys = ["--hmac-key-file", &other, "--hmac-key-file", &key];
    let (told, code) = lines(&[&[file.as_str()][..], &keys].concat());
    assert_eq!(code, 1, "the second client has another key");
    let (good, refused): (Vec<_>, Vec<_>) = of_type(&told, "exchange")
        .into_iter()
        .partition(|line| line["conn"] == 1);
    assert_eq!((good.len(), refused.len()), (5, 1));
    for line in good {
        for side in ["request", "response"] {
            assert_eq!(line[side]["mac"], json!({"state": "ok", "key": key}));
        }
    }
    assert_eq!(refused[0]["request"]["mac"], json!({"state": "bad"}));
    assert_eq!(refused[0]["response"]["status"], 502);
    assert_eq!(refused[0]["response"]["mac"]["state"], "ok");
    assert_eq!(
        told.last().unwrap()["macs"],
        json!({"none": 0, "ok": 11, "bad": 1, "nokey": 0, "unchecked": 0})
    );

    let (told, code) = lines(&[&file]);
    assert_eq!(code, 0);
    assert_eq!(told.last().unwrap()["macs"]["nokey"], 12);
    let (told, code) = lines(&[&file, "--hmac-key-file", &other]);
    assert_eq!(code, 1);
    assert_eq!(told.last().unwrap()["macs"]["bad"], 12);

    let text = probe(&["decode", &file, "--hmac-key-file", &key]);
    let text = stdout(&text);
    assert!(
        text.contains(&format!("MAC ok (payload only, {key})")),
        "{text}"
    );
    assert!(
        !text.contains("verified") && !text.contains("s3cret"),
        "{text}"
    );
}

#[test]
fn a_key_may_come_from_the_environment() {
    let output = command()
        .args([
            "decode",
            &capture("hmac.pcap"),
            "--format",
            "jsonl",
            "--hmac-key-env",
            "PROBE_KEY",
        ])
        .env("PROBE_KEY", "s3cret-key")
        .output()
        .unwrap();
    assert!(stdout(&output).contains(r#""mac":{"state":"ok","key":"PROBE_KEY"}"#));
}

#[test]
fn ipv6_on_any_device_is_read() {
    let (lines, code) = lines(&[&capture("any-ipv6.pcap")]);
    assert_eq!(code, 0);
    let exchanges = of_type(&lines, "exchange");
    assert_eq!(exchanges.len(), 3);
    assert_eq!(exchanges[2]["server"], "[::1]:60611");
    assert_eq!(exchanges[2]["response"]["payload"]["data"], "teen");
}

#[test]
fn what_is_not_petrel_is_counted_with_its_reason() {
    for (file, reason) in [
        ("tls.pcap", "TLS"),
        ("tcpez.pcap", "another protocol"),
        ("goomerang.pcap", "another protocol"),
    ] {
        let output = probe(&["decode", &capture(file), "--format", "jsonl"]);
        assert_eq!(output.status.code(), Some(0));
        let end: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let skipped = end["skipped_connections"].as_object().unwrap();
        let (told, count) = skipped.iter().next().unwrap();
        assert!(told.contains(reason) && *count == 1, "{file}: {told}");
        assert!(stderr(&output).starts_with("note: no Petrel connection was found"));
    }
}

#[test]
fn a_filter_chooses_exchanges_and_their_connections() {
    let file = capture("plain.pcap");
    let expression = r#"status >= 400 || name == "echo" && payload contains "user""#;
    let (lines, code) = lines(&[&file, "--filter", expression]);
    assert_eq!(code, 0);
    let exchanges = of_type(&lines, "exchange");
    let places: Vec<_> = exchanges
        .iter()
        .map(|line| (&line["conn"], &line["seq"]))
        .collect();
    assert_eq!(places, [(&json!(1), &json!(4)), (&json!(3), &json!(3))]);
    let connections = of_type(&lines, "connection");
    let numbers: Vec<_> = connections.iter().map(|line| &line["conn"]).collect();
    assert_eq!(numbers, [1, 3]);
    let end = lines.last().unwrap();
    assert_eq!((&end["shown"], &end["exchanges"]), (&json!(2), &json!(17)));

    let output = probe(&["decode", &file, "--filter", "name == x && staus > 1"]);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(
        message.contains("in column 14: there is no field `staus`; did you mean `status`?"),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1);
}

#[test]
fn a_capture_that_was_cut_gives_what_was_read() {
    let whole = fs::read(capture("plain.pcap")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.pcap");
    fs::write(&path, &whole[..3010]).unwrap();
    let path = path.to_str().unwrap();
    let output = probe(&["decode", path, "--format", "jsonl"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stderr(&output).starts_with("warning: truncated: "),
        "{}",
        stderr(&output)
    );
    let (told, code) = lines(&[path, "--strict"]);
    assert_eq!(code, 4);
    assert_eq!(
        told.last().unwrap()["ending"],
        json!({"state": "truncated", "at": 3000})
    );
    assert_eq!(of_type(&told, "exchange").len(), 9);
    assert!(stdout(&probe(&["decode", path])).contains("truncated: the capture ends"));
}

#[test]
fn what_cannot_be_read_is_said_in_one_line() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs");
    for (file, part) in [
        (
            manifest,
            "cannot be decoded: it is text; give a pcap or pcapng file",
        ),
        ("/dev/null/none.pcap", "cannot read /dev/null/none.pcap"),
        (env!("CARGO_MANIFEST_DIR"), "a file was expected"),
    ] {
        let output = probe(&["decode", file]);
        assert_eq!(output.status.code(), Some(3), "{file}");
        let message = stderr(&output);
        assert!(message.contains(part), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        assert_eq!(stdout(&output), "");
    }
    let output = probe(&["decode", "x.pcap", "--stats", "--format", "csv"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_document_fits_the_schema_that_is_printed() {
    let schema = probe(&["decode", "--schema"]);
    assert_eq!(schema.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for file in [
        "plain.pcap",
        "hmac.pcap",
        "any-ipv6.pcap",
        "tls.pcap",
        "tcpez.pcap",
        "goomerang.pcap",
    ] {
        let file = capture(file);
        for extra in [
            &[][..],
            &["--stats"],
            &["--payload", "none"],
            &["--payload", "3"],
        ] {
            let words = [&["decode", &file, "--format", "json"], extra].concat();
            let document: Value = serde_json::from_slice(&probe(&words).stdout).unwrap();
            assert!(validator.is_valid(&document), "{file} {extra:?}");
            let (lines, _) = lines(&[&[file.as_str()], extra].concat());
            assert!(
                lines.iter().all(|line| validator.is_valid(line)),
                "{file} {extra:?}"
            );
        }
    }
}

#[test]
fn statistics_stand_in_place_of_exchanges() {
    let file = capture("plain.pcap");
    let (lines, code) = lines(&[&file, "--stats"]);
    assert_eq!((code, lines.len()), (0, 2));
    let stats = &lines[0];
    assert_eq!(stats["type"], "stats");
    assert_eq!(stats["names"][0]["name"], "echo");
    assert_eq!(stats["names"][0]["count"], 12);
    assert_eq!(stats["all"]["application"], 1);
    assert_eq!(stats["statuses"], json!({"200": 16, "9101": 1}));
    let text = stdout(&probe(&["decode", &file, "--stats"]));
    let echo = text.lines().find(|line| line.starts_with("echo")).unwrap();
    assert_eq!(echo.split_whitespace().nth(1), Some("12"), "{text}");
    assert!(text.contains("17 of 17 in 3 connections"), "{text}");
}

#[test]
fn rows_and_bytes_have_their_forms() {
    let file = capture("plain.pcap");
    let csv = stdout(&probe(&["decode", &file, "--format", "csv"]));
    assert_eq!(csv.matches("\r\n").count(), 18);
    assert!(csv.starts_with("time_ns,conn,client,server,seq,name,status,"));
    let words = [
        "decode",
        &file,
        "--format",
        "hex",
        "--filter",
        "status == 9101",
    ];
    let hex = stdout(&probe(&words));
    assert!(
        hex.contains("connection 3 answer #3 app, 24 bytes"),
        "{hex}"
    );
    assert!(hex.contains("8d 23 "), "{hex}");
    assert!(
        hex.contains("status          9101 application status"),
        "{hex}"
    );
}

#[test]
fn the_same_file_gives_the_same_output() {
    let words = ["decode", &capture("plain.pcap"), "--format", "json"];
    assert_eq!(probe(&words).stdout, probe(&words).stdout);
}

fn spawn(words: &[&str]) -> Child {
    command()
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_live_capture_is_told_as_it_comes_and_an_interruption_is_heard() {
    let bytes = fs::read(capture("plain.pcap")).unwrap();
    let mut child = spawn(&["decode", "-", "--format", "jsonl"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdin.write_all(&bytes[..3000]).unwrap();
    stdin.flush().unwrap();
    // Standard input stays open: these lines can come only because the program does not wait for more.
    let mut told = 0;
    while told < 9 {
        let mut line = String::new();
        assert_ne!(
            stdout.read_line(&mut line).unwrap(),
            0,
            "the output ended early"
        );
        told += usize::from(line.contains(r#""type":"exchange""#));
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let end: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&end["type"], &end["interrupted"]),
        (&json!("end"), &json!(true))
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(stdin);
}

#[test]
fn before_the_first_byte_an_interruption_is_heard_too() {
    let mut child = spawn(&["decode", "-", "--format", "jsonl"]);
    // It stays open: waiting for a child closes what it has of it.
    let stdin = child.stdin.take();
    // A signal that comes before the program watches for it ends it at once; later ones are caught.
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let status = child.wait().unwrap();
    assert!(matches!(status.code(), Some(130) | None), "{status}");
    drop(stdin);
}

#[test]
fn a_reader_that_is_gone_is_a_quiet_success() {
    let mut child = spawn(&["decode", "-"]);
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(&fs::read(capture("plain.pcap")).unwrap())
        .unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), stderr(&output).as_str()),
        (Some(0), "")
    );
}

#[test]
fn standard_input_gives_what_the_file_gives() {
    let bytes = fs::read(capture("plain.pcap")).unwrap();
    let mut child = spawn(&["decode", "-", "--format", "jsonl"]);
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let piped = child.wait_with_output().unwrap();
    let read = probe(&["decode", &capture("plain.pcap"), "--format", "jsonl"]);
    assert_eq!(stdout(&piped), stdout(&read));
}
