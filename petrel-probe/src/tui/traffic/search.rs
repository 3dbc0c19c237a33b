//! Looking for bytes in payloads.

use super::super::effect::Effect;
use petrel::wire::Escaped;
use std::sync::Arc;

/// What begins a pattern of bytes rather than of text.
const HEX: &str = "hex:";

/// What is looked for.
#[derive(Debug, Default)]
pub(super) struct Search {
    pattern: String,
    needle: Vec<u8>,
    generation: u64,
    is_under_way: bool,
}

impl Search {
    /// What was typed last.
    pub(super) fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Whether the answer is not there yet.
    pub(super) const fn is_under_way(&self) -> bool {
        self.is_under_way
    }

    /// Looks for something else from now on.
    pub(super) fn set(&mut self, pattern: &str, needle: Vec<u8>) {
        pattern.clone_into(&mut self.pattern);
        self.needle = needle;
    }

    /// Goes on behind a row, or before it; nothing if nothing was looked for yet.
    pub(super) fn go_on(
        &mut self,
        from: u32,
        is_backward: bool,
        within: Option<Arc<Vec<u32>>>,
    ) -> Option<Effect> {
        if self.needle.is_empty() {
            return None;
        }
        self.generation += 1;
        self.is_under_way = true;
        Some(Effect::Search {
            needle: self.needle.clone(),
            from,
            is_backward,
            within,
            generation: self.generation,
        })
    }

    /// The answer, if it is to the last question.
    pub(super) fn found(&mut self, generation: u64, row: Option<u32>) -> Option<Option<u32>> {
        if generation != self.generation {
            return None;
        }
        self.is_under_way = false;
        Some(row)
    }

    /// What is said if it is nowhere.
    pub(super) fn nowhere(&self) -> String {
        format!("no payload holds \"{}\"", Escaped(&self.needle))
    }
}

/// The bytes that a pattern stands for: text as it is, or hex digits behind `hex:`. Else the column, and
/// what is wrong there.
pub(super) fn needle(pattern: &str) -> Result<Vec<u8>, (usize, String)> {
    let Some(hex) = pattern.strip_prefix(HEX) else {
        return Ok(pattern.as_bytes().to_vec());
    };
    let digit = |(index, c): (usize, char)| {
        let wrong = || (index + HEX.len() + 1, "no hex digit".to_owned());
        c.to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
            .ok_or_else(wrong)
    };
    let is_digit = |(_, c): &(usize, char)| !matches!(c, ' ' | ':' | ',');
    let digits: Result<Vec<u8>, _> = hex
        .chars()
        .enumerate()
        .filter(is_digit)
        .map(digit)
        .collect();
    let digits = digits?;
    if digits.len() % 2 == 1 {
        let end = pattern.chars().count();
        return Err((end, "a byte has two hex digits".to_owned()));
    }
    let byte = |pair: &[u8]| pair.iter().fold(0, |byte, digit| byte << 4 | digit);
    Ok(digits.chunks(2).map(byte).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_text_unless_it_says_that_it_is_hex() {
        assert_eq!(needle("tok").unwrap(), b"tok");
        assert_eq!(needle("7b:22").unwrap(), b"7b:22");
        assert_eq!(needle("hex:7b 22,0A:ff").unwrap(), b"\x7b\x22\x0a\xff");
        assert_eq!(needle("hex:7").unwrap_err().0, 5);
        assert_eq!(needle("hex:7g").unwrap_err().0, 6);
    }

    #[test]
    fn an_answer_to_an_older_question_is_not_heard() {
        let mut search = Search::default();
        assert!(search.go_on(0, false, None).is_none());
        search.set("a", b"a".to_vec());
        search.go_on(0, false, None).unwrap();
        search.go_on(0, true, None).unwrap();
        assert_eq!(search.found(1, Some(7)), None);
        assert!(search.is_under_way());
        assert_eq!(search.found(2, Some(8)), Some(Some(8)));
        assert!(!search.is_under_way());
    }
}
