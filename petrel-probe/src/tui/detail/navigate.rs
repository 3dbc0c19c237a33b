//! Moving through tree and bytes.

use super::super::{commands::Motion, hex::Columns};
use super::{
    Detail, Drawn, Shape, Shown, Top,
    body::{Body, Content},
    raw::Raw,
    tree::{Folds, Tree},
};

use ratatui::layout::Size;

/// So many lines of JSON behind the cursor are found in advance: more than a screen shows.
const LINES_AHEAD: usize = 1000;
/// A count that was typed goes no further in raw text, whose lines are found one by one.
const RAW_STEPS_MAX: usize = 10_000;

/// A motion through lines, by their number: up and down by so many, or to a line.
#[derive(Clone, Copy, Debug)]
enum Step {
    By { lines: usize, is_forward: bool },
    To(usize),
    Last,
}

impl Step {
    /// None for a motion to the side.
    fn of(motion: Motion, count: Option<usize>, height: u16) -> Option<Self> {
        let times = count.unwrap_or(1);
        let height = usize::from(height).max(2);
        let by = |lines: usize, is_forward| {
            Some(Self::By {
                lines: lines.saturating_mul(times),
                is_forward,
            })
        };
        match motion {
            Motion::Up => by(1, false),
            Motion::Down => by(1, true),
            // A line stays in sight, so that one sees where one is.
            Motion::PageUp => by(height - 1, false),
            Motion::PageDown => by(height - 1, true),
            Motion::HalfPageUp => by(height / 2, false),
            Motion::HalfPageDown => by(height / 2, true),
            Motion::First => Some(Self::To(times.saturating_sub(1))),
            Motion::Last => Some(count.map_or(Self::Last, |line| Self::To(line.saturating_sub(1)))),
            Motion::Left | Motion::Right => None,
        }
    }

    /// The line to which it leads, wherever the last one is.
    const fn from(self, line: usize) -> usize {
        match self {
            Self::By {
                lines,
                is_forward: true,
            } => line.saturating_add(lines),
            Self::By { lines, .. } => line.saturating_sub(lines),
            Self::To(line) => line,
            Self::Last => usize::MAX,
        }
    }
}

/// The first line that is shown of so many, so that the selected one is in sight and `top` changes as
/// little as possible.
pub(super) fn top_for(top: u64, selected: u64, height: u16, lines: u64) -> u64 {
    let height = u64::from(height).max(1);
    let lowest = (selected + 1).saturating_sub(height);
    top.clamp(lowest, selected)
        .min(lines.saturating_sub(height).max(lowest))
}

/// As [`top_for`] for raw text: the place of the first line.
pub(super) fn raw_top(raw: Raw<'_>, top: u64, cursor: u64, size: Size) -> u64 {
    let Size { width, height } = size;
    let top = top.clamp(raw.from, raw.to.saturating_sub(1).max(raw.from));
    let top = raw.line_at(top, width).map_or(top, |line| line.range.start);
    let Some(mut line) = raw.line_at(cursor, width) else {
        return top;
    };
    if line.range.start <= top {
        return line.range.start;
    }
    for _ in 1..height {
        match raw.step(&line, false, width) {
            Some(before) if before.range.start > top => line = before,
            _ => return top,
        }
    }
    line.range.start
}

impl Detail {
    /// The shape in which bytes are shown: text where JSON was asked for and there is none.
    pub(super) const fn shape_of(&self, body: &Body) -> Shape {
        match (self.shape, &body.content) {
            (Shape::Pretty, Content::Json(_)) => Shape::Pretty,
            (Shape::Pretty, _) => Shape::Raw,
            (shape, _) => shape,
        }
    }

    pub(super) fn navigate_tree(&mut self, motion: Motion, count: Option<usize>) {
        let height = self.drawn.get().tree.height;
        let Some(shown) = &mut self.shown else {
            return;
        };
        let last = shown.tree.items().len().saturating_sub(1);
        if let Some(step) = Step::of(motion, count, height) {
            shown.selected = step.from(shown.selected).min(last);
            shown.follow_tree();
            return;
        }
        let is_folded = shown
            .tree
            .item(shown.selected)
            .and_then(|item| item.is_folded);
        match (motion, is_folded) {
            (Motion::Left, Some(false)) | (Motion::Right, Some(true)) => self.toggle(),
            (Motion::Left, _) => {
                if let Some(parent) = shown.tree.parent(shown.selected) {
                    shown.selected = parent;
                    shown.follow_tree();
                }
            }
            (_, Some(false)) => {
                shown.selected = (shown.selected + 1).min(last);
                shown.follow_tree();
            }
            _ => {}
        }
    }

