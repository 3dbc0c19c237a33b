//! What is typed on the Traffic screen: a filter, or something to look for.

use super::super::input::Input;
use super::search::needle;

/// A line that is being typed, and what is to be said of it meanwhile.
#[derive(Debug)]
pub(super) struct Prompt {
    /// What it is for.
    pub(super) kind: PromptKind,
    /// The text.
    pub(super) input: Input,
    /// Whether it can be applied.
    pub(super) check: Check,
}

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PromptKind {
    /// Which exchanges are shown.
    Filter,
    /// What is looked for in payloads.
    Search,
}

/// Whether a line can be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing was typed: what that means.
    Empty(&'static str),
    /// It can.
    Valid,
    /// It cannot: why, in one line.
    Invalid(String),
}

impl Prompt {
    pub(super) fn new(kind: PromptKind, text: &str) -> Self {
        let mut prompt = Self {
            kind,
            input: Input::new(text),
            check: Check::Valid,
        };
        prompt.judge();
        prompt
    }

    /// What stands before the text.
    pub(super) const fn label(&self) -> &'static str {
        match self.kind {
            PromptKind::Filter => "filter",
            PromptKind::Search => "search",
        }
    }

    /// The text has changed.
    pub(super) fn judge(&mut self) {
        let text = self.input.text();
        self.check = match self.kind {
            PromptKind::Filter if text.trim().is_empty() => Check::Empty("all exchanges"),
            PromptKind::Filter => judge_filter(text),
            PromptKind::Search if text.is_empty() => Check::Empty("text, or hex:7b 22"),
            PromptKind::Search => match needle(text) {
                Ok(_) => Check::Valid,
                Err(wrong) => Check::Invalid(wrong),
            },
        };
    }
}

fn judge_filter(_text: &str) -> Check {
    Check::Valid
}
