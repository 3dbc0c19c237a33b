//! How connections end, on either side.

use super::peer::{connect, fixtures, keep, never, request, start};
use petrel::{CloseReason, ConnectionEnd, Ending, ServerLimits};
use std::sync::Arc;
use tokio::{io::AsyncWriteExt, sync::Notify};

#[tokio::test]
async fn a_peer_that_stops_writing_still_gets_every_answer() {
    let (mut peer, _handle, end) = start(fixtures());
    let frames: Vec<_> = (0..400)
        .map(|i| {
            request(
                i,
                if i % 2 == 0 { "echo" } else { "echo-async" },
                b"payload",
            )
        })
        .collect();
    peer.send(&frames).await;
    peer.stream.shutdown().await.unwrap();
    for i in 0..400 {
        assert_eq!(peer.answer_to(i).await, (200, b"payload".to_vec()));
    }
    peer.end().await;
    assert_eq!(end.await.unwrap(), ConnectionEnd::Peer(Ending::Fin));
}

#[tokio::test]
async fn an_end_inside_a_frame_is_seen_as_such_and_answered_by_nothing() {
    let whole = {
        let (peer, ..) = start(fixtures());
        peer.bytes(&[request(2, "echo", b"payload")])
    };
    for cut in 1..whole.len() {
        let (mut peer, handle, end) = start(fixtures());
        peer.send(&[request(1, "echo", b"whole")]).await;
        peer.send_bytes(&whole[..cut]).await;
        peer.stream.shutdown().await.unwrap();
        assert_eq!(peer.answer_to(1).await, (200, b"whole".to_vec()));
        peer.end().await;
        assert_eq!(
            end.await.unwrap(),
            ConnectionEnd::Peer(Ending::Truncated),
            "cut at {cut}"
        );
        assert_eq!(handle.stats().endings(Ending::Truncated), 1);
        assert_eq!(handle.stats().requests, 1);
    }
}

#[tokio::test]
async fn a_handler_is_dropped_when_its_client_is_gone() {
    struct Dropped(Arc<Notify>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (started, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let server = {
        let (started, dropped) = (started.clone(), dropped.clone());
        fixtures()
            .register("hang", move |_| {
                let (started, guard) = (started.clone(), Dropped(dropped.clone()));
                async move {
                    started.notify_one();
                    std::future::pending::<()>().await;
                    drop(guard);
                }
            })
            .bind("127.0.0.1:0")
            .await
            .unwrap()
    };
    let address = server.handle().local_addr().unwrap().socket_addr().unwrap();
    let handle = keep(server);
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut peer = super::peer::Peer::new(stream);
    peer.send(&[request(1, "hang", b"")]).await;
    started.notified().await;
    // A close without lingering is a reset.
    socket2::SockRef::from(&peer.stream)
        .set_linger(Some(std::time::Duration::ZERO))
        .unwrap();
    drop(peer);
    dropped.notified().await;
    handle.shutdown();
    handle.closed().await;
    assert_eq!(handle.stats().endings(Ending::Reset), 1);
}

#[tokio::test]
async fn behind_a_refusal_input_is_thrown_away_until_the_peer_ends() {
    let limits = ServerLimits::new().payload_max(1000);
    let (mut peer, handle, end) = start(fixtures().limits(limits).register_inline("never", never));
    peer.send(&[request(1, "echo", &[0; 1001]), request(2, "never", b"")])
        .await;
    assert_eq!(peer.answer_to(1).await, (402, vec![]));
    // Our side has ended, theirs has not: what they still send hurts nobody.
    peer.end().await;
    for _ in 0..100 {
        peer.send_bytes(&[0; 1000]).await;
        tokio::task::yield_now().await;
    }
    assert!(!end.is_finished());
    drop(peer);
    assert_eq!(
        end.await.unwrap(),
        ConnectionEnd::Closed(CloseReason::PayloadLimit)
    );
    assert_eq!((handle.stats().panics, handle.stats().requests), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_thrown_away_has_limits_in_time_and_in_size() {
    let limits = ServerLimits::new().payload_max(10).linger_max(50_000);
    // In time: a silent peer is left after a second.
    let (mut peer, _handle, end) = start(fixtures().limits(limits.clone()));
    assert_eq!(peer.call(1, "echo", &[0; 11]).await.0, 402);
    let begun = tokio::time::Instant::now();
    assert_eq!(
        end.await.unwrap(),
        ConnectionEnd::Closed(CloseReason::PayloadLimit)
    );
    assert_eq!(begun.elapsed().as_secs(), 1);

    // In size: a peer that floods is left when it has sent enough.
    let (mut peer, _handle, end) = start(fixtures().limits(limits));
    assert_eq!(peer.call(1, "echo", &[0; 11]).await.0, 402);
    let begun = tokio::time::Instant::now();
    while peer.stream.write_all(&[0; 1000]).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        end.await.unwrap(),
        ConnectionEnd::Closed(CloseReason::PayloadLimit)
    );
    assert_eq!(begun.elapsed().as_millis(), 0);
}

#[tokio::test]
async fn connections_do_not_touch_each_other() {
    let server = fixtures().build().unwrap();
    let ((mut bad, bad_end), (mut good, _)) = (connect(&server), connect(&server));
    let _handle = keep(server);
    assert_eq!(bad.call(1, "PROTOCHECK", &[9]).await.0, 497);
    bad.end().await;
    drop(bad);
    bad_end.await.unwrap();
    assert_eq!(good.call(1, "echo", b"x").await, (200, b"x".to_vec()));
}
