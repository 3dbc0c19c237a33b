//! `petrel-bench`: loads a Petrel server, and says how far its own numbers can be believed.

mod cli;
pub mod compare;
pub mod condition;
pub mod histogram;
#[cfg(test)]
mod invented;
pub mod latency;
pub mod merge;
pub mod plan;
pub mod progress;
pub mod record;
pub mod stats;
