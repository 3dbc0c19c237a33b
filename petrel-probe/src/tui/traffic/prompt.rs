//! What is typed on the Traffic screen: a filter, or something to look for.

use super::{
    super::input::{Completion, Input},
    search::needle,
};
use crate::filter::{self, Filter};

/// A line that is being typed, and what is to be said of it meanwhile.
#[derive(Debug)]
pub(super) struct Prompt {
    /// What it is for.
    pub(super) kind: PromptKind,
    /// The text.
    pub(super) input: Input,
    /// Whether it can be applied.
    pub(super) check: Check,
    /// What the field before the cursor could become.
    pub(super) completion: Completion,
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
    /// It cannot.
    Invalid(Wrong),
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The place, in characters from 1.
    pub(super) column: usize,
    /// What is wrong there, and what would be right.
    pub(super) advice: String,
}

impl Prompt {
    /// With a text to begin with, and the input that remembers those before.
    pub(super) fn new(kind: PromptKind, text: &str, past: &Input) -> Self {
        let mut input = past.clone();
        input.set(text);
        let mut prompt = Self {
            kind,
            input,
            check: Check::Valid,
            completion: Completion::default(),
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
            PromptKind::Filter if text.trim().is_empty() => Check::Empty("shows all"),
            PromptKind::Filter => judge_filter(text),
            PromptKind::Search if text.is_empty() => Check::Empty("text, or hex:7b 22"),
            PromptKind::Search => match needle(text) {
                Ok(_) => Check::Valid,
                Err((column, advice)) => Check::Invalid(Wrong { column, advice }),
            },
        };
    }

    /// Completes the field before the cursor, or shows what it could become; again, selects the next one
    /// of these, or the one before.
    pub(super) fn complete(&mut self, is_forward: bool) {
        if self.kind != PromptKind::Filter {
            return;
        }
        if self.completion.is_empty() {
            let before = self.input.text().get(..self.input.cursor());
            let before = before.unwrap_or_default();
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
            let from = before.trim_end_matches(is_word).len();
            let fields = filter::fields().iter().map(|field| field.name);
            self.completion = Completion::of(&self.input, from, fields);
            if self.completion.choices().len() == 1 {
                self.choose();
                return;
            }
        }
        self.completion.select(is_forward);
    }

    /// Takes the completion that is selected; whether there was one.
    pub(super) fn choose(&mut self) -> bool {
        let is_chosen = !self.completion.is_empty() && self.completion.apply(&mut self.input);
        self.judge();
        is_chosen
    }

    /// Shows no completions any more; whether there were any.
    pub(super) fn close(&mut self) -> bool {
        !std::mem::take(&mut self.completion).is_empty()
    }
}

fn judge_filter(text: &str) -> Check {
    match Filter::parse(text) {
        Ok(_) => Check::Valid,
        Err(error) => Check::Invalid(Wrong {
            column: error.column,
            advice: error.advice(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Prompt {
        Prompt::new(PromptKind::Filter, text, &Input::default())
    }

    #[test]
    fn what_is_typed_is_judged() {
        assert_eq!(filter(" ").check, Check::Empty("shows all"));
        assert_eq!(filter("status >= 400").check, Check::Valid);
        let Check::Invalid(wrong) = filter("seq == 1 && stauts == 400").check else {
            panic!("not refused");
        };
        assert_eq!(wrong.column, 13);
        assert!(wrong.advice.contains("did you mean `status`?"), "{wrong:?}");
        let search = Prompt::new(PromptKind::Search, "hex:7z", &Input::default());
        assert!(matches!(
            search.check,
            Check::Invalid(Wrong { column: 6, .. })
        ));
    }

    #[test]
    fn a_field_is_completed_at_once_if_it_is_clear_which() {
        let mut prompt = filter("seq == 1 && compl");
        prompt.complete(true);
        assert_eq!(prompt.input.text(), "seq == 1 && complete");
        assert!(prompt.completion.is_empty());
        let mut prompt = filter("response.pay");
        prompt.complete(true);
        assert!(prompt.choose());
        assert!(prompt.input.text().starts_with("response.payload"));
        let mut prompt = filter("zzz");
        prompt.complete(true);
        assert!(!prompt.choose());
        assert_eq!(prompt.input.text(), "zzz");
    }
}
