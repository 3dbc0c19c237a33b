//! Every deadline, on a paused clock: closed when it passes, with its reason, and not before.

use super::peer::{Peer, connect_with, fixtures, keep, request, start};
use petrel::{CloseReason, ConnectionEnd, ServerLimits};
use std::time::Duration;
use tokio::{task::JoinHandle, time::Instant};

/// Waits for the end; gives the reason and how long it took.
async fn ended(end: JoinHandle<ConnectionEnd>, since: Instant) -> (CloseReason, Duration) {
    match end.await.unwrap() {
        ConnectionEnd::Closed(reason) => (reason, since.elapsed()),
        other => panic!("ended by {other}"),
    }
}

/// Timers tick in milliseconds and fire at the next one.
fn assert_took(took: Duration, expected: Duration) {
    assert!(
        took >= expected && took <= expected + Duration::from_millis(2),
        "{took:?}"
    );
}

async fn trickle(peer: &mut Peer, bytes: &[u8], every: Duration) {
    for byte in bytes {
        tokio::time::sleep(every).await;
        peer.send_bytes(&[*byte]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed_after_ten_seconds() {
    let (_peer, handle, end) = start(fixtures());
    let (reason, took) = ended(end, Instant::now()).await;
    assert_eq!(reason, CloseReason::FirstFrameTimeout);
    assert_took(took, Duration::from_secs(10));
    assert_eq!(handle.stats().closes(reason), 1);
}

#[tokio::test(start_paused = true)]
async fn trickling_does_not_extend_the_time_for_the_first_frame() {
    let (mut peer, _handle, end) = start(fixtures());
    let begun = Instant::now();
    let bytes = peer.bytes(&[request(1, "echo", b"payload")]);
    trickle(&mut peer, &bytes[..9], Duration::from_secs(1)).await;
    let (reason, took) = ended(end, begun).await;
    assert_eq!(reason, CloseReason::FirstFrameTimeout);
    assert_took(took, Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn after_its_first_request_a_connection_may_be_idle_for_ever() {
    let (mut peer, _handle, end) = start(fixtures());
    assert_eq!(peer.call(1, "echo", b"x").await.0, 200);
    tokio::time::sleep(Duration::from_secs(7 * 24 * 3600)).await;
    assert_eq!(peer.call(2, "echo", b"x").await.0, 200);
    assert!(!end.is_finished());
}

#[tokio::test(start_paused = true)]
async fn an_idle_limit_counts_from_the_last_thing_that_happened() {
    // Without lingering: it ends in order, so it would read on for a second.
    let limits = ServerLimits::new()
        .idle_timeout(Duration::from_secs(60))
        .linger_timeout(Duration::ZERO);
    let (mut peer, _handle, end) = start(fixtures().limits(limits));
    for i in 0..5 {
        assert_eq!(peer.call(i, "echo", b"x").await.0, 200);
        tokio::time::sleep(Duration::from_secs(59)).await;
    }
    assert_eq!(peer.call(9, "echo", b"x").await.0, 200);
    let (reason, took) = ended(end, Instant::now()).await;
    assert_eq!(reason, CloseReason::IdleTimeout);
    assert_took(took, Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn an_answer_ends_idleness_though_nothing_came_in_with_it() {
    let limits = ServerLimits::new()
        .idle_timeout(Duration::from_secs(60))
        .linger_timeout(Duration::ZERO);
    let builder = fixtures()
        .limits(limits)
        .register("slow", |_| tokio::time::sleep(Duration::from_secs(50)));
    let (mut peer, _handle, end) = start(builder);
    assert_eq!(peer.call(1, "echo", b"x").await.0, 200);
    assert_eq!(peer.call(2, "slow", b"").await.0, 200);
    let (reason, took) = ended(end, Instant::now()).await;
    assert_eq!(reason, CloseReason::IdleTimeout);
    assert_took(took, Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_begun_must_come_within_thirty_seconds_however_it_trickles() {
    let limits = ServerLimits::new().frame_rate_min(0);
    let (mut peer, _handle, end) = start(fixtures().limits(limits));
    assert_eq!(peer.call(1, "echo", b"x").await.0, 200);
    let begun = Instant::now();
    let bytes = peer.bytes(&[request(2, "echo", &[0; 100])]);
    peer.send_bytes(&bytes[..1]).await;
    trickle(&mut peer, &bytes[1..30], Duration::from_secs(1)).await;
    let (reason, took) = ended(end, begun).await;
    assert_eq!(reason, CloseReason::FrameTimeout);
    assert_took(took, Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_frame_below_a_kilobyte_per_second_is_closed_once_its_grace_is_over() {
    let (mut peer, _handle, end) = start(fixtures());
    assert_eq!(peer.call(1, "echo", b"x").await.0, 200);
    let begun = Instant::now();
    let bytes = peer.bytes(&[request(2, "echo", &[0; 100_000])]);
    // Seven seconds' worth at once, then nothing.
    peer.send_bytes(&bytes[..7 * 1024]).await;
    let (reason, took) = ended(end, begun).await;
    assert_eq!(reason, CloseReason::FrameTooSlow);
    assert_took(took, Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_keeps_the_rate_is_served() {
    let (mut peer, _handle, _end) = start(fixtures());
    assert_eq!(peer.call(1, "echo", b"x").await.0, 200);
    let payload = vec![7; 25_000];
    let bytes = peer.bytes(&[request(2, "echo", &payload)]);
    for part in bytes.chunks(1100) {
        peer.send_bytes(part).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(peer.answer_to(2).await, (200, payload));
}

#[tokio::test(start_paused = true)]
async fn each_frame_has_its_own_time() {
    let (mut peer, _handle, end) = start(fixtures());
    let bytes = peer.bytes(&[request(1, "echo", b"x")]);
    for i in 1..20 {
        peer.send_bytes(&bytes[..5]).await;
        tokio::time::sleep(Duration::from_millis(4500)).await;
        peer.send_bytes(&bytes[5..]).await;
        assert_eq!(peer.answer_to(1).await.0, 200, "frame {i}");
    }
    assert!(!end.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_closed_after_thirty_seconds_of_it() {
    let server = fixtures().build().unwrap();
    let (mut peer, end) = connect_with(&server, 1000);
    let _handle = keep(server);
    let sending = peer.bytes(&[request(1, "echo", &[7; 5000])]);
    peer.send_bytes(&sending).await;
    // It takes a little now and then: that is progress.
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(29)).await;
        let mut some = [0; 1000];
        tokio::io::AsyncReadExt::read_exact(&mut peer.stream, &mut some)
            .await
            .unwrap();
    }
    let (reason, took) = ended(end, Instant::now()).await;
    assert_eq!(reason, CloseReason::WriteStalled);
    assert_took(took, Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_took_everything_late_is_not_counted_slow_ever_after() {
    let server = fixtures().build().unwrap();
    let (mut peer, end) = connect_with(&server, 1000);
    let _handle = keep(server);
    for i in 0..3 {
        let sending = peer.bytes(&[request(i, "echo", &[7; 5000])]);
        peer.send_bytes(&sending).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(peer.answer_to(i).await, (200, vec![7; 5000]));
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    assert!(!end.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_handler_has_the_time_it_is_given() {
    let limits = ServerLimits::new().handler_timeout(Duration::from_secs(9));
    let builder = fixtures()
        .limits(limits)
        .register("slow", |_| tokio::time::sleep(Duration::from_secs(8)))
        .register("slower", |_| tokio::time::sleep(Duration::from_secs(10)));
    let (mut peer, _handle, end) = start(builder);
    assert_eq!(peer.call(1, "slow", b"").await, (200, vec![]));
    let begun = Instant::now();
    peer.send(&[request(2, "slower", b"")]).await;
    let (reason, took) = ended(end, begun).await;
    assert_eq!(reason, CloseReason::HandlerTimeout);
    assert_took(took, Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_take_its_time() {
    let builder = fixtures().register("slow", |_| tokio::time::sleep(Duration::from_secs(3600)));
    let (mut peer, _handle, _end) = start(builder);
    assert_eq!(peer.call(1, "slow", b"").await, (200, vec![]));
}
