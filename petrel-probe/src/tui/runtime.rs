//! The loop around the model: messages in, effects out, one frame for all that came meanwhile.
//!
//! It blocks until something happens. Idle, it uses no processor time.

use super::{
    OWN_CONNECTIONS, Opening, Source,
    compose::{self, Compose},
    effect::Effect,
    message::Msg,
    model::{Model, Screen as Shown},
    paint::Look,
    signals,
    terminal::{self, Screen},
    traffic::Traffic,
    update::update,
    view::view,
    worker::{Workers, replay::Replayer, session::Composer},
};
use petrel_cli::{Exit, Failure};
use std::{
    io,
    sync::mpsc::{self, Receiver},
};

/// Messages that are taken in before the next frame is drawn.
const MESSAGES_MAX: usize = 256;

/// Whether there is a terminal for it: standard output, and keys from standard input or, with a capture
/// there, from the terminal of the process.
pub fn is_possible(source: &Source) -> bool {
    terminal::is_possible(matches!(source, Source::Stdin))
}

/// Runs the interface until the user leaves it, a signal ends it or its terminal is gone.
///
/// # Errors
/// If the source cannot be opened, or the terminal cannot be taken over.
pub fn run(mut opening: Opening) -> Result<Exit, Failure> {
    let (tell, messages) = mpsc::channel();
    if !matches!(opening.source, Source::Nowhere) {
        opening.setup.first_connection = OWN_CONNECTIONS + 1;
    }
    let mut model = model_of(&opening);
    let narrowing = opening.filter.map(|filter| model.traffic.narrow(&filter));
    let traffic = Workers::start(opening.source, opening.decoder, tell.clone())?;
    let mut behind = Behind {
        replayer: Replayer::new(opening.setup.clone(), traffic.stores(), tell.clone()),
        traffic,
        composer: Composer::start(opening.setup, tell.clone())?,
    };
    // Nobody can have closed the channel.
    let _ = tell.send(Msg::Compose(compose::Msg::Begin));
    signals::tell_signals(tell.clone()).map_err(|error| cannot("watch for signals", &error))?;
    let on_panic = tell.clone();
    let screen = Screen::open(move || {
        let _ = on_panic.send(Msg::Terminated);
    });
    let mut screen = screen.map_err(|error| cannot("take over the terminal", &error))?;
    signals::tell_keys(tell).map_err(|error| cannot("read keys", &error))?;
    let ended = match narrowing.map(|effect| perform(effect, &mut screen, &mut behind)) {
        None | Some(Ok(_)) => turn(&mut model, &mut screen, &messages, &mut behind),
        Some(Err(error)) => Err(error),
    };
    drop(screen);
    match ended {
        _ if terminal::has_panicked() => {
            let message = "a part of this program failed, as it said above; please report that";
            Err(Failure::new(Exit::Unreachable, message))
        }
        Ok(()) => Ok(Exit::Done),
        // A terminal that was closed is an end like any other.
        Err(error) if is_gone(&error) => Ok(Exit::Done),
        Err(error) => Err(cannot("use the terminal", &error)),
    }
}

/// The threads behind the interface.
#[derive(Debug)]
struct Behind {
    traffic: Workers,
    composer: Composer,
    replayer: Replayer,
}

fn model_of(opening: &Opening) -> Model {
    let name = match &opening.source {
        Source::Nowhere => {
            let target = opening.setup.target.as_ref();
            target.map_or_else(String::new, ToString::to_string)
        }
        Source::File(path) => path.display().to_string(),
        Source::Stdin => "standard input".to_owned(),
        Source::Live { name, .. } => name.clone(),
    };
    Model {
        size: (0, 0),
        look: Look {
            is_colored: terminal::is_colored(),
            is_ascii: opening.is_ascii,
        },
        screen: if opening.composes {
            Shown::Compose
        } else {
            Shown::Traffic
        },
        overlay: None,
        count: None,
        notice: None,
        replays: 0,
        traffic: Traffic::new(&name, matches!(opening.source, Source::Live { .. })),
        compose: Compose::new(&opening.setup),
    }
}

fn turn(
    model: &mut Model,
    screen: &mut Screen,
    messages: &Receiver<Msg>,
    behind: &mut Behind,
) -> io::Result<()> {
    loop {
        let (width, height) = screen.size()?;
        let mut effects = Vec::new();
        if model.size != (width, height) {
            effects = update(model, Msg::Resize { width, height });
        }
        for effect in effects {
            if perform(effect, screen, behind)? {
                return Ok(());
            }
        }
        screen.draw(|area, buf| view(model, area, buf))?;
        // The program itself holds no sender; the threads that read keys and signals do.
        let Ok(first) = messages.recv() else {
            return Ok(());
        };
        let more = messages.try_iter().take(MESSAGES_MAX);
        for msg in std::iter::once(first).chain(more) {
            for effect in update(model, msg) {
                if perform(effect, screen, behind)? {
                    return Ok(());
                }
            }
        }
    }
}

/// Does what the model wants; true if that is the end.
fn perform(effect: Effect, screen: &mut Screen, behind: &mut Behind) -> io::Result<bool> {
    let workers = &behind.traffic;
    match effect {
        Effect::Quit => return Ok(true),
        Effect::Suspend => suspend(screen)?,
        Effect::Redraw => screen.retake()?,
        Effect::LoadExchange { row } => workers.load(row),
        Effect::Filter {
            expression,
            generation,
        } => workers.filter(expression, generation),
        Effect::Search {
            needle,
            from,
            is_backward,
            within,
            generation,
        } => workers.search(needle, from, is_backward, within, generation),
        Effect::Append(exchange) => workers.append(&exchange),
        Effect::Copy(text) => Screen::copy(&text)?,
        Effect::Replay(effect) => behind.replayer.perform(effect),
        Effect::Compose(effect) => behind.composer.perform(effect),
    }
    Ok(false)
}

/// Gives the terminal back and stops, with everything that was started with us, as the terminal itself
/// would do. Where nobody could continue us, the system does not stop us.
#[cfg(unix)]
fn suspend(screen: &mut Screen) -> io::Result<()> {
    use rustix::process::{Signal, kill_current_process_group};

    terminal::give_back();
    kill_current_process_group(Signal::TSTP)?;
    screen.retake()
}

#[cfg(not(unix))]
fn suspend(screen: &mut Screen) -> io::Result<()> {
    screen.retake()
}

#[cfg(unix)]
fn is_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;

    let gone = [Errno::IO, Errno::PIPE, Errno::NXIO].map(Errno::raw_os_error);
    error
        .raw_os_error()
        .is_some_and(|code| gone.contains(&code))
}

#[cfg(not(unix))]
fn is_gone(_error: &io::Error) -> bool {
    false
}

fn cannot(what: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::Unreachable, format!("cannot {what}: {error}"))
}
