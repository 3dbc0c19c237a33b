//! Names of results as patterns: `PC-0042`, `PC-0042@mac`, `PC-0042@mac/bytes`, `PC-0042@*/bytes`.

use crate::{segmentation::Segmentation, verdict::Variant};
use std::{fmt, str::FromStr};

/// One or many results of one case. A part that is absent, or `*`, matches all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pattern {
    pub(crate) case: String,
    pub(crate) variant: Option<String>,
    pub(crate) segmentation: Option<String>,
}

impl Pattern {
    /// Whether it names this result.
    pub(crate) fn matches(&self, case: &str, variant: &str, segmentation: &str) -> bool {
        let part =
            |pattern: &Option<String>, word| pattern.as_deref().is_none_or(|each| each == word);
        self.case == case && part(&self.variant, variant) && part(&self.segmentation, segmentation)
    }

    /// How much it says: of several that match a result, the one that says most is meant.
    pub(crate) fn weight(&self) -> usize {
        2 * usize::from(self.variant.is_some()) + usize::from(self.segmentation.is_some())
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (case, rest) = text.split_once('@').unwrap_or((text, "*"));
        let digits = ["PC-", "GF-"]
            .iter()
            .find_map(|kind| case.strip_prefix(kind));
        let digits = digits.unwrap_or_default();
        if digits.len() < 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!(
                "`{text}` names no result: write PC-0042, PC-0042@mac, PC-0042@mac/bytes or PC-0042@*/bytes"
            ));
        }
        let (variant, segmentation) = parts(rest)?;
        Ok(Self {
            case: case.into(),
            variant,
            segmentation,
        })
    }
}

/// `VARIANT/SEGMENTATION`, each of which may be `*`; the second may be left out.
pub(crate) fn parts(text: &str) -> Result<(Option<String>, Option<String>), String> {
    let (variant, segmentation) = text.split_once('/').unwrap_or((text, "*"));
    let of_codecs = ["decode", "encode"];
    let variants: Vec<&str> = Variant::ALL
        .map(Variant::as_str)
        .into_iter()
        .chain(of_codecs)
        .collect();
    Ok((
        part(variant, "variant", &variants)?,
        part(
            segmentation,
            "segmentation",
            &Segmentation::ALL.map(Segmentation::as_str),
        )?,
    ))
}

/// A word that is misspelt would match nothing, and nobody would notice.
fn part(word: &str, what: &str, known: &[&str]) -> Result<Option<String>, String> {
    match word {
        "*" => Ok(None),
        _ if known.contains(&word) => Ok(Some(word.into())),
        _ => Err(format!(
            "`{word}` is no {what}: there are {}",
            known.join(", ")
        )),
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.case)?;
        match (&self.variant, &self.segmentation) {
            (None, None) => Ok(()),
            (Some(variant), None) => write!(f, "@{variant}"),
            (None, Some(segmentation)) => write!(f, "@*/{segmentation}"),
            (Some(variant), Some(segmentation)) => write!(f, "@{variant}/{segmentation}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_absent_matches_all() {
        let matches = |text: &str| {
            let pattern: Pattern = text.parse().expect("a pattern");
            pattern.matches("PC-0042", "mac", "bytes")
        };
        for text in [
            "PC-0042",
            "PC-0042@mac",
            "PC-0042@mac/bytes",
            "PC-0042@*/bytes",
            "PC-0042@*",
        ] {
            assert!(matches(text), "{text}");
        }
        for text in [
            "PC-0043",
            "PC-0042@plain",
            "PC-0042@mac/whole",
            "PC-0042@*/whole",
        ] {
            assert!(!matches(text), "{text}");
        }
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for text in [
            "PC-0042",
            "PC-0042@mac",
            "PC-0042@mac/bytes",
            "PC-0042@*/bytes",
        ] {
            assert_eq!(
                text.parse::<Pattern>().expect("a pattern").to_string(),
                text
            );
        }
    }

    #[test]
    fn a_misspelt_part_is_refused() {
        for text in [
            "",
            "0042",
            "PC-42",
            "PC-00x2",
            "PC-0042@mca",
            "PC-0042@mac/byte",
            "PC-0042@mac/",
        ] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
        let message = "PC-0042@mca".parse::<Pattern>().expect_err("no variant");
        assert!(
            message.contains("plain, mac, small, checked, tls"),
            "{message}"
        );
    }
}
