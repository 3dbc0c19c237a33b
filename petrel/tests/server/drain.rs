//! How a server ends.

use super::peer::{Peer, connect, connect_with, fixtures, keep, never, request};
use petrel::{CloseReason, Closed, ConnectionEnd, ServerBuilder, ServerLimits, ShutdownReason};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, DuplexStream, ReadBuf, duplex},
    sync::{Notify, Semaphore},
    time::Instant,
};

/// A server whose handler `wait` tells that it runs and waits for a permit.
fn waiting() -> (ServerBuilder, Arc<Notify>, Arc<Semaphore>) {
    let (entered, gate) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let handles = (entered.clone(), gate.clone());
    let builder = fixtures().register("wait", move |_| {
        let (entered, gate) = handles.clone();
        async move {
            entered.notify_one();
            gate.acquire().await.unwrap().forget();
            "done"
        }
    });
    (builder, entered, gate)
}

fn outcome(closed: Closed) -> (ShutdownReason, usize) {
    (closed.reason, closed.cut)
}

#[tokio::test(start_paused = true)]
async fn complete_requests_are_answered_and_nothing_after_them_is_executed() {
    let (builder, entered, gate) = waiting();
    let server = builder.register_inline("never", never).build().unwrap();
    let ((mut busy, busy_end), (mut idle, idle_end)) = (connect(&server), connect(&server));
    assert_eq!(idle.call(1, "echo", b"x").await.0, 200);
    let half = idle.bytes(&[request(2, "never", b"")]);
    idle.send_bytes(&half[..half.len() - 1]).await;
    busy.send(&[request(1, "wait", b""), request(2, "echo", b"complete")])
        .await;
    let handle = keep(server);
    entered.notified().await;

    handle.shutdown();
    // The idle connection ends at once, orderly; the rest of its request comes too late.
    idle.end().await;
    idle.send_bytes(&half[half.len() - 1..]).await;
    drop(idle);
    assert_eq!(
        idle_end.await.unwrap(),
        ConnectionEnd::Closed(CloseReason::Drained)
    );

    busy.send(&[request(3, "never", b"")]).await;
    gate.add_permits(1);
    assert_eq!(busy.answer_to(1).await, (200, b"done".to_vec()));
    assert_eq!(busy.answer_to(2).await, (200, b"complete".to_vec()));
    busy.end().await;
    drop(busy);
    assert_eq!(
        busy_end.await.unwrap(),
        ConnectionEnd::Closed(CloseReason::Drained)
    );
    assert_eq!(
        outcome(handle.closed().await),
        (ShutdownReason::Requested, 0)
    );
    let stats = handle.stats();
    assert_eq!((stats.panics, stats.connections_open), (0, 0));
    assert_eq!(stats.closes(CloseReason::Drained), 2);
}

#[tokio::test(start_paused = true)]
async fn what_had_arrived_before_the_drain_is_answered_though_it_was_not_read_yet() {
    let (builder, ..) = waiting();
    let server = builder.build().unwrap();
    let (mut peer, _end) = connect(&server);
    peer.send(&[request(1, "echo", b"arrived")]).await;
    let handle = server.handle();
    // Neither the connection nor the server has run yet.
    handle.shutdown();
    keep(server);
    assert_eq!(peer.answer_to(1).await, (200, b"arrived".to_vec()));
    peer.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_takes_too_long_is_cut_and_says_so() {
    let (builder, entered, _gate) = waiting();
    let server = builder.build().unwrap();
    let (mut peer, end) = connect(&server);
    let handle = keep(server);
    peer.send(&[request(1, "wait", b"")]).await;
    entered.notified().await;
    let begun = Instant::now();
    handle.shutdown();
    assert_eq!(
        outcome(handle.closed().await),
        (ShutdownReason::Requested, 1)
    );
    assert_eq!(begun.elapsed().as_secs(), 10);
    assert_eq!(end.await.unwrap(), ConnectionEnd::Closed(CloseReason::Cut));
    // The end does not look orderly, for the request was executed.
    let mut rest = Vec::new();
    peer.stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, [0]);
}

