//! What can be done in the detail, and with which keys.

use super::{
    super::commands::{self, Command, Key, Scope},
    Shape,
};
use crossterm::event::KeyCode;

/// What can be done in the detail, besides moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Folds what is selected, or unfolds it.
    Toggle,
    /// Shows bytes in the next shape.
    NextShape,
    /// Shows bytes in this shape.
    Show(Shape),
    /// Folds everything.
    FoldAll,
    /// Unfolds everything.
    UnfoldAll,
}

const fn command(
    name: &'static str,
    keys: &'static [Key],
    doc: &'static str,
    action: Action,
) -> Command {
    Command {
        name,
        keys,
        scope: Scope::Detail,
        doc,
        action: commands::Action::InDetail(action),
    }
}

const fn key(letter: char) -> Key {
    Key::Plain(KeyCode::Char(letter))
}

/// The commands.
pub(crate) const COMMANDS: &[Command] = &[
    command(
        "fold",
        &[Key::Plain(KeyCode::Enter), key(' ')],
        "fold the selected field, or unfold it",
        Action::Toggle,
    ),
    command("fold-all", &[key('-')], "fold all fields", Action::FoldAll),
    command(
        "unfold-all",
        &[key('+')],
        "unfold all fields",
        Action::UnfoldAll,
    ),
    command(
        "next-view",
        &[key('v')],
        "show the bytes as hex, as JSON, as text, in turn",
        Action::NextShape,
    ),
    command(
        "view-hex",
        &[key('x')],
        "show the message in hex",
        Action::Show(Shape::Hex),
    ),
    command(
        "view-pretty",
        &[key('p')],
        "show the payload as JSON in lines, or as text if it is none",
        Action::Show(Shape::Pretty),
    ),
    command(
        "view-raw",
        &[key('w')],
        "show the payload as text",
        Action::Show(Shape::Raw),
    ),
];
