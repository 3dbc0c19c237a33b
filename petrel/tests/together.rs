//! The reference client and the reference server with each other.
#![cfg(feature = "runtime")]

use petrel::{
    Client, ClientErrorKind, ConnectPhase, Ending, Executed, Request, Server, ServerBuilder,
    ServerHandle, ServerLimits, wire::MacKey,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

fn fixtures() -> ServerBuilder {
    Server::builder()
        .register_inline("echo", |request, reply| reply.write(request.payload()))
        .register("echo-async", async |request: Request| {
            tokio::task::yield_now().await;
            request.into_payload()
        })
}

fn keep(server: Server) -> ServerHandle {
    let handle = server.handle();
    tokio::spawn(server.run());
    handle
}

/// A client and a server over a pipe of so many bytes each way.
async fn pair(server: ServerBuilder, client: petrel::ClientBuilder, pipe: usize) -> Client {
    let server = server.build().unwrap();
    let (near, far) = tokio::io::duplex(pipe);
    tokio::spawn(server.serve_connection(far));
    keep(server);
    client.connect_stream(near).await.unwrap()
}

fn key(text: &str) -> MacKey {
    MacKey::new(text.as_bytes()).unwrap()
}

#[tokio::test]
async fn many_callers_share_a_connection_and_each_gets_its_own_answer() {
    for (in_flight, pipe, signed) in [(1, 64, false), (64, 100, true), (7, 1 << 20, false)] {
        let (mut server, mut client) = (fixtures(), Client::builder().max_in_flight(in_flight));
        if signed {
            (server, client) = (server.hmac_key(key("key")), client.hmac_key(key("key")));
        }
        let client = pair(server, client, pipe).await;
        assert_eq!(client.server_version(), Some(0));
        let mut calls = JoinSet::new();
        for i in 0..300_u16 {
            let client = client.clone();
            calls.spawn(async move {
                let name = if i % 3 == 0 { "echo-async" } else { "echo" };
                let payload = vec![i.to_le_bytes()[0]; if i % 60 == 0 { 50_000 } else { i.into() }];
                let response = client.dispatch(name, payload.clone()).await.unwrap();
                assert!(response.is_ok());
                assert_eq!(response.payload, payload);
            });
        }
        while let Some(call) = calls.join_next().await {
            call.unwrap();
        }
        client.quit().await.unwrap();
    }
}

#[tokio::test]
async fn large_payloads_both_ways_through_a_narrow_pipe_do_not_lock_up() {
    let client = pair(fixtures(), Client::builder(), 1000).await;
    let mut calls = JoinSet::new();
    for i in 0..16_u8 {
        let client = client.clone();
        calls.spawn(async move {
            let payload = vec![i; 300_000];
            let response = client.dispatch("echo", payload.clone()).await.unwrap();
            assert_eq!(response.payload, payload);
        });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
}

#[tokio::test]
async fn a_payload_of_exactly_the_limit_passes_both_ends() {
    let client = pair(fixtures(), Client::builder(), 1 << 20).await;
    let payload = vec![9; 4 << 20];
    let response = client.dispatch("echo", payload.clone()).await.unwrap();
    assert_eq!(response.payload, payload);
    let error = client
        .dispatch("echo", vec![9; (4 << 20) + 1])
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ClientErrorKind::Encode(_)),
        "{error}"
    );
    assert_eq!(error.executed(), Executed::No);
    assert!(
        client
            .dispatch("echo", "still there")
            .await
            .unwrap()
            .is_ok()
    );
}

#[tokio::test]
async fn what_the_server_closes_behind_is_an_answer_first() {
    let server = fixtures().limits(ServerLimits::new().payload_max(10));
    let client = pair(server, Client::builder(), 1 << 16).await;
    let response = client.dispatch("echo", "eleven byte").await.unwrap();
    assert_eq!(response.status.0, 402);
    let error = client.dispatch("echo", "x").await.unwrap_err();
    assert!(error.is_closed());
    assert_eq!(error.executed(), Executed::No);
}

#[tokio::test(start_paused = true)]
async fn ends_that_are_configured_differently_say_so() {
    let connect = async |server: ServerBuilder, client: petrel::ClientBuilder| {
        let server = server.build().unwrap();
        let (near, far) = tokio::io::duplex(1 << 16);
        tokio::spawn(server.serve_connection(far));
        keep(server);
        client.connect_stream(near).await.unwrap_err()
    };
    let builder = Client::builder;
    let error = connect(fixtures(), builder().protocol_version(1)).await;
    let mismatch = ClientErrorKind::ProtocolMismatch {
        status: 497.into(),
        server: Some(0),
        client: 1,
    };
    assert_eq!(*error.kind(), mismatch);

    let error = connect(fixtures().hmac_key(key("a")), builder().hmac_key(key("b"))).await;
    assert!(
        error
            .to_string()
            .contains("claims 502: the keys probably differ"),
        "{error}"
    );

    let error = connect(fixtures().hmac_key(key("a")), builder()).await;
    let silence = matches!(
        error.kind(),
        ClientErrorKind::ConnectTimeout {
            phase: ConnectPhase::ProtocolCheck,
            ..
        }
    );
    assert!(
        silence && error.to_string().contains("does the server expect MACs?"),
        "{error}"
    );

    // The server answers the check, and takes the first bytes of its MAC for a header.
    let error = connect(fixtures(), builder().hmac_key(key("a"))).await;
    assert!(error.to_string().contains("MAC"), "{error}");
}

