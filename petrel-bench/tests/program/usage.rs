//! What is wrong on the command line is told before anything is started.

use crate::{bench, stderr};

#[test]
fn wrong_words_are_named_with_what_would_be_right() {
    for (words, problem) in [
        (&["run"][..], "<TARGET>"),
        (&["run", ""], "write host:port"),
        (
            &["run", "embedded", "--rate", "fast"],
            "write requests per second",
        ),
        (&["run", "embedded", "-d", "10"], "time unit needed"),
        (&["run", "embedded", "-c", "0"], "0"),
        (&["run", "embedded", "--payload", "huge"], "write 64, 4KiB"),
        (&["run", "embedded", "--out", "csv:x"], "json:FILE"),
        (
            &["run", "embedded", "--scenario", "x", "--payload", "1"],
            "cannot be used with",
        ),
        (&["sweep", "embedded"], "--connections"),
        (&["sweep", "embedded", "--rates", "9k..1k:3"], "goes down"),
        (
            &["sweep", "embedded", "--rates", "1k,2k", "-c", "1,2"],
            "one number of connections",
        ),
        (&["find", "embedded"], "--slo"),
        (&["find", "embedded", "--slo", "p99<2"], "2ms"),
        (
            &["find", "embedded", "--slo", "p99<2ms", "--windows", "2"],
            "odd number",
        ),
        (
            &[
                "find", "embedded", "--slo", "p99<2ms", "--from", "9", "--to", "3",
            ],
            "3",
        ),
        (&["run", "tls://127.0.0.1:1"], "--tls-ca"),
    ] {
        let output = bench(words);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {text}");
        assert!(text.contains(problem), "{words:?}: {text}");
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn a_scenario_that_is_not_there_cannot_be_read() {
    let output = bench(&["run", "embedded", "--scenario", "/nonexistent/mix.toml"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("mix.toml"));
}

#[test]
fn shells_and_man_are_told_of_every_command() {
    let completions = bench(&["completions", "bash"]);
    let script = String::from_utf8_lossy(&completions.stdout);
    assert!(script.contains(" -o default petrel-bench\n"), "{script}");
    let folder = tempfile::tempdir().unwrap();
    let man = bench(&["man", "--out", folder.path().to_str().unwrap()]);
    assert_eq!((man.status.code(), stderr(&man)), (Some(0), String::new()));
    for command in [
        "run", "sweep", "find", "compare", "merge", "doctor", "floor",
    ] {
        let path = folder.path().join(format!("petrel-bench-{command}.1"));
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page.contains(&format!(".TH petrel-bench-{command} 1 ")));
    }
}
