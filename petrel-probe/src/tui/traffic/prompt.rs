//! What is typed on the Traffic screen: a filter, or something to look for.

use super::{super::input::Input, search::needle};
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
    /// What the text may be completed to.
    Choices(String),
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
            PromptKind::Filter if text.trim().is_empty() => Check::Empty("shows all"),
            PromptKind::Filter => judge_filter(text),
            PromptKind::Search if text.is_empty() => Check::Empty("text, or hex:7b 22"),
            PromptKind::Search => match needle(text) {
                Ok(_) => Check::Valid,
                Err((column, advice)) => Check::Invalid(Wrong { column, advice }),
            },
        };
    }

    /// Completes the field at the end of the text, as far as it is clear which one is meant.
    pub(super) fn complete(&mut self) {
        if self.kind != PromptKind::Filter {
            return;
        }
        let text = self.input.text();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
        let start = text.trim_end_matches(is_word).len();
        let (before, word) = text.split_at(start);
        let fields: Vec<&str> = filter::completions(word).collect();
        let Some(common) = common_beginning(&fields) else {
            return;
        };
        if common.len() > word.len() {
            let end = if fields.len() == 1 { " " } else { "" };
            let completed = format!("{before}{common}{end}");
            self.input.set(&completed);
            self.judge();
        }
        if fields.len() > 1 {
            self.check = Check::Choices(fields.join(" "));
        }
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

/// What all words begin with.
fn common_beginning<'w>(words: &[&'w str]) -> Option<&'w str> {
    let (first, others) = words.split_first()?;
    let alike = |other: &&str| {
        let pairs = first.bytes().zip(other.bytes());
        pairs.take_while(|(a, b)| a == b).count()
    };
    let len = others.iter().map(alike).min().unwrap_or(first.len());
    first.get(..len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Prompt {
        Prompt::new(PromptKind::Filter, text)
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
        let search = Prompt::new(PromptKind::Search, "hex:7z");
        assert!(matches!(
            search.check,
            Check::Invalid(Wrong { column: 6, .. })
        ));
    }

    #[test]
    fn a_field_is_completed_as_far_as_it_is_clear() {
        let mut prompt = filter("seq == 1 && sta");
        prompt.complete();
        assert_eq!(prompt.input.text(), "seq == 1 && status ");
        let mut prompt = filter("resp");
        prompt.complete();
        assert_eq!(prompt.input.text(), "response");
        assert!(matches!(&prompt.check, Check::Choices(all) if all.contains("response.status")));
        let mut prompt = filter("x ");
        prompt.complete();
        assert_eq!(prompt.input.text(), "x ");
    }
}
