//! What a server makes of signals.
//!
//! One test in a program of its own: a signal goes to the whole process.
#![cfg(all(unix, feature = "runtime"))]

#[allow(dead_code, reason = "shared with the tests of the server")]
#[path = "server/peer.rs"]
mod peer;

use peer::{connect, fixtures, request};
use petrel::{CloseReason, ConnectionEnd, ServerLimits, ShutdownReason};
use rustix::process::{Signal, getpid, kill_process};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::sync::Notify;

#[tokio::test]
async fn a_signal_drains_the_server_and_a_second_one_ends_it_at_once() {
    for (signal, name) in [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM")] {
        let entered = Arc::new(Notify::new());
        let notify = Arc::clone(&entered);
        let day = Duration::from_secs(24 * 60 * 60);
        let server = fixtures()
            .limits(ServerLimits::new().drain_timeout(day))
            .register("hang", move |_| {
                notify.notify_one();
                std::future::pending::<()>()
            })
            .build()
            .unwrap();
        let ((mut idle, idle_end), (mut busy, busy_end)) = (connect(&server), connect(&server));
        let mut running = pin!(server.run_until_signal());
        let talking = async {
            assert_eq!(idle.call(1, "echo", b"x").await.0, 200);
            busy.send(&[request(1, "hang", b"")]).await;
            entered.notified().await;
            kill_process(getpid(), signal).unwrap();
            idle.end().await;
            drop(idle);
            let drained = ConnectionEnd::Closed(CloseReason::Drained);
            assert_eq!(idle_end.await.unwrap(), drained);
            assert!(!busy_end.is_finished(), "it has a request to answer");

            kill_process(getpid(), signal).unwrap();
            let cut = ConnectionEnd::Closed(CloseReason::Cut);
            assert_eq!(busy_end.await.unwrap(), cut);
        };
        // The server is polled first and so watches for signals before one is sent.
        let (closed, ()) = tokio::join!(running.as_mut(), talking);
        let closed = closed.unwrap();
        assert_eq!(
            (closed.reason, closed.cut),
            (ShutdownReason::Signal(name), 1)
        );
    }
}
