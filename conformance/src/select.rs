//! Which results are asked for: by case, variant, segmentation, clause and level.

use crate::{
    case::{Case, Level},
    pattern,
    segmentation::Segmentation,
    verdict::Variant,
};
use std::{fmt, str::FromStr};

/// Which results are meant: `PC-0042`, `limits`, `PC-0042@mac`, `limits@*/bytes`, `*@mac/bytes`.
///
/// Before the `@` stands a part of an id or of a group, or `*` for all; behind it a variant and
/// perhaps a segmentation, as in the name of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    text: String,
    case: String,
    variant: Option<String>,
    segmentation: Option<String>,
}

impl Filter {
    /// Whether it selects results of the case.
    pub(crate) fn selects_case(&self, case: &Case) -> bool {
        self.selects(&case.id, &case.group)
    }

    /// The same for a case of which only id and group are known.
    pub(crate) fn selects(&self, id: &str, group: &str) -> bool {
        self.case == "*"
            || id.to_lowercase().contains(&self.case)
            || group.to_lowercase().contains(&self.case)
    }

    /// Whether it selects this result of a case that it selects.
    pub(crate) fn selects_result(&self, variant: &str, segmentation: &str) -> bool {
        let is = |wanted: &Option<String>, word: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == word)
        };
        is(&self.variant, variant) && is(&self.segmentation, segmentation)
    }

    /// Whether it asks for one way of cutting.
    pub(crate) fn names_segmentation(&self) -> bool {
        self.segmentation.is_some()
    }

    fn is_whole_cases(&self) -> bool {
        self.variant.is_none() && self.segmentation.is_none()
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (case, rest) = text.split_once('@').unwrap_or((text, "*"));
        if case.is_empty() {
            return Err(format!(
                "`{text}` names no case: write a part of an id or of a group, or * for all"
            ));
        }
        let (variant, segmentation) = pattern::parts(rest)?;
        Ok(Self {
            text: text.to_owned(),
            case: case.to_lowercase(),
            variant,
            segmentation,
        })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// How binding a clause has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]

pub(crate) enum LevelFilter {
    /// Only MUST and MUST NOT.
    Must,
    /// These, SHOULD and SHOULD NOT.
    Should,
    /// MAY, too.
    #[default]
    All,
}

/// What is asked for. Nothing set selects everything.
#[derive(Clone, Debug, Default)]

pub(crate) struct Selection {
    /// Only what one of these selects, if there are any.
    pub(crate) only: Vec<Filter>,
    /// Nothing that one of these selects.
    pub(crate) skip: Vec<Filter>,
    /// Only cases that prove one of these clauses, if there are any.
    pub(crate) clauses: Vec<String>,
    /// Only cases whose clause is as binding.
    pub(crate) level: LevelFilter,
}

impl Selection {
    /// Whether any result of the case can be selected.
    pub(crate) fn selects_case(&self, case: &Case) -> bool {
        let is_only = self.only.is_empty() || self.only.iter().any(|only| only.selects_case(case));
        let is_skipped = self
            .skip
            .iter()
            .any(|skip| skip.is_whole_cases() && skip.selects_case(case));
        is_only
            && !is_skipped
            && self.selects_clauses(case.proves())
            && self.selects_level(case.clause.level.as_str())
    }

    /// Whether one of the clauses that are proved is asked for.
    pub(crate) fn selects_clauses<'c>(&self, mut proves: impl Iterator<Item = &'c str>) -> bool {
        self.clauses.is_empty() || proves.any(|id| self.clauses.iter().any(|each| each == id))
    }

    /// Whether a clause of that level is asked for.
    pub(crate) fn selects_level(&self, level: &str) -> bool {
        match self.level {
            LevelFilter::Must => level.starts_with("MUST"),
            LevelFilter::Should => level != Level::May.as_str(),
            LevelFilter::All => true,
        }
    }

    /// Whether this result is wanted, as far as its name says.
    pub(crate) fn selects_name(
        &self,
        id: &str,
        group: &str,
        variant: &str,
        segmentation: &str,
    ) -> bool {
        let matches = |filter: &Filter| {
            filter.selects(id, group) && filter.selects_result(variant, segmentation)
        };
        (self.only.is_empty() || self.only.iter().any(matches)) && !self.skip.iter().any(matches)
    }

    /// The same for a result of a case.
    pub(crate) fn selects_result(
        &self,
        case: &Case,
        variant: Variant,
        segmentation: Segmentation,
    ) -> bool {
        let (variant, segmentation) = (variant.as_str(), segmentation.as_str());
        self.selects_name(&case.id, &case.group, variant, segmentation)
    }

    /// The arguments that leave results out, as words.
    pub(crate) fn words(&self) -> Vec<String> {
        let only = self.only.iter().map(|only| format!("--only {only}"));
        let skip = self.skip.iter().map(|skip| format!("--skip {skip}"));
        let clauses = self
            .clauses
            .iter()
            .map(|clause| format!("--clause {clause}"));
        let level = match self.level {
            LevelFilter::All => None,
            LevelFilter::Must => Some("--level must".to_owned()),
            LevelFilter::Should => Some("--level should".to_owned()),
        };
        only.chain(skip).chain(clauses).chain(level).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_case_variant_and_segmentation() {
        for (text, mac_bytes, plain_whole) in [
            ("PC-0042", true, true),
            ("pc-0042@mac", true, false),
            ("PC-0042@mac/bytes", true, false),
            ("*@*/bytes", true, false),
            ("limit@*/whole", false, true),
            ("limits", true, true),
        ] {
            let filter: Filter = text.parse().expect(text);
            assert!(filter.selects("PC-0042", "limits"), "{text}");
            let results = [
                filter.selects_result("mac", "bytes"),
                filter.selects_result("plain", "whole"),
            ];
            assert_eq!(results, [mac_bytes, plain_whole], "{text}");
        }
        let other: Filter = "PC-0043".parse().expect("a filter");
        assert!(!other.selects("PC-0042", "limits"));
    }

    #[test]
    fn what_is_no_filter_is_told_why() {
        for text in ["", "@mac", "PC-0042@fast", "PC-0042@mac/plain"] {
            assert!(text.parse::<Filter>().is_err(), "{text}");
        }
    }
}
