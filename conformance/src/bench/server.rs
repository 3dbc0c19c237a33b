//! Cases against servers: those that run already, and those that the suite starts.

use super::process::{Memory, ServerCommand, ServerProcess};
use crate::{
    case::{Fill, Offers, UNKNOWN_NAME},
    judge::{Judgement, Peer, Setting, judge},
    patience::Patience,
    plan::Unit,
    run::{Bench, Found},
    target::{LIMIT_DEFAULT, Server, Target},
    verdict::{Evidence, Variant, Verdict},
};
use petrel_cli::Failure;
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// A claim of so much is more than any honest peer sends.
const CLAIM_HUGE: u32 = 1 << 30;
/// A server may grow by so much, for whatever reason, while it refuses a frame.
const VIRTUAL_GROWTH_MAX: u64 = 1 << 30;
const RESIDENT_GROWTH_MAX: u64 = 256 << 20;
/// How long one request may take while the limit is searched.
const LIMIT_PATIENCE: Duration = Duration::from_secs(2);
/// How long one answer may take while it is found out what a server offers.
const DISCOVERY_PATIENCE: Duration = Duration::from_secs(2);
/// How long the end of a process may be behind the end of its connections.
const EXIT_DELAY: Duration = Duration::from_millis(300);

/// Servers that run already, and are shared by all jobs.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    target: Arc<Target>,
    /// The result behind which nobody was reached any more.
    gone: Arc<OnceLock<String>>,
}

impl Running {
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target: Arc::new(target),
            gone: Arc::default(),
        }
    }
}

impl Bench for Running {
    fn judge(&mut self, unit: &Unit<'_>, patience: &Patience) -> Found {
        if let Some(since) = self.gone.get() {
            let reason = format!("nobody accepts connections since {since}");
            return Judgement::without_conversation(Verdict::NotRun, reason).into();
        }
        let server = self.target.server(unit.variant);
        let mut judgement = graded(
            unit,
            server,
            converse(unit, server, &self.target.echo, patience),
        );
        // One that was refused may find the door open again: a listener's queue can be full.
        if judgement.is_gone && !is_there(server, patience) {
            judgement.verdict = Verdict::Crash;
            let reason = judgement.reason.take().unwrap_or_default();
            judgement.reason = Some(format!("{reason}; it accepts no connection any more"));
            // Another job may have found out first.
            let _ = self.gone.set(unit.name());
        }
        judgement.into()
    }
}

fn is_there(server: &Server, patience: &Patience) -> bool {
    use crate::world::Dial;
    (0..3).any(|_| {
        std::thread::sleep(patience.moment() * 10);
        server.dialler(patience.wait()).dial(false).is_ok()
    })
}

/// Sends one case and judges what comes.
fn converse(unit: &Unit<'_>, server: &Server, echo: &str, patience: &Patience) -> Judgement {
    let mut dialler = server.dialler(patience.wait());
    let setting = Setting {
        fill: Fill {
            limit: server.limit(),
            echo,
            key: server.key.as_ref(),
            request: None,
        },
        segmentation: unit.segmentation,
        tls: server.tls.is_some(),
        patience,
    };
    judge(unit.case, Peer::Server(&mut dialler), setting)
}

/// Where the limit is a guess, its exact boundary is only warned about (P-039).
pub(crate) fn graded(unit: &Unit<'_>, server: &Server, judgement: Judgement) -> Judgement {
    if unit.case.boundary && server.limit.is_none() && judgement.verdict.is_failure() {
        let reason = judgement.reason.unwrap_or_default();
        return Judgement {
            verdict: Verdict::Warn,
            reason: Some(format!(
                "no limit declared (--limit BYTES), {} taken: {reason}",
                server.limit()
            )),
            ..judgement
        };
    }
    judgement
}

/// Servers that the suite starts: one of each kind for each job, and a new one after a crash.
#[derive(Debug)]
pub(crate) struct Executed {
    commands: Vec<(Variant, ServerCommand)>,
    running: Vec<(Variant, ServerProcess, Server)>,
    echo: String,
    limit: Option<u32>,
    found_limit: Option<u32>,
}

impl Executed {
    /// `target` says what the servers offer.
    pub(crate) fn new(commands: Vec<(Variant, ServerCommand)>, target: &Target) -> Self {
        Self {
            commands,
            running: Vec::new(),
            echo: target.echo.clone(),
            limit: target.plain.limit,
            found_limit: target.plain.found_limit,
        }
    }

    /// The server for a variant; it is started when it is first asked for.
    pub(crate) fn server(
        &mut self,
        variant: Variant,
    ) -> Result<(&mut ServerProcess, &Server), Failure> {
        let is_there = |(each, ..): &(Variant, ServerProcess, Server)| *each == variant;
        let at = match self.running.iter().position(is_there) {
            Some(at) => at,
            None => {
                let command = self.commands.iter().find(|(each, _)| *each == variant);
                let (_, command) = command
                    .or_else(|| self.commands.first())
                    .ok_or_else(|| Failure::usage("there is no command that starts a server"))?;
                let (process, mut server) = command.start()?;
                server.limit = self.limit;
                server.found_limit = self.found_limit;
                self.running.push((variant, process, server));
                self.running.len() - 1
            }
        };
        let (_, process, server) = &mut self.running[at];
        Ok((process, server))
    }

    fn restart(&mut self, variant: Variant) {
        self.running.retain(|(each, ..)| *each != variant);
    }

