//! `petrel certs`. That the certificates work is shown by the tests of TLS.

use crate::process::{Folder, petrel};
use petrel::{ClientTls, ServerTls};
use std::fs;

const FILES: [&str; 5] = [
    "ca.pem",
    "server.pem",
    "server-key.pem",
    "client.pem",
    "client-key.pem",
];

#[test]
fn five_files_are_made_and_fit_together() {
    let folder = Folder::new();
    let out = folder.path("new/certs");
    let made = petrel(&["certs", "--out", &out]);
    assert_eq!((made.code, &*made.stderr), (Some(0), ""));
    let [ca, server, server_key, client, client_key] = FILES.map(|name| {
        assert!(made.stdout.contains(name), "{name}");
        fs::read(format!("{out}/{name}")).unwrap()
    });
    ServerTls::with_client_auth(&server, &server_key, &ca).unwrap();
    ClientTls::with_client_auth(&ca, &client, &client_key).unwrap();
    assert!(ServerTls::new(&server, &client_key).is_err());
    for part in [
        "development only",
        "localhost, 127.0.0.1, ::1",
        "petrel serve --listen tls://",
    ] {
        assert!(made.stdout.contains(part), "{part}");
    }
    #[cfg(unix)]
    for name in FILES {
        let others = crate::process::mode_of(&format!("{out}/{name}")) & 0o077;
        assert_eq!(others == 0, name.ends_with("-key.pem"), "{name}");
    }
}

#[test]
fn nothing_is_overwritten_and_nothing_half_made() {
    let folder = Folder::new();
    let existing = folder.file("client.pem", b"precious");
    let out = folder.path("");
    petrel(&["certs", "--out", &out]).failed(3, &["client.pem", "never overwritten"]);
    assert_eq!(fs::read(&existing).unwrap(), b"precious");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}

#[test]
fn names_are_checked_before_anything_is_made() {
    let folder = Folder::new();
    let out = folder.path("certs");
    for name in ["", "two words"] {
        petrel(&[
            "certs",
            "--out",
            &out,
            "--name",
            "localhost",
            "--name",
            name,
        ])
        .failed(2, &[&format!("{name:?}"), "write a host name"]);
    }
    assert!(!fs::exists(&out).unwrap());
    let file = folder.file("file", b"");
    petrel(&["certs", "--out", &file]).failed(3, &[&file]);
}

#[test]
fn json_names_the_files_and_the_command() {
    let folder = Folder::new();
    let out = folder.path("it's");
    let made = petrel(&[
        "certs",
        "--out",
        &out,
        "--name",
        "petrel.test",
        "--format",
        "json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    assert_eq!(json["schema"], "petrel-certs/1");
    for (index, name) in FILES.into_iter().enumerate() {
        assert_eq!(json["files"][index], format!("{out}/{name}"));
    }
    let serve = json["serve"].as_str().unwrap();
    assert!(serve.contains(r"it'\''s/server.pem'"), "{serve}");
}
