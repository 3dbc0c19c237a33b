//! Bytes in hexadecimal, row by row: a row is made when it is drawn, however many there are.

use super::paint::Look;
use crate::exchange::{Gap, GapCause};
use ratatui::{
    style::{Modifier, Style},
    text::{Line, Span},
};
use std::ops::Range;

/// Bytes, and where some of them are missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts(Vec<Part>);

/// Bytes that lie together, or that are missing.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Where it lies, gaps included.
    pub(crate) range: Range<u64>,
    /// What it is.
    pub(crate) kind: PartKind,
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartKind {
    /// Bytes that are there, from this place among those that are.
    Bytes(usize),
    /// Bytes that are missing.
    Gap(GapCause),
}

/// What is to be seen among the bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    /// The bytes that belong to what is selected.
    pub(crate) linked: Range<u64>,
    /// The byte under the cursor.
    pub(crate) cursor: Option<u64>,
    /// Whether the cursor has the keys.
    pub(crate) has_focus: bool,
}

/// How a row is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    /// Bytes in a row.
    pub(crate) bytes: u64,
    /// Whether they are shown as characters too.
    has_text: bool,
}

const OFFSET_DIGITS: usize = 6;

impl Columns {
    /// For a width in columns.
    pub(crate) const fn for_width(width: u16) -> Self {
        // The offset, for each byte two digits and a space, twice a space between, the characters.
        let (bytes, has_text) = match width {
            75.. => (16, true),
            42..75 => (8, true),
            31..42 => (8, false),
            19..31 => (4, false),
            0..19 => (2, false),
        };
        Self { bytes, has_text }
    }
}

impl Parts {
    /// Bytes of which none is missing.
    pub(crate) fn whole(len: usize) -> Self {
        Self::of(len as u64, &[])
    }

    /// So many bytes, those in the gaps included.
    pub(crate) fn of(len: u64, gaps: &[Gap]) -> Self {
        let mut parts = Vec::new();
        let (mut at, mut taken) = (0, 0);
        let end = Gap {
            at: len,
            len: 0,
            cause: GapCause::CaptureEnded,
        };
        for gap in gaps.iter().chain([&end]) {
            let bytes = gap.at.saturating_sub(at);
            if bytes > 0 {
                parts.push(Part {
                    range: at..gap.at,
                    kind: PartKind::Bytes(usize::try_from(taken).unwrap_or(usize::MAX)),
                });
            }
            let behind = gap.at.saturating_add(gap.len);
            if gap.len > 0 {
                parts.push(Part {
                    range: gap.at..behind,
                    kind: PartKind::Gap(gap.cause),
                });
            }
            taken += bytes;
            at = behind;
        }
        Self(parts)
    }

    /// Where the last byte ends.
    pub(crate) fn len(&self) -> u64 {
        self.0.last().map_or(0, |part| part.range.end)
    }

    /// The part in which an offset lies.
    pub(crate) fn at(&self, offset: u64) -> Option<&Part> {
        let place = self.0.partition_point(|part| part.range.end <= offset);
        self.0
            .get(place)
            .filter(|part| part.range.contains(&offset))
    }

    /// The offset, or the beginning of the gap in which it lies, or the last byte.
    pub(crate) fn settle(&self, offset: u64) -> u64 {
        let offset = offset.min(self.len().saturating_sub(1));
        match self.at(offset) {
            Some(part) if part.is_gap() => part.range.start,
            _ => offset,
        }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self, columns: Columns) -> u64 {
        self.0.iter().map(|part| part.rows(columns)).sum()
    }

    /// The row in which an offset lies; the last one behind the end.
    pub(crate) fn row_of(&self, offset: u64, columns: Columns) -> u64 {
        let mut row = 0;
        for part in &self.0 {
            if offset < part.range.end {
                return row + part.row_of(offset.max(part.range.start), columns);
            }
            row += part.rows(columns);
        }
        row.saturating_sub(1)
    }

    /// What a row shows: its part, and the offsets that are on it.
    pub(crate) fn row(&self, row: u64, columns: Columns) -> Option<(&Part, Range<u64>)> {
        let mut first = 0;
        for part in &self.0 {
            let rows = part.rows(columns);
            if row < first + rows {
                return Some((part, part.row(row - first, columns)));
            }
            first += rows;
        }
        None
    }
}

