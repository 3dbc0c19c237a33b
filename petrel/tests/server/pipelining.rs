//! Requests that do not wait for answers.

use super::peer::{connect, connect_with, fixtures, keep, request, start};
use petrel::{Request, Server, ServerLimits};
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    sync::{Notify, Semaphore},
};

#[tokio::test]
async fn answers_come_in_the_order_of_requests_whatever_handlers_do() {
    let (peer, _handle, _end) = start(fixtures());
    let payloads: Vec<Vec<u8>> = (0..300_u32)
        .map(|i| vec![b'a' + (i % 26) as u8; if i % 50 == 49 { 100_000 } else { i as usize }])
        .collect();
    let frames: Vec<_> = (0..)
        .zip(&payloads)
        .map(|(i, payload)| request(i, if i % 3 == 0 { "echo-async" } else { "echo" }, payload))
        .collect();
    let bytes = peer.bytes(&frames);
    let (mut reader, mut writer) = tokio::io::split(peer.stream);
    let sending = tokio::spawn(async move {
        tokio::io::AsyncWriteExt::write_all(&mut writer, &bytes)
            .await
            .unwrap();
        writer
    });
    let mut input = Vec::new();
    let expected: usize = payloads.iter().map(|p| p.len() + 11).sum::<usize>()
        + (0..300)
            .map(|i| if i % 3 == 0 { 10 } else { 4 })
            .sum::<usize>();
    while input.len() < expected {
        tokio::io::AsyncReadExt::read_buf(&mut reader, &mut input)
            .await
            .unwrap();
    }
    let mut rest = &input[..];
    for (i, payload) in (0..).zip(&payloads) {
        let petrel::wire::Decoded::Frame { frame, len } = peer.codec.decode(rest).unwrap() else {
            panic!("answer {i} is not whole");
        };
        assert_eq!((frame.sequence, frame.payload), (i, &payload[..]));
        rest = &rest[len..];
    }
    assert_eq!(rest, b"");
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn requests_of_a_connection_run_one_by_one_those_of_others_beside_them() {
    let (gate, running, most) = (
        Arc::new(Semaphore::new(0)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let entered = Arc::new(Notify::new());
    let server = Server::builder()
        .register("wait", {
            let (gate, running, most, entered) =
                (gate.clone(), running.clone(), most.clone(), entered.clone());
            move |_| {
                let (gate, running, most, entered) =
                    (gate.clone(), running.clone(), most.clone(), entered.clone());
                async move {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    entered.notify_one();
                    gate.acquire().await.unwrap().forget();
                    running.fetch_sub(1, Ordering::SeqCst);
                }
            }
        })
        .build()
        .unwrap();
    let ((mut one, _), (mut two, _)) = (connect(&server), connect(&server));
    let _handle = keep(server);
    one.send(&[request(1, "wait", b""), request(2, "wait", b"")])
        .await;
    entered.notified().await;
    two.send(&[request(1, "wait", b"")]).await;
    entered.notified().await;
    gate.add_permits(1);
    one.answer_to(1).await;
    entered.notified().await;
    gate.add_permits(2);
    one.answer_to(2).await;
    two.answer_to(1).await;
    assert_eq!(
        most.load(Ordering::SeqCst),
        2,
        "two connections, one request of each"
    );
}

/// A stream that counts what is done to it.
struct Counting {
    inner: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn all_answers_of_a_wakeup_go_out_in_one_write() {
    let server = fixtures().build().unwrap();
    let (near, inner) = tokio::io::duplex(1 << 20);
    let writes = Arc::new(AtomicUsize::new(0));
    let far = Counting {
        inner,
        writes: writes.clone(),
    };
    let mut peer = super::peer::Peer::new(near);
    let frames: Vec<_> = (1..=100).map(|i| request(i, "echo", b"payload")).collect();
    peer.send(&frames).await;
    tokio::spawn(server.serve_connection(far));
    for i in 1..=100 {
        peer.answer_to(i).await;
    }
    assert_eq!(writes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_long_pipeline_lets_others_have_their_turn() {
    let most_in_a_row = Arc::new(AtomicUsize::new(0));
    let (row, most) = (Arc::new(AtomicUsize::new(0)), most_in_a_row.clone());
    let breaks = row.clone();
    let server = Server::builder()
        .register_inline("greedy", move |_, _| {
            most.fetch_max(row.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        })
        .limits(ServerLimits::new().frames_per_turn(16))
        .build()
        .unwrap();
    let (mut peer, _end) = connect(&server);
    let _handle = keep(server);
    // Another task of the same thread: it runs whenever the connection yields.
    let neighbour = tokio::spawn(async move {
        loop {
            breaks.store(0, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
    });
    let frames: Vec<_> = (0..1000).map(|i| request(i, "greedy", b"")).collect();
    peer.send(&frames).await;
    for i in 0..1000 {
        peer.answer_to(i).await;
    }
    neighbour.abort();
    // Between two turns of the neighbour the runtime may give the connection two, never more.
    assert!(most_in_a_row.load(Ordering::SeqCst) <= 2 * 16);
}

#[tokio::test]
async fn a_peer_that_does_not_read_stops_being_read() {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = handled.clone();
    let server = Server::builder()
        .register_inline("kilobyte", move |_, reply| {
            count.fetch_add(1, Ordering::SeqCst);
            reply.write(&[b'x'; 1024]);
        })
        .limits(ServerLimits::new().unsent_max(10_000))
        .build()
        .unwrap();
    let (mut peer, _end) = connect_with(&server, 4096);
    let _handle = keep(server);
    let frames: Vec<_> = (0..500).map(|i| request(i, "kilobyte", b"")).collect();
    let bytes = peer.bytes(&frames);
    let blocked = {
        let writing = peer.send_bytes(&bytes);
        tokio::pin!(writing);
        // When the runtime has nothing left to do, both sides wait for the other.
        let mut quiet = 0;
        loop {
            let before = handled.load(Ordering::SeqCst);
            if futures_ready(&mut writing).await {
                break false;
            }
            tokio::task::yield_now().await;
            quiet = if handled.load(Ordering::SeqCst) == before {
                quiet + 1
            } else {
                0
            };
            if quiet > 50 {
                break true;
            }
        }
    };
    assert!(
        blocked,
        "500 requests of 19 bytes do not fit a pipe of 4096"
    );
    let (most, got) = (
        4096 / 1024 + 10_000 / 1024 + 2,
        handled.load(Ordering::SeqCst),
    );
    assert!(
        got <= most,
        "{got} requests were handled for a peer that reads nothing"
    );
}

/// Polls once.
async fn futures_ready<F: Future<Output = ()> + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_ready())).await
}

#[tokio::test]
async fn an_async_handler_sees_its_large_payload_without_a_copy_of_ours() {
    let server = Server::builder()
        .register("same", |request: Request| async move {
            let payload = request.payload().clone();
            assert_eq!(payload.as_ptr(), request.payload().as_ptr());
            payload
        })
        .build()
        .unwrap();
    let (mut peer, _end) = connect(&server);
    let _handle = keep(server);
    let large: Vec<u8> = (0..=255).cycle().take(1_000_000).collect();
    assert_eq!(peer.call(1, "same", &large).await, (200, large));
}
