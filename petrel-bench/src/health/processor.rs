//! Processor time: of a thread, of another process, and what the hypervisor took.

use std::fs;

/// Reads what one thread used of the processor.
///
/// On Linux any thread of this process may read it, and it also tells how long the thread had to wait
/// for a processor. The kernel brings the numbers up to date at least once per tick (1 to 10 ms).
/// Elsewhere only the thread itself reads it, and how long it waited is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadClock {
    thread: Option<u32>,
}

/// What a thread used since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the two that the kernel tells")]
pub struct ThreadTime {
    /// On a processor, in nanoseconds.
    pub cpu_ns: u64,
    /// Ready and without a processor, in nanoseconds, where that is known.
    pub starved_ns: Option<u64>,
}

impl ThreadClock {
    /// The clock of the thread that calls.
    pub fn here() -> Self {
        Self {
            thread: current_thread(),
        }
    }

    /// The clock of the thread of this process with that id, as the kernel counts threads.
    pub const fn of(thread: u32) -> Self {
        Self {
            thread: Some(thread),
        }
    }

    /// The thread's id, by which others make the same clock.
    pub const fn thread(self) -> Option<u32> {
        self.thread
    }

    /// What the thread used so far; nothing once it has ended, or where that is not known.
    pub fn read(self) -> Option<ThreadTime> {
        match self.thread {
            Some(thread) => {
                let told = fs::read_to_string(format!("/proc/self/task/{thread}/schedstat"));
                parse_schedstat(&told.ok()?)
            }
            None => own_cpu_time(),
        }
    }
}

impl ThreadTime {
    /// What was used between an earlier reading and this one.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            cpu_ns: self.cpu_ns.saturating_sub(earlier.cpu_ns),
            starved_ns: self
                .starved_ns
                .zip(earlier.starved_ns)
                .map(|(now, then)| now.saturating_sub(then)),
        }
    }
}

/// Reads what another process uses of the processor. Only Linux tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessClock {
    process: u32,
}

/// What a process used so far, told twice: by the process whole, in ticks of some milliseconds, and by
/// its threads, in nanoseconds, without those that have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessTime {
    whole_ns: u64,
    threads_ns: Option<u64>,
    tick_ns: u64,
}

/// Ticks by which the two accounts of a process may differ because each of them is cut off: user and
/// system time once each, and the threads' own at the last tick.
const AGREEMENT_TICKS: u64 = 3;

impl ProcessClock {
    /// The clock of the process with that id.
    pub const fn of(process: u32) -> Self {
        Self { process }
    }

    /// What it used so far; nothing if there is no such process, or if that is not told.
    pub fn read(self) -> Option<ProcessTime> {
        let folder = format!("/proc/{}", self.process);
        let told = fs::read_to_string(format!("{folder}/stat")).ok()?;
        let tick_ns = tick_ns()?;
        let threads = fs::read_dir(format!("{folder}/task")).ok()?;
        let of_thread = |entry: std::io::Result<fs::DirEntry>| {
            let told = fs::read_to_string(entry.ok()?.path().join("schedstat")).ok()?;
            Some(parse_schedstat(&told)?.cpu_ns)
        };
        Some(ProcessTime {
            whole_ns: parse_process_stat(&told)?.saturating_mul(tick_ns),
            threads_ns: threads.map(of_thread).sum(),
            tick_ns,
        })
    }
}

impl ProcessTime {
    /// Processor time between an earlier reading and this one, in nanoseconds: that of the threads where
    /// it agrees with the process whole. If it does not, threads have ended in between and took theirs
    /// along.
    pub fn since_ns(self, earlier: Self) -> u64 {
        let whole = self.whole_ns.saturating_sub(earlier.whole_ns);
        let threads = self
            .threads_ns
            .zip(earlier.threads_ns)
            .and_then(|(now, then)| now.checked_sub(then));
        match threads {
            Some(fine) if fine.abs_diff(whole) <= AGREEMENT_TICKS * self.tick_ns => fine,
            _ => whole,
        }
    }
}

/// What the hypervisor took from all processors together so far, and all of their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steal {
    stolen_ticks: u64,
    all_ticks: u64,
}

impl Steal {
    /// Reads it; nothing where that is not told (elsewhere than on Linux).
    pub fn read() -> Option<Self> {
        parse_stat(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// Share of all processor time that was taken between an earlier reading and this one (0 to 1);
    /// nothing if no time has passed.
    #[expect(
        clippy::cast_precision_loss,
        reason = "ticks of a lifetime lie far below 2^53"
    )]
    pub fn share_since(self, earlier: Self) -> Option<f64> {
        let all = self.all_ticks.checked_sub(earlier.all_ticks)?;
        let stolen = self.stolen_ticks.saturating_sub(earlier.stolen_ticks);
        (all > 0).then(|| stolen as f64 / all as f64)
    }
}

/// `schedstat` of a thread: nanoseconds on a processor, nanoseconds waiting for one, stretches.
fn parse_schedstat(told: &str) -> Option<ThreadTime> {
    let mut fields = told.split_ascii_whitespace();
    let cpu_ns = fields.next()?.parse().ok()?;
    let starved_ns = fields.next()?.parse().ok()?;
    Some(ThreadTime {
        cpu_ns,
        starved_ns: Some(starved_ns),
    })
}

