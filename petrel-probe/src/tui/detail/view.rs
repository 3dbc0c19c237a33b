//! Drawing tree and bytes.

use super::super::{
    hex::{self, Columns, Marks},
    paint::{Look, cut},
};
use super::{
    Detail, Drawn, Pane, Shape, Shown,
    body::Content,
    json::{self, Token},
    navigate::top_for,
    text::{drawable, printable},
    tree::{Item, Tone},
};
use crate::exchange::{Message, Side};
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Widget,
};
use unicode_width::UnicodeWidthStr;

/// From this width on tree and bytes stand beside each other: the bytes take 75 columns.
const ABREAST_COLUMNS: u16 = 130;
const BYTES_COLUMNS: u16 = 76;
/// From this height on they stand above each other; below it the one is seen that has the keys.
const STACKED_ROWS: u16 = 12;
/// Columns of a label, where there is room.
const LABEL_COLUMNS: usize = 17;

/// Draws it. `has_focus`: the keys go to it.
pub(crate) fn view(detail: &Detail, area: Rect, buf: &mut Buffer, look: Look, has_focus: bool) {
    if area.is_empty() {
        return;
    }
    let Some(shown) = &detail.shown else {
        Line::styled("no exchange is selected", look.quiet()).render(area, buf);
        return;
    };
    let (tree, bytes) = panes(area, detail.pane, rows_wanted(detail, shown, area));
    let focus_of = |pane| has_focus && detail.pane == pane;
    let mut drawn = detail.drawn.get();
    if let Some(area) = tree {
        let focus = focus_of(Pane::Tree);
        let area = headed(area, buf, "Exchange", focus, look);
        drawn.tree = area.as_size();
        draw_tree(shown, area, buf, look, focus);
    }
    if let Some(area) = bytes {
        let focus = focus_of(Pane::Bytes);
        let area = headed(area, buf, &bytes_title(detail, shown), focus, look);
        drawn.bytes = area.as_size();
        draw_bytes(detail, shown, area, buf, (look, focus));
    }
    detail.drawn.set(Drawn {
        is_ascii: look.is_ascii,
        ..drawn
    });
}

/// How many rows the bytes would fill. The longer message counts, so that nothing jumps when the other one
/// is looked at.
fn rows_wanted(detail: &Detail, shown: &Shown, area: Rect) -> u64 {
    if detail.shape != Shape::Hex {
        return u64::MAX;
    }
    let columns = Columns::for_width(area.width);
    let bodies = shown.bodies.iter().flatten();
    bodies
        .map(|body| body.parts.rows(columns))
        .max()
        .unwrap_or(0)
}

/// Where tree and bytes are drawn.
fn panes(area: Rect, pane: Pane, bytes_rows: u64) -> (Option<Rect>, Option<Rect>) {
    if area.width >= ABREAST_COLUMNS {
        let columns = [Constraint::Fill(1), Constraint::Length(BYTES_COLUMNS)];
        let [tree, bytes] = Layout::horizontal(columns).spacing(1).areas(area);
        return (Some(tree), Some(bytes));
    }
    if area.height >= STACKED_ROWS {
        let most = u64::from(area.height) * 2 / 5;
        // The title is a row, too.
        let bytes_rows = u16::try_from(bytes_rows.saturating_add(1).min(most)).unwrap_or(1);
        let rows = [Constraint::Fill(1), Constraint::Length(bytes_rows)];
        let [tree, bytes] = Layout::vertical(rows).areas(area);
        return (Some(tree), Some(bytes));
    }
    match pane {
        Pane::Tree => (Some(area), None),
        Pane::Bytes => (None, Some(area)),
    }
}

