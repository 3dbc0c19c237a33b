//! What is wrong with an expression, and where.

use petrel_cli::output::one_line;
use std::fmt;

/// Why a text is no filter. `Display` is one line; [`FilterError::pointed`] shows the place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilterError {
    /// The place, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
    /// What was probably meant, to be written in its place.
    pub suggestion: Option<String>,
}

impl FilterError {
    pub(super) fn new(column: usize, message: impl Into<String>) -> Self {
        Self {
            column,
            message: message.into(),
            suggestion: None,
        }
    }

    /// Adds the one of the known words that is nearest to what was written, if one is near.
    pub(super) fn suggest<'k>(
        mut self,
        written: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) -> Self {
        let ranked = known.into_iter().map(|word| {
            let distance = strsim::damerau_levenshtein(written, word);
            (distance, word)
        });
        let near = written.chars().count().div_ceil(3);
        self.suggestion = ranked
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance <= near)
            .map(|(_, word)| word.to_owned());
        self
    }

    /// Three lines for a terminal: the expression, a caret under the place, what is wrong there.
    pub fn pointed(&self, expression: &str) -> String {
        let before: String = expression.chars().take(self.column - 1).collect();
        let indent = one_line(&before).chars().count();
        let expression = one_line(expression);
        format!("{expression}\n{:indent$}^\n{}", "", self.advice())
    }

    /// The message and the suggestion, without the place.
    pub fn advice(&self) -> String {
        let message = one_line(&self.message);
        match &self.suggestion {
            Some(suggestion) => format!("{message}; did you mean `{}`?", one_line(suggestion)),
            None => message,
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in column {}: {}", self.column, self.advice())
    }
}

impl std::error::Error for FilterError {}
