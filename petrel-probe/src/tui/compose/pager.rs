//! A text that is longer than its pane, line by line or in hexadecimal.
//!
//! Lines are broken where they are drawn, and only those that are seen: an answer of 4 MiB on a single
//! line scrolls like any other.

use super::super::{commands::Motion, hex, input::cluster, paint::Look};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};
use std::{cell::Cell, sync::Arc};

/// What can be looked at.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// Lines of text, unescaped.
    Lines(Vec<Line>),
    /// Bytes in hexadecimal.
    Hex(Arc<[u8]>),
}

/// A line, and how it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// How a line is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// Only this one has it, and the other had not.
    Added,
    /// Only the other one had it.
    Removed,
    /// It speaks about the lines.
    Remark,
}

/// A body, and which part of it is seen.
#[derive(Debug, Default)]
pub(super) struct Pager {
    body: Body,
    top: Place,
    /// How it was drawn last: what a page is, and where lines are broken.
    seen: Cell<Seen>,
}

/// Where a row begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    /// Index of the line; in hexadecimal offset of the byte.
    line: usize,
    /// Byte offset in the line.
    within: usize,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    width: u16,
    height: u16,
    is_ascii: bool,
}

impl Default for Body {
    fn default() -> Self {
        Self::Lines(Vec::new())
    }
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            width: 80,
            height: 20,
            is_ascii: false,
        }
    }
}

impl Line {
    pub(super) fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

impl Pager {
    /// Looks at something else, from its beginning.
    pub(super) fn show(&mut self, body: Body) {
        self.body = body;
        self.top = Place::default();
    }

    /// Moves; `count` as often, or to the line of that number.
    pub(super) fn navigate(&mut self, motion: Motion, count: Option<usize>) {
        let page = usize::from(self.seen.get().height.max(1));
        let times = count.unwrap_or(1);
        match motion {
            Motion::Up => self.step(false, times),
            Motion::Down => self.step(true, times),
            Motion::PageUp => self.step(false, times.saturating_mul(page)),
            Motion::PageDown => self.step(true, times.saturating_mul(page)),
            Motion::HalfPageUp => self.step(false, times.saturating_mul(page.div_ceil(2))),
            Motion::HalfPageDown => self.step(true, times.saturating_mul(page.div_ceil(2))),
            Motion::First | Motion::Last => self.jump(motion == Motion::Last, count),
            Motion::Left | Motion::Right => {}
        }
    }

    /// Which line is on top, and of how many; in hexadecimal rows. None if all of it is seen, as far as
    /// lines are not broken.
    pub(super) fn position(&self) -> Option<(usize, usize)> {
        let (at, of) = match &self.body {
            Body::Lines(lines) => (self.top.line, lines.len()),
            Body::Hex(bytes) => {
                let columns = self.hex_columns();
                (self.top.line / columns, bytes.len().div_ceil(columns))
            }
        };
        let is_at_top = self.top == Place::default();
        let is_all = is_at_top && of <= usize::from(self.seen.get().height);
        (!is_all).then_some((at + 1, of))
    }

    /// Draws it.
    pub(super) fn view(&self, area: Rect, buf: &mut Buffer, look: Look) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        self.seen.set(Seen {
            width: area.width,
            height: area.height,
            is_ascii: look.is_ascii,
        });
        match &self.body {
            Body::Lines(lines) => self.view_lines(lines, area, buf, look),
            Body::Hex(bytes) => self.view_hex(bytes, area, buf, look),
        }
    }

    fn view_lines(&self, lines: &[Line], area: Rect, buf: &mut Buffer, look: Look) {
        let mut place = self.top;
        for row in area.rows() {
            let Some(line) = lines.get(place.line) else {
                return;
            };
            let end = row_end(&line.text, place.within, self.seen.get());
            let text = line.text.get(place.within..end).unwrap_or_default();
            draw(text, row, buf, look, style_of(line.tone, look));
            place = if end < line.text.len() {
                Place {
                    within: end,
                    ..place
                }
            } else {
                Place {
                    line: place.line + 1,
                    within: 0,
                }
            };
        }
    }

    fn view_hex(&self, bytes: &[u8], area: Rect, buf: &mut Buffer, look: Look) {
        let columns = hex::Columns::for_width(area.width);
        let parts = hex::Parts::whole(bytes.len());
        let first = parts.row_of(self.top.line as u64, columns);
        for (row, number) in area.rows().zip(first..) {
            let marks = hex::Marks::default();
            if let Some(line) = hex::line(&parts, bytes, number, columns, &marks, look) {
                line.render(row, buf);
            }
        }
    }

