//! The handle that callers hold.

use super::{
    ClientBuilder, ClientError, ClientErrorKind,
    call::{Call, Command, Deadline},
};
use crate::{
    net::{Endpoint, EndpointError},
    wire::{EncodeError, NAME_LEN_MAX, Response},
};
use bytes::Bytes;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc, oneshot},
    time::timeout_at,
};

/// A connection to a server, shared by all clones.
///
/// Calls made at the same time share the socket: they go out together, and the answers come in the
/// order of the requests, up to [`in_flight_max`](crate::ClientLimits::in_flight_max) at once.
///
/// A call whose future is dropped is not sent if nothing of it was written yet; otherwise its answer
/// is read and thrown away. When the last clone is dropped, the connection is shut down in the
/// background: what was sent goes its way.
///
/// A client needs a tokio runtime with I/O and time; see [`blocking`](crate::blocking) for programs
/// without one.
///
/// ```no_run
/// # async fn run() -> Result<(), petrel::ClientError> {
/// let client = petrel::Client::connect("127.0.0.1:60606").await?;
/// let response = client.dispatch("matches", "a").await?;
/// println!("{}: {:?}", response.status, response.payload);
/// client.quit().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    calls: mpsc::UnboundedSender<Command>,
    shared: Arc<Shared>,
    pub(super) server_version: Option<u8>,
}

/// What the clones of a client and its driver share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) request_timeout: Duration,
    request_max: u64,
    /// As many as requests may be under way. Closed with the connection.
    permits: Arc<Semaphore>,
    /// Calls whose callers still wait.
    live: AtomicUsize,
    quitting: AtomicBool,
    /// Notified when no call is left and somebody quits.
    idle: Notify,
    /// Why the connection ended; set before anything else is closed.
    cause: OnceLock<ClientError>,
}

impl Client {
    /// Connects with the default settings: no MACs, no TLS, default limits, protocol check.
    ///
    /// # Errors
    /// If there is no endpoint of that form, no connection in time, or the server does not speak
    /// this protocol.
    pub async fn connect(
        endpoint: impl TryInto<Endpoint, Error: Into<EndpointError>>,
    ) -> Result<Self, ClientError> {
        Self::builder().connect(endpoint).await
    }

    /// Sets up a client before it connects.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(super) fn new(calls: mpsc::UnboundedSender<Command>, shared: Arc<Shared>) -> Self {
        Self {
            calls,
            shared,
            server_version: None,
        }
    }

    /// Sends a request and waits for its answer, at most
    /// [`request_timeout`](crate::ClientLimits::request_timeout) from the first poll on, waiting for
    /// its turn included.
    ///
    /// Whatever the server answers is a response: 200, 400 and 9101 alike. Behind 402, 497 and 502
    /// the connection is closed.
    ///
    /// # Errors
    /// If name or payload are too long, no answer comes in time, or the connection ends or has ended
    /// before. [`ClientError::executed`] says whether the request may have been executed.
    pub async fn dispatch(
        &self,
        name: impl AsRef<[u8]>,
        payload: impl Into<Bytes>,
    ) -> Result<Response, ClientError> {
        let (name, payload) = (name.as_ref().into(), payload.into());
        let deadline = Deadline::within(self.shared.request_timeout);
        self.call(name, payload, deadline).await
    }

    pub(super) async fn call(
        &self,
        name: Box<[u8]>,
        payload: Bytes,
        deadline: Deadline,
    ) -> Result<Response, ClientError> {
        self.shared
            .check_lengths(&name, &payload)
            .map_err(ClientErrorKind::Encode)?;
        let _live = self.shared.enter()?;
        let permit = self.shared.permit(deadline).await?;
        let (reply, answer) = oneshot::channel();
        let call = Call {
            name,
            payload,
            deadline,
            reply: Some(reply),
            _permit: permit,
        };
        self.calls
            .send(Command::Call(call))
            .map_err(|_| self.shared.later())?;
        answer.await.unwrap_or_else(|_| Err(self.shared.later()))
    }

    /// Ends the connection in order: calls already made are finished, later ones get an error; then
    /// the writing side is shut down, and the server has
    /// [`quit_timeout`](crate::ClientLimits::quit_timeout) to end its side.
    ///
    /// A server that does not is no error: the connection is closed then. Quitting again gives the
    /// same result. Dropping the future leaves the connection open, for no more calls, until the last
    /// clone is dropped.
    ///
    /// # Errors
    /// If the connection had ended otherwise before.
    pub async fn quit(&self) -> Result<(), ClientError> {
        self.shared.quitting.store(true, Ordering::SeqCst);
        loop {
            let idle = self.shared.idle.notified();
            if self.shared.live.load(Ordering::SeqCst) == 0 {
                break;
            }
            idle.await;
        }
        // If the driver has ended already, there is nothing to tell and nothing to wait for.
        let _ = self.calls.send(Command::Quit);
        self.calls.closed().await;
        match self.shared.cause.get() {
            Some(cause) if *cause.kind() != ClientErrorKind::Quit => Err(cause.for_later_call()),
            _ => Ok(()),
        }
    }

    /// The protocol version that the server named; none if the protocol check was left out.
    pub fn server_version(&self) -> Option<u8> {
        self.server_version
    }

    /// Whether the connection has ended, or somebody quits it. If not, it may still end at any time:
    /// only a call can tell.
    pub fn is_closed(&self) -> bool {
        self.shared.cause.get().is_some() || self.shared.quitting.load(Ordering::SeqCst)
    }
}

