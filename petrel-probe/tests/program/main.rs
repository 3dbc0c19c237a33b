//! The program as its users run it.

mod decode;
mod itself;
mod mangled;
mod readme;
mod record;
mod replay;
mod send;
#[cfg(unix)]
mod terminal;
mod tools;

use std::{
    path::PathBuf,
    process::{Command, Output},
};

/// Runs the program with these words and gives what it printed.
fn probe(words: &[&str]) -> Output {
    command().args(words).output().unwrap()
}

/// The program, to be given words.
fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_petrel-probe"))
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A capture that was recorded from the original programs.
fn capture(name: &str) -> String {
    let path = captures().join(name);
    path.into_os_string().into_string().unwrap()
}

/// Where the captures lie.
fn captures() -> PathBuf {
    root().join("petrel-probe/tests/captures")
}

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
