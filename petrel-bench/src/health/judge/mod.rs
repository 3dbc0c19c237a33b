//! The judgement: whether the numbers of a run are the server's.
//!
//! A run is **limited by the generator** if one of these holds, because then the server may be faster:
//! - the busiest loading thread was on a processor, or waited for one, `BUSY_LIMIT` of its time or
//!   more, *and* the run reached `HEADROOM_REACHED` or more of the headroom, or the headroom is not
//!   known. A busy thread far below the headroom waits for the server in another way than by sleeping;
//! - in an open loop, one request in a hundred was written more than `LAG_LIMIT_US` after it could have
//!   been, and that is more than `LAG_SHARE` of the 99th percentile of responses, while the generator
//!   used `HAS_ROOM` or more of its time or of its headroom;
//! - in an open loop, the rate that was asked for lies above the headroom.
//!
//! Else it is **noisy** if one of these holds, because then latencies are the machine's:
//! - in an open loop, requests went out as late although the generator had room;
//! - the hypervisor took `STEAL_LIMIT` or more of all processor time;
//! - the median, the 90th or the 99th percentile of responses lies under the noise of the machine;
//! - the busiest loading thread waited for a processor more than `STARVED_LIMIT` of its time.
//!
//! Else it is **valid**, as far as can be seen. What cannot be seen speaks neither for nor against it,
//! and is said. Notes that change no verdict stand behind the reasons.

mod against;
mod figures;
mod verdict;
mod worth_knowing;

#[cfg(feature = "live")]
pub(crate) use against::{BUSY_LIMIT, HEADROOM_REACHED, LAG_LIMIT_US, STARVED_LIMIT, STEAL_LIMIT};
pub use verdict::{Judged, judge};
