//! TLS over TCP and Unix sockets, with and without client certificates.

use super::peer::{Peer, fixtures, keep, start};
use petrel::{BindError, CloseReason, Request, ServerTls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use std::{io::Write, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// An authority that signs certificates for one test.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate of this name and its key, in PEM.
    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        (
            params.signed_by(&key, &self.0).unwrap().pem(),
            key.serialize_pem(),
        )
    }

    /// A client that trusts this authority and shows a certificate of it, or none.
    fn client(&self, certificate: Option<&(String, String)>) -> TlsConnector {
        use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match certificate {
            None => builder.with_no_client_auth(),
            Some((pem, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        TlsConnector::from(Arc::new(config))
    }
}

async fn shake<S: AsyncRead + AsyncWrite + Unpin>(
    connector: &TlsConnector,
    stream: S,
) -> Peer<TlsStream<S>> {
    let name = ServerName::try_from("localhost").unwrap();
    Peer::new(connector.connect(name, stream).await.unwrap())
}

#[tokio::test]
async fn requests_are_served_under_tls_over_tcp_and_unix_sockets() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("localhost");
    let tls = ServerTls::new(certificate.as_bytes(), key.as_bytes()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("petrel.sock");
    let server = fixtures()
        .tls(tls)
        .listen(format!("tls+unix:{}", path.display()))
        .listen("127.0.0.1:0")
        .bind("tls://127.0.0.1:0")
        .await
        .unwrap();
    let handle = keep(server);
    let [_, plain, tcp] = handle.local_addrs() else {
        panic!("three endpoints")
    };
    let client = authority.client(None);

    let mut peer = shake(
        &client,
        TcpStream::connect(tcp.socket_addr().unwrap())
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(peer.call(1, "echo", b"x").await, (200, b"x".to_vec()));
    let large = vec![3; 2_000_000];
    assert_eq!(peer.call(2, "echo", &large).await, (200, large.clone()));
    assert_eq!(peer.call(3, "echo-async", &large).await, (200, large));
    assert_eq!(peer.call(4, "PROTOCHECK", &[1]).await, (497, vec![0]));
    // An orderly end carries close_notify; without it the read would fail.
    assert_eq!(peer.stream.read(&mut [0]).await.unwrap(), 0);

    #[cfg(unix)]
    {
        let stream = tokio::net::UnixStream::connect(&path).await.unwrap();
        let mut peer = shake(&client, stream).await;
        assert_eq!(peer.call(1, "echo", b"x").await, (200, b"x".to_vec()));
    }
    let mut peer = Peer::new(
        TcpStream::connect(plain.socket_addr().unwrap())
            .await
            .unwrap(),
    );
    assert_eq!(peer.call(1, "echo", b"plain beside it").await.0, 200);
}

#[tokio::test]
async fn a_client_certificate_is_demanded_verified_and_shown_to_handlers() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let (certificate, key) = authority.sign("localhost");
    let tls = ServerTls::with_client_auth(
        certificate.as_bytes(),
        key.as_bytes(),
        authority.pem().as_bytes(),
    )
    .unwrap();
    let who = |request: Request| async move {
        request
            .client_certificate()
            .map_or(0, |certificate| certificate.len())
            .to_string()
    };
    let server = fixtures()
        .register("who", who)
        .register_inline("who-inline", |request, reply| {
            let certificate = request.client_certificate();
            write!(reply, "{}", certificate.map_or(0, |it| it.len()))
        })
        .tls(tls)
        .bind("tls://127.0.0.1:0")
        .await
        .unwrap();
    let handle = keep(server);
    let address = handle.local_addr().unwrap().socket_addr().unwrap();
    let connect = || async { TcpStream::connect(address).await.unwrap() };

    let known = authority.sign("client");
    let mut peer = shake(&authority.client(Some(&known)), connect().await).await;
    let (status, len) = peer.call(1, "who", b"").await;
    assert_eq!(status, 200);
    assert_ne!(len, b"0");
    assert_eq!(peer.call(2, "who-inline", b"").await, (200, len));

    // Under TLS 1.3 the client's handshake ends before the server refuses.
    for certificate in [None, Some(stranger.sign("client"))] {
        let client = authority.client(certificate.as_ref());
        let mut peer = shake(&client, connect().await).await;
        assert!(peer.stream.read(&mut [0]).await.is_err());
    }
    assert_eq!(handle.stats().closes(CloseReason::TlsFailed), 2);
}

#[tokio::test]
async fn what_is_no_tls_is_turned_away_and_a_silent_handshake_has_a_deadline() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("localhost");
    let tls = ServerTls::new(certificate.as_bytes(), key.as_bytes()).unwrap();
    let listen = async |builder: petrel::ServerBuilder| {
        let server = builder.tls(tls.clone()).bind("tls://127.0.0.1:0").await;
        let handle = keep(server.unwrap());
        let address = handle.local_addr().unwrap().socket_addr().unwrap();
        (handle, TcpStream::connect(address).await.unwrap())
    };
    let (handle, stream) = listen(fixtures()).await;
    let mut peer = Peer::new(stream);
    peer.send(&[super::peer::request(1, "PROTOCHECK", &[0])])
        .await;
    // An alert may come; then the end does.
    let _ = peer.stream.read_to_end(&mut Vec::new()).await;
    assert_eq!(handle.stats().closes(CloseReason::TlsFailed), 1);
    assert_eq!(handle.stats().requests, 0);

    // Nothing else can end this one, however short the deadline and however slow the machine.
    let deadline = std::time::Duration::from_millis(1);
    let limits = petrel::ServerLimits::new().first_frame_timeout(deadline);
    let (handle, mut silent) = listen(fixtures().limits(limits)).await;
    let _ = silent.read_to_end(&mut Vec::new()).await;
    assert_eq!(handle.stats().closes(CloseReason::FirstFrameTimeout), 1);
}

#[tokio::test]
async fn certificate_and_endpoints_must_fit_each_other() {
    let (certificate, key) = Authority::new().sign("localhost");
    let tls = ServerTls::new(certificate.as_bytes(), key.as_bytes()).unwrap();
    let without_endpoint = fixtures().tls(tls.clone()).bind("127.0.0.1:0").await;
    assert!(matches!(without_endpoint, Err(BindError::NoTlsEndpoint)));
    let without_certificate = fixtures().bind("tls://127.0.0.1:0").await;
    assert!(matches!(
        without_certificate,
        Err(BindError::NoCertificate(_))
    ));

    let (other, _) = Authority::new().sign("localhost");
    assert!(
        ServerTls::new(other.as_bytes(), key.as_bytes()).is_err(),
        "the key is of another"
    );
    assert!(ServerTls::new(b"", key.as_bytes()).is_err());
    assert!(ServerTls::new(certificate.as_bytes(), b"nonsense").is_err());
    drop(start(fixtures()));
}
