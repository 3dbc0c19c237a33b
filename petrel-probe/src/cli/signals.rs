//! Work that waits, and ends when the user asks for it.

use petrel_cli::{Exit, Failure, Signals};
use std::{future::poll_fn, io, pin::pin, task::Poll};
use tokio::runtime;

/// Does the work on this thread; gives none if SIGINT (Ctrl-C) or SIGTERM came before it was done. What
/// it waited for is dropped then.
///
/// # Errors
/// If the system gives no runtime, or does not let us watch for signals.
pub(super) fn until_interrupted<T>(work: impl Future<Output = T>) -> Result<Option<T>, Failure> {
    let cannot = |error: io::Error| {
        let message = format!("cannot wait for the network and for signals: {error}");
        Failure::new(Exit::Unreachable, message)
    };
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot)?;
    runtime.block_on(async {
        let mut signals = Signals::new().map_err(cannot)?;
        let mut signal = pin!(signals.next());
        let mut work = pin!(work);
        let done = poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            signal.as_mut().poll(cx).map(|()| None)
        });
        Ok(done.await)
    })
}
