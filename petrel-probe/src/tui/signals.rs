//! Signals, keys and a closed terminal, told as messages. Threads that block; nobody polls.

use super::message::Msg;
use crossterm::event::{self, Event, KeyEventKind};
use std::{io, sync::mpsc::Sender, thread};

/// Begins to tell keys, pastes and sizes.
pub(super) fn tell_keys(tell: Sender<Msg>) -> io::Result<()> {
    let read = move || {
        loop {
            let msg = match event::read() {
                Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => Msg::Key(key),
                Ok(Event::Paste(text)) => Msg::Paste(text),
                Ok(Event::Resize(width, height)) => Msg::Resize { width, height },
                Ok(_) => continue,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Msg::Terminated,
            };
            let is_last = matches!(msg, Msg::Terminated);
            if tell.send(msg).is_err() || is_last {
                return;
            }
        }
    };
    thread::Builder::new().name("keys".to_owned()).spawn(read)?;
    Ok(())
}

/// Begins to tell signals, and that the terminal was closed.
#[cfg(unix)]
pub(super) fn tell_signals(tell: Sender<Msg>) -> io::Result<()> {
    use tokio::{
        runtime,
        signal::unix::{SignalKind, signal},
    };

    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    // Registered here, not on the thread: from now on no signal ends the process.
    let (mut terminate, mut interrupt, mut hangup, mut resume) = {
        let _guard = runtime.enter();
        (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        )
    };
    let closed = tell.clone();
    let listen = move || {
        runtime.block_on(async {
            loop {
                let msg = tokio::select! {
                    _ = terminate.recv() => Msg::Terminated,
                    _ = interrupt.recv() => Msg::Terminated,
                    _ = hangup.recv() => Msg::Terminated,
                    _ = resume.recv() => Msg::Resumed,
                };
                if tell.send(msg).is_err() {
                    return;
                }
            }
        });
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(listen)?;
    let wait = move || {
        if wait_for_hangup().is_ok() {
            // Nobody may be left to hear it.
            let _ = closed.send(Msg::Terminated);
        }
    };
    thread::Builder::new()
        .name("terminal".to_owned())
        .spawn(wait)?;
    Ok(())
}

/// Returns when the terminal is gone. A hangup is told by a signal only to those who are its session's;
/// everybody is told by `poll`, which always listens for this, and here for nothing else.
#[cfg(unix)]
fn wait_for_hangup() -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};

    let terminal = std::fs::File::open("/dev/tty");
    let stdout = io::stdout();
    let mut watched = [match &terminal {
        Ok(terminal) => PollFd::new(terminal, PollFlags::empty()),
        Err(_) => PollFd::new(&stdout, PollFlags::empty()),
    }];
    loop {
        match poll(&mut watched, None) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// There are none.
#[cfg(not(unix))]
pub(super) fn tell_signals(_tell: Sender<Msg>) -> io::Result<()> {
    Ok(())
}
