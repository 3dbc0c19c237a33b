//! Wrong arguments: one line that says what was wrong and what would be right, and exit code 2.

use crate::process::{Folder, command, petrel};
use std::process::Stdio;

#[test]
fn wrong_arguments_are_named() {
    for (args, parts) in [
        (&["serv"][..], &["'serv'", "'serve'"][..]),
        (&["serve", "--liste", "x"], &["'--liste'", "'--listen'"]),
        (&["serve", "extra"], &["'extra'"]),
        (&["--log", "loud"], &["'loud'", "--log", "warn"]),
        (&["limits", "--format", "xml"], &["'xml'", "text, json"]),
        (&["keygen"], &["<FILE>"]),
        (&["certs"], &["--out <DIR>"]),
        (&["serve", "--threads", "0"], &["--threads", "1..=1024"]),
        (&["serve", "--threads", "many"], &["--threads"]),
    ] {
        petrel(args).failed(2, &[parts, &["see --help"]].concat());
    }
}

#[test]
fn what_is_no_endpoint_is_told_what_would_be_one() {
    for (endpoint, problem) in [
        ("", "it is empty"),
        ("localhost", "the port is missing"),
        ("embedded", "the port is missing"),
        ("localhost:70000", "up to 65535"),
        ("http://localhost:80", "its scheme is unknown"),
        ("unix:", "the path is missing"),
        ("a\nb:1x", r"a\nb:1x"),
    ] {
        petrel(&["serve", "--listen", endpoint]).failed(
            2,
            &["--listen", problem, "write host:port, tls://host:port"],
        );
    }
}

#[test]
fn limits_out_of_range_or_without_a_unit_are_named() {
    for (args, parts) in [
        (
            ["--payload-max", "4GiB"],
            ["--payload-max", "'4GiB'", "between 1B and 4294967295B"],
        ),
        (
            ["--payload-max", "0.5"],
            ["--payload-max", "'0.5'", "256KiB"],
        ),
        (
            ["--payload-max", "none"],
            ["--payload-max", "'none'", "4MiB"],
        ),
        (
            ["--read-chunk", "511"],
            ["--read-chunk", "'511'", "between 512B and 64MiB"],
        ),
        (
            ["--frame-timeout", "0"],
            ["--frame-timeout", "'0'", "between 1ms and 1day"],
        ),
        (
            ["--idle-timeout", "5"],
            ["--idle-timeout", "'5'", "write 10s, 500ms or 2m"],
        ),
        (
            ["--idle-timeout", "25h"],
            ["--idle-timeout", "'25h'", "and 1day"],
        ),
        (
            ["--keepalive-probes", "1.5"],
            ["--keepalive-probes", "'1.5'", "whole number"],
        ),
        (["--nodelay", "2"], ["--nodelay", "'2'", "between 0 and 1"]),
    ] {
        petrel(&["serve", args[0], args[1]]).failed(2, &parts);
    }
}

#[test]
fn keys_are_no_arguments_and_come_from_one_place() {
    let folder = Folder::new();
    let key = folder.file("key", b"0123456789abcdef\n");
    petrel(&["serve", "--hmac-key", "secret"]).failed(2, &["'--hmac-key'"]);
    petrel(&["serve", "--hmac-key-file", &key, "--hmac-key-env", "KEY"])
        .failed(2, &["--hmac-key-file", "--hmac-key-env"]);
}

#[test]
fn keys_that_are_missing_or_empty_are_told() {
    let folder = Folder::new();
    let file = |path: &str| petrel(&["serve", "--hmac-key-file", path]);
    let missing = folder.path("missing");
    file(&missing).failed(3, &[&missing, "check the path"]);
    file(&folder.path("")).failed(3, &["a file was expected"]);
    for empty in [&b""[..], b"\n"] {
        let path = folder.file("empty", empty);
        file(&path).failed(2, &[&path, "is empty", "petrel keygen"]);
    }
    file(&folder.file("long", &[b'x'; (1 << 20) + 1])).failed(2, &["longer than 1 MiB"]);
    let env = ["serve", "--hmac-key-env", "PETREL_TEST_KEY"];
    petrel(&env).failed(2, &["PETREL_TEST_KEY", "is not set"]);
    let output = command(&env).env("PETREL_TEST_KEY", "").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("PETREL_TEST_KEY is empty"), "{stderr}");
}

#[test]
fn help_is_enough_to_need_no_manual() {
    let help = petrel(&["--help"]);
    assert_eq!((help.code, &*help.stderr), (Some(0), ""));
    for part in ["serve", "certs", "keygen", "limits", "Exit codes"] {
        assert!(help.stdout.contains(part), "{part}");
    }
    let serve = petrel(&["serve", "--help"]).stdout;
    for row in petrel::ServerLimits::TABLE {
        let flag = petrel_cli::flag_of(row);
        assert!(serve.contains(&format!("--{flag} <")), "{flag}");
    }
    let short = petrel(&["serve", "-h"]).stdout;
    assert!(!short.contains("--payload-max") && short.contains("petrel limits"));
    assert_eq!(
        petrel(&["--version"]).stdout,
        format!("petrel {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_reader_that_is_gone_is_a_success() {
    for args in [&["limits"][..], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command(args).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_told() {
    for args in [&["limits"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = command(args).stdout(Stdio::from(full)).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{stderr}");
        assert!(
            stderr.starts_with("petrel: cannot write to standard output"),
            "{stderr}"
        );
    }
}
