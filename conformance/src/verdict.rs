//! What was found out, and what the program makes of it.

use serde::{Deserialize, Serialize};

/// What a case says about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// As it has to be.
    Pass,
    /// Legal, but a SHOULD is missed.
    Warn,
    /// A clause is broken.
    Fail,
    /// The server died of it.
    Crash,
    /// An answer or an end that is due never came.
    Hang,
    /// Selected, but nothing was found out.
    #[serde(rename = "not run")]
    NotRun,
    /// The case needs what the server does not offer.
    #[serde(rename = "not applicable")]
    NotApplicable,
}

impl Verdict {
    /// All verdicts, in the order in which they are counted out.
    pub const ALL: [Self; 7] = [
        Self::Pass,
        Self::Warn,
        Self::Fail,
        Self::Crash,
        Self::Hang,
        Self::NotRun,
        Self::NotApplicable,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::NotRun => "not run",
            Self::NotApplicable => "not applicable",
        }
    }

    /// Whether a clause is proven broken.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::Crash | Self::Hang)
    }
}

/// Which peer of the target a case was run against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Variant {
    /// The one that was named; of a client, without MACs and TLS.
    Plain,
    /// With MACs.
    Mac,
    /// With the small limit.
    Small,
    /// Requires the protocol check.
    Checked,
    /// Under TLS.
    Tls,
}

impl Variant {
    /// All variants, in the order of the columns.
    pub const ALL: [Self; 5] = [
        Self::Plain,
        Self::Mac,
        Self::Small,
        Self::Checked,
        Self::Tls,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Mac => "mac",
            Self::Small => "small",
            Self::Checked => "checked",
            Self::Tls => "tls",
        }
    }
}

/// Expected beside observed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    /// The step, counted from 1.
    pub(crate) step: usize,
    /// What would have been right, best first.
    pub(crate) expected: Vec<String>,
    /// What came instead.
    pub(crate) observed: Vec<String>,
}
