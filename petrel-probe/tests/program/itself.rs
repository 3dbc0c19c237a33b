//! What the program tells shells and `man`.

use std::process::{Command, Output};

fn probe(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_petrel-probe"))
        .args(words)
        .output()
        .unwrap()
}

#[test]
fn shells_and_man_are_told_of_every_command() {
    let completions = probe(&["completions", "bash"]);
    let script = String::from_utf8_lossy(&completions.stdout);
    assert!(script.contains(" -o default petrel-probe\n"), "{script}");
    let folder = tempfile::tempdir().unwrap();
    let man = probe(&["man", "--out", folder.path().to_str().unwrap()]);
    assert_eq!((man.status.code(), &man.stderr[..]), (Some(0), &b""[..]));
    for command in ["decode", "send", "replay", "record", "completions", "man"] {
        let path = folder.path().join(format!("petrel-probe-{command}.1"));
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page.contains(&format!(".TH petrel-probe-{command} 1 ")));
    }
}
