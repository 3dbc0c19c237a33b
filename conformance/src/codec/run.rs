//! Asks a driver about every golden frame, and keeps going when it hangs or dies.

use super::{
    compare::{self, Finding},
    golden::{self, Golden, Segmentation},
};
use crate::{
    driver::{Command, Driver, Line},
    record::{CaseRecord, Record, ResultRecord, TargetRecord, WireEvent, WireKind, micros},
    run::{About, Begun, OnCase},
    select::Selection,
    spec::{self, SpecClause},
    verdict::Verdict,
};
use petrel_cli::{Exit, Failure, Interrupt, output::shell_word};
use sha2::{Digest, Sha256};
use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

/// A driver that hung, died or talked nonsense so often is not started again.
const FAILURES_MAX: u32 = 5;
/// So many bytes of an input are kept in the record.
const HEX_LEN_MAX: usize = 400;
const GROUP: &str = "codec";

/// How a codec is judged.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The command of its driver, as for a shell.
    pub(crate) driver: String,
    /// The longest silence that is borne.
    pub(crate) patience: Duration,
    /// The same until a driver that was just started answers for the first time.
    pub(crate) start_patience: Duration,
    /// After so long the rest is not asked.
    pub(crate) max_time: Duration,
    pub(crate) selection: Selection,
    /// Makes the word that no driver knows.
    pub(crate) seed: u64,
    pub(crate) interrupt: Option<Interrupt>,
}

/// Something that the driver is asked.
struct Question<'a> {
    golden: &'a Golden,
    variant: &'static str,
    segmentation: Segmentation,
}

