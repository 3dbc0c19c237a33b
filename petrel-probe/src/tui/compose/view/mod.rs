//! How the composer is drawn: the request beside the answer, above it, or one of the two.

mod answer;
mod form;
mod payload;

use super::{
    super::paint::{Look, cut, rule},
    fields::Field,
    state::Compose,
};
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::Widget,
};
use unicode_width::UnicodeWidthStr;

/// From here on the answer is drawn beside the request.
const ABREAST_COLUMNS: u16 = 100;

/// From here on it is drawn below.
const STACKED_ROWS: u16 = 16;

/// Where the parts are drawn. Those that are not have no size.
#[derive(Clone, Copy, Debug, Default)]
struct Panes {
    form: Rect,
    answer: Rect,
    answers: Rect,
}

/// Draws it.
pub(crate) fn view(compose: &Compose, area: Rect, buf: &mut Buffer, look: Look) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let panes = panes(compose, area);
    if panes.form.right() < panes.answer.x {
        let between = Rect {
            x: panes.form.right(),
            width: 1,
            ..area
        };
        rule(between, buf, look);
    }
    if !panes.answer.is_empty() {
        answer::view(compose, panes.answer, buf, look);
    }
    if !panes.answers.is_empty() {
        answer::view_list(compose, panes.answers, buf, look);
    }
    // What could be completed lies over the other panes.
    if !panes.form.is_empty() {
        form::view(compose, panes.form, area, buf, look);
    }
}

fn panes(compose: &Compose, area: Rect) -> Panes {
    if area.width >= ABREAST_COLUMNS {
        let columns = [Constraint::Percentage(45), Constraint::Fill(1)];
        let [form, right] = Layout::horizontal(columns).spacing(1).areas(area);
        return Panes {
            form,
            ..divided(compose, right)
        };
    }
    if area.height >= STACKED_ROWS {
        let rows = [Constraint::Length(area.height / 2), Constraint::Fill(1)];
        let [form, below] = Layout::vertical(rows).areas(area);
        return Panes {
            form,
            ..divided(compose, below)
        };
    }
    match compose.field {
        Field::Answer => Panes {
            answer: area,
            ..Panes::default()
        },
        Field::Answers => Panes {
            answers: area,
            ..Panes::default()
        },
        _ => Panes {
            form: area,
            ..Panes::default()
        },
    }
}

/// The answer, and below it the list of answers if there is room for it, or it has the keys.
fn divided(compose: &Compose, area: Rect) -> Panes {
    let count = u16::try_from(compose.answers.len()).unwrap_or(u16::MAX);
    let height = if count > 1 && area.height >= 12 {
        (count + 1).min(area.height / 3)
    } else if compose.field == Field::Answers {
        (count + 1).min(area.height / 2)
    } else {
        0
    };
    let [answer, answers] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(height)]).areas(area);
    Panes {
        answer,
        answers,
        ..Panes::default()
    }
}

/// A title in a rule. What is left is the pane's.
fn headed(area: Rect, buf: &mut Buffer, title: &str, has_focus: bool, look: Look) -> Rect {
    let line = look.glyph("─", "-");
    let width = usize::from(area.width);
    let title = cut(title, width.saturating_sub(4), look);
    let rest = line.repeat(width.saturating_sub(title.width() + 3));
    let style = if has_focus {
        look.strong()
    } else {
        look.quiet()
    };
    Line::from_iter([
        Span::styled(format!("{line} "), look.quiet()),
        Span::styled(title, style),
        Span::styled(format!(" {rest}"), look.quiet()),
    ])
    .render(Rect { height: 1, ..area }, buf);
    Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    }
}
