//! A server that the suite starts itself: its port and key are filled in, its end is noticed, and its
//! memory watched.

use crate::{
    child::Group,
    frame::Key,
    target::{Address, Server},
};
use petrel_cli::{Exit, Failure, Interrupt, output::shell_word};
use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a server may take until it listens.
const START_MAX: Duration = Duration::from_secs(20);
/// How often the suite looks for what it waits for.
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// A command line with `{port}` and perhaps `{key_file}` in it.
#[derive(Clone, Debug)]
pub(crate) struct ServerCommand {
    template: String,
    /// Where the key stands, and its bytes, if the command asks for one.
    key: Option<(PathBuf, Key)>,
    interrupt: Interrupt,
    /// When the time of the whole run is up.
    deadline: Instant,
}

impl ServerCommand {
    /// `key` is given to commands that ask for one.
    pub(crate) fn new(
        template: &str,
        key: &(PathBuf, Key),
        interrupt: Interrupt,
        deadline: Instant,
    ) -> Result<Self, Failure> {
        if !template.contains("{port}") {
            return Err(Failure::usage(format!(
                "--exec `{template}`: write {{port}} where the server is told its port"
            )));
        }
        Ok(Self {
            template: template.to_owned(),
            key: template.contains("{key_file}").then(|| key.clone()),
            interrupt,
            deadline,
        })
    }

    pub(crate) fn is_signed(&self) -> bool {
        self.key.is_some()
    }

    /// Starts it and waits until it listens.
    pub(crate) fn start(&self) -> Result<(ServerProcess, Server), Failure> {
        let begin = Instant::now();
        self.start_once().or_else(|failure| {
            // Somebody else may have taken the free port before the server did; it says so at once.
            let is_late = begin.elapsed() > START_MAX / 4
                || Instant::now() >= self.deadline
                || failure.exit() == Exit::Interrupted;
            if is_late {
                Err(failure)
            } else {
                self.start_once()
            }
        })
    }

    fn start_once(&self) -> Result<(ServerProcess, Server), Failure> {
        let cannot = |what: &dyn std::fmt::Display| {
            let message = format!("cannot start `{}`: {what}", self.template);
            Failure::new(Exit::Unreachable, message)
        };
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .map_err(|error| cannot(&error))?
            .port();
        let mut line = self.template.replace("{port}", &port.to_string());
        if let Some((path, _)) = &self.key {
            line = line.replace("{key_file}", &shell_word(&path.to_string_lossy()));
        }
        let mut process = ServerProcess::spawn(&line).map_err(|error| cannot(&error))?;
        let endpoint = format!("127.0.0.1:{port}").parse();
        let endpoint = endpoint.map_err(|error| cannot(&error))?;
        let mut server = Server::new(Address::look_up(&endpoint)?);
        server.key = self.key.as_ref().map(|(_, key)| key.clone());
        let begin = Instant::now();
        let deadline = self.deadline.min(begin + START_MAX);
        while server.measure().is_err() {
            if let Some(how) = process.exit_within(Duration::ZERO) {
                let last = process.stderr().join("\n");
                return Err(cannot(
                    &format!("it {how} before it listened\n{last}").trim_end(),
                ));
            }
            if self.interrupt.is_set() {
                return Err(Failure::new(
                    Exit::Interrupted,
                    "interrupted before the server listened",
                ));
            }
            if Instant::now() > deadline {
                let why = match deadline == self.deadline {
                    true => "when the time of --max-time was up",
                    false => "and a server has no longer to start",
                };
                let seconds = begin.elapsed().as_secs_f32();
                return Err(cannot(&format!(
                    "nothing listens on port {port} after {seconds:.1} s, {why}"
                )));
            }
            thread::sleep(LOOK_PAUSE);
        }
        Ok((process, server))
    }
}

/// A running server. Dropping it ends it and everything that it started.
#[derive(Debug)]
pub(crate) struct ServerProcess(Group);

/// The largest that a process and its children have been, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) virtual_peak: u64,
    pub(crate) resident_peak: u64,
}

impl ServerProcess {
    fn spawn(line: &str) -> std::io::Result<Self> {
        let group = Group::start(line, |command| {
            command.stdin(Stdio::null()).stdout(Stdio::null());
        });
        group.map(Self)
    }

    /// How it ended, if it did so by then.
    pub(crate) fn exit_within(&mut self, wait: Duration) -> Option<String> {
        self.0.status_within(wait).map(describe)
    }

    /// The last lines that it wrote to its standard error.
    pub(crate) fn stderr(&mut self) -> Vec<String> {
        self.0.stderr()
    }

    /// `None` where the system does not show it.
    pub(crate) fn memory(&self) -> Option<Memory> {
        let mut total = Memory {
            virtual_peak: 0,
            resident_peak: 0,
        };
        let mut is_seen = false;
        for status in group_members(self.0.id()) {
            let Some((virtual_peak, resident_peak)) = peaks(&status) else {
                continue;
            };
            total.virtual_peak += virtual_peak;
            total.resident_peak += resident_peak;
            is_seen = true;
        }
        is_seen.then_some(total)
    }
}

fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        // A shell in between says 128 and the signal.
        let told = status
            .code()
            .filter(|code| *code > 128)
            .map(|code| code - 128);
        if let Some(signal) = status.signal().or(told) {
            return format!("was ended by signal {signal}{}", signal_name(signal));
        }
    }
    match status.code() {
        Some(code) => format!("exited with code {code}"),
        None => "ended".to_owned(),
    }
}

#[cfg(unix)]
fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        _ => "",
    }
}

/// The `status` files of the processes of a group; the group is that of the shell which leads it.
fn group_members(group: u32) -> Vec<String> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let of_group = |folder: &Path| {
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        // Behind the name, which may hold anything: state, parent, group.
        let (_, rest) = stat.rsplit_once(')')?;
        let id: u32 = rest.split_whitespace().nth(2)?.parse().ok()?;
        (id == group).then(|| fs::read_to_string(folder.join("status")).ok())?
    };
    processes
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            name.to_string_lossy()
                .bytes()
                .all(|byte| byte.is_ascii_digit())
        })
        .filter_map(|entry| of_group(&entry.path()))
        .collect()
}

/// `VmPeak` and `VmHWM` of a `status` file, in bytes.
fn peaks(status: &str) -> Option<(u64, u64)> {
    let kib = |field: &str| -> Option<u64> {
        let line = status.lines().find(|line| line.starts_with(field))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Some((kib("VmPeak:")? << 10, kib("VmHWM:")? << 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_peaks_of_a_process() {
        let status = "Name:\tserver\nVmPeak:\t   2048 kB\nVmSize:\t 1024 kB\nVmHWM:\t     12 kB\n";
        assert_eq!(peaks(status), Some((2 << 20, 12 << 10)));
        assert_eq!(peaks("Name:\tgone\n"), None);
    }
}
