//! Which cases run against which server, and in what order they are judged.

use crate::{
    case::{Case, Fill, MacAxis, Offers},
    frame::ANSWER_LEN_MAX,
    judge::{Judgement, judge},
    patience::Patience,
    target::{Server, Target},
    verdict::{CaseResult, Counts, Variant, Verdict},
};
use petrel_cli::{Exit, Failure, Interrupt};
use std::time::{Duration, Instant};

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
    /// When this is set, the rest is not run. Without one, a signal ends the process.
    pub interrupt: Option<Interrupt>,
}

impl Default for Options {
    /// Every case, in at most 60 seconds, with a second of patience.
    fn default() -> Self {
        Self {
            patterns: Vec::new(),
            max_time: Duration::from_secs(60),
            patience: Duration::from_secs(1),
            interrupt: None,
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
    /// A signal came before every case was run.
    pub interrupted: bool,
}

impl Report<'_> {
    /// How a program ends that made this run.
    pub fn exit(&self) -> Exit {
        let found = self.counts.exit();
        if self.interrupted {
            found.max(Exit::Interrupted)
        } else {
            found
        }
    }
}

/// Runs the selected cases one after another; `on_case` sees the verdicts of each as they are found,
/// one for every server that it concerns.
///
/// # Errors
///
/// If a server did not accept a first connection.
pub fn run<'a>(
    cases: &'a [Case],
    target: &Target,
    options: &Options,
    on_case: &mut dyn FnMut(&[CaseResult<'a>]),
) -> Result<Report<'a>, Failure> {
    let start = Instant::now();
    let round_trip = reach(target)?;
    let mut patience = Patience::new(options, round_trip, start);
    let mut results = Vec::new();
    for case in cases.iter().filter(|case| options.selects(case)) {
        let first = results.len();
        for (variant, server) in servers(case, target) {
            results.push(result(case, variant, server, target, &mut patience));
        }
        on_case(&results[first..]);
    }
    let mut counts = Counts::default();
    results.iter().for_each(|result| counts += result.verdict);
    Ok(Report {
        results,
        counts,
        round_trip,
        elapsed: start.elapsed(),
        interrupted: patience.is_interrupted() && counts.of(Verdict::NotRun) > 0,
    })
}

/// Judges one case against one server, unless something is missing or the run is over.
fn result<'a>(
    case: &'a Case,
    variant: Variant,
    server: Result<&Server, String>,
    target: &Target,
    patience: &mut Patience,
) -> CaseResult<'a> {
    let begin = Instant::now();
    let judgement = match (server, patience.over()) {
        (Err(missing), _) => without_verdict(Verdict::NotApplicable, missing),
        (Ok(_), Some(why)) => without_verdict(Verdict::NotRun, why),
        (Ok(server), None) => graded(case, server, judge(case, server, &target.echo, patience)),
    };
    patience.note(judgement.verdict);
    let Judgement {
        verdict,
        reason,
        evidence,
    } = judgement;
    CaseResult {
        case,
        variant,
        verdict,
        reason,
        evidence,
        elapsed: begin.elapsed(),
    }
}

/// The longest round trip to the servers of the target.
fn reach(target: &Target) -> Result<Duration, Failure> {
    let mut longest = Duration::ZERO;
    for (_, server) in target.servers() {
        longest = longest.max(server.round_trip()?);
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
