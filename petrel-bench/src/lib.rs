//! `petrel-bench`: loads a Petrel server, and says how far its own numbers can be believed.

mod figures;
pub mod histogram;
pub mod latency;
pub mod line;
#[cfg(feature = "live")]
pub mod live;
pub mod plan;
pub mod progress;
#[cfg(feature = "prometheus")]
pub mod prometheus;
pub mod record;
