//! Which status answers what, and what a handler may answer.

use super::peer::{fixtures, start};
use petrel::wire::{Frame, Status};

#[tokio::test]
async fn an_unknown_name_is_answered_400_and_an_empty_one_401_without_payload() {
    let (mut peer, handle, _end) = start(fixtures());
    assert_eq!(peer.call(1, "nobody", b"payload").await, (400, vec![]));
    assert_eq!(peer.call(2, "", b"payload").await, (401, vec![]));
    assert_eq!(
        peer.call(3, "echo", b"still here").await,
        (200, b"still here".to_vec())
    );
    assert_eq!((handle.stats().requests, handle.stats().refused), (3, 2));
}

#[tokio::test]
async fn sequence_and_name_come_back_as_they_were_whatever_bytes_they_are() {
    let (mut peer, _handle, _end) = start(fixtures());
    for (sequence, name) in [
        (0, &b"\xff\xfe\0"[..]),
        (u32::MAX, &[b'n'; 255]),
        (7, b"echo"),
        (7, b"\x1b[2J"),
    ] {
        let frame = Frame {
            status: Status(0xabcd),
            sequence,
            name,
            payload: b"p",
        };
        peer.send(&[frame]).await;
        let (got_sequence, got_name, response) = peer.answer().await;
        assert_eq!((got_sequence, &got_name[..]), (sequence, name));
        let expected = if name == b"echo" {
            Status::OK
        } else {
            Status::NOT_FOUND
        };
        assert_eq!(
            response.status, expected,
            "the status of a request means nothing"
        );
    }
}

#[tokio::test]
async fn a_handler_answers_200_400_401_500_501_or_the_applications_own_and_nothing_else() {
    let (mut peer, handle, _end) = start(fixtures());
    let mut broken = 0;
    for status in (0..=1030).chain([9101, 65534, 65535]) {
        let allowed = matches!(status, 200 | 400 | 401 | 500 | 501 | 1025..);
        let expected = if allowed { status } else { 501 };
        broken += u64::from(expected == 500 || expected == 501);
        for name in ["status", "status-async"] {
            let answer = peer.call(1, name, status.to_string().as_bytes()).await;
            assert_eq!(answer, (expected, vec![]), "{name} {status}");
        }
    }
    assert_eq!(handle.stats().failed, broken * 2);
}

#[tokio::test]
async fn an_error_of_a_handler_is_answered_500_and_its_text_stays_here() {
    let (mut peer, _handle, _end) = start(fixtures());
    for name in ["status", "status-async"] {
        assert_eq!(peer.call(1, name, b"secret").await, (500, vec![]));
    }
    assert_eq!(peer.call(2, "echo", b"x").await, (200, b"x".to_vec()));
}
