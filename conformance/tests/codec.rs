//! The codec role: a right codec passes whoever wrote it, and every deliberate fault is caught.

use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Output},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_petrel-conformance");
/// Selects results by a part of their names.
const ONLY: &str = "--only";

fn judge(driver: &str, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(["codec", "--format", "json", "--driver", driver])
        .args(arguments)
        .output()
        .expect("the program starts")
}

/// The report of a run that ended with this code.
#[track_caller]
fn report(driver: &str, arguments: &[&str], code: i32) -> Value {
    let output = judge(driver, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{driver}: {stderr}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(report["exit_code"], code);
    report
}

/// The one line that says why there is no report.
#[track_caller]
fn refusal(driver: &str, code: i32) -> String {
    let output = judge(driver, &[]);
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(code), "{driver}: {stderr}");
    assert!(
        output.stdout.is_empty() && stderr.lines().count() == 1,
        "{stderr}"
    );
    stderr
}

fn count(report: &Value, verdict: &str) -> u64 {
    report["counts"][verdict]
        .as_u64()
        .expect("every verdict is counted")
}

fn reference() -> String {
    format!("'{PROGRAM}' driver")
}

/// The independent codec, with a fault or without; its driver writes no files.
fn python(fault: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/codec.py");
    let fault = match fault {
        "" => String::new(),
        fault => format!(" --fault {fault}"),
    };
    format!("exec python3 -B '{}'{fault}", script.display())
}

/// Whether the tests can run; without python3 that is a failure only where it is required.
fn has_python() -> bool {
    let version = Command::new("python3").arg("--version").output();
    let found = version.is_ok_and(|output| output.status.success());
    if !found {
        let required = std::env::var_os("PETREL_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(
            !required,
            "python3 is required by PETREL_REQUIRE_TOOLS=1 and was not found"
        );
        eprintln!("SKIPPED: python3 was not found, the independent codec was not judged");
    }
    found
}

#[test]
fn our_own_codec_passes() {
    let report = report(&reference(), &[], 0);
    for verdict in ["warn", "fail", "crash", "hang", "not run"] {
        assert_eq!(count(&report, verdict), 0, "{verdict}");
    }
    assert!(count(&report, "pass") > 500);
    let results = report["results"].as_array().expect("results");
    let not_judged = results.iter().filter(|r| r["verdict"] == "not applicable");
    assert!(not_judged.clone().count() < 20);
    for result in not_judged {
        let reason = "only a client that waits for an answer can tell";
        assert_eq!(result["reason"], reason, "{}", result["name"]);
    }
    assert_eq!(report["role"], "codec");
    let cases = report["cases"].as_array().expect("cases");
    assert!(cases.len() > 180);
    assert!(cases.iter().all(|case| case["group"] == "codec"));
}

