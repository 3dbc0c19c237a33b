//! The live view as the run knows it: the state, on the terminal.

use super::{
    state::{Effect, State},
    terminal::{Screen, give_back},
};
use crate::progress::{Order, Progress, Watch};
use petrel_cli::{Exit, Failure, output::warn};
use std::{io, process};

/// A run on the whole terminal, until this is dropped.
///
/// Keys are read when the run shows itself, so that it should be opened just before the run begins.
/// Nothing else may be printed meanwhile. Ctrl-C is a key here, and sends no signal: the first one
/// asks for the end as `q` does, a second one ends the process at once, with [`Exit::Interrupted`].
#[derive(Debug)]
pub struct LiveView {
    state: State,
    /// Nothing once the terminal has failed.
    screen: Option<Screen>,
}

impl LiveView {
    /// Whether there is a terminal that it can be shown on: standard error, with standard input for
    /// the keys.
    pub fn is_possible() -> bool {
        Screen::is_possible()
    }

    /// Takes over the terminal, to show a run against `target`.
    ///
    /// # Errors
    /// If the terminal cannot be set up.
    pub fn open(target: &str) -> Result<Self, Failure> {
        let screen = Screen::open().map_err(|error| {
            let message = format!("cannot set up the terminal for the live view: {error}");
            Failure::new(Exit::Unreachable, message)
        })?;
        Ok(Self {
            state: State::new(target),
            screen: Some(screen),
        })
    }

    fn react(&mut self, progress: &Progress) -> io::Result<Vec<Order>> {
        let mut orders = Vec::new();
        let Some(screen) = &mut self.screen else {
            return Ok(orders);
        };
        self.state.update(progress);
        for key in screen.keys()? {
            match self.state.press(&key) {
                Some(Effect::Order(order)) => orders.push(order),
                Some(Effect::Abort) => {
                    give_back();
                    process::exit(Exit::Interrupted.code().into());
                }
                None => (),
            }
        }
        screen.draw(&self.state)?;
        Ok(orders)
    }
}

impl Watch for LiveView {
    fn show(&mut self, progress: &Progress) -> Vec<Order> {
        self.react(progress).unwrap_or_else(|error| {
            // The run is worth more than the sight of it.
            self.screen = None;
            warn(&format!("the live view ended: {error}; the run goes on"));
            Vec::new()
        })
    }
}
