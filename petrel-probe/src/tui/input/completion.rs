//! What a text could become.

use super::{super::paint::Look, Input, cluster};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    widgets::{Clear, Widget},
};

/// As many choices as these are kept.
const CHOICES_MAX: usize = 100;

/// As many of them are seen at once.
const ROWS_MAX: u16 = 8;

/// Texts that could stand where something was begun.
#[derive(Clone, Debug, Default)]
pub(crate) struct Completion {
    /// Offset in the text of what they replace.
    from: usize,
    choices: Vec<String>,
    selected: Option<usize>,
}

impl Completion {
    /// The candidates that begin with what stands between `from` and the cursor, and behind them those
    /// that hold it, upper or lower case; each group in the order of the candidates. Whatever equals it
    /// is no choice.
    pub(crate) fn of<'a>(
        input: &Input,
        from: usize,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let begun = input.text.get(from..input.cursor).unwrap_or_default();
        let begun_lower = begun.to_lowercase();
        let (mut choices, mut holding) = (Vec::new(), Vec::new());
        for candidate in candidates {
            if candidate == begun || choices.len() == CHOICES_MAX {
                continue;
            }
            let lower = candidate.to_lowercase();
            if lower.starts_with(&begun_lower) {
                choices.push(candidate.to_owned());
            } else if lower.contains(&begun_lower) && holding.len() < CHOICES_MAX {
                holding.push(candidate.to_owned());
            }
        }
        choices.append(&mut holding);
        choices.truncate(CHOICES_MAX);
        Self {
            from,
            choices,
            selected: None,
        }
    }

    /// Whether there is nothing to choose.
    pub(crate) const fn is_empty(&self) -> bool {
        self.choices.is_empty()
    }

    /// The choices.
    pub(crate) fn choices(&self) -> &[String] {
        &self.choices
    }

    /// Whether one of them was selected.
    pub(crate) const fn has_selected(&self) -> bool {
        self.selected.is_some()
    }

    /// Selects the next one, or the one before; beyond the ends none.
    pub(crate) fn select(&mut self, is_forward: bool) {
        self.selected = match (self.selected, is_forward) {
            (None, true) => Some(0),
            (None, false) => self.choices.len().checked_sub(1),
            (Some(at), true) => Some(at + 1),
            (Some(at), false) => at.checked_sub(1),
        }
        .filter(|at| *at < self.choices.len());
    }

    /// Puts the selected choice into the text, the first one if none is. Whether there was one.
    pub(crate) fn apply(&mut self, input: &mut Input) -> bool {
        let choice = self.choices.get(self.selected.unwrap_or(0));
        let Some(choice) = choice else {
            return false;
        };
        input.replace_from(self.from, choice);
        *self = Self::default();
        true
    }

    /// Draws the list below the line that is typed, or above it if there is more room there. `bounds` is
    /// where it may be drawn.
    pub(crate) fn view(&self, line: Rect, bounds: Rect, buf: &mut Buffer, look: Look) {
        let bounds = bounds.intersection(buf.area);
        let below = bounds.bottom().saturating_sub(line.bottom());
        let above = line.y.saturating_sub(bounds.y);
        let wanted = u16::try_from(self.choices.len())
            .unwrap_or(ROWS_MAX)
            .min(ROWS_MAX);
        let (y, height) = if below >= wanted || below >= above {
            (line.bottom(), wanted.min(below))
        } else {
            let height = wanted.min(above);
            (line.y - height, height)
        };
        let longest = self
            .choices
            .iter()
            .map(|choice| columns(choice, look))
            .max();
        let width = u16::try_from(longest.unwrap_or(0) + 3).unwrap_or(u16::MAX);
        let area = Rect {
            x: line.x,
            y,
            width,
            height,
        }
        .intersection(bounds);
        if area.is_empty() {
            return;
        }
        Clear.render(area, buf);
        let first = self
            .selected
            .unwrap_or(0)
            .saturating_sub(usize::from(height) - 1);
        for (row, at) in area.rows().zip(first..) {
            let Some(choice) = self.choices.get(at) else {
                break;
            };
            let is_selected = self.selected == Some(at);
            let style = if is_selected {
                look.selected(true)
            } else {
                look.name()
            };
            buf.set_style(row, style);
            let pointer = if is_selected { look.pointer() } else { " " };
            let width = usize::from(row.width);
            let (x, _) = buf.set_stringn(row.x, row.y, pointer, width, style);
            draw_choice(
                choice,
                Rect { x: x + 1, ..row }.intersection(row),
                buf,
                look,
                style,
            );
        }
    }
}

fn columns(text: &str, look: Look) -> usize {
    cluster::all(text)
        .map(|(_, text)| cluster::drawn(text, look.is_ascii).1)
        .sum()
}

fn draw_choice(choice: &str, area: Rect, buf: &mut Buffer, look: Look, style: Style) {
    let mut x = area.x;
    for (_, text) in cluster::all(choice) {
        if x >= area.right() {
            break;
        }
        let (shown, _) = cluster::drawn(text, look.is_ascii);
        (x, _) = buf.set_stringn(x, area.y, &shown, usize::from(area.right() - x), style);
    }
}
