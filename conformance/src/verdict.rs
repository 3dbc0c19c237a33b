//! What was found out, and what the program makes of it.

use crate::case::Case;
use petrel_cli::Exit;
use std::{ops::AddAssign, time::Duration};

/// What a case says about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// As it has to be.
    Pass,
    /// Legal, but a SHOULD is missed.
    Warn,
    /// A clause is broken.
    Fail,
    /// An answer or an end that is due never came.
    Hang,
    /// Selected, but nothing was found out.
    NotRun,
    /// The case needs what the server does not offer.
    NotApplicable,
}

impl Verdict {
    /// All verdicts, in the order in which they are counted out.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::Warn,
        Self::Fail,
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
            Self::Hang => "hang",
            Self::NotRun => "not run",
            Self::NotApplicable => "not applicable",
        }
    }

    /// Whether a clause is proven broken.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::Hang)
    }
}

/// Which server of the target a case was run against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Variant {
    /// Without MACs.
    Plain,
    /// With MACs.
    Mac,
    /// With the small limit.
    Small,
    /// Requires the protocol check.
    Checked,
}

impl Variant {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Mac => "mac",
            Self::Small => "small",
            Self::Checked => "checked",
        }
    }
}

/// A case and its verdict.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CaseResult<'a> {
    /// The case.
    pub case: &'a Case,
    /// The server it was run against.
    pub variant: Variant,
    /// What it says.
    pub verdict: Verdict,
    /// Why: what is missing, which clause the warning stands on, what was not as expected.
    pub reason: Option<String>,
    /// The evidence, for a failure.
    pub evidence: Option<Evidence>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Expected beside observed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Evidence {
    /// The step, counted from 1.
    pub step: usize,
    /// What would have been right, best first.
    pub expected: Vec<String>,
    /// What came instead.
    pub observed: Vec<String>,
    /// The bytes of the conversation, annotated, one line each.
    pub transcript: Vec<String>,
}

/// How many cases got which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([usize; Verdict::ALL.len()]);

impl Counts {
    /// Those with this verdict.
    pub fn of(&self, verdict: Verdict) -> usize {
        Verdict::ALL
            .iter()
            .zip(self.0)
            .find(|(each, _)| **each == verdict)
            .map_or(0, |(_, n)| n)
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// How a program ends that found these: a proven no outranks a verdict that is missing.
    pub fn exit(&self) -> Exit {
        let judged = self.of(Verdict::Pass) + self.of(Verdict::Warn);
        if self.of(Verdict::Fail) + self.of(Verdict::Hang) > 0 {
            Exit::No
        } else if judged == 0 || self.of(Verdict::NotRun) > 0 {
            Exit::NoVerdict
        } else {
            Exit::Done
        }
    }
}

impl AddAssign<Verdict> for Counts {
    fn add_assign(&mut self, verdict: Verdict) {
        for (each, count) in Verdict::ALL.iter().zip(&mut self.0) {
            *count += usize::from(*each == verdict);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(verdicts: &[Verdict]) -> Exit {
        let mut counts = Counts::default();
        verdicts.iter().for_each(|verdict| counts += *verdict);
        counts.exit()
    }

    #[test]
    fn a_proven_no_outranks_a_missing_verdict() {
        use Verdict::{Fail, Hang, NotApplicable, NotRun, Pass, Warn};
        assert_eq!(exit(&[Pass, Warn, NotApplicable]), Exit::Done);
        assert_eq!(exit(&[Pass, NotRun, Fail]), Exit::No);
        assert_eq!(exit(&[Pass, Hang]), Exit::No);
        assert_eq!(exit(&[Pass, NotRun]), Exit::NoVerdict);
        assert_eq!(exit(&[NotApplicable]), Exit::NoVerdict);
        assert_eq!(exit(&[]), Exit::NoVerdict);
    }
}
