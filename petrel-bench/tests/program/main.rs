//! The program as its users run it: against servers of every manner, by its output and its exit code.

mod faults;
mod latency;
mod peer;
mod results;
mod searches;
mod targets;
mod usage;

use petrel_bench::record::RunRecord;
use std::process::{Command, Output};

/// Runs the program with these words and gives what it printed.
fn bench(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_petrel-bench"))
        .args(words)
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Makes a run, and gives its record and its exit code. That the generator was the limit is no matter
/// here: tests share the machine.
fn run(words: &[&str]) -> (RunRecord, i32) {
    let output = bench(&[&["run"], words, &["--format", "json"]].concat());
    let record = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    let code = output.status.code().unwrap();
    (record, if code == 4 { 0 } else { code })
}

/// Every request that was due is accounted for exactly once.
fn assert_accounted(record: &RunRecord) {
    let results = &record.results;
    let errors: u64 = results.errors.values().sum();
    // Wrong answers came; whoever else met an error was never answered.
    let came = |kind: &&String| kind.starts_with("status_") || *kind == "payload";
    let unanswered = results.errors.iter().filter(|(kind, _)| !came(kind));
    let unanswered: u64 = unanswered.map(|(_, count)| count).sum();
    let unfinished = results.censored - results.unsent - unanswered;
    assert_eq!(
        results.requests,
        results.ok + errors + results.unsent + unfinished,
        "{results:?}"
    );
    assert_eq!(results.response_us.count, results.ok + results.censored);
    assert_eq!(results.service_us.count, results.ok);
}