impl Part {
    /// Whether its bytes are missing.
    pub(crate) const fn is_gap(&self) -> bool {
        matches!(self.kind, PartKind::Gap(_))
    }

    const fn rows(&self, columns: Columns) -> u64 {
        if self.is_gap() {
            return 1;
        }
        // Rows begin at multiples of their length, save that the first one begins where the part does.
        self.range.end.div_ceil(columns.bytes) - self.range.start / columns.bytes
    }

    const fn row_of(&self, offset: u64, columns: Columns) -> u64 {
        if self.is_gap() {
            return 0;
        }
        offset / columns.bytes - self.range.start / columns.bytes
    }

    fn row(&self, row: u64, columns: Columns) -> Range<u64> {
        if self.is_gap() {
            return self.range.clone();
        }
        let from = (self.range.start / columns.bytes + row) * columns.bytes;
        let to = (from + columns.bytes).min(self.range.end);
        from.max(self.range.start)..to
    }

    /// The bytes of a range of it, out of all those that are there.
    pub(crate) fn bytes<'a>(&self, range: &Range<u64>, all: &'a [u8]) -> &'a [u8] {
        let PartKind::Bytes(first) = self.kind else {
            return &[];
        };
        let place = |offset: u64| {
            let within = offset.clamp(self.range.start, self.range.end) - self.range.start;
            first.saturating_add(usize::try_from(within).unwrap_or(usize::MAX))
        };
        all.get(place(range.start)..place(range.end))
            .unwrap_or_default()
    }
}

/// A row: offset, bytes and characters, or what is missing. None behind the last one.
pub(crate) fn line(
    parts: &Parts,
    bytes: &[u8],
    row: u64,
    columns: Columns,
    marks: &Marks,
    look: Look,
) -> Option<Line<'static>> {
    let (part, range) = parts.row(row, columns)?;
    if let PartKind::Gap(cause) = part.kind {
        return Some(gap_line(part, cause, marks, look));
    }
    let first = range.start / columns.bytes * columns.bytes;
    let shown = part.bytes(&range, bytes);
    let mut spans = vec![Span::styled(
        format!("{first:0OFFSET_DIGITS$x} "),
        look.quiet(),
    )];
    let mut text = vec![Span::raw("  ")];
    for offset in first..first + columns.bytes {
        let byte = offset
            .checked_sub(range.start)
            .and_then(|place| shown.get(usize::try_from(place).ok()?));
        let style = marks.style(offset, byte.is_some(), look);
        let middle = offset % 8 == 0 && offset != first;
        // What is linked is one area, the spaces between its bytes included.
        let is_joined = byte.is_some()
            && offset != first
            && marks.linked.contains(&offset)
            && marks.linked.contains(&(offset - 1));
        let between = if is_joined {
            look.linked()
        } else {
            Style::new()
        };
        spans.push(Span::styled(if middle { "  " } else { " " }, between));
        spans.push(Span::styled(
            byte.map_or_else(|| "  ".to_owned(), |byte| format!("{byte:02x}")),
            style,
        ));
        text.push(Span::styled(
            byte.map_or_else(|| " ".to_owned(), |byte| character(*byte).to_string()),
            style,
        ));
    }
    if columns.has_text {
        spans.append(&mut text);
    }
    Some(Line::from(spans))
}

fn gap_line(part: &Part, cause: GapCause, marks: &Marks, look: Look) -> Line<'static> {
    let len = part.range.end - part.range.start;
    let text = format!(
        "{:0OFFSET_DIGITS$x}  {} {len} bytes missing: {}",
        part.range.start,
        look.ellipsis(),
        cause.describe()
    );
    let style = if marks.cursor == Some(part.range.start) {
        look.doubtful().patch(look.selected(marks.has_focus))
    } else if marks.linked.start < part.range.end && part.range.start < marks.linked.end {
        look.linked()
    } else {
        look.doubtful()
    };
    Line::styled(text, style)
}

impl Marks {
    fn style(&self, offset: u64, is_there: bool, look: Look) -> Style {
        let is_linked = self.linked.contains(&offset);
        match self.cursor {
            _ if !is_there => Style::new(),
            // Where what is linked is reversed for want of colours, the cursor stands out by not being so.
            Some(cursor) if cursor == offset && self.has_focus && is_linked && !look.is_colored => {
                Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
            }
            Some(cursor) if cursor == offset && self.has_focus => look.selected(true),
            _ if is_linked => look.linked(),
            _ => Style::new(),
        }
    }
}

