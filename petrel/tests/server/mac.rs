//! A server that holds a key.

use super::peer::{Peer, fixtures, never, request, start};
use petrel::{CloseReason, ConnectionEnd, ServerBuilder, wire::MacKey};

const KEY: &[u8] = b"a key of some length";

fn signed() -> ServerBuilder {
    fixtures().hmac_key(MacKey::new(KEY).unwrap())
}

#[tokio::test]
async fn every_answer_is_signed_error_answers_too() {
    let (peer, _handle, _end) = start(signed());
    let mut peer = peer.with_key(KEY);
    // The peer's own decoder demands the MAC.
    assert_eq!(peer.call(1, "PROTOCHECK", &[0]).await, (200, vec![0]));
    assert_eq!(peer.call(2, "echo", b"x").await, (200, b"x".to_vec()));
    assert_eq!(peer.call(3, "echo-async", b"").await, (200, b"".to_vec()));
    assert_eq!(peer.call(4, "nobody", b"").await, (400, vec![]));
    assert_eq!(peer.call(5, "", b"").await, (401, vec![]));
    assert_eq!(peer.call(6, "status", b"?").await, (500, vec![]));
    assert_eq!(peer.call(7, "status", b"402").await, (501, vec![]));
    let large = vec![b'l'; 300_000];
    assert_eq!(peer.call(8, "echo", &large).await, (200, large.clone()));
    assert_eq!(peer.call(9, "echo-async", &large).await, (200, large));
    assert_eq!(peer.call(10, "PROTOCHECK", &[1]).await, (497, vec![0]));
    peer.end().await;
}

#[tokio::test]
async fn a_wrong_mac_is_answered_502_and_closed_and_nothing_behind_it_is_executed() {
    let good = Peer::new(tokio::io::duplex(1).0)
        .with_key(KEY)
        .bytes(&[request(1, "never", b"payload")]);
    let mac = good.len() - 44;
    let mut faults = vec![
        Peer::new(tokio::io::duplex(1).0)
            .with_key(b"another")
            .bytes(&[request(1, "never", b"payload")]),
    ];
    for (at, byte) in [
        (mac, b'!'),
        (mac + 43, b'A'),
        (mac - 1, b'X'),
        (mac + 20, b'\n'),
    ] {
        let mut fault = good.clone();
        fault[at] = byte;
        faults.push(fault);
    }
    for fault in faults {
        let (peer, handle, end) = start(signed().register_inline("never", never));
        let mut peer = peer.with_key(KEY);
        peer.send_bytes(&[fault, good.clone()].concat()).await;
        assert_eq!(peer.answer_to(1).await, (502, vec![]));
        peer.end().await;
        drop(peer);
        assert_eq!(
            end.await.unwrap(),
            ConnectionEnd::Closed(CloseReason::MacFailed)
        );
        assert_eq!(handle.stats().panics, 0);
    }
}

#[tokio::test]
async fn an_over_limit_payload_is_refused_before_its_mac_and_the_refusal_is_signed() {
    let (peer, _handle, _end) = start(signed().limits(petrel::ServerLimits::new().payload_max(4)));
    let mut peer = peer.with_key(KEY);
    let bytes = peer.bytes(&[request(1, "echo", b"12345")]);
    peer.send_bytes(&bytes[..15]).await;
    assert_eq!(peer.answer_to(1).await, (402, vec![]));
    peer.end().await;
}
