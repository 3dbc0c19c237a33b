//! What commands and keys do on the Traffic screen.

use super::{
    super::{
        commands::{Motion, TrafficAction},
        detail,
        effect::Effect,
        model::{Notice, Outcome},
    },
    Focus, Traffic,
    prompt::{Check, Prompt, PromptKind},
    search::needle,
};
use crossterm::event::{KeyCode, KeyEvent};
use petrel::wire::Escaped;

impl Traffic {
    /// A key while something is typed.
    pub(in super::super) fn press(&mut self, key: &KeyEvent) -> Outcome {
        let Some(prompt) = &mut self.prompt else {
            return Outcome::default();
        };
        match key.code {
            KeyCode::Enter if prompt.choose() => return Outcome::default(),
            KeyCode::Enter => return self.enter(),
            KeyCode::Tab => {
                prompt.complete(true);
                return Outcome::default();
            }
            KeyCode::BackTab => {
                prompt.complete(false);
                return Outcome::default();
            }
            _ => {}
        }
        prompt.close();
        if prompt.input.press(key) {
            prompt.judge();
        }
        Outcome::default()
    }

    /// Text was pasted.
    pub(in super::super) fn paste(&mut self, text: &str) {
        if let Some(prompt) = &mut self.prompt {
            prompt.input.paste(text);
            prompt.judge();
        }
    }

    /// Leaves what was opened last.
    pub(in super::super) fn back(&mut self) {
        if let Some(prompt) = &mut self.prompt {
            if !prompt.close() {
                self.prompt = None;
            }
            return;
        }
        if std::mem::take(&mut self.is_zoomed) {
            return;
        }
        self.focus = Focus::Table;
    }

    /// Gives the keys to another pane.
    pub(in super::super) fn next_pane(&mut self, is_forward: bool) {
        match self.focus {
            Focus::Table => {
                self.focus = Focus::Detail;
                self.detail.enter(is_forward);
            }
            Focus::Detail if self.detail.next_pane(is_forward) => {}
            Focus::Detail => {
                self.focus = Focus::Table;
                self.is_zoomed = false;
            }
        }
    }

    /// Moves in the pane that has the keys.
    pub(in super::super) fn navigate(&mut self, motion: Motion, count: Option<usize>) {
        if self.focus == Focus::Detail {
            self.detail.navigate(motion, count);
            return;
        }
        let times = count.map_or(1, |count| u32::try_from(count).unwrap_or(u32::MAX));
        let at = self.position();
        let up = |lines: u32| at.saturating_sub(lines.saturating_mul(times));
        let down = |lines: u32| at.saturating_add(lines.saturating_mul(times));
        let target = match motion {
            Motion::Up => up(1),
            Motion::Down => down(1),
            Motion::PageUp => up(self.page),
            Motion::PageDown => down(self.page),
            Motion::HalfPageUp => up(self.page.div_ceil(2)),
            Motion::HalfPageDown => down(self.page.div_ceil(2)),
            Motion::First => count.map_or(0, |_| times.saturating_sub(1)),
            Motion::Last => count.map_or(u32::MAX, |_| times.saturating_sub(1)),
            Motion::Right => return self.open(),
            Motion::Left => return,
        };
        // Whoever goes to the end wants to see what comes; whoever leaves it does not.
        self.is_following &= target >= self.len().saturating_sub(1);
        self.select(target);
    }

    /// A command of the detail.
    pub(in super::super) fn in_detail(&mut self, action: detail::Action) {
        self.detail.perform(action);
    }

    /// What is copied.
    pub(in super::super) fn copied(&self) -> Option<String> {
        if self.focus == Focus::Detail {
            return self.detail.copied();
        }
        let row = self.index.row(self.current()?)?;
        let status = row
            .status
            .map_or_else(|| "-".to_owned(), |status| status.0.to_string());
        Some(format!(
            "{} {} {} seq {} {status}",
            row.client,
            row.server,
            Escaped(row.name),
            row.sequence,
        ))
    }

