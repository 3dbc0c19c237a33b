//! The published schema: whatever is printed fits it, and it is strict enough to notice what does not.

use super::{
    JSON_SCHEMA, Portion, Report, SCHEMA, Summary,
    json::{JsonDocument, JsonLines},
};
use crate::{
    exchange::{
        Connection, End, Exchange, GapCause, MacState, Note, Side, Start,
        sample::{broken, connection, exchange, login, message, with_gap, with_mac},
    },
    totals::{Ending, Totals},
};
use jsonschema::Validator;
use petrel::wire::Status;
use serde_json::{Value, json};
use std::sync::LazyLock;

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::draft202012::new(&schema).unwrap()
});

fn assert_fits(value: &Value) {
    let errors: Vec<_> = VALIDATOR
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?} in {value:#}");
}

/// Exchanges of every kind.
fn exchanges() -> Vec<Exchange> {
    let mut orphan = exchange(None, Some(message(9101, b"\xff\x00n", b"\xfe\x01", 5)));
    orphan.notes = vec![
        Note::RequestNotCaptured,
        Note::Skipped {
            side: Side::Server,
            len: 9,
        },
        Note::Conflict {
            side: Side::Client,
            len: 2,
        },
    ];
    let mut wrong = exchange(
        Some(message(3, b"a", "é€\u{9b}\u{202e}".as_bytes(), 10)),
        Some(message(200, b"b", b"", 0)),
    );
    if let Some(response) = &mut wrong.response {
        response.header.sequence = 8;
    }
    wrong.notes = vec![
        Note::WrongName,
        Note::WrongSequence {
            expected: 7,
            got: 8,
        },
    ];
    let mut cut = message(0, b"put", &[b'x'; 100], 0);
    cut = with_gap(cut, 0, 10, GapCause::SnapLength);
    cut = with_gap(with_mac(cut, MacState::Unchecked), 40, 20, GapCause::Limit);
    cut.gaps[1].at += 10;
    vec![login(), broken(), orphan, wrong, exchange(Some(cut), None)]
}

fn connections() -> Vec<Connection> {
    let plain = Connection {
        start: Start::MidStream,
        end: End::Replaced,
        gaps: Vec::new(),
        ..connection()
    };
    vec![connection(), plain]
}

fn endings() -> [Totals; 3] {
    let mut damaged = Totals {
        packets: 9,
        exchanges: 5,
        ending: Ending::Damaged {
            at: 8,
            reason: "a block of 3 bytes".to_owned(),
        },
        ..Totals::default()
    };
    damaged.skip_packet("ARP");
    damaged.skipped_connections.insert("TLS", 2);
    let truncated = Totals {
        ending: Ending::Truncated { at: 24 },
        ..Totals::default()
    };
    [Totals::default(), truncated, damaged]
}

/// All that a report prints of all of the above.
fn print(totals: &Totals, report: &mut dyn Report) {
    for exchange in exchanges() {
        report.exchange(&exchange).unwrap();
    }
    for connection in connections() {
        report.connection(&connection).unwrap();
    }
    report.finish(&Summary::of(totals)).unwrap();
}

