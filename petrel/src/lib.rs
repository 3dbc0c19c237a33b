//! Petrel: a small request/response protocol over byte streams, as a library.
//!
//! A client sends a name and a payload, the server answers a status and a payload. A message is an
//! 11-byte header, the name, the payload, and perhaps a MAC; it goes over TCP, Unix sockets, or TLS
//! on top of either. This crate is the reference implementation: [`wire`] turns bytes into frames and
//! back, [`Server`] and [`Client`] speak them on tokio, [`blocking`] serves programs without a
//! runtime.
//!
//! # Example: a server
//!
//! ```
//! use petrel::{Request, Server, wire::Status};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder()
//!     // Any async function of a request whose result turns into a response.
//!     .register("matches", |request: Request| async move {
//!         match request.payload().as_ref() {
//!             b"a" => (Status::OK, "apple"),
//!             _ => (Status(9101), "no matches"),
//!         }
//!     })
//!     // The hot path: no future, no allocation.
//!     .register_inline("echo", |request, reply| reply.write(request.payload()))
//!     .bind("127.0.0.1:60606")
//!     .await?;
//! server.run_until_signal().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Example: a client
//!
//! ```no_run
//! # async fn run() -> Result<(), petrel::ClientError> {
//! let client = petrel::Client::connect("127.0.0.1:60606").await?;
//! let response = client.dispatch("matches", "a").await?;
//! assert_eq!((response.status.0, &response.payload[..]), (200, &b"apple"[..]));
//! # Ok(())
//! # }
//! ```
//!
//! # Example: signed messages under TLS
//!
//! A MAC proves that whoever sent a payload holds the key. It does not cover the status, the sequence
//! number or the name, and a signed message can be replayed; TLS protects all of that.
//!
//! ```no_run
//! # #[cfg(feature = "tls")]
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use petrel::{Client, ClientTls, wire::MacKey};
//!
//! let client = Client::builder()
//!     .hmac_key(MacKey::new(&std::fs::read("mac.key")?)?)
//!     .tls(ClientTls::new(&std::fs::read("ca.pem")?)?)
//!     .connect("tls://localhost:60606")
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | gives |
//! |---|---|---|
//! | `runtime` | yes | server and client, on tokio |
//! | `tls` | no | TLS for both, on rustls with the ring provider |
//!
//! Without features there is [`wire`] alone, which does no I/O. A feature adds; it changes nothing
//! about what is there without it.
//!
//! # What it promises
//!
//! No input from the network makes it panic. A peer's claim of a length reserves no memory. Waits for
//! a peer have deadlines, and what a connection holds has bounds; the numbers stand in [`ServerLimits::TABLE`] and
//! [`ClientLimits::TABLE`]. An idle plaintext connection owns no buffer. Every close of ours has a
//! [`CloseReason`], the same in error, log and counter.

// The public interface is: the wire, and on a runtime everything below by one name each.
pub mod wire;

#[cfg(feature = "runtime")]
mod client;
#[cfg(feature = "runtime")]
mod net;
#[cfg(feature = "runtime")]
mod server;

#[cfg(feature = "runtime")]
pub use client::{
    Client, ClientBuilder, ClientError, ClientErrorKind, ClientLimits, ClientStream, ConnectPhase,
    Executed, Origin, TlsFault, blocking,
};
#[cfg(feature = "tls")]
pub use net::{ClientTls, ServerTls, TlsError};
#[cfg(feature = "runtime")]
pub use net::{
    CloseReason, Closed, ConnectionEnd, Ending, Endpoint, EndpointError, Limit, LimitError,
    PeerAddr, ServerStats, ShutdownReason, Unit,
};
#[cfg(feature = "runtime")]
pub use server::{
    BindError, HandlerError, InlineRequest, IntoOutcome, IntoResponse, RegisterError, Reply,
    Request, Server, ServerBuilder, ServerHandle, ServerLimits,
};
