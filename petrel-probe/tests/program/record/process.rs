//! A recorder as a process of its own, and bytes to send through it.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// Long enough for anything on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A recorder at work, which ends with the test, and the folder that it writes to.
pub(crate) struct Recorder {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
    listening: String,
    folder: tempfile::TempDir,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) folder: tempfile::TempDir,
}

/// Runs the program to its end.
pub(crate) fn probe(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_petrel-probe"))
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

impl Recorder {
    /// Records what goes to `upstream` into `r.pcapng`.
    pub(crate) fn start(upstream: &str, words: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", upstream, words)
    }

    pub(crate) fn start_at(listen: &str, upstream: &str, words: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_petrel-probe"))
            .args(["record", "--listen", listen, "--upstream", upstream])
            .arg("--write")
            .arg(folder.path().join("r.pcapng"))
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let listening = line.trim_end().strip_prefix("listening on ");
        let listening = listening.map(str::to_owned).or_else(|| {
            let line: serde_json::Value = serde_json::from_str(&line).ok()?;
            Some(line["endpoint"].as_str()?.to_owned())
        });
        let Some(listening) = listening else {
            // It may be at work all the same.
            let _ = child.kill();
            stderr.read_to_string(&mut line).unwrap();
            panic!("{line}");
        };
        Self {
            listening,
            child,
            stdout: Some(stdout),
            stderr,
            folder,
        }
    }

    /// Where it listens.
    pub(crate) fn listening(&self) -> &str {
        &self.listening
    }

    /// A connection to it, on which nothing waits for ever.
    pub(crate) fn connect(&self) -> TcpStream {
        patient(TcpStream::connect(&self.listening).unwrap())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.stdout.as_mut().unwrap();
        assert!(
            stdout.read_line(&mut line).unwrap() > 0,
            "it has no more to say"
        );
        line
    }

    /// Reads no more of what it prints.
    pub(crate) fn hang_up(&mut self) {
        self.stdout = None;
    }

    /// The file, unless it is a ring.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder().join("r.pcapng")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Ends it as a user would.
    pub(crate) fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Waits until it is gone.
    pub(crate) fn wait(mut self) -> Ended {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        if let Some(said) = &mut self.stdout {
            said.read_to_string(&mut stdout).unwrap();
        }
        self.stderr.read_to_string(&mut stderr).unwrap();
        let code = self.child.wait().unwrap().code();
        let empty = tempfile::tempdir().unwrap();
        let folder = std::mem::replace(&mut self.folder, empty);
        Ended {
            code,
            stdout,
            stderr,
            folder,
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("r.pcapng")
    }
}

/// A server of which the test is the other end.
pub(crate) struct Upstream(TcpListener);

impl Upstream {
    pub(crate) fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub(crate) fn accept(&self) -> TcpStream {
        patient(self.0.accept().unwrap().0)
    }
}

pub(crate) fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn await_that(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < PATIENCE, "it does not come about");
        std::thread::yield_now();
    }
}

/// Bytes that repeat nowhere, the same for the same seed.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % end
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next().to_le_bytes())
            .flatten()
            .take(len)
            .collect()
    }
}
