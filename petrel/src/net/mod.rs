//! Byte streams: where they lead, how they are listened for, read, written, limited and ended.
//!
//! Nothing here knows what a frame is. Server and client of Petrel stand on it, and so can any other
//! protocol of requests and answers.

mod alarm;
mod end;
mod endpoint;
mod hub;
mod inbox;
pub(crate) mod limit;
mod listener;
mod outbox;
mod serve;
mod stats;
mod stream;
#[cfg(feature = "tls")]
mod tls;

pub use end::{CloseReason, ConnectionEnd, Ending};
pub use endpoint::{Endpoint, EndpointError};
pub use hub::{Closed, ShutdownReason};
pub use limit::{Limit, LimitError, Unit};
pub use stats::ServerStats;
pub use stream::PeerAddr;
#[cfg(feature = "tls")]
pub use tls::{ClientTls, ServerTls, TlsError};

pub(crate) use alarm::Alarm;
pub(crate) use end::ending_of;
pub(crate) use endpoint::Address;
pub(crate) use hub::{Caps, Hub, Member, Membership, Order};
pub(crate) use inbox::Inbox;
pub(crate) use limit::limits;
pub(crate) use listener::Listener;
pub(crate) use outbox::{Outbox, SHARE_MIN};
pub(crate) use serve::{AcceptPolicy, accept_until_shutdown};
pub(crate) use stats::Tally;
pub(crate) use stream::{Plain, SocketOptions, Stream};
