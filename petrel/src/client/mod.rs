//! The client: many callers, one connection.
//!
//! A [`Client`] is a handle. The connection belongs to a task, its driver, which puts the calls that
//! wait into one write, reads while it writes, and hands every answer to the call whose turn it is.
//!
//! `client` is the handle, `builder` and `connect` make one, `driver` does the I/O, `pipeline` keeps
//! the calls in their order and does none.

pub mod blocking;
mod builder;
mod call;
#[expect(
    clippy::module_inception,
    reason = "the handle is what the module is named for"
)]
mod client;
mod connect;
mod driver;
mod error;
mod limits;
mod pipeline;
mod stream;
#[cfg(feature = "tls")]
mod tls;

pub use builder::ClientBuilder;
pub use call::Executed;
pub use client::Client;
pub use error::{ClientError, ClientErrorKind, ConnectPhase, Origin, TlsFault};
pub use limits::ClientLimits;
pub use stream::ClientStream;
