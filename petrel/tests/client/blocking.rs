//! The client without an async runtime around it.

use crate::peer::Peer;
use petrel::{
    Client as AsyncClient, ClientErrorKind as Kind, Executed,
    blocking::Client,
    wire::{MacKey, Status},
};
use std::{net::SocketAddr, sync::mpsc, thread};
use tokio::net::TcpListener;

/// A server on a thread of its own, which answers every request of one connection with its payload
/// until the client ends; `close` with 502.
fn serve(key: Option<&'static [u8]>) -> (SocketAddr, thread::JoinHandle<usize>) {
    let (ready, addr) = mpsc::channel();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            ready.send(listener.local_addr().unwrap()).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let mut peer = Peer::new(stream);
            if let Some(key) = key {
                peer = peer.with_key(key);
            }
            let mut answered = 0;
            while let Some(request) = peer.next().await {
                let status = if request.name == b"close" { 502 } else { 200 };
                peer.answer(&request, status, &request.payload).await;
                answered += 1;
            }
            answered
        })
    });
    (addr.recv().unwrap(), thread)
}

#[test]
fn calls_from_several_threads_share_the_connection() {
    let (addr, server) = serve(None);
    let client = Client::connect(addr).unwrap();
    assert_eq!(client.server_version(), Some(0));
    let threads: Vec<_> = (0..8_u8)
        .map(|i| {
            let client = client.clone();
            thread::spawn(move || {
                for round in 0..20 {
                    let payload = vec![i; round];
                    let response = client.dispatch("echo", payload.clone()).unwrap();
                    assert_eq!(response.payload, payload);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    client.quit().unwrap();
    assert!(client.is_closed());
    let late = client.dispatch("echo", "").unwrap_err();
    assert_eq!((late.kind(), late.executed()), (&Kind::Quit, Executed::No));
    assert_eq!(server.join().unwrap(), 161);
}

#[test]
fn within_a_runtime_it_blocks_and_works() {
    for mut builder in [
        tokio::runtime::Builder::new_current_thread(),
        tokio::runtime::Builder::new_multi_thread(),
    ] {
        let (addr, server) = serve(None);
        let runtime = builder.enable_all().build().unwrap();
        runtime.block_on(async {
            let client = Client::connect(addr).unwrap();
            assert_eq!(&client.dispatch("echo", "a").unwrap().payload[..], b"a");
            client.quit().unwrap();
            drop(client);
            let error = Client::connect("nowhere").unwrap_err();
            assert!(matches!(error.kind(), Kind::Endpoint(_)));
        });
        assert_eq!(server.join().unwrap(), 2);
    }
}

#[test]
fn dropping_the_last_clone_ends_the_connection_and_its_thread() {
    let (addr, server) = serve(None);
    let client = Client::connect(addr).unwrap();
    let clone = client.clone();
    drop(client);
    assert!(clone.dispatch("echo", "").unwrap().is_ok());
    drop(clone);
    // The server sees the end of the client's side.
    assert_eq!(server.join().unwrap(), 2);
}

#[test]
fn it_is_set_up_as_the_async_one_and_fails_as_it_does() {
    let key: &[u8] = b"key";
    let (addr, server) = serve(Some(key));
    let client = AsyncClient::builder()
        .hmac_key(MacKey::new(key).unwrap())
        .max_in_flight(1)
        .protocol_version(9)
        .connect_blocking(addr)
        .unwrap();
    assert_eq!(client.server_version(), Some(9));
    assert!(!client.is_closed());
    let response = client.dispatch("close", "").unwrap();
    assert_eq!(response.status, Status::MAC_FAILED);
    let error = client.dispatch("echo", "").unwrap_err();
    assert!(matches!(error.kind(), Kind::ClosedBehind { .. }), "{error}");
    assert!(client.quit().is_err());
    assert_eq!(server.join().unwrap(), 2);
}