    pub(super) fn navigate_bytes(&mut self, motion: Motion, count: Option<usize>) {
        let Drawn {
            bytes: size,
            is_ascii,
            ..
        } = self.drawn.get();
        let Some(shape) = self.shown_shape() else {
            return;
        };
        let Some(shown) = &mut self.shown else {
            return;
        };
        let step = Step::of(motion, count, size.height);
        let offset = match shape {
            Shape::Hex => shown.hex_offset(motion, count, step, Columns::for_width(size.width)),
            Shape::Pretty => step.and_then(|step| shown.json_offset(step)),
            Shape::Raw => step.and_then(|step| shown.raw_offset(step, size.width, is_ascii)),
        };
        if let Some(offset) = offset {
            shown.move_to(offset);
        }
    }

    /// Folds the selected item or unfolds it; of a line of a payload, the payload.
    pub(super) fn toggle(&mut self) {
        let Some(shown) = &self.shown else {
            return;
        };
        let mut folds = self.folds.clone();
        let kind_at = |place| shown.tree.item(place).map(|item| item.kind);
        let is_line = shown
            .tree
            .item(shown.selected)
            .is_some_and(|item| item.depth > 1);
        let selected = if is_line {
            shown.tree.parent(shown.selected)
        } else {
            Some(shown.selected)
        };
        if let Some(fold) = selected.and_then(kind_at).and_then(|kind| folds.of(kind)) {
            *fold = !*fold;
            self.fold(folds);
        }
    }

    pub(super) fn fold_all(&mut self, is_folded: bool) {
        self.fold(Folds::all(is_folded));
    }

    fn fold(&mut self, folds: Folds) {
        self.folds = folds;
        let Some(shown) = &mut self.shown else {
            return;
        };
        let before = std::mem::take(&mut shown.tree);
        shown.tree = Tree::of(&shown.exchange, &shown.bodies, &self.folds);
        // What was folded away is represented by what it is part of.
        let mut place = Some(shown.selected);
        while let Some(item) = place.and_then(|place| before.item(place)) {
            if let Some(selected) = shown.tree.find(item.kind) {
                shown.selected = selected;
                break;
            }
            place = place.and_then(|place| before.parent(place));
        }
        shown.follow_tree();
    }

    fn shown_shape(&self) -> Option<Shape> {
        let body = self.shown.as_ref()?.body()?;
        Some(self.shape_of(body))
    }

    /// Brings what is selected into sight, and finds the lines that are needed for it.
    pub(super) fn settle(&mut self) {
        let Drawn {
            tree,
            bytes,
            is_ascii,
        } = self.drawn.get();
        let Some(shape) = self.shown_shape() else {
            return;
        };
        let Some(shown) = &mut self.shown else {
            return;
        };
        let items = shown.tree.items().len() as u64;
        let top = top_for(
            shown.tree_top as u64,
            shown.selected as u64,
            tree.height,
            items,
        );
        shown.tree_top = usize::try_from(top).unwrap_or(0);
        shown.bytes_top = match shape {
            Shape::Hex => shown.hex_top(Columns::for_width(bytes.width), bytes.height),
            Shape::Pretty => {
                shown.find_json_lines(LINES_AHEAD);
                shown.json_top(bytes.height)
            }
            Shape::Raw => shown.text_top(bytes, is_ascii),
        };
    }
}

impl Shown {
    /// First row of the bytes in hexadecimal.
    pub(super) fn hex_top(&self, columns: Columns, height: u16) -> Top {
        let Some(body) = self.body() else {
            return Top::default();
        };
        let row = body.parts.row_of(self.cursor, columns);
        Top {
            row: top_for(self.bytes_top.row, row, height, body.parts.rows(columns)),
            ..self.bytes_top
        }
    }

    /// First line of JSON.
    pub(super) fn json_top(&self, height: u16) -> Top {
        let Some(Content::Json(layout)) = self.body().map(|body| &body.content) else {
            return Top::default();
        };
        let lines = layout.lines().len() as u64;
        let row = self.json_line().map_or(0, |line| {
            top_for(self.bytes_top.row, line as u64, height, lines)
        });
        Top {
            row,
            ..self.bytes_top
        }
    }

