//! Requests of one's own. (Placeholder: what the shell expects of it.)

use super::{
    commands::{Command, Motion},
    paint::Look,
};
use crate::exchange::Exchange;
use crossterm::event::KeyEvent;
use ratatui::{buffer::Buffer, layout::Rect};

/// What can be done on the Compose screen, besides moving and typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {}

/// The commands. While text is typed only those with Ctrl, Esc, Tab or a function key are heard.
pub(crate) const COMMANDS: &[Command] = &[];

/// What happened to the composer.
#[derive(Debug)]
pub(crate) enum Msg {
    /// A command was given.
    Perform(Action),
    /// Something is to be moved through.
    Move(Motion, Option<usize>),
    /// A key for the text input that has the keys: whatever is no command.
    Key(KeyEvent),
    /// Text for it.
    Paste(String),
    /// The keys go to the next pane, or to the one before.
    Focus {
        /// Whether to the next one.
        is_forward: bool,
    },
    /// Leaves what is typed or was opened last.
    Back,
    /// What is selected is to be copied.
    Copy,
    /// Names that were seen in the traffic, for completion.
    Names(Vec<String>),
}

/// What the composer wants done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Hands a text to the clipboard. The shell does it, and says so.
    Copy(String),
    /// Adds an exchange to the traffic. The shell does it.
    Append(Box<Exchange>),
}

/// The composer.
#[derive(Debug, Default)]
pub(crate) struct Compose;

impl Compose {
    /// Whether a text input has the keys.
    pub(crate) const fn is_typing(&self) -> bool {
        false
    }
}

/// Tells the composer what happened.
pub(crate) fn update(_compose: &mut Compose, _msg: Msg) -> Vec<Effect> {
    Vec::new()
}

/// Draws it.
pub(crate) fn view(_compose: &Compose, _area: Rect, _buf: &mut Buffer, _look: Look) {}
