//! Where two payloads differ, in lines for people.

use super::Comparison;
use crate::exchange::Message;
use petrel::wire::Escaped;
use petrel_cli::output::one_line;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// Texts with more lines than this are compared byte by byte: lining them up would take long.
const TEXT_LINES_MAX: usize = 2_000;

/// Lines around a change.
const CONTEXT: usize = 2;

/// Bytes on a line.
const ROW: usize = 16;

/// A line of a difference. Bytes from the wire in it are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a sign and a text")]
pub struct Line {
    /// Whose line it is.
    pub sign: Sign,
    /// What it says, on one line.
    pub text: String,
}

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "then, now, or both")]
pub enum Sign {
    /// It was recorded, and is not there now.
    Then,
    /// It is there now, and was not recorded.
    Now,
    /// It is there in both.
    Both,
    /// It is about what follows.
    About,
}

impl Sign {
    /// As a unified diff has it.
    pub const fn as_char(self) -> char {
        match self {
            Self::Then => '-',
            Self::Now => '+',
            Self::Both => ' ',
            Self::About => '@',
        }
    }
}

/// Where the payloads of two answers differ: as JSON or text with some lines around each change, else
/// the bytes around the first that differs. At most `max` lines; the last says so if there are more.
pub fn difference(then: &Message, now: &Message, comparison: &Comparison, max: usize) -> Vec<Line> {
    let texts = comparison
        .as_json(then, now)
        .map(|(then, now)| (pretty(&then), pretty(&now)))
        .or_else(|| texts(then, now));
    let lines = match texts {
        Some((then, now)) if then != now => of_texts(&then, &now),
        _ => of_bytes(then, now),
    };
    shorten(lines, max)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Both payloads as texts, if they are: as indented JSON if they differ in more than its form.
fn texts(then: &Message, now: &Message) -> Option<(String, String)> {
    if !then.is_complete() {
        return None;
    }
    let parse = |message: &Message| serde_json::from_slice::<Value>(message.payload()).ok();
    if let (Some(then), Some(now)) = (parse(then), parse(now))
        && then != now
        && (then.is_object() || then.is_array())
    {
        return fitting(pretty(&then), pretty(&now));
    }
    let text = |message: &Message| std::str::from_utf8(message.payload()).map(str::to_owned);
    fitting(text(then).ok()?, text(now).ok()?)
}

fn fitting(then: String, now: String) -> Option<(String, String)> {
    let fits = |text: &String| text.lines().count() <= TEXT_LINES_MAX;
    (fits(&then) && fits(&now)).then_some((then, now))
}

fn of_texts(then: &str, now: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(then, now);
    let mut lines = Vec::new();
    for (number, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 {
            lines.push(about("…".to_owned()));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => Sign::Then,
                ChangeTag::Insert => Sign::Now,
                ChangeTag::Equal => Sign::Both,
            };
            let text = change.value();
            // A line break at the end is what makes a line; a missing one may be the difference.
            let text = text.strip_suffix('\n').unwrap_or(text);
            let text = one_line(text);
            lines.push(Line { sign, text });
        }
    }
    if let Some(without) = lacks_last_newline(then, now) {
        lines.push(about(format!("no line break at the end of what {without}")));
    }
    lines
}

/// Which of the two lacks the line break at its end that the other has.
fn lacks_last_newline(then: &str, now: &str) -> Option<&'static str> {
    if then.is_empty() || now.is_empty() {
        return None;
    }
    match (then.ends_with('\n'), now.ends_with('\n')) {
        (false, true) => Some("was recorded"),
        (true, false) => Some("came now"),
        _ => None,
    }
}

/// The rows around the first byte that differs, as far as both were captured.
fn of_bytes(then: &Message, now: &Message) -> Vec<Line> {
    let payload_at = |message: &Message| message.fields().payload.start;
    let (then_at, now_bytes) = (payload_at(then), now.payload());
    let pieces = then.pieces(then.fields().payload);
    for (at, piece) in &pieces {
        let from = usize::try_from(at - then_at).unwrap_or(usize::MAX);
        let other = now_bytes.get(from..).unwrap_or_default();
        let same = piece.iter().zip(other).take_while(|(a, b)| a == b).count();
        if same == piece.len() {
            continue;
        }
        return rows(piece, other, from, same);
    }
    // All that was captured is there; what is longer goes on.
    let end = pieces
        .last()
        .map_or(0, |(at, piece)| at - then_at + piece.len() as u64);
    let end = usize::try_from(end).unwrap_or(usize::MAX);
    let more = now_bytes.get(end..).unwrap_or_default();
    if more.is_empty() || !then.is_complete() {
        return vec![about("the lengths differ".to_owned())];
    }
    rows(&[], more, end, 0)
}

/// Rows of two pieces that begin at offset `from` of the payload and differ behind `same` bytes.
fn rows(then: &[u8], now: &[u8], from: usize, same: usize) -> Vec<Line> {
    let mut lines = vec![about(format!("first difference at byte {}", from + same))];
    let start = same / ROW * ROW;
    let mut both = start.saturating_sub(ROW);
    while both < start {
        let row = then.get(both..both + ROW).unwrap_or_default();
        lines.push(row_of(Sign::Both, from + both, row));
        both += ROW;
    }
    for (sign, bytes) in [(Sign::Then, then), (Sign::Now, now)] {
        let rest = bytes.get(start..).unwrap_or_default();
        for (number, row) in rest.chunks(ROW).take(2).enumerate() {
            lines.push(row_of(sign, from + start + number * ROW, row));
        }
        if rest.len() > 2 * ROW {
            let more = rest.len() - 2 * ROW;
            let text = format!("… {more} more bytes");
            lines.push(Line { sign, text });
        }
    }
    lines
}

