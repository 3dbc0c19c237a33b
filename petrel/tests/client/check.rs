//! The protocol check, and what keeps a client from connecting.

use crate::peer::{Peer, connected, refused, settle};
use petrel::{
    Client, ClientErrorKind as Kind, ClientLimits, ConnectPhase, Ending, Executed, Origin,
    wire::{Codec, Frame, MacKey, Status},
};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

fn check_answer(status: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let frame = Frame {
        status: Status(status),
        sequence: 1,
        name: b"PROTOCHECK",
        payload,
    };
    Codec::new().encode(&frame, &mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn the_first_frame_is_the_protocol_check_and_nothing_follows_before_its_answer() {
    let (near, far) = duplex(1 << 10);
    let mut peer = Peer::new(far);
    let connecting = tokio::spawn(Client::builder().connect_stream(near));
    let mut bytes = [0; 22];
    peer.stream.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"\0\0\x01\0\0\0\x0a\x01\0\0\0PROTOCHECK\0");
    assert!(peer.is_quiet().await && !connecting.is_finished());

    peer.stream
        .write_all(&check_answer(200, &[0]))
        .await
        .unwrap();
    let client = connecting.await.unwrap().unwrap();
    assert_eq!(client.server_version(), Some(0));
    assert!(!client.is_closed());

    let call = tokio::spawn(async move { client.dispatch("a", "b").await });
    let request = peer.request().await;
    assert_eq!(
        (request.status, request.sequence, &request.name[..]),
        (0, 2, &b"a"[..])
    );
    peer.answer(&request, 200, b"c").await;
    assert_eq!(&call.await.unwrap().unwrap().payload[..], b"c");
}

#[tokio::test]
async fn without_the_check_the_first_request_is_number_1() {
    let (near, far) = duplex(1 << 10);
    let mut peer = Peer::new(far);
    let builder = Client::builder().protocol_check(false);
    let client = builder.connect_stream(near).await.unwrap();
    assert_eq!(client.server_version(), None);
    let (answered, ()) = tokio::join!(client.dispatch("a", ""), async {
        let request = peer.request().await;
        assert_eq!((request.sequence, &request.name[..]), (1, &b"a"[..]));
        peer.answer(&request, 9101, b"").await;
    });
    assert_eq!(answered.unwrap().status, Status(9101));
}

#[tokio::test]
async fn only_200_with_the_version_that_was_asked_for_is_a_connection() {
    for (status, payload, server) in [
        (497, &[7][..], Some(7)),
        (497, &[], None),
        (200, &[7], Some(7)),
        (200, &[], None),
        (400, &[], None),
        (500, &[0], Some(0)),
    ] {
        let (error, rest) = refused(Client::builder(), &check_answer(status, payload)).await;
        let expected = Kind::ProtocolMismatch {
            status: Status(status),
            server,
            client: 0,
        };
        assert_eq!(*error.kind(), expected);
        assert_eq!(
            (error.origin(), error.executed()),
            (Origin::Peer, Executed::No)
        );
        assert!(rest.is_empty(), "something was sent behind the check");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }
    let (error, _) = refused(Client::builder(), &check_answer(497, &[7])).await;
    assert_eq!(
        error.to_string(),
        "the server answered the protocol check for version 0 with 497 protocol mismatch; it \
         speaks version 7"
    );
}

#[tokio::test]
async fn another_version_can_be_asked_for() {
    let (near, far) = duplex(1 << 10);
    let mut peer = Peer::new(far);
    let (client, ()) = tokio::join!(
        Client::builder().protocol_version(9).connect_stream(near),
        async {
            let check = peer.request().await;
            assert_eq!(check.payload, [9]);
            peer.answer(&check, 200, &[9]).await;
        }
    );
    assert_eq!(client.unwrap().server_version(), Some(9));
}

#[tokio::test(start_paused = true)]
async fn silence_to_the_check_asks_about_macs() {
    let key = MacKey::new(b"key").unwrap();
    for (builder, has_key, text) in [
        (
            Client::builder(),
            false,
            "no answer to the protocol check: does the server expect MACs?",
        ),
        (
            Client::builder().hmac_key(key),
            true,
            "is the server configured for MACs?",
        ),
    ] {
        let (near, far) = duplex(1 << 10);
        let begun = tokio::time::Instant::now();
        let error = builder.connect_stream(near).await.unwrap_err();
        assert_eq!(begun.elapsed().as_secs(), 5);
        let expected = Kind::ConnectTimeout {
            phase: ConnectPhase::ProtocolCheck,
            after: Duration::from_secs(5),
            has_key,
        };
        assert_eq!(*error.kind(), expected);
        assert!(error.is_timeout() && !error.is_closed());
        assert_eq!(error.executed(), Executed::No);
        assert!(error.to_string().contains(text), "{error}");
        drop(far);
    }
}

#[test]
fn what_a_client_was_doing_has_a_name() {
    let phases = [
        ConnectPhase::Connecting,
        ConnectPhase::TlsHandshake,
        ConnectPhase::ProtocolCheck,
    ];
    let names = ["connecting", "TLS handshake", "protocol check"];
    assert_eq!(phases.map(|phase| phase.to_string()), names);
}

#[tokio::test]
async fn a_server_that_ends_or_gives_notice_instead_of_an_answer() {
    let (near, far) = duplex(1 << 10);
    let connecting = tokio::spawn(Client::builder().connect_stream(near));
    settle().await;
    drop(far);
    let error = connecting.await.unwrap().unwrap_err();
    let expected = Kind::Ended {
        ending: Ending::Fin,
    };
    assert_eq!((error.kind(), error.executed()), (&expected, Executed::No));

    let (error, rest) = refused(Client::builder(), &check_answer(198, b"EOF")).await;
    assert!(
        matches!(error.kind(), Kind::Notice { text, .. } if text == "EOF"),
        "{error}"
    );
    assert!(rest.is_empty());
}

#[tokio::test]
async fn what_makes_no_sense_is_said_before_anything_is_dialled() {
    let error = Client::connect("localhost").await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Endpoint(_)), "{error}");
    assert_eq!(error.origin(), Origin::Local);

    let (near, _far) = duplex(1);
    let limits = ClientLimits::new().request_timeout(Duration::ZERO);
    let builder = Client::builder().limits(limits);
    let error = builder.connect_stream(near).await.unwrap_err();
    assert!(error.to_string().contains("request_timeout"), "{error}");

    let error = Client::builder()
        .max_in_flight(0)
        .connect("localhost:1")
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), Kind::Limit(_)), "{error}");

    let error = Client::connect("tls://localhost:1").await.unwrap_err();
    assert!(error.to_string().contains("not configured"), "{error}");
    assert!(!error.is_closed());
}

#[tokio::test]
async fn dropping_the_future_of_connecting_ends_the_connection() {
    let (near, far) = duplex(1 << 10);
    let mut peer = Peer::new(far);
    let connecting = tokio::spawn(Client::builder().connect_stream(near));
    peer.request().await;
    connecting.abort();
    assert!(peer.rest().await.is_empty());
    let (client, _peer) = connected(Client::builder()).await;
    assert!(!client.is_closed());
}
