//! A payload as text, broken into lines where it is looked at.
//!
//! There is no list of lines: from any place the line around it is found by looking back a little. So a
//! payload of some megabytes costs no more than what is on the screen, whatever its width.

use super::{
    super::hex::{PartKind, Parts},
    text::width_of,
};
use crate::exchange::GapCause;
use std::ops::Range;

/// A line without a line feed is broken after so many bytes at the latest, wherever it is looked at from.
const PARAGRAPH_MAX: u64 = 4096;

/// A line of text, or what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawLine {
    /// Where it lies in the frame, a line feed at its end included.
    pub(super) range: Range<u64>,
    /// Why its bytes are missing, if they are.
    pub(super) gap: Option<GapCause>,
}

/// Text to be broken: a payload within its frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    /// The parts of the frame.
    pub(super) parts: &'a Parts,
    /// What was captured of it.
    pub(super) bytes: &'a [u8],
    /// What of it is the text.
    pub(super) from: u64,
    /// Its end.
    pub(super) to: u64,
    /// Whether other characters than those of ASCII are escaped.
    pub(super) is_ascii: bool,
}

impl Raw<'_> {
    /// The line in which an offset lies, at this width. None outside of the text.
    pub(super) fn line_at(self, offset: u64, width: u16) -> Option<RawLine> {
        if !(self.from..self.to).contains(&offset) {
            return None;
        }
        let part = self.parts.at(offset)?;
        let range = part.range.start.max(self.from)..part.range.end.min(self.to);
        if let PartKind::Gap(cause) = part.kind {
            return Some(RawLine {
                range,
                gap: Some(cause),
            });
        }
        let text = part.bytes(&range, self.bytes);
        let place = usize::try_from(offset - range.start).ok()?;
        let paragraph = paragraph(text, place);
        let mut first = paragraph.start;
        loop {
            let rest = text.get(first..paragraph.end)?;
            let end = first + fitting(rest, usize::from(width), self.is_ascii);
            if place < end || end >= paragraph.end {
                let to_offset = |place: usize| range.start + place as u64;
                return Some(RawLine {
                    range: to_offset(first)..to_offset(end),
                    gap: None,
                });
            }
            first = end;
        }
    }

    /// The bytes of a line, without its line feed.
    pub(super) fn text(&self, line: &RawLine) -> &[u8] {
        let part = self.parts.at(line.range.start);
        let bytes = part.map_or(&[][..], |part| part.bytes(&line.range, self.bytes));
        bytes.strip_suffix(b"\n").unwrap_or(bytes)
    }

    /// The line behind, or the one before.
    pub(super) fn step(self, line: &RawLine, is_forward: bool, width: u16) -> Option<RawLine> {
        let offset = if is_forward {
            line.range.end
        } else {
            line.range.start.checked_sub(1)?
        };
        self.line_at(offset, width)
    }
}

/// What stands around a place between line feeds, or between the places where long lines are broken in
/// any case.
fn paragraph(text: &[u8], place: usize) -> Range<usize> {
    let max = usize::try_from(PARAGRAPH_MAX).unwrap_or(usize::MAX);
    let mut number = place / max;
    if boundary(text, (number + 1) * max) <= place {
        number += 1;
    }
    let (first, last) = (
        boundary(text, number * max),
        boundary(text, (number + 1) * max),
    );
    let before = text.get(first..place).unwrap_or_default();
    let behind = text.get(place..last).unwrap_or_default();
    let start = memchr::memrchr(b'\n', before).map_or(first, |found| first + found + 1);
    let end = memchr::memchr(b'\n', behind).map_or(last, |found| place + found + 1);
    start..end
}

/// The place, or the beginning of the character that it would cut.
fn boundary(text: &[u8], place: usize) -> usize {
    let place = place.min(text.len());
    let is_cut = |place: usize| text.get(place).is_some_and(|byte| byte & 0xc0 == 0x80);
    let start = (place.saturating_sub(3)..=place).rfind(|place| !is_cut(*place));
    start.unwrap_or(place)
}

/// How many bytes fit in a line; at least one character, and not more than up to the line feed.
fn fitting(text: &[u8], width: usize, is_ascii: bool) -> usize {
    let (mut taken, mut len) = (0, 0);
    for chunk in text.utf8_chunks() {
        let valid = chunk
            .valid()
            .chars()
            .map(|c| (width_of(c, is_ascii), c.len_utf8(), c));
        let invalid = chunk.invalid().iter().map(|_| (4, 1, ' '));
        for (columns, bytes, c) in valid.chain(invalid) {
            if c == '\n' {
                return len + 1;
            }
            if taken + columns > width && len > 0 {
                return len;
            }
            taken += columns;
            len += bytes;
        }
    }
    len
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Gap;
    use proptest::prelude::*;

    fn raw<'a>(parts: &'a Parts, bytes: &'a [u8]) -> Raw<'a> {
        Raw {
            parts,
            bytes,
            from: 0,
            to: parts.len(),
            is_ascii: false,
        }
    }

    fn lines(raw: Raw<'_>, width: u16) -> Vec<RawLine> {
        let first = raw.line_at(raw.from, width);
        std::iter::successors(first, |line| raw.step(line, true, width)).collect()
    }

    #[test]
    fn text_is_broken_at_line_feeds_and_at_the_width() {
        let bytes = "one\n\nlonger than ten\n日本語日本語\x1b".as_bytes();
        let parts = Parts::whole(bytes.len());
        let raw = raw(&parts, bytes);
        let shown: Vec<_> = lines(raw, 10)
            .iter()
            .map(|line| String::from_utf8_lossy(raw.text(line)).into_owned())
            .collect();
        assert_eq!(
            shown,
            ["one", "", "longer tha", "n ten", "日本語日本", "語\x1b"]
        );
    }

    #[test]
    fn a_gap_is_a_line_of_its_own() {
        let gap = Gap {
            at: 3,
            len: 100,
            cause: GapCause::SnapLength,
        };
        let parts = Parts::of(106, &[gap]);
        let lines = lines(raw(&parts, b"abcdef"), 80);
        let ranges: Vec<_> = lines.iter().map(|line| line.range.clone()).collect();
        assert_eq!(ranges, [0..3, 3..103, 103..106]);
        assert_eq!(lines[1].gap, Some(GapCause::SnapLength));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn lines_cover_the_text_and_are_the_same_from_everywhere(
            text in proptest::collection::vec(
                prop_oneof![Just("\n"), Just("é"), Just("日本語"), Just("x"), Just("\u{1b}")], 0..2500,
            ),
            broken in any::<u8>(),
            width in 0_u16..90,
        ) {
            let mut bytes = text.concat().into_bytes();
            bytes.push(broken);
            let parts = Parts::whole(bytes.len());
            let raw = raw(&parts, &bytes);
            let all = lines(raw, width);
            let mut at = 0;
            for line in &all {
                prop_assert_eq!(line.range.start, at);
                prop_assert!(line.range.end > at);
                for offset in [line.range.start, line.range.end - 1] {
                    let found = raw.line_at(offset, width);
                    prop_assert_eq!(found.as_ref(), Some(line));
                }
                at = line.range.end;
            }
            prop_assert_eq!(at, bytes.len() as u64);
            for pair in all.windows(2) {
                let before = raw.step(&pair[1], false, width);
                prop_assert_eq!(before.as_ref(), Some(&pair[0]));
            }
        }
    }
}
