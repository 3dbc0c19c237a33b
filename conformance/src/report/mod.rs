//! How a run is shown: text for people, JSON for programs. Nothing here does any I/O beyond asking
//! what standard output is.

pub(crate) mod json;
pub(crate) mod text;

use std::io::IsTerminal as _;

/// Narrower terminals wrap; a pipe gets this too.
const WIDTH_DEFAULT: usize = 80;
/// Wider is not easier to read.
const WIDTH_MAX: usize = 140;

/// Width and colours of the output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) width: usize,
    pub(crate) color: bool,
}

impl Look {
    /// What standard output can show: colours only on a terminal and without `NO_COLOR`.
    pub(crate) fn of_stdout() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let width = match terminal_size::terminal_size() {
            Some((terminal_size::Width(width), _)) if is_terminal => width.into(),
            _ => WIDTH_DEFAULT,
        };
        Self {
            width: width.clamp(WIDTH_DEFAULT, WIDTH_MAX),
            color: is_terminal && !is_set("NO_COLOR") && !is_dumb,
        }
    }
}
