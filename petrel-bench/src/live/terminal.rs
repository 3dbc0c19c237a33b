//! The terminal: taken over, drawn on, read from, and given back however the program ends.

use super::{draw::draw, paint::Palette, state::State};
use crossterm::{
    cursor, event,
    event::{Event, KeyEvent},
    execute, terminal,
};
use ratatui::{Terminal, backend::CrosstermBackend};
use std::{
    env,
    io::{self, IsTerminal, Write},
    panic,
    sync::{Mutex, MutexGuard, Once, PoisonError},
    time::Duration,
};

/// Keys that are read at once; more of them wait for the next time.
const KEYS_MAX: usize = 64;

/// Whether the terminal is ours. There is one terminal, and any thread may panic.
static IS_OURS: Mutex<bool> = Mutex::new(false);
static PANIC_HOOK: Once = Once::new();

/// The terminal while it is ours; dropped, it is as before.
#[derive(Debug)]
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Frames>>,
    palette: Palette,
}

/// Whole frames on standard error, so that standard output stays free for data. What is left of a
/// frame when the terminal is no longer ours is thrown away.
#[derive(Debug, Default)]
struct Frames(Vec<u8>);

impl Screen {
    /// Whether there is a terminal to draw on and to read keys from.
    pub(super) fn is_possible() -> bool {
        io::stderr().is_terminal() && io::stdin().is_terminal() && !is_dumb()
    }

    /// Takes the terminal over.
    pub(super) fn open() -> io::Result<Self> {
        PANIC_HOOK.call_once(|| {
            let told_before = panic::take_hook();
            panic::set_hook(Box::new(move |what| {
                // First, so that what is told can be read.
                give_back();
                told_before(what);
            }));
        });
        {
            let mut is_ours = is_ours();
            terminal::enable_raw_mode()?;
            *is_ours = true;
        }
        let opened = execute!(io::stderr(), terminal::EnterAlternateScreen, cursor::Hide)
            .and_then(|()| Terminal::new(CrosstermBackend::new(Frames::default())));
        match opened {
            Ok(terminal) => Ok(Self {
                terminal,
                palette: Palette::new(!is_set("NO_COLOR")),
            }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// The keys that were pressed since; waits for none. After a panic elsewhere there are none.
    pub(super) fn keys(&self) -> io::Result<Vec<KeyEvent>> {
        let mut keys = Vec::new();
        if !*is_ours() {
            return Ok(keys);
        }
        while keys.len() < KEYS_MAX && event::poll(Duration::ZERO)? {
            // A new size is noticed when drawing.
            if let Event::Key(key) = event::read()? {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    /// Draws a frame in the size that the terminal has now. After a panic elsewhere nothing is drawn.
    pub(super) fn draw(&mut self, state: &State) -> io::Result<()> {
        if *is_ours() {
            let palette = self.palette;
            self.terminal.draw(|frame| draw(frame, state, palette))?;
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

impl Write for Frames {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let frame = std::mem::take(&mut self.0);
        // Held while writing: nobody gives the terminal back in the middle of a frame.
        let is_ours = is_ours();
        if *is_ours {
            io::stderr().write_all(&frame)?;
            io::stderr().flush()?;
        }
        Ok(())
    }
}

/// Gives the terminal back, if it is ours.
pub(crate) fn give_back() {
    let mut is_ours = is_ours();
    if std::mem::take(&mut *is_ours) {
        // Whoever has no terminal any more has nothing to put right.
        let _ = execute!(io::stderr(), terminal::LeaveAlternateScreen, cursor::Show);
        let _ = terminal::disable_raw_mode();
    }
}

fn is_ours() -> MutexGuard<'static, bool> {
    IS_OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn is_dumb() -> bool {
    env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}
