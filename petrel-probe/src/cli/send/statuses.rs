//! Which answers are no error.

use petrel::wire::Status;
use std::{ops::RangeInclusive, str::FromStr};

/// Statuses that are allowed: numbers and ranges, `400,9000-9999`. 200 always is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statuses(Vec<RangeInclusive<u16>>);

impl Statuses {
    pub(super) fn allow(&self, status: Status) -> bool {
        status == Status::OK || self.0.iter().any(|range| range.contains(&status.0))
    }
}

impl FromStr for Statuses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(range)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn range(word: &str) -> Result<RangeInclusive<u16>, String> {
    let wrong = || {
        format!(
            "{word:?} is neither a status nor a range of them; write numbers up to 65535 and ranges, \
             for example 400,9000-9999"
        )
    };
    let number = |text: &str| text.trim().parse::<u16>().map_err(|_| wrong());
    match word.split_once('-') {
        None => number(word).map(|status| status..=status),
        Some((first, last)) => {
            let range = number(first)?..=number(last)?;
            if range.is_empty() {
                Err(wrong())
            } else {
                Ok(range)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges_are_allowed_and_200_always() {
        let allowed: Statuses = "400, 9000-9999".parse().unwrap();
        for (status, expected) in [
            (200, true),
            (400, true),
            (401, false),
            (8999, false),
            (9000, true),
            (9999, true),
            (10_000, false),
        ] {
            assert_eq!(allowed.allow(Status(status)), expected, "{status}");
            assert_eq!(Statuses::default().allow(Status(status)), status == 200);
        }
    }

    #[test]
    fn what_is_no_status_is_refused() {
        for text in ["", "x", "400,", "70000", "9-1", "1-2-3", "-5"] {
            assert!(text.parse::<Statuses>().is_err(), "{text}");
        }
    }
}