/// Judges the codec behind a driver by the golden frames; `on_start` and `on_case` are told as it goes.
///
/// # Errors
/// If nothing is selected, or the driver cannot be started or answers nothing sensible.
pub(crate) fn judge(
    options: &Options,
    on_start: &mut dyn FnMut(&TargetRecord, &[CaseRecord]),
    on_case: OnCase<'_>,
) -> Result<Record, Failure> {
    let goldens = golden::load().map_err(Failure::usage)?;
    let clauses = spec::clauses();
    let selected: Vec<(CaseRecord, Vec<Question<'_>>)> = goldens
        .iter()
        .map(|golden| {
            let case = case(golden, &clauses);
            let wanted = |question: &Question<'_>| options.selects(&case, question);
            let questions = questions(golden).filter(wanted).collect();
            (case, questions)
        })
        .filter(|(_, questions): &(CaseRecord, Vec<Question<'_>>)| !questions.is_empty())
        .collect();
    if selected.is_empty() {
        let message =
            "no golden frame is selected; they are named GF-001 and so on, their group codec";
        return Err(Failure::new(Exit::NoVerdict, message));
    }
    let begun = Begun::now();
    let driver = options.start()?;
    let mut run = Run {
        options,
        driver: Some(driver),
        failures: 0,
        start: begun.at,
        round_trip: None,
    };
    let target = TargetRecord {
        name: format!("the codec behind `{}`", options.driver),
        variants: ["decode", "encode"]
            .map(|word| (word.to_owned(), String::new()))
            .into(),
        ..TargetRecord::default()
    };
    let cases: Vec<CaseRecord> = selected.iter().map(|(case, _)| case.clone()).collect();
    on_start(&target, &cases);
    let mut results = Vec::new();
    for (case, questions) in &selected {
        let of_case: Vec<ResultRecord> = questions.iter().map(|each| run.result(each)).collect();
        on_case(case, &of_case);
        results.extend(of_case);
    }
    let about = About {
        role: "codec",
        target,
        command: format!(
            "petrel-conformance codec --driver {}",
            shell_word(&options.driver)
        ),
        round_trip: run.round_trip.unwrap_or_default(),
    };
    let is_interrupted = run.is_interrupted();
    let mut record = about.record(begun, cases, results, &options.selection, is_interrupted);
    // What a codec is judged by are the golden frames, not the cases.
    record.corpus = hex(&Sha256::digest(golden::TEXT));
    Ok(record)
}

impl Options {
    /// A driver that has answered once, so that from now on a silence is its own.
    fn start(&self) -> Result<Driver, Failure> {
        let mut driver = Driver::start(&self.driver)?;
        driver.refuse_yes_sayers(self.seed, self.start_patience, self.interrupt.as_ref())?;
        Ok(driver)
    }

    fn selects(&self, case: &CaseRecord, question: &Question<'_>) -> bool {
        let segmentation = question.segmentation.as_str();
        self.selection.selects_clauses(
            std::iter::once(case.clause.as_str()).chain(case.also.iter().map(String::as_str)),
        ) && self.selection.selects_level(&case.level)
            && self
                .selection
                .selects_name(&case.id, &case.group, question.variant, segmentation)
    }
}

fn questions(golden: &Golden) -> impl Iterator<Item = Question<'_>> {
    let decode = Segmentation::ALL.into_iter().filter(|segmentation| {
        // Where nothing is judged, once is enough to say so.
        let is_judged = golden.reading().is_some() || *segmentation == Segmentation::Whole;
        is_judged && golden.decode(*segmentation).is_some()
    });
    let encode = golden.encode().map(|_| Segmentation::Whole);
    let question = |variant| {
        move |segmentation| Question {
            golden,
            variant,
            segmentation,
        }
    };
    decode
        .map(question("decode"))
        .chain(encode.into_iter().map(question("encode")))
}

impl Question<'_> {
    fn name(&self) -> String {
        let Self {
            golden,
            variant,
            segmentation,
        } = self;
        format!("{}@{variant}/{}", golden.id, segmentation.as_str())
    }
}

/// What is known of a golden frame without asking: the clause of a codec that it shows.
fn case(golden: &Golden, clauses: &[SpecClause]) -> CaseRecord {
    // golden.json names clauses of servers and clients, too, of which the bytes are an example.
    let mut of_codecs: Vec<&SpecClause> = golden
        .clauses
        .iter()
        .filter_map(|id| clauses.iter().find(|clause| clause.id == *id))
        .filter(|clause| ["sender", "receiver", "peer"].contains(&clause.binds()))
        .collect();
    of_codecs.sort_by_key(|clause| clause.is_ours());
    // Every golden frame is an example of what a frame is.
    let frame = clauses.iter().find(|clause| clause.id == "P-001");
    let clause = of_codecs.first().copied().or(frame);
    CaseRecord {
        id: golden.id.clone(),
        group: GROUP.into(),
        title: golden.title.clone(),
        role: "codec".into(),
        clause: clause.map_or("P-001", |clause| clause.id).into(),
        level: clause.map_or("MUST", |clause| clause.level).into(),
        also: of_codecs.iter().skip(1).map(|c| c.id.into()).collect(),
        offers: String::new(),
        ours: clause.is_some_and(SpecClause::is_ours),
    }
}

/// A run that is under way.
struct Run<'a> {
    options: &'a Options,
    /// None when it hung or died, until it is needed again.
    driver: Option<Driver>,
    failures: u32,
    start: Instant,
    /// The quickest answer.
    round_trip: Option<Duration>,
}

/// What came of asking.
enum Said {
    Line(Line),
    Nothing(Finding, Vec<String>),
}

