//! `petrel-bench`: loads a Petrel server, and says how far its own numbers can be believed.

pub mod histogram;
pub mod latency;
pub mod plan;
pub mod progress;
pub mod record;
pub mod report;
