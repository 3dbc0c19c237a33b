//! The client, rule by rule, against servers made of raw bytes. In memory wherever that is enough;
//! deadlines run on a paused clock.
#![cfg(feature = "runtime")]

mod blocking;
mod calls;
mod check;
mod deadlines;
mod ending;
mod faults;
mod mac;
mod peer;
mod pipelining;
mod sockets;
mod split;
#[cfg(all(unix, feature = "tls"))]
mod tls;
