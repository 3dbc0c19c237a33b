//! The accept loop: takes connections in, waits out what the system is short of, and ends.

use super::{Closed, Hub, Listener, Membership, PeerAddr, Plain, ShutdownReason};
use std::{
    future::poll_fn,
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

/// How long to wait for connections that were told to end at once.
const CUT_GRACE: Duration = Duration::from_secs(1);

/// How the accept loop waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AcceptPolicy {
    pub(crate) backoff_min: Duration,
    pub(crate) backoff_max: Duration,
    pub(crate) drain_timeout: Duration,
}

/// Hands every new connection to `serve` until the server is told to stop; then lets the
/// connections come to their end, and cuts those that do not in time.
///
/// `serve` gets the stream, whether it is to be under TLS, and the connection's place.
pub(crate) async fn accept_until_shutdown(
    listeners: Vec<Listener>,
    hub: &Arc<Hub>,
    policy: AcceptPolicy,
    mut serve: impl FnMut(Plain, bool, Membership),
) -> Closed {
    // If this future is dropped, its connections go with it.
    let guard = CutOnDrop(hub);
    {
        let mut stopping = pin!(hub.stopping());
        let mut next = 0;
        let mut backoff = policy.backoff_min;
        loop {
            let accepted = poll_fn(|cx| {
                if stopping.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(None);
                }
                poll_accept(&listeners, &mut next, cx).map(Some)
            });
            match accepted.await {
                None => break,
                Some(Ok((stream, peer, tls))) => {
                    backoff = policy.backoff_min;
                    match hub.admit(peer) {
                        Ok(membership) => serve(stream, tls, membership),
                        Err(reason) => {
                            hub.count_refusal(reason);
                            tracing::warn!(%peer, %reason, "connection refused");
                        }
                    }
                }
                Some(Err(error)) if is_of_one_connection(&error) => {}
                Some(Err(error)) => {
                    hub.count_accept_error();
                    tracing::error!(status = 599, %error, ?backoff, "cannot accept connections");
                    if tokio::time::timeout(backoff, stopping.as_mut())
                        .await
                        .is_ok()
                    {
                        break;
                    }
                    backoff = (backoff * 2).min(policy.backoff_max);
                }
            }
        }
    }
    drop(listeners);
    drain(hub, policy.drain_timeout).await;
    std::mem::forget(guard);
    hub.finish()
}

/// Waits until every connection has ended; cuts those that have not in time.
async fn drain(hub: &Hub, timeout: Duration) {
    let mut empty = pin!(hub.empty());
    let mut cutting = pin!(hub.cutting());
    let drained = poll_fn(|cx| {
        if empty.as_mut().poll(cx).is_ready() {
            return Poll::Ready(true);
        }
        cutting.as_mut().poll(cx).map(|()| false)
    });
    if tokio::time::timeout(timeout, drained).await == Ok(true) {
        return;
    }
    hub.cut(ShutdownReason::Requested);
    // A handler that blocks its thread cannot be cut; it is not waited for either.
    let _ = tokio::time::timeout(CUT_GRACE, hub.empty()).await;
}

/// Polls the listeners in turn, beginning behind the one that gave the last connection.
fn poll_accept(
    listeners: &[Listener],
    next: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<io::Result<(Plain, PeerAddr, bool)>> {
    for offset in 0..listeners.len() {
        let index = (*next + offset) % listeners.len();
        let Some(listener) = listeners.get(index) else {
            continue;
        };
        if let Poll::Ready(accepted) = listener.poll_accept(cx) {
            *next = index + 1;
            let tls = listener.local().is_tls();
            return Poll::Ready(accepted.map(|(stream, peer)| (stream, peer, tls)));
        }
    }
    Poll::Pending
}

/// Whether an error of `accept` concerns one connection that went away before it was taken, and
/// not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

struct CutOnDrop<'a>(&'a Hub);

impl Drop for CutOnDrop<'_> {
    fn drop(&mut self) {
        self.0.cut(ShutdownReason::Dropped);
        self.0.finish();
    }
}
