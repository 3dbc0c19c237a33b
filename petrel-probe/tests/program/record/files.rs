//! The files: whose they are, and how a ring of them turns.

use super::{
    process::{Noise, Recorder, Upstream, probe},
    recording,
};
use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
};

#[test]
fn a_file_is_its_owners_and_an_existing_one_stays_as_it_is() {
    let upstream = Upstream::start().addr().to_string();
    let recorder = Recorder::start(&upstream, &[]);
    let mode = fs::metadata(recorder.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let file = recorder.file();
    let before = fs::read(&file).unwrap();
    let words = [
        "record",
        "--listen",
        "127.0.0.1:0",
        "--upstream",
        &upstream,
        "-w",
    ];
    let output = probe(&[&words[..], &[file.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(3));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("choose another name"), "{stderr}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_ring_keeps_the_newest_files_and_each_tells_of_its_connections() {
    let upstream = Upstream::start();
    let recorder = Recorder::start(&upstream.addr().to_string(), &["--ring", "3x128KiB"]);
    let mut client = recorder.connect();
    let mut server = upstream.accept();
    let bytes = Noise::new(1).bytes(1 << 20);
    let mut received = vec![0; bytes.len()];
    std::thread::scope(|scope| {
        scope.spawn(|| client.write_all(&bytes).unwrap());
        server.read_exact(&mut received).unwrap();
    });
    assert!(received == bytes);
    let ended = recorder.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let folder = fs::read_dir(ended.folder.path()).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 3);
    let mut kept = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            name.starts_with("r-000") && name.ends_with(".pcapng"),
            "{name}"
        );
        assert!(fs::metadata(&path).unwrap().len() <= 128 << 10);
        let recorded = recording::read_one(&path);
        assert!(
            recorded.comments[0].contains("from an earlier file on"),
            "{recorded:?}"
        );
        assert_eq!(recorded.missing, [0; 2]);
        kept.extend_from_slice(&recorded.bytes[0]);
    }
    assert!(kept.len() > 128 << 10 && bytes.ends_with(&kept));
}