#[tokio::test]
async fn all_that_had_arrived_is_answered_be_it_much_or_large() {
    let small: Vec<_> = (0..2000).map(|i| request(i, "echo", &[7; 1000])).collect();
    let large = [request(1, "echo", &[7; 1 << 20])];
    for frames in [&small[..], &large] {
        let (builder, entered, gate) = waiting();
        let server = builder.build().unwrap();
        let (mut peer, _end) = connect_with(&server, 8 << 20);
        peer.send(frames).await;
        let (mut behind, _end) = connect_with(&server, 8 << 20);
        behind.send(&[request(9, "wait", b"")]).await;
        behind.send(frames).await;
        let handle = server.handle();
        // Neither the connections nor the server have run yet.
        handle.shutdown();
        keep(server);
        entered.notified().await;
        gate.add_permits(1);
        assert_eq!(behind.answer_to(9).await.0, 200);
        for frame in frames {
            assert_eq!(
                peer.answer_to(frame.sequence).await,
                (200, frame.payload.to_vec())
            );
            assert_eq!(
                behind.answer_to(frame.sequence).await,
                (200, frame.payload.to_vec())
            );
        }
        peer.end().await;
        behind.end().await;
    }
}

/// A stream that gives a hundred bytes at a time.
struct Sipping(DuplexStream);

impl AsyncRead for Sipping {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (mut sip, len) = ([0; 100], buf.remaining().min(100));
        let mut sip = ReadBuf::new(&mut sip[..len]);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut sip))?;
        buf.put_slice(sip.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sipping {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// The runtime interrupts a task that reads very often. Nothing to read now is not nothing more.
#[tokio::test]
async fn what_takes_many_reads_has_arrived_too() {
    let server = fixtures().build().unwrap();
    let (near, far) = duplex(1 << 20);
    let mut peer = Peer::new(near);
    peer.send(&[request(1, "echo", &[7; 60_000])]).await;
    tokio::spawn(server.serve_connection(Sipping(far)));
    let handle = server.handle();
    handle.shutdown();
    keep(server);
    assert_eq!(peer.answer_to(1).await, (200, vec![7; 60_000]));
    peer.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_second_word_ends_it_at_once() {
    let (builder, entered, _gate) = waiting();
    let server = builder.limits(ServerLimits::new().drain_timeout(Duration::from_secs(60)));
    let server = server.build().unwrap();
    let (mut peer, end) = connect(&server);
    let handle = keep(server);
    peer.send(&[request(1, "wait", b"")]).await;
    entered.notified().await;
    let begun = Instant::now();
    handle.shutdown();
    assert!(!end.is_finished());
    handle.shutdown_now();
    assert_eq!(
        outcome(handle.closed().await),
        (ShutdownReason::Requested, 1)
    );
    assert_eq!(end.await.unwrap(), ConnectionEnd::Closed(CloseReason::Cut));
    assert_eq!(begun.elapsed().as_secs(), 0);
}

#[tokio::test]
async fn who_waits_for_the_end_learns_it_also_afterwards_and_if_the_server_is_dropped() {
    let server = fixtures().build().unwrap();
    let handle = server.handle();
    let (mut peer, end) = connect(&server);
    assert_eq!(peer.call(1, "echo", b"x").await.0, 200);
    drop(server);
    assert_eq!(outcome(handle.closed().await).0, ShutdownReason::Dropped);
    assert_eq!(outcome(handle.closed().await).0, ShutdownReason::Dropped);
    assert_eq!(end.await.unwrap(), ConnectionEnd::Closed(CloseReason::Cut));

    let server = fixtures().build().unwrap();
    let handle = server.handle();
    let (mut peer, end) = connect(&server);
    let running = tokio::spawn(server.run());
    assert_eq!(peer.call(1, "echo", b"x").await.0, 200);
    running.abort();
    assert_eq!(outcome(handle.closed().await).0, ShutdownReason::Dropped);
    assert_eq!(end.await.unwrap(), ConnectionEnd::Closed(CloseReason::Cut));
}

#[tokio::test]
async fn servers_of_one_process_do_not_touch_each_other() {
    let (one, two) = (fixtures().build().unwrap(), fixtures().build().unwrap());
    let ((mut a, a_end), (mut b, b_end)) = (connect(&one), connect(&two));
    let (one, two) = (keep(one), keep(two));
    assert_eq!(a.call(1, "echo", b"a").await.0, 200);
    assert_eq!(b.call(1, "echo", b"b").await.0, 200);
    one.shutdown();
    a.end().await;
    drop(a);
    a_end.await.unwrap();
    one.closed().await;
    assert_eq!(b.call(2, "echo", b"b").await.0, 200);
    assert!(!b_end.is_finished());
    assert_eq!((one.stats().requests, two.stats().requests), (1, 2));
}
