//! TLS on either side: the file holds the plaintext, and says so.

use super::{
    process::{PATIENCE, Recorder, Upstream},
    recording,
};
use petrel::{Client, ClientTls, ServerTls};
use petrel_cli::{DevelopmentCerts, Embedded, EmbeddedConfig};
use std::{fs, net::TcpStream, path::Path};

struct Files {
    folder: tempfile::TempDir,
    certs: DevelopmentCerts,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certs = DevelopmentCerts::new(&["127.0.0.1".to_owned()]).unwrap();
        for (name, pem) in [
            ("ca", &certs.ca),
            ("cert", &certs.server),
            ("key", &certs.server_key),
        ] {
            fs::write(folder.path().join(name), pem).unwrap();
        }
        Self { folder, certs }
    }

    fn path(&self, name: &str) -> String {
        Path::new(self.folder.path())
            .join(name)
            .to_str()
            .unwrap()
            .to_owned()
    }

    fn server(&self) -> ServerTls {
        ServerTls::new(
            self.certs.server.as_bytes(),
            self.certs.server_key.as_bytes(),
        )
        .unwrap()
    }

    fn client(&self) -> ClientTls {
        ClientTls::new(self.certs.ca.as_bytes()).unwrap()
    }
}

#[test]
fn under_tls_on_either_side_the_plaintext_is_recorded_and_said_to_be_that() {
    let files = Files::new();
    for (listens, connects, said) in [
        (true, true, "TLS connection with both sides"),
        (true, false, "TLS connection with the client"),
        (false, true, "TLS connection with the server"),
    ] {
        let config = EmbeddedConfig::default().tls(connects.then(|| files.server()));
        let server = Embedded::start(config).unwrap();
        let [ca, cert, key] = ["ca", "cert", "key"].map(|name| files.path(name));
        let mut words = Vec::new();
        if listens {
            words.extend(["--tls-cert", &cert, "--tls-key", &key]);
        }
        if connects {
            words.extend(["--tls-ca", &ca]);
        }
        let scheme = if listens { "tls://" } else { "" };
        let listen = format!("{scheme}127.0.0.1:0");
        let recorder = Recorder::start_at(&listen, &server.endpoint().to_string(), &words);
        let mut builder = Client::builder();
        if listens {
            builder = builder.tls(files.client());
        }
        let client = builder.connect_blocking(recorder.listening()).unwrap();
        let answer = client.dispatch("echo", "in the open").unwrap();
        assert_eq!(&answer.payload[..], b"in the open");
        drop(client);
        drop(server);
        let ended = recorder.stop();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let recorded = recording::read_one(&ended.file());
        assert!(
            recorded.comments[0].contains(said),
            "{:?}",
            recorded.comments
        );
        assert_eq!(recorded.fins, [true; 2], "{said}");
        for bytes in &recorded.bytes {
            assert!(bytes.ends_with(b"in the open"), "{bytes:?}");
        }
    }
}

#[test]
fn a_handshake_that_fails_is_told_with_who_is_to_blame() {
    let files = Files::new();
    let upstream = Upstream::start();
    let [cert, key] = ["cert", "key"].map(|name| files.path(name));
    let words = ["--tls-cert", &cert, "--tls-key", &key];
    let recorder = Recorder::start_at("tls://127.0.0.1:0", &upstream.addr().to_string(), &words);
    let addr = recorder.listening().strip_prefix("tls://").unwrap();
    let stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    std::io::Write::write_all(&mut &stream, b"this is no TLS").unwrap();
    let mut answer = Vec::new();
    // An alert and a reset, or the reset alone.
    let _ = std::io::Read::read_to_end(&mut &stream, &mut answer);
    let ended = recorder.stop();
    assert!(
        ended.stderr.contains("TLS handshake failed"),
        "{}",
        ended.stderr
    );
    let recorded = recording::read_one(&ended.file());
    assert_eq!(recorded.resets, [true, false]);
}
