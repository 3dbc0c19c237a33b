//! Which cases run against which server, and in what order they are judged.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use crate::case::{Case, Fill, MacAxis, Offers};
use crate::frame::ANSWER_LEN_MAX;
use crate::judge::{Judgement, judge};
use crate::patience::Patience;
use crate::target::{Address, Server, Target};
use crate::verdict::{CaseResult, Counts, Variant, Verdict};

/// What the caller chooses.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Parts of ids or groups; none selects every case.
    pub patterns: Vec<String>,
    /// When this is up, the rest is not run.
    pub max_time: Duration,
    /// The silence that is borne at least; more where the round trip is long.
    pub patience: Duration,
}

impl Default for Options {
    /// Every case, in at most 60 seconds, with a second of patience.
    fn default() -> Self {
        Self {
            patterns: Vec::new(),
            max_time: Duration::from_secs(60),
            patience: Duration::from_secs(1),
        }
    }
}

impl Options {
    /// Whether a case is selected.
    pub fn selects(&self, case: &Case) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| case.matches(pattern))
    }
}

/// All verdicts of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report<'a> {
    /// In the order of the cases.
    pub results: Vec<CaseResult<'a>>,
    /// How many got which verdict.
    pub counts: Counts,
    /// The round trip that the patience is scaled with.
    pub round_trip: Duration,
    /// How long the run took.
    pub elapsed: Duration,
}

/// A server that could not be reached before the first case.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unreachable {
    /// Where it was looked for.
    pub address: Address,
    /// What the system said.
    pub source: io::Error,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, source } = self;
        write!(
            f,
            "cannot reach {address}: {source}; is the server running, and is this its address?"
        )
    }
}

impl std::error::Error for Unreachable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Runs the selected cases one after another; `on_result` sees each verdict as it is found.
///
/// # Errors
///
/// The server that did not accept a first connection.
pub fn run<'a>(
    cases: &'a [Case],
    target: &Target,
    options: &Options,
    on_result: &mut dyn FnMut(&CaseResult<'a>),
) -> Result<Report<'a>, Unreachable> {
    let start = Instant::now();
    let round_trip = reach(target)?;
    let mut patience = Patience::new(options.patience, round_trip, start + options.max_time);
    let mut report = Report {
        results: Vec::new(),
        counts: Counts::default(),
        round_trip,
        elapsed: Duration::ZERO,
    };
    for case in cases.iter().filter(|case| options.selects(case)) {
        for (variant, server) in servers(case, target) {
            let begin = Instant::now();
            let judgement = match server {
                Err(missing) => without_verdict(Verdict::NotApplicable, missing),
                Ok(_) if patience.is_over() => {
                    let why = format!("the {} s of --max-time were up", options.max_time.as_secs());
                    without_verdict(Verdict::NotRun, why)
                }
                Ok(server) => graded(case, server, judge(case, server, &target.echo, &patience)),
            };
            patience.note(judgement.verdict);
            let Judgement {
                verdict,
                reason,
                evidence,
            } = judgement;
            let elapsed = begin.elapsed();
            let result = CaseResult {
                case,
                variant,
                verdict,
                reason,
                evidence,
                elapsed,
            };
            on_result(&result);
            report.counts += verdict;
            report.results.push(result);
        }
    }
    report.elapsed = start.elapsed();
    Ok(report)
}

/// The longest round trip to the servers of the target.
fn reach(target: &Target) -> Result<Duration, Unreachable> {
    let Target {
        plain,
        mac,
        small,
        checked,
        ..
    } = target;
    let mut longest = Duration::ZERO;
    for server in [Some(plain), mac.as_ref(), small.as_ref(), checked.as_ref()]
        .into_iter()
        .flatten()
    {
        let round_trip = server.round_trip().map_err(|source| Unreachable {
            address: server.address.clone(),
            source,
        })?;
        longest = longest.max(round_trip);
    }
    Ok(longest)
}

/// The servers that a case is run against; in place of one that is not there, what is missing.
fn servers<'t>(case: &Case, target: &'t Target) -> Vec<(Variant, Result<&'t Server, String>)> {
    let mac = || {
        let missing = "a server with MACs (--hmac-target)";
        (
            Variant::Mac,
            target.mac.as_ref().ok_or_else(|| missing.to_owned()),
        )
    };
    let mut chosen = match case.mac {
        _ if case.checked => {
            let missing = "a server that requires the protocol check";
            vec![(
                Variant::Checked,
                target.checked.as_ref().ok_or_else(|| missing.to_owned()),
            )]
        }
        MacAxis::Off => vec![(Variant::Plain, Ok(&target.plain))],
        MacAxis::On => vec![mac()],
        MacAxis::Both => vec![(Variant::Plain, Ok(&target.plain)), mac()],
    };
    if let Some(small) = target.small.as_ref().filter(|_| case.small) {
        chosen.push((Variant::Small, Ok(small)));
    }
    for (_, server) in &mut chosen {
        // A clause that does not bind the peer is the better reason than a server that is missing.
        if case.ours && !target.ours {
            *server = Err("to be the reference implementation: the clause binds no other".into());
        }
        if let Some(missing) = server
            .as_ref()
            .ok()
            .and_then(|server| missing(case, target, server))
        {
            *server = Err(missing);
        }
    }
    chosen
}

/// What the server lacks for the case.
fn missing(case: &Case, target: &Target, server: &Server) -> Option<String> {
    if case.offers > target.offers {
        return Some(match case.offers {
            Offers::Echo => "a request that echoes (--echo NAME)".into(),
            _ => "the fixtures (--fixtures)".into(),
        });
    }
    let limit = server.limit();
    if case.claim_max().is_some_and(|claim| claim <= limit) {
        return Some(format!(
            "a payload limit below the {limit} bytes that were declared"
        ));
    }
    let fill = Fill {
        limit,
        echo: &target.echo,
        key: None,
    };
    let payload_len = case.payload_len_max(fill);
    if payload_len > ANSWER_LEN_MAX {
        return Some(format!("a payload limit of at most {ANSWER_LEN_MAX} bytes"));
    }
    // One byte over the limit is sent on purpose, more is not.
    (payload_len as u64 > u64::from(limit) + 1)
        .then(|| format!("a payload limit of {payload_len} bytes"))
}

fn without_verdict(verdict: Verdict, reason: String) -> Judgement {
    Judgement {
        verdict,
        reason: Some(reason),
        evidence: None,
    }
}

/// Where the limit is a guess, its exact boundary is only warned about (P-039).
fn graded(case: &Case, server: &Server, judgement: Judgement) -> Judgement {
    if case.boundary && server.limit.is_none() && judgement.verdict.is_failure() {
        let reason = judgement.reason.unwrap_or_default();
        return Judgement {
            verdict: Verdict::Warn,
            reason: Some(format!(
                "no limit declared (--limit BYTES), 4194304 taken: {reason}"
            )),
            evidence: judgement.evidence,
        };
    }
    judgement
}
