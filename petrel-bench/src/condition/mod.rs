//! Thresholds and objectives over a run: one grammar for `--fail` and `--slo`.
//!
//! ```text
//! condition = metric comparator value            response.p99 > 2ms
//! objective = condition { "," condition }        p99<2ms,errors<0.1%
//! ```
//!
//! - Metrics: `response`, `service`, `first_byte`, `send_lag`, `generator_lag` and `connect`, each with
//!   `.p50`, `.p90`, `.p99`, `.p999` (or `.p99.9`), `.max` or `.mean`; a percentile alone is that of
//!   `response`. `errors`, `errors.KIND`, `unsent`, `censored`, `throughput`, `steal`, `worker_busy`.
//! - Comparators: `<` `<=` `>` `>=` `==`.
//! - Values: durations (`2ms`, `350us`, `1.5s`) for latencies; shares (`0.1%`) or counts (`5`, `10k`) for
//!   `errors`, `unsent` and `censored`; `10k` or `10k/s` for `throughput`; shares (`5%`, `0.05`) for
//!   `steal` and `worker_busy`.
//!
//! `errors` counts every request that was due and was not answered as expected, and each of them once: a
//! request that timed out stands among the errors and among the censored, and one that was never sent is
//! censored, too. It is therefore `requests - ok`. A share is one of the requests that were due.
//!
//! A condition holds, does not hold, or is unknown: a measurement that cannot tell is no proof of either.

mod judge;
mod metric;
mod syntax;
mod value;

pub use judge::{Judgement, Outcome};
pub use metric::{Distribution, Metric, Statistic};
pub use syntax::{Comparator, Condition, Objective, SyntaxError};
pub use value::{Quantity, Value};
