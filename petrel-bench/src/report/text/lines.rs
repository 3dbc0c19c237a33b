//! Lines that fit the terminal and hold nothing that acts on it.

use anstyle::Style;
use petrel_cli::{Look, output};

/// Nothing is laid out for terminals narrower than this.
const WIDTH_MIN: usize = 60;
/// Longer lines of prose are harder to read, however wide the terminal is.
const PROSE_WIDTH: usize = 100;
/// Columns of the labels before facts.
const LABEL: usize = 12;

/// A look that is wide enough to lay something out for.
pub(super) fn wide_enough(look: &Look) -> Look {
    Look {
        width: look.width.max(WIDTH_MIN),
        ..*look
    }
}

/// A paragraph that begins with a word in a style.
pub(super) fn lead(look: Look, style: Style, word: &str, text: &str) -> String {
    let word = output::one_line(word);
    let whole = format!("{word} {}", output::one_line(text));
    let lines = output::paragraph(whole.trim_end(), look.width.min(PROSE_WIDTH), "", "  ");
    match lines.strip_prefix(&word) {
        Some(rest) => look.paint(style, &word) + rest,
        // The word alone is wider than the line and was broken.
        None => lines,
    }
}

/// A paragraph.
pub(super) fn prose(look: Look, text: &str) -> String {
    let width = look.width.min(PROSE_WIDTH);
    output::paragraph(&output::one_line(text), width, "", "")
}

/// A label and what belongs to it.
pub(super) fn fact(look: Look, label: &str, text: &str) -> String {
    let (first, rest) = (format!("{label:LABEL$} "), format!("{:LABEL$} ", ""));
    let width = look.width.min(PROSE_WIDTH);
    let lines = output::paragraph(&output::one_line(text), width, &first, &rest);
    match lines.strip_prefix(label) {
        Some(rest) => look.paint(Style::new().dimmed(), label) + rest,
        None => lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stand_under_each_other_and_stay_lines() {
        let look = Look {
            width: 60,
            color: false,
        };
        let text = fact(look, "load", &format!("a\u{1b}[2J {}", "word ".repeat(12)));
        assert!(text.starts_with("load         a\\u{1b}[2J word"), "{text}");
        assert!(
            text.lines()
                .nth(1)
                .unwrap()
                .starts_with("             word")
        );
        let look = Look {
            color: true,
            ..look
        };
        let painted = lead(look, Style::new().bold(), "valid:", "it is");
        assert_eq!(painted, "\u{1b}[1mvalid:\u{1b}[0m it is\n");
    }
}
