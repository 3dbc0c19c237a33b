//! Our own client and codec, driven in this process.

use super::*;
use petrel::ServerTls;
use petrel_cli::{DEVELOPMENT_NAMES, DevelopmentCerts, Embedded, EmbeddedConfig};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener},
    thread,
};

/// What the driver answers to these lines.
fn told(commands: &[Value]) -> Vec<Value> {
    let lines: Vec<String> = commands
        .iter()
        .map(|command| format!("{command}\n"))
        .collect();
    let mut output = Vec::new();
    serve(lines.concat().as_bytes(), &mut output).expect("memory is written");
    let output = String::from_utf8(output).expect("text");
    let answer = |line| serde_json::from_str(line).expect("JSON");
    output.lines().map(answer).collect()
}

fn dispatch(name: &str, payload: &str) -> Value {
    json!({"dispatch": {"name": name, "payload_b64": payload}})
}

#[test]
fn a_client_is_driven() {
    let key = MacKey::new(b"k").expect("a key");
    let server = Embedded::start(EmbeddedConfig::default().hmac_key(Some(key)));
    let server = server.expect("a server");
    let connect = json!({"connect": {"addr": server.endpoint().to_string(), "hmac_key_b64": "aw==",
                                     "limit": 5, "some": "thing"}});
    let answers = told(&[
        dispatch("echo", ""),
        connect.clone(),
        dispatch("echo", "aGVsbG8="),
        dispatch("nothing", ""),
        connect,
        dispatch("echo", "aGVsbG8h"),
        dispatch("echo", ""),
        json!({"quit": {}}),
        json!({"quit": {}}),
    ]);
    assert_eq!(answers[0]["class"], "usage");
    assert_eq!(answers[1], json!({"ok": true}));
    let echo = json!({"ok": true, "status": 200, "payload_b64": "aGVsbG8="});
    assert_eq!(answers[2], echo);
    assert_eq!(answers[3]["status"], 400);
    assert_eq!(answers[4], json!({"ok": true}));
    assert_eq!(answers[5]["class"], "limit");
    assert_eq!(answers[6]["class"], "closed");
    assert_eq!(answers[7..], [json!({"ok": true})]);
}

#[test]
fn tls_and_another_version_are_done() {
    let names = DEVELOPMENT_NAMES.map(str::to_owned);
    let certs = DevelopmentCerts::new(&names).expect("certificates");
    let tls = ServerTls::new(certs.server.as_bytes(), certs.server_key.as_bytes());
    let config = EmbeddedConfig::default().tls(Some(tls.expect("they fit")));
    let server = Embedded::start(config).expect("a server");
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &certs.ca).expect("it is written");
    let addr = server.endpoint().clone().with_tls(false).to_string();
    let answers = told(&[
        json!({"connect": {"addr": addr, "tls_ca": ca}}),
        dispatch("echo", "aGVsbG8="),
        json!({"connect": {"addr": addr, "tls_ca": ca, "version": 1}}),
        json!({"connect": {"addr": addr, "tls_ca": folder.path().join("none")}}),
        json!({"connect": {"addr": "nowhere"}}),
    ]);
    assert_eq!(answers[0], json!({"ok": true}));
    assert_eq!(answers[1]["status"], 200);
    assert_eq!(answers[2]["class"], "version");
    assert_eq!(answers[3]["class"], "usage");
    assert_eq!(answers[4]["class"], "usage");
}

#[test]
fn every_fault_of_a_server_has_its_word() {
    let check = |status, sequence, name: &'static [u8], payload: &'static [u8]| {
        let mut bytes = Vec::new();
        let frame = Frame {
            status: Status(status),
            sequence,
            name,
            payload,
        };
        Codec::new().encode(&frame, &mut bytes).expect("it fits");
        bytes
    };
    let over = [&[0xc8, 0, 1, 0, 0, 0, 0, 6, 0, 0, 0], &b"123456"[..]].concat();
    for (answer, class) in [
        (check(200, 2, b"PROTOCHECK", b"\0"), "sequence"),
        (check(200, 1, b"PROTOCHECk", b"\0"), "name"),
        (check(497, 1, b"PROTOCHECK", b"\x07"), "version"),
        (check(198, 0, b"", b"EOF"), "notice"),
        (over, "limit"),
        (Vec::new(), "closed"),
        (b"\xc8".to_vec(), "closed"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = listener.local_addr().expect("an address").to_string();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = [0; 22];
            stream.read_exact(&mut request).expect("its check");
            stream.write_all(&answer).expect("it reads");
            stream.shutdown(Shutdown::Write).expect("it is there");
            // The client may be gone already, which is what it should be.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let answers = told(&[json!({"connect": {"addr": addr, "limit": 5}})]);
        assert_eq!(answers[0]["class"], class, "{}", answers[0]);
        server.join().expect("no panic");
    }
}

#[test]
fn what_is_not_understood_is_said() {
    let mut output = Vec::new();
    let input = b"\n{\"sing\": {}}\nhello\n{\"decode\": {}}\n{\"encode\": {\"status\": 70000}}\n\
                  {\"decode\": {\"bytes_b64\": \"AAAA\", \"cuts\": [2, 1]}}\n{}\n\
                  {\"decode\": {\"bytes_b64\": \"\", \"hmac_key_b64\": \"\"}}";
    serve(&input[..], &mut output).expect("memory is written");
    let output = String::from_utf8(output).expect("text");
    let words: Vec<&str> = output.lines().map(|line| &line[2..7]).collect();
    assert_eq!(
        words,
        [
            "unsup", "error", "error", "error", "error", "error", "error"
        ]
    );
    assert_eq!(output.matches("\"class\":\"usage\"").count(), 6, "{output}");
}

#[test]
fn a_stream_is_decoded_in_pieces() {
    // Two frames and the beginning of a third.
    let bytes = "AAACAAAABAMAAABlY2hvYWJjAAADAAAABAAAAABudWxsAA==";
    let whole = told(&[json!({"decode": {"bytes_b64": bytes}})]);
    assert_eq!(whole[0]["frames"].as_array().map(Vec::len), Some(2));
    assert_eq!(whole[0]["end"], "incomplete");
    let every: Vec<usize> = (1..34).collect();
    for cuts in [json!([18]), json!([0, 18, 18, 34]), json!(every)] {
        let cut = told(&[json!({"decode": {"bytes_b64": bytes, "cuts": cuts}})]);
        assert_eq!(cut, whole, "{cuts}");
    }
    let refused = told(&[json!({"decode": {"bytes_b64": bytes, "limit": 2}})]);
    assert_eq!(refused[0]["end"], "refused");
    assert_eq!(refused[0]["class"], "limit");
}
