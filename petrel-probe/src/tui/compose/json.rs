//! JSON as text: whether it is any, and the same with line breaks.
//!
//! Nothing is read into values and written anew: numbers keep their digits, and names their order.

use serde::de::IgnoredAny;

/// Longer texts are not laid out: nobody reads them, and it takes a while.
const LEN_MAX: usize = 16 << 20;

/// Whether it is JSON.
///
/// # Errors
/// In one line what is wrong, and where.
pub(super) fn check(text: &str) -> Result<(), String> {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// The same JSON with two spaces for every level; none if it is no JSON, or too long.
pub(super) fn tidy(text: &str) -> Option<String> {
    if text.len() > LEN_MAX || check(text).is_err() {
        return None;
    }
    let mut layout = Layout::default();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if layout.is_in_string {
            layout.in_string(c);
            continue;
        }
        match c {
            ' ' | '\t' | '\r' | '\n' => {}
            '{' | '[' => {
                while chars
                    .next_if(|c| matches!(c, ' ' | '\t' | '\r' | '\n'))
                    .is_some()
                {}
                match chars.next_if(|c| matches!(c, '}' | ']')) {
                    Some(end) => layout.text.extend([c, end]),
                    None => layout.open(c),
                }
            }
            '}' | ']' => layout.close(c),
            ',' => {
                layout.text.push(c);
                layout.new_line();
            }
            ':' => layout.text.push_str(": "),
            _ => {
                layout.is_in_string = c == '"';
                layout.text.push(c);
            }
        }
    }
    Some(layout.text)
}

#[derive(Debug, Default)]
struct Layout {
    text: String,
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
}

impl Layout {
    fn in_string(&mut self, c: char) {
        self.text.push(c);
        self.is_in_string = self.is_escaped || c != '"';
        self.is_escaped = !self.is_escaped && c == '\\';
    }

    fn open(&mut self, c: char) {
        self.text.push(c);
        self.depth += 1;
        self.new_line();
    }

    fn close(&mut self, c: char) {
        self.depth = self.depth.saturating_sub(1);
        self.new_line();
        self.text.push(c);
    }

    fn new_line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laid_out_it_keeps_its_digits_and_its_order() {
        let text = r#"{"b":1.0e+2,"a":[ ],"c":[12345678901234567890123,{"d\"{":"\\"}], "b":{ } }"#;
        let expected = r#"{
  "b": 1.0e+2,
  "a": [],
  "c": [
    12345678901234567890123,
    {
      "d\"{": "\\"
    }
  ],
  "b": {}
}"#;
        assert_eq!(tidy(text).unwrap(), expected);
        assert_eq!(tidy(expected).unwrap(), expected);
        assert_eq!(tidy(" 7\n").unwrap(), "7");
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        assert_eq!(
            check("{\"a\":}"),
            Err("expected value at line 1 column 6".into())
        );
        assert_eq!(tidy("{} x"), None);
        assert!(tidy(&"[".repeat(100_000)).is_none());
    }
}
