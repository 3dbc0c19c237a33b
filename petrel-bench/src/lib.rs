//! `petrel-bench`: loads a Petrel server, and says how far its own numbers can be believed.

mod cli;
pub mod doctor;
pub mod floor;
pub mod health;
pub mod histogram;
pub mod latency;
pub mod plan;
pub mod progress;
pub mod record;
