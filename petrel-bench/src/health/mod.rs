//! Whether a measurement can be believed: what the machine withheld, what the generator used, and the
//! judgement over both.

mod hiccup;
mod host;
mod judge;
mod limits;
mod peer;
mod processor;
mod runtime_timer;
mod ticks;

pub use hiccup::HiccupProbe;
pub use host::host;
#[cfg(feature = "live")]
pub(crate) use judge::{BUSY_LIMIT, HEADROOM_REACHED, LAG_LIMIT_US, STARVED_LIMIT, STEAL_LIMIT};
pub use judge::{Judged, judge};
pub use limits::{
    PortRange, backlog_max, check_connections, connections_within, files_needed, port_range,
    raise_command,
};
pub use peer::listening_process;
pub use processor::{ProcessClock, ProcessTime, Steal, ThreadClock, ThreadTime};
pub use runtime_timer::lateness_of_runtime;
