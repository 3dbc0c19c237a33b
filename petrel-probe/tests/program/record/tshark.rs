//! What tshark makes of a recording.

use super::process::{Noise, Recorder, Upstream, await_that};
use rustix::process::Signal;
use std::{
    fmt::Write as _,
    io::{Read, Write},
    net::Shutdown,
    path::Path,
    process::Command,
};

/// Whether tshark is there; without it that is a failure only where it is required.
fn has_tshark() -> bool {
    let version = Command::new("tshark").arg("--version").output();
    let found = version.is_ok_and(|output| output.status.success());
    if !found {
        let required = std::env::var_os("PETREL_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(
            !required,
            "tshark is required by PETREL_REQUIRE_TOOLS=1 and was not found"
        );
        eprintln!("SKIPPED: tshark was not found, nobody else has read the recording");
    }
    found
}

/// What tshark prints about a file, checksums checked.
fn tshark(file: &Path, words: &[&str]) -> String {
    let output = Command::new("tshark")
        .args([
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "ip.check_checksum:TRUE",
        ])
        .arg("-r")
        .arg(file)
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What tshark finds wrong: packets that do not parse, checksums, segments that are missing or come
/// twice. That a connection begins and ends is no fault.
fn faults(file: &Path) -> String {
    let is_wrong = "_ws.malformed || tcp.analysis.flags || tcp.checksum.status == 0 || \
                    ip.checksum.status == 0 || _ws.expert.severity >= 0x600000";
    tshark(file, &["-Y", is_wrong])
}

/// The bytes of a stream as tshark puts them together: the client's, the server's.
fn follow(file: &Path, stream: usize) -> [String; 2] {
    let text = tshark(file, &["-q", "-z", &format!("follow,tcp,raw,{stream}")]);
    let mut sides = [String::new(), String::new()];
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with("Node 1"))
        .skip(1);
    for line in lines.take_while(|line| !line.starts_with('=')) {
        match line.strip_prefix('\t') {
            Some(bytes) => sides[1] += bytes,
            None => sides[0] += line,
        }
    }
    sides
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn tshark_reads_every_byte_and_finds_nothing_wrong() {
    if !has_tshark() {
        return;
    }
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &["--quiet"]);
    let mut noise = Noise::new(1);
    let mut sent = Vec::new();
    for _ in 0..3 {
        let mut client = recorder.connect();
        let mut server = upstream.accept();
        let mut said = [String::new(), String::new()];
        for len in [1, 70_000, 3, 1 << 20] {
            let bytes = noise.bytes(len);
            let mut read = vec![0; len];
            for (number, ends) in [(0, [&client, &server]), (1, [&server, &client])] {
                let [mut from, mut to] = ends;
                std::thread::scope(|scope| {
                    scope.spawn(|| from.write_all(&bytes).unwrap());
                    to.read_exact(&mut read).unwrap();
                });
                said[number] += &hex(&read);
            }
        }
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
        drop(server);
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        sent.push(said);
    }
    let ended = recorder.stop();
    assert_eq!(faults(&ended.file()), "");
    for (stream, sent) in sent.iter().enumerate() {
        assert!(
            follow(&ended.file(), stream) == *sent,
            "stream {stream} differs"
        );
    }
    let comments = tshark(
        &ended.file(),
        &["-Y", "frame.comment contains \"forwarded by\""],
    );
    assert_eq!(comments.lines().count(), 3);
}

#[test]
fn tshark_reads_what_a_killed_recorder_left() {
    if !has_tshark() {
        return;
    }
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &["--quiet"]);
    let mut client = recorder.connect();
    let mut server = upstream.accept();
    let bytes = Noise::new(1).bytes(10_000);
    client.write_all(&bytes).unwrap();
    server.read_exact(&mut vec![0; bytes.len()]).unwrap();
    let file = recorder.file();
    let is_written = || std::fs::metadata(&file).unwrap().len() > bytes.len() as u64;
    await_that(is_written);
    recorder.signal(Signal::KILL);
    let ended = recorder.wait();
    assert_eq!(faults(&ended.file()), "");
    assert_eq!(follow(&ended.file(), 0), [hex(&bytes), String::new()]);
}
