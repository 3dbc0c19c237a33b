//! How a verdict looks in every report: one character, one word, one colour.

use crate::{record::ResultRecord, verdict::Verdict};
use anstyle::{AnsiColor, Style};

/// A verdict, or a failure that was expected and does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Is(Verdict),
    Excused(Verdict),
}

impl Mark {
    pub(crate) fn of(result: &ResultRecord) -> Self {
        if result.excused.is_some() {
            Self::Excused(result.verdict)
        } else {
            Self::Is(result.verdict)
        }
    }

    /// The one that stands for several: the worst.
    pub(crate) fn worst<'a>(results: impl IntoIterator<Item = &'a ResultRecord>) -> Option<Self> {
        results
            .into_iter()
            .map(Self::of)
            .max_by_key(|mark| mark.severity())
    }

    /// A clause is proven broken, and nobody expected it.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::Is(verdict) if verdict.is_failure())
    }

    /// Something was found out.
    pub(crate) fn is_judged(self) -> bool {
        !matches!(
            self,
            Self::Is(Verdict::NotRun | Verdict::NotApplicable) | Self::Excused(Verdict::NotRun)
        )
    }

    /// A verdict that is missing is worse than a warning: nobody knows what is behind it.
    pub(crate) fn severity(self) -> u8 {
        match self {
            Self::Is(Verdict::Crash) => 7,
            Self::Is(Verdict::Hang) => 6,
            Self::Is(Verdict::Fail) => 5,
            Self::Is(Verdict::NotRun) => 4,
            Self::Is(Verdict::Warn) => 3,
            Self::Excused(_) => 2,
            Self::Is(Verdict::Pass) => 1,
            Self::Is(Verdict::NotApplicable) => 0,
        }
    }

    /// The one character for it.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Excused(_) => "~",
            Self::Is(Verdict::Pass) => "✓",
            Self::Is(Verdict::Warn) => "!",
            Self::Is(Verdict::Fail) => "✗",
            Self::Is(Verdict::Crash) => "☠",
            Self::Is(Verdict::Hang) => "◔",
            Self::Is(Verdict::NotRun) => "?",
            Self::Is(Verdict::NotApplicable) => "–",
        }
    }

    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Is(verdict) => verdict.as_str(),
            Self::Excused(Verdict::Warn) => "warn, excused",
            Self::Excused(Verdict::Crash) => "crash, excused",
            Self::Excused(Verdict::Hang) => "hang, excused",
            Self::Excused(_) => "fail, excused",
        }
    }

    /// Its colour on a terminal.
    pub(crate) fn style(self) -> Style {
        let color = match self {
            Self::Is(Verdict::Pass) => AnsiColor::Green,
            Self::Is(Verdict::Warn | Verdict::NotRun) | Self::Excused(_) => AnsiColor::Yellow,
            Self::Is(Verdict::Fail | Verdict::Crash | Verdict::Hang) => AnsiColor::Red,
            Self::Is(Verdict::NotApplicable) => return Style::new().dimmed(),
        };
        color.on_default()
    }

    /// Its colour on the page.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Is(Verdict::Pass) => "pass",
            Self::Is(Verdict::Warn) | Self::Excused(_) => "warn",
            Self::Is(Verdict::Fail | Verdict::Crash | Verdict::Hang) => "fail",
            Self::Is(Verdict::NotRun) => "none",
            Self::Is(Verdict::NotApplicable) => "na",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::result;

    #[test]
    fn the_worst_stands_for_all() {
        let results = Verdict::ALL.map(|verdict| result("PC-0001@plain/whole", verdict));
        let mut results = results.to_vec();
        assert_eq!(Mark::worst(&results), Some(Mark::Is(Verdict::Crash)));
        for each in &mut results {
            if each.verdict.is_failure() {
                each.excused = Some("known".into());
            }
        }
        assert_eq!(Mark::worst(&results), Some(Mark::Is(Verdict::NotRun)));
        results.retain(|each| each.excused.is_some() || each.verdict == Verdict::Pass);
        assert_eq!(Mark::worst(&results), Some(Mark::Excused(Verdict::Hang)));
        assert_eq!(Mark::worst([]), None);
    }

    #[test]
    fn no_two_verdicts_share_a_sign() {
        let mut signs: Vec<&str> = Verdict::ALL
            .iter()
            .map(|verdict| Mark::Is(*verdict).sign())
            .collect();
        signs.push(Mark::Excused(Verdict::Fail).sign());
        signs.sort_unstable();
        signs.dedup();
        assert_eq!(signs.len(), Verdict::ALL.len() + 1);
    }
}
