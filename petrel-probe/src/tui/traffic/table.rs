//! The table of exchanges: only what is on the screen is looked at.

use super::{
    super::{
        OWN_CONNECTIONS,
        paint::{Look, cut, fill_style},
    },
    Focus, Traffic,
    layout::heading_rows,
};
use crate::{exchange::MacState, index::RowView};
use petrel::wire::Status;
use ratatui::{
    buffer::Buffer,
    layout::{Alignment, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Widget,
};
use std::time::Duration;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Number,
    Time,
    Connection,
    Sequence,
    Name,
    Status,
    Length,
    Rtt,
    Mac,
    Flags,
}

/// In the order in which columns go when there is no room for them: the last first. The name takes what
/// is left.
const BY_IMPORTANCE: [Column; 10] = [
    Column::Name,
    Column::Status,
    Column::Flags,
    Column::Rtt,
    Column::Mac,
    Column::Number,
    Column::Time,
    Column::Connection,
    Column::Sequence,
    Column::Length,
];

/// In the order in which they stand.
const IN_ORDER: [Column; 10] = [
    Column::Number,
    Column::Time,
    Column::Connection,
    Column::Sequence,
    Column::Name,
    Column::Status,
    Column::Length,
    Column::Rtt,
    Column::Mac,
    Column::Flags,
];

/// A name narrower than this says little.
const NAME_COLUMNS: u16 = 9;
/// Names wider than this leave their room to other columns.
const NAME_COLUMNS_GOOD: u16 = 16;

impl Column {
    const fn title(self) -> &'static str {
        match self {
            Self::Number => "#",
            Self::Time => "time",
            Self::Connection => "conn",
            Self::Sequence => "seq",
            Self::Name => "name",
            Self::Status => "stat",
            Self::Length => "len",
            Self::Rtt => "rtt",
            Self::Mac => "mac",
            Self::Flags => "",
        }
    }

    /// How wide it is; `rows` is how many there may be.
    fn width(self, rows: u32) -> u16 {
        match self {
            Self::Number => u16::try_from(rows.max(100).ilog10() + 1).unwrap_or(10),
            Self::Time => 10,
            Self::Connection => 4,
            Self::Sequence | Self::Status => 5,
            Self::Name => NAME_COLUMNS,
            Self::Length => 6,
            Self::Rtt => 7,
            Self::Mac => 5,
            Self::Flags => 2,
        }
    }

    const fn is_left(self) -> bool {
        matches!(self, Self::Name | Self::Mac | Self::Flags)
    }
}

/// The columns that fit, in their order, with their widths.
fn columns(width: u16, rows: u32) -> Vec<(Column, u16)> {
    // The pointer takes one.
    let mut left = width.saturating_sub(1);
    let mut taken = Vec::new();
    for column in BY_IMPORTANCE {
        // Once the most important ones are there, the name takes precedence over the others.
        let wanted = column.width(rows) + 1;
        let spare = if taken.len() > 3 {
            NAME_COLUMNS_GOOD - NAME_COLUMNS
        } else {
            0
        };
        if wanted + spare <= left || taken.is_empty() {
            left = left.saturating_sub(wanted);
            taken.push(column);
        }
    }
    let width_of = |column: Column| {
        let spare = if column == Column::Name { left } else { 0 };
        (column, column.width(rows) + spare)
    };
    let in_order = IN_ORDER.into_iter().filter(|column| taken.contains(column));
    in_order.map(width_of).collect()
}

impl Traffic {
    /// Draws the table.
    pub(super) fn draw_table(&self, area: Rect, buf: &mut Buffer, look: Look) {
        if area.is_empty() {
            return;
        }
        let columns = columns(area.width, self.index.len());
        let heading_rows = heading_rows(area);
        if heading_rows > 0 {
            let heading = Rect { height: 1, ..area };
            let mut x = area.x + 1;
            for (column, width) in &columns {
                cell(
                    heading,
                    buf,
                    x,
                    *width,
                    column.title(),
                    look.quiet(),
                    *column,
                    look,
                );
                x = x.saturating_add(width + 1);
            }
        }
        let first_row = area.y + heading_rows;
        let current = self.current();
        for (y, at) in (first_row..area.bottom()).zip(self.top..) {
            let Some(row) = self.row_at(at) else { break };
            let line = Rect {
                y,
                height: 1,
                ..area
            };
            self.draw_row(line, buf, look, row, &columns);
            if current == Some(row) {
                if !self.marks.contains(&row) {
                    buf.set_string(line.x, y, look.pointer(), look.strong());
                }
                fill_style(line, buf, look.selected(self.focus == Focus::Table));
            }
        }
        if self.len() == 0 {
            self.draw_nothing(area, buf, look);
        }
    }

