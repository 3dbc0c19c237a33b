//! What a connection holds and does at one wakeup, seen from inside.

use super::*;
use crate::{
    PeerAddr, ServerLimits,
    net::{Caps, Hub, ShutdownReason},
    server::{handler::Handler, router::Router},
    wire::Codec,
};
use bytes::Bytes;
use std::{
    future::poll_fn,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::Waker,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    runtime::Runtime,
    sync::Notify,
};

/// Polls once what is ready at once.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it has to wait"),
    }
}

/// Polls a connection that stays open.
fn wake<S: AsyncRead + AsyncWrite + Unpin>(connection: &mut Connection<S>) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Pin::new(connection).poll(&mut cx).is_pending());
}

/// A runtime to enter. Outside of its tasks, tokio's own bound on what a task does at once stands
/// aside.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
}

/// A connection over this stream whose server has one handler.
fn connection<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    payload_budget: usize,
    (name, handler): (&str, Handler),
) -> (Connection<S>, Arc<Hub>) {
    let hub = Arc::new(Hub::new(Caps {
        connections: 1,
        per_address: None,
        payload_budget,
    }));
    let membership = hub.admit(PeerAddr::Stream).unwrap();
    let mut router = Router::default();
    router.add(name, handler).unwrap();
    let service = Arc::new(Service {
        router,
        codec: Codec::new(),
        limits: ServerLimits::new(),
        require_protocol_check: false,
    });
    let connection = Connection::new(stream, |_, _| (), service, membership, Instant::now());
    (connection, hub)
}

fn request(name: &[u8], payload: &[u8]) -> Vec<u8> {
    let frame = Frame {
        status: Status::NONE,
        sequence: 1,
        name,
        payload,
    };
    let mut bytes = Vec::new();
    Codec::new().encode(&frame, &mut bytes).unwrap();
    bytes
}

/// An async handler that waits for its notice.
fn waiting() -> (Handler, Arc<Notify>) {
    let notice = Arc::new(Notify::new());
    let noticed = Arc::clone(&notice);
    let handler = Handler::from_async(move |_| {
        let noticed = Arc::clone(&noticed);
        async move { noticed.notified().await }
    });
    (handler, notice)
}

/// Invariant: an idle plaintext connection owns no buffer, and no timer.
#[tokio::test]
async fn an_idle_connection_owns_no_buffer() {
    let (mut near, far) = duplex(1 << 20);
    let (mut connection, _hub) = connection(far, 1 << 20, ("wait", waiting().0));
    for payload in [&b"small"[..], &[7; 200_000]] {
        let bytes = request(b"nobody", payload);
        // In two parts, so that there is a remainder to keep and to let go.
        let (first, second) = bytes.split_at(bytes.len() / 2);
        now(near.write_all(first)).unwrap();
        wake(&mut connection);
        now(near.write_all(second)).unwrap();
        wake(&mut connection);
        wake(&mut connection);
        let mut answer = [0; 17];
        now(near.read_exact(&mut answer)).unwrap();
    }
    assert_eq!(connection.inbox.capacity(), 0);
    assert!(connection.out.is_none() && connection.running.is_none());
    assert!(!connection.alarm.is_set());
}

/// A stream that notes how much every read gave.
struct Noted {
    stream: DuplexStream,
    reads: Arc<Mutex<Vec<usize>>>,
}

impl AsyncRead for Noted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_ready() {
            self.reads.lock().unwrap().push(buf.filled().len() - before);
        }
        read
    }
}

