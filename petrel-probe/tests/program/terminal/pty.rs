//! A terminal that a test looks at and types on.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{Read, Write},
    path::Path,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use vt100::{Parser, Screen};

/// The program under test.
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_petrel-probe");

/// What does not happen within this time does not happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A capture of the tests, by its name.
pub(super) fn capture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    folder.join(name).to_str().unwrap().to_owned()
}

/// The terminal, and what was started on it.
pub(super) struct Pty {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    /// Kept, so that the settings can be asked for after the program's end.
    _slave: Box<dyn SlavePty + Send>,
    child: Box<dyn Child + Send + Sync>,
    reading: Option<JoinHandle<()>>,
    output: Receiver<Vec<u8>>,
    parser: Parser,
    settings_before: String,
}

impl Pty {
    /// Starts the program on a terminal of so many columns and rows.
    pub(super) fn start(size: (u16, u16), words: &[String]) -> Self {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Self::start_command(size, PROGRAM, &words)
    }

    /// Starts a shell that controls jobs.
    pub(super) fn start_shell(size: (u16, u16)) -> Self {
        Self::start_command(size, "sh", &["-i"])
    }

    /// Starts anything.
    pub(super) fn start_command((cols, rows): (u16, u16), program: &str, words: &[&str]) -> Self {
        let pair = native_pty_system().openpty(size(cols, rows)).unwrap();
        let settings_before = settings(pair.master.as_ref());
        let mut command = CommandBuilder::new(program);
        command.args(words);
        command.env("TERM", "xterm-256color");
        command.env("PS1", "$ ");
        command.env_remove("ENV");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let (tell, output) = mpsc::channel();
        let reading = thread::spawn(move || {
            let mut buffer = [0; 4096];
            // At its end a terminal gives an error.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if tell.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            master: Some(pair.master),
            writer: Some(writer),
            _slave: pair.slave,
            child,
            reading: Some(reading),
            output,
            parser: Parser::new(rows, cols, 0),
            settings_before,
        }
    }

    pub(super) fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    pub(super) fn type_text(&mut self, text: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    pub(super) fn resize(&mut self, (cols, rows): (u16, u16)) {
        self.parser.screen_mut().set_size(rows, cols);
        let master = self.master.as_ref().unwrap();
        master.resize(size(cols, rows)).unwrap();
    }

    /// Waits until the screen holds a text.
    #[track_caller]
    pub(super) fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    /// Waits until what the screen shows is as it should be.
    #[track_caller]
    pub(super) fn wait_until(&mut self, what: &str, is_there: impl Fn(&str) -> bool) {
        self.wait_screen(what, |screen| is_there(&screen.contents()));
    }

    /// Waits until the screen is as it should be.
    #[track_caller]
    pub(super) fn wait_screen(&mut self, what: &str, is_there: impl Fn(&Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_there(self.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(_) => panic!("no {what} on\n{}", self.screen().contents()),
            }
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Closes the terminal.
    pub(super) fn close(&mut self) {
        // The thread that reads holds it, too, until it has read something that nobody wants.
        let (_, nothing) = mpsc::channel();
        self.output = nothing;
        self.type_text("j");
        self.reading.take().unwrap().join().unwrap();
        self.writer = None;
        self.master = None;
    }

    /// Waits for the end of the program, and gives its exit code.
    pub(super) fn wait_for_exit(&mut self) -> u32 {
        let mut killer = self.child.clone_killer();
        let (ended, watched) = mpsc::channel::<()>();
        let watch = thread::spawn(move || {
            let is_late = watched.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
            if is_late {
                killer.kill().unwrap();
            }
            is_late
        });
        let status = self.child.wait().unwrap();
        drop(ended);
        assert!(!watch.join().unwrap(), "it does not end");
        status.exit_code()
    }

    /// The terminal is as it was before: its settings, its screen, its cursor.
    #[track_caller]
    pub(super) fn assert_given_back(&mut self) {
        let master = self.master.as_ref().unwrap();
        assert_eq!(settings(master.as_ref()), self.settings_before);
        self.wait_screen("screen as before", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
        });
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
    }
}

const fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn settings(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}