impl Shared {
    pub(super) fn new(builder: &ClientBuilder) -> Self {
        let limits = &builder.limits;
        let in_flight_max = usize::try_from(limits.in_flight_max).unwrap_or(usize::MAX);
        Self {
            request_timeout: limits.request_timeout,
            request_max: limits.request_max,
            permits: Arc::new(Semaphore::new(in_flight_max.min(Semaphore::MAX_PERMITS))),
            live: AtomicUsize::new(0),
            quitting: AtomicBool::new(false),
            idle: Notify::new(),
            cause: OnceLock::new(),
        }
    }

    fn check_lengths(&self, name: &[u8], payload: &[u8]) -> Result<(), EncodeError> {
        if name.len() > NAME_LEN_MAX {
            return Err(EncodeError::NameTooLong { len: name.len() });
        }
        if payload.len() as u64 > self.request_max {
            return Err(EncodeError::PayloadTooLong {
                len: payload.len(),
                limit: u32::try_from(self.request_max).unwrap_or(u32::MAX),
            });
        }
        Ok(())
    }

    /// Counts a call in, unless it comes too late.
    fn enter(&self) -> Result<Live<'_>, ClientError> {
        // Counted first: whoever quits then either sees the call, or is seen by it.
        self.live.fetch_add(1, Ordering::SeqCst);
        let live = Live(self);
        if self.cause.get().is_some() || self.quitting.load(Ordering::SeqCst) {
            return Err(self.later());
        }
        Ok(live)
    }

    /// Waits for a place among the requests that are under way. There is a timer only for calls that
    /// have to wait.
    async fn permit(&self, deadline: Deadline) -> Result<OwnedSemaphorePermit, ClientError> {
        match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => return Ok(permit),
            Err(TryAcquireError::Closed) => return Err(self.later()),
            Err(TryAcquireError::NoPermits) => {}
        }
        match timeout_at(deadline.at, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(self.later()),
            Err(_) => Err(deadline.passed().into()),
        }
    }

    /// What a call gets that comes after the end.
    fn later(&self) -> ClientError {
        self.cause.get().map_or_else(
            || ClientError::of_end(ClientErrorKind::Quit),
            ClientError::for_later_call,
        )
    }

    /// Whether the connection has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.cause.get().is_some()
    }

    /// Says why the connection ended, and sends away who waits for a place.
    pub(super) fn end(&self, cause: ClientError) {
        // Only the driver ends the connection, and only once.
        let _ = self.cause.set(cause);
        self.permits.close();
    }
}

/// A call whose caller still waits.
#[derive(Debug)]
struct Live<'a>(&'a Shared);

impl Drop for Live<'_> {
    fn drop(&mut self) {
        let left = self.0.live.fetch_sub(1, Ordering::SeqCst) - 1;
        if left == 0 && self.0.quitting.load(Ordering::SeqCst) {
            self.0.idle.notify_waiters();
        }
    }
}