impl AsyncWrite for Noted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[test]
fn behind_a_handler_at_work_16_kib_are_read_and_no_more_is_held_than_came() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let (mut near, stream) = duplex(1 << 20);
    let reads = Arc::default();
    let far = Noted {
        stream,
        reads: Arc::clone(&reads),
    };
    let (handler, notice) = waiting();
    let (mut connection, hub) = connection(far, 1 << 20, ("wait", handler));
    now(near.write_all(&request(b"wait", b""))).unwrap();
    wake(&mut connection);
    assert!(connection.running.is_some());

    let behind = request(b"nobody", &[7; 100_000]);
    let (first, second) = behind.split_at(100);
    now(near.write_all(first)).unwrap();
    wake(&mut connection);
    assert_eq!(connection.inbox.bytes(), first);
    assert!(connection.inbox.capacity() < 1_000);
    now(near.write_all(second)).unwrap();
    (0..9).for_each(|_| wake(&mut connection));
    assert_eq!(connection.inbox.bytes(), &behind[..16_384]);

    // In a drain all that has arrived is read, in pieces that are worth it.
    reads.lock().unwrap().clear();
    hub.drain(ShutdownReason::Requested);
    (0..9).for_each(|_| wake(&mut connection));
    assert_eq!(connection.inbox.bytes(), behind);
    let reads = reads.lock().unwrap();
    let (_last, before) = reads.split_last().unwrap();
    assert!(before.iter().all(|len| *len >= 16_384), "{before:?}");

    notice.notify_one();
    wake(&mut connection);
    let mut answers = [0; 15 + 17];
    now(near.read_exact(&mut answers)).unwrap();
    assert_eq!(answers[15..17], Status::NOT_FOUND.0.to_le_bytes());
}

#[test]
fn a_handler_is_not_asked_again_and_again_once_its_peer_has_said_all() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&polls);
    let handler = Handler::from_async(move |_| {
        let counted = Arc::clone(&counted);
        poll_fn(move |_| {
            // It does not come to an end, but a test must.
            match counted.fetch_add(1, Ordering::Relaxed) {
                0..100 => Poll::Pending,
                _ => Poll::Ready(()),
            }
        })
    });
    let (mut near, far) = duplex(1 << 10);
    let (mut connection, _hub) = connection(far, 1 << 20, ("wait", handler));
    now(near.write_all(&request(b"wait", b""))).unwrap();
    wake(&mut connection);
    let before = polls.load(Ordering::Relaxed);
    now(near.shutdown()).unwrap();
    wake(&mut connection);
    let after = polls.load(Ordering::Relaxed);
    assert!(after - before <= 2, "{before} times, then {after}");
}

#[test]
fn an_answer_from_16_kib_on_is_not_copied() {
    let runtime = runtime();
    let _entered = runtime.enter();
    for (len, is_copied) in [(16_383, true), (16_384, false)] {
        let own = Handler::from_async(move |_| async move { Bytes::from(vec![7; len]) });
        let part = Handler::from_inline(move |request, reply| {
            reply.write(&request.payload()[..len]);
        });
        for (handler, payload) in [(own, &[][..]), (part, &[7; 20_000])] {
            // So narrow that the answer has to wait in the output.
            let (mut near, far) = duplex(64);
            let (mut connection, _hub) = connection(far, 1 << 20, ("large", handler));
            for piece in request(b"large", payload).chunks(64) {
                now(near.write_all(piece)).unwrap();
                wake(&mut connection);
            }
            let out = connection.out.as_ref().expect("it has to wait");
            assert_eq!(out.len(), 16 + len - 64);
            assert_eq!(out.buf.len() > len, is_copied, "{len}");
        }
    }
}

#[test]
fn what_does_not_fit_the_budget_is_refused_as_soon_as_its_name_is_there() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let (mut near, far) = duplex(1 << 10);
    let (mut connection, hub) = connection(far, 10_000, ("wait", waiting().0));
    let bytes = request(b"nobody", &[7; 100_000]);
    for (at, byte) in bytes[..17].iter().enumerate() {
        assert_eq!(hub.stats().requests, 0, "answered after {at} bytes");
        now(near.write_all(&[*byte])).unwrap();
        wake(&mut connection);
    }
    let mut answer = [0; 17];
    now(near.read_exact(&mut answer)).unwrap();
    assert_eq!(answer[..2], Status::PAYLOAD_TOO_LONG.0.to_le_bytes());
    assert_eq!(answer[11..], *b"nobody");
}

/// What a connection costs beside its stream. A larger one is no mistake, but a decision.
const _: () = assert!(size_of::<Connection<()>>() <= 296);
