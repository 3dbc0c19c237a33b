//! A run: the units in order, over several jobs, into a record.

use crate::{
    case::Case,
    corpus,
    judge::Judgement,
    patience::Patience,
    plan::Unit,
    record::{CaseRecord, Record, ResultRecord, SCHEMA, TargetRecord, micros},
    segmentation::Segmentation,
    select::Selection,
    verdict::Verdict,
};
use petrel_cli::Interrupt;
use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant, SystemTime},
};

/// What the caller chooses.
#[derive(Clone, Debug)]

pub(crate) struct Options {
    /// Which cases, and which of their results.
    pub(crate) selection: Selection,
    /// How the bytes are cut.
    pub(crate) segmentations: Vec<Segmentation>,
    /// How many cases are in progress at once.
    pub(crate) jobs: usize,
    /// When this is up, the rest is not run.
    pub(crate) max_time: Duration,
    /// When that is, if what came before the run counts, too.
    pub(crate) deadline: Option<Instant>,
    /// The silence that is borne at least; more where the round trip is long.
    pub(crate) patience: Duration,
    /// Every wait is multiplied by it.
    pub(crate) time_scale: f64,
    /// When this is set, the rest is not run. Without one, a signal ends the process.
    pub(crate) interrupt: Option<Interrupt>,
}

impl Default for Options {
    /// Every case in every segmentation, one after another, in at most 60 seconds, with a second of
    /// patience.
    fn default() -> Self {
        Self {
            selection: Selection::default(),
            segmentations: Segmentation::ALL.to_vec(),
            jobs: 1,
            max_time: Duration::from_secs(60),
            deadline: None,
            patience: Duration::from_secs(1),
            time_scale: 1.0,
            interrupt: None,
        }
    }
}

/// Judges one unit after another. Each job has its own.
pub(crate) trait Bench: Send {
    /// What one unit shows. The reason for there being no verdict is for the bench to say, too.
    fn judge(&mut self, unit: &Unit<'_>, patience: &Patience) -> Found;
}

/// What a bench found out.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) judgement: Judgement,
    /// The last words of a program that died.
    pub(crate) stderr: Vec<String>,
}

impl From<Judgement> for Found {
    fn from(judgement: Judgement) -> Self {
        Self {
            judgement,
            stderr: Vec::new(),
        }
    }
}

/// What a run is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub(crate) role: &'static str,
    pub(crate) target: TargetRecord,
    /// The command that judges the same target again.
    pub(crate) command: String,
    pub(crate) round_trip: Duration,
}

/// When a run began, by both clocks.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub(crate) at: Instant,
    /// RFC 3339, UTC.
    date: String,
}

impl Begun {
    pub(crate) fn now() -> Self {
        Self {
            at: Instant::now(),
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        }
    }
}

impl About {
    /// A run that ends now with these results.
    pub(crate) fn record(
        self,
        begun: Begun,
        cases: Vec<CaseRecord>,
        results: Vec<ResultRecord>,
        selection: &Selection,
        is_interrupted: bool,
    ) -> Record {
        let is_incomplete = results
            .iter()
            .any(|result| result.verdict == Verdict::NotRun);
        let mut record = Record {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            corpus: corpus::digest(),
            role: self.role.to_owned(),
            target: self.target,
            command: self.command,
            started: begun.date,
            round_trip_us: micros(self.round_trip),
            elapsed_us: micros(begun.at.elapsed()),
            interrupted: is_incomplete && is_interrupted,
            narrowed: selection.words(),
            problems: Vec::new(),
            exit_code: 0,
            counts: BTreeMap::new(),
            cases,
            results,
        };
        record.conclude(&[]);
        record
    }
}

/// Sees the results of each case once all of them are there, in the order of the cases.
pub(crate) type OnCase<'a> = &'a mut dyn FnMut(&CaseRecord, &[ResultRecord]);

