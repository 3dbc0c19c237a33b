//! Colours and glyphs, or what stands for them where they are not wanted.

use petrel::wire::Escaped;
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Rect},
    style::{Color, Modifier, Style},
    symbols::border,
    text::{Line, Span},
    widgets::{Block, BorderType, Clear, Padding, Widget},
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How everything is drawn. Colours are those of the terminal's own palette, so that they fit it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Whether there are colours.
    pub(crate) is_colored: bool,
    /// Whether only ASCII is drawn.
    pub(crate) is_ascii: bool,
}

impl Look {
    /// The foreground, if there are colours.
    pub(crate) const fn color(self, color: Color) -> Style {
        if self.is_colored {
            Style::new().fg(color)
        } else {
            Style::new()
        }
    }

    /// What frames and names the rest.
    pub(crate) const fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What is read first.
    pub(crate) const fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What is in order.
    pub(crate) const fn good(self) -> Style {
        self.color(Color::Green)
    }

    /// What deserves a look.
    pub(crate) const fn doubtful(self) -> Style {
        self.color(Color::Yellow)
    }

    /// What is wrong.
    pub(crate) const fn wrong(self) -> Style {
        self.color(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Names of things: names of requests, of fields.
    pub(crate) const fn name(self) -> Style {
        self.color(Color::Cyan)
    }

    /// What is selected, visible without colours too: in the pane that has the keys reversed, in
    /// others underlined.
    pub(crate) const fn selected(self, has_focus: bool) -> Style {
        if has_focus {
            Style::new().add_modifier(Modifier::REVERSED)
        } else {
            Style::new().add_modifier(Modifier::UNDERLINED)
        }
    }

    /// What belongs to what is selected elsewhere: the bytes of a field.
    pub(crate) const fn linked(self) -> Style {
        if self.is_colored {
            Style::new().fg(Color::Black).bg(Color::Yellow)
        } else {
            Style::new().add_modifier(Modifier::REVERSED)
        }
    }

    /// The cell under the cursor of a text input.
    pub(crate) const fn cursor(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The glyph, or what stands for it in ASCII.
    pub(crate) const fn glyph(self, glyph: &'static str, ascii: &'static str) -> &'static str {
        if self.is_ascii { ascii } else { glyph }
    }

    /// What marks the selected line.
    pub(crate) const fn pointer(self) -> &'static str {
        self.glyph("▶", ">")
    }

    /// What stands where a text was cut.
    pub(crate) const fn ellipsis(self) -> &'static str {
        self.glyph("…", "~")
    }
}

impl Look {
    /// A text that is escaped already, in ASCII if nothing else is to be drawn.
    pub(crate) fn text_line(self, text: &str) -> String {
        if !self.is_ascii || text.is_ascii() {
            return text.to_owned();
        }
        let mut ascii = String::with_capacity(text.len() * 2);
        for c in text.chars() {
            if c.is_ascii() {
                ascii.push(c);
            } else {
                ascii.extend(c.escape_unicode());
            }
        }
        ascii
    }

    /// Bytes of the wire as they may be drawn: nothing in them acts on a terminal.
    pub(crate) fn text(self, bytes: &[u8]) -> String {
        self.text_line(&Escaped(bytes).to_string())
    }
}

/// The text, or its beginning and a mark that something is missing, in so many columns.
pub(crate) fn cut(text: &str, width: usize, look: Look) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut kept_width = 0;
    for c in text.chars() {
        let c_width = c.width().unwrap_or(0);
        if kept_width + c_width >= width {
            break;
        }
        kept_width += c_width;
        kept.push(c);
    }
    if width > 0 {
        kept.push_str(look.ellipsis());
    }
    kept
}

/// Puts a style over what was drawn, which keeps its colours.
pub(crate) fn fill_style(area: Rect, buf: &mut Buffer, style: Style) {
    buf.set_style(area, style);
}

/// A line between two panes: as high or as wide as its area.
pub(crate) fn rule(area: Rect, buf: &mut Buffer, look: Look) {
    let glyph = if area.width > 1 {
        look.glyph("─", "-")
    } else {
        look.glyph("│", "|")
    };
    for position in area.intersection(buf.area).positions() {
        if let Some(cell) = buf.cell_mut(position) {
            cell.set_symbol(glyph).set_style(look.quiet());
        }
    }
}

/// Lines from the top, as many as there is room for.
pub(crate) fn rows<'a>(area: Rect, buf: &mut Buffer, lines: impl IntoIterator<Item = Line<'a>>) {
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        line.render(row, buf);
    }
}

/// Things beside each other on one line, as many as fit. A thing is never broken, except the first, if
/// it alone is too wide.
pub(crate) fn flow(things: impl IntoIterator<Item = Line<'static>>, width: u16) -> Line<'static> {
    const GAP: &str = "  ";
    let mut line = Line::default();
    for thing in things {
        if line.width() == 0 {
            line = thing;
        } else if line.width() + GAP.len() + thing.width() <= usize::from(width) {
            line.push_span(GAP);
            line.extend(thing);
        }
    }
    line
}

/// The frame of what lies over a screen, in the middle of it; on a small screen all of it, without a
/// frame. What is within is returned.
pub(crate) fn window(
    area: Rect,
    buf: &mut Buffer,
    title: &'static str,
    (width, height): (u16, u16),
    look: Look,
) -> Rect {
    if area.width < 40 || area.height < 8 {
        Clear.render(area, buf);
        return area;
    }
    let area = area.centered(
        Constraint::Length(width.saturating_add(4).min(area.width)),
        Constraint::Length(height.saturating_add(2).min(area.height)),
    );
    Clear.render(area, buf);
    let mut block = Block::bordered()
        .border_style(look.quiet())
        .padding(Padding::horizontal(1))
        .title(Span::styled(format!(" {title} "), look.strong()));
    block = if look.is_ascii {
        block.border_set(ASCII)
    } else {
        block.border_type(BorderType::Rounded)
    };
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look {
        is_colored: false,
        is_ascii: false,
    };

    #[test]
    fn a_cut_text_fits_and_shows_that_it_is_cut() {
        assert_eq!(cut("localhost", 9, PLAIN), "localhost");
        assert_eq!(cut("localhost", 6, PLAIN), "local…");
        assert_eq!(cut("日本語", 4, PLAIN), "日…");
        assert_eq!(cut("日本語", 1, PLAIN), "…");
        assert_eq!(cut("x", 0, PLAIN), "");
    }

    #[test]
    fn in_ascii_nothing_else_is_drawn() {
        let look = Look {
            is_ascii: true,
            ..PLAIN
        };
        assert_eq!(look.text("é\u{1b}".as_bytes()), r"\u{e9}\u{1b}");
        assert_eq!(PLAIN.text("é\u{1b}".as_bytes()), r"é\u{1b}");
        assert_eq!(cut("localhost", 6, look), "local~");
    }

    #[test]
    fn things_flow_and_stay_whole() {
        let things = || ["one 1", "two 22222", "three"].map(Line::from);
        assert_eq!(flow(things(), 16).to_string(), "one 1  two 22222");
        assert_eq!(flow(things(), 15).to_string(), "one 1  three");
        assert_eq!(flow(things(), 3).to_string(), "one 1");
    }
}