/// A title in a rule over the whole width, where there is room for it. What is left is the pane's.
fn headed(area: Rect, buf: &mut Buffer, title: &str, has_focus: bool, look: Look) -> Rect {
    if area.height < 3 {
        return area;
    }
    let rule = look.glyph("─", "-");
    let width = usize::from(area.width);
    let title = cut(title, width.saturating_sub(4), look);
    let rest = rule.repeat(width.saturating_sub(title.width() + 3));
    let style = if has_focus {
        look.strong()
    } else {
        look.quiet()
    };
    let spans = [
        Span::styled(format!("{rule} "), look.quiet()),
        Span::styled(title, style),
        Span::styled(format!(" {rest}"), look.quiet()),
    ];
    Line::from_iter(spans).render(area, buf);
    Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    }
}

fn bytes_title(detail: &Detail, shown: &Shown) -> String {
    let whose = match shown.side {
        Side::Client => "Request",
        Side::Server => "Response",
    };
    let Some(body) = shown.body() else {
        return whose.to_owned();
    };
    let cursor = shown.cursor;
    match detail.shape_of(body) {
        Shape::Hex => format!("{whose}: byte {cursor} of {}", body.parts.len()),
        Shape::Pretty => format!("{whose}: payload as JSON"),
        Shape::Raw if detail.shape == Shape::Pretty => {
            format!("{whose}: payload as text (it is no JSON)")
        }
        Shape::Raw => format!("{whose}: payload as text"),
    }
}

/// The rows of an area with their numbers.
fn rows(area: Rect) -> impl Iterator<Item = (u64, Rect)> {
    (0..u64::MAX).zip(area.rows())
}

fn draw_tree(shown: &Shown, area: Rect, buf: &mut Buffer, look: Look, has_focus: bool) {
    let items = shown.tree.items();
    let selected = shown.selected as u64;
    let top = top_for(
        shown.tree_top as u64,
        selected,
        area.height,
        items.len() as u64,
    );
    for (number, row) in rows(area) {
        let place = usize::try_from(top + number).unwrap_or(usize::MAX);
        let Some(item) = items.get(place) else {
            return;
        };
        let is_selected = place == shown.selected;
        item_line(item, is_selected, area.width, look).render(row, buf);
        if is_selected {
            buf.set_style(row, look.selected(has_focus));
        }
    }
}

fn item_line(item: &Item, is_selected: bool, width: u16, look: Look) -> Line<'static> {
    let pointer = if is_selected { look.pointer() } else { " " };
    let fold = match item.is_folded {
        Some(true) => look.glyph("▸", "+"),
        Some(false) => look.glyph("▾", "-"),
        None => " ",
    };
    let indent = "  ".repeat(item.depth.into());
    let lead = format!("{pointer}{indent}{fold} ");
    let label = match item.label {
        "" => String::new(),
        // Values stand below each other, however deep.
        label if width >= 40 => {
            let columns = LABEL_COLUMNS.saturating_sub(2 * usize::from(item.depth));
            format!("{label:<columns$}")
        }
        label => format!("{label} "),
    };
    let used = lead.width() + label.width();
    let value = cut(
        &drawable(&item.value, look),
        usize::from(width).saturating_sub(used),
        look,
    );
    let label_style = match item.tone {
        Tone::Heading => look.strong(),
        _ => look.quiet(),
    };
    Line::from(vec![
        Span::raw(lead),
        Span::styled(label, label_style),
        Span::styled(value, tone_style(item.tone, look)),
    ])
}

const fn tone_style(tone: Tone, look: Look) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Heading => look.strong(),
        Tone::Name => look.name(),
        Tone::Good => look.good(),
        Tone::Doubtful => look.doubtful(),
        Tone::Wrong => look.wrong(),
        Tone::Quiet => look.quiet(),
    }
}

