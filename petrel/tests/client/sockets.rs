//! The client over real sockets.

use crate::peer::Peer;
use petrel::{Client, ClientErrorKind as Kind, ClientStream, Ending, Endpoint, Origin};
use std::io::IoSlice;
use tokio::{
    io::{AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};

#[tokio::test]
async fn a_call_over_tcp_by_number_and_by_name() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = Peer::new(stream);
        let check = peer.request().await;
        peer.answer(&check, 200, &[0]).await;
        let request = peer.request().await;
        peer.answer(&request, 200, &request.payload).await;
        assert!(peer.rest().await.is_empty());
    };
    let call = async {
        let client = Client::connect(addr).await.unwrap();
        let response = client.dispatch("echo", vec![5; 1 << 20]).await.unwrap();
        assert!(response.payload == vec![5; 1 << 20]);
        client.quit().await.unwrap();
    };
    tokio::join!(serve, call);
}

#[tokio::test]
async fn an_opened_stream_says_nothing_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let mut stream = Client::builder().open(addr).await.unwrap();
    let (mut peer, from) = listener.accept().await.unwrap();
    assert_eq!(
        (stream.local_addr(), stream.peer_addr()),
        (Some(from), Some(addr))
    );
    assert!(!stream.connect_time().is_zero() && stream.tls_time().is_none());
    assert!(stream.is_write_vectored());
    let parts = [&b"mi"[..], b"ne"].map(IoSlice::new);
    assert_eq!(stream.write_vectored(&parts).await.unwrap(), 4);
    stream.write_all(b", too").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut came = Vec::new();
    peer.read_to_end(&mut came).await.unwrap();
    assert_eq!(came, b"mine, too");
    peer.write_all(b"yours").await.unwrap();
    drop(peer);
    came.clear();
    stream.read_to_end(&mut came).await.unwrap();
    assert_eq!(came, b"yours");
}

#[tokio::test]
async fn an_error_of_an_opened_stream_tells_how_the_connection_ended() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let mut stream = Client::builder().open(addr).await.unwrap();
    let (peer, _) = listener.accept().await.unwrap();
    socket2::SockRef::from(&peer)
        .set_linger(Some(std::time::Duration::ZERO))
        .unwrap();
    drop(peer);
    let error = stream.read_u8().await.unwrap_err();
    let meaning = ClientStream::meaning_of(&error);
    let ending = Ending::Reset;
    assert_eq!(*meaning.kind(), Kind::Ended { ending });
    assert!(meaning.is_closed());
}

#[cfg(unix)]
#[tokio::test]
async fn a_call_over_a_unix_socket_and_one_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.sock");
    let endpoint: Endpoint = format!("unix:{}", path.display()).parse().unwrap();
    let error = Client::connect(&endpoint).await.unwrap_err();
    let Kind::Connect { kind, .. } = error.kind() else {
        panic!("{error}");
    };
    assert_eq!(*kind, std::io::ErrorKind::NotFound);
    assert_eq!(
        (error.origin(), error.is_closed()),
        (Origin::Network, false)
    );
    assert!(
        error.to_string().starts_with("cannot connect to unix:"),
        "{error}"
    );

    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let (client, ()) = tokio::join!(Client::connect(&endpoint), async {
        let mut peer = Peer::new(listener.accept().await.unwrap().0);
        let check = peer.request().await;
        peer.answer(&check, 200, &[0]).await;
    });
    assert_eq!(client.unwrap().server_version(), Some(0));
}

#[tokio::test]
async fn a_port_that_nobody_listens_on() {
    // A bound socket that does not listen keeps the port from everybody else.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = socket.local_addr().unwrap();
    let error = Client::connect(addr).await.unwrap_err();
    let Kind::Connect { kind, endpoint, .. } = error.kind() else {
        panic!("{error}");
    };
    assert_eq!(*kind, std::io::ErrorKind::ConnectionRefused);
    assert_eq!(*endpoint, addr.to_string());
}
