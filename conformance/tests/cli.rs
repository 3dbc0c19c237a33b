//! The program: exit codes, error lines, and what it does to a terminal.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener},
    process::{Command, Output},
    thread,
};

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_petrel-conformance"))
        .args(arguments)
        .env_remove("PETREL_TEST_KEY")
        .output()
        .expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("its output is UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("its errors are UTF-8")
}

/// A peer that answers every connection with the same bytes and ends it. Its thread ends with the
/// test program.
fn parrot(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // The suite may be gone already; that is its affair.
            let _ = stream.write_all(&answer);
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    address
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [
        &["server"][..],
        &["server", ""],
        &["server", "localhost"],
        &["server", "127.0.0.1:0"],
        &["server", "127.0.0.1:99999"],
        &["server", "unix:relative"],
        &["server", "tls://127.0.0.1:1"],
        &["server", "--exec", "no port"],
        &["server", "127.0.0.1:1", "--exec", "x {port}"],
        &["client"],
        &["client", "127.0.0.1:1"],
        &["codec"],
        &["show", "PC-9999"],
        &["list", "--clause", "P-999"],
        &["list", "--only", "PC-0001@quick"],
        &["list", "--report", "yaml:x"],
        &["list", "--time-scale", "0"],
        &["server", "embedded", "--segmentation", "halves"],
        &["server", "127.0.0.1:1", "--hmac-target", "127.0.0.1:2"],
        &["server", "127.0.0.1:1", "--hmac-key-env", "PETREL_TEST_KEY"],
        &[
            "server",
            "127.0.0.1:1",
            "--hmac-target",
            "127.0.0.1:2",
            "--hmac-key-env",
            "PETREL_TEST_KEY",
        ],
        &["server", "127.0.0.1:1", "--hmac-target", "embedded"],
        &["server", "127.0.0.1:1", "--echo", ""],
        &["server", "embedded", "--limit", "5"],
        &["--format", "yaml", "list"],
        &["--max-time", "0", "list"],
        &["unknown"],
    ] {
        let output = program(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty(), "{arguments:?}: data on stdout");
        let line = stderr(&output);
        assert!(
            line.starts_with("petrel-conformance: ") && line.lines().count() == 1,
            "{arguments:?}: one line says why, not {line}"
        );
    }
}

#[test]
fn a_target_that_is_not_there_is_exit_code_3() {
    // The port was free a moment ago, and nothing listens on it now.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    drop(listener);
    let output = program(&["server", &address]);
    assert_eq!(output.status.code(), Some(3));
    let line = stderr(&output);
    assert!(line.contains(&format!("cannot reach {address}")), "{line}");
    let missing = [
        "server",
        "127.0.0.1:1",
        "--hmac-target",
        "127.0.0.1:2",
        "--hmac-key-file",
        "/no/key",
    ];
    assert_eq!(program(&missing).status.code(), Some(3));
}

#[test]
fn nothing_judged_is_exit_code_4() {
    let output = program(&["server", "127.0.0.1:1", "--only", "no such case"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    // The only selected case needs fixtures, which nobody declared.
    let output = program(&["server", &parrot(Vec::new()), "--only", "PC-0100"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("1 × needs the fixtures (--fixtures)"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn the_cases_can_be_listed() {
    let output = program(&["list", "--only", "limits"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("PC-0027"), "{}", stdout(&output));
    assert!(!stdout(&output).contains("PC-0001"), "{}", stdout(&output));
    let output = program(&["list", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["schema"], "petrel-conformance/1");
    assert_eq!(document["cases"][0]["id"], "PC-0001");
}

#[test]
fn a_failure_shows_its_evidence_and_nothing_raw() {
    // Status 200, sequence 1, a name of 10 bytes that would clear the screen, payload "\0".
    let mut frame = vec![200, 0, 1, 0, 0, 0, 10, 1, 0, 0, 0];
    frame.extend(b"\x1b[2J\x1b[31m!\0");
    let address = parrot(frame);
    let output = program(&["server", &address, "--only", "PC-0001@plain/whole"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(
        !text.contains('\x1b'),
        "the peer's bytes reached the terminal: {text}"
    );
    for part in [
        "fail PC-0001",
        "\nnot conformant (",
        "expected  answer 200, sequence 1, name \"PROTOCHECK\", payload \"\\x00\" (best)",
        "observed  answer 200, sequence 1, name \"\\x1b[2J",
        "  c8 00                       status 200",
        "--only PC-0001@plain/whole",
        "0 pass, 0 warn, 1 fail, 0 crash, 0 hang, 0 not run, 0 not applicable",
    ] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    let only = "PC-0001@plain/whole";
    let output = program(&["server", &address, "--only", only, "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["schema"], "petrel-conformance/1");
    assert_eq!(document["exit_code"], 1);
    assert_eq!(document["counts"]["fail"], 1);
    assert_eq!(document["results"][0]["verdict"], "fail");
    assert_eq!(document["results"][0]["name"], only);
}

#[test]
fn a_claim_of_gigabytes_is_an_error_and_no_memory() {
    let frame = vec![200, 0, 1, 0, 0, 0, 0, 255, 255, 255, 255];
    let output = program(&["server", &parrot(frame), "--only", "PC-0001"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("claims a payload of 4294967295 bytes"),
        "{}",
        stdout(&output)
    );
}

#[cfg(unix)]
#[test]
fn an_interruption_reports_what_was_found_so_far() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::{io::BufRead, process::Stdio};
    // It lets everybody connect, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let mut program = Command::new(env!("CARGO_BIN_EXE_petrel-conformance"))
        .args(["server", &address])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut output = std::io::BufReader::new(program.stdout.take().expect("a pipe"));
    let mut text = String::new();
    // The first case hangs, and is told of.
    while !text.contains("PC-0001") {
        let count = output.read_line(&mut text).expect("a line");
        assert!(count > 0, "it ended after:\n{text}");
    }
    let id = i32::try_from(program.id()).ok().and_then(Pid::from_raw);
    kill_process(id.expect("a process"), Signal::INT).expect("it runs");
    output.read_to_string(&mut text).expect("the rest");
    assert_eq!(program.wait().expect("it ends").code(), Some(130), "{text}");
    for part in [
        "hang PC-0001",
        "× the run was interrupted",
        "\ninterrupted, not conformant (",
    ] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
}

/// A peer that never comes up takes no longer than the run may; the program bounds both by itself.
#[test]
fn the_start_of_a_peer_is_bounded_by_max_time() {
    let server = &["server", "--exec", "sleep 60 # {port}", "--max-time", "1"];
    let output = program(server);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(
        said.contains("when the time of --max-time was up"),
        "{said}"
    );

    let client = &["client", "--driver", "exec sleep 60", "--max-time", "1"];
    let output = program(client);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stdout(&output).contains("the 1 s of --max-time were up"));
}

#[test]
fn shells_and_man_are_told_of_every_command() {
    let completions = program(&["completions", "bash"]);
    let script = String::from_utf8_lossy(&completions.stdout);
    assert!(
        script.contains(" -o default petrel-conformance\n"),
        "{script}"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("its path is UTF-8");
    let man = program(&["man", "--out", path]);
    assert_eq!((man.status.code(), stderr(&man)), (Some(0), String::new()));
    for command in [
        "server", "client", "codec", "list", "show", "export", "driver",
    ] {
        let path = folder
            .path()
            .join(format!("petrel-conformance-{command}.1"));
        let page = std::fs::read_to_string(path).expect("the page of every command is there");
        assert!(page.contains(&format!(".TH petrel-conformance-{command} 1 ")));
    }
}
