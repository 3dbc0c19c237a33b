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
    widgets::{Clear, Widget},
};
use unicode_width::UnicodeWidthStr;

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

/// Draws what is being typed, or the filter that is. What is wrong with it is pointed at on the line
/// below, if there is one.
pub(in super::super) fn view_prompt(
    traffic: &Traffic,
    area: Rect,
    below: Option<Rect>,
    buf: &mut Buffer,
    look: Look,
) {
    if area.is_empty() {
        return;
    }
    match (&traffic.prompt, traffic.filtering.expression()) {
        (Some(prompt), _) => draw_prompt(prompt, area, below, buf, look),
        (None, Some(expression)) => {
            let room = usize::from(area.width).saturating_sub(7);
            let expression = cut(&look.text(expression.as_bytes()), room, look);
            Line::from(vec![
                Span::styled("filter ", look.quiet()),
                Span::styled(expression, look.strong()),
            ])
            .render(area, buf);
        }
        (None, None) => Line::styled("filter none", look.quiet()).render(area, buf),
    }
}

fn draw_prompt(prompt: &Prompt, area: Rect, below: Option<Rect>, buf: &mut Buffer, look: Look) {
    Clear.render(area, buf);
    let label = prompt.label();
    let label_width = u16::try_from(label.len() + 1).unwrap_or(area.width);
    let room = area.width.saturating_sub(label_width);
    let (verdict, style) = verdict(&prompt.check, below.is_some(), look);
    // A message may take half of the line, a word or two always their place.
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
    if let Some(below) = below {
        draw_advice(prompt, typed, below, buf, look);
    }
}

/// Points at what is wrong, or shows what there is to choose from.
fn draw_advice(prompt: &Prompt, typed: Rect, below: Rect, buf: &mut Buffer, look: Look) {
    let (before, text) = match &prompt.check {
        Check::Invalid(wrong) => {
            let before = prompt
                .input
                .text()
                .chars()
                .take(wrong.column.saturating_sub(1));
            let before: String = before.collect();
            (before.width(), format!("^ {}", wrong.advice))
        }
        Check::Choices(choices) => (0, choices.clone()),
        Check::Empty(_) | Check::Valid => return,
    };
    // A message that does not fit behind its place stands at the end of the line.
    let room = usize::from(below.right().saturating_sub(typed.x));
    let before = before.min(room.saturating_sub(text.width()));
    let x = typed.x + u16::try_from(before).unwrap_or(0);
    Clear.render(below, buf);
    let text = cut(
        &look.text(text.as_bytes()),
        usize::from(below.right().saturating_sub(x)),
        look,
    );
    let style = match &prompt.check {
        Check::Invalid(_) => look.wrong(),
        _ => look.quiet(),
    };
    let place = Rect {
        x,
        width: below.right().saturating_sub(x),
        height: 1,
        ..below
    };
    Line::styled(text, style).render(place, buf);
}

/// What is said beside the text; in short, if there is a line for the rest.
fn verdict(check: &Check, is_short: bool, look: Look) -> (String, Style) {
    match check {
        Check::Empty(meaning) => ((*meaning).to_owned(), look.quiet()),
        Check::Valid => (format!("{} valid", look.glyph("✓", "+")), look.good()),
        Check::Choices(choices) if is_short || choices.is_empty() => (String::new(), look.quiet()),
        Check::Choices(choices) => (choices.clone(), look.quiet()),
        Check::Invalid(_) if is_short => (
            look.glyph("✗ invalid", "! invalid").to_owned(),
            look.wrong(),
        ),
        Check::Invalid(wrong) => {
            let cross = look.glyph("✗", "!");
            (
                format!("{cross} {}: {}", wrong.column, wrong.advice),
                look.wrong(),
            )
        }
    }
}
