//! One call: what goes out, and what comes back.

use crate::peer::{Got, Peer, connected};
use petrel::{
    Client, ClientErrorKind as Kind, ClientLimits, Executed, Origin,
    wire::{EncodeError, Response, Status},
};

/// Makes one call, which the peer answers so.
async fn exchange(
    client: &Client,
    peer: &mut Peer,
    status: u16,
    payload: &[u8],
) -> (Got, Response) {
    let (response, request) = tokio::join!(client.dispatch("name", "question"), async {
        let request = peer.request().await;
        peer.answer(&request, status, payload).await;
        request
    });
    (request, response.unwrap())
}

#[tokio::test]
async fn every_status_is_a_response_and_requests_are_numbered_one_by_one() {
    let (client, mut peer) = connected(Client::builder()).await;
    for (sequence, status) in (2..).zip([200, 201, 400, 401, 500, 501, 0, 1024, 9101, 65535]) {
        let (request, response) = exchange(&client, &mut peer, status, b"answer").await;
        let expected = Got {
            status: 0,
            sequence,
            name: b"name".to_vec(),
            payload: b"question".to_vec(),
        };
        assert_eq!(request, expected);
        assert_eq!(response, Response::new(Status(status), "answer"));
        assert!(!client.is_closed());
    }
}

#[tokio::test]
async fn payloads_of_every_size_arrive_unchanged_both_ways() {
    let (client, mut peer) = connected(Client::builder()).await;
    let sizes = [
        0,
        1,
        100,
        16_383,
        16_384,
        65_536,
        65_537,
        1_000_003,
        4 << 20,
    ];
    for size in sizes {
        let data: Vec<u8> = (0..=250).cycle().take(size).collect();
        let (response, ()) = tokio::join!(client.dispatch(b"\xff\0", data.clone()), async {
            let request = peer.request().await;
            assert!(
                request.name == b"\xff\0" && request.payload == data,
                "{size}"
            );
            peer.answer(&request, 200, &data).await;
        });
        assert!(response.unwrap().payload == data, "{size}");
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused_before_anything_is_sent() {
    let builder = Client::builder().limits(ClientLimits::new().request_max(100));
    let (client, mut peer) = connected(builder).await;
    let error = client.dispatch(vec![b'n'; 256], "").await.unwrap_err();
    assert_eq!(
        *error.kind(),
        Kind::Encode(EncodeError::NameTooLong { len: 256 })
    );
    let error = client.dispatch("n", vec![0; 101]).await.unwrap_err();
    let expected = EncodeError::PayloadTooLong {
        len: 101,
        limit: 100,
    };
    assert_eq!(*error.kind(), Kind::Encode(expected));
    assert_eq!(
        (error.origin(), error.executed(), error.is_closed()),
        (Origin::Local, Executed::No, false)
    );
    assert!(peer.is_quiet().await);

    let (response, ()) = tokio::join!(client.dispatch(vec![b'n'; 255], vec![0; 100]), async {
        let request = peer.request().await;
        assert_eq!(request.sequence, 2, "what was refused took no number");
        peer.answer(&request, 200, b"").await;
    });
    assert!(response.unwrap().is_ok());
}

#[tokio::test]
async fn behind_402_497_and_502_the_connection_is_closed() {
    for status in [402, 497, 502] {
        for orderly in [false, true] {
            let builder = Client::builder().server_ends_orderly(orderly);
            let (client, mut peer) = connected(builder).await;
            let (first, second, ()) =
                tokio::join!(client.dispatch("a", ""), client.dispatch("b", ""), async {
                    let request = peer.request().await;
                    peer.answer(&request, status, b"text").await;
                });
            assert_eq!(first.unwrap(), Response::new(Status(status), "text"));
            let expected = Kind::ClosedBehind {
                status: Status(status),
                of_check: false,
            };
            let behind = second.unwrap_err();
            assert_eq!(*behind.kind(), expected);
            let executed = if orderly {
                Executed::No
            } else {
                Executed::Maybe
            };
            assert_eq!(
                (behind.executed(), behind.origin()),
                (executed, Origin::Peer)
            );
            assert!(behind.is_closed() && client.is_closed());

            let later = client.dispatch("c", "").await.unwrap_err();
            assert_eq!((later.kind(), later.executed()), (&expected, Executed::No));
            assert!(
                later
                    .to_string()
                    .starts_with("the connection was closed earlier: the server"),
                "{later}"
            );
            assert_eq!(peer.request().await.name, b"b");
            assert!(peer.rest().await.is_empty(), "something was sent behind it");
        }
    }
}

#[tokio::test]
async fn nothing_behind_a_protocol_check_that_is_refused_was_executed_by_any_server() {
    let (client, mut peer) = connected(Client::builder()).await;
    let (first, second, ()) = tokio::join!(
        client.dispatch("PROTOCHECK", "\x09"),
        client.dispatch("b", ""),
        async {
            let request = peer.request().await;
            peer.answer(&request, 497, &[0]).await;
        }
    );
    assert_eq!(first.unwrap().status, Status::PROTOCOL_MISMATCH);
    assert_eq!(second.unwrap_err().executed(), Executed::No);
}
