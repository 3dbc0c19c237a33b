//! Programs that the suite runs through a shell, in a group of their own, and ends with everything
//! that they started.

use petrel_cli::output::one_line;
use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// What is kept of a standard error.
pub(crate) const STDERR_LINES: usize = 20;
const STDERR_LINE_LEN: usize = 1024;
/// How long the last words of a program may come behind its end. What it started may hold the pipe
/// open; only then it costs so much.
const LAST_WORDS: Duration = Duration::from_secs(2);
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// A program that was started. Dropping it ends its whole group.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    ended: Option<ExitStatus>,
    stderr: Arc<Mutex<VecDeque<String>>>,
    reader: Option<thread::JoinHandle<()>>,
}

impl Group {
    /// Runs the line, as a user would type it; `set` says where its input and output go. Its standard
    /// error is kept from now on.
    pub(crate) fn start(line: &str, set: impl FnOnce(&mut Command)) -> io::Result<Self> {
        let mut command = shell(line);
        set(&mut command);
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let stderr = Arc::default();
        let kept = Arc::clone(&stderr);
        let reader = child.stderr.take().map(|pipe| {
            thread::spawn(move || read_lines(pipe, STDERR_LINE_LEN, |line| keep(&kept, &line)))
        });
        Ok(Self {
            child,
            ended: None,
            stderr,
            reader,
        })
    }

    /// Its pipes can be taken from it.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The number of the group, and of the shell that leads it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did so by then. What is left of its group is then ended, too.
    pub(crate) fn status_within(&mut self, wait: Duration) -> Option<ExitStatus> {
        if self.ended.is_none() && wait_until(wait, || has_exited(&mut self.child)) {
            self.end();
        }
        self.ended
    }

    /// The last lines that it wrote to its standard error, escaped.
    pub(crate) fn stderr(&mut self) -> Vec<String> {
        if self.status_within(Duration::ZERO).is_some() {
            let reader = self.reader.as_ref();
            wait_until(LAST_WORDS, || reader.is_none_or(|it| it.is_finished()));
        }
        let tail = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        tail.iter().cloned().collect()
    }

    fn end(&mut self) {
        end_group(&mut self.child);
        // It has exited or was killed, so this does not wait. Without a status there is nobody left.
        self.ended = self.child.wait().ok();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Once it is reaped, its number may be that of somebody else.
        if self.ended.is_none() {
            self.end();
        }
    }
}

/// Looks again and again, and says whether it came to be so.
fn wait_until(at_most: Duration, mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + at_most;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(POLL);
    }
}

/// Hands on every line that is not empty, or, of a longer one, pieces of one byte more than `len_max`.
/// Ends with the pipe, or when nobody wants more.
pub(crate) fn read_lines(
    pipe: impl Read,
    len_max: usize,
    mut hand_on: impl FnMut(Vec<u8>) -> bool,
) {
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

/// In a group of its own all of it can be ended at once, and Ctrl-C reaches the suite alone.
#[cfg(unix)]
fn shell(line: &str) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).process_group(0);
    command
}

#[cfg(not(unix))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    command.arg("/C").arg(line);
    command
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_lines_and_no_more() {
        let text: String = (0..50).map(|n| format!("line {n}\n")).collect();
        let kept = Mutex::default();
        read_lines(text.as_bytes(), STDERR_LINE_LEN, |line| keep(&kept, &line));
        let lines = kept.into_inner().expect("nobody panicked");
        assert_eq!(lines.len(), STDERR_LINES);
        assert_eq!(lines.back().map(String::as_str), Some("line 49"));
    }
}
