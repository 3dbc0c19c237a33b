//! The program as its users run it.

mod itself;
mod mangled;
mod record;
#[cfg(unix)]
mod terminal;
mod tools;

use std::{
    path::PathBuf,
    process::{Command, Output},
};

/// Runs the program with these words and gives what it printed.
fn probe(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_petrel-probe"))
        .args(words)
        .output()
        .unwrap()
}

/// Where the captures lie.
fn captures() -> PathBuf {
    root().join("petrel-probe/tests/captures")
}

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