/// Runs the units with the benches, one job each.
pub(crate) fn run<B: Bench>(
    cases: &[&Case],
    units: &[Unit<'_>],
    benches: Vec<B>,
    about: About,
    options: &Options,
    on_case: OnCase<'_>,
) -> Record {
    let begun = Begun::now();
    let patience = Patience::new(options, about.round_trip, begun.at);
    let cases = CaseRecord::all(cases);
    let mut collected = Collected::new(&cases, units);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for mut bench in benches {
            let (sender, patience, next) = (sender.clone(), &patience, &next);
            scope.spawn(move || {
                while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = result(unit, &mut bench, patience);
                    // The receiver lives as long as this scope.
                    let _ = sender.send((unit.name(), result));
                }
            });
        }
        drop(sender);
        for (name, result) in receiver {
            collected.take(&name, result, on_case);
        }
    });
    let results = collected.results();
    let is_interrupted = patience.is_interrupted();
    about.record(begun, cases, results, &options.selection, is_interrupted)
}

fn result(unit: &Unit<'_>, bench: &mut impl Bench, patience: &Patience) -> ResultRecord {
    let begin = Instant::now();
    let found: Found = match (&unit.missing, patience.over()) {
        (Some(missing), _) => {
            Judgement::without_conversation(Verdict::NotApplicable, missing.clone()).into()
        }
        (None, Some(why)) => Judgement::without_conversation(Verdict::NotRun, why).into(),
        (None, None) => bench.judge(unit, patience),
    };
    patience.note(found.judgement.verdict);
    let Judgement {
        verdict,
        reason,
        evidence,
        log,
        ..
    } = found.judgement;
    let evidence = evidence.unwrap_or_default();
    ResultRecord {
        name: unit.name(),
        case: unit.case.id.clone(),
        variant: unit.variant.as_str().to_owned(),
        segmentation: unit.segmentation.as_str().to_owned(),
        verdict,
        reason,
        excused: None,
        step: Some(evidence.step).filter(|step| *step > 0),
        expected: evidence.expected,
        observed: evidence.observed,
        wire: log.into_events(),
        stderr: found.stderr,
        case_file: None,
        elapsed_us: micros(begin.elapsed()),
    }
}

/// The results in their order, however the jobs finish them.
struct Collected<'c> {
    cases: &'c [CaseRecord],
    places: BTreeMap<String, usize>,
    results: Vec<Option<ResultRecord>>,
    /// Of each case: where its results begin, and how many are still missing.
    spans: Vec<(usize, usize, usize)>,
    shown: usize,
}

impl<'c> Collected<'c> {
    fn new(cases: &'c [CaseRecord], units: &[Unit<'_>]) -> Self {
        let mut spans = vec![(0, 0, 0); cases.len()];
        for (at, unit) in units.iter().enumerate() {
            let (start, end, missing) = &mut spans[unit.case_at];
            if *missing == 0 {
                *start = at;
            }
            *end = at + 1;
            *missing += 1;
        }
        Self {
            cases,
            places: units
                .iter()
                .enumerate()
                .map(|(at, unit)| (unit.name(), at))
                .collect(),
            results: vec![None; units.len()],
            spans,
            shown: 0,
        }
    }

    fn take(&mut self, name: &str, result: ResultRecord, on_case: OnCase<'_>) {
        let at = self.places[name];
        self.results[at] = Some(result);
        if let Some(span) = self
            .spans
            .iter_mut()
            .find(|(start, end, _)| (*start..*end).contains(&at))
        {
            span.2 -= 1;
        }
        while let Some((start, end, 0)) = self.spans.get(self.shown) {
            let results: Vec<ResultRecord> = self.results[*start..*end]
                .iter()
                .flatten()
                .cloned()
                .collect();
            if !results.is_empty() {
                on_case(&self.cases[self.shown], &results);
            }
            self.shown += 1;
        }
    }

    fn results(self) -> Vec<ResultRecord> {
        self.results.into_iter().flatten().collect()
    }
}
