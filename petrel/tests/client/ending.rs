//! How a connection ends: by quitting, by dropping, with the runtime.

use crate::peer::{Peer, connected, connected_by, settle};
use petrel::{Client, ClientErrorKind as Kind, ClientLimits, Ending, Executed, Origin};
use std::time::Duration;
use tokio::{
    io::{AsyncWriteExt, duplex},
    time::Instant,
};

#[tokio::test(start_paused = true)]
async fn quitting_finishes_the_calls_that_were_made_and_refuses_later_ones() {
    let (client, mut peer) = connected(Client::builder().max_in_flight(1)).await;
    let calls: Vec<_> = (0..5_u8)
        .map(|i| {
            let client = client.clone();
            tokio::spawn(async move { client.dispatch("n", vec![i]).await })
        })
        .collect();
    settle().await;
    let quitting = tokio::spawn({
        let client = client.clone();
        async move { client.quit().await }
    });
    settle().await;
    assert!(client.is_closed());
    let late = client.dispatch("late", "").await.unwrap_err();
    assert_eq!((late.kind(), late.executed()), (&Kind::Quit, Executed::No));
    assert_eq!((late.origin(), late.is_closed()), (Origin::Local, true));
    assert_eq!(late.to_string(), "the client has quit");

    for _ in 0..5 {
        let request = peer.request().await;
        assert!(!quitting.is_finished());
        peer.answer(&request, 200, &request.payload).await;
    }
    for (i, call) in (0..).zip(calls) {
        assert_eq!(&call.await.unwrap().unwrap().payload[..], [i]);
    }
    assert!(
        peer.rest().await.is_empty(),
        "the writing side is shut down"
    );
    assert!(!quitting.is_finished(), "the server has not ended its side");
    drop(peer);
    assert_eq!(quitting.await.unwrap(), Ok(()));
    assert_eq!(client.quit().await, Ok(()), "quitting again");
    assert_eq!(
        *client.dispatch("n", "").await.unwrap_err().kind(),
        Kind::Quit
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_end_is_waited_for_no_longer_than_said() {
    let limits = ClientLimits::new().quit_timeout(Duration::from_secs(3));
    let (client, peer) = connected(Client::builder().limits(limits)).await;
    let begun = Instant::now();
    assert_eq!(client.quit().await, Ok(()));
    assert_eq!(begun.elapsed().as_secs(), 3);
    drop(peer);
}

#[tokio::test]
async fn a_farewell_notice_of_the_server_is_no_error_of_quitting() {
    let (client, mut peer) = connected(Client::builder()).await;
    let (quit, ()) = tokio::join!(client.quit(), async {
        assert!(peer.rest().await.is_empty());
        let notice = b"\xc6\0\x01\0\0\0\x0a\x03\0\0\0PROTOCHECKEOF";
        peer.stream.write_all(notice).await.unwrap();
        peer.stream.shutdown().await.unwrap();
    });
    assert_eq!(quit, Ok(()));
}

#[tokio::test]
async fn quitting_a_connection_that_was_lost_says_why() {
    let (client, peer) = connected(Client::builder()).await;
    drop(peer);
    settle().await;
    assert!(client.is_closed());
    let error = client.quit().await.unwrap_err();
    let expected = Kind::Ended {
        ending: Ending::Fin,
    };
    assert_eq!(*error.kind(), expected);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_clone_shuts_down_and_lets_go_what_was_sent() {
    let (client, mut peer) = connected_by(Client::builder(), 64).await;
    let clone = client.clone();
    drop(client);
    let call = tokio::spawn(async move { clone.dispatch("begun", vec![3; 1000]).await });
    settle().await;
    // The call held the last clone.
    call.abort();
    settle().await;
    let request = peer.request().await;
    assert!(
        request.payload == vec![3; 1000],
        "what was begun is finished"
    );
    assert!(peer.rest().await.is_empty());

    // The answer, which nobody wants, meets a client that still reads.
    peer.answer(&request, 200, b"for nobody").await;
    peer.stream.shutdown().await.unwrap();
    settle().await;
    assert!(
        peer.stream.write_all(b"x").await.is_err(),
        "the driver has ended"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_client_leaves_a_server_that_takes_nothing() {
    let (client, mut peer) = connected_by(Client::builder(), 64).await;
    let call = tokio::spawn(async move { client.dispatch("begun", vec![3; 1000]).await });
    settle().await;
    call.abort();
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_millis(1_001)).await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    let begun_only = peer.rest().await;
    assert_eq!(
        begun_only.len(),
        64,
        "the driver has ended with its frame cut off"
    );
}

#[test]
fn when_the_runtime_ends_nobody_waits_for_ever() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (client, peer) = runtime.block_on(connected(Client::builder()));
    drop(runtime);
    assert!(client.is_closed());
    let other = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let error = other.block_on(client.dispatch("n", "")).unwrap_err();
    assert!(matches!(error.kind(), Kind::Runtime { .. }), "{error}");
    assert!(other.block_on(client.quit()).is_err());
    drop(peer);
}

#[tokio::test]
async fn an_end_with_nothing_asked_is_the_reason_of_later_calls() {
    let (near, far) = duplex(1 << 10);
    let mut peer = Peer::new(far);
    let client = crate::peer::greet(Client::builder(), near, &mut peer).await;
    peer.stream.shutdown().await.unwrap();
    settle().await;
    let error = client.dispatch("n", "").await.unwrap_err();
    assert_eq!(error.executed(), Executed::No);
    assert_eq!(
        error.to_string(),
        "the connection was closed earlier: the server closed the connection"
    );
    assert!(peer.rest().await.is_empty());
}
