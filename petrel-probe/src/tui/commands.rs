//! The keys: named commands in one table per part. Handling, help, palette and documentation are made
//! of it.

#[cfg(test)]
mod document;
mod table;

#[cfg(test)]
pub(crate) use document::markdown;
#[cfg(test)]
pub(crate) use table::all;
pub(crate) use table::{action_of, available, named};

use super::{compose, detail};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::borrow::Cow;

/// A named command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Command {
    /// What the palette calls it: words of small letters with hyphens.
    pub(crate) name: &'static str,
    /// Every key that does it.
    pub(crate) keys: &'static [Key],
    /// Where it can be given.
    pub(crate) scope: Scope,
    /// One line for help and documentation, beginning with a small letter, without a full stop.
    pub(crate) doc: &'static str,
    /// What it does.
    pub(crate) action: Action,
}

/// A key with or without Ctrl. Shift does not matter: it is in the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// Alone.
    Plain(KeyCode),
    /// With Ctrl.
    Ctrl(char),
}

/// Where a command can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// On every screen.
    Everywhere,
    /// Wherever something can be moved through.
    Moving,
    /// On the Traffic screen.
    Traffic,
    /// In the detail of an exchange.
    Detail,
    /// On the Compose screen.
    Compose,
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ends the program.
    Quit,
    /// Stops the program until the shell continues it.
    Suspend,
    /// Shows the keys.
    Help,
    /// Asks for a command by its name.
    Palette,
    /// Shows the Traffic screen.
    Traffic,
    /// Shows the Compose screen.
    Compose,
    /// Gives the keys to the next pane.
    NextPane,
    /// Gives the keys to the pane before.
    PreviousPane,
    /// Leaves what was opened last.
    Back,
    /// Copies what is selected.
    Copy,
    /// Draws everything anew.
    Redraw,
    /// Moves. What was typed as digits before repeats it, or names the line.
    Move(Motion),
    /// A command of the Traffic screen.
    InTraffic(TrafficAction),
    /// A command of the detail.
    InDetail(detail::Action),
    /// A command of the composer.
    InCompose(compose::Action),
}

/// A step in a list, a tree or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Motion {
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// To the left, or to what is around.
    Left,
    /// To the right, or to what is inside.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Half a page up.
    HalfPageUp,
    /// Half a page down.
    HalfPageDown,
    /// To the first line, or to the one whose number was typed.
    First,
    /// To the last line, or to the one whose number was typed.
    Last,
}

/// What can be done on the Traffic screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrafficAction {
    /// Shows the selected exchange.
    Open,
    /// Asks for a filter.
    Filter,
    /// Asks for bytes to look for.
    Search,
    /// To the next payload that holds them.
    SearchNext,
    /// To the one before.
    SearchPrevious,
    /// Stays at the newest exchange, or no longer.
    Follow,
    /// Marks the exchange, or no longer.
    Mark,
    /// To the next mark.
    NextMark,
    /// From the request to its answer and back.
    Counterpart,
    /// Sends the request again.
    ReplayExchange,
    /// Sends the requests of the whole connection again.
    ReplayConnection,
    /// Shows the exchanges of this connection only.
    OnlyConnection,
    /// Gives the detail the whole screen, or no longer.
    Zoom,
    /// Takes the request to the composer.
    Edit,
}

impl Command {
    /// Its keys, as help writes them.
    pub(crate) fn shown(&self) -> String {
        let keys: Vec<Cow<'static, str>> = self.keys.iter().map(|key| key.shown()).collect();
        keys.join(" ")
    }
}

impl Scope {
    /// As a heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Moving => "Moving",
            Self::Traffic => "Traffic",
            Self::Detail => "Detail",
            Self::Compose => "Compose",
        }
    }
}

impl Key {
    /// Whether it was pressed.
    pub(crate) fn is(self, pressed: &KeyEvent) -> bool {
        let (code, wanted) = match self {
            Self::Plain(code) => (code, KeyModifiers::NONE),
            Self::Ctrl(letter) => (KeyCode::Char(letter), KeyModifiers::CONTROL),
        };
        pressed.code == code && pressed.modifiers - KeyModifiers::SHIFT == wanted
    }

    /// As help and hints write it.
    pub(crate) fn shown(self) -> Cow<'static, str> {
        match self {
            Self::Ctrl(letter) => format!("Ctrl-{}", letter.to_ascii_uppercase()).into(),
            Self::Plain(KeyCode::Char(' ')) => "Space".into(),
            Self::Plain(KeyCode::Char(letter)) => letter.to_string().into(),
            Self::Plain(KeyCode::F(number)) => format!("F{number}").into(),
            Self::Plain(code) => match code {
                KeyCode::Esc => "Esc",
                KeyCode::Enter => "Enter",
                KeyCode::Tab => "Tab",
                KeyCode::BackTab => "Shift-Tab",
                KeyCode::Up => "Up",
                KeyCode::Down => "Down",
                KeyCode::Left => "Left",
                KeyCode::Right => "Right",
                KeyCode::PageUp => "PgUp",
                KeyCode::PageDown => "PgDn",
                KeyCode::Home => "Home",
                KeyCode::End => "End",
                KeyCode::Delete => "Del",
                KeyCode::Backspace => "Backspace",
                _ => "?",
            }
            .into(),
        }
    }

    /// Whether it means something else while text is typed: characters, and what edits.
    pub(crate) const fn is_text(self) -> bool {
        !matches!(
            self,
            Self::Ctrl(_)
                | Self::Plain(KeyCode::Esc | KeyCode::Tab | KeyCode::BackTab | KeyCode::F(_))
        )
    }
}
