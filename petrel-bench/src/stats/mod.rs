//! What can be concluded from measurements: pure, and the same for the same seed.

mod bootstrap;
mod edge;
mod knee;
mod order;
mod search;
mod stability;

pub use bootstrap::{Interval, Ratio, ratio};
pub use edge::{Trial, edge};
pub use knee::{hysteresis, knee};
pub use order::median;
pub use search::{Found, Phase, Search, SearchOptions, Step, Window};
pub use stability::{Stability, WarmupWindow};
