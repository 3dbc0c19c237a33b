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
        headline.contains("0 warn, 0 fail, 0 hang, 0 not run, 0 not applicable"),
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
        "--run",
        "handshake",
        "--format",
        "json",
    ]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["schema"], "petrel-conformance/1");
    assert_eq!(document["exit_code"], 0);
    assert_eq!(output.status.code(), Some(0));
}
