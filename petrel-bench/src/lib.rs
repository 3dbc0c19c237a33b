//! `petrel-bench`: loads a Petrel server, and says how far its own numbers can be believed.

pub mod cli;
pub mod doctor;
mod engine;
mod fault;
pub mod floor;
pub mod health;
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
