//! The client under TLS: certificates, deadlines, and ends without a farewell.

use crate::peer::{Peer, settle};
use petrel::{
    Client, ClientError, ClientErrorKind as Kind, ClientLimits, ClientTls, ConnectPhase, Ending,
    Endpoint, Executed, Origin, TlsFault,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// An authority, and certificates that it signed.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key in PEM.
struct Signed(String, String);

impl Authority {
    fn new() -> Self {
        Self::named("authority")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    fn sign(&self, change: impl FnOnce(&mut CertificateParams)) -> Signed {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Signed(certificate.pem(), key.serialize_pem())
    }
}

impl Signed {
    fn server(&self, clients: Option<&Authority>) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                let root = CertificateDer::from_pem_slice(authority.pem.as_bytes());
                roots.add(root.unwrap()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let certificate = CertificateDer::from_pem_slice(self.0.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.1.as_bytes()).unwrap();
        let config = builder.with_single_cert(vec![certificate], key).unwrap();
        Arc::new(config).into()
    }
}

/// A listening socket and its endpoint under TLS.
fn listen() -> (tempfile::TempDir, UnixListener, Endpoint) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tls.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let endpoint = format!("tls+unix:{}", path.display()).parse().unwrap();
    (dir, listener, endpoint)
}

type ServerEnd = Peer<TlsStream<UnixStream>>;

/// Connects a client to a server that answers the protocol check and then `serve`s.
async fn exchange<T>(
    server: TlsAcceptor,
    tls: ClientTls,
    serve: impl AsyncFnOnce(ServerEnd),
    call: impl AsyncFnOnce(Client) -> T,
) -> Result<T, ClientError> {
    let (_dir, listener, endpoint) = listen();
    let serving = async {
        let (stream, _) = listener.accept().await.unwrap();
        // If the handshake fails, that is for the client to tell.
        let Ok(stream) = server.accept(stream).await else {
            return;
        };
        let mut peer = Peer::new(stream);
        if let Some(check) = peer.next().await {
            peer.answer(&check, 200, &[0]).await;
            serve(peer).await;
        }
    };
    let calling = async {
        let client = Client::builder().tls(tls).connect(endpoint).await?;
        Ok(call(client).await)
    };
    tokio::join!(serving, calling).1
}

async fn refused(server: TlsAcceptor, tls: ClientTls) -> (TlsFault, ClientError) {
    let result = exchange(server, tls, async |_| {}, async |_| {}).await;
    let error = result.unwrap_err();
    let Kind::Tls { fault, .. } = *error.kind() else {
        panic!("{error}");
    };
    assert_eq!(error.executed(), Executed::No);
    (fault, error)
}

#[tokio::test]
async fn a_call_under_tls_with_and_without_a_client_certificate() {
    let authority = Authority::new();
    let own = authority.sign(|_| {});
    let plain = ClientTls::new(authority.pem.as_bytes()).unwrap();
    let (pem, cert, key) = (&authority.pem, &own.0, &own.1);
    let mutual =
        ClientTls::with_client_auth(pem.as_bytes(), cert.as_bytes(), key.as_bytes()).unwrap();
    for (server, tls) in [
        (own.server(None), plain),
        (own.server(Some(&authority)), mutual),
    ] {
        let payload = vec![4; 200_000];
        let serve = async |mut peer: ServerEnd| {
            let request = peer.request().await;
            peer.answer(&request, 200, &request.payload).await;
            assert!(peer.rest().await.is_empty(), "ended with a farewell");
            peer.stream.shutdown().await.unwrap();
        };
        let call = async |client: Client| {
            let response = client.dispatch("echo", payload.clone()).await.unwrap();
            assert!(response.payload == payload);
            client.quit().await.unwrap();
        };
        exchange(server, tls, serve, call).await.unwrap();
    }
}

#[tokio::test]
async fn certificates_that_are_not_accepted_are_told_apart() {
    let authority = Authority::new();
    let trusting = || ClientTls::new(authority.pem.as_bytes()).unwrap();
    let good = authority.sign(|_| {});
    let stranger = Authority::new().sign(|_| {});
    let (fault, error) = refused(stranger.server(None), trusting()).await;
    assert_eq!(
        (fault, error.origin()),
        (TlsFault::UnknownIssuer, Origin::Peer)
    );

    let named = trusting().server_name("other.example");
    let (fault, _) = refused(good.server(None), named).await;
    assert_eq!(fault, TlsFault::WrongName);

    let expired = authority.sign(|params| params.not_after = date_time_ymd(2001, 1, 1));
    let (fault, error) = refused(expired.server(None), trusting()).await;
    assert_eq!(fault, TlsFault::Expired);
    assert!(error.to_string().contains("out of date"), "{error}");

    let early = authority.sign(|params| params.not_before = date_time_ymd(3000, 1, 1));
    let (fault, error) = refused(early.server(None), trusting()).await;
    assert_eq!(fault, TlsFault::Expired);
    assert!(error.to_string().contains("not valid yet"), "{error}");

    let unnamed = trusting().server_name("not a name");
    let (_dir, _listener, endpoint) = listen();
    let error = Client::builder().tls(unnamed).connect(endpoint).await;
    let error = error.unwrap_err();
    assert_eq!(error.origin(), Origin::Local);
    assert!(error.to_string().contains(r#""not a name""#), "{error}");
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_says_so_in_the_protocol_check() {
    let authority = Authority::new();
    let own = authority.sign(|_| {});
    let pem = authority.pem.as_bytes();
    let none = ClientTls::new(pem).unwrap();
    let (fault, error) = refused(own.server(Some(&authority)), none).await;
    assert_eq!(fault, TlsFault::ClientCertificate);
    assert!(error.to_string().contains("was shown none"), "{error}");

    for stranger in [Authority::named("stranger"), Authority::new()] {
        let stranger = stranger.sign(|_| {});
        let (cert, key) = (stranger.0.as_bytes(), stranger.1.as_bytes());
        let wrong = ClientTls::with_client_auth(pem, cert, key).unwrap();
        let (fault, error) = refused(own.server(Some(&authority)), wrong).await;
        assert_eq!(fault, TlsFault::ClientCertificate, "{error}");
        assert!(error.to_string().contains("does not accept"), "{error}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told_so() {
    let authority = Authority::new();
    let (_dir, listener, endpoint) = listen();
    let tls = ClientTls::new(authority.pem.as_bytes()).unwrap();
    let builder = Client::builder().tls(tls.clone());
    let (result, _stream) = tokio::join!(builder.connect(&endpoint), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"220 hello there\r\n").await.unwrap();
        stream
    });
    let error = result.unwrap_err();
    let expected = TlsFault::NotTls;
    assert!(
        matches!(error.kind(), Kind::Tls { fault, .. } if *fault == expected),
        "{error}"
    );

    let plain = endpoint.with_tls(false);
    let error = Client::builder().tls(tls.clone()).connect(plain).await;
    assert!(error.unwrap_err().to_string().contains("write tls://"));
    let (near, _far) = tokio::io::duplex(1);
    let error = Client::builder().tls(tls).connect_stream(near).await;
    assert_eq!(error.unwrap_err().origin(), Origin::Local);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_meets_the_deadline_of_the_handshake() {
    let authority = Authority::new();
    for (tls_seconds, seconds) in [(2, 2), (60, 5)] {
        let (_dir, _listener, endpoint) = listen();
        let limits = ClientLimits::new().tls_timeout(Duration::from_secs(tls_seconds));
        let tls = ClientTls::new(authority.pem.as_bytes()).unwrap();
        let builder = Client::builder().tls(tls).limits(limits);
        let error = builder.connect(endpoint).await.unwrap_err();
        let expected = Kind::ConnectTimeout {
            phase: ConnectPhase::TlsHandshake,
            after: Duration::from_secs(seconds),
            has_key: false,
        };
        assert_eq!(*error.kind(), expected);
        assert!(error.is_timeout());
    }
}

#[tokio::test]
async fn an_end_without_farewell_is_flagged_inside_and_between_frames() {
    let authority = Authority::new();
    let own = authority.sign(|_| {});
    for (cut, farewell, ending) in [
        (0, true, Ending::Fin),
        (0, false, Ending::Truncated),
        (9, true, Ending::Truncated),
        (9, false, Ending::Truncated),
    ] {
        let tls = ClientTls::new(authority.pem.as_bytes()).unwrap();
        let serve = async |mut peer: ServerEnd| {
            peer.request().await;
            peer.stream.write_all(&[0; 20][..cut]).await.unwrap();
            peer.stream.flush().await.unwrap();
            if farewell {
                peer.stream.shutdown().await.unwrap();
            } else {
                peer.stream.get_mut().0.shutdown().await.unwrap();
            }
            settle().await;
        };
        let call = async |client: Client| {
            let error = client.dispatch("name", "").await.unwrap_err();
            assert_eq!(*error.kind(), Kind::Ended { ending }, "{cut}, {farewell}");
            assert_eq!(error.executed(), Executed::Maybe);
        };
        exchange(own.server(None), tls, serve, call).await.unwrap();
    }
}

#[tokio::test]
async fn what_an_opened_stream_took_is_on_its_way_once_it_was_flushed() {
    let authority = Authority::new();
    let server = authority.sign(|_| {}).server(None);
    let (_dir, listener, endpoint) = listen();
    let tls = ClientTls::new(authority.pem.as_bytes()).unwrap();
    let builder = Client::builder().tls(tls);
    let (stream, peer) = tokio::join!(builder.open(endpoint), async {
        let (stream, _) = listener.accept().await.unwrap();
        server.accept(stream).await.unwrap()
    });
    let (mut stream, mut peer) = (stream.unwrap(), peer);
    assert!(stream.tls_time().is_some_and(|time| !time.is_zero()));
    // More than the socket takes: TLS keeps some of it until there is room.
    let mut taken = 0;
    let mut take = || {
        let mut cx = Context::from_waker(Waker::noop());
        Pin::new(&mut stream).poll_write(&mut cx, &[7; 16 << 10])
    };
    while let Poll::Ready(len) = take() {
        taken += len.unwrap();
    }
    let mut came = Vec::new();
    let flushing = async move {
        stream.flush().await.unwrap();
        // Without a farewell, which would push out what is left.
        drop(stream);
    };
    let ((), end) = tokio::join!(flushing, peer.read_to_end(&mut came));
    assert!(end.is_err(), "there was a farewell");
    assert_eq!(came.len(), taken);
}
