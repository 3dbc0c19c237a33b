//! Byte streams over the sockets of the system: TCP or Unix, perhaps under TLS.

#[cfg(target_os = "linux")]
mod diag;
mod gate;
mod link;
mod stream;
mod taken;
mod tls;

pub(crate) use link::SocketLink;
pub(crate) use stream::Listener;
pub(crate) use tls::{ClientSide, ServerSide};