    fn draw_row(
        &self,
        line: Rect,
        buf: &mut Buffer,
        look: Look,
        row: u32,
        columns: &[(Column, u16)],
    ) {
        let Some(view) = self.index.row(row) else {
            return;
        };
        let mut x = line.x + 1;
        for (column, width) in columns {
            let (text, style) = self.content(*column, row, &view, look);
            cell(line, buf, x, *width, &text, style, *column, look);
            x = x.saturating_add(width + 1);
        }
        if self.marks.contains(&row) {
            buf.set_string(line.x, line.y, look.glyph("●", "*"), look.doubtful());
        }
    }

    fn content(&self, column: Column, row: u32, view: &RowView<'_>, look: Look) -> (String, Style) {
        let plain = Style::new();
        match column {
            Column::Number => (u64::from(row).saturating_add(1).to_string(), look.quiet()),
            Column::Time => {
                let first_ns = self.index.row(0).map_or(0, |first| first.time_ns);
                (since(view.time_ns, first_ns), plain)
            }
            Column::Connection => (connection(view.connection), plain),
            Column::Sequence => (view.sequence.to_string(), plain),
            Column::Name => (look.text(view.name), look.name()),
            Column::Status => match view.status {
                Some(status) => (status.0.to_string(), status_style(status, look)),
                None => ("-".to_owned(), look.doubtful()),
            },
            Column::Length => {
                let len = view.response_len.or(view.request_len).unwrap_or(0);
                (short_len(len), plain)
            }
            Column::Rtt => (
                view.rtt.map_or_else(|| "-".to_owned(), short_duration),
                plain,
            ),
            Column::Mac => mac(view, look),
            Column::Flags => flags(view, look),
        }
    }

    fn draw_nothing(&self, area: Rect, buf: &mut Buffer, look: Look) {
        let text = if self.filtering.expression().is_some() {
            if self.filtering.under_way(&self.index).is_some() {
                "no match so far"
            } else {
                "nothing fulfils the filter: / changes it"
            }
        } else if self.source.totals.is_some() {
            "no exchanges of Petrel in this capture"
        } else if self.source.failure.is_some() {
            "nothing could be read"
        } else {
            "nothing yet"
        };
        let y = area.y + heading_rows(area);
        let text = cut(text, area.width.saturating_sub(2).into(), look);
        buf.set_string(area.x.saturating_add(1), y, text, look.quiet());
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "a cell is a place, a text and how it looks"
)]
fn cell(
    line: Rect,
    buf: &mut Buffer,
    x: u16,
    width: u16,
    text: &str,
    style: Style,
    column: Column,
    look: Look,
) {
    let area = Rect { x, width, ..line }.intersection(line);
    let alignment = if column.is_left() {
        Alignment::Left
    } else {
        Alignment::Right
    };
    Line::from(Span::styled(cut(text, area.width.into(), look), style))
        .alignment(alignment)
        .render(area, buf);
}

/// How a status is drawn: what went wrong stands out.
pub(super) fn status_style(status: Status, look: Look) -> Style {
    match status.0 {
        200 => look.good(),
        400..=599 => look.wrong(),
        _ => look.doubtful(),
    }
}

/// The number of a connection; behind a plus that of one's own beside a capture.
fn connection(number: u32) -> String {
    match number.checked_sub(OWN_CONNECTIONS) {
        Some(own) => format!("+{own}"),
        None => number.to_string(),
    }
}

