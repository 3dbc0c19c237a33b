//! `petrel-bench`: loads a Petrel server, and says how far its own numbers can be believed.

pub mod cli;
mod engine;
mod fault;
pub mod histogram;
pub mod latency;
mod measure;
pub mod plan;
pub mod progress;
pub mod record;
mod schedule;
mod stability;
mod tally;
mod target;
mod wire;
mod workload;
