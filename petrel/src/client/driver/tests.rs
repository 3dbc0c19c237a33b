//! How much a driver does before it is the turn of others, seen from inside.

use super::*;
use crate::{
    client::call::{Call, Deadline},
    wire::{Frame, Status},
};
use std::task::Waker;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{Semaphore, oneshot},
};

/// Polls once what is ready at once.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it has to wait"),
    }
}

fn call() -> (Call, oneshot::Receiver<Result<Response, ClientError>>) {
    let (reply, answer) = oneshot::channel();
    let call = Call {
        name: b"n"[..].into(),
        payload: Bytes::new(),
        deadline: Deadline::within(Duration::from_secs(1)),
        reply: Some(reply),
        _permit: Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap(),
    };
    (call, answer)
}

/// Without a task around it, so that tokio's own bound on what a task does at once stands aside.
#[test]
fn a_turn_is_over_after_128_answers() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let (sender, calls) = mpsc::unbounded_channel();
    let (near, mut far) = tokio::io::duplex(1 << 20);
    let builder = ClientBuilder::new();
    let shared = Arc::new(Shared::new(&builder));
    let mut driver = Driver::new(near, calls, shared, &builder);
    let mut turn = || {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut driver).poll(&mut cx).is_pending());
    };
    let mut answers = Vec::new();
    for _ in 0..300 {
        let (call, answer) = call();
        sender.send(Command::Call(call)).unwrap();
        answers.push(answer);
    }
    turn();
    let mut bytes = Vec::new();
    for sequence in 1..=300 {
        let frame = Frame {
            status: Status::NONE,
            sequence,
            name: b"n",
            payload: b"",
        };
        Codec::new().encode(&frame, &mut bytes).unwrap();
    }
    let mut requests = vec![0; bytes.len()];
    now(far.read_exact(&mut requests)).unwrap();
    assert_eq!(requests, bytes);

    // Back they go as their own answers.
    now(far.write_all(&bytes)).unwrap();
    let answered = [128, 256, 300].map(|expected| {
        turn();
        let come = answers.iter().filter(|answer| !answer.is_empty()).count();
        (come, expected)
    });
    assert!(
        answered.iter().all(|(come, expected)| come == expected),
        "{answered:?}"
    );
}
