//! The client for programs without an async runtime.
//!
//! ```no_run
//! let client = petrel::blocking::Client::connect("127.0.0.1:60606")?;
//! let response = client.dispatch("matches", "a")?;
//! println!("{}: {:?}", response.status, response.payload);
//! client.quit()?;
//! # Ok::<(), petrel::ClientError>(())
//! ```

use super::{ClientBuilder, ClientError, ClientErrorKind, Executed};
use crate::{
    net::{Endpoint, EndpointError},
    wire::Response,
};
use bytes::Bytes;
use std::{
    io,
    sync::{Arc, mpsc},
    thread,
};
use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// A connection to a server, shared by all clones, whose calls wait for their answers.
///
/// It is [`petrel::Client`](crate::Client) on a runtime of its own, with one thread in the
/// background. Clones may be used from several threads at the same time; their calls share the
/// connection. A call blocks its thread: within an async runtime it holds up other tasks, but works.
///
/// When the last clone is dropped, the connection is shut down in the background, as if by
/// [`Client::quit`]. To set anything up, see
/// [`ClientBuilder::connect_blocking`](crate::ClientBuilder::connect_blocking).
#[derive(Clone, Debug)]
pub struct Client {
    client: super::Client,
    background: Arc<Background>,
}

/// The runtime behind a client.
#[derive(Debug)]
struct Background {
    handle: Handle,
    /// Dropped, it tells the thread to come to its end.
    _stop: oneshot::Sender<()>,
}

impl Client {
    /// Connects as [`petrel::Client::connect`](crate::Client::connect) does.
    ///
    /// # Errors
    /// As there, or if no thread can be started.
    pub fn connect(
        endpoint: impl TryInto<Endpoint, Error: Into<EndpointError>>,
    ) -> Result<Self, ClientError> {
        super::Client::builder().connect_blocking(endpoint)
    }

    pub(super) fn start(builder: ClientBuilder, endpoint: Endpoint) -> Result<Self, ClientError> {
        let (ready, started) = mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new()
            .name("petrel-client".to_owned())
            .spawn(move || drive(builder, &endpoint, &ready, stopped))
            .map_err(|error| cannot_start(&error))?;
        let (handle, client) = started.recv().unwrap_or_else(|_| Err(has_ended()))?;
        let background = Arc::new(Background {
            handle,
            _stop: stop,
        });
        Ok(Self { client, background })
    }

    /// Sends a request and waits for its answer, as
    /// [`petrel::Client::dispatch`](crate::Client::dispatch) does.
    ///
    /// # Errors
    /// As there.
    pub fn dispatch(
        &self,
        name: impl AsRef<[u8]>,
        payload: impl Into<Bytes>,
    ) -> Result<Response, ClientError> {
        let client = self.client.clone();
        let (name, payload) = (Box::<[u8]>::from(name.as_ref()), payload.into());
        self.wait(async move { client.dispatch(name, payload).await })
    }

    /// Ends the connection in order, as [`petrel::Client::quit`](crate::Client::quit) does.
    ///
    /// # Errors
    /// As there.
    pub fn quit(&self) -> Result<(), ClientError> {
        let client = self.client.clone();
        self.wait(async move { client.quit().await })
    }

    /// The protocol version that the server named; none if the protocol check was left out.
    pub fn server_version(&self) -> Option<u8> {
        self.client.server_version()
    }

    /// Whether the connection has ended, or somebody quits it.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Runs a future in the background and blocks until it is done. Waiting on a channel of the
    /// standard library is possible everywhere, also within a runtime.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ClientError>> + Send + 'static,
    ) -> Result<T, ClientError> {
        let (done, result) = mpsc::sync_channel(1);
        self.background.handle.spawn(async move {
            // The caller waits; if its thread is gone all the same, nobody wants the result.
            let _ = done.send(work.await);
        });
        result.recv().unwrap_or_else(|_| Err(has_ended()))
    }
}

type Started = Result<(Handle, super::Client), ClientError>;

/// What the thread in the background does: it runs the runtime until the last client is gone.
fn drive(
    builder: ClientBuilder,
    endpoint: &Endpoint,
    ready: &mpsc::SyncSender<Started>,
    stopped: oneshot::Receiver<()>,
) {
    // Built here, because a runtime must not be dropped within another one.
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(cannot_start(&error)));
            return;
        }
    };
    runtime.block_on(async {
        match builder.connect_to(endpoint).await {
            Ok(client) => {
                // Nobody but this thread drives the connection, so it stays to see it off.
                let _ = ready.send(Ok((Handle::current(), client.clone())));
                let _ = stopped.await;
                let _ = client.quit().await;
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        }
    });
}

fn cannot_start(error: &io::Error) -> ClientError {
    let text = format!("the thread in the background cannot be started: {error}");
    ClientErrorKind::Runtime { text }.into()
}

/// The thread in the background is gone, which takes a panic in it.
fn has_ended() -> ClientError {
    let text = "the thread in the background has ended".to_owned();
    ClientError::of_end(ClientErrorKind::Runtime { text }).with_executed(Executed::Maybe)
}