    fn attempt(&mut self, unit: &Unit<'_>, patience: &Patience) -> Attempt {
        let echo = self.echo.clone();
        let (process, server) = match self.server(unit.variant) {
            Ok(running) => running,
            Err(failure) => {
                let reason = failure.to_string();
                let judgement = Judgement::without_conversation(Verdict::NotRun, reason);
                return Attempt {
                    judgement,
                    crash: None,
                };
            }
        };
        let before = process.memory();
        let judgement = graded(unit, server, converse(unit, server, &echo, patience));
        let delay = if judgement.verdict.is_failure() {
            EXIT_DELAY
        } else {
            Duration::ZERO
        };
        let crash = process
            .exit_within(delay)
            .map(|how| (how, process.stderr()));
        let judgement = match (before, process.memory()) {
            (Some(before), Some(after)) if unit.case.is_hostile() && crash.is_none() => {
                watched(unit, judgement, before, after)
            }
            _ => judgement,
        };
        Attempt { judgement, crash }
    }
}

struct Attempt {
    judgement: Judgement,
    /// How the process ended, and its last words.
    crash: Option<(String, Vec<String>)>,
}

impl Bench for Executed {
    fn judge(&mut self, unit: &Unit<'_>, patience: &Patience) -> Found {
        let first = self.attempt(unit, patience);
        let Some((how, stderr)) = first.crash else {
            return first.judgement.into();
        };
        // Alone, on a new server: what came before may have had a part in it.
        self.restart(unit.variant);
        let again = self.attempt(unit, patience);
        let alone = if again.crash.is_some() {
            self.restart(unit.variant);
            "and again when the case ran alone"
        } else {
            "but not again when the case ran alone: what came before had a part in it"
        };
        let mut judgement = first.judgement;
        let reason = judgement.reason.take();
        let reason = reason
            .map(|reason| format!(" ({reason})"))
            .unwrap_or_default();
        judgement.verdict = Verdict::Crash;
        judgement.reason = Some(format!("the server {how}, {alone}{reason}"));
        let (stderr, judgement) = (stderr, judgement);
        Found { judgement, stderr }
    }
}

/// A server that was asked to refuse a frame has no reason to grow (P-037).
fn watched(unit: &Unit<'_>, judgement: Judgement, before: Memory, after: Memory) -> Judgement {
    let claims = unit
        .case
        .claim_max()
        .is_some_and(|claim| claim >= CLAIM_HUGE);
    let growth = [
        (
            "virtual",
            before.virtual_peak,
            after.virtual_peak,
            VIRTUAL_GROWTH_MAX,
            claims,
        ),
        (
            "resident",
            before.resident_peak,
            after.resident_peak,
            RESIDENT_GROWTH_MAX,
            true,
        ),
    ];
    let grown = growth
        .into_iter()
        .find(|(_, before, after, most, counts)| *counts && after.saturating_sub(*before) >= *most);
    match grown {
        Some((kind, before, after, most, _)) if !judgement.verdict.is_failure() => {
            let mib = (after - before) >> 20;
            let observed = format!("its {kind} memory grew by {mib} MiB");
            Judgement {
                verdict: Verdict::Fail,
                reason: Some(format!("{observed} (P-037)")),
                evidence: Some(Evidence {
                    step: unit.case.steps.len(),
                    expected: vec![format!("growth of less than {} MiB", most >> 20)],
                    observed: vec![observed],
                }),
                ..judgement
            }
        }
        _ => judgement,
    }
}

/// The payload limit of a server that declares none, if it is below the documented one: found out by
/// requests of an unknown name. `None` if it is not below, or does not say at once.
pub(crate) fn find_limit(server: &Server, deadline: Instant) -> Option<u32> {
    let accepts = |length: u32| {
        let payload = vec![b'l'; length as usize];
        let start = Instant::now();
        let patience = LIMIT_PATIENCE.min(deadline.saturating_duration_since(start));
        let request = [(UNKNOWN_NAME, payload.as_slice(), 400)];
        let is_accepted = crate::judge::answers(server, &request, patience);
        (start.elapsed() < patience).then_some(is_accepted)
    };
    if accepts(LIMIT_DEFAULT)? {
        return None;
    }
    let (mut low, mut high) = (0, LIMIT_DEFAULT);
    if !accepts(low)? {
        return None;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        *(if accepts(middle)? {
            &mut low
        } else {
            &mut high
        }) = middle;
    }
    Some(low)
}

/// What a server offers, found out with ordinary requests. `None` if it answers no protocol check.
///
/// A server that has most of the fixtures right is taken to have them all: one that is wrong is then
/// found out, and not passed over.
pub(crate) fn discover(server: &Server, echo: &str, deadline: Instant) -> Option<Offers> {
    let answers = |requests: &[(&str, &[u8], u16, &[u8])]| {
        let left = deadline.saturating_duration_since(Instant::now());
        !left.is_zero() && crate::judge::exchange(server, requests, DISCOVERY_PATIENCE.min(left))
    };
    if !answers(&[]) {
        return None;
    }
    let probe: &[u8] = b"petrel-conformance asks";
    let fixtures: [(&str, &[u8], u16, &[u8]); 6] = [
        ("echo", probe, 200, probe),
        ("null", probe, 200, b""),
        ("size", b"3", 200, b"xxx"),
        ("sleep", b"1", 200, b""),
        ("status", b"9101", 9101, b""),
        ("fail", b"", 500, b""),
    ];
    let right = fixtures.iter().filter(|each| answers(&[**each])).count();
    Some(if right >= fixtures.len() - 2 {
        Offers::Fixtures
    } else if answers(&[(echo, probe, 200, probe)]) {
        Offers::Echo
    } else {
        Offers::Blind
    })
}
