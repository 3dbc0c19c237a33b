//! Ctrl-C in programs that report what they found so far.

use crate::{Exit, Failure, Signals};
use std::{
    io, process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use tokio::runtime;

/// Whether the user asked the program to stop, by SIGINT (Ctrl-C) or SIGTERM.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Begins to watch. The first signal is noted, for the program to stop and report; a second one
    /// ends the process at once, with [`Exit::Interrupted`].
    ///
    /// # Errors
    /// If the system does not let us watch for signals, or gives no thread.
    pub fn watch() -> Result<Self, Failure> {
        Self::watch_then(|| ())
    }

    /// The same; before a second signal ends the process, `last` is called, to give back what outlives
    /// the process, such as a terminal.
    ///
    /// # Errors
    /// As [`Interrupt::watch`].
    pub fn watch_then(last: impl FnOnce() + Send + 'static) -> Result<Self, Failure> {
        let cannot_watch = |error: io::Error| {
            let message = format!("cannot watch for signals: {error}");
            Failure::new(Exit::Unreachable, message)
        };
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .map_err(cannot_watch)?;
        // Registered here, not on the thread: from now on no signal ends the process.
        let mut signals = {
            let _guard = runtime.enter();
            Signals::new().map_err(cannot_watch)?
        };
        let noted = Arc::new(AtomicBool::new(false));
        let note = Arc::clone(&noted);
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                runtime.block_on(signals.next());
                note.store(true, Ordering::Relaxed);
                runtime.block_on(signals.next());
                last();
                process::exit(Exit::Interrupted.code().into());
            })
            .map_err(cannot_watch)?;
        Ok(Self(noted))
    }

    /// Whether a signal came.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
