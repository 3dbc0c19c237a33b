//! One exchange in detail: a tree of its fields, and the bytes that they are made of.
//!
//! Tree and bytes are two views of one place in a message: whatever moves it, the other follows. Lines
//! are made when they are drawn, so that a payload of megabytes costs no more than a small one.

mod actions;
mod body;
mod fields;
mod json;
mod navigate;
mod payload;
mod raw;
mod text;
mod tree;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use actions::{Action, COMMANDS};
pub(crate) use view::view;

use super::commands::Motion;
use crate::exchange::{Exchange, Side};
use body::Body;
use ratatui::layout::Size;
use std::{cell::Cell, ops::Range};
use text::printable;
use tree::{Item, Target, Tree};

/// The tree of an exchange and the bytes it is made of.
#[derive(Debug)]
pub(crate) struct Detail {
    shown: Option<Shown>,
    pane: Pane,
    shape: Shape,
    /// What is folded stays so from one exchange to the next.
    folds: tree::Folds,
    /// Room for the lines of each pane when it was last drawn: how far a page goes.
    drawn: Cell<Drawn>,
}

/// An exchange and where in it one looks.
#[derive(Debug)]
struct Shown {
    exchange: Box<Exchange>,
    bodies: [Option<Body>; 2],
    tree: Tree,
    /// Place of the selected item among those of the tree.
    selected: usize,
    /// Whose bytes are shown.
    side: Side,
    /// The byte at which one is, from the first of the message.
    cursor: u64,
    /// The bytes of the selected item.
    linked: Range<u64>,
    /// The first line of the tree, and the first row of the bytes, as far as there is a choice.
    tree_top: usize,
    bytes_top: Top,
}

/// Where the part of the bytes begins that is seen. Rows of bytes and of JSON are counted; raw text has
/// places.
#[derive(Clone, Copy, Debug, Default)]
struct Top {
    row: u64,
    offset: u64,
}

/// Which of the two has the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pane {
    #[default]
    Tree,
    Bytes,
}

/// How bytes are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The whole message in hexadecimal.
    #[default]
    Hex,
    /// The payload as JSON, if it is that, in lines.
    Pretty,
    /// The payload as text.
    Raw,
}

/// How the panes were last drawn.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    tree: Size,
    bytes: Size,
    is_ascii: bool,
}

impl Default for Detail {
    fn default() -> Self {
        let size = Size::new(80, 10);
        Self {
            shown: None,
            pane: Pane::default(),
            shape: Shape::default(),
            folds: tree::Folds::default(),
            drawn: Cell::new(Drawn {
                tree: size,
                bytes: size,
                is_ascii: false,
            }),
        }
    }
}

impl Detail {
    /// Shows another exchange. The place in it is, as far as possible, that of the one before: who goes
    /// through exchanges looks at the same field of each.
    pub(crate) fn show(&mut self, exchange: Box<Exchange>) {
        let before = self.shown.take();
        let bodies = [&exchange.request, &exchange.response].map(|message| {
            let message = message.as_ref()?;
            Some(Body::of(message))
        });
        let tree = Tree::of(&exchange, &bodies, &self.folds);
        let mut shown = Shown {
            exchange,
            bodies,
            tree,
            selected: 0,
            side: Side::Client,
            cursor: 0,
            linked: 0..0,
            tree_top: 0,
            bytes_top: Top::default(),
        };
        if shown.exchange.request.is_none() {
            shown.side = Side::Server;
        }
        if let Some(before) = before {
            let kind = before.tree.item(before.selected).map(|item| item.kind);
            shown.selected = kind.and_then(|kind| shown.tree.find(kind)).unwrap_or(0);
            shown.tree_top = before.tree_top;
            if shown.message(before.side).is_some() {
                shown.side = before.side;
            }
        }
        shown.follow_tree();
        self.shown = Some(shown);
        self.settle();
    }

    /// Shows nothing.
    pub(crate) fn clear(&mut self) {
        self.shown = None;
    }

