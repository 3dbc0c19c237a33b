//! Deadlines, on a paused clock.

use crate::peer::{Peer, connected, connected_by, settle};
use petrel::{Client, ClientErrorKind as Kind, ClientLimits, Executed, Origin};
use std::time::Duration;
use tokio::time::{Instant, advance, sleep};

fn seconds(count: u64) -> ClientLimits {
    ClientLimits::new().request_timeout(Duration::from_secs(count))
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_thrown_away_and_the_connection_goes_on() {
    let (client, mut peer) = connected(Client::builder().limits(seconds(10))).await;
    let begun = Instant::now();
    let error = client.dispatch("slow", "").await.unwrap_err();
    assert_eq!(begun.elapsed().as_secs(), 10);
    let expected = Kind::Timeout {
        after: Duration::from_secs(10),
    };
    assert_eq!(
        (error.kind(), error.executed()),
        (&expected, Executed::Maybe)
    );
    assert!(error.is_timeout() && !error.is_closed() && !client.is_closed());
    assert_eq!(error.origin(), Origin::Network);

    let slow = peer.request().await;
    let (response, ()) = tokio::join!(client.dispatch("quick", ""), async {
        peer.answer(&slow, 200, b"late").await;
        let quick = peer.request().await;
        peer.answer(&quick, 200, b"in time").await;
    });
    assert_eq!(&response.unwrap().payload[..], b"in time");
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_place_counts_and_leaves_no_trace() {
    let builder = Client::builder().limits(seconds(10)).max_in_flight(1);
    let (client, mut peer) = connected(builder).await;
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.dispatch("first", "").await }
    });
    sleep(Duration::from_secs(4)).await;
    let second = client.dispatch("second", "").await.unwrap_err();
    assert_eq!(
        (second.is_timeout(), second.executed()),
        (true, Executed::No)
    );
    let first = first.await.unwrap().unwrap_err();
    assert_eq!(first.executed(), Executed::Maybe);

    // The place is free again once the late answer has come.
    let late = peer.request().await;
    peer.answer(&late, 200, b"").await;
    let (response, ()) = tokio::join!(client.dispatch("third", ""), async {
        let request = peer.request().await;
        assert_eq!(request.name, b"third");
        peer.answer(&request, 200, b"").await;
    });
    assert!(response.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_of_which_nothing_was_written_was_not_executed() {
    let (client, mut peer) = connected_by(Client::builder().limits(seconds(10)), 64).await;
    let (large, small) = tokio::join!(
        client.dispatch("large", vec![0; 1000]),
        client.dispatch("small", "")
    );
    assert_eq!(large.unwrap_err().executed(), Executed::Maybe);
    assert_eq!(small.unwrap_err().executed(), Executed::No);

    // What was begun is finished, what was not is never sent.
    let (response, ()) = tokio::join!(client.dispatch("next", ""), async {
        let large = peer.request().await;
        assert_eq!((large.sequence, &large.name[..]), (2, &b"large"[..]));
        peer.answer(&large, 200, b"").await;
        let next = peer.request().await;
        assert_eq!((next.sequence, &next.name[..]), (3, &b"next"[..]));
        peer.answer(&next, 200, b"").await;
    });
    assert!(response.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn every_call_has_the_deadline_of_its_own_time() {
    let (client, _peer) = connected(Client::builder().limits(seconds(10))).await;
    let begun = Instant::now();
    let calls: Vec<_> = (0..8)
        .map(|delay| {
            let client = client.clone();
            tokio::spawn(async move {
                sleep(Duration::from_secs(delay)).await;
                let error = client.dispatch("n", "").await.unwrap_err();
                assert!(error.is_timeout(), "{error}");
                begun.elapsed().as_secs()
            })
        })
        .collect();
    for (delay, call) in (0..).zip(calls) {
        assert_eq!(call.await.unwrap(), delay + 10);
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_an_answered_call_harms_no_later_one() {
    let (client, mut peer) = connected(Client::builder().limits(seconds(10))).await;
    for _ in 0..5 {
        let (response, ()) = tokio::join!(client.dispatch("n", ""), slowly(&mut peer, 7));
        assert!(response.unwrap().is_ok());
    }
    advance(Duration::from_secs(1000)).await;
    settle().await;
    assert!(!client.is_closed(), "silence ends no connection");
}

async fn slowly(peer: &mut Peer, seconds: u64) {
    let request = peer.request().await;
    sleep(Duration::from_secs(seconds)).await;
    peer.answer(&request, 200, b"").await;
}
