//! The commands of the Compose screen.

use super::super::commands::{self, Command, Key, Scope};
use crossterm::event::KeyCode;

/// What can be done on the Compose screen, besides moving and typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Sends the request.
    Send,
    /// Connects anew.
    Connect,
    /// Types the payload in another form.
    PayloadForm,
    /// Gives the JSON that is typed its line breaks.
    Tidy,
    /// Signs with the next key, or not at all.
    Mac,
    /// Does what the selected field is for.
    Activate,
    /// From the request to the answer and back.
    Turn,
    /// Shows the answer in another form.
    AnswerForm,
    /// Shows what of the answer is other than that of an earlier one.
    Compare,
    /// Compares others with the selected answer.
    Base,
    /// Copies the request as a command for a shell.
    CopyCommand,
    /// Takes the request of the selected answer up again.
    Recall,
}

const fn command(
    name: &'static str,
    keys: &'static [Key],
    action: Action,
    doc: &'static str,
) -> Command {
    Command {
        name,
        keys,
        scope: Scope::Compose,
        doc,
        action: commands::Action::InCompose(action),
    }
}

const fn ch(letter: char) -> Key {
    Key::Plain(KeyCode::Char(letter))
}

const fn f(number: u8) -> Key {
    Key::Plain(KeyCode::F(number))
}

/// The commands. While text is typed only those with Ctrl, Esc, Tab or a function key are heard.
pub(crate) const COMMANDS: &[Command] = &[
    command(
        "send",
        &[Key::Ctrl('s'), f(5)],
        Action::Send,
        "send the request, as often as is asked for; Esc stops it",
    ),
    command(
        "connect",
        &[Key::Ctrl('r'), f(6)],
        Action::Connect,
        "connect to the target anew",
    ),
    command(
        "payload-form",
        &[Key::Ctrl('t'), f(7)],
        Action::PayloadForm,
        "type the payload as text, JSON, hexadecimal digits, or give a file",
    ),
    command(
        "tidy",
        &[Key::Ctrl('g'), f(8)],
        Action::Tidy,
        "give the JSON that is typed its line breaks",
    ),
    command(
        "turn",
        &[Key::Ctrl('o')],
        Action::Turn,
        "from the request to the answer and back",
    ),
    command(
        "copy-command",
        &[ch('Y'), f(9)],
        Action::CopyCommand,
        "copy the request as a command for a shell",
    ),
    command(
        "mac",
        &[ch('M')],
        Action::Mac,
        "sign with the next key, or send without MACs",
    ),
    command(
        "activate",
        &[Key::Plain(KeyCode::Enter)],
        Action::Activate,
        "do what is selected: send, change, or look at the answer",
    ),
    command(
        "answer-form",
        &[ch('v')],
        Action::AnswerForm,
        "show the answer pretty, raw or in hexadecimal",
    ),
    command(
        "compare",
        &[ch('d')],
        Action::Compare,
        "show what differs from an earlier answer, or no longer",
    ),
    command(
        "base",
        &[ch('b')],
        Action::Base,
        "compare others with this answer, or no longer",
    ),
    command(
        "recall",
        &[ch('e')],
        Action::Recall,
        "take the request of this answer up again",
    ),
];
