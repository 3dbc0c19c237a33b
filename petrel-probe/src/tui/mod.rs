//! The terminal interface: traffic to look into, and requests to compose.
//!
//! A `Model` is plain data. It is told what happened (`Msg`), says what is to be done
//! (`Effect`), and drawing is a function of it. Only the runtime and the workers behind it do anything.

mod commands;
mod compose;
mod detail;
mod effect;
mod help;
mod hex;
mod input;
mod message;
mod model;
mod paint;
mod palette;
mod replay;
mod runtime;
mod signals;
mod terminal;
#[cfg(test)]
mod tests;
mod traffic;
mod update;
mod view;
mod worker;

pub use compose::Setup;
pub use runtime::{is_possible, run};
pub use worker::history::default_path as history_path;

use crate::{decode::DecoderConfig, exchange::Event};
use std::{path::PathBuf, sync::mpsc::Receiver};

/// Beside a capture, connections of one's own are numbered from here on, so that they are not taken for
/// recorded ones.
const OWN_CONNECTIONS: u32 = 1_000_000_000;

/// What the interface is opened on.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made by the command line, all of it"
)]
pub struct Opening {
    /// Where the traffic comes from.
    pub source: Source,
    /// How a capture is decoded.
    pub decoder: DecoderConfig,
    /// What narrows the table at first; known to be valid.
    pub filter: Option<String>,
    /// What the composer is opened with.
    pub setup: Setup,
    /// Whether it opens on the composer.
    pub composes: bool,
    /// Whether only ASCII is drawn.
    pub is_ascii: bool,
}

impl Opening {
    /// With the defaults of everything else.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            decoder: DecoderConfig::default(),
            filter: None,
            setup: Setup::default(),
            composes: false,
            is_ascii: false,
        }
    }
}

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
    Live {
        /// What it is called on the screen.
        name: String,
        /// What it tells.
        events: Receiver<Event>,
    },
}
