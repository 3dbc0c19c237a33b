//! The log: on standard error, and never in the way of the program.

use crate::{Exit, Failure, look::may_color};
use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, Sender, SyncSender, TrySendError},
    },
    thread,
    time::Duration,
};
use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter};

/// Lines that may wait to be written. Those that come when it is full are dropped and counted.
const LINES_WAITING_MAX: usize = 4096;

/// How long a program that ends waits for its last lines to be taken.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The argument that says how much is logged. Defaults to `info`; a program for which that is too
/// much changes it, `#[command(mut_arg("log", |arg| arg.default_value("warn")))]`.
#[derive(Clone, Copy, Debug, clap::Args)]
#[non_exhaustive]
pub struct LogArgs {
    /// How much to log on standard error
    #[arg(
        long,
        value_enum,
        value_name = "LEVEL",
        default_value = "info",
        global = true,
        display_order = 900
    )]
    pub log: LogLevel,
}

/// How much is logged: each level with those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[non_exhaustive]
pub enum LogLevel {
    /// Nothing
    Off,
    /// What failed
    Error,
    /// What clients should not do
    Warn,
    /// Connections that end
    Info,
    /// Connections that begin, and their details
    Debug,
    /// Every request
    Trace,
}

/// Keeps the log running. Dropping it waits until what was logged is written, for a second at most.
#[derive(Debug)]
#[must_use = "without it the last lines of the log may be lost"]
pub struct LogGuard(SyncSender<Message>);

impl LogArgs {
    /// Starts the log of the process. Lines are coloured on a terminal, unless `NO_COLOR` is set to
    /// something or the terminal is a dumb one.
    ///
    /// Lines are written by a thread of their own: a terminal that is held, or a reader that sleeps,
    /// costs lines and not the program's time. Where lines are missing, the log says how many.
    ///
    /// # Errors
    /// If the process has a log already, or the system gives no thread.
    pub fn start(&self) -> Result<LogGuard, Failure> {
        let cannot_start = |error: &dyn std::error::Error| {
            Failure::new(Exit::Unreachable, format!("cannot start the log: {error}"))
        };
        let (sender, receiver) = mpsc::sync_channel(LINES_WAITING_MAX);
        let sink = Sink {
            lines: sender.clone(),
            dropped: Arc::default(),
        };
        let dropped = Arc::clone(&sink.dropped);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_lines(&receiver, &dropped, &mut io::stderr()))
            .map_err(|error| cannot_start(&error))?;
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::from(self.log))
            .with_ansi(may_color(&io::stderr()))
            .with_writer(sink)
            .log_internal_errors(false)
            .try_init()
            .map_err(|error| cannot_start(&*error))?;
        if self.log != LogLevel::Off {
            // The hook that comes with Rust writes to standard error itself, and waits for whoever
            // holds it.
            std::panic::set_hook(Box::new(|panic| tracing::error!(%panic)));
        }
        Ok(LogGuard(sender))
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        let (done, written) = mpsc::channel();
        // If standard error is stuck and the queue full, the rest is lost anyway.
        if self.0.try_send(Message::Flush(done)).is_ok() {
            let _ = written.recv_timeout(FLUSH_TIMEOUT);
        }
    }
}

/// What the log's thread is sent.
#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    Flush(Sender<()>),
}

/// Where the subscriber writes: into the queue of the log's thread.
#[derive(Debug)]
struct Sink {
    lines: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Write for &Sink {
    /// Takes one event, which the subscriber writes whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(Message::Line(line.to_vec())) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_lines(messages: &Receiver<Message>, dropped: &AtomicU64, to: &mut impl Write) {
    for message in messages {
        // A log that cannot be written has nowhere to say so.
        match message {
            Message::Line(line) => {
                let _ = to.write_all(&line);
            }
            Message::Flush(done) => {
                let _ = to.flush();
                let _ = done.send(());
            }
        }
        let missing = dropped.swap(0, Ordering::Relaxed);
        if missing > 0 {
            let _ = writeln!(to, "({missing} lines of the log are missing here)");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_costs_lines_and_says_how_many() {
        let (sender, receiver) = mpsc::sync_channel(2);
        let sink = Sink {
            lines: sender,
            dropped: Arc::default(),
        };
        for line in ["one\n", "two\n", "three\n", "four\n"] {
            assert_eq!((&sink).write(line.as_bytes()).unwrap(), line.len());
        }
        let dropped = Arc::clone(&sink.dropped);
        drop(sink);
        let mut written = Vec::new();
        write_lines(&receiver, &dropped, &mut written);
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "one\n(2 lines of the log are missing here)\ntwo\n"
        );
    }

    #[test]
    fn what_was_logged_is_written_when_the_guard_goes() {
        let (sender, receiver) = mpsc::sync_channel(9);
        let guard = LogGuard(sender.clone());
        let sink = Sink {
            lines: sender,
            dropped: Arc::default(),
        };
        (&sink).write_all(b"last words\n").unwrap();
        let writer = thread::spawn(move || {
            let mut written = Vec::new();
            write_lines(&receiver, &AtomicU64::new(0), &mut written);
            written
        });
        drop(guard);
        drop(sink);
        assert_eq!(writer.join().unwrap(), b"last words\n");
    }
}
