//! The program as its users run it: by its output and its exit code.

mod decode;

use std::{
    path::PathBuf,
    process::{Command, Output},
};

/// The program, to be given words.
fn probe() -> Command {
    Command::new(env!("CARGO_BIN_EXE_petrel-probe"))
}

/// Runs the program with these words and gives what it printed.
fn run(words: &[&str]) -> Output {
    probe().args(words).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A capture that was recorded from the original programs.
fn capture(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    folder.join(name).into_os_string().into_string().unwrap()
}
