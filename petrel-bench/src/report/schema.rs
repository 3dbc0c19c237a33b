//! The published schema: every record fits it, and it is strict enough to notice one that does not.

use super::{json, sample};
use crate::record::Histograms;
use jsonschema::Validator;
use serde_json::Value;

fn validator() -> Validator {
    let text = include_str!("../../schema/petrel-bench-1.schema.json");
    let schema: Value = serde_json::from_str(text).expect("JSON");
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::draft202012::new(&schema).expect("a schema")
}

/// A record of every kind, and of every way a run can go.
fn documents() -> Vec<Value> {
    let mut rounds = sample::closed();
    rounds.plan.warmup = crate::plan::Warmup::Seconds(1.5);
    rounds.series.points.clear();
    let mut nothing = sample::find();
    (nothing.rate_per_s, nothing.interval_per_s) = (None, None);
    nothing.confirmation = None;
    let texts = [
        json::write(&rounds),
        json::write(&sample::closed()),
        json::write(&sample::overloaded()),
        json::write(&sample::noisy()),
        json::write(&sample::sweep()),
        json::write(&sample::sweep_of_rates()),
        json::write(&sample::find()),
        json::write(&nothing),
    ];
    texts
        .iter()
        .map(|text| serde_json::from_str(text).expect("JSON"))
        .collect()
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
        // All entries of a list are alike.
        Value::Array(entries) => {
            for (place, entry) in entries.iter().enumerate().take(1) {
                objects(entry, &format!("{at}/{place}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_record_fits_the_schema() {
    let validator = validator();
    for document in documents() {
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:.300?}", document["kind"]);
    }
}

/// Fields that a record may leave out, as ends of JSON pointers.
const OPTIONAL: [&str; 5] = [
    "_us/at_least",
    "_us/under_noise",
    "/plan/rate_per_s",
    "/plan/arrivals",
    "/points/0/target_per_s",
];

#[test]
fn no_field_may_be_renamed_missing_or_new() {
    let validator = validator();
    let mut find = sample::find();
    let run = find.confirmation.as_mut().expect("it is confirmed");
    // What is long says no more than what is short, and is judged again for every field.
    run.series.points.truncate(1);
    run.histograms = Histograms::default();
    run.results.errors.insert("reset".into(), 1);
    let mut sweep = sample::sweep();
    sweep.points.truncate(1);
    sweep.points[0].run = run.clone();
    for text in [json::write(run), json::write(&sweep), json::write(&find)] {
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let mut pointers = Vec::new();
        objects(&document, "", &mut pointers);
        assert!(pointers.len() > 15, "{pointers:?}");
        for pointer in pointers {
            let fields = document.pointer(&pointer).and_then(Value::as_object);
            let names: Vec<String> = fields.expect("an object").keys().cloned().collect();
            for name in names {
                // Kinds of errors are names of their own.
                if pointer.ends_with("/errors") {
                    continue;
                }
                let mut changed = document.clone();
                let object = changed.pointer_mut(&pointer).and_then(Value::as_object_mut);
                let object = object.expect("an object");
                let value = object.remove(&name).expect("a field");
                let path = format!("{pointer}/{name}");
                if !OPTIONAL.iter().any(|end| path.ends_with(end)) {
                    assert!(!validator.is_valid(&changed), "{pointer} without {name}");
                }
                let object = changed.pointer_mut(&pointer).and_then(Value::as_object_mut);
                object
                    .expect("an object")
                    .insert(format!("{name}_x"), value);
                assert!(!validator.is_valid(&changed), "{pointer} with {name}_x");
            }
        }
    }
}

#[test]
fn what_is_out_of_range_does_not_fit() {
    let validator = validator();
    let document = &documents()[2];
    for (pointer, value) in [
        ("/schema", Value::from("petrel-bench/2")),
        ("/kind", "find".into()),
        ("/validity/verdict", "fine".into()),
        ("/validity/evidence/worker_busy", 1.5.into()),
        ("/results/requests", (-1).into()),
        ("/results/response_us/p50", "fast".into()),
        ("/results/response_us/at_least", serde_json::json!(["p42"])),
        ("/plan/warmup", "always".into()),
        ("/plan/request", serde_json::json!([])),
        ("/histograms/response", "no base64!".into()),
        ("/started", "yesterday".into()),
    ] {
        let mut changed = document.clone();
        *changed.pointer_mut(pointer).expect(pointer) = value;
        assert!(!validator.is_valid(&changed), "{pointer}");
    }
}
