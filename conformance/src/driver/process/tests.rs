//! Drivers of a line or two of shell, good and bad.

use super::*;
use crate::child::{POLL, STDERR_LINES};

/// A machine under load is no driver that hangs.
const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(100);

fn start(command: &str) -> Driver {
    Driver::start(command).expect("sh starts")
}

fn quit() -> Command {
    Command::Quit {}
}

#[test]
fn lines_go_there_and_back() {
    let mut driver = start(
        "read a; echo; echo \"{\\\"error\\\": \\\"$(echo \"$a\" | tr -d '\\042')\\\"}\"; \
         printf '{\"unsupported\": \"x\"}'",
    );
    driver.send(&quit()).expect("it reads");
    let line = driver.reply(LONG).expect("a line").expect("in time");
    let error = Answer::Error {
        error: "{quit:{}}".into(),
        class: None,
    };
    assert_eq!((line.answer, line.shown.len()), (error, 24));
    let line = driver.reply(LONG).expect("a line").expect("in time");
    assert_eq!(line.answer, Answer::Unsupported("x".into()));
    let over = driver.reply(LONG).expect_err("it has ended");
    assert!(over.to_string().contains("exit status: 0"), "{over}");
}

#[test]
fn one_that_is_silent_costs_the_wait_only() {
    let mut driver = start("cat >/dev/null");
    driver.send(&quit()).expect("it reads");
    assert!(driver.reply(SHORT).expect("no error").is_none());
    assert_eq!(driver.status(), None);
}

#[test]
fn one_that_died_is_an_error_with_its_last_words() {
    let mut driver =
        start("for i in $(seq 30); do echo \"line $i\" >&2; done; printf 'o\\033[2Jh' >&2; exit 3");
    let error = driver.reply(LONG).expect_err("it has ended");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert!(error.to_string().contains("exit status: 3"), "{error}");
    let stderr = driver.stderr();
    assert_eq!(stderr.len(), STDERR_LINES);
    assert_eq!(stderr.last().map(String::as_str), Some(r"o\u{1b}[2Jh"));
    // The first may still be taken by the thread that writes, which then finds nobody.
    let deadline = Instant::now() + LONG;
    while driver.send(&quit()).is_ok() {
        assert!(
            Instant::now() < deadline,
            "nobody reads, and nobody says so"
        );
        thread::sleep(POLL);
    }
    assert!(driver.reply(SHORT).is_err());
}

#[test]
fn one_that_speaks_another_language_is_quoted() {
    let mut driver = start("printf 'ready\\033[31m\\n'; cat");
    let error = driver.reply(LONG).expect_err("no JSON");
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().contains(r"`ready\u{1b}[31m`"), "{error}");
    // Nor does an echo answer anything.
    driver.send(&quit()).expect("it reads");
    assert!(driver.reply(LONG).is_err());
}

#[test]
fn a_line_without_end_is_cut_off() {
    let mut lines = Vec::new();
    read_lines(&b"123456789\n\n ab\r\nc"[..], 4, |line| {
        lines.push(String::from_utf8(line).expect("text"));
        true
    });
    assert_eq!(lines, ["12345", "6789", " ab\r", "c"]);
    let mut count = 0;
    read_lines(io::repeat(b'x'), 1000, |line| {
        count += 1;
        assert_eq!(line.len(), 1001);
        count < 3
    });
    assert_eq!(count, 3);
}

#[test]
fn its_whole_group_ends_with_it() {
    // A driver that ignores the end of its input, and started something that does so, too.
    let mut driver = start("sleep 600 & echo \"{\\\"error\\\": \\\"$!\\\"}\"; exec sleep 600");
    let line = driver.reply(LONG).expect("a line").expect("in time");
    let Answer::Error { error: pid, .. } = line.answer else {
        panic!("the number of the other process")
    };
    assert!(runs(&pid));
    drop(driver);
    // The other one is reaped by whoever adopts orphans, which may take its time.
    let deadline = Instant::now() + LONG;
    while runs(&pid) && Instant::now() < deadline {
        thread::sleep(POLL);
    }
    assert!(!runs(&pid), "process {pid} is left");
}

/// Whether a process runs; one that is dead and not yet reaped does not.
fn runs(pid: &str) -> bool {
    let state = match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit(") ").next().unwrap_or_default().to_owned(),
        Err(_) => {
            let ps = std::process::Command::new("ps")
                .args(["-o", "stat=", "-p", pid])
                .output();
            ps.map_or_else(
                |_| String::new(),
                |ps| String::from_utf8_lossy(&ps.stdout).into(),
            )
        }
    };
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

#[test]
fn who_says_yes_to_everything_is_refused() {
    let refused = |command: &str| {
        let mut driver = start(command);
        driver.refuse_yes_sayers(7, LONG, None)
    };
    let yes = refused("while read l; do echo '{\"ok\": true}'; done").expect_err("a yes-sayer");
    assert_eq!(yes.exit(), Exit::NoVerdict);
    assert!(
        yes.to_string()
            .contains("says ok to a command that does not exist"),
        "{yes}"
    );
    let gone = refused("echo no such luck >&2; exit 5").expect_err("it has ended");
    assert_eq!(gone.exit(), Exit::Unreachable);
    let text = gone.to_string();
    assert!(
        text.contains("exit status: 5") && text.ends_with("no such luck"),
        "{text}"
    );
    for word in ["unsupported", "error"] {
        let answer = format!("read l; echo '{{\"{word}\": \"unknown\"}}'");
        assert_eq!(refused(&answer), Ok(()));
    }
    let mut silent = start("cat >/dev/null");
    let failure = silent
        .refuse_yes_sayers(7, SHORT, None)
        .expect_err("silence");
    assert!(failure.to_string().contains("did not answer"), "{failure}");
}

#[test]
fn a_command_is_needed() {
    let failure = Driver::start(" ").expect_err("no command");
    assert_eq!(failure.exit(), Exit::Usage);
}
