//! The answer, and the list of answers.

use super::{
    super::{
        super::paint::{Look, cut, fill_style, flow},
        answers::Answer,
        fields::Field,
        pager::draw,
        state::{Compose, Shown},
    },
    headed,
};
use crate::{
    exchange::MacState,
    report::text::{byte_count, duration, mac_text},
};
use petrel::wire::{Level, Status};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Widget,
};

/// Draws the answer that is looked at.
pub(super) fn view(compose: &Compose, area: Rect, buf: &mut Buffer, look: Look) {
    let below = below_title(area);
    view_body(compose, below, buf, look);
    // Only now it is known how much of it is seen.
    if below != area {
        let has_focus = compose.field == Field::Answer;
        headed(area, buf, &title(compose), has_focus, look);
    }
}

/// What is left below a title, where there is room for one.
const fn below_title(area: Rect) -> Rect {
    if area.height < 5 {
        return area;
    }
    Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    }
}

fn view_body(compose: &Compose, mut area: Rect, buf: &mut Buffer, look: Look) {
    let mut next_row = || {
        let row = Rect {
            height: area.height.min(1),
            ..area
        };
        area.y += row.height;
        area.height -= row.height;
        row
    };
    if compose.shown == Shown::Command {
        return compose.pager.view(area, buf, look);
    }
    let Some(answer) = compose.answers.selected() else {
        let words = "no answer yet: Ctrl-S sends the request";
        draw(words, area, buf, look, look.quiet());
        return;
    };
    // Before the status, which may be that of an answer to something else.
    if let Some(failure) = &answer.failure {
        let row = next_row();
        draw(failure, row, buf, look, look.wrong());
    }
    let row = next_row();
    flow(summary(answer, look), row.width).render(row, buf);
    if let Some(note) = answer.exchange.notes.first() {
        let row = next_row();
        draw(&note.to_string(), row, buf, look, look.doubtful());
    }
    if answer.payload().is_empty() && compose.shown == Shown::Answer {
        if answer.status().is_some() {
            draw("the payload is empty", area, buf, look, look.quiet());
        }
        return;
    }
    compose.pager.view(area, buf, look);
}

fn title(compose: &Compose) -> String {
    let Some(answer) = compose.answers.selected() else {
        let is_command = compose.shown == Shown::Command;
        return if is_command { "Command" } else { "Answer" }.to_owned();
    };
    let mut title = match compose.shown {
        Shown::Command => "Command".to_owned(),
        Shown::Answer => format!("Answer #{}  {}", answer.number, compose.form.as_str()),
        Shown::Difference => {
            let earlier = compose.answers.other().map_or(0, |earlier| earlier.number);
            let form = compose.form.as_str();
            format!("Answer #{} against #{earlier}  {form}", answer.number)
        }
    };
    if let Some((at, of)) = compose.pager.position() {
        title.push_str(&format!("  {at}/{of}"));
    }
    title
}

/// Status, time, MAC and length, the most important ones first.
fn summary(answer: &Answer, look: Look) -> Vec<Line<'static>> {
    let mut things = Vec::new();
    match answer.status() {
        Some(status) => {
            things.push(Line::styled(status.to_string(), status_style(status, look)));
        }
        None => things.push(Line::styled("no answer", look.wrong())),
    }
    if let Some(rtt) = answer.exchange.rtt() {
        things.push(Line::raw(shown_duration(rtt, look)));
    }
    if let Some(response) = &answer.exchange.response {
        if let Some(text) = mac_text(&response.mac) {
            let style = match response.mac {
                MacState::Ok(_) => look.good(),
                MacState::Bad => look.wrong(),
                _ => look.doubtful(),
            };
            things.push(Line::styled(look.text(text.as_bytes()), style));
        }
        things.push(Line::raw(byte_count(response.payload().len() as u64)));
    }
    things.push(Line::styled(look.text(answer.exchange.name()), look.name()));
    things
}

fn shown_duration(time: std::time::Duration, look: Look) -> String {
    let text = duration(time);
    if look.is_ascii {
        text.replace('µ', "u")
    } else {
        text
    }
}

fn status_style(status: Status, look: Look) -> Style {
    match status.level() {
        _ if !status.is_reserved() => look.doubtful(),
        Level::Error => look.wrong(),
        Level::Warn => look.doubtful(),
        Level::Info | Level::Debug => look.good(),
    }
}

/// The answer in a few words, for where there is no room for it.
pub(super) fn brief(answer: &Answer, look: Look) -> (String, Style) {
    let number = answer.number;
    match (&answer.failure, answer.status()) {
        (Some(failure), _) => (format!("#{number} {failure}"), look.wrong()),
        (None, Some(status)) => {
            let rtt = answer.exchange.rtt().map(|rtt| shown_duration(rtt, look));
            let rtt = rtt.unwrap_or_default();
            (
                format!("#{number} {status}  {rtt}"),
                status_style(status, look),
            )
        }
        (None, None) => (format!("#{number} no answer"), look.wrong()),
    }
}

/// Draws the list of answers, the latest one on top.
pub(super) fn view_list(compose: &Compose, area: Rect, buf: &mut Buffer, look: Look) {
    let has_focus = compose.field == Field::Answers;
    let count = compose.answers.len();
    let mut area = area;
    if area.height >= 3 {
        area = headed(area, buf, &format!("Answers {count}"), has_focus, look);
    }
    let height = usize::from(area.height);
    let from_top = count
        .saturating_sub(1)
        .saturating_sub(compose.answers.position().unwrap_or(0));
    // The selected one is kept in the middle, where there is room on both sides.
    let first = from_top
        .saturating_sub(height / 2)
        .min(count.saturating_sub(height));
    let selected = compose.answers.selected().map(|answer| answer.number);
    for (row, answer) in area.rows().zip(compose.answers.iter().rev().skip(first)) {
        let is_selected = selected == Some(answer.number);
        let is_base = compose.answers.base() == Some(answer.number);
        list_line(answer, is_selected, is_base, row.width, look).render(row, buf);
        if is_selected {
            fill_style(row, buf, look.selected(has_focus));
        }
    }
}

fn list_line(
    answer: &Answer,
    is_selected: bool,
    is_base: bool,
    width: u16,
    look: Look,
) -> Line<'static> {
    const AROUND: usize = 36;
    let status = answer.status();
    let rtt = answer.exchange.rtt().map(|rtt| shown_duration(rtt, look));
    let len = status.map(|_| byte_count(answer.payload().len() as u64));
    let name_width = usize::from(width).saturating_sub(AROUND).clamp(4, 30);
    let name = cut(&look.text(answer.exchange.name()), name_width, look);
    let padding = name_width.saturating_sub(unicode_width::UnicodeWidthStr::width(name.as_str()));
    Line::from(vec![
        Span::raw(if is_selected { look.pointer() } else { " " }),
        Span::styled(format!("{:>4} ", answer.number), look.quiet()),
        Span::styled(name, look.name()),
        Span::raw(" ".repeat(padding)),
        match status {
            Some(status) => Span::styled(format!(" {:>5}", status.0), status_style(status, look)),
            None => Span::styled("  none", look.wrong()),
        },
        Span::raw(format!(" {:>8}", rtt.unwrap_or_default())),
        Span::raw(format!(" {:>8}", len.unwrap_or_default())),
        Span::styled(if is_base { " base" } else { "" }, look.strong()),
    ])
}
