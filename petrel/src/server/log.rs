//! What the server tells the log: the fields that Petrel logs, at the level of the status.

use crate::{
    CloseReason, ConnectionEnd, Ending,
    net::Member,
    wire::{Escaped, Level, Status},
};
use std::fmt;

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
    let (connection, peer, status) = (member.id, member.peer, Status::CLIENT_CONNECTED);
    tracing::info!(connection, %peer, status = status.0, text = status.text());
}

/// Reading or writing failed: the peer is gone in a way that is not in order.
pub(super) fn lost(member: &Member, status: Status, error: &dyn fmt::Display) {
    tracing::error!(connection = member.id, status = status.0, text = status.text(), %error);
}

/// A connection ended.
pub(super) fn ended(member: &Member, end: ConnectionEnd) {
    let connection = member.id;
    match end {
        ConnectionEnd::Peer(Ending::Fin) => {
            let status = Status::CLIENT_GONE;
            tracing::info!(connection, status = status.0, text = status.text(), reason = %end);
        }
        ConnectionEnd::Closed(CloseReason::Drained) => {
            let status = Status::QUITTING;
            tracing::debug!(connection, status = status.0, text = status.text(), reason = %end);
        }
        // What led to it was told already.
        ConnectionEnd::Peer(_)
        | ConnectionEnd::Closed(
            CloseReason::PayloadLimit
            | CloseReason::PayloadBudget
            | CloseReason::ProtocolMismatch
            | CloseReason::MacFailed,
        ) => tracing::debug!(connection, reason = %end, "connection ended"),
        ConnectionEnd::Closed(_) => tracing::warn!(connection, reason = %end, "connection closed"),
    }
}
