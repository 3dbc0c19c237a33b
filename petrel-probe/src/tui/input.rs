//! A line of text to be typed. (Placeholder: what the shell expects of it.)

use super::paint::Look;
use crossterm::event::KeyEvent;
use ratatui::{buffer::Buffer, layout::Rect};

/// A line of text with a cursor in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input {
    text: String,
}

impl Input {
    /// With a text, the cursor behind it.
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.into() }
    }

    /// What was typed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Replaces the text; the cursor goes behind it.
    pub(crate) fn set(&mut self, text: &str) {
        self.text = text.into();
    }

    /// A key: whether the input knew it.
    pub(crate) fn press(&mut self, _key: &KeyEvent) -> bool {
        false
    }

    /// Text that was pasted.
    pub(crate) fn paste(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

/// Draws the part of it around the cursor on one line. The cursor is drawn too, if it has the keys.
pub(crate) fn view(_input: &Input, _area: Rect, _buf: &mut Buffer, _look: Look, _has_focus: bool) {}
