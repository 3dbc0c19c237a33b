//! The commands of the shell and of the Traffic screen, and how a key or a name finds its command.

use super::{
    super::{compose, detail},
    Action, Command, Key, Motion, Scope, TrafficAction,
};
use crossterm::event::{KeyCode, KeyEvent};

const fn command(
    scope: Scope,
    name: &'static str,
    keys: &'static [Key],
    action: Action,
    doc: &'static str,
) -> Command {
    Command {
        name,
        keys,
        scope,
        doc,
        action,
    }
}

const fn ch(letter: char) -> Key {
    Key::Plain(KeyCode::Char(letter))
}

const fn key(code: KeyCode) -> Key {
    Key::Plain(code)
}

const fn traffic(
    name: &'static str,
    keys: &'static [Key],
    action: TrafficAction,
    doc: &'static str,
) -> Command {
    command(Scope::Traffic, name, keys, Action::InTraffic(action), doc)
}

const fn anywhere(
    name: &'static str,
    keys: &'static [Key],
    action: Action,
    doc: &'static str,
) -> Command {
    command(Scope::Everywhere, name, keys, action, doc)
}

const fn moving(
    name: &'static str,
    keys: &'static [Key],
    motion: Motion,
    doc: &'static str,
) -> Command {
    command(Scope::Moving, name, keys, Action::Move(motion), doc)
}

/// Those of the shell.
const SHELL: &[Command] = &[
    anywhere(
        "help",
        &[ch('?'), key(KeyCode::F(1))],
        Action::Help,
        "show these keys, or hide them",
    ),
    anywhere(
        "palette",
        &[ch(':')],
        Action::Palette,
        "give a command by its name; a number goes to that line",
    ),
    anywhere(
        "traffic",
        &[key(KeyCode::F(2))],
        Action::Traffic,
        "the exchanges",
    ),
    anywhere(
        "compose",
        &[key(KeyCode::F(3))],
        Action::Compose,
        "requests of your own",
    ),
    anywhere(
        "next-pane",
        &[key(KeyCode::Tab)],
        Action::NextPane,
        "give the keys to the next pane",
    ),
    anywhere(
        "previous-pane",
        &[key(KeyCode::BackTab)],
        Action::PreviousPane,
        "give the keys to the pane before",
    ),
    anywhere(
        "back",
        &[key(KeyCode::Esc)],
        Action::Back,
        "leave what was opened last",
    ),
    anywhere(
        "copy",
        &[ch('y')],
        Action::Copy,
        "copy what is selected to the clipboard",
    ),
    anywhere(
        "redraw",
        &[Key::Ctrl('l')],
        Action::Redraw,
        "draw everything anew",
    ),
    anywhere(
        "suspend",
        &[Key::Ctrl('z')],
        Action::Suspend,
        "stop until the shell continues the program",
    ),
    anywhere(
        "quit",
        &[ch('q'), Key::Ctrl('c')],
        Action::Quit,
        "end the program",
    ),
];

/// Those that move.
const MOVING: &[Command] = &[
    moving(
        "down",
        &[ch('j'), key(KeyCode::Down)],
        Motion::Down,
        "one line down; 5j five",
    ),
    moving(
        "up",
        &[ch('k'), key(KeyCode::Up)],
        Motion::Up,
        "one line up",
    ),
    moving(
        "left",
        &[ch('h'), key(KeyCode::Left)],
        Motion::Left,
        "left, or out",
    ),
    moving(
        "right",
        &[ch('l'), key(KeyCode::Right)],
        Motion::Right,
        "right, or in",
    ),
    moving(
        "half-page-down",
        &[Key::Ctrl('d')],
        Motion::HalfPageDown,
        "half a page down",
    ),
    moving(
        "half-page-up",
        &[Key::Ctrl('u')],
        Motion::HalfPageUp,
        "half a page up",
    ),
    moving(
        "page-down",
        &[key(KeyCode::PageDown)],
        Motion::PageDown,
        "a page down",
    ),
    moving(
        "page-up",
        &[key(KeyCode::PageUp)],
        Motion::PageUp,
        "a page up",
    ),
    moving(
        "first",
        &[ch('g'), key(KeyCode::Home)],
        Motion::First,
        "to the first line",
    ),
    moving(
        "last",
        &[ch('G'), key(KeyCode::End)],
        Motion::Last,
        "to the last line; 12G to line 12",
    ),
];

/// Those of the Traffic screen.
const TRAFFIC: &[Command] = &[
    traffic(
        "open",
        &[key(KeyCode::Enter)],
        TrafficAction::Open,
        "show the selected exchange in detail",
    ),
    traffic(
        "filter",
        &[ch('/')],
        TrafficAction::Filter,
        "show only what fulfils an expression; empty: all",
    ),
    traffic(
        "only-connection",
        &[ch('c')],
        TrafficAction::OnlyConnection,
        "show only this connection, or all again",
    ),
    traffic(
        "search",
        &[Key::Ctrl('f')],
        TrafficAction::Search,
        "look for text in payloads, or bytes: hex:7b 22",
    ),
    traffic(
        "search-next",
        &[ch('n')],
        TrafficAction::SearchNext,
        "to the next payload that holds it",
    ),
    traffic(
        "search-previous",
        &[ch('N')],
        TrafficAction::SearchPrevious,
        "to the one before",
    ),
    traffic(
        "follow",
        &[ch('F')],
        TrafficAction::Follow,
        "stay at the newest exchange, or no longer",
    ),
    traffic(
        "mark",
        &[ch('m')],
        TrafficAction::Mark,
        "mark the exchange, or no longer",
    ),
    traffic(
        "next-mark",
        &[ch('\'')],
        TrafficAction::NextMark,
        "to the next mark",
    ),
    traffic(
        "counterpart",
        &[ch('%')],
        TrafficAction::Counterpart,
        "from the request to its answer and back",
    ),
    traffic(
        "replay",
        &[ch('r')],
        TrafficAction::ReplayExchange,
        "send the request again and compare the answers",
    ),
    traffic(
        "replay-connection",
        &[ch('R')],
        TrafficAction::ReplayConnection,
        "the same with all requests of the connection",
    ),
    traffic(
        "edit",
        &[ch('e')],
        TrafficAction::Edit,
        "take the request to the Compose screen, to change and send it",
    ),
    traffic(
        "zoom",
        &[ch('z')],
        TrafficAction::Zoom,
        "give the detail the whole screen, or no longer",
    ),
];

/// All commands, in the order of help and documentation.
pub(crate) fn all() -> impl Iterator<Item = &'static Command> {
    let parts = [SHELL, MOVING, TRAFFIC, detail::COMMANDS, compose::COMMANDS];
    parts.into_iter().flatten()
}

/// Those that can be given now.
pub(crate) fn available(scopes: &[Scope]) -> impl Iterator<Item = &'static Command> {
    all().filter(|command| scopes.contains(&command.scope))
}

/// The command of that name.
pub(crate) fn named(name: &str) -> Option<&'static Command> {
    all().find(|command| command.name == name)
}

/// What the key that was pressed does: of several scopes the first that knows it says. While text is
/// typed, keys that mean text do nothing.
pub(crate) fn action_of(pressed: &KeyEvent, scopes: &[Scope], is_typing: bool) -> Option<Action> {
    let knows = |command: &&Command| {
        let mut keys = command.keys.iter();
        keys.any(|key| key.is(pressed) && !(is_typing && key.is_text()))
    };
    let in_scope = |scope: &Scope| all().find(|command| command.scope == *scope && knows(command));
    scopes
        .iter()
        .find_map(in_scope)
        .map(|command| command.action)
}
