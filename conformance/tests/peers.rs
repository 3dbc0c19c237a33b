//! The suite itself under test: a right peer passes, every deliberate fault is caught, and a peer
//! that does nothing passes no case that matters.

use petrel_cli::Exit;
use petrel_conformance::{
    Address, Key, Offers, Options, Report, Server, Target, Verdict, load, run,
};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::NamedTempFile;

const KEY: &[u8] = b"a key for tests";
/// A machine under load is no peer that hangs.
const GENEROUS: Duration = Duration::from_secs(5);
/// Where hanging is what is looked for, and no peer can pass by being slow.
const SHORT: Duration = Duration::from_millis(300);

/// A peer in Python; it ends when this is dropped.
struct Peer {
    child: Child,
    address: String,
}

impl Peer {
    fn start(arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/server.py");
        let mut child = Command::new("python3")
            .arg("-B")
            .arg(script)
            .args(["--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("a pipe");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("its first line");
        let address = line.trim_end().strip_prefix("listening on ");
        let address = address.unwrap_or_else(|| panic!("its first line is `{line}`"));
        Self {
            child,
            address: address.into(),
        }
    }

    fn server(&self) -> Server {
        let endpoint = self.address.parse().expect("an endpoint");
        Server::new(Address::look_up(&endpoint).unwrap_or_else(|error| panic!("{error}")))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself, as one mutant does.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server without MACs and one with them, behaving alike otherwise.
struct Pair {
    target: Target,
    peers: [Peer; 2],
    key: NamedTempFile,
}

impl Pair {
    fn start(arguments: &[&str], limit: u32) -> Self {
        let mut key = NamedTempFile::new().expect("a file for the key");
        key.write_all(KEY).expect("the key is written");
        let limit_text = limit.to_string();
        let mut arguments = [arguments, &["--limit", &limit_text]].concat();
        let plain = Peer::start(&arguments);
        let path = key.path().to_str().expect("a path in UTF-8");
        arguments.extend(["--hmac-key-file", path]);
        let mac = Peer::start(&arguments);
        let mut target = Target::blind(plain.server());
        target.plain.limit = Some(limit);
        target.offers = Offers::Fixtures;
        let mut with_mac = mac.server();
        with_mac.limit = Some(limit);
        with_mac.key = Some(Key::new(KEY.to_vec()));
        target.mac = Some(with_mac);
        Self {
            target,
            peers: [plain, mac],
            key,
        }
    }

    fn judge(&self, patience: Duration, patterns: &[&str], check: impl FnOnce(&Report<'_>)) {
        judge(&self.target, patience, patterns, check);
    }
}

fn judge(target: &Target, patience: Duration, patterns: &[&str], check: impl FnOnce(&Report<'_>)) {
    let cases = load().unwrap_or_else(|error| panic!("{error}"));
    let mut options = Options::default();
    options.patience = patience;
    options.max_time = Duration::from_secs(600);
    options.patterns = patterns.iter().map(|pattern| (*pattern).into()).collect();
    let report = run(&cases, target, &options, &mut |_| {});
    check(&report.unwrap_or_else(|error| panic!("{error}")));
}

/// Whether the tests can run; without python3 that is a failure only where it is required.
fn has_python() -> bool {
    let found = Command::new("python3")
        .arg("--version")
        .output()
        .is_ok_and(|o| o.status.success());
    if !found {
        let required = std::env::var_os("PETREL_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(
            !required,
            "python3 is required by PETREL_REQUIRE_TOOLS=1 and was not found"
        );
        eprintln!("SKIPPED: python3 was not found, the independent peer was not judged");
    }
    found
}

fn failures(report: &Report<'_>) -> Vec<String> {
    let failed = report
        .results
        .iter()
        .filter(|result| result.verdict.is_failure());
    failed
        .map(|result| {
            format!(
                "{} {:?}: {:?}",
                result.case.id, result.variant, result.reason
            )
        })
        .collect()
}

#[test]
fn the_right_peer_passes_everything_applicable() {
    if !has_python() {
        return;
    }
    // A small limit and the documented one.
    for limit in [65_536, 4 << 20] {
        Pair::start(&["--allow-panic"], limit).judge(GENEROUS, &[], |report| {
            assert_eq!(failures(report), [""; 0]);
            assert_eq!(report.counts.of(Verdict::Warn), 0);
            assert_eq!(report.counts.of(Verdict::NotRun), 0);
            assert!(report.counts.of(Verdict::Pass) > 140, "{:?}", report.counts);
            assert_eq!(report.exit(), Exit::Done);
        });
    }
}

#[test]
fn a_unix_socket_is_judged_like_any_other() {
    if !has_python() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for the socket");
    let path = folder.path().join("peer.sock");
    let peer = Peer::start(&["--unix", path.to_str().expect("a path in UTF-8")]);
    let mut target = Target::blind(peer.server());
    target.offers = Offers::Fixtures;
    judge(&target, GENEROUS, &[], |report| {
        assert_eq!(failures(report), [""; 0]);
        assert_eq!(report.counts.of(Verdict::Warn), 0);
        assert_eq!(report.exit(), Exit::Done);
    });
}

#[test]
fn the_python_client_and_server_understand_each_other() {
    if !has_python() {
        return;
    }
    let pair = Pair::start(&[], 4 << 20);
    let [plain, mac] = &pair.peers;
    let key = pair.key.path().to_str().expect("a path in UTF-8");
    let requests = [
        "echo",
        "hello",
        "status",
        "9101",
        "nothing of this name",
        "",
    ];
    let right = "200\nhello\n9101\n\n400\n\n";
    for options in [&[][..], &["--pipeline"], &["--no-check"]] {
        let unsigned = [options, &[&plain.address], &requests].concat();
        assert_eq!(client(&unsigned), (0, right.into()));
        let signed = [options, &["--hmac-key-file", key, &mac.address], &requests].concat();
        assert_eq!(client(&signed), (0, right.into()));
    }
    // A file that holds something else than the server's key.
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let (code, _) = client(&["--hmac-key-file", other, &mac.address, "echo", "hello"]);
    assert_eq!(code, 1, "the keys differ");
}

/// The exit code and the output of the Python client.
fn client(arguments: &[&str]) -> (i32, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/client.py");
    let output = Command::new("python3")
        .arg("-B")
        .arg(script)
        .args(arguments)
        .output()
        .expect("python3 starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (output.status.code().expect("no signal"), text)
}

#[test]
fn what_the_text_allows_is_no_failure() {
    if !has_python() {
        return;
    }
    for arguments in [
        &["--manner", "original"][..],
        &["--manner", "original", "--require-check"],
    ] {
        // One of the warnings costs the whole patience.
        Pair::start(arguments, 4 << 20).judge(GENEROUS / 3, &[], |report| {
            assert_eq!(failures(report), [""; 0]);
            assert_eq!(
                report.counts.of(Verdict::Warn),
                5,
                "each SHOULD that this peer misses"
            );
        });
    }
}

/// Each mutant and a case that has to catch it.
const KILLS: &[(&str, &[&str])] = &[
    (
        "accepts_bad_mac",
        &["PC-0068", "PC-0069", "PC-0070", "PC-0073"],
    ),
    ("accepts_empty_check", &["PC-0003"]),
    ("accepts_last_version", &["PC-0004", "PC-0005"]),
    ("accepts_later_check", &["PC-0007"]),
    ("accepts_partial", &["PC-0077", "PC-0087"]),
    ("accepts_spelling", &["PC-0071", "PC-0072"]),
    ("answers_twice", &["PC-0066"]),
    ("big_endian", &["PC-0001", "PC-0022"]),
    ("check_any_case", &["PC-0014"]),
    ("closes_on_400", &["PC-0039"]),
    ("counts_header", &["PC-0027", "PC-0028"]),
    ("drops_half_closed", &["PC-0085", "PC-0086"]),
    ("empty_unsigned", &["PC-0082"]),
    ("executes_behind_mismatch", &["PC-0008"]),
    ("joins_frames", &["PC-0019", "PC-0062"]),
    ("keeps_bad_mac", &["PC-0074"]),
    ("leaks", &["PC-0041"]),
    ("limit_exclusive", &["PC-0027"]),
    ("no_limit", &["PC-0029", "PC-0030", "PC-0031"]),
    ("one_at_a_time", &["PC-0095", "PC-0096", "PC-0097"]),
    ("original_name", &["PC-0060", "PC-0061"]),
    ("panics_out", &["PC-0053"]),
    ("reads_refused", &["PC-0033"]),
    ("replay_guard", &["PC-0083"]),
    ("reversed", &["PC-0062"]),
    ("sends_notice_as_answer", &["PC-0050", "PC-0051"]),
    ("serves_no_name", &["PC-0042"]),
    ("short_reads", &["PC-0021"]),
    ("signed_name", &["PC-0084"]),
    ("small_status", &["PC-0049"]),
    ("speaks_first", &["PC-0015"]),
    ("swallows_errors", &["PC-0048"]),
    ("text_payloads", &["PC-0023", "PC-0047"]),
    ("trailing_newline", &["PC-0088"]),
    ("trusts_status", &["PC-0046"]),
    (
        "unsigned_errors",
        &["PC-0078", "PC-0079", "PC-0080", "PC-0081"],
    ),
    ("utf8_only", &["PC-0045"]),
    ("waits_for_payload", &["PC-0029", "PC-0030"]),
    ("wrong_sequence", &["PC-0056"]),
];

/// Peers that understand nothing.
const NULL_PEERS: [&str; 4] = ["instant_close", "silent", "always_200", "byte_echo"];

#[test]
fn every_mutant_is_caught_by_its_cases() {
    if !has_python() {
        return;
    }
    for (mutant, ids) in KILLS {
        Pair::start(&["--allow-panic", "--mutant", mutant], 65_536).judge(SHORT, ids, |report| {
            for id in *ids {
                let mut of_id = report.results.iter().filter(|result| result.case.id == *id);
                assert!(
                    of_id.any(|result| result.verdict.is_failure()),
                    "{id} does not notice the peer that {mutant}"
                );
            }
            assert_eq!(report.exit(), Exit::No, "{mutant}");
        });
    }
}

#[test]
fn every_mutant_has_its_cases() {
    if !has_python() {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/server.py");
    let output = Command::new("python3")
        .arg("-B")
        .arg(script)
        .arg("--list-mutants")
        .output();
    let text = String::from_utf8(output.expect("python3 starts").stdout).expect("UTF-8");
    let mut offered: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let mut named: Vec<&str> = KILLS
        .iter()
        .map(|(mutant, _)| *mutant)
        .chain(NULL_PEERS)
        .collect();
    offered.sort_unstable();
    named.sort_unstable();
    assert_eq!(offered, named);
}

#[test]
fn a_null_peer_passes_nothing() {
    if !has_python() {
        return;
    }
    for mutant in NULL_PEERS {
        let pair = Pair::start(&["--mutant", mutant], 4 << 20);
        pair.judge(Duration::from_millis(100), &[], |report| {
            let passed = report
                .results
                .iter()
                .filter(|result| matches!(result.verdict, Verdict::Pass | Verdict::Warn));
            let passed: Vec<&str> = passed.map(|result| result.case.id.as_str()).collect();
            assert_eq!(passed, [""; 0], "{mutant} passes");
        });
    }
}
