//! What standard output can show: how wide, and whether in colours.

use anstyle::Style;
use std::{
    env,
    io::{self, IsTerminal},
};
use terminal_size::{Width, terminal_size};

/// Columns where there is no terminal.
const WIDTH_DEFAULT: usize = 80;

/// Width and colours of what a program prints for people. It is made once and handed down, so that
/// what draws does not have to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "tests draw with a look of their own"
)]
pub struct Look {
    /// Columns that fit on a line.
    pub width: usize,
    /// Whether colours are wanted.
    pub color: bool,
}

impl Look {
    /// That of standard output: as wide as the terminal, and in colours unless `NO_COLOR` is set to
    /// something or the terminal is a dumb one. Without a terminal 80 columns and no colours.
    pub fn of_stdout() -> Self {
        let stdout = io::stdout();
        let width = match terminal_size() {
            Some((Width(width), _)) if stdout.is_terminal() && width > 0 => width.into(),
            _ => WIDTH_DEFAULT,
        };
        Self {
            width,
            color: may_color(&stdout),
        }
    }

    /// The text in a style, if there are colours.
    pub fn paint(&self, style: Style, text: &str) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// Whether a stream is a terminal on which colours are wanted.
pub(crate) fn may_color(stream: &impl IsTerminal) -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = || env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !is_set("NO_COLOR") && !is_dumb()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_the_text_stays_as_it_is() {
        let look = Look {
            width: 80,
            color: false,
        };
        let style = Style::new().bold();
        assert_eq!(look.paint(style, "x"), "x");
        let look = Look {
            color: true,
            ..look
        };
        assert_eq!(look.paint(style, "x"), "\u{1b}[1mx\u{1b}[0m");
    }
}
