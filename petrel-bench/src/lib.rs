//! `petrel-bench`: loads a Petrel server, and says how far its own numbers can be believed.

pub mod cli;
pub mod compare;
pub mod condition;
pub mod doctor;
mod engine;
mod fault;
mod figures;
pub mod floor;
pub mod health;
pub mod histogram;
#[cfg(test)]
mod invented;
pub mod latency;
pub mod line;
#[cfg(feature = "live")]
pub mod live;
mod measure;
pub mod merge;
pub mod plan;
pub mod progress;
#[cfg(feature = "prometheus")]
pub mod prometheus;
pub mod record;
pub mod report;
mod schedule;
pub mod stats;
mod tally;
mod target;
mod wire;
mod workload;
