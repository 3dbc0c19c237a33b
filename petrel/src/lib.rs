//! Petrel.

#[cfg(feature = "runtime")]
mod net;
pub mod wire;
#[cfg(feature = "tls")]
pub use net::{ClientTls, ServerTls, TlsError};
#[cfg(feature = "runtime")]
pub use net::{
    CloseReason, Closed, ConnectionEnd, Ending, Endpoint, EndpointError, Limit, LimitError,
    PeerAddr, ServerStats, ShutdownReason, Unit,
};
#[cfg(feature = "runtime")]
mod server;
#[cfg(feature = "runtime")]
pub use server::{
    BindError, HandlerError, InlineRequest, IntoOutcome, IntoResponse, RegisterError, Reply,
    Request, Server, ServerBuilder, ServerHandle, ServerLimits,
};
#[cfg(feature = "runtime")]
mod client;
#[cfg(feature = "runtime")]
pub use client::ClientLimits;
