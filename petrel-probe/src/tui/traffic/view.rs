//! The Traffic screen drawn.

use super::{
    super::{
        detail, input,
        paint::{Look, cut, rule},
    },
    Focus, Traffic,
    prompt::{Check, Prompt},
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Widget,
};

/// Draws table and detail.
pub(in super::super) fn view(traffic: &Traffic, area: Rect, buf: &mut Buffer, look: Look) {
    let panes = traffic.panes(area);
    if let Some(table) = panes.table {
        traffic.draw_table(table, buf, look);
    }
    if let Some(between) = panes.rule {
        rule(between, buf, look);
    }
    if let Some(area) = panes.detail {
        detail::view(
            &traffic.detail,
            area,
            buf,
            look,
            traffic.focus == Focus::Detail,
        );
    }
}

/// Draws what is being typed, or the filter that is.
pub(in super::super) fn view_prompt(traffic: &Traffic, area: Rect, buf: &mut Buffer, look: Look) {
    if area.is_empty() {
        return;
    }
    match &traffic.prompt {
        Some(prompt) => draw_prompt(prompt, area, buf, look),
        None => {
            let line = match traffic.filtering.expression() {
                Some(expression) => Line::from(vec![
                    Span::styled("filter ", look.quiet()),
                    Span::styled(petrel_cli::output::one_line(expression), look.strong()),
                ]),
                None => Line::styled("filter none", look.quiet()),
            };
            line.render(area, buf);
        }
    }
}

fn draw_prompt(prompt: &Prompt, area: Rect, buf: &mut Buffer, look: Look) {
    let label = prompt.label();
    let (verdict, style) = verdict(&prompt.check, look);
    let label_width = u16::try_from(label.len() + 1).unwrap_or(area.width);
    // A message may take half of the line, a word or two always their place.
    let room = area.width.saturating_sub(label_width);
    let verdict = cut(&verdict, usize::from(room / 2).max(9), look);
    let verdict = Line::styled(verdict, style);
    let verdict_width = u16::try_from(verdict.width()).unwrap_or(room).min(room);
    let typed = Rect {
        x: area.x + label_width.min(area.width),
        width: room.saturating_sub(verdict_width + 1),
        ..area
    };
    Line::styled(label, look.strong()).render(area, buf);
    input::view(&prompt.input, typed, buf, look, true);
    let place = Rect {
        x: area.right().saturating_sub(verdict_width),
        width: verdict_width,
        ..area
    };
    verdict.render(place, buf);
}

fn verdict(check: &Check, look: Look) -> (String, Style) {
    match check {
        Check::Empty(meaning) => ((*meaning).to_owned(), look.quiet()),
        Check::Valid => (format!("{} Enter", look.glyph("✓", "ok")), look.good()),
        Check::Invalid(wrong) => (format!("{} {wrong}", look.glyph("✗", "!")), look.wrong()),
    }
}
