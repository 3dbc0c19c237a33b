//! The task that hands out requests when they are due.

use super::{timer::Timer, worker::Worker};
use std::{
    future::poll_fn,
    io,
    task::{Context, Poll},
};

/// Paces one thread of an open loop; it ends only with an error of the system's timer.
pub(super) async fn run(worker: &Worker) -> io::Error {
    let mut timer = match Timer::new() {
        Ok(timer) => timer,
        Err(error) => return error,
    };
    poll_fn(|cx| turn(worker, &mut timer, cx)).await
}

fn turn(worker: &Worker, timer: &mut Timer, cx: &mut Context<'_>) -> Poll<io::Error> {
    loop {
        let Some(next) = worker.pace(cx.waker()) else {
            // Whoever frees a place, or lets the load go on, wakes this task.
            return Poll::Pending;
        };
        let wait = next.saturating_sub(worker.common.clock.now());
        if let Err(error) = timer.set(wait) {
            return Poll::Ready(error);
        }
        match timer.poll(cx) {
            Poll::Ready(Ok(())) => (),
            Poll::Ready(Err(error)) => return Poll::Ready(error),
            Poll::Pending => return Poll::Pending,
        }
    }
}