    fn hex_columns(&self) -> usize {
        let bytes = hex::Columns::for_width(self.seen.get().width).bytes;
        usize::try_from(bytes).unwrap_or(16)
    }

    fn step(&mut self, is_forward: bool, times: usize) {
        if !is_forward {
            self.top = self.before(self.top, times);
            return;
        }
        for _ in 0..times {
            let Some(place) = self.next(self.top) else {
                return;
            };
            self.top = place;
        }
    }

    fn jump(&mut self, to_last: bool, count: Option<usize>) {
        let line = count.map(|number| number.saturating_sub(1));
        self.top = match &self.body {
            Body::Hex(bytes) => {
                let columns = self.hex_columns();
                let last = bytes.len().saturating_sub(1) / columns;
                let row = line.unwrap_or(if to_last { last } else { 0 }).min(last);
                Place {
                    line: row * columns,
                    within: 0,
                }
            }
            Body::Lines(lines) => {
                let last = lines.len().saturating_sub(1);
                Place {
                    line: line.unwrap_or(if to_last { last } else { 0 }).min(last),
                    within: 0,
                }
            }
        };
        if to_last && count.is_none() {
            // To the last row of the last line, and back so far that the page is full.
            while let Some(place) = self.next(self.top) {
                self.top = place;
            }
            self.step(false, usize::from(self.seen.get().height).saturating_sub(1));
        }
    }

    /// Where the row behind one begins.
    fn next(&self, place: Place) -> Option<Place> {
        match &self.body {
            Body::Hex(bytes) => {
                let next = place.line + self.hex_columns();
                (next < bytes.len()).then_some(Place {
                    line: next,
                    within: 0,
                })
            }
            Body::Lines(lines) => {
                let text = &lines.get(place.line)?.text;
                let end = row_end(text, place.within, self.seen.get());
                if end < text.len() {
                    return Some(Place {
                        within: end,
                        ..place
                    });
                }
                let line = place.line + 1;
                (line < lines.len()).then_some(Place { line, within: 0 })
            }
        }
    }

    /// Where the row begins that lies so many rows before one; the first one, if there are not as many.
    fn before(&self, place: Place, rows: usize) -> Place {
        let lines = match &self.body {
            Body::Lines(lines) => lines,
            Body::Hex(_) => {
                let columns = self.hex_columns();
                let row = (place.line / columns).saturating_sub(rows);
                return Place {
                    line: row * columns,
                    within: 0,
                };
            }
        };
        let (mut place, mut rows) = (place, rows);
        while rows > 0 {
            if place.within == 0 {
                let Some(line) = place.line.checked_sub(1) else {
                    break;
                };
                // Its end: the row before that is its last one.
                let within = lines.get(line).map_or(0, |line| line.text.len());
                place = Place { line, within };
                if within == 0 {
                    rows -= 1;
                    continue;
                }
            }
            let text = lines.get(place.line).map_or("", |line| &line.text);
            // Rows are found from the beginning of their line only, so all of them at once.
            let starts = self.row_starts(text, place.within);
            let steps = rows.min(starts.len());
            place.within = starts
                .get(starts.len() - steps)
                .copied()
                .unwrap_or_default();
            rows -= steps;
        }
        place
    }

    /// Where the rows of a text begin that begin before an offset.
    fn row_starts(&self, text: &str, until: usize) -> Vec<usize> {
        let mut starts = Vec::new();
        let mut at = 0;
        while at < until.min(text.len()) {
            starts.push(at);
            at = row_end(text, at, self.seen.get());
        }
        starts
    }
}

fn style_of(tone: Tone, look: Look) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Added => look.good(),
        Tone::Removed => look.wrong(),
        Tone::Remark => look.quiet(),
    }
}

/// Where the row ends that begins at an offset of a text: at least one character later.
fn row_end(text: &str, from: usize, seen: Seen) -> usize {
    let mut column = 0;
    let mut at = from;
    while at < text.len() {
        let end = cluster::behind(text, at);
        let (_, width) = cluster::drawn(text.get(at..end).unwrap_or_default(), seen.is_ascii);
        column += width;
        if column > usize::from(seen.width) && at > from {
            break;
        }
        at = end;
    }
    at
}

/// Draws text on one row, escaped, as much as there is room for.
pub(super) fn draw(text: &str, area: Rect, buf: &mut Buffer, look: Look, style: Style) -> u16 {
    let area = area.intersection(buf.area);
    let mut x = area.x;
    for (_, text) in cluster::all(text) {
        if x >= area.right() {
            break;
        }
        let (shown, _) = cluster::drawn(text, look.is_ascii);
        (x, _) = buf.set_stringn(x, area.y, &shown, usize::from(area.right() - x), style);
    }
    x
}
