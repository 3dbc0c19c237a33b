//! Runs a driver, and keeps one that hangs, floods or dies from doing harm.
//!
//! Threads of their own do the reading and writing, because a pipe knows no deadline. They hold a
//! bounded amount and end with the pipes; nobody waits for them.

use super::protocol::{Answer, Command, quote};
use petrel_cli::{Exit, Failure, Interrupt, output::one_line};
use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    process::{self, Child, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// The longest answer that is read.
const LINE_LEN_MAX: usize = 64 << 20;
/// So many answers wait unread, then the driver has to.
const LINES_MAX: usize = 4;
/// So many commands wait for a driver that does not read, then telling it more is an error.
const COMMANDS_MAX: usize = 4;
/// What is kept of its standard error.
const STDERR_LINES: usize = 20;
const STDERR_LINE_LEN: usize = 1024;
/// How long a driver has to end by itself.
const FAREWELL: Duration = Duration::from_millis(200);
/// How long the end of a process may come behind that of its pipes, and its last words behind both.
/// Only a driver that closed them and runs on costs so much.
const LAST_WORDS: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(5);
/// How long a driver that starts is listened to without looking up.
const SLICE: Duration = Duration::from_millis(100);

/// A driver that runs. Dropping it ends it, with every process that it started in its group.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    ended: Option<ExitStatus>,
    commands: Option<SyncSender<Vec<u8>>>,
    lines: Receiver<Vec<u8>>,
    stderr: Arc<Mutex<VecDeque<String>>>,
    stderr_reader: thread::JoinHandle<()>,
}

/// What a driver said.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) answer: Answer,
    /// The front of the line itself, escaped, for a report.
    pub(crate) shown: String,
}

impl Driver {
    /// Runs `command` through `sh`, as a user would type it.
    ///
    /// # Errors
    /// If there is no command, or no process can be started. That the shell does not find the
    /// program shows in the first answer.
    pub(crate) fn start(command: &str) -> Result<Self, Failure> {
        if command.trim().is_empty() {
            return Err(Failure::usage(
                "the command of the driver is empty; write one as for a shell, such as \
                 'petrel-conformance driver'",
            ));
        }
        let cannot_start = |error: io::Error| {
            let message = format!("cannot start the driver through `sh`: {error}");
            Failure::new(Exit::Unreachable, message)
        };
        let mut shell = process::Command::new("sh");
        shell
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // So that all of it can be ended at once, and Ctrl-C reaches the suite alone.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        let mut child = shell.spawn().map_err(cannot_start)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            unreachable!("all three were asked for");
        };
        let (commands, told) = sync_channel(COMMANDS_MAX);
        thread::spawn(move || write_commands(stdin, &told));
        let (said, lines) = sync_channel(LINES_MAX);
        thread::spawn(move || read_lines(stdout, LINE_LEN_MAX, |line| said.send(line).is_ok()));
        let tail = Arc::default();
        let kept = Arc::clone(&tail);
        let stderr_reader = thread::spawn(move || {
            read_lines(stderr, STDERR_LINE_LEN, |line| keep(&kept, &line));
        });
        Ok(Self {
            child,
            ended: None,
            commands: Some(commands),
            lines,
            stderr: tail,
            stderr_reader,
        })
    }

    /// Tells the driver what to do. It is to answer each command once, in their order.
    ///
    /// # Errors
    /// If it has ended or reads nothing any more. Perhaps only [`Driver::reply`] notices.
    pub(crate) fn send(&mut self, command: &Command) -> io::Result<()> {
        self.send_line(command.to_line())
    }

    fn send_line(&mut self, line: String) -> io::Result<()> {
        let commands = self.commands.as_ref().ok_or(ErrorKind::BrokenPipe)?;
        match commands.try_send(line.into_bytes()) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(io::Error::new(
                ErrorKind::WouldBlock,
                "the driver does not read its standard input",
            )),
            Err(TrySendError::Disconnected(_)) => {
                Err(io::Error::new(ErrorKind::BrokenPipe, self.ending()))
            }
        }
    }

    /// What the driver said next, or `None` if it said nothing for so long.
    ///
    /// # Errors
    /// `InvalidData` if it speaks another language, with the line; anything else if it has ended.
    pub(crate) fn reply(&mut self, wait: Duration) -> io::Result<Option<Line>> {
        let invalid = |problem| io::Error::new(ErrorKind::InvalidData, problem);
        match self.lines.recv_timeout(wait) {
            Ok(line) if line.len() > LINE_LEN_MAX => Err(invalid(format!(
                "the driver wrote a line of more than {LINE_LEN_MAX} bytes: {}",
                quote(&line)
            ))),
            Ok(line) => match Answer::parse(&line) {
                Ok(answer) => Ok(Some(Line {
                    answer,
                    shown: quote(&line),
                })),
                Err(problem) => Err(invalid(format!(
                    "the driver wrote a line that is no answer; {problem}"
                ))),
            },
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(io::Error::new(ErrorKind::UnexpectedEof, self.ending()))
            }
        }
    }

    /// The last lines that it wrote to its standard error, escaped.
    pub(crate) fn stderr(&mut self) -> Vec<String> {
        // Its last words come by another pipe than its end.
        if self.status().is_some() {
            wait_until(LAST_WORDS, || self.stderr_reader.is_finished());
        }
        let tail = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        tail.iter().cloned().collect()
    }

    /// How it ended, if it has. What is left of its group is then ended, too.
    pub(crate) fn status(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() && has_exited(&mut self.child) {
            self.end();
        }
        self.ended
    }

    /// Makes sure that the driver tells what it can do from what it cannot: it is told something
    /// that does not exist, whose name `seed` makes, and must not say ok.
    ///
    /// # Errors
    /// If it says ok, so that nothing it says proves anything; if it says nothing for so long, or
    /// not in this language.
    pub(crate) fn refuse_yes_sayers(
        &mut self,
        seed: u64,
        wait: Duration,
        interrupt: Option<&Interrupt>,
    ) -> Result<(), Failure> {
        // An odd factor gives every seed a word of its own, and neighbours words far apart.
        let name = format!("x{:016x}", seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let unusable = |error: io::Error, stderr: &[String]| {
            let last = stderr
                .last()
                .map(|line| format!("; its last words: {line}"));
            let message = format!(
                "the driver is of no use: {error}{}",
                last.unwrap_or_default()
            );
            Failure::new(Exit::Unreachable, message)
        };
        let line = format!("{{\"{name}\":{{}}}}\n");
        let said = self.send_line(line).and_then(|()| {
            let until = Instant::now() + wait;
            loop {
                let left = until.saturating_duration_since(Instant::now());
                match self.reply(left.min(SLICE))? {
                    None if left > SLICE && !interrupt.is_some_and(Interrupt::is_set) => {}
                    said => return Ok(said),
                }
            }
        });
        if interrupt.is_some_and(Interrupt::is_set) {
            let message = "interrupted before the driver answered";
            return Err(Failure::new(Exit::Interrupted, message));
        }
        match said {
            Ok(Some(line)) => match line.answer {
                Answer::Unsupported(_) | Answer::Error { .. } => Ok(()),
                Answer::Ok(_) => Err(Failure::new(
                    Exit::NoVerdict,
                    format!(
                        "the driver says ok to a command that does not exist ({name}), so its answers \
                         prove nothing; it must answer {{\"unsupported\": \"why\"}}"
                    ),
                )),
            },
            Ok(None) => {
                let silent = io::Error::other(format!(
                    "it did not answer a command that does not exist within {wait:?}; it must \
                     answer each line at once, and flush it"
                ));
                Err(unusable(silent, &self.stderr()))
            }
            Err(error) => Err(unusable(error, &self.stderr())),
        }
    }

    /// Why nothing more comes of it.
    fn ending(&mut self) -> String {
        // The pipe ends a moment before the process.
        wait_until(LAST_WORDS, || has_exited(&mut self.child));
        match self.status() {
            Some(status) => format!("the driver has ended ({status})"),
            None => "the driver has closed its standard output or input, and runs on".into(),
        }
    }

    fn end(&mut self) {
        end_group(&mut self.child);
        // It has exited or was killed, so this does not wait. Without a status there is nobody left.
        self.ended = self.child.wait().ok();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.ended.is_some() {
            return;
        }
        // Its input ends, and it is to end with it.
        self.commands = None;
        wait_until(FAREWELL, || has_exited(&mut self.child));
        self.end();
    }
}

