//! The judgement over each fact, without I/O. Every number that decides is a constant with its reason.

use super::{Facts, Finding, Headroom, State};
use crate::{
    health::{connections_within, raise_command},
    latency::{Latency, show_micros},
};

/// Connections that many measurements need; fewer are worth a word.
const CONNECTIONS_USUAL: u64 = 1_000;

/// Connections below which hardly anything can be measured.
const CONNECTIONS_MIN: u64 = 16;

/// Files to ask for where there are too few.
const FILES_WANTED: u64 = 65_536;

/// Local ports below which runs of many connections, one after the other, wait for ports of the last.
const PORTS_USUAL: u32 = 10_000;

/// Connections that ought to be able to wait, so that many may come at once.
const BACKLOG_USUAL: u32 = 1_024;

/// Lateness of the kernel's timers at the median up to which pacing is exact, in microseconds.
const TIMER_P50_WARN_US: f64 = 200.0;

/// Lateness at the median from which requests are paced by chance.
const TIMER_P50_BAD_US: f64 = 2_000.0;

/// Hiccups at the 99th percentile above which that of responses says little, in microseconds.
const HICCUP_P99_WARN_US: f64 = 1_000.0;

/// Hiccups at the 99th percentile from which not even slow servers can be told apart.
const HICCUP_P99_BAD_US: f64 = 10_000.0;

/// Share of processor time taken by the hypervisor that is worth a word.
const STEAL_WARN: f64 = 0.005;

/// The share from which every run is judged noisy.
const STEAL_BAD: f64 = 0.02;

/// Requests per second that a generator makes on a machine that is fit for it.
const HEADROOM_WARN_PER_S: f64 = 20_000.0;

/// Requests per second below which any server is faster than its generator.
const HEADROOM_BAD_PER_S: f64 = 2_000.0;

/// Judges a machine: one finding for each thing, always in the same order.
pub fn diagnose(facts: &Facts) -> Vec<Finding> {
    vec![
        build(facts),
        files(facts),
        ports(facts),
        backlog(facts),
        processors(facts),
        timers(facts),
        hiccups(facts),
        steal(facts),
        headroom(facts),
    ]
}

fn finding(check: &'static str, state: State, found: String, mend: &str) -> Finding {
    Finding {
        check,
        state,
        found,
        mend: (state > State::Ok && !mend.is_empty()).then(|| mend.to_owned()),
    }
}

/// How a figure stands that is better the lower it is.
fn rising(value: f64, warn: f64, bad: f64) -> State {
    if value >= bad {
        State::Bad
    } else if value >= warn {
        State::Warn
    } else {
        State::Ok
    }
}

/// What cannot be looked at here is worth a word and speaks against nothing.
fn unknown(check: &'static str, what: &str) -> Finding {
    let found = format!("{what} is not told by this system; Linux tells it");
    finding(check, State::Warn, found, "")
}

fn build(facts: &Facts) -> Finding {
    let (state, found) = if facts.optimised {
        (State::Ok, "built with optimisation")
    } else {
        (
            State::Bad,
            "built without optimisation: the generator is many times slower than it could be",
        )
    };
    finding(
        "build",
        state,
        found.to_owned(),
        "cargo build --release -p petrel-bench",
    )
}

fn files(facts: &Facts) -> Finding {
    let Some(files) = facts.files.soft else {
        return finding("files", State::Ok, "no limit of open files".to_owned(), "");
    };
    let (outside, embedded) = (
        connections_within(files, false),
        connections_within(files, true),
    );
    let state = if outside < CONNECTIONS_MIN {
        State::Bad
    } else if outside < CONNECTIONS_USUAL {
        State::Warn
    } else {
        State::Ok
    };
    let found = format!(
        "{files} open files: they do for {outside} connections, {embedded} to the embedded server"
    );
    finding("files", state, found, &raise_command(FILES_WANTED))
}

fn ports(facts: &Facts) -> Finding {
    let Some(ports) = facts.ports else {
        return unknown("ports", "the range of local ports");
    };
    let count = ports.count();
    let state = if u64::from(count) < CONNECTIONS_MIN {
        State::Bad
    } else if count < PORTS_USUAL {
        State::Warn
    } else {
        State::Ok
    };
    let found = format!(
        "{count} local ports ({} to {}): so many connections at once to one server, those that closed \
         in the last minute included",
        ports.first, ports.last
    );
    let mend = "sudo sysctl -w net.ipv4.ip_local_port_range='16384 65535'";
    finding("ports", state, found, mend)
}

