//! `petrel-probe send`, against the embedded server and against servers that do what they should not.

use super::{command, probe, stderr, stdout};
use petrel::wire::MacKey;
use petrel_cli::{
    DevelopmentCerts, Embedded, EmbeddedConfig,
    files::{self, Readers},
};
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    process::{Output, Stdio},
    thread,
};

fn send(words: &[&str]) -> Output {
    probe(&[&["send"], words].concat())
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn the_payload_of_the_answer_goes_to_standard_output_and_nothing_else() {
    let output = send(&["embedded", "echo", "-d", "hello"]);
    assert_eq!((stdout(&output), code(&output)), ("hello".to_owned(), 0));
    assert_eq!(stderr(&output), "");
    let output = send(&["embedded", "echo", "--hex", "00 ff:0a"]);
    assert_eq!(output.stdout, [0, 0xff, b'\n']);
    let output = send(&["embedded", "echo"]);
    assert!(output.stdout.is_empty() && code(&output) == 0);
    // A payload that looks like a flag is a payload.
    let output = send(&["embedded", "echo", "-d", "--hex"]);
    assert_eq!(stdout(&output), "--hex");
}

#[test]
fn the_payload_comes_from_a_file_or_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("payload");
    let payload: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    fs::write(&path, &payload).unwrap();
    let at = format!("@{}", path.display());
    assert!(send(&["embedded", "echo", "-d", &at]).stdout == payload);

    let mut child = command()
        .args(["send", "embedded", "echo", "-d", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let copy = payload.clone();
    let writer = thread::spawn(move || stdin.write_all(&copy).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.stdout == payload);

    assert_eq!(stdout(&send(&["embedded", "echo", "-d", "@@x"])), "@x");
    let output = send(&["embedded", "echo", "-d", "@/nowhere"]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("/nowhere"));
}

#[test]
fn another_status_than_200_is_exit_1_unless_it_is_allowed() {
    let output = send(&["embedded", "gone"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("the server answered 400 handler not found"));
    let status = |words: &[&str]| {
        let words = [&["embedded", "status", "-d", "9101"], words].concat();
        code(&send(&words))
    };
    assert_eq!(status(&[]), 1);
    assert_eq!(status(&["--allow-status", "400,9000-9999"]), 0);
    assert_eq!(status(&["--allow-status", "400"]), 1);
    assert_eq!(status(&["--allow-status", "many"]), 2);
}

#[test]
fn a_request_can_be_repeated_and_summed_up() {
    let output = send(&["embedded", "size", "-d", "3", "--repeat", "4"]);
    assert_eq!(stdout(&output), "x".repeat(12));
    let told = stderr(&output);
    assert!(
        told.contains("4 answers (4 × 200 success); fastest "),
        "{told}"
    );
}

#[test]
fn json_is_that_of_decode() {
    let words = [
        "embedded", "echo", "-d", "x", "--repeat", "2", "--format", "json",
    ];
    let output = send(&words);
    let lines = stdout(&output);
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let schema = include_str!("../../schema/petrel-probe-1.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    assert!(
        lines.iter().all(|line| validator.is_valid(line)),
        "{lines:#?}"
    );
    assert_eq!([&lines[0]["seq"], &lines[1]["seq"]], [2, 3]);
    assert_eq!(lines[1]["response"]["payload"]["data"], "x");
    assert_eq!(lines[1]["complete"], true);
}

#[test]
fn dry_run_shows_every_byte_and_connects_to_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let output = send(&[&target, "log\u{1b}", "-d", "hi", "--dry-run"]);
    let shown = stdout(&output);
    let words: Vec<Vec<&str>> = shown
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        words[0].join(" "),
        r#"would send "PROTOCHECK" #1, 22 bytes"#
    );
    assert_eq!(words[7].join(" "), r#"would send "log\u{1b}" #2, 17 bytes"#);
    assert_eq!(words[9].join(" "), "00000002 02 00 00 00 sequence 2");
    assert_eq!(words[13].join(" "), r#"0000000f 68 69 payload "hi""#);
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
    let output = send(&[&target, "n", "--dry-run", "--no-check", "--sequence", "7"]);
    assert!(stdout(&output).starts_with("would send \"n\" #7"));
}

#[test]
fn verbose_shows_every_step_on_standard_error() {
    let output = send(&["embedded", "echo", "-d", "hi", "-v"]);
    assert_eq!(stdout(&output), "hi");
    let told = stderr(&output);
    let steps: Vec<_> = told
        .lines()
        .filter(|line| line.starts_with(['*', '>', '<']))
        .collect();
    let begin = [
        "* connected to 127.0.0.1:",
        "> sent \"PROTOCHECK\" #1, 22 bytes",
        "< received \"PROTOCHECK\" #1, 22 bytes",
        "* protocol check answered in ",
        "> sent \"echo\" #2, 17 bytes",
        "< received \"echo\" #2, 17 bytes",
        "* answered in ",
    ];
    assert_eq!(steps.len(), begin.len(), "{told}");
    for (step, begin) in steps.iter().zip(begin) {
        assert!(step.starts_with(begin), "{step}");
    }
}

#[test]
fn macs_and_tls_are_those_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        files::create(&path, bytes, Readers::Owner).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let key = b"0123456789abcdef";
    let certs = DevelopmentCerts::new(&["localhost".to_owned()]).unwrap();
    let (cert, cert_key) = (certs.server.as_bytes(), certs.server_key.as_bytes());
    let tls = petrel::ServerTls::new(cert, cert_key).unwrap();
    let config = EmbeddedConfig::default().hmac_key(Some(MacKey::new(key).unwrap()));
    let server = Embedded::start(config.tls(Some(tls))).unwrap();
    let port = server.endpoint().port().unwrap();
    let target = format!("tls://127.0.0.1:{port}");
    let (ca, good) = (file("ca", certs.ca.as_bytes()), file("good", key));
    let tls = ["--tls-ca", &ca, "--tls-server-name", "localhost"];
    let words = [&[&target, "echo", "-d", "x", "-v"][..], &tls].concat();
    let output = send(&[&words[..], &["--hmac-key-file", &good]].concat());
    assert_eq!(
        (stdout(&output), code(&output)),
        ("x".to_owned(), 0),
        "{}",
        stderr(&output)
    );
    let told = stderr(&output);
    assert!(told.contains("* TLS handshake in "), "{told}");
    assert!(told.contains("MAC ok (payload only, "), "{told}");
    assert!(!told.contains("0123456789abcdef"), "{told}");

    let other = file("other", b"fedcba9876543210");
    let output = send(&[&words[..], &["--hmac-key-file", &other]].concat());
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("the keys probably differ"));
    let output = send(&[&words[..], &["--connect-timeout", "500ms"]].concat());
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("does the server expect MACs?"));
}

