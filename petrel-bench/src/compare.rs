//! Two groups of runs beside each other: faster, slower, equivalent, or not known.
//!
//! The run is the unit of every comparison. A figure of the groups is compared by the ratio of its geometric
//! means, `b` over `a`, with a 95 % interval over the runs (see [`ratio`](crate::stats::ratio)):
//!
//! - *slower* or *faster* if the whole interval lies beyond the margin,
//! - *equivalent* if the whole interval lies within it,
//! - *inconclusive* otherwise, with the change that such runs would have shown.
//!
//! The intervals are not corrected for their number: a false alarm needs an interval that misses the truth by
//! the whole margin, which is far rarer than one in forty.
//!
//! A run that the generator limited shows less than its server can do. Where `b` has such runs, it may be
//! faster than measured, so that neither slower nor equivalent is proven; where `a` has them, neither faster
//! nor equivalent is.

mod figure;
mod likeness;
mod record;
mod text;

pub use record::{CompareRecord, Conclusion, FigureRecord, FigureVerdict, SideRecord};

use crate::record::{RunRecord, SCHEMA, Verdict};
use fastrand::Rng;
use figure::Figure;

/// Runs a side that are worth comparing.
const RUNS_RECOMMENDED: usize = 5;

/// How runs are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the options of a comparison")]
pub struct CompareOptions {
    /// The change that does not matter: 0.05 is 5 %.
    pub margin: f64,
    /// What the resampling begins with.
    pub seed: u64,
    /// Compare runs of plans that differ, too.
    pub force: bool,
}

/// Compares the runs `b` with the runs `a`.
///
/// # Errors
/// If the runs cannot be compared; the message says why, and which fields of their plans differ.
pub fn compare(
    a: &[RunRecord],
    b: &[RunRecord],
    options: &CompareOptions,
) -> Result<CompareRecord, String> {
    if a.is_empty() || b.is_empty() {
        return Err("give at least one run on each side: A.json... --vs B.json...".to_owned());
    }
    if !(options.margin > 0.0 && options.margin < 1.0) {
        return Err(format!(
            "a margin of {}; it must lie between 0 and 1, such as 5%",
            options.margin
        ));
    }
    likeness::refuse_twice(a, b)?;
    let mut remarks = Vec::new();
    let differ = likeness::differences(a, b);
    if !differ.is_empty() {
        let fields = differ.join(", ");
        if !options.force {
            return Err(format!(
                "the plans of the runs differ in {fields}; make runs of one plan, or compare them with --force"
            ));
        }
        remarks.push(format!("the plans of the runs differ in {fields}"));
    }
    remarks.extend(likeness::remarks(a, b));
    if a.len().min(b.len()) < RUNS_RECOMMENDED {
        remarks.push(format!(
            "{} against {} runs; {RUNS_RECOMMENDED} or more a side, taken in turns, are worth comparing",
            a.len(),
            b.len()
        ));
    }
    let mut rng = Rng::with_seed(options.seed);
    let figures: Vec<_> = (Figure::ALL.iter())
        .map(|figure| figure.compare(a, b, options.margin, &mut rng))
        .collect();
    let (conclusion, reason) = conclude(a, b, &figures);
    Ok(CompareRecord {
        schema: SCHEMA.to_owned(),
        kind: "compare".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        margin: options.margin,
        confidence: 0.95,
        seed: options.seed,
        a: SideRecord::of(a),
        b: SideRecord::of(b),
        remarks,
        figures,
        conclusion,
        reason,
    })
}

/// A proven regression outranks everything that is not known.
fn conclude(a: &[RunRecord], b: &[RunRecord], figures: &[FigureRecord]) -> (Conclusion, String) {
    let named = |verdict| {
        let of_it = figures
            .iter()
            .filter(|figure| figure.decides && figure.verdict == verdict);
        let names: Vec<_> = of_it.map(|figure| figure.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    if let Some(names) = named(FigureVerdict::Slower) {
        return (Conclusion::Regression, format!("b is slower: {names}"));
    }
    for (side, runs) in [("a", a), ("b", b)] {
        if is_limited(runs) {
            let reason = format!("the generator was the limit in runs of {side}, not the server");
            return (Conclusion::NoVerdict, reason);
        }
    }
    if let Some(names) = named(FigureVerdict::Inconclusive) {
        return (Conclusion::NoVerdict, format!("inconclusive: {names}"));
    }
    let reason = match named(FigureVerdict::Faster) {
        Some(names) => format!("nothing is slower; b is faster: {names}"),
        None => "b is equivalent to a".to_owned(),
    };
    (Conclusion::NoRegression, reason)
}

fn is_limited(runs: &[RunRecord]) -> bool {
    let mut verdicts = runs.iter().map(|run| run.validity.verdict);
    verdicts.any(|verdict| verdict == Verdict::LimitedByGenerator)
}

#[cfg(test)]
mod tests;
