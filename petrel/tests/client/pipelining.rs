//! Many calls on one connection: one write, one place each, in step whatever is dropped.

use crate::peer::{Got, Noted, Peer, connected, connected_by, greet, settle};
use petrel::{Client, ClientError, wire::Response};
use tokio::{
    io::{AsyncRead, AsyncWrite, duplex},
    task::JoinHandle,
};

type Calling = JoinHandle<Result<Response, ClientError>>;

fn call(client: &Client, name: &'static str, payload: impl Into<Vec<u8>>) -> Calling {
    let (client, payload) = (client.clone(), payload.into());
    tokio::spawn(async move { client.dispatch(name, payload).await })
}

/// Answers the next request with its own payload.
async fn echo<S: AsyncRead + AsyncWrite + Unpin>(peer: &mut Peer<S>) -> Got {
    let request = peer.request().await;
    peer.answer(&request, 200, &request.payload).await;
    request
}

#[tokio::test]
async fn calls_that_wait_go_out_in_one_write() {
    let (near, far) = duplex(1 << 20);
    let near = Noted::new(near);
    let writes = near.writes.clone();
    let mut peer = Peer::new(far);
    let client = greet(Client::builder(), near, &mut peer).await;
    assert_eq!(*writes.lock().unwrap(), [22], "the protocol check");

    let calls: Vec<_> = (0..50).map(|i| call(&client, "n", [i])).collect();
    settle().await;
    assert_eq!(*writes.lock().unwrap(), [22, 50 * 13]);
    for _ in 0..50 {
        echo(&mut peer).await;
    }
    for (i, call) in (0..).zip(calls) {
        assert_eq!(&call.await.unwrap().unwrap().payload[..], [i]);
    }
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_may_be() {
    for max in [1, 2, 7] {
        let (client, mut peer) = connected(Client::builder().max_in_flight(max)).await;
        let calls: Vec<_> = (0..20).map(|i| call(&client, "n", [i])).collect();
        let mut under_way = Vec::new();
        for i in 0..20 {
            while under_way.len() < usize::from(max) && i + under_way.len() < 20 {
                under_way.push(peer.request().await);
            }
            assert!(peer.is_quiet().await, "more than {max} requests under way");
            let request = under_way.remove(0);
            peer.answer(&request, 200, &request.payload).await;
        }
        for (i, call) in (0..).zip(calls) {
            assert_eq!(&call.await.unwrap().unwrap().payload[..], [i]);
        }
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_after_it_was_sent_keeps_step() {
    let (client, mut peer) = connected(Client::builder().max_in_flight(2)).await;
    let dropped = call(&client, "dropped", "1");
    let kept = call(&client, "kept", "2");
    settle().await;
    dropped.abort();
    let third = call(&client, "third", "3");
    let request = peer.request().await;
    assert_eq!(request.name, b"dropped");
    assert_eq!(peer.request().await.name, b"kept");
    assert!(
        peer.is_quiet().await,
        "the place of a dropped call is free only when its answer has come"
    );
    peer.answer(&request, 200, b"for nobody").await;
    let kept_request = Got {
        sequence: 3,
        name: b"kept".to_vec(),
        ..request
    };
    peer.answer(&kept_request, 200, b"2").await;
    assert_eq!(&kept.await.unwrap().unwrap().payload[..], b"2");
    assert_eq!(echo(&mut peer).await.sequence, 4);
    assert_eq!(&third.await.unwrap().unwrap().payload[..], b"3");
}

#[tokio::test]
async fn a_call_that_is_dropped_before_it_is_written_is_not_sent() {
    // In the channel, in the queue, and in a batch that the stream did not take.
    for settled in [false, true] {
        for pipe in [30, 100] {
            let (client, mut peer) = connected_by(Client::builder(), pipe).await;
            let large = call(&client, "large", vec![7; 200]);
            if !settled {
                settle().await;
            }
            let dropped = call(&client, "dropped", vec![8; 20_000]);
            let dropped_too = call(&client, "dropped, too", "");
            let last = call(&client, "last", "");
            settle().await;
            dropped.abort();
            dropped_too.abort();
            settle().await;
            let names = [echo(&mut peer).await, echo(&mut peer).await]
                .map(|got| (got.sequence, String::from_utf8(got.name).unwrap()));
            assert_eq!(names, [(2, "large".to_owned()), (3, "last".to_owned())]);
            assert!(large.await.unwrap().unwrap().payload == vec![7; 200]);
            assert!(last.await.unwrap().is_ok());
        }
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_waits_for_its_place_is_not_sent() {
    let (client, mut peer) = connected(Client::builder().max_in_flight(1)).await;
    let first = call(&client, "first", "");
    settle().await;
    let dropped = call(&client, "dropped", "");
    let last = call(&client, "last", "");
    settle().await;
    dropped.abort();
    assert_eq!(echo(&mut peer).await.name, b"first");
    assert_eq!(echo(&mut peer).await.name, b"last");
    assert!(first.await.unwrap().is_ok() && last.await.unwrap().is_ok());
}

/// On a paused clock a deadlock is a deadline that passes.
#[tokio::test(start_paused = true)]
async fn a_client_reads_while_it_writes() {
    let (client, mut peer) = connected_by(Client::builder(), 1000).await;
    let large = vec![1; 300_000];
    let calls = [
        call(&client, "a", large.clone()),
        call(&client, "b", large.clone()),
        call(&client, "c", large.clone()),
    ];
    // This server reads a request and then nothing before its answer was taken, while the client
    // has the next request to write.
    for _ in 0..3 {
        echo(&mut peer).await;
    }
    for call in calls {
        assert!(call.await.unwrap().unwrap().payload == large);
    }
}

#[tokio::test]
async fn small_and_large_requests_keep_their_order() {
    for pipe in [100, 1 << 20] {
        let (client, mut peer) = connected_by(Client::builder(), pipe).await;
        let sizes = [10, 20_000, 0, 70_000, 16_384, 16_383, 5];
        let calls: Vec<_> = (0..)
            .zip(sizes)
            .map(|(i, size)| call(&client, "n", vec![i; size]))
            .collect();
        for (i, size) in (0..).zip(sizes) {
            let got = echo(&mut peer).await;
            assert!(got.payload == vec![i; size], "request {i}, pipe {pipe}");
            assert_eq!(got.sequence, u32::from(i) + 2);
        }
        for ((i, size), call) in (0..).zip(sizes).zip(calls) {
            assert!(call.await.unwrap().unwrap().payload == vec![i; size]);
        }
    }
}

#[tokio::test]
async fn more_answers_than_a_turn_handles_reach_their_calls() {
    let (client, mut peer) = connected(Client::builder().max_in_flight(1000)).await;
    let calls: Vec<_> = (0..1000_u32)
        .map(|i| call(&client, "n", i.to_le_bytes()))
        .collect();
    let mut bytes = Vec::new();
    for _ in 0..1000 {
        let request = peer.request().await;
        let frame = crate::peer::answer(&request, 200, &request.payload);
        peer.codec.encode(&frame, &mut bytes).unwrap();
    }
    tokio::io::AsyncWriteExt::write_all(&mut peer.stream, &bytes)
        .await
        .unwrap();
    for (i, call) in (0..1000_u32).zip(calls) {
        assert_eq!(&call.await.unwrap().unwrap().payload[..], i.to_le_bytes());
    }
}
