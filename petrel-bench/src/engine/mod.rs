//! The measurement itself: threads that load, and a coordinator that tells them when, and gathers what
//! they count.
//!
//! Each loading thread has its own runtime, connections, schedule and counters; on the way of a request
//! nothing is shared and nothing allocated. Once a second it hands over what it counted. `lane` is one
//! connection's conversation without I/O, `worker` decides what goes out when, `connection`, `pacer` and
//! `timer` are the tasks that wait, `coordinator` is the run as a whole.

mod clock;
mod common;
mod connection;
mod control;
mod coordinator;
mod gather;
mod lane;
mod pacer;
mod setup;
mod stretch;
mod thread;
mod timer;
mod worker;

pub(crate) use coordinator::run;
pub(crate) use gather::{per_second, seconds};
pub(crate) use setup::{Edge, Outcome, Setup};
