//! The threads that forward. Each has a runtime of its own, so that a connection is never handed from
//! one processor to another between a byte and its forwarding; the first also accepts.

use super::{
    connection::Route,
    listen::{Accepted, Listener},
    relay::now_ns,
    tap::Tap,
};
use petrel::Endpoint;
use petrel_cli::Failure;
use std::{
    io,
    num::NonZero,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::{
    runtime::{self, Runtime},
    sync::{
        mpsc::{self, UnboundedReceiver, UnboundedSender},
        oneshot,
    },
};

/// Threads at most. More would not forward faster than a network does.
const THREADS_MAX: usize = 4;

/// How long to wait when the system gives no connection: most often there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long the end may wait for names that are being looked up.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// Connections that are accepted and forwarded until it is told to stop.
#[derive(Debug)]
pub(super) struct Forwarding {
    threads: Vec<JoinHandle<()>>,
    /// Dropped, it ends the first thread, and that ends the others.
    stop: oneshot::Sender<()>,
}

/// A socket that is bound, and the runtime it belongs to; nothing was accepted yet.
#[derive(Debug)]
pub(super) struct Bound {
    runtime: Runtime,
    listener: Listener,
}

/// A connection on its way to its thread.
struct Handed {
    accepted: Accepted,
    number: u32,
    time_ns: u64,
}

impl Bound {
    /// Binds, for connections to wait in.
    ///
    /// # Errors
    /// If it cannot listen there, or the system gives no runtime.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Self, Failure> {
        let runtime = start_runtime().map_err(|error| super::cannot_start(&error))?;
        let listener = runtime
            .block_on(Listener::bind(endpoint))
            .map_err(|error| Failure::listening(endpoint, &error))?;
        Ok(Self { runtime, listener })
    }

    /// Where it listens, with the port that was given if it asked for any.
    pub(super) const fn local(&self) -> &Endpoint {
        self.listener.local()
    }

    /// Forwards what comes along the route, and tells the tap.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn forward(self, route: Arc<Route>, tap: Tap) -> Result<Forwarding, Failure> {
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        let mut entrances = Vec::new();
        let mut threads = Vec::new();
        for _ in 1..count.min(THREADS_MAX) {
            let (entrance, exit) = mpsc::unbounded_channel();
            let runtime = start_runtime().map_err(|error| super::cannot_start(&error))?;
            let (route, tap) = (Arc::clone(&route), tap.clone());
            let forwarding = move || {
                runtime.block_on(forward_all(exit, route, tap));
                runtime.shutdown_timeout(END_TIMEOUT);
            };
            threads.push(super::start_thread("record-forward", forwarding)?);
            entrances.push(entrance);
        }
        let (entrance, exit) = mpsc::unbounded_channel();
        entrances.push(entrance);
        let (stop, stopped) = oneshot::channel();
        let Self { runtime, listener } = self;
        let forwarding = move || {
            runtime.spawn(accept_all(listener, entrances, Arc::clone(&route)));
            runtime.spawn(forward_all(exit, route, tap));
            // Whether it is told or the other end is gone comes to the same.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_timeout(END_TIMEOUT);
        };
        threads.push(super::start_thread("record-accept", forwarding)?);
        Ok(Forwarding { threads, stop })
    }
}

impl Forwarding {
    /// Accepts no more and drops what is still open, which resets it.
    pub(super) fn stop(self) -> thread::Result<()> {
        drop(self.stop);
        self.threads.into_iter().try_for_each(JoinHandle::join)
    }
}

/// Hands connections to the threads by turns.
async fn accept_all(
    mut listener: Listener,
    entrances: Vec<UnboundedSender<Handed>>,
    route: Arc<Route>,
) {
    let mut number = 0_u32;
    let mut turns = entrances.iter().cycle();
    loop {
        match listener.accept().await {
            Ok(accepted) => {
                number = number.wrapping_add(1);
                let handed = Handed {
                    accepted,
                    number,
                    time_ns: now_ns(),
                };
                // A thread that is gone has panicked, which the end will tell.
                let _ = turns.next().map(|entrance| entrance.send(handed));
            }
            Err(error) => {
                let trouble = format!("cannot take a connection: {error}");
                route.complaints.tell(&trouble);
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn forward_all(mut exit: UnboundedReceiver<Handed>, route: Arc<Route>, tap: Tap) {
    while let Some(handed) = exit.recv().await {
        let Handed {
            accepted,
            number,
            time_ns,
        } = handed;
        let tap = tap.open(number, accepted.client, accepted.server, time_ns);
        let route = Arc::clone(&route);
        tokio::spawn(async move { route.forward(accepted, tap).await });
    }
}

fn start_runtime() -> io::Result<Runtime> {
    runtime::Builder::new_current_thread().enable_all().build()
}
