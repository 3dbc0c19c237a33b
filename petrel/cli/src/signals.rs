//! The signals by which a user asks a program to stop.

use std::io;

/// SIGINT (Ctrl-C) and SIGTERM, for work that waits for them itself. From the moment that it is made
/// neither ends the process. It has to be made and awaited within a tokio runtime.
#[cfg(unix)]
#[derive(Debug)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Begins to watch.
    ///
    /// # Errors
    /// If the system does not let us watch for signals.
    pub fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
        }
    }
}

/// Ctrl-C, for work that waits for it itself.
#[cfg(not(unix))]
#[derive(Debug)]
#[non_exhaustive]
pub struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Begins to watch.
    ///
    /// # Errors
    /// If the system does not let us watch for signals.
    pub fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for the next of them.
    pub async fn next(&mut self) {
        // Where there is no Ctrl-C, nothing is noted.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
