//! What handlers are given and what may become of them.

use super::peer::{connect, fixtures, keep, request, start};
use bytes::Bytes;
use petrel::{
    BindError, HandlerError, PeerAddr, RegisterError, Request, Server,
    wire::{Response, Status},
};
use std::io::Write;

#[tokio::test]
async fn anything_that_turns_into_a_response_is_one() {
    let builder = Server::builder()
        .register("unit", |_| async {})
        .register("text", |_| async { "text" })
        .register("string", |_| async { String::from("string") })
        .register("bytes", |_| async { Bytes::from_static(b"bytes") })
        .register("vec", |_| async { vec![1, 2] })
        .register("status", |_| async { Status(9101) })
        .register("pair", |_| async { (Status(9102), "pair") })
        .register("response", |_| async {
            Response::new(Status(9103), "response")
        })
        .register("ok", |_| async { Ok::<_, HandlerError>("ok") })
        .register("nested", |_| async {
            Ok::<_, String>((Status(9104), vec![7]))
        })
        .register("err", |_| async { Err::<(), _>("no") });
    let (mut peer, _handle, _end) = start(builder);
    for (name, status, payload) in [
        ("unit", 200, &b""[..]),
        ("text", 200, b"text"),
        ("string", 200, b"string"),
        ("bytes", 200, b"bytes"),
        ("vec", 200, &[1, 2]),
        ("status", 9101, b""),
        ("pair", 9102, b"pair"),
        ("response", 9103, b"response"),
        ("ok", 200, b"ok"),
        ("nested", 9104, &[7]),
        ("err", 500, b""),
    ] {
        assert_eq!(
            peer.call(1, name, b"").await,
            (status, payload.to_vec()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_request_knows_where_it_comes_from() {
    let server = Server::builder()
        .register("who", |request: Request| async move {
            assert_eq!(
                (request.name(), request.peer_addr()),
                ("who", PeerAddr::Stream)
            );
            format!("{} {}", request.connection_id(), request.sequence())
        })
        .register_inline("who-inline", |request, reply| {
            assert_eq!(
                (request.name(), request.peer_addr()),
                ("who-inline", PeerAddr::Stream)
            );
            write!(reply, "{} {}", request.connection_id(), request.sequence())
        })
        .build()
        .unwrap();
    let ((mut one, _), (mut two, _)) = (connect(&server), connect(&server));
    let _handle = keep(server);
    assert_eq!(one.call(5, "who", b"").await, (200, b"1 5".to_vec()));
    assert_eq!(two.call(6, "who", b"").await, (200, b"2 6".to_vec()));
    assert_eq!(two.call(7, "who-inline", b"").await, (200, b"2 7".to_vec()));
}

#[tokio::test]
async fn parts_of_the_request_and_others_make_up_an_answer_in_their_order() {
    // Every `p` stands for the payload of the request, every `L` for something large of our own.
    static LARGE: [u8; 20_000] = [b'L'; 20_000];
    let parts = ["p", "ap", "pb", "apb", "pp", "apbpc", "L", "Lp", "pL"];
    let builder = parts.into_iter().fold(Server::builder(), |builder, name| {
        builder.register_inline(name, |request, reply| {
            let mut len = 0;
            for part in request.name().as_bytes().chunks(1) {
                let part = match part {
                    b"p" => request.payload(),
                    b"L" => &LARGE,
                    small => small,
                };
                assert_eq!((reply.len(), reply.is_empty()), (len, len == 0));
                reply.write(part);
                len += part.len();
            }
        })
    });
    let (mut peer, _handle, _end) = start(builder);
    for payload in [vec![b'.'; 100], vec![b'.'; 100_000]] {
        for name in parts {
            let expected = name
                .replace('p', &String::from_utf8_lossy(&payload))
                .replace('L', &String::from_utf8_lossy(&LARGE));
            let answer = peer.call(1, name, &payload).await;
            assert!(answer == (200, expected.into_bytes()), "{name}");
        }
    }
}

#[tokio::test]
async fn what_a_failing_or_panicking_inline_handler_wrote_is_taken_back() {
    let builder = fixtures()
        .register_inline("fail", |request, reply| {
            reply.write(b"half");
            reply.write(request.payload());
            Err::<(), _>("no")
        })
        .register_inline("panic", |request, reply| {
            reply.write(b"half");
            assert!(request.sequence() == 0, "on purpose");
        })
        .register_inline("misuse", |_, reply| {
            reply.write(b"half");
            Status(402)
        });
    let (mut peer, handle, _end) = start(builder);
    let requests = [
        request(1, "echo", b"before"),
        request(2, "fail", &[b'x'; 40_000]),
        request(3, "panic", b""),
        request(4, "misuse", b""),
        request(5, "echo", b"after"),
    ];
    peer.send(&requests).await;
    assert_eq!(peer.answer_to(1).await, (200, b"before".to_vec()));
    assert_eq!(peer.answer_to(2).await, (500, vec![]));
    assert_eq!(peer.answer_to(3).await, (501, vec![]));
    assert_eq!(peer.answer_to(4).await, (501, vec![]));
    assert_eq!(peer.answer_to(5).await, (200, b"after".to_vec()));
    assert_eq!((handle.stats().panics, handle.stats().failed), (1, 3));
}

#[tokio::test]
async fn a_panic_of_an_async_handler_hurts_one_request() {
    let builder = fixtures()
        .register("panic-late", |_| async {
            tokio::task::yield_now().await;
            assert!(std::hint::black_box(false), "on purpose");
        })
        .register("panic-early", |request: Request| {
            assert!(request.sequence() == 0, "on purpose");
            async {}
        });
    let server = builder.build().unwrap();
    let ((mut one, _), (mut two, _)) = (connect(&server), connect(&server));
    let handle = keep(server);
    assert_eq!(one.call(1, "panic-late", b"").await, (501, vec![]));
    assert_eq!(one.call(2, "panic-early", b"").await, (501, vec![]));
    assert_eq!(one.call(3, "echo", b"x").await, (200, b"x".to_vec()));
    assert_eq!(two.call(1, "echo", b"y").await, (200, b"y".to_vec()));
    assert_eq!(handle.stats().panics, 2);
}

#[tokio::test]
async fn a_wrong_registration_comes_out_of_bind_the_first_of_them() {
    let fails = async |builder: petrel::ServerBuilder| match builder.bind("127.0.0.1:0").await {
        Err(BindError::Register(error)) => error,
        other => panic!("{other:?}"),
    };
    let builder = Server::builder;
    let long = "n".repeat(256);
    assert_eq!(
        fails(builder().register("", |_| async {})).await,
        RegisterError::Empty
    );
    assert!(matches!(
        fails(builder().register_inline(&long, |_, _| ())).await,
        RegisterError::TooLong { len: 256, .. }
    ));
    assert_eq!(
        fails(
            builder()
                .register("a", |_| async {})
                .register_inline("a", |_, _| ())
        )
        .await,
        RegisterError::Taken("a".into())
    );
    assert_eq!(
        fails(
            builder()
                .register("PROTOCHECK", |_| async {})
                .register("", |_| async {})
        )
        .await,
        RegisterError::Reserved
    );
    assert!(
        builder()
            .register(&long[1..], |_| async {})
            .bind("127.0.0.1:0")
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_request_that_is_printed_shows_of_its_payload_the_length_only() {
    let builder = Server::builder()
        .register(
            "async",
            |request: Request| async move { format!("{request:?}") },
        )
        .register_inline("inline", |request, reply| {
            write!(reply, "{request:?}").unwrap();
        });
    let (mut peer, _handle, _end) = start(builder);
    for (name, printed) in [
        (
            "async",
            r#"Request { name: "async", payload_len: 6, sequence: 7, connection_id: 1, .. }"#,
        ),
        (
            "inline",
            r#"InlineRequest { name: "inline", payload_len: 6, sequence: 7, connection_id: 1, .. }"#,
        ),
    ] {
        let (_, shown) = peer.call(7, name, b"secret").await;
        assert_eq!(String::from_utf8(shown).unwrap(), printed);
    }
}

#[test]
fn a_server_that_is_printed_shows_the_names_of_its_handlers() {
    let server = fixtures().build().unwrap();
    let names = r#"{"echo", "status", "echo-async", "status-async"}"#;
    let printed = format!("{server:?}");
    assert!(printed.contains(names), "{printed}");
}