fn draw_bytes(
    detail: &Detail,
    shown: &Shown,
    area: Rect,
    buf: &mut Buffer,
    (look, has_focus): (Look, bool),
) {
    let (Some(body), Some(message)) = (shown.body(), shown.message(shown.side)) else {
        Line::styled("there is no such message", look.quiet()).render(area, buf);
        return;
    };
    let shape = detail.shape_of(body);
    let is_empty = body.fields.payload.is_empty();
    if is_empty && shape != Shape::Hex {
        Line::styled("the payload is empty", look.quiet()).render(area, buf);
        return;
    }
    match shape {
        Shape::Hex => draw_hex(shown, message, area, buf, (look, has_focus)),
        Shape::Pretty => draw_json(shown, message, area, buf, (look, has_focus)),
        Shape::Raw => draw_raw(shown, area, buf, (look, has_focus)),
    }
}

fn draw_hex(
    shown: &Shown,
    message: &Message,
    area: Rect,
    buf: &mut Buffer,
    (look, has_focus): (Look, bool),
) {
    let Some(body) = shown.body() else {
        return;
    };
    let columns = Columns::for_width(area.width);
    let top = shown.hex_top(columns, area.height).row;
    let marks = Marks {
        linked: shown.linked.clone(),
        cursor: Some(shown.cursor),
        has_focus,
    };
    for (number, row) in rows(area) {
        let line = hex::line(
            &body.parts,
            &message.bytes,
            top + number,
            columns,
            &marks,
            look,
        );
        let Some(line) = line else {
            return;
        };
        line.render(row, buf);
    }
}

fn draw_json(
    shown: &Shown,
    message: &Message,
    area: Rect,
    buf: &mut Buffer,
    (look, has_focus): (Look, bool),
) {
    let Some(Content::Json(layout)) = shown.body().map(|body| &body.content) else {
        return;
    };
    let payload = message.payload();
    let (top, selected) = (shown.json_top(area.height).row, shown.json_line());
    for (number, row) in rows(area) {
        let place = usize::try_from(top + number).unwrap_or(usize::MAX);
        let Some(line) = layout.lines().get(place) else {
            return;
        };
        let bytes = payload.get(line.range()).unwrap_or_default();
        json_line(bytes, line.depth, area.width, look).render(row, buf);
        if selected == Some(place) {
            buf.set_style(row, look.selected(has_focus));
        }
    }
}

fn json_line(bytes: &[u8], depth: u16, width: u16, look: Look) -> Line<'static> {
    let width = usize::from(width);
    // Nobody sees more; a character has four bytes at most.
    let seen = bytes.get(..width.saturating_mul(4)).unwrap_or(bytes);
    let mut spans = vec![Span::raw("  ".repeat(depth.into()))];
    let mut used = spans.iter().map(Span::width).sum::<usize>();
    for (token, range) in json::tokens(seen) {
        let part = seen.get(range).unwrap_or_default();
        let text = match (token, part) {
            (Token::Mark, b":") => ": ".to_owned(),
            _ => printable(part),
        };
        let text = cut(&drawable(&text, look), width.saturating_sub(used), look);
        used += text.width();
        let style = match token {
            Token::Key => look.name(),
            Token::Text => look.good(),
            Token::Value => look.doubtful(),
            Token::Mark => Style::new(),
        };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

fn draw_raw(shown: &Shown, area: Rect, buf: &mut Buffer, (look, has_focus): (Look, bool)) {
    let Some(raw) = shown.raw(look.is_ascii) else {
        return;
    };
    let top = shown.text_top(area.as_size(), look.is_ascii).offset;
    let mut line = raw.line_at(top, area.width);
    for (_, row) in rows(area) {
        let Some(found) = line else {
            return;
        };
        let drawn = match found.gap {
            Some(cause) => {
                let len = found.range.end - found.range.start;
                let why = cause.describe();
                let text = format!("{} {len} bytes missing: {why}", look.ellipsis());
                Line::styled(text, look.doubtful())
            }
            None => Line::raw(drawable(&printable(raw.text(&found)), look).into_owned()),
        };
        drawn.render(row, buf);
        if found.range.contains(&shown.cursor) {
            buf.set_style(row, look.selected(has_focus));
        }
        line = raw.step(&found, true, area.width);
    }
}
