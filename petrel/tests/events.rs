//! What server and client tell the log: which fields, at which level.
//!
//! One test in a program of its own: whether an event is told is remembered for the whole process, so
//! tests that do not listen would disturb it.
#![cfg(feature = "runtime")]

#[allow(dead_code, reason = "shared with the tests of the server")]
#[path = "server/peer.rs"]
mod peer;

use peer::{connect, fixtures, keep};
use petrel::wire::Status;
use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// One event: its level and its fields as text.
type Told = (Level, BTreeMap<&'static str, String>);

/// Keeps every event of the library.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<Told>>>, Arc<AtomicU64>);

struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("petrel")
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(BTreeMap::new());
        event.record(&mut fields);
        self.0
            .lock()
            .unwrap()
            .push((*event.metadata().level(), fields.0));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.1.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Listener {
    /// The events so far that speak of this status.
    fn of(&self, status: u16) -> Vec<Told> {
        let told = self.0.lock().unwrap();
        let status = status.to_string();
        told.iter()
            .filter(|(_, fields)| fields.get("status") == Some(&status))
            .cloned()
            .collect()
    }
}

#[tokio::test]
async fn the_log_is_told_what_happens() {
    let listener = Listener::default();
    let _listening = tracing::subscriber::set_default(listener.clone());
    every_answer_is_told_at_the_level_of_its_status_with_the_fields_of_petrel(&listener).await;
    listener.0.lock().unwrap().clear();
    the_end_of_a_connection_is_told_as_it_was_seen(&listener).await;
    listener.0.lock().unwrap().clear();
    a_missing_protocol_check_is_told_as_such(&listener).await;
    listener.0.lock().unwrap().clear();
    a_client_tells_once_why_its_connection_ended(&listener).await;
}

async fn every_answer_is_told_at_the_level_of_its_status_with_the_fields_of_petrel(
    listener: &Listener,
) {
    let builder = fixtures()
        .register_inline("fail", |_, _| Err::<(), _>("it is \u{1b}[31mbroken"))
        .register_inline("panic", |request, _| {
            assert!(request.sequence() == 0, "on purpose")
        });
    let server = builder.build().unwrap();
    let (mut peer, end) = connect(&server);
    let handle = keep(server);
    let calls = [
        ("echo", "x", 200, Level::TRACE),
        ("status", "9101", 9101, Level::TRACE),
        ("no\u{7}body", "", 400, Level::WARN),
        ("", "", 401, Level::WARN),
        ("fail", "", 500, Level::ERROR),
        ("panic", "", 501, Level::ERROR),
        ("PROTOCHECK", "\u{1}", 497, Level::ERROR),
    ];
    for (sequence, (name, payload, status, level)) in (7..).zip(calls) {
        assert_eq!(
            peer.call(sequence, name, payload.as_bytes()).await.0,
            status
        );
        let told = listener.of(status);
        let [(told_level, fields)] = &told[..] else {
            panic!("{status}: {told:?}")
        };
        assert_eq!(*told_level, level, "{status}");
        assert_eq!(fields["connection"], "1");
        assert_eq!(fields["sequence"], sequence.to_string());
        assert_eq!(fields["text"], Status(status).text());
        let shown = name.replace('\u{7}', "\\u{7}");
        assert_eq!(
            fields["request"], shown,
            "what came over the wire is escaped"
        );
    }
    assert_eq!(listener.of(500)[0].1["error"], r"it is \u{1b}[31mbroken");
    assert!(listener.of(501)[0].1["error"].contains("on purpose"));
    assert!(listener.of(497)[0].1["error"].contains("version 1"));
    peer.end().await;
    drop(peer);
    end.await.unwrap();
    assert_eq!(listener.of(100)[0].0, Level::INFO);
    let loud = listener
        .0
        .lock()
        .unwrap()
        .iter()
        .filter(|told| told.0 < Level::DEBUG)
        .count();
    assert_eq!(
        loud, 6,
        "one event for each answer that is no success, one for the connection"
    );
    handle.shutdown();
}

async fn the_end_of_a_connection_is_told_as_it_was_seen(listener: &Listener) {
    let server = fixtures().build().unwrap();
    for (cut, status, level, field, text) in [
        (0, 198, Level::INFO, "reason", "fin"),
        (5, 498, Level::ERROR, "error", "the end came inside a frame"),
    ] {
        let (mut peer, end) = connect(&server);
        peer.send_bytes(&[0; 11][..cut]).await;
        drop(peer);
        end.await.unwrap();
        let told = listener.of(status);
        assert_eq!((told[0].0, &told[0].1[field][..]), (level, text));
    }
    keep(server).shutdown();
}

async fn a_missing_protocol_check_is_told_as_such(listener: &Listener) {
    let server = fixtures().require_protocol_check(true).build().unwrap();
    let (mut peer, _end) = connect(&server);
    assert_eq!(peer.call(1, "echo", b"").await.0, 497);
    let told = listener.of(497);
    assert_eq!(told[0].1["error"], "the protocol check is required first");
}

async fn a_client_tells_once_why_its_connection_ended(listener: &Listener) {
    let server = fixtures().build().unwrap();
    let (near, far) = tokio::io::duplex(1 << 10);
    let end = tokio::spawn(server.serve_connection(far));
    let client = petrel::Client::builder()
        .connect_stream(near)
        .await
        .unwrap();
    client.quit().await.unwrap();
    drop(client);
    end.await.unwrap();
    let told = listener.0.lock().unwrap();
    let reasons: Vec<_> = told
        .iter()
        .filter(|(_, fields)| {
            let message = fields.get("message").map(String::as_str);
            message == Some("connection to the server ended")
        })
        .map(|(level, fields)| (*level, &fields["reason"][..]))
        .collect();
    assert_eq!(reasons, [(Level::DEBUG, "the client has quit")]);
}
