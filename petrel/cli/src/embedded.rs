//! A reference server in the same process, for tools that were pointed at nothing else.

use crate::{Exit, Failure, fixtures};
use petrel::{Endpoint, Server, ServerHandle, ServerLimits, ServerTls, wire::MacKey};
use std::{
    io,
    net::SocketAddr,
    sync::mpsc::{self, Sender},
    thread::{self, JoinHandle},
};
use tokio::runtime;

/// A server with the fixtures, on a thread and a runtime of its own, so that the program which
/// measures or judges it does not share its turns.
///
/// Dropping it ends the server in order: requests in progress are answered, and the thread is waited
/// for, no longer than the limits `drain_timeout` and a second.
#[derive(Debug)]
pub struct Embedded {
    endpoint: Endpoint,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// How an [`Embedded`] server is set up. By default: no key, no TLS, the default limits, no handler
/// that panics, no protocol check required.
#[derive(Clone, Debug, Default)]
pub struct EmbeddedConfig {
    hmac_key: Option<MacKey>,
    tls: Option<ServerTls>,
    limits: ServerLimits,
    allow_panic: bool,
    require_protocol_check: bool,
}

impl Embedded {
    /// Starts the server on a free port of 127.0.0.1 and comes back once it listens.
    ///
    /// # Errors
    /// If the limits are wrong, or the system gives no thread, no port or no open file.
    pub fn start(config: EmbeddedConfig) -> Result<Self, Failure> {
        let (started, start) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("petrel-embedded".to_owned())
            .spawn(move || serve(config, &started))
            .map_err(|error| cannot_start(&error))?;
        let (endpoint, handle) = start
            .recv()
            .map_err(|_| cannot_start(&io::Error::other("its thread ended")))??;
        Ok(Self {
            endpoint,
            handle,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The server's handle: what it counted, and how to end it before it is dropped.
    pub const fn handle(&self) -> &ServerHandle {
        &self.handle
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.handle.shutdown();
        if let Some(thread) = self.thread.take() {
            // If it panicked, it said so itself.
            let _ = thread.join();
        }
    }
}

impl EmbeddedConfig {
    /// The key of MACs. Defaults to none.
    #[must_use]
    pub fn hmac_key(mut self, key: Option<MacKey>) -> Self {
        self.hmac_key = key;
        self
    }

    /// Listens under TLS. Defaults to not.
    #[must_use]
    pub fn tls(mut self, tls: Option<ServerTls>) -> Self {
        self.tls = tls;
        self
    }

    /// The limits. Default to those of the table.
    #[must_use]
    pub fn limits(mut self, limits: ServerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether the fixture `panic` is registered. Defaults to not.
    #[must_use]
    pub const fn allow_panic(mut self, allow: bool) -> Self {
        self.allow_panic = allow;
        self
    }

    /// Whether a client must begin with a protocol check. Defaults to not.
    #[must_use]
    pub const fn require_protocol_check(mut self, require: bool) -> Self {
        self.require_protocol_check = require;
        self
    }
}

/// Where the server listens and what steers it, or why it could not start.
type Started = Result<(Endpoint, ServerHandle), Failure>;

fn serve(config: EmbeddedConfig, started: &Sender<Started>) {
    // Whoever starts the server waits for one message, so sending it cannot fail.
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = started.send(Err(cannot_start(&error)));
            return;
        }
    };
    runtime.block_on(async {
        let (server, running) = match bind(config).await {
            Ok(bound) => bound,
            Err(failure) => {
                let _ = started.send(Err(failure));
                return;
            }
        };
        let _ = started.send(Ok(running));
        if let Err(error) = server.run().await {
            tracing::error!(%error, "the embedded server ended");
        }
    });
}

async fn bind(config: EmbeddedConfig) -> Result<(Server, (Endpoint, ServerHandle)), Failure> {
    let loopback = Endpoint::from(SocketAddr::from(([127, 0, 0, 1], 0)));
    let loopback = loopback.with_tls(config.tls.is_some());
    let mut builder = fixtures::register(Server::builder(), &config.limits, config.allow_panic)
        .limits(config.limits)
        .require_protocol_check(config.require_protocol_check);
    if let Some(key) = config.hmac_key {
        builder = builder.hmac_key(key);
    }
    if let Some(tls) = config.tls {
        builder = builder.tls(tls);
    }
    let server = builder.bind(&loopback).await?;
    let handle = server.handle();
    let endpoint = handle.local_addr().cloned().unwrap_or(loopback);
    Ok((server, (endpoint, handle)))
}

fn cannot_start(error: &io::Error) -> Failure {
    let message = format!("cannot start the embedded server: {error}");
    Failure::new(Exit::Unreachable, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use petrel::{
        ShutdownReason,
        wire::{Codec, Decoded, Frame, Status},
    };
    use std::{
        io::{Read, Write},
        net::TcpStream,
    };

    fn ask(server: &Embedded, codec: &Codec, name: &[u8], payload: &[u8]) -> Status {
        let mut stream = TcpStream::connect(server.endpoint().socket_addr().unwrap()).unwrap();
        let (status, sequence) = (Status::NONE, 1);
        let request = Frame {
            status,
            sequence,
            name,
            payload,
        };
        let mut bytes = Vec::new();
        codec.encode(&request, &mut bytes).unwrap();
        stream.write_all(&bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        bytes.clear();
        stream.read_to_end(&mut bytes).unwrap();
        match codec.decode(&bytes).unwrap() {
            Decoded::Frame { frame, .. } => frame.status,
            Decoded::NeedMore { .. } => panic!("the answer is not whole"),
        }
    }

    #[test]
    fn it_serves_the_fixtures_as_configured_and_ends_when_dropped() {
        let key = MacKey::new(b"a key of sixteen").unwrap();
        let codec = Codec::new().mac_key(key.clone());
        let config = EmbeddedConfig::default()
            .hmac_key(Some(key))
            .allow_panic(true);
        let server = Embedded::start(config.limits(ServerLimits::new().answer_max(9))).unwrap();
        for (name, payload, status) in [
            ("echo", "x", 200),
            ("null", "x", 200),
            ("size", "9", 200),
            ("size", "10", 500),
            ("size", "many", 500),
            ("sleep", "0", 200),
            ("sleep", "-1", 500),
            ("status", "9101", 9101),
            ("status", "402", 501),
            ("status", "65536", 500),
            ("fail", "", 500),
            ("panic", "", 501),
            ("other", "", 400),
        ] {
            let answer = ask(&server, &codec, name.as_bytes(), payload.as_bytes());
            assert_eq!(answer, Status(status), "{name} {payload}");
        }
        let handle = server.handle().clone();
        drop(server);
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let closed = runtime.block_on(handle.closed());
        assert_eq!((closed.reason, closed.cut), (ShutdownReason::Requested, 0));
    }

    #[test]
    fn what_it_cannot_start_with_is_told() {
        let limits = ServerLimits::new().keepalive_probes(0);
        let failure = Embedded::start(EmbeddedConfig::default().limits(limits)).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(
            failure.to_string().contains("keepalive_probes"),
            "{failure}"
        );
    }

    #[test]
    fn without_being_asked_for_nothing_panics() {
        let server = Embedded::start(EmbeddedConfig::default()).unwrap();
        assert_eq!(
            ask(&server, &Codec::new(), b"panic", b""),
            Status::NOT_FOUND
        );
    }
}
