//! The Traffic screen drawn.

use super::{
    super::{
        detail, input,
        paint::{Look, cut, rule},
    },
    Focus, Traffic,
    prompt::{Check, Prompt},
};
use petrel_cli::output::one_line;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Clear, Widget},
};
use unicode_width::UnicodeWidthStr;

/// On less than this there is room for signs only.
const NARROW_COLUMNS: u16 = 40;

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
/// `below`, which may be above.
pub(in super::super) fn view_prompt(
    traffic: &Traffic,
    area: Rect,
    below: Rect,
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
            let expression = cut(&look.text_line(&one_line(expression)), room, look);
            Line::from(vec![
                Span::styled("filter ", look.quiet()),
                Span::styled(expression, look.strong()),
            ])
            .render(area, buf);
        }
        (None, None) => {
            Line::styled("filter none", look.quiet()).render(area, buf);
        }
    }
}

fn draw_prompt(prompt: &Prompt, area: Rect, below: Rect, buf: &mut Buffer, look: Look) {
    Clear.render(area, buf);
    let is_narrow = area.width < NARROW_COLUMNS;
    let label = if is_narrow { "/" } else { prompt.label() };
    let label_width = u16::try_from(label.len() + 1).unwrap_or(area.width);
    let room = area.width.saturating_sub(label_width);
    let (verdict, style) = verdict(&prompt.check, is_narrow, look);
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
    if prompt.completion.is_empty() {
        draw_advice(prompt, typed, below, buf, look);
    } else {
        prompt.completion.view(typed, buf.area, buf, look);
    }
}

/// Points at what is wrong.
fn draw_advice(prompt: &Prompt, typed: Rect, below: Rect, buf: &mut Buffer, look: Look) {
    let Check::Invalid(wrong) = &prompt.check else {
        return;
    };
    let typed_before = prompt
        .input
        .text()
        .chars()
        .take(wrong.column.saturating_sub(1));
    let before = typed_before.collect::<String>().width();
    let text = look.text_line(&format!("^ {}", wrong.advice));
    // A message that does not fit behind its place stands at the end of the line.
    let room = usize::from(below.right().saturating_sub(typed.x));
    let before = before.min(room.saturating_sub(text.width()));
    let x = typed.x + u16::try_from(before).unwrap_or(0);
    let place = Rect {
        x,
        width: below.right().saturating_sub(x),
        height: 1,
        ..below
    };
    Clear.render(below, buf);
    Line::styled(cut(&text, place.width.into(), look), look.wrong()).render(place, buf);
}

/// What is said beside the text, which may be no more than a sign.
fn verdict(check: &Check, is_short: bool, look: Look) -> (String, Style) {
    let (sign, word, style) = match check {
        Check::Empty(meaning) => ("", *meaning, look.quiet()),
        Check::Valid => (look.glyph("✓", "+"), "valid", look.good()),
        Check::Invalid(_) => (look.glyph("✗", "!"), "invalid", look.wrong()),
    };
    if is_short || sign.is_empty() {
        let text = if sign.is_empty() && !is_short {
            word
        } else {
            sign
        };
        return (text.to_owned(), style);
    }
    (format!("{sign} {word}"), style)
}
