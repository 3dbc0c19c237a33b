//! The protocol check.

use super::peer::{fixtures, never, request, start};
use petrel::{CloseReason, ConnectionEnd};

#[tokio::test]
async fn version_0_is_answered_200_with_our_version_first_and_later() {
    let (mut peer, _handle, _end) = start(fixtures());
    assert_eq!(peer.call(1, "PROTOCHECK", &[0]).await, (200, vec![0]));
    assert_eq!(peer.call(2, "echo", b"x").await, (200, b"x".to_vec()));
    assert_eq!(peer.call(3, "PROTOCHECK", &[0]).await, (200, vec![0]));
}

#[tokio::test]
async fn of_a_longer_payload_the_first_byte_counts() {
    let (mut peer, _handle, _end) = start(fixtures());
    assert_eq!(peer.call(1, "PROTOCHECK", &[0, 9, 9]).await, (200, vec![0]));
}

#[tokio::test]
async fn another_version_or_none_is_answered_497_and_what_is_behind_it_is_not_executed() {
    for payload in [&[1][..], &[255, 0], &[]] {
        let (mut peer, handle, end) = start(fixtures().register_inline("never", never));
        peer.send(&[request(1, "PROTOCHECK", payload), request(2, "never", b"")])
            .await;
        assert_eq!(peer.answer_to(1).await, (497, vec![0]));
        peer.end().await;
        drop(peer);
        assert_eq!(
            end.await.unwrap(),
            ConnectionEnd::Closed(CloseReason::ProtocolMismatch)
        );
        assert_eq!((handle.stats().panics, handle.stats().refused), (0, 1));
        assert_eq!(handle.stats().closes(CloseReason::ProtocolMismatch), 1);
    }
}

#[tokio::test]
async fn a_later_mismatch_closes_too() {
    let (mut peer, _handle, _end) = start(fixtures());
    assert_eq!(peer.call(1, "PROTOCHECK", &[0]).await, (200, vec![0]));
    assert_eq!(peer.call(2, "PROTOCHECK", &[7]).await, (497, vec![0]));
    peer.end().await;
}

#[tokio::test]
async fn without_a_check_requests_are_served_unless_it_is_required() {
    let (mut peer, _handle, _end) = start(fixtures());
    assert_eq!(peer.call(9, "echo", b"x").await, (200, b"x".to_vec()));

    let (mut peer, _handle, _end) = start(fixtures().require_protocol_check(true));
    assert_eq!(peer.call(9, "echo", b"x").await, (497, vec![0]));
    peer.end().await;

    let (mut peer, _handle, _end) = start(fixtures().require_protocol_check(true));
    assert_eq!(peer.call(1, "PROTOCHECK", &[0]).await, (200, vec![0]));
    assert_eq!(peer.call(2, "echo", b"x").await, (200, b"x".to_vec()));
}
