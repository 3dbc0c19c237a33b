//! Limits of size and number, at the limit and one above it.

use super::peer::{connect, fixtures, keep, request, start};
use petrel::{BindError, CloseReason, ConnectionEnd, LimitError, ServerLimits};

#[tokio::test]
async fn a_payload_of_the_limit_is_served_and_one_byte_more_refused_from_the_header() {
    let limits = ServerLimits::new().payload_max(1000);
    for name in ["echo", "echo-async"] {
        let (mut peer, handle, end) = start(fixtures().limits(limits.clone()));
        assert_eq!(peer.call(1, name, &[7; 1000]).await, (200, vec![7; 1000]));
        let over = peer.bytes(&[request(2, name, &[7; 1001])]);
        peer.send_bytes(&over[..11 + name.len()]).await;
        assert_eq!(peer.answer_to(2).await, (402, vec![]));
        peer.end().await;
        drop(peer);
        assert_eq!(
            end.await.unwrap(),
            ConnectionEnd::Closed(CloseReason::PayloadLimit)
        );
        assert_eq!(handle.stats().payload_bytes_held, 0);
    }
}

#[tokio::test]
async fn an_answer_of_the_limit_is_sent_and_a_longer_one_becomes_501() {
    let builder = fixtures()
        .limits(ServerLimits::new().answer_max(20_000))
        .register_inline("size", |request, reply| {
            let size: usize = String::from_utf8_lossy(request.payload()).parse().unwrap();
            reply.write(&vec![b'x'; size]);
        })
        .register("size-async", |request: petrel::Request| async move {
            let size: usize = String::from_utf8_lossy(request.payload()).parse().unwrap();
            vec![b'x'; size]
        });
    let (mut peer, _handle, _end) = start(builder);
    for name in ["size", "size-async"] {
        assert_eq!(
            peer.call(1, name, b"20000").await,
            (200, vec![b'x'; 20_000])
        );
        assert_eq!(peer.call(2, name, b"20001").await, (501, vec![]));
    }
    // The same where the answer is a part of the request.
    assert_eq!(
        peer.call(3, "echo", &[b'y'; 20_000]).await,
        (200, vec![b'y'; 20_000])
    );
    assert_eq!(peer.call(4, "echo", &[b'y'; 20_001]).await, (501, vec![]));
}

#[tokio::test]
async fn payloads_share_a_budget_and_give_it_back() {
    let limits = ServerLimits::new()
        .payload_budget(300_000)
        .read_chunk(65_536);
    let server = fixtures().limits(limits).build().unwrap();
    let ((mut one, _), (mut two, two_end)) = (connect(&server), connect(&server));
    let handle = keep(server);
    let large = one.bytes(&[request(1, "echo", &[7; 200_000])]);
    one.send_bytes(&large[..190_000]).await;
    while handle.stats().payload_bytes_held < 190_000 {
        tokio::task::yield_now().await;
    }
    two.send_bytes(&large[..190_000]).await;
    assert_eq!(two.answer_to(1).await, (402, vec![]));
    two.end().await;
    drop(two);
    assert_eq!(
        two_end.await.unwrap(),
        ConnectionEnd::Closed(CloseReason::PayloadBudget)
    );
    one.send_bytes(&large[190_000..]).await;
    assert_eq!(one.answer_to(1).await, (200, vec![7; 200_000]));
    while handle.stats().payload_bytes_held > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_claim_alone_reserves_next_to_nothing() {
    let (mut peer, handle, _end) = start(fixtures());
    let claim = peer.bytes(&[request(1, "echo", &[7; 4 << 20])]);
    peer.send_bytes(&claim[..20]).await;
    while handle.stats().bytes_in < 20 {
        tokio::task::yield_now().await;
    }
    assert!(handle.stats().payload_bytes_held <= 16 << 10);
}

#[tokio::test]
async fn at_the_cap_the_silent_make_room_and_the_busy_stay() {
    let server = fixtures()
        .limits(ServerLimits::new().connections_max(2))
        .build()
        .unwrap();
    let ((mut busy, _), (mut silent, silent_end)) = (connect(&server), connect(&server));
    assert_eq!(busy.call(1, "echo", b"x").await.0, 200);
    let (mut third, _) = connect(&server);
    assert_eq!(
        silent_end.await.unwrap(),
        ConnectionEnd::Closed(CloseReason::Displaced)
    );
    // Nothing of it was executed, so its end may look orderly.
    silent.end().await;
    assert_eq!(third.call(1, "echo", b"x").await.0, 200);
    let (mut fourth, fourth_end) = connect(&server);
    assert_eq!(
        fourth_end.await.unwrap(),
        ConnectionEnd::Closed(CloseReason::ConnectionLimit)
    );
    fourth.end().await;
    let stats = server.handle().stats();
    assert_eq!((stats.connections_open, stats.connections_accepted), (2, 3));
    assert_eq!(stats.closes(CloseReason::Displaced), 1);
    assert_eq!(stats.closes(CloseReason::ConnectionLimit), 1);
    assert_eq!(busy.call(2, "echo", b"x").await.0, 200);
}

#[tokio::test]
async fn a_limit_that_makes_no_sense_comes_out_of_bind() {
    let limits = ServerLimits::new().payload_max(1 << 33);
    match fixtures().limits(limits).bind("127.0.0.1:0").await {
        Err(BindError::Limit(LimitError::OutOfRange {
            name: "payload_max",
            max,
            ..
        })) => {
            assert_eq!(max, 0xffff_ffff);
        }
        other => panic!("{other:?}"),
    }
}

/// Invariant: an inline handler costs no allocation, in steady state.
#[test]
fn an_inline_request_allocates_nothing() {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Waker},
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let server = fixtures().build().unwrap();
    let (near, far) = tokio::io::duplex(1 << 16);
    let mut peer = super::peer::Peer::new(near);
    let mut connection = pin!(server.serve_connection(far));
    let mut cx = Context::from_waker(Waker::noop());
    let frames: Vec<_> = (0..16).map(|i| request(i, "echo", &[b'x'; 64])).collect();
    let bytes = peer.bytes(&frames);
    let mut answers = vec![0; bytes.len()];
    let mut round = |cx: &mut Context<'_>| {
        let mut write = pin!(tokio::io::AsyncWriteExt::write_all(
            &mut peer.stream,
            &bytes
        ));
        assert!(write.as_mut().poll(cx).is_ready());
        let connection = connection.as_mut().poll(cx);
        assert!(connection.is_pending());
        let mut read = pin!(tokio::io::AsyncReadExt::read_exact(
            &mut peer.stream,
            &mut answers
        ));
        assert!(read.as_mut().poll(cx).is_ready());
    };
    (0..3).for_each(|_| round(&mut cx));
    let allocated = allocation_counter::measure(|| round(&mut cx));
    assert_eq!(
        allocated.count_total, 0,
        "16 requests allocated {} bytes",
        allocated.bytes_total
    );
}
