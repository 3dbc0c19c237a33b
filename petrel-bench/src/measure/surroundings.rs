//! What else happens while a run is measured: on the machine, and in the server as far as it can be seen.

use crate::{
    health::{
        HiccupProbe, ProcessClock, ProcessTime, Steal, ThreadClock, ThreadTime, listening_process,
    },
    histogram::Histogram,
    target::Reached,
};
use std::fs;

/// The server's clock of processor time, where there is one.
#[derive(Clone, Copy, Debug)]
enum ServerClock {
    Thread(ThreadClock),
    Process(ProcessClock),
    None,
}

#[derive(Clone, Copy, Debug)]
enum ServerTime {
    Thread(ThreadTime),
    Process(ProcessTime),
}

/// Is told when the measured time begins and when it has ended, and looks in between.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    reached: &'a Reached,
    server: ServerClock,
    before: Option<Before>,
    after: Option<After>,
}

#[derive(Debug)]
struct Before {
    hiccups: HiccupProbe,
    steal: Option<Steal>,
    server: Option<ServerTime>,
    counted: u64,
}

/// What was seen in the measured time.
#[derive(Debug, Default)]
pub(super) struct After {
    pub(super) hiccups: Histogram,
    pub(super) steal: Option<f64>,
    /// Processor time of the server, in nanoseconds.
    pub(super) server_ns: Option<u64>,
    /// Requests that the embedded server counted.
    pub(super) counted: Option<u64>,
}

impl<'a> Surroundings<'a> {
    pub(super) fn of(reached: &'a Reached) -> Self {
        let server = if reached.embedded().is_some() {
            embedded_thread().map_or(ServerClock::None, |thread| {
                ServerClock::Thread(ThreadClock::of(thread))
            })
        } else if reached.is_near {
            listening_process(&reached.endpoint).map_or(ServerClock::None, |process| {
                ServerClock::Process(ProcessClock::of(process))
            })
        } else {
            ServerClock::None
        };
        Self {
            reached,
            server,
            before: None,
            after: None,
        }
    }

    /// The measured time begins.
    pub(super) fn begin(&mut self) {
        self.before = Some(Before {
            hiccups: HiccupProbe::start(),
            steal: Steal::read(),
            server: self.server.read(),
            counted: self.counted().unwrap_or(0),
        });
    }

    /// The measured time has ended.
    pub(super) fn end(&mut self) {
        let Some(before) = self.before.take() else {
            return;
        };
        let counted = self.counted();
        let server = self.server.read().zip(before.server);
        let steal = Steal::read().zip(before.steal);
        self.after = Some(After {
            hiccups: before.hiccups.finish(),
            steal: steal.and_then(|(now, then)| now.share_since(then)),
            server_ns: server.map(|(now, then)| now.since_ns(then)),
            counted: counted.map(|now| now.saturating_sub(before.counted)),
        });
    }

    pub(super) fn into_seen(self) -> After {
        self.after.unwrap_or_default()
    }

    fn counted(&self) -> Option<u64> {
        let handle = self.reached.embedded()?;
        Some(handle.stats().requests)
    }
}

impl ServerClock {
    fn read(self) -> Option<ServerTime> {
        match self {
            Self::Thread(clock) => clock.read().map(ServerTime::Thread),
            Self::Process(clock) => clock.read().map(ServerTime::Process),
            Self::None => None,
        }
    }
}

impl ServerTime {
    fn since_ns(self, earlier: Self) -> u64 {
        match (self, earlier) {
            (Self::Thread(now), Self::Thread(then)) => now.since(then).cpu_ns,
            (Self::Process(now), Self::Process(then)) => now.since_ns(then),
            // One clock gives one kind of time.
            _ => 0,
        }
    }
}

/// The thread of the embedded server, by the name that it has, as far as the system keeps it.
fn embedded_thread() -> Option<u32> {
    const NAME: &str = "petrel-embedded";
    let threads = fs::read_dir("/proc/self/task").ok()?;
    threads
        .filter_map(Result::ok)
        .find(|thread| {
            let name = fs::read_to_string(thread.path().join("comm"));
            name.is_ok_and(|name| name.trim_end() == NAME)
        })
        .and_then(|thread| thread.file_name().to_str()?.parse().ok())
}
