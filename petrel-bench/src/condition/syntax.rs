//! How conditions and objectives are written and read.

use super::{metric::Metric, value::Value};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How two values stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever judges must know every case"
)]
pub enum Comparator {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
}

/// One condition, such as `response.p99 > 2ms`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub struct Condition {
    /// What is measured.
    pub metric: Metric,
    /// How it is to stand to the value.
    pub comparator: Comparator,
    /// What it is compared with.
    pub value: Value,
}

/// Conditions that must all hold, such as `p99<2ms,errors<0.1%`. There is at least one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Objective(Vec<Condition>);

/// Why a text is no condition: where, what is wrong there, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyntaxError {
    /// The place, in characters from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Comparator {
    /// All of them, the longer ones first, so that the first one that fits is the one that is written.
    const ALL: [Self; 5] = [
        Self::AtMost,
        Self::AtLeast,
        Self::Equal,
        Self::Less,
        Self::More,
    ];

    /// `<`, `<=`, `>`, `>=`, `==`.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
        }
    }
}

impl Objective {
    /// What must hold.
    pub fn conditions(&self) -> &[Condition] {
        &self.0
    }
}

impl FromStr for Condition {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        read(text, 1)
    }
}

impl FromStr for Objective {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let mut column = 1;
        let mut conditions = Vec::new();
        for part in text.split(',') {
            conditions.push(read(part, column)?);
            column += part.chars().count() + 1;
        }
        Ok(Self(conditions))
    }
}

/// Reads the condition `text`, whose first character stands in `column`.
fn read(text: &str, column: usize) -> Result<Condition, SyntaxError> {
    let at = |part: &str, message: String| {
        // `part` is a piece of `text`, so the difference of their lengths is what stands before it.
        let before = part.as_ptr() as usize - text.as_ptr() as usize;
        SyntaxError {
            column: column + text[..before].chars().count(),
            message,
        }
    };
    let whole = text.trim();
    if whole.is_empty() {
        let message = "a condition is missing; write response.p99<2ms, for example";
        return Err(at(whole, message.to_owned()));
    }
    let Some(start) = whole.find(['<', '>', '=', '!']) else {
        let end = &whole[whole.len()..];
        let message = format!("`{whole}` is compared with nothing; write {whole} < VALUE");
        return Err(at(end, message));
    };
    let (name, rest) = (whole[..start].trim_end(), &whole[start..]);
    let comparator = Comparator::ALL
        .into_iter()
        .find(|each| rest.starts_with(each.sign()));
    let comparator = comparator.ok_or_else(|| {
        at(
            rest,
            "this compares nothing; write <, <=, >, >= or ==".to_owned(),
        )
    })?;
    if name.is_empty() {
        let message = "a metric is missing; write response.p99 before it, for example";
        return Err(at(rest, message.to_owned()));
    }
    let metric = Metric::named(name).map_err(|message| at(name, message))?;
    let value = rest[comparator.sign().len()..].trim_start();
    if value.is_empty() {
        let message = format!("a value is missing; write {}", metric.kind().help().1);
        return Err(at(value, message));
    }
    Ok(Condition {
        value: Value::read(metric.kind(), value).map_err(|message| at(value, message))?,
        metric,
        comparator,
    })
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.metric,
            self.comparator.sign(),
            self.value
        )
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, condition) in self.0.iter().enumerate() {
            let between = if index == 0 { "" } else { ", " };
            write!(f, "{between}{condition}")?;
        }
        Ok(())
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for SyntaxError {}

impl TryFrom<String> for Condition {
    type Error = SyntaxError;

    fn try_from(text: String) -> Result<Self, SyntaxError> {
        text.parse()
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> Self {
        condition.to_string()
    }
}

impl TryFrom<String> for Objective {
    type Error = SyntaxError;

    fn try_from(text: String) -> Result<Self, SyntaxError> {
        text.parse()
    }
}

impl From<Objective> for String {
    fn from(objective: Objective) -> Self {
        objective.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        condition::{Distribution, Quantity, Statistic},
        latency::Percentile,
    };

