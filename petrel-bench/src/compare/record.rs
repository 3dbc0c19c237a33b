//! A comparison as data: what JSON holds. Its schema is `schema/compare.schema.json`.

use crate::record::RunRecord;
use petrel_cli::Exit;
use serde::{Deserialize, Serialize};

/// Two groups of runs beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct CompareRecord {
    /// [`SCHEMA`](crate::record::SCHEMA).
    pub schema: String,
    /// `compare`.
    pub kind: String,
    /// Version of this program.
    pub version: String,
    /// The change that does not matter: 0.05 is 5 %.
    pub margin: f64,
    /// Of the intervals: 0.95.
    pub confidence: f64,
    /// What the resampling began with.
    pub seed: u64,
    /// What is compared with.
    pub a: SideRecord,
    /// What is compared.
    pub b: SideRecord,
    /// What a reader should know of the groups.
    pub remarks: Vec<String>,
    /// Figure by figure.
    pub figures: Vec<FigureRecord>,
    /// What comes of it.
    pub conclusion: Conclusion,
    /// That in words.
    pub reason: String,
}

/// One group of runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct SideRecord {
    /// Where the servers were, each once.
    pub targets: Vec<String>,
    /// When the runs began, in the order in which they were given.
    pub started: Vec<String>,
}

/// One figure of both groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the published form of a result")]
pub struct FigureRecord {
    /// Which.
    pub name: String,
    /// `per_s` or `us`.
    pub unit: String,
    /// Whether more of it is better.
    pub more_is_better: bool,
    /// Whether it counts for the conclusion: what the generator spends says nothing of a server.
    pub decides: bool,
    /// One value per run of `a`; null where a run does not have it.
    pub a: Vec<Option<f64>>,
    /// One value per run of `b`.
    pub b: Vec<Option<f64>>,
    /// How many times as much `b` has, by the geometric means.
    pub ratio: Option<f64>,
    /// Where that lies with 95 % confidence.
    pub interval: Option<[f64; 2]>,
    /// The change that four of five such comparisons would have shown as faster or slower: 0.2 is 20 %.
    pub detectable: Option<f64>,
    /// Runs a side that would probably decide, if these do not.
    pub runs_needed: Option<u32>,
    /// What comes of it.
    pub verdict: FigureVerdict,
    /// Why nothing comes of it.
    pub reason: Option<String>,
}

/// What comes of one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader must know every case")]
pub enum FigureVerdict {
    /// `b` is better by more than the margin.
    Faster,
    /// `b` is worse by more than the margin.
    Slower,
    /// They differ by less than the margin.
    Equivalent,
    /// These runs cannot tell.
    Inconclusive,
    /// Not every run has it, and it need not have.
    NotCompared,
}

/// What comes of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a reader must know every case")]
pub enum Conclusion {
    /// A figure that decides is slower.
    Regression,
    /// No figure that decides is slower, and all of them are known.
    NoRegression,
    /// Not known.
    NoVerdict,
}

impl Conclusion {
    /// How a program ends that finds this.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Regression => Exit::No,
            Self::NoRegression => Exit::Done,
            Self::NoVerdict => Exit::NoVerdict,
        }
    }
}

impl FigureVerdict {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Equivalent => "equivalent",
            Self::Inconclusive => "inconclusive",
            Self::NotCompared => "not compared",
        }
    }
}

impl SideRecord {
    pub(super) fn of(runs: &[RunRecord]) -> Self {
        let mut targets: Vec<String> = Vec::new();
        for run in runs {
            if !targets.contains(&run.plan.target) {
                targets.push(run.plan.target.clone());
            }
        }
        Self {
            targets,
            started: runs.iter().map(|run| run.started.clone()).collect(),
        }
    }
}