fn lines(totals: &Totals, portion: Portion) -> Vec<Value> {
    let mut bytes = Vec::new();
    print(totals, &mut JsonLines::new(&mut bytes, portion));
    let text = String::from_utf8(bytes).unwrap();
    let is_plain =
        |c: char| c == '\n' || c == ' ' || c.escape_debug().len() == 1 || "\"\\'".contains(c);
    assert!(text.chars().all(is_plain), "{text}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn document(totals: &Totals, portion: Portion) -> Value {
    let mut bytes = Vec::new();
    print(totals, &mut JsonDocument::new(&mut bytes, portion));
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn every_cause_and_every_kind_of_note_is_in_the_schema() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let words = |pointer: &str| schema.pointer(pointer).unwrap().as_array().unwrap().clone();
    let sorted = |mut words: Vec<Value>| {
        words.sort_by_key(ToString::to_string);
        words
    };
    let causes = words("/$defs/gap/properties/cause/enum");
    let expected = GapCause::WORDS.map(Value::from).to_vec();
    assert_eq!(sorted(causes), sorted(expected));
    let kinds = words("/$defs/note/properties/kind/enum");
    let expected = Note::KINDS.map(Value::from).to_vec();
    assert_eq!(sorted(kinds), sorted(expected));
}

#[test]
fn whatever_is_printed_fits_the_schema() {
    for totals in endings() {
        for portion in [
            Portion::Full,
            Portion::None,
            Portion::First(0),
            Portion::First(5),
        ] {
            let lines = lines(&totals, portion);
            assert_eq!(lines.len(), 8);
            lines.iter().for_each(assert_fits);
            let document = document(&totals, portion);
            assert_fits(&document);
            // The document says the same.
            for (line, event) in lines.iter().zip(document["events"].as_array().unwrap()) {
                let mut line = line.clone();
                assert_eq!(line["schema"], SCHEMA);
                line.as_object_mut().unwrap().remove("schema");
                assert_eq!(line, *event);
            }
        }
        let mut bytes = Vec::new();
        print(&totals, &mut JsonLines::of_stats(&mut bytes));
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text.lines().count(), 2);
        text.lines()
            .for_each(|line| assert_fits(&serde_json::from_str(line).unwrap()));
        let mut bytes = Vec::new();
        print(&totals, &mut JsonDocument::of_stats(&mut bytes));
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        assert_fits(&document);
        assert_eq!(document["events"][0]["all"]["count"], 5);
    }
}

#[test]
fn of_nothing_there_is_an_end() {
    let mut bytes = Vec::new();
    let totals = Totals::default();
    let mut report = JsonDocument::new(&mut bytes, Portion::Full);
    report.finish(&Summary::of(&totals)).unwrap();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    assert_fits(&document);
    assert_eq!(document["events"].as_array().unwrap().len(), 1);
}

