//! The terminal interface: traffic to look into, and requests to compose.
//!
//! A [`Model`](model::Model) is plain data. It is told what happened (`Msg`), says what is to be done
//! (`Effect`), and drawing is a function of it. Only the runtime and the workers behind it do anything.

mod commands;
mod compose;
mod detail;
mod effect;
mod hex;
mod input;
mod message;
mod paint;
mod worker;

use crate::exchange::Event;
use std::{path::PathBuf, sync::mpsc::Receiver};

/// Where the traffic comes from.
#[derive(Debug)]
#[non_exhaustive]
pub enum Source {
    /// Only from what is composed.
    Nowhere,
    /// A capture file.
    File(PathBuf),
    /// A capture on standard input.
    Stdin,
    /// Whoever decodes while it happens: the recorder.
    Live(Receiver<Event>),
}
