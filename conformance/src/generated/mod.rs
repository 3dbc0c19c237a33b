//! Conversations that nobody thought of: made up from a seed, and judged by a model of SPEC.md.
//!
//! `strategies` makes them up, `model` says what a server owes in each, `case_file` writes both as the
//! text of a case, and `search` sends that case through the same loader and interpreter as every
//! other. So a failure, made as short as it can be, is printed exactly as it was run.

mod case_file;
mod conversation;
mod model;
mod run;
mod search;
mod strategies;
#[cfg(test)]
mod tests;

pub(crate) use conversation::Known;
pub(crate) use run::{Generated, Opponent, run, segmentations};
