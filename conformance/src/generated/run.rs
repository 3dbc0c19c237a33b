//! The conversations with every variant of a server, into a record.

use super::{conversation::Known, search::Search};
use crate::{
    case::{Case, Level, Offers},
    patience::Patience,
    record::{CaseRecord, Record, ResultRecord, micros},
    run::{About, Begun, Bench, Found, OnCase, Options},
    segmentation::Segmentation,
    spec,
    verdict::{Variant, Verdict},
};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::time::{Duration, Instant};

/// The topic that conversations are listed under.
pub(super) const GROUP: &str = "generated";
/// What is broken if nothing else is known: whatever is sent, the result is the same however its bytes
/// come.
pub(super) const CLAUSE: &str = "P-029";
/// While a conversation is made shorter, silence is borne so much less: a wrong guess is found out at
/// the end.
const HASTE: u32 = 10;

/// Which conversations: the same seed makes the same ones, in the same order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generated {
    /// With each variant of the server.
    pub(crate) count: u32,
    pub(crate) seed: u64,
}

impl Generated {
    pub(super) fn id(self) -> String {
        format!("GEN-{}", self.seed)
    }

    fn title(self) -> String {
        format!("{}, seed {}", conversations_text(self.count), self.seed)
    }

    /// What stands for all of them where cases are selected.
    pub(crate) fn case(self) -> Case {
        let mut case = Case::of_steps(Vec::new());
        case.id = self.id();
        case.group = GROUP.to_owned();
        case.title = self.title();
        CLAUSE.clone_into(&mut case.clause.id);
        case.clause.level = Level::Must;
        case
    }

    /// The source of chance; its algorithm is fixed, so that every machine draws the same.
    pub(super) fn runner(self) -> TestRunner {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
    }
}

/// A variant of the server: what is known of it, or what is missing.
pub(crate) type Opponent = (Variant, Result<Known, String>);

/// Has the conversations with all variants in turn. The first that fails ends those with its variant.
pub(crate) fn run(
    generated: Generated,
    opponents: &[Opponent],
    bench: &mut impl Bench,
    about: About,
    options: &Options,
    on_case: OnCase<'_>,
) -> Record {
    let begun = Begun::now();
    let patience = Patience::new(options, about.round_trip, begun.at);
    let hurried = Options {
        patience: options.patience / HASTE,
        ..options.clone()
    };
    let haste = Patience::new(&hurried, about.round_trip, begun.at);
    let mut searches: Vec<Pending<'_>> = opponents
        .iter()
        .map(|opponent| Pending::new(generated, opponent, &about.command, options))
        .collect();
    for number in 1..=generated.count {
        // A run that is stopped has had as many with each.
        for pending in &mut searches {
            pending.next(number, bench, &patience, &haste);
        }
        if searches.iter().all(|pending| pending.search.is_err()) {
            break;
        }
    }
    let mut clause = None;
    let mut results = Vec::new();
    for Pending {
        variant,
        search,
        elapsed,
    } in searches
    {
        let conclusion = search.err().unwrap_or_else(|| {
            Conclusion::without_failure(Verdict::Pass, conversations_text(generated.count))
        });
        clause = clause.or_else(|| conclusion.failure.as_ref()?.clause);
        results.push(conclusion.into_result(generated, variant, elapsed));
    }
    let case = case_record(generated, clause.unwrap_or(CLAUSE), opponents);
    on_case(&case, &results);
    let is_interrupted = patience.is_interrupted();
    about.record(
        begun,
        vec![case],
        results,
        &options.selection,
        is_interrupted,
    )
}

/// The conversations with one variant, until something is concluded from them.
struct Pending<'a> {
    variant: Variant,
    search: Result<Search<'a>, Conclusion>,
    elapsed: Duration,
}

