//! The reference server, certified by the suite in one process.

use std::process::{Command, Output};

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_petrel-conformance"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

#[test]
fn without_arguments_the_embedded_server_is_certified() {
    let output = program(&[]);
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        err.starts_with("note: no command: certifying the reference server"),
        "it says first what it does: {err}"
    );
    assert_eq!(err.lines().count(), 1, "and nothing else: {err}");
    assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
    let headline = out.lines().last().unwrap_or_default();
    assert!(
        headline.contains("0 warn, 0 fail, 0 crash, 0 hang, 0 not run, 0 not applicable"),
        "{headline}"
    );
    assert!(
        out.lines().all(|line| line.chars().count() <= 80),
        "the table fits 80 columns:\n{out}"
    );
}

#[test]
fn the_embedded_server_can_be_named() {
    let output = program(&[
        "server",
        "embedded",
        "--only",
        "handshake",
        "--format",
        "json",
    ]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["schema"], "petrel-conformance/1");
    assert_eq!(document["exit_code"], 0);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_embedded_client_is_certified_over_every_transport() {
    for transport in ["tcp", "unix", "tls"] {
        let output = program(&[
            "client",
            "embedded",
            "--transport",
            transport,
            "--segmentation",
            "whole,bytes,joined",
            "--time-scale",
            "5",
            "--max-time",
            "600",
        ]);
        let out = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{out}");
        let counts = out.lines().last().unwrap_or_default();
        let clean = "0 warn, 0 fail, 0 crash, 0 hang, 0 not run, 0 not applicable";
        assert!(counts.contains(clean), "{transport}: {counts}");
    }
}

#[test]
fn every_report_is_written_and_known_failures_are_excused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    // Nobody listens there for long: a stranger whose every case fails.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let run = path("run.json");
    let reports = ["text", "json", "junit", "markdown", "html"]
        .map(|format| format!("{format}:{}", path(&format!("run.{format}"))));
    let mut arguments = vec!["server", &address, "--only", "PC-0001"];
    arguments.extend(
        reports
            .iter()
            .flat_map(|report| ["--report", report.as_str()]),
    );
    assert_eq!(program(&arguments).status.code(), Some(1));
    for report in &reports {
        let (_, path) = report.split_once(':').expect("a path");
        let text = std::fs::read_to_string(path).expect("it was written");
        assert!(text.contains("PC-0001"), "{path}:\n{text}");
    }
    // The same run, with its failures listed.
    let list = path("expected.toml");
    let blessed = program(&[
        "bless",
        &run,
        &list,
        "--reason",
        "it closes every connection",
    ]);
    assert_eq!(blessed.status.code(), Some(0), "{blessed:?}");
    let output = program(&["server", &address, "--only", "PC-0001", "--expected", &list]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // Against a right server the list is out of date.
    let stale = program(&[
        "server",
        "embedded",
        "--only",
        "PC-0001",
        "--expected",
        &list,
    ]);
    assert_eq!(stale.status.code(), Some(1), "{stale:?}");
    let out = String::from_utf8_lossy(&stale.stdout);
    assert!(out.contains("is listed, but passes"), "{out}");
    // A run differs from another, and not from itself.
    let right = path("right.json");
    let report = format!("json:{right}");
    let again = program(&[
        "server", "embedded", "--only", "PC-0001", "--report", &report,
    ]);
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    assert_eq!(program(&["diff", &run, &run]).status.code(), Some(0));
    assert_eq!(program(&["diff", &run, &right]).status.code(), Some(1));
}

/// The record of a whole run has megabytes.
#[test]
fn a_whole_run_is_compared_with_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.json");
    let path = path.to_str().expect("UTF-8");
    let report = format!("json:{path}");
    let mut arguments = vec!["server", "embedded", "--report", &report];
    arguments.extend(["--time-scale", "5", "--segmentation", "whole,header"]);
    assert_eq!(program(&arguments).status.code(), Some(0));
    let output = program(&["diff", path, path]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_case_is_shown_with_its_bytes() {
    let output = program(&["show", "pc-0001"]);
    let out = String::from_utf8_lossy(&output.stdout);
    for part in ["P-044 MUST", "[[case]]", "name \"PROTOCHECK\"", "00 00"] {
        assert!(out.contains(part), "`{part}` is missing in:\n{out}");
    }
    assert_eq!(output.status.code(), Some(0));
}
