//! The terminal: taken over, drawn on, and given back however the program ends.

use crossterm::{
    clipboard::CopyToClipboard,
    cursor,
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute, terminal,
};
use ratatui::{Terminal, backend::CrosstermBackend, buffer::Buffer, layout::Rect};
use std::{
    env, fs,
    io::{self, IsTerminal, Write},
    panic,
    sync::{
        Mutex, MutexGuard, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Whether the terminal is ours. There is one terminal, and any thread may panic.
static IS_OURS: Mutex<bool> = Mutex::new(false);
static PANIC_HOOK: Once = Once::new();
/// Whether a thread panicked since the terminal was taken over.
static HAS_PANICKED: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours; dropped, it is as before.
#[derive(Debug)]
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Frames>>,
}

/// Whole frames on standard output. What is left of a frame when the terminal is no longer ours is
/// thrown away.
#[derive(Debug, Default)]
struct Frames(Vec<u8>);

/// Whether there is a terminal to draw on and to read keys from. With a capture on standard input the
/// keys come from the terminal that the process belongs to.
pub(super) fn is_possible(reads_stdin: bool) -> bool {
    let is_dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    let has_keys = || {
        if reads_stdin {
            fs::File::open("/dev/tty").is_ok()
        } else {
            io::stdin().is_terminal()
        }
    };
    io::stdout().is_terminal() && !is_dumb && has_keys()
}

/// Whether colours are wanted.
pub(super) fn is_colored() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

impl Screen {
    /// Takes the terminal over.
    pub(super) fn open(on_panic: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        PANIC_HOOK.call_once(|| {
            let told_before = panic::take_hook();
            panic::set_hook(Box::new(move |what| {
                // First, so that what is told can be read.
                give_back();
                told_before(what);
                HAS_PANICKED.store(true, Ordering::Relaxed);
                on_panic();
            }));
        });
        take()?;
        match Terminal::new(CrosstermBackend::new(Frames::default())) {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Columns and rows of the terminal as it is now.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Draws a frame in the size that the terminal has now. After a panic elsewhere nothing is drawn.
    pub(super) fn draw(&mut self, draw: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        if *is_ours() {
            self.terminal
                .draw(|frame| draw(frame.area(), frame.buffer_mut()))?;
        }
        Ok(())
    }

    /// Forgets what is on the terminal, so that the next frame is drawn as a whole. After a stop it is
    /// taken over anew, because a shell has set it as it likes it.
    pub(super) fn retake(&mut self) -> io::Result<()> {
        take()?;
        // `Terminal::clear` asks the terminal where its cursor is, and the thread that reads keys would
        // hear the answer.
        self.terminal = Terminal::new(CrosstermBackend::new(Frames::default()))?;
        Ok(())
    }

    /// Hands a text to the clipboard, as far as the terminal knows OSC 52.
    pub(super) fn copy(text: &str) -> io::Result<()> {
        let is_ours = is_ours();
        if *is_ours {
            execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))?;
        }
        drop(is_ours);
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
            let mut stdout = io::stdout().lock();
            stdout.write_all(&frame)?;
            stdout.flush()?;
        }
        Ok(())
    }
}

fn take() -> io::Result<()> {
    let mut is_ours = is_ours();
    terminal::enable_raw_mode()?;
    *is_ours = true;
    let entered = execute!(
        io::stdout(),
        terminal::EnterAlternateScreen,
        terminal::Clear(terminal::ClearType::All),
        EnableBracketedPaste,
        cursor::Hide
    );
    drop(is_ours);
    entered.inspect_err(|_| give_back())
}

/// Whether a thread panicked, and said so on the terminal that was given back.
pub(super) fn has_panicked() -> bool {
    HAS_PANICKED.load(Ordering::Relaxed)
}

/// Gives the terminal back, if it is ours.
pub(super) fn give_back() {
    let mut is_ours = is_ours();
    if std::mem::take(&mut *is_ours) {
        // Whoever has no terminal any more has nothing to put right.
        let _ = execute!(
            io::stdout(),
            DisableBracketedPaste,
            terminal::LeaveAlternateScreen,
            cursor::Show
        );
        let _ = terminal::disable_raw_mode();
    }
}

fn is_ours() -> MutexGuard<'static, bool> {
    IS_OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use std::{io::Read, thread};

    /// Takes the terminal that it was given, and panics. Only for the test below.
    #[test]
    #[ignore = "it panics: the test below starts it on a terminal of its own"]
    fn panicking() {
        let screen = Screen::open(|| ()).unwrap();
        thread::spawn(|| panic!("this is what is told"))
            .join()
            .unwrap_err();
        assert!(has_panicked());
        // What is drawn afterwards goes nowhere.
        let mut screen = screen;
        screen
            .draw(|area, buf| {
                buf.set_string(
                    area.x,
                    area.y,
                    "drawn afterwards",
                    ratatui::style::Style::new(),
                )
            })
            .unwrap();
    }

    #[test]
    fn a_panic_gives_the_terminal_back_before_it_is_told() {
        let pair = native_pty_system().openpty(PtySize::default()).unwrap();
        let before = format!("{:?}", pair.master.get_termios());
        let mut command = CommandBuilder::new(env::current_exe().unwrap());
        command.args([
            "--exact",
            "tui::terminal::tests::panicking",
            "--ignored",
            "--nocapture",
        ]);
        let mut child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let reading = thread::spawn(move || {
            let mut output = Vec::new();
            // At its end a terminal gives an error.
            let _ = reader.read_to_end(&mut output);
            String::from_utf8_lossy(&output).into_owned()
        });
        let status = child.wait().unwrap();
        assert_eq!(format!("{:?}", pair.master.get_termios()), before);
        drop(pair);
        let output = reading.join().unwrap();
        assert!(status.success(), "{output}");
        let place = |text: &str| {
            output
                .find(text)
                .unwrap_or_else(|| panic!("no {text} in {output}"))
        };
        assert!(place("\x1b[?1049h") < place("\x1b[?1049l"));
        assert!(place("\x1b[?1049l") < place("this is what is told"));
        assert!(place("\x1b[?25h") < place("this is what is told"));
        assert!(!output.contains("drawn afterwards"), "{output}");
    }
}