    /// Gives the keys to the next pane within the detail; false if there is none (`is_forward`: behind
    /// this one), so that they go elsewhere.
    pub(crate) fn next_pane(&mut self, is_forward: bool) -> bool {
        let next = if is_forward { Pane::Bytes } else { Pane::Tree };
        let changes = self.shown.is_some() && next != self.pane;
        if changes {
            self.pane = next;
        }
        changes
    }

    /// Gives the keys to the first pane, or to the last.
    pub(crate) fn enter(&mut self, is_forward: bool) {
        self.pane = if is_forward { Pane::Tree } else { Pane::Bytes };
    }

    /// From the request to the answer and back.
    pub(crate) fn counterpart(&mut self) {
        let Some(shown) = &mut self.shown else {
            return;
        };
        let other = shown.side.other();
        if shown.message(other).is_none() {
            return;
        }
        // The same field of the other message, if the tree shows it.
        let kind = shown.tree.item(shown.selected).map(|item| item.kind);
        let same = kind.and_then(|kind| shown.tree.find(kind.of(other)));
        shown.side = other;
        match same.or_else(|| shown.tree.find(tree::Kind::Message(other))) {
            Some(selected) => {
                shown.selected = selected;
                shown.follow_tree();
            }
            None => shown.move_to(0),
        }
        self.settle();
    }

    /// Moves. `count` is what was typed before.
    pub(crate) fn navigate(&mut self, motion: Motion, count: Option<usize>) {
        match self.pane {
            Pane::Tree => self.navigate_tree(motion, count),
            Pane::Bytes => self.navigate_bytes(motion, count),
        }
        self.settle();
    }

    /// Does something else.
    pub(crate) fn perform(&mut self, action: Action) {
        match action {
            Action::Toggle => self.toggle(),
            Action::NextShape => {
                self.shape = match self.shape {
                    Shape::Hex => Shape::Pretty,
                    Shape::Pretty => Shape::Raw,
                    Shape::Raw => Shape::Hex,
                }
            }
            Action::Show(shape) => self.shape = shape,
            Action::FoldAll => self.fold_all(true),
            Action::UnfoldAll => self.fold_all(false),
        }
        self.settle();
    }

    /// What is copied: the value of the selected field, escaped.
    pub(crate) fn copied(&self) -> Option<String> {
        let shown = self.shown.as_ref()?;
        let item = shown.tree.item(shown.selected)?;
        let payload_of = match item.kind {
            tree::Kind::Payload(side) | tree::Kind::PayloadRest(side) => Some(side),
            _ => None,
        };
        let whole = payload_of.and_then(|side| shown.message(side));
        Some(whole.map_or_else(
            || item.value.clone(),
            |message| printable(message.payload()),
        ))
    }
}

impl Shown {
    fn message(&self, side: Side) -> Option<&crate::exchange::Message> {
        match side {
            Side::Client => self.exchange.request.as_ref(),
            Side::Server => self.exchange.response.as_ref(),
        }
    }

    fn body(&self) -> Option<&Body> {
        let [request, response] = &self.bodies;
        match self.side {
            Side::Client => request.as_ref(),
            Side::Server => response.as_ref(),
        }
    }

    /// The bytes go where the tree is.
    fn follow_tree(&mut self) {
        let target = self.tree.item(self.selected).and_then(Item::target);
        match target {
            Some(Target { side, range }) => {
                self.side = side;
                self.cursor = range.start;
                self.linked = range;
            }
            None => self.linked = 0..0,
        }
        self.cursor = self.body().map_or(0, |body| body.parts.settle(self.cursor));
    }

    /// The tree goes where the bytes are.
    fn move_to(&mut self, offset: u64) {
        self.cursor = self.body().map_or(0, |body| body.parts.settle(offset));
        if let Some(selected) = self.tree.find_at(self.side, self.cursor) {
            self.selected = selected;
        }
        let target = self.tree.item(self.selected).and_then(Item::target);
        self.linked = target
            .filter(|target| target.side == self.side)
            .map_or(0..0, |target| target.range);
    }
}
