//! Colours, and the small things that all drawing is made of.

use super::health::Strain;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::Widget,
};

/// Colours, or what stands for them where none are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette {
    is_colored: bool,
}

impl Palette {
    /// With colours, or without.
    pub(super) const fn new(is_colored: bool) -> Self {
        Self { is_colored }
    }

    /// The colour, if there are any.
    pub(super) const fn color(self, color: Color) -> Color {
        if self.is_colored { color } else { Color::Reset }
    }

    /// What frames and names the rest. Not grey: some palettes show that as the background.
    pub(super) const fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What is read first.
    pub(super) const fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What has gone wrong.
    pub(super) const fn wrong(self) -> Style {
        self.strong().fg(self.color(Color::Red))
    }

    /// How it stands with the generator; without colours what is worse is still more visible.
    pub(super) const fn strain(self, strain: Strain) -> Style {
        match (strain, self.is_colored) {
            (Strain::Ok, true) => Style::new().fg(Color::Green),
            (Strain::Ok, false) => Style::new(),
            (Strain::Strained, true) => self.strong().fg(Color::Yellow),
            (Strain::Strained, false) => self.strong(),
            (Strain::Limit, true) => self.strong().fg(Color::Red),
            (Strain::Limit, false) => self.strong().add_modifier(Modifier::REVERSED),
        }
    }
}

/// A panel's title in a rule over its whole width. What is left of the area is the panel's.
pub(super) fn headed(area: Rect, buf: &mut Buffer, title: Line<'_>, palette: Palette) -> Rect {
    if area.is_empty() {
        return area;
    }
    let width = usize::from(area.width);
    let mut spans = vec![Span::styled("─ ", palette.quiet())];
    spans.extend(title);
    let used: usize = spans.iter().map(Span::width).sum();
    let rule = "─".repeat(width.saturating_sub(used + 1));
    spans.push(Span::styled(format!(" {rule}"), palette.quiet()));
    Line::from(spans).render(row(area, 0), buf);
    Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    }
}

/// One row of an area; nothing beyond its end.
pub(super) fn row(area: Rect, index: u16) -> Rect {
    Rect {
        y: area.y.saturating_add(index),
        height: u16::from(index < area.height),
        ..area
    }
}

/// Lines from the top, as many as there is room for.
pub(super) fn rows<'a>(area: Rect, buf: &mut Buffer, lines: impl IntoIterator<Item = Line<'a>>) {
    for (index, line) in (0..area.height).zip(lines) {
        line.render(row(area, index), buf);
    }
}

/// Things beside each other, on as many lines as are needed and allowed. A thing is never broken,
/// except one that alone is too wide.
pub(super) fn flow(things: Vec<Line<'static>>, width: u16, lines_max: u16) -> Vec<Line<'static>> {
    const GAP: &str = "  ";
    let width = usize::from(width);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for thing in things {
        let is_full = lines.len() == usize::from(lines_max);
        let last = lines.last_mut();
        match last.filter(|line| line.width() + GAP.len() + thing.width() <= width) {
            Some(line) => {
                line.push_span(GAP);
                line.extend(thing);
            }
            None if is_full => break,
            None => lines.push(thing),
        }
    }
    lines
}

/// A bar of so many cells, full up to the level.
pub(super) fn bar(level: f64, cells: u16) -> String {
    let full = cells_of(level, cells);
    "▮".repeat(full.into()) + &"▯".repeat((cells - full).into())
}

/// A bar that stands, one cell wide.
pub(super) fn spark(level: f64) -> char {
    const SPARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    SPARKS[usize::from(cells_of(level, 8)).saturating_sub(1)]
}

/// A rule over the width, thick up to the level.
pub(super) fn gauge(level: Option<f64>, width: u16, palette: Palette) -> Line<'static> {
    let full = cells_of(level.unwrap_or(0.0), width);
    Line::from(vec![
        Span::styled("━".repeat(full.into()), palette.color(Color::Cyan)),
        Span::styled("─".repeat((width - full).into()), palette.quiet()),
    ])
}

/// The text, or its beginning and a mark that something is missing, in so many columns.
pub(super) fn cut(text: &str, width: usize) -> String {
    if Span::raw(text).width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut kept_width = 0;
    for c in text.chars() {
        let c_width = Span::raw(c.to_string()).width();
        if kept_width + c_width >= width {
            break;
        }
        kept_width += c_width;
        kept.push(c);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the level lies between 0 and 1, and the cast of what is no number gives nought"
)]
fn cells_of(level: f64, cells: u16) -> u16 {
    let full = level.clamp(0.0, 1.0) * f64::from(cells);
    // Something is not nothing, and nearly all is not all.
    let full = if full < 1.0 {
        full.ceil()
    } else {
        full.floor()
    };
    full as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_only_at_the_end() {
        assert_eq!(bar(0.0, 4), "▯▯▯▯");
        assert_eq!(bar(0.01, 4), "▮▯▯▯");
        assert_eq!(bar(0.99, 4), "▮▮▮▯");
        assert_eq!(bar(7.0, 4), "▮▮▮▮");
        assert_eq!(bar(f64::NAN, 4), "▯▯▯▯");
        assert_eq!([0.0, 0.5, 1.0, f64::NAN].map(spark), ['▁', '▄', '█', '▁']);
    }

    #[test]
    fn a_cut_text_fits_and_shows_that_it_is_cut() {
        assert_eq!(cut("localhost", 9), "localhost");
        assert_eq!(cut("localhost", 6), "local…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("日本語", 1), "…");
        assert_eq!(cut("x", 0), "");
    }

    #[test]
    fn things_flow_and_stay_whole() {
        let things = || ["one 1", "two 2", "three 3"].map(Line::from).to_vec();
        let text = |lines: Vec<Line<'_>>| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(text(flow(things(), 12, 2)), ["one 1  two 2", "three 3"]);
        assert_eq!(text(flow(things(), 12, 1)), ["one 1  two 2"]);
    }
}
