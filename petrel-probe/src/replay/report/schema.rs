//! The published schema: every document fits it, and it is strict enough to notice one that does not.

use super::{Document, Head, JSON_SCHEMA, Report, SCHEMA, Summary};
use crate::{
    exchange::{
        Exchange, GapCause,
        sample::{exchange, message, with_gap},
    },
    replay::{Macs, Outcome, Pace, Skip, Tally, Verdict},
};
use jsonschema::Validator;
use serde_json::{Value, json};

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    assert_eq!(schema["$id"], SCHEMA);
    jsonschema::draft202012::new(&schema).unwrap()
}

fn outcome(verdict: Verdict, recorded: Exchange, now: Option<Exchange>) -> Outcome {
    let error = now.is_none().then(|| "no answer within 1s".to_owned());
    Outcome {
        in_part: recorded
            .response
            .as_ref()
            .is_some_and(|answer| !answer.is_complete()),
        recorded: Box::new(recorded),
        now: now.map(Box::new),
        verdict,
        error,
    }
}

fn document(outcomes: &[Outcome]) -> Value {
    let head = Head {
        target: "tls://a\u{202e}:1".to_owned(),
        pace: Pace::Max,
        macs: Macs::Strip,
    };
    let mut sink = Vec::new();
    let mut report = Document::new(&mut sink, head);
    let mut tally = Tally::default();
    for outcome in outcomes {
        tally.add(outcome);
        report.outcome(outcome).unwrap();
    }
    let skips = [
        Skip::ProtocolCheck,
        Skip::FilteredOut,
        Skip::RequestNotCaptured,
        Skip::RequestIncomplete,
    ];
    let summary = Summary {
        requests: 9,
        connections: 2,
        has_macs: false,
        skipped: skips.map(|skip| (skip, 3)).into(),
        tally,
        interrupted: true,
    };
    report.finish(&summary).unwrap();
    assert!(
        sink.iter()
            .all(|byte| *byte == b'\n' || (0x20..0x7f).contains(byte))
    );
    serde_json::from_slice(&sink).unwrap()
}

/// Every verdict.
fn outcomes() -> Vec<Outcome> {
    let request = || Some(message(0, b"n\xff", b"\x00\xff", 0));
    let answer = |payload: &[u8]| Some(message(200, b"n\xff", payload, 5));
    let then = exchange(request(), answer(b"0123456789"));
    let cut = answer(b"0123456789").map(|answer| with_gap(answer, 2, 3, GapCause::Lost));
    let cut = exchange(request(), cut);
    let now = exchange(request(), answer(b"\x1b[2J"));
    let none = exchange(request(), None);
    vec![
        outcome(Verdict::Same, then.clone(), Some(then.clone())),
        outcome(Verdict::Status, cut, Some(now.clone())),
        outcome(Verdict::Payload, then.clone(), Some(now.clone())),
        outcome(Verdict::Missing, then.clone(), Some(none.clone())),
        outcome(Verdict::Extra, none.clone(), Some(now.clone())),
        outcome(Verdict::Transport, then, None),
        outcome(Verdict::Uncompared, none, Some(now)),
    ]
}

#[test]
fn every_document_fits_the_schema() {
    let validator = validator();
    for document in [document(&[]), document(&outcomes())] {
        let errors: Vec<_> = validator.iter_errors(&document).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let document = document(&outcomes());
    assert_eq!(document["differences"].as_array().unwrap().len(), 5);
    assert_eq!(document["summary"]["replayed"], 7);
    assert_eq!(document["summary"]["differences"], 5);
    assert_eq!(document["differences"][0]["in_part"], true);
    assert_eq!(document["differences"][0]["name_hex"], "6eff");
    assert_eq!(
        document["differences"][1]["now"]["payload"]["data"],
        "\u{1b}[2J"
    );
}

#[test]
fn the_schema_notices_what_does_not_fit() {
    let validator = validator();
    let wrong = [
        ("/differences/0/verdict", json!("same")),
        ("/differences/0/now/status", json!(65_536)),
        ("/differences/0/recorded/payload/sha256", json!("00")),
        ("/differences/0/more", json!(1)),
        ("/summary/skipped/else", json!(1)),
        ("/summary/replayed", json!(-1)),
        ("/pace", json!("fast")),
        ("/schema", json!("petrel-probe/1")),
    ];
    for (pointer, value) in wrong {
        let mut document = document(&outcomes());
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[field] = value;
        assert!(!validator.is_valid(&document), "{pointer}");
    }
}
