//! Everything that the interface knows.

use super::{
    compose::Compose, effect::Effect, help::Help, paint::Look, palette::Palette, replay::Replay,
    traffic::Traffic,
};

/// The state of the whole interface.
#[derive(Debug)]
pub(crate) struct Model {
    /// Columns and rows of the terminal.
    pub(super) size: (u16, u16),
    /// Colours and glyphs.
    pub(super) look: Look,
    /// Which screen is shown.
    pub(super) screen: Screen,
    /// What lies over it and has the keys.
    pub(super) overlay: Option<Overlay>,
    /// Digits that were typed before a command.
    pub(super) count: Option<usize>,
    /// What was said last; gone with the next key.
    pub(super) notice: Option<Notice>,
    /// How many replays there were.
    pub(super) replays: u64,
    /// The exchanges.
    pub(super) traffic: Traffic,
    /// Requests of one's own.
    pub(super) compose: Compose,
}

/// A screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// The exchanges.
    Traffic,
    /// Requests of one's own.
    Compose,
}

/// What lies over a screen.
#[derive(Debug)]
pub(crate) enum Overlay {
    /// The keys.
    Help(Help),
    /// The commands by their names.
    Palette(Palette),
    /// Requests sent again.
    Replay(Box<Replay>),
}

/// A line that says what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Escaped, on one line.
    pub(super) text: String,
    /// Whether something went wrong.
    pub(super) is_wrong: bool,
}

impl Notice {
    /// Something that went as it should.
    pub(super) fn of(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_wrong: false,
        }
    }

    /// Something that did not.
    pub(super) fn wrong(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_wrong: true,
        }
    }
}

/// What comes of a step: effects, and perhaps something to say.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What is to be done.
    pub(super) effects: Vec<Effect>,
    /// What is to be said.
    pub(super) notice: Option<Notice>,
}

impl From<Effect> for Outcome {
    fn from(effect: Effect) -> Self {
        Self {
            effects: vec![effect],
            notice: None,
        }
    }
}

impl From<Notice> for Outcome {
    fn from(notice: Notice) -> Self {
        Self {
            effects: Vec::new(),
            notice: Some(notice),
        }
    }
}
