//! What comes out: files, thresholds, and what is known when a run is cut short.

use crate::{
    assert_accounted, bench,
    peer::{Manner, Peer},
    run, stderr,
};
use petrel_bench::record::RunRecord;
use std::fs;

const QUICK: [&str; 6] = ["-d", "200ms", "--warmup", "0", "-c", "2"];

#[test]
fn a_result_is_text_and_files_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (json, html) = (folder.path().join("r.json"), folder.path().join("r.html"));
    let out = format!("json:{},html:{}", json.display(), html.display());
    let output = bench(&[&["run", "embedded", "--out", &out], &QUICK[..]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("response") && text.contains("embedded"),
        "{text}"
    );
    let record: RunRecord = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_accounted(&record);
    assert!(
        record
            .command
            .starts_with("petrel-bench run embedded --out"),
        "{}",
        record.command
    );
    let page = fs::read_to_string(html).unwrap();
    assert!(page.contains("<svg") && page.contains("petrel-bench run embedded"));
    assert!(!page.contains("<script"));
}

#[test]
fn a_condition_that_is_met_ends_with_one_and_says_so() {
    let peer = Peer::start(|seen| Manner::Say(seen.echo()));
    let addr = peer.addr.to_string();
    let with = |conditions: &[&str]| {
        let mut words = vec!["run", addr.as_str(), "--format", "json"];
        words.extend(QUICK);
        for condition in conditions {
            words.extend(["--fail", condition]);
        }
        let output = bench(&words);
        (output.status.code().unwrap(), stderr(&output))
    };
    let (code, text) = with(&["errors > 0", "throughput > 1"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("--fail 'throughput > 1'"), "{text}");
    let (code, text) = with(&["respnse.p99 > 2ms"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("response"), "{text}");
}

#[test]
fn a_plan_is_printed_and_nothing_done() {
    let output = bench(&[
        "run",
        "127.0.0.1:1",
        "--dry-run",
        "--rate",
        "2k",
        "--payload",
        "exp:1KiB",
    ]);
    assert_eq!(output.status.code(), Some(0));
    let plan: petrel_bench::plan::Plan =
        toml::from_str(&String::from_utf8(output.stdout).unwrap()).unwrap();
    assert_eq!((plan.rate_per_s, plan.connections), (Some(2000.0), 16));
    assert_eq!(plan.requests[0].payload, "exp:1KiB");
}

#[test]
fn a_mix_comes_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mix.toml");
    fs::write(
        &path,
        "[[request]]\nname = \"echo\"\npayload = 100\nweight = 3\n\
         [[request]]\nname = \"status\"\npayload = \"text:9101\"\nexpect_status = [9101]\n",
    )
    .unwrap();
    let path = path.to_str().unwrap();
    let (record, code) = run(&[&["embedded", "--scenario", path], &QUICK[..]].concat());
    assert_accounted(&record);
    assert!(code == 0 && record.results.errors.is_empty() && record.results.ok > 0);
    assert_eq!(record.plan.requests.len(), 2);
}

#[cfg(all(unix, feature = "prometheus"))]
#[test]
fn an_interrupted_run_reports_what_it_found() {
    let peer = Peer::start(|seen| Manner::Say(seen.echo()));
    // Free a moment ago.
    let page = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_petrel-bench"))
        .args([
            "run",
            &peer.addr.to_string(),
            "-d",
            "600s",
            "-c",
            "2",
            "--warmup",
            "0",
        ])
        .args(["--format", "json", "--prometheus", &page.to_string()])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    // Only requests of the measured time are counted there.
    while !has_measured(page) {
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
        std::thread::yield_now();
    }
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let record: RunRecord = serde_json::from_slice(&output.stdout).unwrap();
    assert_accounted(&record);
    assert!(record.results.duration_s < 600.0 && record.results.ok > 0);
}

#[cfg(all(unix, feature = "prometheus"))]
fn has_measured(page: std::net::SocketAddr) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(page) else {
        return false;
    };
    let request = "GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
    let mut text = String::new();
    if stream.write_all(request.as_bytes()).is_err() || stream.read_to_string(&mut text).is_err() {
        return false;
    }
    text.lines().any(|line| {
        let count = line.strip_prefix("petrel_bench_requests_total{outcome=\"ok\"} ");
        count.is_some_and(|count| count != "0")
    })
}
