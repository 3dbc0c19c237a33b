//! Captures of bad days, beside an independent decoder that sees the whole file at once.

use crate::{captures, probe, tools};
use serde_json::Value;
use std::{collections::BTreeSet, path::Path, process::Command};

/// What is done to a capture, in order; see `tests/independent/mangle.py`. Nothing is lost by these.
const HARMLESS: &[&str] = &[
    "shuffle",
    "jostle duplicate",
    "pieces",
    "pieces shuffle",
    "overlap jostle",
    "overlap shuffle duplicate",
    "fragments",
    "wrap",
    "wrap shuffle",
    "pieces fragments shuffle link:vlan",
    "link:qinq pcap-big",
    "link:sll pcap-nano",
    "link:sll2 pcapng",
    "link:raw pcapng-big",
    "link:null",
    "link:null-big",
    "link:loop",
    "wrap pieces overlap shuffle duplicate",
];

/// By these something is lost.
const LOSSY: &[&str] = &[
    "drop",
    "drop shuffle",
    "pieces drop jostle",
    "snap:20",
    "snap:30 shuffle",
    "duplicate drop wrap",
    "truncate",
];

#[test]
fn whatever_order_and_form_packets_have_the_exchanges_are_the_same() {
    if !tools::has("python3") {
        return;
    }
    for (capture, key) in [
        ("plain", None),
        ("hmac", Some("s3cret-key")),
        ("any-ipv6", None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let key = key.map(|key| {
            let path = folder.path().join("key");
            std::fs::write(&path, key).unwrap();
            path
        });
        let original = captures().join(format!("{capture}.pcap"));
        let truth = independent(&original, key.as_deref());
        assert!(truth.len() >= 3, "{capture}: {truth:?}");
        for (seed, manners) in (1..).zip(HARMLESS) {
            let mangled = folder.path().join("mangled");
            mangle(&original, &mangled, seed, manners);
            let (ours, _) = ours(&mangled, key.as_deref());
            assert_eq!(ours, truth, "{capture}, {manners}");
        }
    }
}

#[test]
fn what_is_told_as_complete_of_a_lossy_capture_was_said_and_losses_are_told() {
    if !tools::has("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let original = captures().join("plain.pcap");
    let truth = independent(&original, None);
    for manners in LOSSY {
        for seed in 1..=8 {
            let mangled = folder.path().join("mangled");
            mangle(&original, &mangled, seed, manners);
            let (ours, is_whole) = ours(&mangled, None);
            let invented: Vec<_> = ours.difference(&truth).collect();
            assert!(invented.is_empty(), "{manners}, seed {seed}: {invented:?}");
            let before_the_first_hole = independent(&mangled, None);
            let missed: Vec<_> = before_the_first_hole
                .iter()
                .filter(|exchange| !exchange.contains("null"))
                .filter(|exchange| truth.contains(*exchange) && !ours.contains(*exchange))
                .collect();
            assert!(missed.is_empty(), "{manners}, seed {seed}: {missed:?}");
            // What lacks nothing but acknowledgments is complete, and a file that is cut never is.
            let may_be_whole = ours == truth && *manners != "truncate";
            assert!(!is_whole || may_be_whole, "{manners}, seed {seed}");
        }
    }
}

fn mangle(from: &Path, to: &Path, seed: u32, manners: &str) {
    let output = python("mangle.py")
        .args([from, to])
        .arg(seed.to_string())
        .args(manners.split_whitespace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// The exchanges that the independent decoder finds, one text each.
fn independent(capture: &Path, key: Option<&Path>) -> BTreeSet<String> {
    let output = python("decode.py").arg(capture).args(key).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let values = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    values
        .filter(|value| value["lost"].is_null())
        .map(|value| {
            told(
                &value["client"],
                &value["seq"],
                value["name"].as_str().unwrap(),
                value["request"].as_array().map(Vec::as_slice),
                value["response"].as_array().map(Vec::as_slice),
            )
        })
        .collect()
}

/// The complete exchanges that the program finds, in the same texts, and whether it says that nothing
/// is missing.
fn ours(capture: &Path, key: Option<&Path>) -> (BTreeSet<String>, bool) {
    let mut words = vec!["decode", "--format", "jsonl", "--strict"];
    let path = key.map(|key| key.to_str().unwrap());
    if let Some(path) = path {
        words.extend(["--hmac-key-file", path]);
    }
    words.push(capture.to_str().unwrap());
    let output = probe(&words);
    let lines = String::from_utf8(output.stdout).unwrap();
    let values = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let exchanges = values
        .filter(|value| value["type"] == "exchange" && value["request"].is_object())
        .filter(|value| value["complete"] == true)
        .map(|value| {
            let client = value["client"].as_str().unwrap();
            let port = client.rsplit(':').next().unwrap();
            let name = value["request"]["name"].as_str().unwrap();
            let name: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
            told(
                &serde_json::from_str(port).unwrap(),
                &value["seq"],
                &name,
                Some(&side(&value["request"], false)),
                Some(&side(&value["response"], true)),
            )
        })
        .collect();
    let is_whole = match output.status.code() {
        Some(0 | 1) => true,
        Some(4) => false,
        other => panic!("ended with {other:?}"),
    };
    (exchanges, is_whole)
}

fn side(message: &Value, is_response: bool) -> Vec<Value> {
    let payload = &message["payload"];
    let mac = message["mac"]["state"].clone();
    let mut side = vec![payload["len"].clone(), payload["sha256"].clone(), mac];
    if is_response {
        side.insert(0, message["status"].clone());
    }
    side
}

fn told(
    client: &Value,
    sequence: &Value,
    name: &str,
    request: Option<&[Value]>,
    response: Option<&[Value]>,
) -> String {
    let side = |side: Option<&[Value]>| match side {
        None => "null".to_owned(),
        Some(values) => Value::from(values.to_vec()).to_string(),
    };
    format!(
        "{client} #{sequence} {name} {} -> {}",
        side(request),
        side(response)
    )
}

fn python(script: &str) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent");
    let mut command = Command::new("python3");
    command.arg("-B").arg(folder.join(script));
    command
}
