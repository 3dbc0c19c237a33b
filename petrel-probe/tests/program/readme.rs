//! Every example of the README that calls this program, run in the order in which it stands there.

use crate::root;
use petrel_cli::{Embedded, EmbeddedConfig};
use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::symlink,
    path::Path,
    process::{Child, Command, Stdio},
};

/// The program as the README calls it.
const PROGRAM: &str = "target/release/petrel-probe";

/// Where the README says that a server listens, and where it lets the recorder listen.
const SERVER: &str = "127.0.0.1:60606";
const RECORDER: &str = "127.0.0.1:60616";

/// A recorder that an example started, ended when the examples are through.
struct Recorder(Child);

#[test]
fn every_example_of_the_readme_works() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let examples = examples(&readme);
    assert!(examples.len() >= 10, "{examples:#?}");

    // As a clone looks from its root, as far as the examples go; what they write goes here.
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("target/release")).unwrap();
    let program = env!("CARGO_BIN_EXE_petrel-probe");
    symlink(program, folder.path().join(PROGRAM)).unwrap();
    symlink(
        root().join("petrel-probe"),
        folder.path().join("petrel-probe"),
    )
    .unwrap();

    let server = Embedded::start(EmbeddedConfig::default()).unwrap();
    let server_address = server.endpoint().to_string();
    let mut recorder: Option<(Recorder, String)> = None;
    for example in &examples {
        let mut line = example.replace(SERVER, &server_address);
        if line.contains(" record ") {
            let line = line.replace(RECORDER, "127.0.0.1:0");
            recorder = Some(Recorder::start(folder.path(), &line));
            continue;
        }
        if let Some((_, address)) = &recorder {
            line = line.replace(RECORDER, address);
        }
        let output = shell(folder.path(), &line)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        // The examples that show a difference or an error status say so in their comment.
        let expected = i32::from(example.contains("exit 1"));
        assert_eq!(
            output.status.code(),
            Some(expected),
            "{line}\n{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    let (recorder, _) = recorder.expect("the README shows the recorder");
    recorder.end();
}

/// The lines of all shell blocks that call this program, continued lines joined.
fn examples(readme: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let blocks = readme.split("```sh\n").skip(1);
    for block in blocks {
        let block = block.split("```").next().unwrap_or_default();
        let joined = block.replace("\\\n", " ");
        lines.extend(
            joined
                .lines()
                .filter(|line| line.contains(PROGRAM))
                .map(str::to_owned),
        );
    }
    lines
}

fn shell(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder);
    command
}

impl Recorder {
    /// Starts it and waits until it says where it listens.
    fn start(folder: &Path, line: &str) -> (Self, String) {
        let line = line.split('#').next().unwrap_or_default();
        let line = line.trim().trim_end_matches('&');
        let mut child = shell(folder, &format!("exec {line}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        let address = first
            .split_whitespace()
            .find(|word| word.contains(':') && word.ends_with(|c: char| c.is_ascii_digit()))
            .unwrap_or_else(|| panic!("it says where it listens: {first:?}"))
            .to_owned();
        // What it prints from now on is read, so that it never waits for us.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        (Self(child), address)
    }

    /// Ends it as Ctrl-C would, which is a success.
    fn end(mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
