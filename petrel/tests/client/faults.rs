//! Servers that do what they should not, and connections that break.

use crate::peer::{Breaking, Got, Peer, answer, bytes_of, connected, connected_by, greet, settle};
use petrel::{
    Client, ClientBuilder, ClientError, ClientErrorKind as Kind, ClientLimits, Ending, Executed,
    Origin,
    wire::{AnswerError, DecodeError, Frame, Header, Status},
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// Makes a call that the peer meets with the bytes that `script` makes of the request, and then
/// with the end of its side. Gives the error, and checks that a later call names it too.
async fn failing(
    builder: ClientBuilder,
    ends: bool,
    script: impl FnOnce(&Got) -> Vec<u8>,
) -> ClientError {
    let (client, mut peer) = connected(builder).await;
    let (result, ()) = tokio::join!(client.dispatch("name", "question"), async {
        let request = peer.request().await;
        peer.stream.write_all(&script(&request)).await.unwrap();
        if ends {
            peer.stream.shutdown().await.unwrap();
        }
        assert!(
            peer.rest().await.is_empty(),
            "the client has closed its side"
        );
    });
    let error = result.unwrap_err();
    assert!(client.is_closed() && error.is_closed() && !error.is_timeout());
    let later = client.dispatch("later", "").await.unwrap_err();
    assert_eq!(
        (later.kind(), later.executed()),
        (error.kind(), Executed::No)
    );
    assert!(later.is_closed());
    assert_eq!(
        later.to_string(),
        format!("the connection was closed earlier: {error}")
    );
    error
}

fn raw(frame: &Frame<'_>) -> Vec<u8> {
    bytes_of(&petrel::wire::Codec::new(), frame)
}

#[tokio::test]
async fn a_wrong_sequence_number_or_name_is_refused() {
    let error = failing(Client::builder(), false, |request| {
        raw(&Frame {
            sequence: 9,
            ..answer(request, 200, b"")
        })
    })
    .await;
    let wrong = AnswerError::WrongSequence {
        expected: 2,
        got: 9,
    };
    assert_eq!(*error.kind(), Kind::Answer(wrong));
    assert_eq!(
        (error.executed(), error.origin()),
        (Executed::Maybe, Origin::Peer)
    );
    assert!(error.to_string().contains("about MACs"), "{error}");

    for name in [&b"namf"[..], b"nam", b"name\0", b""] {
        let error = failing(Client::builder(), false, |request| {
            raw(&Frame {
                name,
                ..answer(request, 200, b"")
            })
        })
        .await;
        assert_eq!(*error.kind(), Kind::Answer(AnswerError::WrongName));
    }
}

#[tokio::test]
async fn a_notice_is_never_an_answer_and_its_text_is_shown_escaped() {
    for status in [198, 498] {
        let error = failing(Client::builder(), true, |request| {
            raw(&answer(request, status, b"bye\x1b[2J\xff"))
        })
        .await;
        let Kind::Notice { status: got, text } = error.kind() else {
            panic!("{error}");
        };
        assert_eq!((got.0, &text[..]), (status, &b"bye\x1b[2J\xff"[..]));
        assert_eq!(
            (error.executed(), error.origin()),
            (Executed::Maybe, Origin::Peer)
        );
        assert!(error.to_string().ends_with(r"bye\u{1b}[2J\xff"), "{error}");
    }
}

#[tokio::test]
async fn a_notice_comes_before_a_wrong_sequence_number_and_only_so_much_is_kept() {
    let text = vec![b'x'; 100_000];
    let error = failing(Client::builder(), false, |_| {
        raw(&Frame {
            status: Status(198),
            payload: &text,
            ..Frame::default()
        })
    })
    .await;
    assert!(matches!(error.kind(), Kind::Notice { text, .. } if text.len() == 1024));
}

#[tokio::test]
async fn a_frame_that_nobody_asked_for_ends_the_connection() {
    let (client, mut peer) = connected(Client::builder()).await;
    let frame = Frame {
        status: Status::OK,
        sequence: 2,
        name: b"name",
        payload: b"",
    };
    peer.send(&frame).await;
    assert!(peer.rest().await.is_empty());
    let error = client.dispatch("name", "").await.unwrap_err();
    let expected = Kind::Unsolicited {
        status: Status::OK,
        sequence: 2,
    };
    assert_eq!((error.kind(), error.executed()), (&expected, Executed::No));

    let (client, mut peer) = connected(Client::builder()).await;
    let notice = Frame {
        status: Status::CLIENT_GONE,
        payload: b"EOF",
        ..frame
    };
    peer.send(&notice).await;
    assert!(peer.rest().await.is_empty());
    let error = client.dispatch("name", "").await.unwrap_err();
    assert!(
        error.to_string().ends_with("198 client gone: EOF"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused_from_its_header_and_name() {
    let limits = ClientLimits::new().answer_max(1000);
    let header = |request: &Got, status: u16, sequence: u32, payload_len: u32| {
        let header = Header {
            status: Status(status),
            sequence,
            name_len: 4,
            payload_len,
        };
        [&header.to_bytes()[..], &request.name].concat()
    };
    for (status, sequence, claimed, executed) in [
        (200, 2, 1001, Executed::Yes),
        (200, 2, u32::MAX, Executed::Yes),
        (9101, 2, 1001, Executed::Yes),
        (500, 2, 1001, Executed::Yes),
        (400, 2, 1001, Executed::Maybe),
        (200, 3, 1001, Executed::Maybe),
    ] {
        let builder = Client::builder().limits(limits.clone());
        let error = failing(builder, false, |request| {
            header(request, status, sequence, claimed)
        })
        .await;
        let expected = Kind::Frame {
            error: DecodeError::PayloadTooLong {
                claimed,
                limit: 1000,
            },
            claims: Status(status),
        };
        assert_eq!((error.kind(), error.executed()), (&expected, executed));
        assert!(
            error.to_string().ends_with("at one end only)"),
            "what a status claims says nothing of a length: {error}"
        );
    }

    let (client, mut peer) = connected(Client::builder().limits(limits)).await;
    let (response, ()) = tokio::join!(client.dispatch("name", ""), async {
        let request = peer.request().await;
        peer.answer(&request, 200, &[7; 1000]).await;
    });
    assert!(
        response.unwrap().payload == vec![7; 1000],
        "exactly the limit"
    );
}

#[tokio::test]
async fn an_end_inside_an_answer_is_an_error_wherever_it_is_cut() {
    for size in [0, 5, 40_000] {
        let payload = vec![b'p'; size];
        let len = 11 + 4 + size;
        for cut in (0..len).filter(|cut| *cut < 40 || *cut % 4_999 == 0 || len - cut < 5) {
            for orderly in [false, true] {
                let builder = Client::builder().server_ends_orderly(orderly);
                let error = failing(builder, true, |request| {
                    raw(&answer(request, 200, &payload))[..cut].to_vec()
                })
                .await;
                let (ending, executed) = match (cut, orderly) {
                    (0, false) => (Ending::Fin, Executed::Maybe),
                    (0, true) => (Ending::Fin, Executed::No),
                    _ => (Ending::Truncated, Executed::Maybe),
                };
                assert_eq!(*error.kind(), Kind::Ended { ending }, "cut at {cut}");
                assert_eq!(error.executed(), executed, "cut at {cut}");
            }
        }
    }
}

/// A client over a stream that ends with a reset and can be told to break before.
async fn breakable(orderly: bool) -> (Client, Peer, Arc<AtomicBool>) {
    breakable_with(orderly, || Err(io::ErrorKind::ConnectionReset.into())).await
}

/// The same with another end of what can be read.
async fn breakable_with(
    orderly: bool,
    end: fn() -> io::Result<()>,
) -> (Client, Peer, Arc<AtomicBool>) {
    let (near, far) = duplex(1 << 10);
    let write_fails = Arc::new(AtomicBool::new(false));
    let near = Breaking {
        stream: near,
        end,
        write_fails: Arc::clone(&write_fails),
    };
    let mut peer = Peer::new(far);
    let builder = Client::builder().server_ends_orderly(orderly);
    (greet(builder, near, &mut peer).await, peer, write_fails)
}

#[tokio::test]
async fn after_a_reset_a_request_may_have_been_executed_whatever_is_set() {
    for orderly in [false, true] {
        let (client, mut peer, _) = breakable(orderly).await;
        let (result, _) = tokio::join!(client.dispatch("name", ""), async {
            peer.request().await;
            drop(peer);
        });
        let error = result.unwrap_err();
        let expected = Kind::Ended {
            ending: Ending::Reset,
        };
        assert_eq!(
            (error.kind(), error.executed()),
            (&expected, Executed::Maybe)
        );
        assert_eq!(error.origin(), Origin::Network);
    }
}

#[tokio::test]
async fn what_the_server_had_answered_before_writing_broke_is_still_delivered() {
    let (client, mut peer, write_fails) = breakable(true).await;
    let large = vec![0; 100_000];
    let (refused, never_sent) = tokio::join!(client.dispatch("large", large), async {
        settle().await;
        write_fails.store(true, Ordering::SeqCst);
        // Nothing tells the client until the pipe moves.
        let mut some = [0; 100];
        peer.stream.read_exact(&mut some).await.unwrap();
        settle().await;
        let never_sent = tokio::spawn({
            let client = client.clone();
            async move { client.dispatch("never sent", "").await }
        });
        let request = Got {
            status: 0,
            sequence: 2,
            name: b"large".to_vec(),
            payload: Vec::new(),
        };
        peer.answer(&request, 402, b"").await;
        never_sent.await.unwrap()
    });
    assert_eq!(refused.unwrap().status, Status::PAYLOAD_TOO_LONG);
    assert_eq!(never_sent.unwrap_err().executed(), Executed::No);

    let (client, peer, write_fails) = breakable(true).await;
    write_fails.store(true, Ordering::SeqCst);
    let error = client.dispatch("name", "").await.unwrap_err();
    assert_eq!(error.executed(), Executed::No, "not one byte was written");
    assert!(error.is_closed());
    drop(peer);
}

#[tokio::test]
async fn an_answer_to_what_was_not_sent_yet_is_no_answer() {
    // Also not if it is too long to be taken, which else would tell that the request was executed.
    for len in [0, 11] {
        // The first request fills the pipe, the second has its number and waits behind it.
        let builder = Client::builder().limits(ClientLimits::new().answer_max(10));
        let (client, mut peer) = connected_by(builder, 64).await;
        let (first, second, ()) = tokio::join!(
            client.dispatch("large", vec![0; 1000]),
            client.dispatch("name", ""),
            async {
                settle().await;
                let large = Got {
                    status: 0,
                    sequence: 2,
                    name: b"large".to_vec(),
                    payload: Vec::new(),
                };
                peer.answer(&large, 200, b"").await;
                let name = Got {
                    sequence: 3,
                    name: b"name".to_vec(),
                    ..large
                };
                peer.answer(&name, 200, &vec![0; len]).await;
            }
        );
        assert!(
            first.unwrap().is_ok(),
            "a server may answer before it has read all"
        );
        let error = second.unwrap_err();
        let is_expected = match error.kind() {
            Kind::Unsolicited { sequence: 3, .. } => len == 0,
            Kind::Frame { .. } => len == 11,
            _ => false,
        };
        assert!(is_expected, "{error}");
        assert_eq!(error.executed(), Executed::No);
    }
}

/// What a call ends with whose request broke off in writing, and whose connection then ends so.
async fn broken_off(end: fn() -> io::Result<()>) -> Kind {
    let (client, mut peer, write_fails) = breakable_with(true, end).await;
    let (result, ()) = tokio::join!(client.dispatch("large", vec![0; 100_000]), async {
        settle().await;
        write_fails.store(true, Ordering::SeqCst);
        // Nothing tells the client until the pipe moves.
        let mut some = [0; 100];
        peer.stream.read_exact(&mut some).await.unwrap();
        settle().await;
        peer.stream.shutdown().await.unwrap();
    });
    let error = result.unwrap_err();
    assert_eq!(error.executed(), Executed::Maybe);
    error.kind().clone()
}

#[tokio::test]
async fn a_write_that_failed_tells_more_than_an_orderly_end_behind_it() {
    let ending = Ending::Reset;
    assert_eq!(broken_off(|| Ok(())).await, Kind::Ended { ending });
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn an_alert_tells_more_than_a_write_that_failed() {
    use rustls::{AlertDescription, Error};
    let kind = broken_off(|| {
        let alert = Error::AlertReceived(AlertDescription::InternalError);
        Err(io::Error::new(io::ErrorKind::InvalidData, alert))
    });
    // It is not about a certificate, so it is how the server ended and no fault of TLS.
    let ending = Ending::Alert;
    assert_eq!(kind.await, Kind::Ended { ending });
}
