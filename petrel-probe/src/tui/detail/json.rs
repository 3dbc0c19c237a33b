//! JSON laid out in lines, as many as somebody looks at.

use super::text::printable;
use serde::de::IgnoredAny;
use std::ops::Range;

/// Lines of a JSON document. They are found as they are asked for: a document of some megabytes has
/// millions, of which a screen shows a few.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    lines: Vec<JsonLine>,
    /// Where the line begins that comes next, and how deep.
    at: usize,
    depth: u16,
}

/// One line: an opening or closing bracket, or a value, with its key and its comma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JsonLine {
    start: usize,
    end: usize,
    /// How deep it is nested.
    pub(super) depth: u16,
}

impl JsonLine {
    /// Its bytes in the document.
    pub(super) const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl Layout {
    /// Of an object or an array; of nothing else, which has but one line.
    pub(super) fn of(json: &[u8]) -> Option<Self> {
        let first = json.iter().find(|byte| !byte.is_ascii_whitespace())?;
        if !matches!(first, b'{' | b'[') {
            return None;
        }
        serde_json::from_slice::<IgnoredAny>(json).ok()?;
        Some(Self {
            lines: Vec::new(),
            at: 0,
            depth: 0,
        })
    }

    /// The lines that were found so far.
    pub(super) fn lines(&self) -> &[JsonLine] {
        &self.lines
    }

    /// Finds lines until there are so many, or no more.
    pub(super) fn find_lines(&mut self, json: &[u8], count: usize) {
        while self.lines.len() < count && self.find(json) {}
    }

    /// Finds lines until one of them ends behind this place, and says which; the last one, if none does.
    pub(super) fn find_place(&mut self, json: &[u8], place: usize) -> usize {
        while self.lines.last().is_none_or(|line| line.end <= place) && self.find(json) {}
        self.line_at(place)
    }

    /// The line that holds this place, or the first one behind it, among those that were found.
    pub(super) fn line_at(&self, place: usize) -> usize {
        let line = self.lines.partition_point(|line| line.end <= place);
        line.min(self.lines.len().saturating_sub(1))
    }

    /// Finds the next line. The document is known to be valid; of one that is not, some line comes out.
    fn find(&mut self, json: &[u8]) -> bool {
        let start = skip_space(json, self.at);
        let Some(first) = json.get(start) else {
            return false;
        };
        let mut at = start;
        let mut deeper = false;
        if matches!(first, b'}' | b']') {
            self.depth = self.depth.saturating_sub(1);
            at += 1;
        } else {
            if *first == b'"' {
                let behind = skip_space(json, end_of_scalar(json, at));
                if json.get(behind) == Some(&b':') {
                    at = skip_space(json, behind + 1);
                }
            }
            match json.get(at) {
                Some(b'{' | b'[') => {
                    let inside = skip_space(json, at + 1);
                    let is_empty = matches!(json.get(inside), Some(b'}' | b']'));
                    deeper = !is_empty;
                    at = if is_empty { inside + 1 } else { at + 1 };
                }
                _ => at = end_of_scalar(json, at),
            }
        }
        let behind = skip_space(json, at);
        if !deeper && json.get(behind) == Some(&b',') {
            at = behind + 1;
        }
        self.lines.push(JsonLine {
            start,
            end: at,
            depth: self.depth,
        });
        self.depth = self.depth.saturating_add(u16::from(deeper));
        self.at = at;
        true
    }
}

fn skip_space(json: &[u8], at: usize) -> usize {
    let rest = json.get(at..).unwrap_or_default();
    let space = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
    at + space.count()
}

/// Where a string, a number or a word ends that begins here. It is at least one byte long.
fn end_of_scalar(json: &[u8], at: usize) -> usize {
    let rest = json.get(at..).unwrap_or_default();
    if rest.first() == Some(&b'"') {
        return at + end_of_string(rest);
    }
    let is_inside = |byte: &&u8| !byte.is_ascii_whitespace() && !b",:]}\"".contains(byte);
    at + rest.iter().take_while(is_inside).count().max(1)
}

/// Length of the string that begins here, its quotes included.
fn end_of_string(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = text
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        at += found;
        if text.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// Parts of a line, as they are shown: without the space of the document, with a space behind a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// The key of a member.
    Key,
    /// A value that is a string.
    Text,
    /// Any other value.
    Value,
    /// Brackets, commas and the colon.
    Mark,
}

/// A line as it is shown, indented, of its bytes so many at most.
pub(super) fn text(line: &[u8], depth: u16, max: usize) -> String {
    let mut text = "  ".repeat(depth.into());
    let beginning = line.get(..line.len().min(max)).unwrap_or_default();
    for (token, range) in tokens(beginning) {
        let part = beginning.get(range).unwrap_or_default();
        text.push_str(&printable(part));
        if token == Token::Mark && part == b":" {
            text.push(' ');
        }
    }
    text
}

/// A line's parts, each with its place in the line's bytes.
pub(super) fn tokens(line: &[u8]) -> Vec<(Token, Range<usize>)> {
    let mut tokens = Vec::new();
    let mut at = skip_space(line, 0);
    while let Some(byte) = line.get(at) {
        let (token, end) = match byte {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => (Token::Mark, at + 1),
            b'"' => {
                let end = end_of_scalar(line, at);
                let behind = skip_space(line, end);
                let is_key = tokens.is_empty() && line.get(behind) == Some(&b':');
                (if is_key { Token::Key } else { Token::Text }, end)
            }
            _ => (Token::Value, end_of_scalar(line, at)),
        };
        tokens.push((token, at..end.min(line.len())));
        at = skip_space(line, end);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pretty(json: &str) -> Option<String> {
        let json = json.as_bytes();
        let mut layout = Layout::of(json)?;
        layout.find_lines(json, usize::MAX);
        let mut text = String::new();
        for line in layout.lines() {
            // As it is: what is not printable is escaped elsewhere.
            let bytes = &json[line.range()];
            text.push_str(&"  ".repeat(line.depth.into()));
            for (_, range) in tokens(bytes) {
                let token = std::str::from_utf8(&bytes[range]).unwrap();
                text.push_str(token);
                if token == ":" {
                    text.push(' ');
                }
            }
            text.push('\n');
        }
        Some(text)
    }

    #[test]
    fn a_document_is_laid_out_like_everywhere() {
        let json =
            r#" {"a" : [1, -2.5e3,{} , [ ] ], "b\"\\":{"c":null, "d":"x, y: {}"},"":true } "#;
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        let expected = serde_json::to_string_pretty(&value).unwrap() + "\n";
        // Members of a `Value` are sorted.
        let sorted = r#"{"":true,"a":[1,-2500.0,{},[]],"b\"\\":{"c":null,"d":"x, y: {}"}}"#;
        assert_eq!(pretty(sorted).unwrap(), expected);
        assert_eq!(pretty(json).unwrap().lines().count(), 13);
    }

    #[test]
    fn only_objects_and_arrays_are_laid_out() {
        for text in ["", "1", "\"x\"", "{", "[1,]", "{} {}", "hello"] {
            assert_eq!(pretty(text), None, "{text}");
        }
        assert_eq!(pretty(" {} ").unwrap(), "{}\n");
        assert_eq!(pretty("[]").unwrap(), "[]\n");
        assert_eq!(pretty(&"[".repeat(100_000)), None);
    }

    #[test]
    fn only_what_is_looked_at_is_found() {
        let json = format!("[{}1]", "1,".repeat(2_000_000));
        let mut layout = Layout::of(json.as_bytes()).unwrap();
        layout.find_lines(json.as_bytes(), 50);
        assert_eq!((layout.lines().len(), layout.at), (50, 1 + 49 * 2));
        assert_eq!(layout.find_place(json.as_bytes(), 1001), 501);
        assert_eq!(layout.lines().len(), 502);
        assert_eq!(layout.line_at(0), 0);
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_document_is_laid_out_as_serde_does_it(value in value()) {
            let compact = serde_json::to_string(&value).unwrap();
            let expected = serde_json::to_string_pretty(&value).unwrap() + "\n";
            if value.is_object() || value.is_array() {
                for text in [&compact, &expected] {
                    let shown = pretty(text);
                    prop_assert_eq!(shown.as_ref(), Some(&expected));
                }
            }
        }

        #[test]
        fn nothing_panics_on_what_is_no_json(text in "[\\[\\]{}\",:\\\\ a1]{0,60}") {
            let mut layout = Layout { lines: Vec::new(), at: 0, depth: 0 };
            layout.find_lines(text.as_bytes(), usize::MAX);
            for line in layout.lines() {
                tokens(&text.as_bytes()[line.start.min(text.len())..line.end.min(text.len())]);
            }
        }
    }
}