    /// First line of text.
    pub(super) fn text_top(&self, size: Size, is_ascii: bool) -> Top {
        let offset = self.raw(is_ascii).map_or(0, |raw| {
            raw_top(raw, self.bytes_top.offset, self.cursor, size)
        });
        Top {
            offset,
            ..self.bytes_top
        }
    }

    /// The payload as text.
    pub(super) fn raw(&self, is_ascii: bool) -> Option<Raw<'_>> {
        Some(self.body()?.raw(self.message(self.side)?, is_ascii))
    }

    /// The line of JSON in which the cursor is, if it is in the payload.
    pub(super) fn json_line(&self) -> Option<usize> {
        let body = self.body()?;
        let Content::Json(layout) = &body.content else {
            return None;
        };
        if !body.fields.payload.contains(&self.cursor) {
            return None;
        }
        let place = usize::try_from(self.cursor - body.fields.payload.start).ok()?;
        Some(layout.line_at(place))
    }

    /// Finds the lines of JSON up to the cursor and so many behind it, and says where the cursor is.
    fn find_json_lines(&mut self, ahead: usize) -> usize {
        let (cursor, side) = (self.cursor, self.side);
        let [request, response] = &mut self.bodies;
        let (message, body) = match side {
            crate::exchange::Side::Client => (self.exchange.request.as_ref(), request),
            crate::exchange::Side::Server => (self.exchange.response.as_ref(), response),
        };
        let (Some(message), Some(body)) = (message, body) else {
            return 0;
        };
        let Content::Json(layout) = &mut body.content else {
            return 0;
        };
        let range = &body.fields.payload;
        let place = if range.contains(&cursor) {
            usize::try_from(cursor - range.start).unwrap_or(0)
        } else {
            0
        };
        let line = layout.find_place(message.payload(), place);
        layout.find_lines(message.payload(), line.saturating_add(ahead));
        line
    }

    fn json_offset(&mut self, step: Step) -> Option<u64> {
        let line = self.find_json_lines(0);
        let to = step.from(line);
        self.find_json_lines(to.saturating_sub(line).saturating_add(1));
        let body = self.body()?;
        let Content::Json(layout) = &body.content else {
            return None;
        };
        let lines = layout.lines();
        let line = lines.get(to.min(lines.len().saturating_sub(1)))?;
        Some(body.fields.payload.start + line.range().start as u64)
    }

    fn raw_offset(&self, step: Step, width: u16, is_ascii: bool) -> Option<u64> {
        let raw = self.raw(is_ascii)?;
        let first = raw.line_at(raw.from, width)?;
        let here = raw
            .line_at(self.cursor, width)
            .unwrap_or_else(|| first.clone());
        let (mut line, steps, is_forward) = match step {
            Step::By { lines, is_forward } => (here, lines, is_forward),
            Step::To(lines) => (first, lines, true),
            Step::Last => return Some(raw.line_at(raw.to - 1, width)?.range.start),
        };
        for _ in 0..steps.min(RAW_STEPS_MAX) {
            match raw.step(&line, is_forward, width) {
                Some(next) => line = next,
                None => break,
            }
        }
        Some(line.range.start)
    }

    fn hex_offset(
        &self,
        motion: Motion,
        count: Option<usize>,
        step: Option<Step>,
        columns: Columns,
    ) -> Option<u64> {
        let parts = &self.body()?.parts;
        let count = count.unwrap_or(1) as u64;
        let Some(step) = step else {
            let here = parts.at(self.cursor)?;
            return Some(match motion {
                Motion::Left => self.cursor.saturating_sub(count),
                // A gap is one step wide.
                _ if here.is_gap() => here.range.end.saturating_add(count - count.min(1)),
                _ => self.cursor.saturating_add(count),
            });
        };
        if let Step::Last = step {
            return Some(parts.len().saturating_sub(1));
        }
        let here = usize::try_from(parts.row_of(self.cursor, columns)).ok()?;
        let last = parts.rows(columns).saturating_sub(1);
        let row = (step.from(here) as u64).min(last);
        let (_, range) = parts.row(row, columns)?;
        if let Step::To(_) = step {
            return Some(range.start);
        }
        let column = self.cursor % columns.bytes;
        let below = range.start / columns.bytes * columns.bytes + column;
        Some(below.clamp(range.start, range.end.saturating_sub(1)))
    }
}
