//! `petrel-probe`: looks inside Petrel traffic, sends requests, replays and records.

pub mod capture;
pub mod cli;
pub mod conversation;
pub mod decode;
pub mod exchange;
pub mod filter;
pub mod index;
pub mod keyring;
pub mod record;
pub mod replay;
pub mod report;
pub mod source;
pub mod talk;
pub mod tcp;
pub mod totals;
#[cfg(feature = "tui")]
pub mod tui;
pub mod wire;