fn row_of(sign: Sign, at: usize, row: &[u8]) -> Line {
    let hex: Vec<_> = row.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("{at:08x}  {:47}  \"{}\"", hex.join(" "), Escaped(row));
    Line { sign, text }
}

const fn about(text: String) -> Line {
    let sign = Sign::About;
    Line { sign, text }
}

fn shorten(mut lines: Vec<Line>, max: usize) -> Vec<Line> {
    if lines.len() > max {
        let more = lines.len() - max.saturating_sub(1);
        lines.truncate(max.saturating_sub(1));
        lines.push(about(format!("{more} more lines")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{
        GapCause,
        sample::{message, with_gap},
    };

    fn shown_of(then: &Message, now: &[u8], ignored: &[&str], max: usize) -> Vec<String> {
        let ignored = ignored.iter().map(|path| path.parse().unwrap()).collect();
        let now = message(200, b"n", now, 0);
        let lines = difference(then, &now, &Comparison { ignored }, max);
        let shown = lines.iter();
        shown
            .map(|line| format!("{}{}", line.sign.as_char(), line.text))
            .collect()
    }

    fn shown(then: &[u8], now: &[u8]) -> Vec<String> {
        shown_of(&message(200, b"n", then, 0), now, &[], 100)
    }

    #[test]
    fn json_is_shown_field_by_field() {
        let then = br#"{"a":1,"b":[1,2],"c":true,"d":0}"#;
        let lines = shown(then, br#"{"a":1,"b":[1,3],"c":true,"d":0}"#);
        assert_eq!(
            lines,
            [
                r#"   "b": ["#,
                "     1,",
                "-    2",
                "+    3",
                "   ],",
                r#"   "c": true,"#
            ]
        );
    }

    #[test]
    fn what_is_ignored_is_not_shown() {
        let then = message(200, b"n", br#"{"ts":1,"a":1}"#, 0);
        let lines = shown_of(&then, br#"{"ts":2,"a":2}"#, &["$.ts"], 100);
        assert_eq!(lines, [" {", r#"-  "a": 1"#, r#"+  "a": 2"#, " }"]);
    }

    #[test]
    fn text_is_shown_line_by_line_and_escaped() {
        assert_eq!(shown(b"no matches", b""), ["-no matches"]);
        assert_eq!(
            shown(b"one\ntwo\x1b[2J\n", b"one\nthree\n"),
            [" one", r"-two\u{1b}[2J", "+three"]
        );
        let lines = shown(b"one\n", b"one");
        assert_eq!(lines[2], "@no line break at the end of what came now");
    }

    #[test]
    fn json_that_differs_in_its_form_is_shown_as_text() {
        assert_eq!(
            shown(br#"{"a":1}"#, br#"{"a": 1}"#),
            [r#"-{"a":1}"#, r#"+{"a": 1}"#]
        );
    }

    #[test]
    fn other_bytes_are_shown_around_the_first_that_differs() {
        let mut then: Vec<u8> = (0..100).map(|n| n | 0x80).collect();
        let mut now = then.clone();
        now[40] = 0;
        let lines = shown(&then, &now);
        assert_eq!(lines[0], "@first difference at byte 40");
        assert!(lines[1].starts_with(" 00000010  90 91 "), "{lines:#?}");
        assert!(lines[2].starts_with("-00000020  a0 a1 "), "{lines:#?}");
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with("+00000020  a0 a1 a2 a3 a4 a5 a6 a7 00 "))
        );
        assert!(lines.iter().any(|line| line == "-… 36 more bytes"));
        now.clone_from(&then);
        now.push(0xff);
        assert_eq!(shown(&then, &now)[0], "@first difference at byte 100");
        then.push(0xff);
        now.pop();
        assert_eq!(shown(&then, &now)[0], "@first difference at byte 100");
    }

    #[test]
    fn behind_a_gap_bytes_keep_their_places() {
        let then = message(200, b"n", b"0123456789", 0);
        let then = with_gap(then, 2, 3, GapCause::Lost);
        let lines = shown_of(&then, b"01abc56x89", &[], 100);
        assert_eq!(lines[0], "@first difference at byte 7");
        let lines = shown_of(&then, b"01abc5678", &[], 100);
        assert_eq!(lines[0], "@first difference at byte 9");
        let lines = shown_of(&then, b"01abc56789more", &[], 100);
        assert_eq!(lines, ["@the lengths differ"]);
    }

    #[test]
    fn what_is_too_long_says_so() {
        let text = |n: usize| (0..n).map(|n| format!("{n}\n")).collect::<String>();
        let then = message(200, b"n", text(50).as_bytes(), 0);
        let lines = shown_of(&then, b"", &[], 10);
        assert_eq!(lines.len(), 10);
        assert_eq!(lines[9], "@41 more lines");
        let then = message(200, b"n", text(5000).as_bytes(), 0);
        assert_eq!(
            shown_of(&then, b"", &[], 10)[0],
            "@first difference at byte 0"
        );
    }
}
