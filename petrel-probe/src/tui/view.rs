//! The whole picture: a function of the model and the size.

use super::{
    commands::named,
    compose, help,
    model::{Model, Overlay, Screen},
    paint::{Look, cut, flow},
    palette, replay, traffic,
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::Widget,
};
use unicode_width::UnicodeWidthStr;

/// On less than this there is nothing to be seen.
const COLUMNS_MIN: u16 = 20;
const ROWS_MIN: u16 = 5;
/// From here on the filter has a line of its own.
const FULL_ROWS: u16 = 12;
/// From here on the keys have one.
const HINTS_ROWS: u16 = 8;

/// The lines around a screen. Those that are not shown have no height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chrome {
    title: Rect,
    filter: Rect,
    /// What the screen itself has.
    pub(super) body: Rect,
    status: Rect,
    hints: Rect,
}

/// Where the lines are.
pub(super) fn chrome(model: &Model, area: Rect) -> Chrome {
    let has_filter = model.screen == Screen::Traffic && area.height >= FULL_ROWS;
    let has_status = model.screen == Screen::Traffic;
    let has_hints = area.height >= HINTS_ROWS || !has_status;
    let mut y = area.y;
    let mut next = |height: u16| {
        let taken = Rect { y, height, ..area }.intersection(area);
        y = y.saturating_add(height);
        taken
    };
    let around = 1 + [has_filter, has_status, has_hints]
        .map(u16::from)
        .iter()
        .sum::<u16>();
    Chrome {
        title: next(1),
        filter: next(has_filter.into()),
        body: next(area.height.saturating_sub(around)),
        status: next(has_status.into()),
        hints: next(has_hints.into()),
    }
}

/// Draws everything.
pub(super) fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    let look = model.look;
    if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
        let text = cut("too small: 20x5", area.width.into(), look);
        Line::raw(text).render(area, buf);
        return;
    }
    let chrome = chrome(model, area);
    title(model, chrome.title, buf);
    match model.screen {
        Screen::Traffic => {
            traffic::view(&model.traffic, chrome.body, buf, look);
            let below = Rect {
                height: 1,
                ..chrome.body
            };
            traffic::view_prompt(&model.traffic, chrome.filter, below, buf, look);
        }
        Screen::Compose => compose::view(&model.compose, chrome.body, buf, look),
    }
    foot(model, &chrome, buf);
    match &model.overlay {
        Some(Overlay::Help(help)) => help::view(help, area, buf, look),
        Some(Overlay::Palette(palette)) => palette::view(palette, area, buf, look),
        Some(Overlay::Replay(replay)) => replay::view(replay, area, buf, look),
        None => {}
    }
}

/// The source, and the screens that there are.
fn title(model: &Model, area: Rect, buf: &mut Buffer) {
    let look = model.look;
    let is_narrow = area.width < 40;
    let tab = |number: &str, name, screen| {
        let style = if model.screen == screen {
            look.selected(true)
        } else {
            look.quiet()
        };
        Span::styled(format!(" {number}{name} "), style)
    };
    let mut tabs = Line::from(vec![
        tab(
            if is_narrow { "" } else { "F2 " },
            "Traffic",
            Screen::Traffic,
        ),
        tab(
            if is_narrow { "" } else { "F3 " },
            "Compose",
            Screen::Compose,
        ),
    ]);
    if area.width < 60 {
        // The other one is in the help.
        let shown = usize::from(model.screen == Screen::Compose);
        tabs = Line::from(tabs.spans.swap_remove(shown));
    }
    let room = usize::from(area.width).saturating_sub(tabs.width() + 1);
    let mut name = Vec::new();
    let word = "petrel-probe  ";
    let mut source = model.traffic.source_name();
    if source.width() + word.len() > room {
        // Of a path its end tells more.
        source = source.rsplit('/').next().unwrap_or(source);
    }
    if room > word.len() + source.len().min(20) {
        name.push(Span::styled(word, look.quiet()));
    }
    let left: usize = name.iter().map(Span::width).sum();
    name.push(Span::styled(
        cut(source, room - left.min(room), look),
        look.strong(),
    ));
    Line::from(name).render(area, buf);
    tabs.right_aligned().render(area, buf);
}

/// What stands below: a notice before anything else.
fn foot(model: &Model, chrome: &Chrome, buf: &mut Buffer) {
    let look = model.look;
    if model.screen == Screen::Traffic {
        let is_cramped = chrome.filter.is_empty();
        if is_cramped && model.traffic.is_prompting_or_filtered() {
            let above = Rect {
                y: chrome.body.bottom().saturating_sub(1),
                height: chrome.body.height.min(1),
                ..chrome.body
            };
            traffic::view_prompt(&model.traffic, chrome.status, above, buf, look);
        } else {
            let things = traffic::status(&model.traffic, look);
            flow(things, chrome.status.width).render(chrome.status, buf);
        }
    }
    let lowest = if chrome.hints.is_empty() {
        chrome.status
    } else {
        chrome.hints
    };
    let line = match (&model.notice, model.count) {
        (Some(notice), _) => {
            let style = if notice.is_wrong {
                look.wrong()
            } else {
                look.strong()
            };
            let text = cut(&notice.text, lowest.width.into(), look);
            Line::styled(
                format!("{text:width$}", width = usize::from(lowest.width)),
                style,
            )
        }
        (None, Some(count)) if !chrome.hints.is_empty() => {
            Line::styled(format!("{count}…"), look.strong())
        }
        _ => {
            hints(model, chrome.hints.width).render(chrome.hints, buf);
            return;
        }
    };
    line.render(lowest, buf);
}

/// The keys that are wanted most, as many as fit.
fn hints(model: &Model, width: u16) -> Line<'static> {
    let names: &[&str] = match model.screen {
        Screen::Traffic if model.traffic.is_typing() => {
            let keys = [
                ("Enter", "apply"),
                ("Tab", "complete"),
                ("Up", "earlier"),
                ("Esc", "drop"),
            ];
            let keys = keys.map(|(key, word)| hint_line(key, word, model.look));
            return flow(keys, width);
        }
        Screen::Traffic if model.traffic.is_in_detail() => &[
            "back",
            "next-pane",
            "zoom",
            "counterpart",
            "copy",
            "help",
            "quit",
        ],
        Screen::Traffic => &[
            "help", "filter", "open", "search", "mark", "follow", "replay", "compose", "palette",
            "quit",
        ],
        Screen::Compose => &[
            "send",
            "next-pane",
            "payload-form",
            "turn",
            "help",
            "traffic",
            "copy-command",
            "palette",
            "quit",
        ],
    };
    // Keys that are text now are none.
    let is_typing = model.screen == Screen::Compose && model.compose.is_typing();
    let hint = |name: &&str| {
        let command = named(name)?;
        let key = command
            .keys
            .iter()
            .find(|key| !(is_typing && key.is_text()))?;
        Some(hint_line(&key.shown(), command.name, model.look))
    };
    flow(names.iter().filter_map(hint), width)
}

fn hint_line(key: &str, word: &'static str, look: Look) -> Line<'static> {
    Line::from(vec![
        Span::styled(key.to_owned(), look.strong()),
        Span::styled(format!(" {word}"), look.quiet()),
    ])
}
