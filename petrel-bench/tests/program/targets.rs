//! Everything that a target can be.

use crate::{assert_accounted, bench, run, stderr};
use petrel::{Endpoint, Server, ServerTls, wire::MacKey};
use petrel_cli::{DevelopmentCerts, Embedded, EmbeddedConfig};
use std::fs;

const QUICK: [&str; 6] = ["-d", "200ms", "--warmup", "0", "-c", "3"];

#[test]
fn the_embedded_server_counts_what_we_count() {
    let (record, code) = run(&[&["embedded"], &QUICK[..]].concat());
    assert_accounted(&record);
    assert_eq!(code, 0);
    let results = &record.results;
    let counted = results.server_counted.unwrap();
    // The edges of the measured time are not the same moment for both: a handful for each connection.
    assert!(
        counted.abs_diff(results.ok) <= results.ok / 10 + 60,
        "{counted} {}",
        results.ok
    );
    assert!(record.host.embedded && record.host.co_located);
}

#[test]
fn tls_and_macs_over_real_sockets() {
    let folder = tempfile::tempdir().unwrap();
    let certs = DevelopmentCerts::new(&["localhost".to_owned()]).unwrap();
    let (ca, key) = (folder.path().join("ca.pem"), folder.path().join("key"));
    fs::write(&ca, &certs.ca).unwrap();
    fs::write(&key, "a key of sixteen").unwrap();
    let tls = ServerTls::new(certs.server.as_bytes(), certs.server_key.as_bytes()).unwrap();
    let config = EmbeddedConfig::default()
        .tls(Some(tls))
        .hmac_key(Some(MacKey::new(b"a key of sixteen").unwrap()));
    let server = Embedded::start(config).unwrap();
    let target = format!("tls://localhost:{}", server.endpoint().port().unwrap());
    let (ca, key) = (ca.to_str().unwrap(), key.to_str().unwrap());
    let words = [target.as_str(), "--tls-ca", ca, "--hmac-key-file", key];
    let (record, code) = run(&[&words[..], &QUICK].concat());
    assert_accounted(&record);
    assert_eq!(
        (code, record.results.errors.len()),
        (0, 0),
        "{:?}",
        record.results
    );
    assert!(record.results.ok > 0 && record.plan.tls && record.plan.mac);
    assert_eq!(record.validity.evidence.headroom_per_s, None);

    // With another key the server says so, and we say what that means.
    fs::write(folder.path().join("other"), "b key of sixteen").unwrap();
    let other = folder.path().join("other");
    let words = [
        "run",
        &target,
        "--tls-ca",
        ca,
        "--hmac-key-file",
        other.to_str().unwrap(),
    ];
    let output = bench(&words);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("keys probably differ"),
        "{}",
        stderr(&output)
    );
}

#[cfg(unix)]
#[test]
fn a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint: Endpoint = format!("unix:{}", folder.path().join("s").display())
        .parse()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let builder = Server::builder().register_inline("echo", |request, reply| {
        reply.write(request.payload());
    });
    let server = runtime.block_on(builder.bind(&endpoint)).unwrap();
    let handle = server.handle();
    let serving = runtime.spawn(server.run());
    let (record, code) = run(&[&[endpoint.to_string().as_str()], &QUICK[..]].concat());
    assert_accounted(&record);
    assert!(code == 0 && record.results.ok > 0, "{:?}", record.results);
    handle.shutdown();
    runtime.block_on(serving).unwrap().unwrap();
}

#[test]
fn nobody_there_is_told_with_what_would_help() {
    // A socket that is bound and does not listen keeps the port from everybody else.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = socket.local_addr().unwrap();
    drop(socket);
    let output = bench(&["run", &addr.to_string()]);
    assert_eq!(output.status.code(), Some(3));
    let text = stderr(&output);
    assert!(
        text.contains(&addr.to_string()) && text.contains("petrel serve"),
        "{text}"
    );
}