#[test]
fn patterns_select() {
    let names = |pattern| {
        let report = report(&reference(), &[ONLY, pattern], 0);
        let names: Vec<String> = report["results"]
            .as_array()
            .expect("results")
            .iter()
            .map(|result| result["name"].as_str().expect("a name").into())
            .collect();
        names
    };
    let all = [
        "decode/whole",
        "decode/fields",
        "decode/bytes",
        "encode/whole",
    ];
    assert_eq!(names("gf-060"), all.map(|way| format!("GF-060@{way}")));
    assert_eq!(names("GF-060@encode"), ["GF-060@encode/whole"]);
    let output = judge(&reference(), &[ONLY, "GF-000"]);
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn an_independent_codec_passes() {
    if has_python() {
        let report = report(&python(""), &[], 0);
        let own = self::report(&reference(), &[], 0);
        assert_eq!(report["counts"], own["counts"]);
    }
}

#[test]
fn every_fault_is_caught() {
    if !has_python() {
        return;
    }
    for (fault, name, reason) in [
        (
            "big-endian",
            "GF-002@decode/whole",
            "status is 513 and not 258",
        ),
        (
            "big-endian",
            "GF-002@encode/whole",
            "at offset 0, in the status",
        ),
        ("pieces", "GF-011@decode/bytes", "number of frames is 0"),
        ("joined", "GF-032@decode/whole", "number of frames is 1"),
        (
            "no-mac-check",
            "GF-074@decode/whole",
            "number of frames is 1",
        ),
        (
            "lenient-mac",
            "GF-091@decode/whole",
            "number of frames is 1",
        ),
        (
            "limit-exclusive",
            "GF-040@decode/whole",
            "number of frames is 0",
        ),
        (
            "limit-waits",
            "GF-041@decode/whole",
            "more bytes are needed",
        ),
        ("mac-over-all", "GF-060@encode/whole", "in the MAC"),
        ("text", "GF-017@decode/whole", "its request text is"),
    ] {
        let report = report(&python(fault), &[ONLY, name], 1);
        let result = &report["results"][0];
        assert_eq!(result["verdict"], "fail", "{fault}: {result}");
        let said = result["reason"].as_str().expect("a reason");
        assert!(said.contains(reason), "{fault}: {said}");
        assert!(result["expected"].is_array() && result["observed"].is_array());
        assert!(
            result["wire"]
                .as_array()
                .is_some_and(|wire| wire.len() == 2)
        );
    }
}

#[test]
fn what_breaks_no_must_is_a_warning() {
    if !has_python() {
        return;
    }
    for (fault, clause) in [("small", "P-039"), ("early", "P-035")] {
        let report = report(&python(fault), &[], 0);
        assert!(count(&report, "warn") > 0);
        let warned = report["results"].as_array().expect("results").iter();
        for result in warned.filter(|result| result["verdict"] == "warn") {
            let reason = result["reason"].as_str().expect("a reason");
            assert!(reason.contains(clause), "{fault}: {reason}");
        }
    }
    let report = report(&python("no-encode"), &[], 0);
    assert!(count(&report, "not applicable") > 100 && count(&report, "pass") > 400);
}

#[test]
fn a_driver_that_hangs_or_dies_is_given_up() {
    if !has_python() {
        return;
    }
    let hung = report(
        &python("silent"),
        &["--patience", "100ms", ONLY, "*@decode"],
        1,
    );
    assert_eq!((count(&hung, "hang"), count(&hung, "pass")), (5, 0));
    assert_eq!(hung["results"][0]["verdict"], "hang");

    let dead = report(&python("dies"), &[], 1);
    assert_eq!(count(&dead, "crash"), 5);
    assert!(count(&dead, "pass") > 100, "it goes on behind the first");
    let results = dead["results"].as_array().expect("results");
    let crash = results.iter().find(|result| result["verdict"] == "crash");
    let crash = crash.expect("a crash");
    assert_eq!(crash["stderr"][0], "a MAC! I cannot go on");
    assert_eq!(crash["reason"], "the driver has ended (exit status: 1)");
    let not_run = results.iter().find(|result| result["verdict"] == "not run");
    let not_run = not_run.expect("one that is not run");
    assert_eq!(
        not_run["reason"],
        "given up: the driver hung or ended 5 times"
    );

    // That is no proof against the codec.
    let chatty = report(&python("chatty"), &[], 4);
    assert_eq!(count(&chatty, "fail") + count(&chatty, "crash"), 0);
}

#[test]
fn a_driver_of_no_use_is_refused() {
    let line = refusal("while read l; do echo '{\"ok\": true}'; done", 4);
    assert!(
        line.contains("says ok to a command that does not exist"),
        "{line}"
    );
    let line = refusal("echo sorry >&2; exit 9", 3);
    assert!(
        line.contains("exit status: 9") && line.contains("sorry"),
        "{line}"
    );
    let line = refusal("cat", 3);
    assert!(line.contains("none of ok, error and unsupported"), "{line}");
    let line = refusal("exec ./no-such-program-here", 3);
    assert!(line.contains("exit status: 127"), "{line}");
    refusal(" ", 2);
}