/// The worse of the two MACs, in a word: what is wrong must not hide behind what is not.
fn mac(view: &RowView<'_>, look: Look) -> (String, Style) {
    let rank = |state: &MacState| match state {
        MacState::Bad => 4,
        MacState::Unchecked => 3,
        MacState::NoKey => 2,
        MacState::Ok(_) => 1,
        _ => 0,
    };
    let macs = [view.request_mac, view.response_mac];
    let Some(worst) = macs.into_iter().flatten().max_by_key(|state| rank(state)) else {
        return ("-".to_owned(), look.quiet());
    };
    match worst {
        MacState::Bad => ("bad".to_owned(), look.wrong()),
        MacState::Unchecked => ("part".to_owned(), look.doubtful()),
        MacState::NoKey => ("nokey".to_owned(), look.doubtful()),
        MacState::Ok(_) => ("ok".to_owned(), look.good()),
        _ => ("-".to_owned(), look.quiet()),
    }
}

/// `!` bytes or messages are missing, `i` there is something to say.
fn flags(view: &RowView<'_>, look: Look) -> (String, Style) {
    let missing = if view.has_gaps || !view.is_complete {
        "!"
    } else {
        ""
    };
    let notes = if view.has_notes { "i" } else { "" };
    let style = if missing.is_empty() {
        look.doubtful()
    } else {
        look.wrong()
    };
    (format!("{missing}{notes}"), style)
}

/// Seconds since the first exchange, which a later packet may precede.
fn since(time_ns: u64, first_ns: u64) -> String {
    let (sign, delta) = match time_ns.checked_sub(first_ns) {
        Some(delta) => ("", delta),
        None => ("-", first_ns - time_ns),
    };
    let (seconds, micros) = (delta / 1_000_000_000, delta % 1_000_000_000 / 1_000);
    match seconds {
        0..1_000 => format!("{sign}{seconds}.{micros:06}"),
        1_000..100_000 => format!("{sign}{seconds}.{:03}", micros / 1_000),
        _ => format!("{sign}{seconds}"),
    }
}

/// A duration in at most seven characters: `812µs`, `67.8ms`, `12.3s`.
pub(super) fn short_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let tenths = |value: u128, unit: u128| format!("{}.{}", value / unit, value % unit * 10 / unit);
    match nanos {
        0..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}us", nanos / 1_000),
        1_000_000..1_000_000_000 => format!("{}ms", tenths(nanos, 1_000_000)),
        1_000_000_000..1_000_000_000_000 => format!("{}s", tenths(nanos, 1_000_000_000)),
        _ => format!("{}s", nanos / 1_000_000_000),
    }
}

/// A length in at most six characters: `123456`, `1234K`, `4096M`.
fn short_len(len: u32) -> String {
    match len {
        0..1_000_000 => len.to_string(),
        1_000_000..1_000_000_000 => format!("{}K", len >> 10),
        _ => format!("{}M", len >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_most_is_shown_on_any_width() {
        let names = |width| -> Vec<Column> {
            columns(width, 1_000)
                .into_iter()
                .map(|(column, _)| column)
                .collect()
        };
        assert_eq!(names(0), [Column::Name]);
        assert_eq!(names(20), [Column::Name, Column::Status, Column::Flags]);
        assert_eq!(names(90), IN_ORDER);
        for width in 12..200 {
            let columns = columns(width, 1_000_000);
            let sum: u16 = columns.iter().map(|(_, width)| width + 1).sum();
            assert!(sum < width, "{width}: {columns:?}");
        }
    }

    #[test]
    fn numbers_fit_their_columns() {
        for (nanos, text) in [
            (0, "0ns"),
            (999, "999ns"),
            (812_999, "812us"),
            (67_890_000, "67.8ms"),
            (999_999_999, "999.9ms"),
            (12_345_000_000, "12.3s"),
            (u64::MAX, "18446744073s"),
        ] {
            assert_eq!(short_duration(Duration::from_nanos(nanos)), text);
        }
        assert_eq!(short_len(u32::MAX), "4095M");
        assert_eq!(short_len(4 << 20), "4096K");
        assert_eq!(since(1_500_000_000, 250_000), "1.499750");
        assert_eq!(since(0, 1_000_000), "-0.001000");
        assert_eq!(since(5_000_000_000_000, 0), "5000.000");
    }
}
