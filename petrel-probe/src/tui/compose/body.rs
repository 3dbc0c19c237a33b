//! What is shown of an answer.

use super::{
    answers::Answer,
    digits::digits,
    json,
    pager::{Body, Line, Tone},
};
use similar::{ChangeTag, TextDiff};

/// Longer answers are not compared line by line: that may take for ever.
const DIFF_LEN_MAX: usize = 256 << 10;
const DIFF_LINES_MAX: usize = 5_000;

/// Lines around what differs.
const CONTEXT: usize = 3;

/// How an answer's payload is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON with line breaks; what is no JSON as it came.
    #[default]
    Pretty,
    /// As it came, escaped.
    Raw,
    /// In hexadecimal.
    Hex,
}

impl Form {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Raw => "raw",
            Self::Hex => "hex",
        }
    }

    pub(super) const fn next(self) -> Self {
        match self {
            Self::Pretty => Self::Raw,
            Self::Raw => Self::Hex,
            Self::Hex => Self::Pretty,
        }
    }
}

/// The payload of an answer.
pub(super) fn of(answer: &Answer, form: Form) -> Body {
    if form == Form::Hex {
        return Body::Hex(answer.payload().into());
    }
    let text = text_of(answer.payload(), form);
    Body::Lines(
        lines_of(&text)
            .map(|text| Line::new(text, Tone::Plain))
            .collect(),
    )
}

/// What of the payload of an answer is other than that of an earlier one.
pub(super) fn difference(earlier: &Answer, answer: &Answer, form: Form) -> Body {
    let (before, now) = (earlier.payload(), answer.payload());
    let mut lines = Vec::new();
    if let (Some(was), Some(is)) = (earlier.status(), answer.status())
        && was != is
    {
        lines.push(Line::new(format!("-status {was}"), Tone::Removed));
        lines.push(Line::new(format!("+status {is}"), Tone::Added));
    }
    if before == now {
        let said = format!("the payload is that of #{}", earlier.number);
        lines.push(Line::new(said, Tone::Remark));
        return Body::Lines(lines);
    }
    let is_long = |bytes: &[u8]| bytes.len() > DIFF_LEN_MAX || bytecount(bytes) > DIFF_LINES_MAX;
    if is_long(before) || is_long(now) {
        let at = before.iter().zip(now).take_while(|(a, b)| a == b).count();
        let said =
            format!("too long to be compared line by line; the first difference is at byte {at}");
        lines.push(Line::new(said, Tone::Remark));
        return Body::Lines(lines);
    }
    let (before, now) = if form == Form::Hex {
        (digits(before), digits(now))
    } else {
        (text_of(before, form), text_of(now, form))
    };
    if before == now {
        let said = "only what lies between the values of the JSON differs; v shows it raw";
        lines.push(Line::new(said, Tone::Remark));
    }
    compare(&before, &now, &mut lines);
    Body::Lines(lines)
}

fn compare(before: &str, now: &str, lines: &mut Vec<Line>) {
    let before: Vec<&str> = lines_of(before).collect();
    let now: Vec<&str> = lines_of(now).collect();
    let diff = TextDiff::from_slices(&before, &now);
    for group in diff.grouped_ops(CONTEXT) {
        if let (Some(first), Some(last)) = (group.first(), group.last()) {
            let (old, new) = (
                first.old_range().start..last.old_range().end,
                first.new_range().start..last.new_range().end,
            );
            let said = format!(
                "@@ -{},{} +{},{} @@",
                old.start + 1,
                old.len(),
                new.start + 1,
                new.len()
            );
            lines.push(Line::new(said, Tone::Remark));
        }
        for change in group
            .iter()
            .flat_map(|operation| diff.iter_changes(operation))
        {
            let (sign, tone) = match change.tag() {
                ChangeTag::Equal => (' ', Tone::Plain),
                ChangeTag::Delete => ('-', Tone::Removed),
                ChangeTag::Insert => ('+', Tone::Added),
            };
            lines.push(Line::new(format!("{sign}{}", change.value()), tone));
        }
    }
}

/// Lines without their breaks. One at the end begins no further line.
fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.split('\n')
}

fn bytecount(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// The payload as text that can be drawn: what is no UTF-8 stands there as `\xNN`.
fn text_of(payload: &[u8], form: Form) -> String {
    let mut text = String::with_capacity(payload.len());
    for chunk in payload.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    let is_exact = text.len() == payload.len();
    let tidy = if form == Form::Pretty && is_exact {
        json::tidy(&text)
    } else {
        None
    };
    tidy.unwrap_or(text)
}
