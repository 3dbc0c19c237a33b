//! Colours and glyphs, or what stands for them where they are not wanted.

use ratatui::style::{Color, Modifier, Style};

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