/// Requests are executed and answered, or neither, and the client knows which, however often the
/// server leaves while it is asked.
#[tokio::test]
async fn a_server_that_leaves_loses_no_answer() {
    for round in 0..40 {
        let executed = Arc::new(AtomicUsize::new(0));
        let count = executed.clone();
        let server = Server::builder()
            .register("count", move |_| {
                let count = count.clone();
                async move {
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                }
            })
            .bind("127.0.0.1:0")
            .await
            .unwrap();
        let endpoint = server.handle().local_addr().unwrap().clone();
        let handle = keep(server);
        let mut callers = JoinSet::new();
        for _ in 0..4 {
            let builder = Client::builder().server_ends_orderly(true);
            let client = builder.connect(&endpoint).await.unwrap();
            callers.spawn(async move {
                let mut answered = 0;
                loop {
                    let calls: Vec<_> = (0..5)
                        .map(|_| client.clone())
                        .map(|client| {
                            tokio::spawn(async move { client.dispatch("count", "").await })
                        })
                        .collect();
                    let mut ended = false;
                    for call in calls {
                        match call.await.unwrap() {
                            Ok(_) => answered += 1,
                            Err(error) => {
                                assert_eq!(error.executed(), Executed::No, "{error}");
                                ended = true;
                            }
                        }
                    }
                    if ended {
                        return answered;
                    }
                }
            });
        }
        // The server leaves after some requests, sooner in one round, later in another.
        while executed.load(Ordering::SeqCst) < round * 3 {
            tokio::task::yield_now().await;
        }
        handle.shutdown();
        let mut answered = 0;
        while let Some(count) = callers.join_next().await {
            answered += count.unwrap();
        }
        let closed = handle.closed().await;
        assert_eq!(
            (closed.cut, executed.load(Ordering::SeqCst)),
            (0, answered),
            "round {round}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_gone_at_once_leaves_calls_in_doubt() {
    let server = fixtures().register("hang", |_| std::future::pending::<()>());
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let endpoint = server.handle().local_addr().unwrap().clone();
    let handle = keep(server);
    let client = Client::connect(&endpoint).await.unwrap();
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.dispatch("hang", "").await }
    });
    while handle.stats().bytes_in < 21 + 15 {
        tokio::task::yield_now().await;
    }
    handle.shutdown_now();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.executed(), Executed::Maybe);
    assert!(
        error.is_closed() && matches!(error.kind(), ClientErrorKind::Ended { .. }),
        "{error}"
    );
    let refused = Client::connect(&endpoint).await.unwrap_err();
    assert!(
        matches!(refused.kind(), ClientErrorKind::Connect { .. }),
        "{refused}"
    );
}

/// Whatever the caller was promised about the server: a connection that is cut while a request is
/// executed does not end in order.
#[tokio::test]
async fn what_was_cut_while_it_was_executed_is_in_doubt() {
    for (tcp, displaced) in [(true, false), (true, true), (false, false)] {
        let dir = tempfile::tempdir().unwrap();
        let endpoint = match tcp {
            true => "127.0.0.1:0".to_owned(),
            false => format!("unix:{}", dir.path().join("petrel.sock").display()),
        };
        let (entered, entering) = tokio::sync::mpsc::unbounded_channel();
        let limits = ServerLimits::new()
            .connections_max(1)
            .drain_timeout(Duration::ZERO);
        let server = fixtures().limits(limits).register("pay", move |_| {
            entered.send(()).unwrap();
            std::future::pending::<()>()
        });
        let server = server.bind(endpoint).await.unwrap();
        let endpoint = server.handle().local_addr().unwrap().clone();
        let handle = keep(server);
        // Without a check, so that this is the connection's first request: it can be displaced.
        let builder = Client::builder()
            .server_ends_orderly(true)
            .protocol_check(false);
        let client = builder.connect(&endpoint).await.unwrap();
        let call = tokio::spawn(async move { client.dispatch("pay", "").await });
        let mut entering = entering;
        entering.recv().await.unwrap();
        if displaced {
            Client::connect(&endpoint).await.unwrap();
        } else {
            handle.shutdown();
        }
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.executed(), Executed::Maybe, "{endpoint}: {error}");
        let ending = if tcp {
            Ending::Reset
        } else {
            Ending::Truncated
        };
        assert_eq!(*error.kind(), ClientErrorKind::Ended { ending });
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_that_the_server_closes_is_told_to_the_next_caller() {
    let limits = ServerLimits::new().idle_timeout(Duration::from_secs(60));
    let client = pair(fixtures().limits(limits), Client::builder(), 1 << 16).await;
    assert!(client.dispatch("echo", "x").await.unwrap().is_ok());
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(client.is_closed());
    let error = client.dispatch("echo", "x").await.unwrap_err();
    assert_eq!(
        *error.kind(),
        ClientErrorKind::Ended {
            ending: Ending::Fin
        }
    );
    assert_eq!(error.executed(), Executed::No);
}

#[test]
fn the_blocking_client_calls_from_several_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(fixtures().bind("127.0.0.1:0")).unwrap();
    let handle = server.handle();
    let serving = runtime.spawn(server.run());
    let client = petrel::blocking::Client::connect(handle.local_addr().unwrap()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let client = &client;
            scope.spawn(move || {
                for i in 0..50 {
                    let payload = format!("{thread} {i}");
                    let response = client.dispatch("echo-async", payload.clone()).unwrap();
                    assert_eq!(response.payload, payload);
                }
            });
        }
    });
    client.quit().unwrap();
    assert!(client.dispatch("echo", "").is_err());
    handle.shutdown();
    assert_eq!(runtime.block_on(serving).unwrap().unwrap().cut, 0);
}
