//! Each fact on both sides of its limits.

use super::*;
use crate::health::PortRange;
use petrel_cli::open_files;

/// A machine with nothing against it.
fn sound() -> Facts {
    let latency = |p50, p99| Latency {
        p50: Some(p50),
        p99: Some(p99),
        max: Some(p99 * 2.0),
        count: 1_500,
        ..Latency::default()
    };
    Facts {
        optimised: true,
        files: open_files::Limit {
            soft: Some(20_000),
            hard: Some(20_000),
        },
        ports: Some(PortRange {
            first: 32_768,
            last: 60_999,
        }),
        backlog_max: Some(4_096),
        timer_us: latency(32.0, 90.0),
        runtime_timer_us: latency(1_200.0, 2_000.0),
        hiccup_us: latency(0.0, 60.0),
        steal: Some(0.0),
        processors: 2,
        headroom: Headroom::PerSecond(120_000.0),
    }
}

fn state_of(check: &str, change: impl FnOnce(&mut Facts)) -> State {
    let mut facts = sound();
    change(&mut facts);
    let findings = diagnose(&facts);
    let others = findings.iter().filter(|finding| finding.check != check);
    assert!(
        others.map(|finding| finding.state).eq([State::Ok; 8]),
        "{findings:#?}"
    );
    let finding = findings
        .iter()
        .find(|finding| finding.check == check)
        .unwrap();
    assert_eq!(
        finding.mend.is_none(),
        finding.state == State::Ok,
        "{finding:?}"
    );
    finding.state
}

#[test]
fn nothing_is_to_be_done_on_a_sound_machine() {
    let findings = diagnose(&sound());
    assert!(
        findings
            .iter()
            .all(|finding| finding.state == State::Ok && finding.mend.is_none()),
        "{findings:#?}"
    );
    let found: String = findings
        .into_iter()
        .map(|finding| finding.found + "\n")
        .collect();
    for part in [
        "do for 19936 connections, 9968 to the embedded",
        "28232 local ports (32768 to 60999)",
        "wakes 32.0 µs after it should (p50, p99 90.0 µs)",
        "wake 1.20 ms after (p50, p99 2.00 ms)",
        "120000 requests/s",
    ] {
        assert!(found.contains(part), "{part}: {found}");
    }
}

#[test]
fn each_fact_is_judged_by_itself_on_both_sides_of_its_limits() {
    use State::{Bad, Ok, Warn};
    assert_eq!(state_of("build", |facts| facts.optimised = false), Bad);
    assert_eq!(state_of("processors", |facts| facts.processors = 1), Warn);
    for (soft, state) in [
        (None, Ok),
        (Some(1_064), Ok),
        (Some(1_063), Warn),
        (Some(79), Bad),
    ] {
        assert_eq!(
            state_of("files", |facts| facts.files.soft = soft),
            state,
            "{soft:?}"
        );
    }
    for (first, state) in [(55_536, Ok), (55_537, Warn), (65_530, Bad)] {
        let ports = Some(PortRange {
            first,
            last: 65_535,
        });
        assert_eq!(
            state_of("ports", |facts| facts.ports = ports),
            state,
            "{first}"
        );
    }
    for (backlog, state) in [(1_024, Ok), (128, Warn)] {
        let judged = state_of("backlog", |facts| facts.backlog_max = Some(backlog));
        assert_eq!(judged, state, "{backlog}");
    }
    for (p50, state) in [(199.0, Ok), (200.0, Warn), (2_000.0, Bad)] {
        let judged = state_of("timers", |facts| facts.timer_us.p50 = Some(p50));
        assert_eq!(judged, state, "{p50}");
    }
    assert_eq!(state_of("timers", |facts| facts.timer_us.p50 = None), Bad);
    for (p99, state) in [(999.0, Ok), (1_000.0, Warn), (10_000.0, Bad)] {
        let judged = state_of("hiccups", |facts| facts.hiccup_us.p99 = Some(p99));
        assert_eq!(judged, state, "{p99}");
    }
    assert_eq!(state_of("hiccups", |facts| facts.hiccup_us.p99 = None), Bad);
    for (steal, state) in [(0.004, Ok), (0.005, Warn), (0.02, Bad)] {
        let judged = state_of("steal", |facts| facts.steal = Some(steal));
        assert_eq!(judged, state, "{steal}");
    }
    for (rate, state) in [(20_000.0, Ok), (19_999.0, Warn), (1_999.0, Bad)] {
        let judged = state_of("headroom", |facts| {
            facts.headroom = Headroom::PerSecond(rate)
        });
        assert_eq!(judged, state, "{rate}");
    }
}

#[test]
fn what_is_not_known_is_said() {
    let mut facts = sound();
    (facts.ports, facts.backlog_max, facts.steal) = (None, None, None);
    facts.headroom = Headroom::Unknown("nothing listens".to_owned());
    let findings = diagnose(&facts);
    for check in ["ports", "backlog", "steal"] {
        let finding = findings
            .iter()
            .find(|finding| finding.check == check)
            .unwrap();
        assert_eq!(finding.state, State::Warn, "{check}");
        assert!(
            finding.found.contains("not told by this system"),
            "{finding:?}"
        );
    }
    let headroom = findings.last().unwrap();
    assert_eq!(headroom.state, State::Bad);
    assert!(
        headroom
            .found
            .ends_with("could not be measured: nothing listens")
    );
}
