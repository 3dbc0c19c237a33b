//! `petrel serve` under TLS, with the certificates of `petrel certs`.

use crate::{
    exchange::greet,
    process::{Folder, Serving, command, petrel},
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use std::{io::Read, net::TcpStream, sync::Arc};

/// A folder with the certificates for a server of these names.
fn certs(names: &[&str]) -> Folder {
    let folder = Folder::new();
    let out = folder.path("");
    let mut args = vec!["certs", "--out", &out];
    args.extend(names.iter().flat_map(|name| ["--name", name]));
    assert_eq!(petrel(&args).code, Some(0));
    folder
}

fn connect(
    address: &str,
    folder: &Folder,
    name: &str,
    certificate: bool,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.path("ca.pem")).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = if certificate {
        let chain = vec![CertificateDer::from_pem_file(folder.path("client.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(folder.path("client-key.pem")).unwrap();
        config.with_client_auth_cert(chain, key).unwrap()
    } else {
        config.with_no_client_auth()
    };
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(session, TcpStream::connect(address).unwrap())
}

fn serve(folder: &Folder, args: &[&str]) -> (Serving, String) {
    let (cert, key) = (folder.path("server.pem"), folder.path("server-key.pem"));
    let tls = [
        "serve",
        "--listen",
        "tls://127.0.0.1:0",
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
    ];
    let serving = Serving::spawn(&mut command(&[&tls[..], args].concat()), 1);
    let endpoint = serving.endpoints()[0];
    let address = endpoint.strip_prefix("tls://").unwrap().to_owned();
    (serving, address)
}

#[test]
fn every_name_of_the_certificate_can_be_used() {
    let folder = certs(&[]);
    let (_serving, address) = serve(&folder, &[]);
    for name in ["localhost", "127.0.0.1", "::1"] {
        greet(&mut connect(&address, &folder, name, false));
    }
    let folder = certs(&["petrel.test"]);
    let (_serving, address) = serve(&folder, &[]);
    greet(&mut connect(&address, &folder, "petrel.test", false));
    let mut other = connect(&address, &folder, "localhost", false);
    assert!(
        other.read(&mut [0]).is_err(),
        "the certificate is for another name"
    );
}

#[test]
fn a_server_that_asks_for_a_certificate_gets_one_or_refuses() {
    let folder = certs(&[]);
    let (_serving, address) = serve(&folder, &["--tls-client-ca", &folder.path("ca.pem")]);
    greet(&mut connect(&address, &folder, "localhost", true));
    let mut without = connect(&address, &folder, "localhost", false);
    assert!(without.read(&mut [0]).is_err());
}

#[test]
fn certificates_and_endpoints_must_fit() {
    let folder = certs(&[]);
    let (cert, key) = (&*folder.path("server.pem"), &*folder.path("server-key.pem"));
    let (tls, plain) = ("tls://127.0.0.1:0", "127.0.0.1:0");
    let both = ["--tls-cert", cert, "--tls-key", key];
    for (args, part) in [
        (&["--listen", tls][..], "--tls-cert and --tls-key"),
        (&["--listen", plain, "--listen", tls], "petrel certs"),
        (
            &[&both[..], &["--listen", plain]].concat(),
            "tls://host:port",
        ),
        (&both[..], "tls://host:port"),
        (&["--tls-cert", cert], "--tls-key"),
        (&["--tls-key", key], "--tls-cert"),
        (&["--tls-client-ca", cert], "--tls-cert"),
    ] {
        petrel(&[&["serve"], args].concat()).failed(2, &[part]);
    }
}

#[test]
fn files_that_cannot_be_read_or_used_are_named() {
    let folder = certs(&[]);
    let (cert, key) = (&*folder.path("server.pem"), &*folder.path("server-key.pem"));
    let (missing, client_key) = (&*folder.path("missing"), &*folder.path("client-key.pem"));
    let serve = |cert: &str, key: &str| {
        let args = [
            "serve",
            "--listen",
            "tls://127.0.0.1:0",
            "--tls-cert",
            cert,
            "--tls-key",
            key,
        ];
        petrel(&args)
    };
    serve(missing, key).failed(3, &[missing, "check the path"]);
    serve(cert, missing).failed(3, &[missing, "check the path"]);
    serve(key, key).failed(2, &[key, "there is no certificate"]);
    let text = folder.file("text", b"no PEM");
    serve(cert, &text).failed(2, &[&text, "private key"]);
    serve(cert, client_key).failed(2, &[cert, client_key, "cannot be used"]);
}
