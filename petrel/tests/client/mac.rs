//! MACs: what goes out is signed, what comes in must be.

use crate::peer::{Got, Peer, answer, bytes_of, connected, greet};
use petrel::{
    Client, ClientErrorKind as Kind, Executed, Origin,
    wire::{Codec, DecodeError, MacKey},
};
use tokio::io::{AsyncWriteExt, duplex};

fn keyed(key: &[u8]) -> petrel::ClientBuilder {
    Client::builder().hmac_key(MacKey::new(key).unwrap())
}

async fn connected_with_key() -> (Client, Peer) {
    let (near, far) = duplex(1 << 20);
    let mut peer = Peer::new(far).with_key(b"key");
    (greet(keyed(b"key"), near, &mut peer).await, peer)
}

#[tokio::test]
async fn signed_frames_of_every_size_go_both_ways() {
    let (client, mut peer) = connected_with_key().await;
    for size in [0, 1, 20_000, 100_000] {
        let data = vec![b'd'; size];
        let (response, ()) = tokio::join!(client.dispatch("name", data.clone()), async {
            let request = peer.request().await;
            assert!(request.payload == data);
            peer.answer(&request, 200, &data).await;
        });
        assert!(response.unwrap().payload == data, "{size}");
    }
}

#[tokio::test]
async fn an_answer_with_a_wrong_mac_names_the_status_that_it_claims() {
    for (status, claims) in [
        (502, "the answer claims 502: the keys probably differ"),
        (200, "the answer claims 200 success"),
    ] {
        let (client, mut peer) = connected_with_key().await;
        let (result, ()) = tokio::join!(client.dispatch("name", ""), async {
            let request = peer.request().await;
            peer.codec = Codec::new().mac_key(MacKey::new(b"other").unwrap());
            peer.answer(&request, status, b"payload").await;
            assert!(peer.rest().await.is_empty());
        });
        let error = result.unwrap_err();
        let Kind::Frame {
            error: cause,
            claims: claimed,
        } = error.kind()
        else {
            panic!("{error}");
        };
        assert_eq!(claimed.0, status);
        assert!(matches!(cause, DecodeError::MacMismatch { .. }));
        assert!(error.to_string().ends_with(claims), "{error}");
        assert_eq!(
            (error.executed(), error.origin()),
            (Executed::Maybe, Origin::Peer)
        );
        assert_eq!(
            client.dispatch("later", "").await.unwrap_err().kind(),
            error.kind()
        );
    }
}

#[tokio::test]
async fn the_mac_is_judged_before_notice_and_sequence_number() {
    let (client, mut peer) = connected_with_key().await;
    let (result, ()) = tokio::join!(client.dispatch("name", ""), async {
        let request = peer.request().await;
        let wrong = Got {
            sequence: 77,
            ..request
        };
        let mut bytes = bytes_of(&peer.codec, &answer(&wrong, 198, b"bye"));
        *bytes.last_mut().unwrap() = b'!';
        peer.stream.write_all(&bytes).await.unwrap();
    });
    let error = result.unwrap_err();
    let expected = DecodeError::MacMalformed { at: 11 + 4 + 3 };
    assert!(
        matches!(error.kind(), Kind::Frame { error, .. } if *error == expected),
        "{error}"
    );
}

#[tokio::test]
async fn macs_that_nobody_asked_for_are_no_frames() {
    let (client, mut peer) = connected(Client::builder()).await;
    let (first, ()) = tokio::join!(client.dispatch("name", ""), async {
        let request = peer.request().await;
        peer.codec = Codec::new().mac_key(MacKey::new(b"key").unwrap());
        peer.answer(&request, 200, b"payload").await;
        peer.stream.write_all(&[b'A'; 300]).await.unwrap();
        assert!(peer.rest().await.is_empty());
    });
    assert!(first.unwrap().is_ok(), "this much made sense");
    let error = client.dispatch("name", "").await.unwrap_err();
    assert!(error.to_string().contains("MACs"), "{error}");
}