fn backlog(facts: &Facts) -> Finding {
    let Some(backlog) = facts.backlog_max else {
        return unknown("backlog", "how many connections may wait to be accepted");
    };
    let state = if backlog < BACKLOG_USUAL {
        State::Warn
    } else {
        State::Ok
    };
    let found = format!("{backlog} connections may wait until a server here accepts them");
    finding(
        "backlog",
        state,
        found,
        "sudo sysctl -w net.core.somaxconn=4096",
    )
}

fn processors(facts: &Facts) -> Finding {
    let count = facts.processors;
    if count == 1 {
        let found = "1 processor: a server on this machine and the generator take turns on it";
        let mend = "run the server on another machine, or give this one a second processor";
        return finding("processors", State::Warn, found.to_owned(), mend);
    }
    let found =
        format!("{count} processors: one for the generator beside a server on this machine");
    finding("processors", State::Ok, found, "")
}

fn timers(facts: &Facts) -> Finding {
    let Some(p50) = facts.timer_us.p50 else {
        return finding(
            "timers",
            State::Bad,
            "the timers could not be measured: hardly any wake-up came".to_owned(),
            "end what else runs here: `top` shows it",
        );
    };
    let found = format!(
        "a thread wakes {} after it should (p50{}); the runtime's own timers {}",
        show_micros(p50),
        beside(&facts.timer_us),
        facts.runtime_timer_us.p50.map_or_else(
            || "could not be measured".to_owned(),
            |p50| format!(
                "wake {} after (p50{}), and pace nothing here",
                show_micros(p50),
                beside(&facts.runtime_timer_us)
            )
        )
    );
    let state = rising(p50, TIMER_P50_WARN_US, TIMER_P50_BAD_US);
    finding(
        "timers",
        state,
        found,
        "end what else runs here: `top` shows it",
    )
}

/// The 99th percentile beside a median.
fn beside(latency: &Latency) -> String {
    latency
        .p99
        .map_or_else(String::new, |p99| format!(", p99 {}", show_micros(p99)))
}

fn hiccups(facts: &Facts) -> Finding {
    let Some((p99, max)) = facts.hiccup_us.p99.zip(facts.hiccup_us.max) else {
        let found = "hiccups could not be measured: too few wake-ups came".to_owned();
        return finding(
            "hiccups",
            State::Bad,
            found,
            "end what else runs here: `top` shows it",
        );
    };
    let found = format!(
        "one wake-up in a hundred comes {} later than usual, the latest {}: a 99th percentile below \
         that says nothing of a server",
        show_micros(p99),
        show_micros(max)
    );
    let state = rising(p99, HICCUP_P99_WARN_US, HICCUP_P99_BAD_US);
    finding(
        "hiccups",
        state,
        found,
        "end what else runs here: `top` shows it",
    )
}

fn steal(facts: &Facts) -> Finding {
    let Some(steal) = facts.steal else {
        return unknown("steal", "what a hypervisor takes");
    };
    let found = format!(
        "the hypervisor gives {:.1} % of all processor time to others",
        steal * 100.0
    );
    let mend =
        "measure when the host of this virtual machine has less to do, or on a machine of your own";
    finding("steal", rising(steal, STEAL_WARN, STEAL_BAD), found, mend)
}

fn headroom(facts: &Facts) -> Finding {
    let per_second = match &facts.headroom {
        Headroom::PerSecond(per_second) => *per_second,
        Headroom::Unknown(why) => {
            let found = format!("what the generator reaches could not be measured: {why}");
            return finding("headroom", State::Bad, found, "");
        }
    };
    let state = if per_second < HEADROOM_BAD_PER_S {
        State::Bad
    } else if per_second < HEADROOM_WARN_PER_S {
        State::Warn
    } else {
        State::Ok
    };
    let found = format!(
        "{per_second:.0} requests/s against a server that costs next to nothing: faster servers cannot \
         be measured from here"
    );
    let mend = "end what else runs here (`top` shows it), or load from a faster machine";
    finding("headroom", state, found, mend)
}

#[cfg(test)]
mod tests;