impl<'a> Pending<'a> {
    fn new(
        generated: Generated,
        (variant, known): &Opponent,
        command: &'a str,
        options: &Options,
    ) -> Self {
        let search = known.clone().and_then(|known| {
            let segmentations = segmentations(generated, *variant, options);
            Search::new(generated, *variant, known, &segmentations, command)
        });
        Self {
            variant: *variant,
            search: search
                .map_err(|missing| Conclusion::without_failure(Verdict::NotApplicable, missing)),
            elapsed: Duration::ZERO,
        }
    }

    fn next(&mut self, number: u32, bench: &mut impl Bench, patience: &Patience, haste: &Patience) {
        let Ok(search) = &mut self.search else {
            return;
        };
        let begin = Instant::now();
        let conclusion = search.next(number, bench, patience, haste);
        self.elapsed += begin.elapsed();
        if let Some(conclusion) = conclusion {
            self.search = Err(conclusion);
        }
    }
}

/// The segmentations that are asked for with this variant.
pub(crate) fn segmentations(
    generated: Generated,
    variant: Variant,
    options: &Options,
) -> Vec<Segmentation> {
    let case = generated.case();
    let selection = &options.selection;
    let wanted = options.segmentations.iter().copied();
    wanted
        .filter(|each| {
            selection.selects_case(&case) && selection.selects_result(&case, variant, *each)
        })
        .collect()
}

fn case_record(generated: Generated, clause: &str, opponents: &[Opponent]) -> CaseRecord {
    let clauses = spec::clauses();
    let found = clauses.iter().find(|each| each.id == clause);
    let known = || {
        opponents
            .iter()
            .filter_map(|(_, known)| known.as_ref().ok())
    };
    let mut record = CaseRecord::of(&generated.case());
    record.title = generated.title();
    record.clause = clause.to_owned();
    record.level = found.map_or("", |clause| clause.level).to_owned();
    let offers = known().map(|known| known.offers).max();
    record.offers = offers.unwrap_or(Offers::Blind).as_str().to_owned();
    record.ours = known().any(|known| known.ours);
    record
}

fn conversations_text(count: u32) -> String {
    match count {
        1 => "1 generated conversation".to_owned(),
        _ => format!("{count} generated conversations"),
    }
}

/// What the conversations with one variant came to.
pub(super) struct Conclusion {
    pub(super) verdict: Verdict,
    pub(super) reason: String,
    /// The conversation that ended them.
    pub(super) failure: Option<Failing>,
}

pub(super) struct Failing {
    pub(super) segmentation: Segmentation,
    /// The clause that it breaks, if that is known.
    pub(super) clause: Option<&'static str>,
    pub(super) case_file: String,
    pub(super) found: Found,
}

impl Conclusion {
    pub(super) fn without_failure(verdict: Verdict, reason: String) -> Self {
        Self {
            verdict,
            reason,
            failure: None,
        }
    }

    fn into_result(
        self,
        generated: Generated,
        variant: Variant,
        elapsed: Duration,
    ) -> ResultRecord {
        let id = generated.id();
        let variant = variant.as_str();
        let mut result = ResultRecord {
            name: format!("{id}@{variant}"),
            case: id,
            variant: variant.to_owned(),
            segmentation: "mixed".to_owned(),
            verdict: self.verdict,
            reason: Some(self.reason),
            excused: None,
            step: None,
            expected: Vec::new(),
            observed: Vec::new(),
            wire: Vec::new(),
            stderr: Vec::new(),
            case_file: None,
            elapsed_us: micros(elapsed),
        };
        if let Some(failure) = self.failure {
            let word = failure.segmentation.as_str();
            let evidence = failure.found.judgement.evidence.unwrap_or_default();
            result.name += &format!("/{word}");
            result.segmentation = word.to_owned();
            result.step = Some(evidence.step).filter(|step| *step > 0);
            result.expected = evidence.expected;
            result.observed = evidence.observed;
            result.wire = failure.found.judgement.log.into_events();
            result.stderr = failure.found.stderr;
            result.case_file = Some(failure.case_file);
        }
        result
    }
}
