//! `petrel-probe replay`: what was recorded from the original programs, against servers that answer alike
//! and otherwise.

use super::{capture, command, probe, stderr, stdout};
use petrel::{Request, Server, ServerHandle, wire::Status};
use petrel_cli::files::{self, Readers};
use serde_json::Value;
use std::{fs::File, net::TcpListener, process::Output, sync::mpsc, thread};

fn replay(words: &[&str]) -> Output {
    probe(&[&["replay"], words].concat())
}

/// The document, and the exit code.
fn json(words: &[&str]) -> (Value, i32) {
    let output = replay(&[words, &["--format", "json"]].concat());
    let document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    let schema = include_str!("../../schema/petrel-probe-replay-1.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    assert!(validator.is_valid(&document), "{document:#}");
    (document, output.status.code().unwrap())
}

/// A server with the handlers of the capture, ended when dropped.
struct Twin {
    target: String,
    handle: ServerHandle,
    thread: Option<thread::JoinHandle<()>>,
}

impl Twin {
    /// `app` answers with this status and payload.
    fn start(status: u16, payload: &'static str) -> Self {
        let (ready, started) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let server = Server::builder()
                    .register_inline("echo", |request, reply| reply.write(request.payload()))
                    .register_inline("null", |_, reply| reply.write(b""))
                    .register(
                        "app",
                        move |_: Request| async move { (Status(status), payload) },
                    )
                    .bind("127.0.0.1:0")
                    .await
                    .unwrap();
                let handle = server.handle();
                let target = handle.local_addr().unwrap().to_string();
                ready.send((target, handle)).unwrap();
                server.run().await.unwrap();
            });
        });
        let (target, handle) = started.recv().unwrap();
        let thread = Some(thread);
        Self {
            target,
            handle,
            thread,
        }
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        self.handle.shutdown();
        self.thread.take().unwrap().join().unwrap();
    }
}

#[test]
fn a_server_that_answers_alike_is_the_same_at_any_pace() {
    let twin = Twin::start(9101, "no matches");
    for pace in ["lockstep", "max"] {
        let words = [&capture("plain.pcap"), "--to", &twin.target, "--pace", pace];
        let (document, code) = json(&words);
        assert_eq!(code, 0, "{document:#}");
        let summary = &document["summary"];
        assert_eq!(summary["requests"], 14);
        assert_eq!(summary["connections"], 3);
        assert_eq!(summary["verdicts"]["same"], 14);
        assert_eq!(summary["skipped"]["protocol-check"], 3);
    }
    let output = replay(&[&capture("plain.pcap"), "--to", &twin.target]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stdout(&output).contains("      14  same\n"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn differences_are_shown_and_give_exit_1() {
    let twin = Twin::start(9101, "two matches");
    let words = [&capture("plain.pcap"), "--to", &twin.target];
    let output = replay(&words);
    assert_eq!(output.status.code(), Some(1));
    let shown = stdout(&output);
    let expected = "connection 3 #3 app: another payload
    then 9101 application status, 10 B
    now  9101 application status, 11 B
    -no matches
    +two matches
";
    assert!(shown.starts_with(expected), "{shown}");
    let (document, code) = json(&words);
    assert_eq!(code, 1);
    let difference = &document["differences"][0];
    assert_eq!(difference["name"], "app");
    assert_eq!(difference["verdict"], "payload");
    assert_eq!(difference["recorded"]["payload"]["data"], "no matches");
    assert_eq!(difference["now"]["payload"]["data"], "two matches");
    let output = replay(&[&words[..], &["--show", "0"]].concat());
    assert!(stdout(&output).starts_with("1 more difference not shown"));
}

#[test]
fn a_capture_on_standard_input_is_replayed_like_a_file() {
    let output = command()
        .args([
            "replay",
            "-",
            "--to",
            "embedded",
            "--filter",
            "name == echo",
        ])
        .stdin(File::open(capture("plain.pcap")).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let shown = stdout(&output);
    assert!(
        shown.contains("12 of 12 requests on 3 connections"),
        "{shown}"
    );
    assert!(shown.contains("2 filtered out"), "{shown}");
}

#[test]
fn macs_are_made_anew_kept_or_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    files::create(&path, b"s3cret-key", Readers::Owner).unwrap();
    let key = path.to_str().unwrap();
    let capture = capture("hmac.pcap");
    let words = [&capture, "--to", "embedded", "--filter", "name != app"];
    let with_key = [&words[..], &["--hmac-key-file", key]].concat();
    for how in ["resign", "keep"] {
        let (document, code) = json(&[&with_key[..], &["--send-mac", how]].concat());
        assert_eq!((code, &document["macs"]), (0, &how.into()), "{document:#}");
        assert_eq!(document["summary"]["verdicts"]["same"], 3);
    }
    let (document, _) = json(&with_key);
    assert_eq!(document["macs"], "resign");
    // The embedded server has no key without one, and takes requests without MACs.
    let (document, code) = json(&[&words[..], &["--send-mac", "strip"]].concat());
    assert_eq!(code, 0, "{document:#}");
    let output = replay(&[&words[..], &["--send-mac", "resign"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--hmac-key-file"));
}

#[test]
fn another_machine_is_asked_about_and_without_a_terminal_refused() {
    let output = replay(&[&capture("plain.pcap"), "--to", "192.0.2.1:60606"]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(
        told.contains("14 requests") && told.contains("--yes"),
        "{told}"
    );
}

/// Replays on a terminal, answers the question, and gives what was shown and the exit code.
#[cfg(target_os = "linux")]
fn on_a_terminal(target: &str, answer: &str) -> (String, u32) {
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use std::io::{Read, Write};
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_petrel-probe"));
    command.args(["replay", &capture("plain.pcap"), "--to", target]);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let mut shown = Vec::new();
    let mut chunk = [0; 1024];
    let mut is_answered = false;
    // The terminal is closed with the program, which is an end or an error.
    while let Ok(len @ 1..) = reader.read(&mut chunk) {
        shown.extend_from_slice(&chunk[..len]);
        if !is_answered && String::from_utf8_lossy(&shown).contains("[y/N] ") {
            is_answered = true;
            writer.write_all(answer.as_bytes()).unwrap();
        }
    }
    let code = child.wait().unwrap().exit_code();
    (String::from_utf8(shown).unwrap(), code)
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_the_names_are_shown_and_the_answer_counts() {
    let twin = Twin::start(9101, "no matches");
    // All addresses of this machine: no loopback address, and yet here.
    let target = twin.target.replace("127.0.0.1", "0.0.0.0");
    let (shown, code) = on_a_terminal(&target, "y\n");
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("14 requests on 3 connections would be sent there"),
        "{shown}"
    );
    assert!(shown.contains("12 × \"echo\""), "{shown}");
    assert!(shown.contains("14  same"), "{shown}");
    for answer in ["\n", "n\n", "\u{4}"] {
        let (shown, code) = on_a_terminal(&target, answer);
        assert_eq!(code, 4, "{shown}");
        assert!(shown.contains("nothing was sent"), "{shown}");
    }
}

#[test]
fn who_is_not_there_and_what_holds_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    drop(listener);
    for pace in ["lockstep", "max"] {
        let output = replay(&[&capture("plain.pcap"), "--to", &target, "--pace", pace]);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
    let output = replay(&[&capture("tcpez.pcap"), "--to", &target]);
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("nothing to send"));
    let output = replay(&[&capture("tls.keys"), "--to", &target]);
    assert_eq!(output.status.code(), Some(3));
    let output = replay(&["--schema"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok());
}