impl Run<'_> {
    fn is_interrupted(&self) -> bool {
        self.options
            .interrupt
            .as_ref()
            .is_some_and(Interrupt::is_set)
    }

    fn result(&mut self, question: &Question<'_>) -> ResultRecord {
        let golden = question.golden;
        let start = Instant::now();
        let mut wire = Vec::new();
        let mut stderr = Vec::new();
        let mut ask = |run: &mut Self, command: Command| match run.ask(&command) {
            Said::Line(line) => {
                wire.push(event(&command, golden));
                wire.push(WireEvent {
                    at_us: micros(start.elapsed()),
                    text: line.shown,
                    ..note(WireKind::Driver)
                });
                Ok(line.answer)
            }
            Said::Nothing(finding, words) => {
                wire.push(event(&command, golden));
                stderr = words;
                Err(finding)
            }
        };
        let finding = if question.variant == "encode" {
            golden.encode().map(|(encode, bytes)| {
                let frame = encode.frame.clone();
                ask(self, Command::Encode(encode))
                    .map_or_else(|f| f, |answer| compare::encoded(&frame, &bytes, &answer))
            })
        } else {
            let decode = golden.decode(question.segmentation);
            golden.reading().zip(decode).map(|(right, decode)| {
                ask(self, Command::Decode(decode))
                    .map_or_else(|f| f, |answer| compare::decoded(golden, &right, &answer))
            })
        };
        let finding = finding.unwrap_or_else(|| {
            Finding::of(
                Verdict::NotApplicable,
                "only a client that waits for an answer can tell",
            )
        });
        if finding.verdict == Verdict::Pass {
            wire.clear();
        }
        ResultRecord {
            name: question.name(),
            case: golden.id.clone(),
            variant: question.variant.into(),
            segmentation: question.segmentation.as_str().into(),
            verdict: finding.verdict,
            reason: finding.reason,
            excused: None,
            step: None,
            expected: finding.expected,
            observed: finding.observed,
            wire,
            stderr,
            case_file: None,
            elapsed_us: micros(start.elapsed()),
        }
    }

    /// Tells the driver what to do and waits for its answer. Behind anything but an answer the next
    /// one could be that to an earlier command, so it is started again before it is asked again.
    fn ask(&mut self, command: &Command) -> Said {
        let nothing =
            |verdict, reason: String| Said::Nothing(Finding::of(verdict, reason), Vec::new());
        if self.is_interrupted() {
            return nothing(Verdict::NotRun, "interrupted".into());
        }
        let left = self.options.max_time.saturating_sub(self.start.elapsed());
        if left.is_zero() {
            return nothing(Verdict::NotRun, "the time for the run is over".into());
        }
        let mut driver = match self.driver.take() {
            Some(driver) => driver,
            None if self.failures >= FAILURES_MAX => {
                let reason = format!("given up: the driver hung or ended {FAILURES_MAX} times");
                return nothing(Verdict::NotRun, reason);
            }
            None => match self.options.start() {
                Ok(driver) => driver,
                Err(failure) => {
                    self.failures += 1;
                    return nothing(Verdict::NotRun, failure.to_string());
                }
            },
        };
        let patience = self.options.patience;
        let asked = Instant::now();
        let said = driver
            .send(command)
            .and_then(|()| driver.reply(patience.min(left)));
        self.failures += u32::from(!matches!(said, Ok(Some(_))));
        match said {
            Ok(Some(line)) => {
                let took = asked.elapsed();
                self.round_trip = Some(self.round_trip.map_or(took, |least| least.min(took)));
                self.driver = Some(driver);
                Said::Line(line)
            }
            Ok(None) if left < patience => {
                nothing(Verdict::NotRun, "the time for the run is over".into())
            }
            Ok(None) => nothing(Verdict::Hang, format!("no answer within {patience:?}")),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                // Nothing about the codec.
                nothing(Verdict::NotRun, error.to_string())
            }
            Err(error) => {
                let finding = Finding::of(Verdict::Crash, error.to_string());
                Said::Nothing(finding, driver.stderr())
            }
        }
    }
}

/// What was asked, for a report.
fn event(command: &Command, golden: &Golden) -> WireEvent {
    match command {
        Command::Decode(decode) => {
            let bytes = &decode.bytes_b64.0;
            WireEvent {
                text: "to be decoded".into(),
                hex: hex(&bytes[..bytes.len().min(HEX_LEN_MAX)]),
                length: Some(bytes.len()),
                is_frame: true,
                with_mac: decode.hmac_key_b64.is_some(),
                cuts: decode.cuts.iter().copied().take(64).collect(),
                ..note(WireKind::Sent)
            }
        }
        _ => WireEvent {
            text: format!("to be encoded: {}", golden.title),
            ..note(WireKind::Driver)
        },
    }
}

fn note(kind: WireKind) -> WireEvent {
    WireEvent {
        at_us: 0,
        connection: "main".into(),
        kind,
        text: String::new(),
        hex: String::new(),
        length: None,
        is_frame: false,
        with_mac: false,
        cuts: Vec::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
