//! The keys: one table that handling, help and the line at the bottom are made of.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    /// Ends the run in good order.
    Quit,
    /// Ends the run in good order, and at once when that was asked for before.
    Interrupt,
    /// Shows the keys, or no longer.
    Help,
    /// Sends nothing new, or goes on.
    Pause,
    /// Multiplies the rate.
    Rate(f64),
}

/// A key and what it does.
#[derive(Debug)]
pub(super) struct Binding {
    /// Every key that does it.
    keys: &'static [Key],
    /// The keys in words.
    pub(super) shown: &'static str,
    /// The key and a word: what the line at the bottom shows, if there is room.
    pub(super) short: (&'static str, &'static str),
    /// The help shows this.
    pub(super) help: &'static str,
    /// What it does.
    pub(super) action: Action,
}

/// A key, with or without Ctrl. Shift does not matter: it is in the character.
#[derive(Debug)]
enum Key {
    Plain(KeyCode),
    Ctrl(char),
}

/// In the order of their importance.
pub(super) const BINDINGS: &[Binding] = &[
    Binding {
        keys: &[Key::Plain(KeyCode::Char('q')), Key::Plain(KeyCode::Esc)],
        shown: "q Esc",
        short: ("q", "quit"),
        help: "end the run and report",
        action: Action::Quit,
    },
    Binding {
        keys: &[Key::Plain(KeyCode::Char('?')), Key::Plain(KeyCode::F(1))],
        shown: "? F1",
        short: ("?", "help"),
        help: "show these keys, or hide them",
        action: Action::Help,
    },
    Binding {
        keys: &[Key::Plain(KeyCode::Char(' '))],
        shown: "space",
        short: ("space", "pause"),
        help: "send nothing new, or go on",
        action: Action::Pause,
    },
    Binding {
        keys: &[
            Key::Plain(KeyCode::Char('+')),
            Key::Plain(KeyCode::Char('=')),
            Key::Plain(KeyCode::Up),
        ],
        shown: "+ Up",
        short: ("+", "faster"),
        help: "raise the rate by 10 %",
        action: Action::Rate(1.1),
    },
    Binding {
        keys: &[Key::Plain(KeyCode::Char('-')), Key::Plain(KeyCode::Down)],
        shown: "- Down",
        short: ("-", "slower"),
        help: "take such a step back",
        action: Action::Rate(1.0 / 1.1),
    },
    Binding {
        keys: &[Key::Plain(KeyCode::Char('>'))],
        shown: ">",
        short: (">", "double"),
        help: "double the rate",
        action: Action::Rate(2.0),
    },
    Binding {
        keys: &[Key::Plain(KeyCode::Char('<'))],
        shown: "<",
        short: ("<", "halve"),
        help: "halve the rate",
        action: Action::Rate(0.5),
    },
    Binding {
        keys: &[Key::Ctrl('c')],
        shown: "Ctrl-C",
        short: ("Ctrl-C", "end"),
        help: "as q; once more: end at once",
        action: Action::Interrupt,
    },
];

/// What the key that was pressed does.
pub(super) fn action_of(pressed: &KeyEvent) -> Option<Action> {
    let has = |key: &Key| {
        let (code, is_ctrl) = match key {
            Key::Plain(code) => (*code, false),
            Key::Ctrl(letter) => (KeyCode::Char(*letter), true),
        };
        let modifiers = pressed.modifiers - KeyModifiers::SHIFT;
        let wanted = if is_ctrl {
            KeyModifiers::CONTROL
        } else {
            KeyModifiers::NONE
        };
        pressed.code == code && modifiers == wanted
    };
    let binding = BINDINGS
        .iter()
        .find(|binding| binding.keys.iter().any(has))?;
    Some(binding.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_does_one_thing() {
        let events: Vec<KeyEvent> = BINDINGS
            .iter()
            .flat_map(|binding| binding.keys)
            .map(|key| match key {
                Key::Plain(code) => KeyEvent::new(*code, KeyModifiers::NONE),
                Key::Ctrl(letter) => KeyEvent::new(KeyCode::Char(*letter), KeyModifiers::CONTROL),
            })
            .collect();
        for (index, event) in events.iter().enumerate() {
            assert!(action_of(event).is_some(), "{event:?}");
            assert!(!events[..index].contains(event), "{event:?} is there twice");
        }
    }

    #[test]
    fn shift_does_not_matter_and_other_modifiers_do() {
        let plus = |modifiers| action_of(&KeyEvent::new(KeyCode::Char('+'), modifiers));
        assert_eq!(plus(KeyModifiers::SHIFT), Some(Action::Rate(1.1)));
        assert_eq!(plus(KeyModifiers::ALT), None);
        let c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::NONE);
        assert_eq!(action_of(&c), None);
    }
}