/// Every object in a document, by its JSON pointer.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(at.to_owned());
            for (name, field) in fields {
                objects(field, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(entries) => {
            for (place, entry) in entries.iter().enumerate() {
                objects(entry, &format!("{at}/{place}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn the_schema_refuses_what_is_no_such_thing() {
    // Objects whose keys are not fields but names of things.
    let is_map = |at: &str| {
        ["/skipped_packets", "/skipped_connections", "/statuses"]
            .iter()
            .any(|map| at.ends_with(map))
    };
    let [_, _, totals] = endings();
    for line in lines(&totals, Portion::First(5)) {
        let mut found = Vec::new();
        objects(&line, "", &mut found);
        for at in found.iter().filter(|at| !is_map(at)) {
            let mut wrong = line.clone();
            let object = wrong.pointer_mut(at).unwrap();
            object["surprise"] = json!(1);
            assert!(!VALIDATOR.is_valid(&wrong), "a surprise in {at} of {line}");
        }
    }
    let line = &lines(&totals, Portion::Full)[0];
    assert!(VALIDATOR.is_valid(line));
    for (at, value) in [
        ("/schema", json!("petrel-probe/2")),
        ("/type", json!("exchanges")),
        ("/conn", json!(0)),
        ("/client", json!("localhost")),
        ("/seq", json!(-1)),
        ("/rtt_us", json!(1.5)),
        ("/request/status", json!(65536)),
        ("/request/payload/enc", json!("b64")),
        ("/request/payload/sha256", json!("abc")),
        ("/request/mac/state", json!("verified")),
        ("/response/mac/state", json!("ok")),
        ("/response/status_text", json!(null)),
        ("/notes", json!([{"kind": "gossip", "text": ""}])),
        (
            "/gaps",
            json!([{"side": "client", "at": 0, "len": 0, "cause": "lost"}]),
        ),
    ] {
        let mut wrong = line.clone();
        *wrong.pointer_mut(at).unwrap() = value;
        assert!(!VALIDATOR.is_valid(&wrong), "{at}");
    }
    let mut empty = line.clone();
    (empty["request"], empty["response"]) = (Value::Null, Value::Null);
    assert!(!VALIDATOR.is_valid(&empty));
}

#[test]
fn fields_say_what_was_captured_and_invent_nothing() {
    let lines = lines(&Totals::default(), Portion::Full);
    let login = &lines[0];
    assert_eq!(login["client"], "10.0.0.1:40000");
    assert_eq!(login["server"], "[::1]:60606");
    assert_eq!(
        login["request"]["mac"],
        json!({"state": "ok", "key": "a.key"})
    );
    assert_eq!(login["response"]["mac"], json!({"state": "bad"}));
    assert_eq!(login["rtt_us"], 1500);
    // echo -n welcome | sha256sum
    let digest = "280d44ab1e9f79b5cce2dd4f58f5fe91f0fbacdac9f7447dffc318ceb79f2d02";
    let payload = json!({"enc": "utf8", "data": "welcome", "len": 7, "sha256": digest});
    assert_eq!(login["response"]["payload"], payload);
    assert!(login["response"].get("name").is_none());

    let broken = &lines[1];
    let payload = json!({"enc": "utf8", "data": "0123", "len": 10, "sha256": null,
        "pieces": [{"at": 7, "enc": "utf8", "data": "789"}]});
    assert_eq!(broken["request"]["payload"], payload);
    assert_eq!(
        broken["gaps"],
        json!([{"side": "client", "at": 18, "len": 3, "cause": "lost"}])
    );
    assert_eq!(
        (&broken["response"], &broken["rtt_us"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(broken["notes"][0]["kind"], "unanswered");
    let notice = &broken["notes"][1];
    assert_eq!(notice["status"], Status::CLIENT_GONE.0);
    assert_eq!(notice["message"], r"EOF\u{1b}[2J\xff");
    assert_eq!(notice["message_hex"], "454f461b5b324aff");

    let orphan = &lines[2];
    assert_eq!(orphan["request"], Value::Null);
    assert_eq!(orphan["response"]["name"], r"\xff\0n");
    assert_eq!(orphan["response"]["name_hex"], "ff006e");
    assert_eq!(orphan["response"]["payload"]["enc"], "base64");
    assert_eq!(orphan["response"]["payload"]["data"], "/gE=");

    let wrong = &lines[3];
    assert_eq!(wrong["response"]["name"], "b");
    assert_eq!(wrong["response"]["seq"], 8);
    assert_eq!(wrong["request"]["payload"]["data"], "é€\u{9b}\u{202e}");
    assert_eq!(wrong["rtt_us"], Value::Null);

    let cut = &lines[4]["request"]["payload"];
    assert_eq!((&cut["enc"], &cut["data"]), (&json!("utf8"), &json!("")));
    assert_eq!(cut["pieces"][0]["at"], 10);
    assert_eq!(cut["pieces"][1]["at"], 70);
}

#[test]
fn of_a_payload_as_much_is_shown_as_was_asked_for() {
    let totals = Totals::default();
    let none = lines(&totals, Portion::None);
    assert_eq!(none[0]["request"]["payload"]["data"], Value::Null);
    assert!(none[0]["request"]["payload"]["sha256"].is_string());
    assert!(none[1]["request"]["payload"].get("pieces").is_none());
    let first = lines(&totals, Portion::First(5));
    let payload = &first[0]["response"]["payload"];
    assert_eq!(
        (&payload["data"], &payload["truncated"]),
        (&json!("welco"), &json!(true))
    );
    let payload = &first[1]["request"]["payload"];
    assert_eq!(payload["data"], "0123");
    assert_eq!(
        payload["pieces"],
        json!([{"at": 7, "enc": "utf8", "data": "7"}])
    );
    assert_eq!(payload["truncated"], true);
    // Four bytes of "é€" and half a character.
    assert_eq!(first[3]["request"]["payload"]["data"], "é€");
}
