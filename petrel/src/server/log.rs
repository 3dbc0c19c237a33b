//! What the server tells the log: the fields that Petrel logs, at the level of the status.

use crate::{
    CloseReason, ConnectionEnd, Ending,
    net::Member,
    wire::{Escaped, Level, Status},
};

/// One event with the fields of Petrel, at a level that is known only when it runs.
macro_rules! at_level {
    ($level:expr, $($fields:tt)+) => {
        match $level {
            Level::Debug => tracing::debug!($($fields)+),
            Level::Info => tracing::info!($($fields)+),
            Level::Warn => tracing::warn!($($fields)+),
            Level::Error => tracing::error!($($fields)+),
        }
    };
}

/// A request was answered. What went well, 200 and the application's own, is told at `trace` only.
#[inline]
pub(super) fn answered(
    member: &Member,
    sequence: u32,
    name: &[u8],
    status: Status,
    error: Option<&str>,
) {
    if status == Status::OK || !status.is_reserved() {
        // Nothing is computed for it unless somebody listens.
        tracing::trace!(
            connection = member.id,
            sequence,
            request = %Escaped(name),
            status = status.0,
            text = status.text(),
        );
        return;
    }
    let (connection, text, request) = (member.id, status.text(), Escaped(name));
    let status_number = status.0;
    let error = error.map(|error| tracing::field::display(Escaped(error.as_bytes())));
    at_level!(status.level(), connection, sequence, %request, status = status_number, text, error);
}

/// A connection was opened.
pub(super) fn opened(member: &Member) {
    let (connection, peer) = (member.id, member.peer);
    tracing::debug!(connection, %peer, status = 100, text = Status(100).text());
}

/// A connection ended.
pub(super) fn ended(member: &Member, end: ConnectionEnd) {
    let connection = member.id;
    match end {
        ConnectionEnd::Peer(Ending::Fin) => {
            let status = Status::CLIENT_GONE;
            tracing::info!(connection, status = status.0, text = status.text(), reason = %end);
        }
        ConnectionEnd::Peer(_) => {
            let status = Status::READ_ERROR;
            tracing::error!(connection, status = status.0, text = status.text(), reason = %end);
        }
        ConnectionEnd::Closed(CloseReason::Drained) => {
            tracing::info!(connection, status = 199, text = Status(199).text(), reason = %end);
        }
        ConnectionEnd::Closed(_) => {
            tracing::warn!(connection, status = 199, text = Status(199).text(), reason = %end);
        }
    }
}