/// A server of one connection that reads something and then says this.
fn foreign(answer: &'static [u8]) -> (String, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let serve = move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        stream.write_all(answer).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    };
    (target, thread::spawn(serve))
}

#[test]
fn what_goes_wrong_is_told_in_one_line_with_what_may_help() {
    for (answer, text) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "looks like HTTP"),
        (b"\x15\x03\x03\x00\x02\x02\x32", "write tls://"),
        (
            b"\xc8\x00\x01\x00\x00\x00\x00\xff\xff\xff\xff",
            "over the limit",
        ),
        (
            b"",
            "the server closed the connection; the request may have been executed",
        ),
        (
            b"\xc8\x00\x01\x00\x00\x00\x01\x05\x00\x00\x00nhe",
            "inside a frame",
        ),
        (
            b"\xc8\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00n",
            "sequence number 2",
        ),
        (
            b"\xf2\x01\x01\x00\x00\x00\x01\x03\x00\x00\x00nEOF",
            "notice",
        ),
    ] {
        let (target, server) = foreign(answer);
        let output = send(&[&target, "n", "--no-check"]);
        server.join().unwrap();
        let told = stderr(&output);
        assert_eq!((code(&output), told.lines().count()), (3, 1), "{told}");
        assert!(told.contains(text), "{told}");
        assert!(output.stdout.is_empty());
    }
    let (target, server) = foreign(b"\xf1\x01\x01\x00\x00\x00\x0a\x01\x00\x00\x00PROTOCHECK\x07");
    let output = send(&[&target, "n"]);
    server.join().unwrap();
    assert!(
        stderr(&output).contains("speaks version 7"),
        "{}",
        stderr(&output)
    );
    let output = send(&[&target, "n"]);
    assert!(
        stderr(&output).contains("petrel serve"),
        "{}",
        stderr(&output)
    );
    let long = "n".repeat(256);
    let output = send(&["embedded", &long]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("at most 255"));
}

#[cfg(unix)]
#[test]
fn an_interrupted_send_says_so_by_its_exit_code() {
    use rustix::process::{Pid, Signal, kill_process};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let mut child = command()
        .args(["send", &target, "n", "--no-check"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    // The request is there, so it is waited for.
    stream.read_exact(&mut [0; 12]).unwrap();
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[cfg(unix)]
#[test]
fn a_name_may_be_any_bytes_and_a_unix_socket_is_a_server() {
    use std::{
        ffi::OsStr,
        os::unix::{ffi::OsStrExt, net::UnixListener},
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 13];
        stream.read_exact(&mut request).unwrap();
        assert_eq!(request[11..], [0xff, b'n']);
        request[..2].copy_from_slice(&[200, 0]);
        stream.write_all(&request).unwrap();
    });
    let output = command()
        .args(["send", &format!("unix:{}", path.display())])
        .arg(OsStr::from_bytes(b"\xffn"))
        .args(["--no-check", "--format", "text"])
        .output()
        .unwrap();
    server.join().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains(r"\xffn"), "{}", stdout(&output));
}
