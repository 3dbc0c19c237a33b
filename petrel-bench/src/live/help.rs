//! The keys, over everything else.

use super::{
    keys::BINDINGS,
    paint::{Palette, flow, rows},
};
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Rect},
    text::{Line, Span},
    widgets::{Block, BorderType, Clear, Padding, Paragraph, Widget},
};

/// Columns of the keys' names.
const SHOWN_WIDTH: usize = 8;

/// Draws the table of keys in the middle; on a small screen without its frame, or in fewer words.
pub(super) fn draw(area: Rect, buf: &mut Buffer, palette: Palette) {
    let lines: Vec<Line<'static>> = BINDINGS
        .iter()
        .map(|binding| {
            Line::from(vec![
                Span::styled(format!("{:SHOWN_WIDTH$}", binding.shown), palette.strong()),
                Span::raw(binding.help),
            ])
        })
        .collect();
    let width = lines.iter().map(Line::width).max().unwrap_or(0);
    let width = u16::try_from(width).unwrap_or(u16::MAX / 2);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX / 2);
    let table = Paragraph::new(lines);
    if area.width < width || area.height < height {
        Clear.render(area, buf);
        rows(area, buf, in_short(area, palette));
        return;
    }
    if area.width < width + 4 || area.height < height + 2 {
        Clear.render(area, buf);
        table.render(area, buf);
        return;
    }
    let area = area.centered(
        Constraint::Length(width + 4),
        Constraint::Length(height + 2),
    );
    Clear.render(area, buf);
    let frame = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(palette.quiet())
        .padding(Padding::horizontal(1))
        .title(Span::styled(" keys ", palette.strong()));
    table.block(frame).render(area, buf);
}

fn in_short(area: Rect, palette: Palette) -> Vec<Line<'static>> {
    let things = BINDINGS.iter().map(|binding| {
        let (key, word) = binding.short;
        Line::from(vec![
            Span::styled(format!("{key} "), palette.strong()),
            Span::raw(word),
        ])
    });
    flow(things.collect(), area.width, area.height)
}
