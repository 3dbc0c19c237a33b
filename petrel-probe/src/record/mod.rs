//! A proxy that records: it forwards first, and looks at what it forwarded afterwards.
//!
//! ```text
//! relay ──copies──▶ tap ──▶ writer ──▶ files
//!   (per connection)           └─copies─▶ tap ──▶ follower
//! ```
//!
//! No step waits for the one behind it. Who does not keep up misses bytes, and says so; the traffic
//! never notices.

mod connection;
mod exchanges;
mod file;
mod follow;
mod forwarding;
mod listen;
mod pcapng;
mod relay;
mod ring;
mod stream;
mod synthetic;
mod tap;
mod writer;

pub use exchanges::{Exchanges, Told};
pub use follow::Follower;
pub use ring::{Ring, RingError};
pub use writer::Written;

use connection::{Complaints, Route};
use file::RecordingFile;
use forwarding::{Bound, Forwarding};
use petrel::{ClientTls, Endpoint, ServerTls};
use petrel_cli::{Exit, Failure};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};
use writer::Writer;

/// Copies that wait to be written, and to be looked at, in bytes.
const QUEUE: usize = 64 << 20;

/// What is to be recorded, and where to.
#[derive(Debug)]
pub struct Recording {
    listen: Endpoint,
    upstream: Endpoint,
    path: PathBuf,
    ring: Option<Ring>,
    server_tls: Option<ServerTls>,
    client_tls: Option<ClientTls>,
}

/// A recorder that listens and has its file, before it takes connections.
#[derive(Debug)]
pub struct Prepared {
    bound: Bound,
    file: RecordingFile,
    route: Route,
}

/// A recorder at work. Dropping it leaves threads behind; [`Recorder::stop`] ends it.
#[derive(Debug)]
pub struct Recorder {
    forwarding: Forwarding,
    writer: JoinHandle<Written>,
    follower: Option<JoinHandle<()>>,
}

impl Recording {
    /// Takes connections at `listen`, forwards them to `upstream`, and writes what is said to the new
    /// file `path`.
    pub fn new(listen: Endpoint, upstream: Endpoint, path: &Path) -> Self {
        Self {
            listen,
            upstream,
            path: path.to_owned(),
            ring: None,
            server_tls: None,
            client_tls: None,
        }
    }

    /// Writes a ring of files instead of one. Defaults to not.
    #[must_use]
    pub const fn ring(mut self, ring: Option<Ring>) -> Self {
        self.ring = ring;
        self
    }

    /// What is shown to clients, if it listens under TLS. Defaults to nothing.
    #[must_use]
    pub fn server_tls(mut self, tls: Option<ServerTls>) -> Self {
        self.server_tls = tls;
        self
    }

    /// Whom to trust, if the upstream is under TLS. Defaults to nobody.
    #[must_use]
    pub fn client_tls(mut self, tls: Option<ClientTls>) -> Self {
        self.client_tls = tls;
        self
    }

    /// Listens and makes the file. Connections wait until it is started.
    ///
    /// # Errors
    /// If it cannot listen, or there is a file of that name already.
    pub fn prepare(self) -> Result<Prepared, Failure> {
        let bound = Bound::new(&self.listen)?;
        let file = RecordingFile::create(&self.path, self.ring)?;
        let route = Route {
            upstream: self.upstream,
            server_tls: self.server_tls,
            client_tls: self.client_tls,
            complaints: Complaints::default(),
        };
        Ok(Prepared { bound, file, route })
    }
}

impl Prepared {
    /// Where it listens, with the port that was given if it asked for any.
    pub const fn listening(&self) -> &Endpoint {
        self.bound.local()
    }

    /// Starts. The follower is told of everything that is recorded.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(self, follower: Option<Box<dyn Follower>>) -> Result<Recorder, Failure> {
        let Self { bound, file, route } = self;
        let (follower, follower_tap) = match follower {
            Some(follower) => {
                let (tap, drain) = tap::queue(QUEUE);
                let following = move || follow::run(&drain, follower);
                (Some(start_thread("record-follow", following)?), Some(tap))
            }
            None => (None, None),
        };
        let about = route.describe(bound.local().path().is_some());
        let writer = Writer::new(file, about, follower_tap);
        let (tap, drain) = tap::queue(QUEUE);
        let writer = start_thread("record-write", move || writer.run(&drain))?;
        Ok(Recorder {
            forwarding: bound.forward(Arc::new(route), tap)?,
            writer,
            follower,
        })
    }
}

impl Recorder {
    /// Accepts no more, resets what is still open, and comes back when everything that was heard is
    /// written and the follower was told.
    ///
    /// # Errors
    /// If a thread of the recorder came to grief.
    pub fn stop(self) -> Result<Written, Failure> {
        // With the connections the last entrances of the queue go away, and the writer ends.
        let forwarded = self.forwarding.stop();
        let written = self.writer.join();
        let followed = self.follower.map_or(Ok(()), JoinHandle::join);
        match (forwarded, written, followed) {
            (Ok(()), Ok(written), Ok(())) => Ok(written),
            _ => Err(Failure::new(
                Exit::Unreachable,
                "the recorder broke down, and the end of the recording may be missing",
            )),
        }
    }
}

fn start_thread<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Failure> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(body);
    thread.map_err(|error| cannot_start(&error))
}

fn cannot_start(error: &io::Error) -> Failure {
    let message = format!("the system gives no thread to record with: {error}");
    Failure::new(Exit::Unreachable, message)
}
