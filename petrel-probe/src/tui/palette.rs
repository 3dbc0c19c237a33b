//! Commands by their names.

use super::{
    commands::{Action, Command, Scope, available},
    input::{self, Input},
    paint::{Look, cut, fill_style, window},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::Widget,
};

/// Lines of the list.
const LINES: u16 = 12;
/// Columns of the names.
const NAME_COLUMNS: usize = 18;

/// A name that is being typed, and the commands that it may become.
#[derive(Debug)]
pub(crate) struct Palette {
    scopes: Vec<Scope>,
    input: Input,
    selected: usize,
}

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// A command.
    Command(Action),
    /// A line of the list, from 1.
    Line(usize),
    /// Nothing of that name.
    Unknown,
}

impl Palette {
    /// The commands that can be given here.
    pub(super) fn new(scopes: &[Scope]) -> Self {
        Self {
            scopes: scopes.to_vec(),
            input: Input::default(),
            selected: 0,
        }
    }

    /// A key: what was chosen, once something is.
    pub(super) fn press(&mut self, key: &KeyEvent) -> Option<Choice> {
        let last = self.found().len().saturating_sub(1);
        let is_ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return Some(self.choice()),
            KeyCode::Down | KeyCode::Tab => self.selected = (self.selected + 1).min(last),
            KeyCode::Char('n') if is_ctrl => self.selected = (self.selected + 1).min(last),
            KeyCode::Up | KeyCode::BackTab => self.selected = self.selected.saturating_sub(1),
            KeyCode::Char('p') if is_ctrl => self.selected = self.selected.saturating_sub(1),
            _ => {
                if self.input.press(key) {
                    self.selected = 0;
                }
            }
        }
        None
    }

    /// Text was pasted.
    pub(super) fn paste(&mut self, text: &str) {
        self.input.paste(text);
        self.selected = 0;
    }

    fn choice(&self) -> Choice {
        if let Ok(line) = self.input.text().trim().parse() {
            return Choice::Line(line);
        }
        let found = self.found();
        let command = found.get(self.selected);
        command.map_or(Choice::Unknown, |command| Choice::Command(command.action))
    }

    /// The commands that fit, those first whose name begins with what was typed.
    fn found(&self) -> Vec<&'static Command> {
        let typed = self.input.text().trim().to_lowercase();
        let mut found: Vec<&Command> = available(&self.scopes)
            .filter(|command| command.name.contains(&typed) || command.doc.contains(&typed))
            .collect();
        found.sort_by_key(|command| {
            let starts = command.name.starts_with(&typed);
            (!starts, !command.name.contains(&typed))
        });
        found
    }
}

/// Draws it.
pub(super) fn view(palette: &Palette, area: Rect, buf: &mut Buffer, look: Look) {
    let inner = window(area, buf, "command", (76, LINES + 1), look);
    if inner.is_empty() {
        return;
    }
    Line::styled(":", look.strong()).render(inner, buf);
    let typed = Rect {
        x: inner.x + 1,
        width: inner.width - 1,
        height: 1,
        ..inner
    };
    input::view(&palette.input, typed, buf, look, true);
    let list = Rect {
        y: inner.y + 1,
        height: inner.height - 1,
        ..inner
    };
    let page = usize::from(list.height);
    let top = (palette.selected + 1).saturating_sub(page);
    let found = palette.found();
    if found.is_empty() && !list.is_empty() {
        Line::styled("no command of this name", look.quiet()).render(list, buf);
    }
    for (y, (at, command)) in (list.y..list.bottom()).zip(found.iter().enumerate().skip(top)) {
        let row = Rect {
            y,
            height: 1,
            ..list
        };
        let keys = command
            .keys
            .first()
            .map(|key| key.shown())
            .unwrap_or_default();
        let room = usize::from(list.width).saturating_sub(NAME_COLUMNS + 11);
        Line::from(vec![
            Span::styled(format!("{:NAME_COLUMNS$} ", command.name), look.name()),
            Span::styled(format!("{keys:9} "), look.strong()),
            Span::raw(cut(command.doc, room, look)),
        ])
        .render(row, buf);
        if at == palette.selected {
            fill_style(row, buf, look.selected(true));
        }
    }
}
