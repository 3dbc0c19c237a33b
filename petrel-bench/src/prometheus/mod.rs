//! The page that Prometheus reads while a run goes on: `GET /metrics`, in the OpenMetrics text format.
//!
//! Every metric begins with `petrel_bench_` and has its unit in its name. Counters begin anew when the
//! measured time begins; Prometheus takes that for a restart, and that is what it is.

mod exporter;
mod page;

pub use exporter::{Exporter, Published};