/// `stat` of a process: user and system time together, in ticks. The second field is the name in
/// parentheses, which may itself hold spaces and parentheses, so fields count from behind the last one.
fn parse_process_stat(told: &str) -> Option<u64> {
    /// Fields between the name and the user time.
    const FIELDS_BEFORE: usize = 11;
    let (_, fields) = told.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(FIELDS_BEFORE);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

/// First line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; what guests used
/// follows and is part of the first two.
fn parse_stat(told: &str) -> Option<Steal> {
    const FIELDS: usize = 8;
    let line = told.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = line
        .split_ascii_whitespace()
        .take(FIELDS)
        .map(|field| field.parse().ok())
        .collect::<Option<_>>()?;
    Some(Steal {
        stolen_ticks: *ticks.get(FIELDS - 1)?,
        all_ticks: ticks.iter().sum(),
    })
}

#[cfg(target_os = "linux")]
fn current_thread() -> Option<u32> {
    let thread = rustix::thread::gettid().as_raw_nonzero().get();
    u32::try_from(thread).ok()
}

#[cfg(not(target_os = "linux"))]
fn current_thread() -> Option<u32> {
    None
}

#[cfg(target_os = "linux")]
fn tick_ns() -> Option<u64> {
    1_000_000_000_u64.checked_div(rustix::param::clock_ticks_per_second())
}

#[cfg(not(target_os = "linux"))]
fn tick_ns() -> Option<u64> {
    None
}

#[cfg(unix)]
fn own_cpu_time() -> Option<ThreadTime> {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let whole = u64::try_from(time.tv_sec)
        .ok()?
        .checked_mul(1_000_000_000)?;
    let rest = u64::try_from(time.tv_nsec).ok()?;
    Some(ThreadTime {
        cpu_ns: whole.checked_add(rest)?,
        starved_ns: None,
    })
}

#[cfg(not(unix))]
fn own_cpu_time() -> Option<ThreadTime> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_tells_what_it_used_and_what_it_waited() {
        let read = parse_schedstat("238157693 31516065 55\n").unwrap();
        assert_eq!(
            (read.cpu_ns, read.starved_ns),
            (238_157_693, Some(31_516_065))
        );
        for wrong in ["", "1", "1 x 2"] {
            assert_eq!(parse_schedstat(wrong), None, "{wrong:?}");
        }
        let later = ThreadTime {
            cpu_ns: 238_157_700,
            starved_ns: None,
        };
        let used = later.since(read);
        assert_eq!((used.cpu_ns, used.starved_ns), (7, None));
    }

    #[test]
    fn the_name_of_a_process_may_hold_anything() {
        let rest = "S 1 2 2 0 -1 4194304 100 0 0 0 22 7 4 5 20 0 1 0 215789 16961536 3355";
        for name in [
            "(echo)",
            "(a b) c (d)",
            "()",
            "(:) 1 2 3 4 5 6 7 8 9 10 11 12 13)",
        ] {
            let told = format!("4993 {name} {rest}");
            assert_eq!(parse_process_stat(&told), Some(29), "{name}");
        }
        for wrong in ["", "4993 echo S 1", "4993 (echo) S 1 2"] {
            assert_eq!(parse_process_stat(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn threads_are_believed_while_none_has_ended() {
        const TICK: u64 = 10_000_000;
        let read = |whole: u64, threads_ns| ProcessTime {
            whole_ns: whole * TICK,
            threads_ns,
            tick_ns: TICK,
        };
        let before = read(100, Some(1_003_000_000));
        let finer = read(150, Some(1_499_000_000)).since_ns(before);
        assert_eq!(finer, 496_000_000);
        // A thread ended and took a second of processor time along.
        let coarser = read(150, Some(499_000_000)).since_ns(before);
        assert_eq!(coarser, 500_000_000);
        assert_eq!(read(150, Some(1_100_000_000)).since_ns(before), 500_000_000);
        assert_eq!(read(150, None).since_ns(before), 500_000_000);
    }

    #[test]
    fn steal_is_a_share_of_all_time_between_two_readings() {
        let told = |steal: u64, idle: u64| {
            let line =
                format!("cpu  100 0 50 {idle} 0 0 0 {steal} 7 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
            parse_stat(&line).unwrap()
        };
        let (before, after) = (told(10, 840), told(15, 935));
        assert_eq!(after.share_since(before), Some(0.05));
        assert_eq!(before.share_since(before), None);
        assert_eq!(before.share_since(after), None, "the other way round");
        for wrong in [
            "",
            "cpu  1 2 3\n",
            "cpu0 1 1 1 1 1 1 1 1\n",
            "cpu  1 1 1 1 1 1 1 x\n",
        ] {
            assert_eq!(parse_stat(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_working_thread_is_seen_to_work() {
        let clock = ThreadClock::here();
        let before = clock.read().unwrap();
        let mut work = 0_u64;
        // Until it shows: the kernel brings the numbers up to date once per tick.
        while clock.read().unwrap().since(before).cpu_ns == 0 {
            work = std::hint::black_box(work + 1);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn other_threads_and_processes_can_be_read_as_long_as_they_are() {
        let thread = std::thread::spawn(ThreadClock::here).join().unwrap();
        let own = ThreadClock::of(ThreadClock::here().thread().unwrap());
        assert_eq!(own, ThreadClock::here());
        assert!(own.read().unwrap().starved_ns.is_some());
        // The kernel may take a moment to forget a thread that was joined.
        while thread.read().is_some() {
            std::thread::yield_now();
        }

        let before = ProcessClock::of(std::process::id()).read().unwrap();
        let clock = ProcessClock::of(std::process::id());
        while clock.read().unwrap().since_ns(before) == 0 {
            std::hint::black_box(0);
        }
        assert_eq!(ProcessClock::of(u32::MAX).read(), None);
    }
}
