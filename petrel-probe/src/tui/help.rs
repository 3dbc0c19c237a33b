//! The keys, over everything else.

use super::{
    commands::{Motion, Scope, available},
    paint::{Look, cut, rows, window},
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::Widget,
};

/// Columns of the keys' names.
const KEYS_COLUMNS: usize = 16;
/// On less than this only the first key of each is named.
const KEYS_WIDTH_MIN: usize = 40;

/// What the table of exchanges shows, which no command tells.
const LEGEND: [(&str, &str); 5] = [
    ("stat", "status of the answer; - there is none"),
    (
        "mac",
        "ok: of the payload only; bad; nokey; part: bytes are missing",
    ),
    ("!", "bytes or a message are missing"),
    ("i", "something is to be said: see the detail"),
    (
        "len",
        "length of the answer's payload; without one, of the request's",
    ),
];

/// The list of keys.
#[derive(Debug)]
pub(crate) struct Help {
    /// What it is about.
    scopes: Vec<Scope>,
    /// The first line that is shown.
    top: usize,
}

impl Help {
    /// The keys that do something here.
    pub(super) fn new(scopes: &[Scope]) -> Self {
        Self {
            scopes: scopes.to_vec(),
            top: 0,
        }
    }

    /// Moves through it.
    pub(super) fn navigate(&mut self, motion: Motion, page: usize) {
        let last = self.lines().saturating_sub(1);
        self.top = match motion {
            Motion::Up => self.top.saturating_sub(1),
            Motion::Down => self.top + 1,
            Motion::PageUp | Motion::HalfPageUp => self.top.saturating_sub(page),
            Motion::PageDown | Motion::HalfPageDown => self.top + page,
            Motion::First => 0,
            Motion::Last => last,
            Motion::Left | Motion::Right => self.top,
        }
        // The last page is full.
        .min((last + 1).saturating_sub(page.max(1)));
    }

    fn lines(&self) -> usize {
        let headings = 2 * (self.scopes.len() + usize::from(self.has_legend()));
        let legend = if self.has_legend() { LEGEND.len() } else { 0 };
        (headings + available(&self.scopes).count() + legend).saturating_sub(1)
    }

    fn has_legend(&self) -> bool {
        self.scopes.contains(&Scope::Traffic)
    }

    fn texts(&self, width: usize, look: Look) -> impl Iterator<Item = Line<'static>> {
        let mut lines = Vec::new();
        for scope in &self.scopes {
            if !lines.is_empty() {
                lines.push(Line::default());
            }
            lines.push(Line::styled(scope.title(), look.strong()));
            let of_scope = available(std::slice::from_ref(scope));
            lines.extend(of_scope.map(|command| {
                let shown = match command.keys.first() {
                    Some(key) if width < KEYS_WIDTH_MIN => key.shown().into_owned(),
                    _ => command.shown(),
                };
                line(&shown, command.doc, width, look)
            }));
        }
        if self.has_legend() {
            lines.push(Line::default());
            lines.push(Line::styled("The table", look.strong()));
            let legend = LEGEND.iter();
            lines.extend(legend.map(|(sign, meaning)| line(sign, meaning, width, look)));
        }
        lines.into_iter().skip(self.top)
    }
}

fn line(shown: &str, doc: &str, width: usize, look: Look) -> Line<'static> {
    let columns = if width < KEYS_WIDTH_MIN {
        KEYS_COLUMNS / 2
    } else {
        KEYS_COLUMNS
    };
    let shown = format!("{shown:columns$} ");
    let doc = cut(doc, width.saturating_sub(shown.len()), look);
    Line::from(vec![Span::styled(shown, look.name()), Span::raw(doc)])
}

/// How many lines of it fit on a screen.
pub(super) const fn page(height: u16) -> usize {
    (height as usize).saturating_sub(3)
}

/// Draws it.
pub(super) fn view(help: &Help, area: Rect, buf: &mut Buffer, look: Look) {
    let height = u16::try_from(help.lines() + 1).unwrap_or(u16::MAX);
    let inner = window(area, buf, "keys", (76, height), look);
    let text = Rect {
        height: inner.height.saturating_sub(1),
        ..inner
    };
    rows(text, buf, help.texts(inner.width.into(), look));
    let foot = Rect {
        y: inner.bottom().saturating_sub(1),
        height: inner.height.min(1),
        ..inner
    };
    let below = help.lines() > help.top + usize::from(text.height);
    let more = if below {
        "j k more   Esc close"
    } else {
        "Esc close"
    };
    Line::styled(cut(more, foot.width.into(), look), look.quiet()).render(foot, buf);
}
