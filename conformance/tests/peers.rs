//! Independent peers under the suite: right servers and a right client in Python pass, whatever they
//! are told, and the program notices when a server that it started dies, hangs or takes memory.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};
use tempfile::{NamedTempFile, TempDir};

const KEY: &[u8] = b"a key for tests";

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
        eprintln!("SKIPPED: python3 was not found, the independent peers were not judged");
    }
    found
}

fn script(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("peers")
        .join(name);
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// A server in Python; it ends when this is dropped.
struct Peer {
    child: Child,
    address: String,
}

impl Peer {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new("python3")
            .args(["-B", &script("server.py"), "--port", "0"])
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
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn key_file() -> NamedTempFile {
    let mut key = NamedTempFile::new().expect("a file for the key");
    key.write_all(KEY).expect("the key is written");
    key
}

fn text_of(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Runs the suite; a machine under load is no peer that hangs, so it is patient.
fn suite(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_petrel-conformance"))
        .args(arguments)
        .args([
            "--time-scale",
            "10",
            "--max-time",
            "600",
            "--format",
            "json",
        ])
        .output()
        .expect("the program starts")
}

/// The report of a run, and its exit code.
fn judged(arguments: &[&str]) -> (serde_json::Value, i32) {
    let output = suite(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{arguments:?} gave no report: {error}"));
    (report, output.status.code().expect("no signal"))
}

fn names(report: &serde_json::Value, verdicts: &[&str]) -> Vec<String> {
    let results = report["results"].as_array().expect("results");
    let is_wanted = |result: &&serde_json::Value| {
        verdicts.contains(&result["verdict"].as_str().unwrap_or_default())
    };
    results
        .iter()
        .filter(is_wanted)
        .map(|result| {
            format!(
                "{} {}: {}",
                result["verdict"], result["name"], result["reason"]
            )
        })
        .collect()
}

/// Nothing failed, nothing was warned about, nothing was left out for lack of time.
fn assert_passes(arguments: &[&str], at_least: u64) {
    let (report, code) = judged(arguments);
    let bad = names(&report, &["fail", "crash", "hang", "warn", "not run"]);
    assert_eq!(bad, [""; 0], "{arguments:?}");
    assert_eq!(code, 0, "{arguments:?}");
    let passed = report["counts"]["pass"].as_u64().expect("a number");
    assert!(passed >= at_least, "{arguments:?}: only {passed} passed");
}

#[test]
fn the_independent_server_passes_everything_applicable() {
    if !has_python() {
        return;
    }
    let key = key_file();
    let key = text_of(key.path());
    // The documented limit, and a small one.
    for limit in ["4194304", "65536"] {
        let plain = Peer::start(&["--allow-panic", "--limit", limit]);
        let mac = Peer::start(&["--allow-panic", "--limit", limit, "--hmac-key-file", key]);
        let arguments = [
            "server",
            &plain.address,
            "--hmac-target",
            &mac.address,
            "--hmac-key-file",
            key,
            "--limit",
            limit,
        ];
        assert_passes(&arguments, 500);
    }
}

#[test]
fn a_server_that_expects_macs_can_stand_alone() {
    if !has_python() {
        return;
    }
    let key = key_file();
    let key = text_of(key.path());
    let mac = Peer::start(&["--hmac-key-file", key]);
    assert_passes(
        &[
            "server",
            &mac.address,
            "--hmac-key-file",
            key,
            "--limit",
            "4194304",
        ],
        300,
    );
}

#[test]
fn the_independent_server_passes_over_unix_sockets_and_tls() {
    if !has_python() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for the socket");
    let path = folder.path().join("peer.sock");
    let unix = Peer::start(&["--unix", text_of(&path)]);
    assert_passes(
        &[
            "server",
            &unix.address,
            "--segmentation",
            "whole,joined",
            "--limit",
            "4194304",
        ],
        120,
    );
    let certs = Certs::make();
    let tls = Peer::start(&["--tls-cert", &certs.cert, "--tls-key", &certs.key]);
    let address = format!("tls://{}", tls.address);
    assert_passes(
        &[
            "server", &address, "--tls-ca", &certs.ca, "--limit", "4194304",
        ],
        300,
    );
}

#[test]
fn what_the_text_allows_is_no_failure() {
    if !has_python() {
        return;
    }
    for more in [&[][..], &["--require-check"]] {
        let arguments = [&["--manner", "original"], more].concat();
        let peer = Peer::start(&arguments);
        let (report, code) = judged(&["server", &peer.address, "--segmentation", "whole"]);
        assert_eq!(
            names(&report, &["fail", "crash", "hang", "not run"]),
            [""; 0]
        );
        let warned = names(&report, &["warn"]).len();
        assert_eq!(
            warned,
            4,
            "each SHOULD that this peer misses: {:?}",
            names(&report, &["warn"])
        );
        assert_eq!(code, 0);
    }
}

#[test]
fn the_independent_client_passes_everything_applicable() {
    if !has_python() {
        return;
    }
    let driver = format!("exec python3 -B '{}'", script("driver.py"));
    assert_passes(&["client", "--driver", &driver], 250);
    for transport in ["unix", "tls"] {
        let more = ["--transport", transport, "--segmentation", "whole,bytes"];
        assert_passes(&[&["client", "--driver", &driver][..], &more].concat(), 120);
    }
}

#[test]
fn the_python_client_and_server_understand_each_other() {
    if !has_python() {
        return;
    }
    let file = key_file();
    let key = text_of(file.path());
    let plain = Peer::start(&[]);
    let mac = Peer::start(&["--hmac-key-file", key]);
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
    let output = Command::new("python3")
        .args(["-B", &script("client.py")])
        .args(arguments)
        .output()
        .expect("python3 starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (output.status.code().expect("no signal"), text)
}

/// A server for `--exec` that does something bad when a request has a certain name.
fn rogue(bad: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder for the server");
    let path = folder.path().join("rogue.py");
    let text = format!(
        r#"
import importlib.util, os, signal, sys, threading
spec = importlib.util.spec_from_file_location("server", {server:?})
server = importlib.util.module_from_spec(spec)
sys.argv[0] = {server:?}
spec.loader.exec_module(server)
{bad}
server.main()
"#,
        server = script("server.py")
    );
    std::fs::write(&path, text).expect("the server is written");
    let command = format!("exec python3 -B '{}' --port {{port}}", path.display());
    (folder, command)
}

#[test]
fn a_server_that_the_suite_starts_is_judged_and_ended() {
    if !has_python() {
        return;
    }
    let server = format!(
        "exec python3 -B '{}' --port {{port}} --allow-panic",
        script("server.py")
    );
    let signed = format!("{server} --hmac-key-file {{key_file}}");
    let arguments = [
        "server", "--exec", &server, "--exec", &signed, "--limit", "4194304",
    ];
    assert_passes(
        &[&arguments[..], &["--segmentation", "whole,bytes"]].concat(),
        250,
    );
}

#[test]
fn a_server_that_dies_is_started_again_and_its_end_is_told() {
    if !has_python() {
        return;
    }
    // The name of PC-0045 is no UTF-8.
    let (_folder, command) = rogue(
        r#"
execute = server.Connection.execute
def rogue(self, name, payload):
    try:
        name.decode()
    except UnicodeDecodeError:
        print("a name that cannot be read", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    return execute(self, name, payload)
server.Connection.execute = rogue
"#,
    );
    let arguments = [
        "server",
        "--exec",
        &command,
        "--segmentation",
        "whole",
        "--jobs",
        "1",
    ];
    let (report, code) = judged(&[&arguments[..], &["--only", "statuses"]].concat());
    assert_eq!(code, 1);
    let crashed = names(&report, &["crash"]);
    assert_eq!(crashed.len(), 1, "{crashed:?}");
    assert!(
        crashed[0].contains("PC-0045@plain/whole") && crashed[0].contains("SIGSEGV"),
        "{crashed:?}"
    );
    let results = report["results"].as_array().expect("results");
    let result = results.iter().find(|result| result["verdict"] == "crash");
    let stderr = result.expect("a crash")["stderr"].to_string();
    assert!(stderr.contains("a name that cannot be read"), "{stderr}");
    let passed = report["counts"]["pass"].as_u64().expect("a number");
    assert!(passed > 10, "the cases behind it ran: {passed} passed");
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_that_reserves_what_is_claimed_is_noticed() {
    if !has_python() {
        return;
    }
    // What is mapped is never touched: only the virtual size shows it.
    let (_folder, command) = rogue(
        r#"
import mmap
unpack = server.HEADER.unpack
class Header:
    size = server.HEADER.size
    pack = staticmethod(server.HEADER.pack)
    def unpack(self, data):
        fields = unpack(data)
        mmap.mmap(-1, fields[3] + 1).close()
        return fields
server.HEADER = Header()
"#,
    );
    let arguments = [
        "server",
        "--exec",
        &command,
        "--segmentation",
        "whole",
        "--jobs",
        "1",
    ];
    let (report, code) = judged(&[&arguments[..], &["--only", "PC-0031@plain"]].concat());
    assert_eq!(code, 1, "{:?}", report["results"]);
    let failed = names(&report, &["fail"]);
    assert!(
        failed.len() == 1 && failed[0].contains("virtual memory grew"),
        "{failed:?}"
    );
}

/// An authority and a server's certificate, as files.
struct Certs {
    _folder: TempDir,
    ca: String,
    cert: String,
    key: String,
}

impl Certs {
    fn make() -> Self {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let certs = petrel_cli::DevelopmentCerts::new(&names).expect("certificates");
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path: PathBuf = folder.path().join(name);
            std::fs::write(&path, text).expect("it is written");
            text_of(&path).to_owned()
        };
        Self {
            ca: write("ca.pem", &certs.ca),
            cert: write("server.pem", &certs.server),
            key: write("server-key.pem", &certs.server_key),
            _folder: folder,
        }
    }
}
