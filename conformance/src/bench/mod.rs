//! Where the cases are tried: against servers that run already, servers that the suite starts, and
//! clients behind a driver.

mod client;
mod process;
mod server;

pub(crate) use client::{ClientSetup, Driven, Transport, try_driver};
pub(crate) use process::ServerCommand;
pub(crate) use server::{Executed, Running, discover, find_limit, graded};
