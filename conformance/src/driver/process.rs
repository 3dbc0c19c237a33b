//! Runs a driver, and keeps one that hangs, floods or dies from doing harm.
//!
//! Threads of their own do the reading and writing, because a pipe knows no deadline. They hold a
//! bounded amount and end with the pipes; nobody waits for them.

use super::protocol::{Answer, Command, quote};
use crate::child::{Group, read_lines};
use petrel_cli::{Exit, Failure, Interrupt};
use std::{
    io::{self, ErrorKind, Write},
    process::{ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant},
};

/// The longest answer that is read.
const LINE_LEN_MAX: usize = 64 << 20;
/// So many answers wait unread, then the driver has to.
const LINES_MAX: usize = 4;
/// So many commands wait for a driver that does not read, then telling it more is an error.
const COMMANDS_MAX: usize = 4;
/// How long a driver has to end by itself.
const FAREWELL: Duration = Duration::from_millis(200);
/// How long the end of a process may come behind that of its pipes. Only a driver that closed them and
/// runs on costs so much.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long a driver that starts is listened to without looking up.
const SLICE: Duration = Duration::from_millis(100);

/// A driver that runs. Dropping it ends it, with every process that it started in its group.
#[derive(Debug)]
pub(crate) struct Driver {
    group: Group,
    commands: Option<SyncSender<Vec<u8>>>,
    lines: Receiver<Vec<u8>>,
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
        let mut group = Group::start(command, |shell| {
            shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        })
        .map_err(cannot_start)?;
        let child = group.child();
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both were asked for");
        };
        let (commands, told) = sync_channel(COMMANDS_MAX);
        thread::spawn(move || write_commands(stdin, &told));
        let (said, lines) = sync_channel(LINES_MAX);
        thread::spawn(move || read_lines(stdout, LINE_LEN_MAX, |line| said.send(line).is_ok()));
        Ok(Self {
            group,
            commands: Some(commands),
            lines,
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
        self.group.stderr()
    }

    /// How it ended, if it has. What is left of its group is then ended, too.
    pub(crate) fn status(&mut self) -> Option<ExitStatus> {
        self.group.status_within(Duration::ZERO)
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
                    "it did not answer a command that does not exist within {:.1} s; it must \
                     answer each line at once, and flush it",
                    wait.as_secs_f32()
                ));
                Err(unusable(silent, &self.stderr()))
            }
            Err(error) => Err(unusable(error, &self.stderr())),
        }
    }

    /// Why nothing more comes of it.
    fn ending(&mut self) -> String {
        // The pipe ends a moment before the process.
        match self.group.status_within(LAST_WORDS) {
            Some(status) => format!("the driver has ended ({status})"),
            None => "the driver has closed its standard output or input, and runs on".into(),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Its input ends, and it is to end with it.
        self.commands = None;
        self.group.status_within(FAREWELL);
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

#[cfg(all(test, unix))]
mod tests;
