//! One exchange in detail. (Placeholder: what the shell expects of it.)

use super::{
    commands::{Command, Motion},
    paint::Look,
};
use crate::exchange::Exchange;
use ratatui::{buffer::Buffer, layout::Rect};

/// What can be done in the detail, besides moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {}

/// The commands.
pub(crate) const COMMANDS: &[Command] = &[];

/// The tree of an exchange and the bytes it is made of.
#[derive(Debug, Default)]
pub(crate) struct Detail {
    exchange: Option<Box<Exchange>>,
}

impl Detail {
    /// Shows another exchange.
    pub(crate) fn show(&mut self, exchange: Box<Exchange>) {
        self.exchange = Some(exchange);
    }

    /// Shows nothing.
    pub(crate) fn clear(&mut self) {
        self.exchange = None;
    }

    /// Gives the keys to the next pane within the detail; false if there is none (`is_forward`: behind
    /// this one), so that they go elsewhere.
    pub(crate) fn next_pane(&mut self, _is_forward: bool) -> bool {
        false
    }

    /// Gives the keys to the first pane, or to the last.
    pub(crate) fn enter(&mut self, _is_forward: bool) {}

    /// From the request to the answer and back.
    pub(crate) fn counterpart(&mut self) {}

    /// Moves. `count` is what was typed before.
    pub(crate) fn navigate(&mut self, _motion: Motion, _count: Option<usize>) {}

    /// Does something else.
    pub(crate) fn perform(&mut self, action: Action) {
        match action {}
    }

    /// What is copied: the value of the selected field, escaped.
    pub(crate) fn copied(&self) -> Option<String> {
        None
    }
}

/// Draws it. `has_focus`: the keys go to it. `&mut` because scrolling depends on the size.
pub(crate) fn view(_d: &Detail, _area: Rect, _buf: &mut Buffer, _look: Look, _has_focus: bool) {}