    fn quantity(text: &str) -> Quantity {
        let condition: Condition = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        condition.value.quantity
    }

    #[test]
    fn values_are_read_in_the_unit_of_their_metric() {
        for (text, expected) in [
            ("response.p99 > 2ms", Quantity::Micros(2_000.0)),
            ("p50<350us", Quantity::Micros(350.0)),
            ("p50<350µs", Quantity::Micros(350.0)),
            ("connect.max >= 1.5s", Quantity::Micros(1_500_000.0)),
            ("send_lag.p99 < 0", Quantity::Micros(0.0)),
            ("errors < 0.5%", Quantity::Share(0.005)),
            ("errors.timeout == 0", Quantity::Number(0.0)),
            ("unsent <= 2k", Quantity::Number(2_000.0)),
            ("throughput >= 1.5M", Quantity::Number(1_500_000.0)),
            ("throughput >= 10k/s", Quantity::Number(10_000.0)),
            ("steal < 0.25", Quantity::Share(0.25)),
            ("worker_busy < 90%", Quantity::Share(0.9)),
        ] {
            assert_eq!(quantity(text), expected, "{text}");
        }
    }

    #[test]
    fn a_percentile_alone_is_that_of_responses() {
        for (text, percentile) in [
            ("p99<2ms", Percentile::P99),
            ("p999<2ms", Percentile::P999),
            ("p99.9<2ms", Percentile::P999),
            ("response.p99.9<2ms", Percentile::P999),
        ] {
            let condition: Condition = text.parse().unwrap();
            let statistic = Statistic::Percentile(percentile);
            let metric = Metric::Latency(Distribution::Response, statistic);
            assert_eq!(condition.metric, metric, "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        let text =
            "response.p99 < 2ms, errors < 0.1%, generator_lag.mean <= 1.5s, throughput >= 10k";
        let objective: Objective = text.parse().unwrap();
        assert_eq!(objective.to_string(), text);
        let json = serde_json::to_string(&objective).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Objective>(&json).unwrap(), objective);
        assert!(serde_json::from_str::<Condition>("\"p99\"").is_err());
    }

    #[test]
    fn an_error_says_where_and_what_would_be_right() {
        for (text, column, part) in [
            ("respnse.p99 > 2ms", 1, "did you mean `response.p99`?"),
            ("  thruput > 5", 3, "did you mean `throughput`?"),
            ("bananas > 5", 1, "write response.p99, service.p50"),
            ("response > 2ms", 1, "write response.p50"),
            ("service.p98 > 2ms", 1, "write service.p50"),
            ("max > 2ms", 1, "write `response.max`"),
            ("errors.Time out > 2", 1, "errors.timeout"),
            ("p99 > 2", 7, "write 350us, 2ms or 1.5s"),
            ("p99 > 2e3ms", 7, "write 350us"),
            ("p99 > -2ms", 7, "write 350us"),
            ("p99 >", 6, "a value is missing; write 350us"),
            ("p99", 4, "is compared with nothing; write p99 < VALUE"),
            ("> 2ms", 1, "a metric is missing"),
            ("p99 = 2ms", 5, "write <, <=, >, >= or =="),
            ("p99 != 2ms", 5, "write <, <=, >, >= or =="),
            ("p99 << 2ms", 6, "`< 2ms` is not a duration"),
            ("errors < 1ms", 10, "write 0.1%, 5 or 10k"),
            ("steal < 5", 9, "write 5% or 0.05"),
            ("throughput > 5%", 14, "write 500, 10k or 1.5M"),
            ("", 1, "a condition is missing"),
        ] {
            let error = text.parse::<Condition>().unwrap_err();
            assert_eq!(error.column, column, "{text}: {error}");
            assert!(error.message.contains(part), "{text}: {error}");
        }
        for (text, column) in [
            ("p99<2ms,", 9),
            ("p99<2ms,,p50<1ms", 9),
            ("µ<1,p50<1", 1),
            ("p99<2µs,p50<1", 13),
        ] {
            let error = text.parse::<Objective>().unwrap_err();
            assert_eq!(error.column, column, "{text}: {error}");
        }
    }
}
