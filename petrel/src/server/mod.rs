//! The reference server.

mod config;
mod connection;
mod deadlines;
mod exchange;
mod handler;
#[cfg(feature = "tls")]
mod handshake;
mod limits;
mod log;
mod router;
mod run;

pub use config::{BindError, ServerBuilder};
pub use handler::{HandlerError, InlineRequest, IntoOutcome, IntoResponse, Reply, Request};
pub use limits::ServerLimits;
pub use router::RegisterError;
pub use run::{Server, ServerHandle};

use crate::wire::{Codec, Response, Status};
use router::Router;

/// What all connections of a server work with.
#[derive(Debug)]
struct Service {
    router: Router,
    codec: Codec,
    limits: ServerLimits,
    require_protocol_check: bool,
}

impl Service {
    /// Whether a handler may answer so; the error says what is wrong.
    fn permit(&self, response: &Response) -> Result<(), String> {
        self.permit_parts(response.status, response.payload.len())
    }

    fn permit_parts(&self, status: Status, len: usize) -> Result<(), String> {
        if !status.is_for_handlers() {
            return Err(format!(
                "the handler answered {}, which is not for handlers",
                status.0
            ));
        }
        let max = self.limits.answer_max;
        if len as u64 > max {
            return Err(format!(
                "the handler's answer has {len} bytes, over the limit of {max}"
            ));
        }
        Ok(())
    }
}