/// Whether the process has ended. It is not reaped, so its number stays its own, and that of its
/// group, until the group is ended.
#[cfg(unix)]
fn has_exited(child: &mut Child) -> bool {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let state = waitid(WaitId::Pid(Pid::from_child(child)), options);
    // An error says that there is no such child, so there is nothing to wait for.
    !matches!(state, Ok(None))
}

#[cfg(unix)]
fn end_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    // An error says that all of it has ended.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

#[cfg(not(unix))]
fn has_exited(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

#[cfg(not(unix))]
fn end_group(child: &mut Child) {
    // An error says that it has ended.
    let _ = child.kill();
}

fn wait_until(at_most: Duration, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + at_most;
    while !done() && Instant::now() < deadline {
        thread::sleep(POLL);
    }
}

fn write_commands(mut stdin: impl Write, told: &Receiver<Vec<u8>>) {
    while let Ok(line) = told.recv() {
        // A driver that is gone shows where its answer is waited for.
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

/// Hands on every line that is not empty, or, of a longer one, pieces of one byte more than `len_max`.
/// Ends with the pipe, or when nobody wants more.
fn read_lines(pipe: impl Read, len_max: usize, mut hand_on: impl FnMut(Vec<u8>) -> bool) {
    let mut pipe = BufReader::new(pipe);
    loop {
        let mut line = Vec::new();
        let piece = pipe.by_ref().take(len_max as u64 + 1);
        match { piece }.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if line.ends_with(b"\n") {
            line.pop();
        }
        if !line.trim_ascii().is_empty() && !hand_on(line) {
            return;
        }
    }
}

fn keep(tail: &Mutex<VecDeque<String>>, line: &[u8]) -> bool {
    let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
    if tail.len() == STDERR_LINES {
        tail.pop_front();
    }
    tail.push_back(one_line(String::from_utf8_lossy(line).trim_end()));
    true
}

#[cfg(all(test, unix))]
mod tests;