/// The character of a byte, a point where it has none that could be shown.
const fn character(byte: u8) -> char {
    match byte {
        b' '..=b'~' => byte as char,
        _ => '.',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look {
        is_colored: true,
        is_ascii: false,
    };

    fn text(parts: &Parts, bytes: &[u8], width: u16) -> Vec<String> {
        let columns = Columns::for_width(width);
        (0..parts.rows(columns) + 1)
            .filter_map(|row| line(parts, bytes, row, columns, &Marks::default(), LOOK))
            .map(|line| line.to_string())
            .collect()
    }

    fn with_gaps() -> (Parts, Vec<u8>) {
        let gap = |at, len| Gap {
            at,
            len,
            cause: GapCause::Lost,
        };
        let gaps = [gap(5, 10), gap(20, 3)];
        (Parts::of(23, &gaps), (b'a'..b'a' + 10).collect())
    }

    #[test]
    fn a_row_shows_offset_bytes_and_characters() {
        let bytes: Vec<u8> = (0x3a..0x3a + 20).collect();
        let rows = text(&Parts::whole(20), &bytes, 80);
        assert_eq!(
            rows[0],
            "000000  3a 3b 3c 3d 3e 3f 40 41  42 43 44 45 46 47 48 49  :;<=>?@ABCDEFGHI"
        );
        assert_eq!(
            rows[1].trim_end(),
            "000010  4a 4b 4c 4d                                       JKLM"
        );
        assert_eq!(rows.len(), 2);
        for (width, bytes_in_row) in [(80, 16), (50, 8), (35, 8), (20, 4), (0, 2)] {
            let columns = Columns::for_width(width);
            assert_eq!(columns.bytes, bytes_in_row);
            let widest = text(&Parts::whole(20), &bytes, width);
            let fits = widest
                .iter()
                .all(|row| row.len() <= usize::from(width.max(13)));
            assert!(fits, "{widest:?}");
        }
    }

    #[test]
    fn a_gap_is_a_row_and_bytes_keep_their_offsets() {
        let (parts, bytes) = with_gaps();
        let rows = text(&parts, &bytes, 50);
        assert_eq!(rows[0].trim_end(), "000000  61 62 63 64 65           abcde");
        assert_eq!(
            rows[1],
            "000005  … 10 bytes missing: the receiver had them, the capture lost them"
        );
        assert_eq!(
            rows[2].trim_end(),
            "000008                       66         f"
        );
        assert_eq!(rows[3].trim_end(), "000010  67 68 69 6a              ghij");
        assert!(rows[4].starts_with("000014  … 3 bytes"));
        assert_eq!(rows.len(), 5);
    }

    #[test]
    fn every_offset_is_on_its_row() {
        let (parts, _) = with_gaps();
        for width in [0, 20, 50, 80] {
            let columns = Columns::for_width(width);
            for offset in 0..23 {
                let row = parts.row_of(offset, columns);
                assert!(parts.row(row, columns).unwrap().1.contains(&offset));
            }
            assert_eq!(parts.row_of(99, columns), parts.rows(columns) - 1);
            assert!(parts.row(parts.rows(columns), columns).is_none());
        }
        assert_eq!(parts.settle(7), 5);
        assert_eq!(parts.settle(99), 20);
        assert_eq!(Parts::default().settle(3), 0);
    }

    #[test]
    fn cursor_and_link_show_with_colours_and_without() {
        let parts = Parts::whole(4);
        let marks = Marks {
            linked: 1..3,
            cursor: Some(1),
            has_focus: true,
        };
        for is_colored in [true, false] {
            let look = Look { is_colored, ..LOOK };
            let columns = Columns::for_width(50);
            let line = line(&parts, b"abcd", 0, columns, &marks, look).unwrap();
            let style = |text: &str| {
                let mut spans = line.iter();
                spans.find(|span| span.content == text).unwrap().style
            };
            let styles = [style("61"), style("62"), style("63")];
            assert!(styles[0] != styles[1] && styles[1] != styles[2] && styles[0] != styles[2]);
        }
    }
}
