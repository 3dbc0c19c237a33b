//! A run as data: what every report is made from, and what is written as JSON.

use crate::{case::Case, expected::Problem, tally, verdict::Verdict};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// Changes when a reader of the document would have to.
pub(crate) const SCHEMA: &str = "petrel-conformance/1";

/// One run. Times are in microseconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Record {
    pub(crate) schema: String,
    /// Of this program.
    pub(crate) version: String,
    /// SHA-256 of the embedded cases: two runs with the same one are comparable.
    pub(crate) corpus: String,
    /// `server`, `client` or `codec`.
    pub(crate) role: String,
    pub(crate) target: TargetRecord,
    /// The command that judges the same target again; a pattern of `--only` may be appended.
    pub(crate) command: String,
    /// When the run began: RFC 3339, UTC.
    pub(crate) started: String,
    pub(crate) round_trip_us: u64,
    pub(crate) elapsed_us: u64,
    pub(crate) interrupted: bool,
    /// The arguments that left results out, such as `--only`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) narrowed: Vec<String>,
    /// What is wrong with the list of known failures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) problems: Vec<String>,
    pub(crate) exit_code: u8,
    /// How many results got which verdict, by the words of [`Verdict::as_str`]; all of them are there.
    pub(crate) counts: BTreeMap<String, usize>,
    /// The cases that were selected, in their order.
    pub(crate) cases: Vec<CaseRecord>,
    /// In the order of the cases, then variants, then segmentations.
    pub(crate) results: Vec<ResultRecord>,
}

/// Who was judged.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct TargetRecord {
    /// How it is called in a headline: an address, a command, or `the embedded reference server`.
    pub(crate) name: String,
    /// `blind`, `echo` or `fixtures`; empty for clients.
    pub(crate) offers: String,
    /// The name of the request that echoes, if the target offers no more than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) echo: Option<String>,
    /// It is the reference implementation: the clauses that bind it alone are judged, too.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) ours: bool,
    pub(crate) limit: Option<u32>,
    /// Where each variant is reached.
    pub(crate) variants: BTreeMap<String, String>,
}

/// A case without its steps.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct CaseRecord {
    pub(crate) id: String,
    pub(crate) group: String,
    pub(crate) title: String,
    pub(crate) role: String,
    /// The clause whose words it quotes.
    pub(crate) clause: String,
    /// That clause's level.
    pub(crate) level: String,
    /// Other clauses that it proves, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) also: Vec<String>,
    pub(crate) offers: String,
    /// The clause binds the reference implementation only.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) ours: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl CaseRecord {
    pub(crate) fn all(cases: &[&Case]) -> Vec<Self> {
        cases.iter().map(|case| Self::of(case)).collect()
    }

    pub(crate) fn of(case: &Case) -> Self {
        Self {
            id: case.id.clone(),
            group: case.group.clone(),
            title: case.title.clone(),
            role: case.role.as_str().to_owned(),
            clause: case.clause.id.clone(),
            level: case.clause.level.as_str().to_owned(),
            also: case.also.clone(),
            offers: case.offers.as_str().to_owned(),
            ours: case.ours,
        }
    }
}

impl Record {
    /// Counts the results and says how a program ends that made this run.
    pub(crate) fn conclude(&mut self, problems: &[Problem]) {
        self.problems = problems.iter().map(ToString::to_string).collect();
        self.counts = tally::counts(&self.results);
        self.exit_code = tally::exit(self, problems).code();
    }
}

/// One case against one variant of the peer, its bytes cut in one way.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ResultRecord {
    /// `PC-0042@mac/bytes`: unique in a run, and a pattern for `--only`.
    pub(crate) name: String,
    pub(crate) case: String,
    /// `plain`, `mac`, `small`, `checked`, `tls`.
    pub(crate) variant: String,
    /// `whole`, `header`, `fields`, `bytes`, `joined`; `mixed` for generated conversations that passed.
    pub(crate) segmentation: String,
    pub(crate) verdict: Verdict,
    /// Why, for every verdict but a pass; of generated conversations that passed, how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// A failure that `--expected` lists with this reason: it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) excused: Option<String>,
    /// The step that failed, counted from 1, and what would have been right there, best first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) expected: Vec<String>,
    /// What came instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) observed: Vec<String>,
    /// The conversation, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) wire: Vec<WireEvent>,
    /// The last lines that a server wrote to its standard error before it crashed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stderr: Vec<String>,
    /// The text of the case as a file for `--cases`, where it was generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) case_file: Option<String>,
    pub(crate) elapsed_us: u64,
}

/// Something that happened in a case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct WireEvent {
    /// Since the case began.
    pub(crate) at_us: u64,
    /// Which connection of the case; `main` where there is only one.
    pub(crate) connection: String,
    pub(crate) kind: WireKind,
    /// For bytes: a remark such as `MAC ok (payload only)`. Otherwise what happened, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) text: String,
    /// The front of the bytes, in hexadecimal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) hex: String,
    /// How many bytes there were; `hex` may hold fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) length: Option<usize>,
    /// The bytes begin with a header, so that their fields can be named.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) is_frame: bool,
    /// A MAC stands (or would stand) behind the payload.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) with_mac: bool,
    /// Where the bytes were cut into separate writes, at most the first 64 places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) cuts: Vec<usize>,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WireKind {
    /// By the suite.
    Sent,
    /// From the peer.
    Received,
    /// The suite told the driver of a client, or the driver answered.
    Driver,
    /// Anything else: an end, a wait in vain.
    Note,
}

/// Whole microseconds.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
