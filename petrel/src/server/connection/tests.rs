//! What a connection holds, seen from inside.

use super::*;
use crate::{
    PeerAddr, ServerLimits,
    net::{Caps, Hub},
    server::router::Router,
    wire::Codec,
};
use std::task::Waker;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Polls once what is ready at once.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it has to wait"),
    }
}

/// Invariant: an idle plaintext connection owns no buffer, and no timer.
#[tokio::test]
async fn an_idle_connection_owns_no_buffer() {
    let caps = Caps {
        connections: 1,
        per_address: None,
        payload_budget: 1 << 20,
    };
    let membership = Arc::new(Hub::new(caps)).admit(PeerAddr::Stream).unwrap();
    let service = Arc::new(Service {
        router: Router::default(),
        codec: Codec::new(),
        limits: ServerLimits::new(),
        require_protocol_check: false,
    });
    let (mut near, far) = tokio::io::duplex(1 << 20);
    let mut connection = Connection::new(far, |_, _| (), service, membership, Instant::now());
    let mut cx = Context::from_waker(Waker::noop());
    let mut wake = || assert!(Pin::new(&mut connection).poll(&mut cx).is_pending());
    for payload in [&b"small"[..], &[7; 200_000]] {
        let mut bytes = Vec::new();
        let frame = Frame {
            status: Status::NONE,
            sequence: 1,
            name: b"nobody",
            payload,
        };
        Codec::new().encode(&frame, &mut bytes).unwrap();
        // In two parts, so that there is a remainder to keep and to let go.
        let (first, second) = bytes.split_at(bytes.len() / 2);
        now(near.write_all(first)).unwrap();
        wake();
        now(near.write_all(second)).unwrap();
        wake();
        wake();
        let mut answer = [0; 17];
        now(near.read_exact(&mut answer)).unwrap();
    }
    assert_eq!(connection.inbox.capacity(), 0);
    assert!(connection.out.is_none() && connection.running.is_none());
    assert!(!connection.alarm.is_set());
}

/// What a connection costs beside its stream. A larger one is no mistake, but a decision.
const _: () = assert!(size_of::<Connection<()>>() <= 296);
