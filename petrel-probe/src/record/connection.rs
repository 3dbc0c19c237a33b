//! From a connection that was accepted to one that is forwarded.

use super::{
    listen::Accepted,
    relay::{Relay, now_ns},
    stream::{Idle, Plain, Stream},
    tap::ConnectionTap,
};
use crate::exchange::Side;
use petrel::{ClientTls, Endpoint, ServerTls};
use petrel_cli::output;
use std::{
    io,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// How long connecting may take, and a handshake of TLS.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// Troubles of connections are told no more often than this.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(1);

/// Where connections go, and over what.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) upstream: Endpoint,
    /// For the clients.
    pub(super) server_tls: Option<ServerTls>,
    /// For the upstream.
    pub(super) client_tls: Option<ClientTls>,
    pub(super) complaints: Complaints,
}

/// Says what befell connections, but not more than a person can read.
#[derive(Debug, Default)]
pub(super) struct Complaints(Mutex<(Option<Instant>, u64)>);

impl Route {
    /// What a reader of the recording should know of every connection.
    pub(super) fn describe(&self, is_unix: bool) -> String {
        let mut text = format!("forwarded by petrel-probe to {}", self.upstream);
        let legs = match (&self.server_tls, &self.client_tls) {
            (None, None) => "",
            (Some(_), None) => "with the client",
            (None, Some(_)) => "with the server",
            (Some(_), Some(_)) => "with both sides",
        };
        if !legs.is_empty() {
            text.push_str("; this is the plaintext of a TLS connection ");
            text.push_str(legs);
        }
        if is_unix {
            text.push_str("; the client came over a Unix socket, both addresses are made up");
        }
        text
    }

    /// Forwards a connection to its end.
    pub(super) async fn forward(&self, accepted: Accepted, mut tap: ConnectionTap) {
        let client = accepted.client;
        match self.open(accepted.stream).await {
            Ok((client, server)) => Relay::new(client, server, tap).run().await,
            Err((side, trouble)) => {
                self.complaints.tell(&format!("{client}: {trouble}"));
                tap.reset(side, Some(trouble), now_ns());
            }
        }
    }

    /// Both streams, ready to be read and written; or who is to blame, and for what. Dropping a
    /// stream resets it.
    async fn open(&self, accepted: Idle) -> Result<(Stream, Stream), (Side, String)> {
        let accepted = accepted.wake().map_err(|error| {
            let trouble = format!("the connection cannot be used: {error}");
            (Side::Client, trouble)
        })?;
        let client = in_time(Stream::accept(accepted, self.server_tls.as_ref())).await;
        let client = client.map_err(|error| {
            let trouble = format!("the client's TLS handshake failed: {error}");
            (Side::Client, trouble)
        })?;
        let of_server = |error: io::Error| {
            let trouble = format!("{} cannot be reached: {error}", self.upstream);
            (Side::Server, trouble)
        };
        let server = in_time(Plain::connect(&self.upstream)).await;
        let server = server.map_err(of_server)?;
        let tls = self.client_tls.as_ref();
        let server = in_time(Stream::secure(server, &self.upstream, tls)).await;
        Ok((client, server.map_err(of_server)?))
    }
}

impl Complaints {
    pub(super) fn tell(&self, message: &str) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (told, untold) = &mut *last;
        if told.is_some_and(|told| told.elapsed() < COMPLAINT_PAUSE) {
            *untold += 1;
            return;
        }
        let more = match std::mem::take(untold) {
            0 => String::new(),
            more => format!(" (and {more} more since the last of these lines)"),
        };
        output::warn(&format!("{message}{more}"));
        *told = Some(Instant::now());
    }
}

async fn in_time<T>(opening: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match timeout(OPEN_TIMEOUT, opening).await {
        Ok(opened) => opened,
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("nothing came of it in {OPEN_TIMEOUT:?}"),
        )),
    }
}
