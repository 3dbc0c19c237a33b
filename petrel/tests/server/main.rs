//! The reference server, rule by rule. In memory wherever that is enough, over sockets where it is
//! not; deadlines run on a paused clock.
#![cfg(feature = "runtime")]

mod close;
mod deadlines;
mod drain;
mod handlers;
mod handshake;
mod limits;
mod mac;
mod peer;
mod pipelining;
mod sockets;
mod split;
mod statuses;
#[cfg(feature = "tls")]
mod tls;
