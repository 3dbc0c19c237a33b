//! Recorded exchanges, asked again of a live server, and what is different now.
//!
//! A [`Recording`] takes exchanges one by one and decides which can be sent again. [`run()`] sends them, and
//! tells an [`Outcome`] for each; [`Tally`] adds outcomes up. What is compared, and how, is pure.

mod compare;
mod difference;
mod json;
mod options;
mod outcome;
mod recording;
pub mod report;
mod run;
mod tally;
#[cfg(test)]
mod tests;

pub use compare::Comparison;
pub use difference::{Line, Sign, difference};
pub use json::{Ignored, IgnoredError};
pub use options::{Macs, Options, Pace};
pub use outcome::{Outcome, Verdict};
pub use recording::{Recording, Skip};
pub use run::{ReplayError, run};
pub use tally::Tally;
