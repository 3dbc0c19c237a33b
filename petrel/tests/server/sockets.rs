//! Real sockets: where a server listens and what becomes of its socket files.

use super::peer::{Peer, fixtures, keep, request};
use petrel::{BindError, Endpoint, Server, ServerLimits, ShutdownReason};
use std::io;
use tokio::net::TcpStream;

async fn tcp_peer(endpoint: &Endpoint) -> Peer<TcpStream> {
    Peer::new(
        TcpStream::connect(endpoint.socket_addr().unwrap())
            .await
            .unwrap(),
    )
}

#[tokio::test]
async fn one_server_listens_on_several_endpoints() {
    let mut builder = fixtures().listen("127.0.0.1:0");
    let has_v6 = std::net::TcpListener::bind("[::1]:0").is_ok();
    if has_v6 {
        builder = builder.listen("[::1]:0");
    }
    let handle = keep(builder.bind("localhost:0").await.unwrap());
    assert_eq!(handle.local_addrs().len(), 2 + usize::from(has_v6));
    for endpoint in handle.local_addrs() {
        let mut peer = tcp_peer(endpoint).await;
        assert_eq!(
            peer.call(1, "echo", b"x").await,
            (200, b"x".to_vec()),
            "{endpoint}"
        );
        assert_eq!(
            peer.call(2, "echo", &[1; 900_000]).await,
            (200, vec![1; 900_000])
        );
    }
    handle.shutdown();
    assert_eq!(handle.closed().await.reason, ShutdownReason::Requested);
    let refused = TcpStream::connect(handle.local_addr().unwrap().socket_addr().unwrap()).await;
    assert_eq!(
        refused.unwrap_err().kind(),
        io::ErrorKind::ConnectionRefused
    );
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let first = fixtures().bind("127.0.0.1:0").await.unwrap();
    let endpoint = first.handle().local_addr().unwrap().clone();
    match fixtures().bind(&endpoint).await {
        Err(BindError::Listen {
            endpoint: named,
            error,
        }) => {
            assert_eq!((named, error.kind()), (endpoint, io::ErrorKind::AddrInUse));
        }
        other => panic!("{other:?}"),
    }
    match Server::builder()
        .listen("nonsense")
        .bind("127.0.0.1:0")
        .await
    {
        Err(error @ BindError::Endpoint(_)) => {
            assert!(error.to_string().contains("\"nonsense\""), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_serves_goes_away_and_takes_the_place_of_a_dead_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("petrel.sock");
    let endpoint = format!("unix:{}", path.display());
    // A file that a killed server left behind.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let handle = keep(fixtures().bind(&endpoint).await.unwrap());
    let mut peer = Peer::new(tokio::net::UnixStream::connect(&path).await.unwrap());
    assert_eq!(peer.call(1, "echo", b"x").await, (200, b"x".to_vec()));
    // One that is in use is left alone, and so is a file of another kind.
    assert!(matches!(
        fixtures().bind(&endpoint).await,
        Err(BindError::Listen { .. })
    ));
    assert_eq!(peer.call(2, "echo", b"x").await, (200, b"x".to_vec()));
    drop(peer);
    handle.shutdown();
    handle.closed().await;
    assert!(!path.exists());
    std::fs::write(&path, "not a socket").unwrap();
    assert!(fixtures().bind(&endpoint).await.is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"not a socket");
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_leaves_the_socket_file_of_another_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("petrel.sock");
    let endpoint = format!("unix:{}", path.display());
    let first = keep(fixtures().bind(&endpoint).await.unwrap());
    std::fs::remove_file(&path).unwrap();
    let second = keep(fixtures().bind(&endpoint).await.unwrap());
    first.shutdown();
    first.closed().await;
    let mut peer = Peer::new(tokio::net::UnixStream::connect(&path).await.unwrap());
    assert_eq!(peer.call(1, "echo", b"x").await, (200, b"x".to_vec()));
    drop(peer);
    second.shutdown();
    second.closed().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn an_address_may_have_a_cap_of_its_own() {
    let limits = ServerLimits::new().connections_per_address_max(1);
    let handle = keep(fixtures().limits(limits).bind("127.0.0.1:0").await.unwrap());
    let endpoint = handle.local_addr().unwrap().clone();
    let mut first = tcp_peer(&endpoint).await;
    assert_eq!(first.call(1, "echo", b"x").await.0, 200);
    let mut second = tcp_peer(&endpoint).await;
    second.end().await;
    assert_eq!(handle.stats().closes(petrel::CloseReason::AddressLimit), 1);
    drop(first);
    while handle.stats().connections_open > 0 {
        tokio::task::yield_now().await;
    }
    let mut third = tcp_peer(&endpoint).await;
    third.send(&[request(1, "echo", b"y")]).await;
    assert_eq!(third.answer_to(1).await, (200, b"y".to_vec()));
}