    /// A command of this screen.
    pub(in super::super) fn perform(&mut self, action: TrafficAction) -> Outcome {
        match action {
            TrafficAction::Open => self.open(),
            TrafficAction::Filter => {
                let text = self.filtering.expression().unwrap_or_default();
                self.prompt = Some(Prompt::new(PromptKind::Filter, text, &self.past.filter));
            }
            TrafficAction::Search => {
                let text = self.search.pattern();
                self.prompt = Some(Prompt::new(PromptKind::Search, text, &self.past.search));
            }
            TrafficAction::SearchNext => return self.go_on(false),
            TrafficAction::SearchPrevious => return self.go_on(true),
            TrafficAction::Follow => {
                self.is_following = !self.is_following;
                if self.is_following {
                    self.select(u32::MAX);
                }
                let text = if self.is_following {
                    "following: the newest exchange stays selected"
                } else {
                    "no longer following"
                };
                return Notice::of(text).into();
            }
            TrafficAction::Mark => {
                if let Some(row) = self.current()
                    && !self.marks.remove(&row)
                {
                    self.marks.insert(row);
                }
            }
            TrafficAction::NextMark => return self.next_mark(),
            TrafficAction::Counterpart => {
                if self.current().is_some() {
                    self.open();
                    self.detail.counterpart();
                }
            }
            TrafficAction::OnlyConnection => return self.only_connection(),
            TrafficAction::Zoom => {
                self.open();
                self.is_zoomed = !self.is_zoomed;
            }
            TrafficAction::Edit => {
                if let Some(row) = self.current() {
                    self.editing = Some(row);
                    return Effect::LoadExchange { row }.into();
                }
            }
            // The shell asks for more than this screen knows.
            TrafficAction::ReplayExchange | TrafficAction::ReplayConnection => {}
        }
        Outcome::default()
    }

    fn open(&mut self) {
        if self.current().is_some() && self.focus == Focus::Table {
            self.focus = Focus::Detail;
            self.detail.enter(true);
        }
    }

    fn enter(&mut self) -> Outcome {
        let Some(prompt) = &self.prompt else {
            return Outcome::default();
        };
        if matches!(prompt.check, Check::Invalid(_)) {
            // What is wrong stands beside it.
            return Outcome::default();
        }
        let kind = prompt.kind;
        let mut input = prompt.input.clone();
        let text = input.text().to_owned();
        input.keep();
        self.prompt = None;
        match kind {
            PromptKind::Filter => self.past.filter = input,
            PromptKind::Search => self.past.search = input,
        }
        match kind {
            PromptKind::Filter => self.filtering.apply(&text).into(),
            PromptKind::Search => {
                self.search.set(&text, needle(&text).unwrap_or_default());
                self.go_on(false)
            }
        }
    }

    fn go_on(&mut self, is_backward: bool) -> Outcome {
        let from = self.current().unwrap_or(0);
        let effect = self.search.go_on(from, is_backward, self.filtering.rows());
        effect.map_or_else(
            || Notice::of("nothing is looked for yet: Ctrl-F").into(),
            Outcome::from,
        )
    }

    fn next_mark(&mut self) -> Outcome {
        let from = self.current().unwrap_or(0);
        let behind = self.marks.range(from.saturating_add(1)..);
        let is_shown =
            |row: &&u32| self.row_at(self.filtering.position(&self.index, **row)) == Some(**row);
        match behind.chain(&self.marks).find(is_shown) {
            Some(row) => {
                self.selected = *row;
                self.is_following = false;
                Outcome::default()
            }
            None => Notice::of("nothing is marked: m marks an exchange").into(),
        }
    }

    fn only_connection(&mut self) -> Outcome {
        let Some(row) = self.current().and_then(|row| self.index.row(row)) else {
            return Outcome::default();
        };
        let expression = format!("conn == {}", row.connection);
        let active = self.filtering.expression().unwrap_or_default();
        let wanted = if active == expression {
            std::mem::take(&mut self.before_connection)
        } else {
            self.before_connection = active.to_owned();
            expression
        };
        let effect: Effect = self.filtering.apply(&wanted);
        effect.into()
    }
}
