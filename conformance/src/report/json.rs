//! The run as one JSON document.

use crate::{
    case::Case,
    run::Report,
    target::{Server, Target},
    verdict::{CaseResult, Verdict},
};
use serde_json::{Map, Value, json};

/// Changes when a reader of the document would have to.
const SCHEMA: &str = "petrel-conformance/1";

/// All verdicts with their evidence; `again` is the command that judges the same target.
pub(crate) fn report(report: &Report<'_>, target: &Target, again: &[String]) -> Value {
    let again = again.join(" ");
    let counts: Map<String, Value> = Verdict::ALL
        .iter()
        .map(|verdict| (verdict.as_str().into(), report.counts.of(*verdict).into()))
        .collect();
    let cases: Vec<Value> = report
        .results
        .iter()
        .map(|result| case_result(result, &again))
        .collect();
    json!({
        "schema": SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "target": {
            "address": target.plain.address.to_string(),
            "offers": target.offers.as_str(),
            "limit": target.plain.limit,
            "mac": target.mac.as_ref().map(address),
            "small": target.small.as_ref().map(address),
            "checked": target.checked.as_ref().map(address),
        },
        "round_trip_us": micros(report.round_trip),
        "elapsed_us": micros(report.elapsed),
        "exit_code": report.exit().code(),
        "counts": counts,
        "cases": cases,
    })
}

/// The cases without verdicts.
pub(crate) fn list(cases: &[&Case]) -> Value {
    let cases: Vec<Value> = cases
        .iter()
        .map(|case| Value::Object(description(case)))
        .collect();
    json!({ "schema": SCHEMA, "version": env!("CARGO_PKG_VERSION"), "cases": cases })
}

fn case_result(result: &CaseResult<'_>, again: &str) -> Value {
    let mut object = description(result.case);
    object.insert("variant".into(), result.variant.as_str().into());
    object.insert("verdict".into(), result.verdict.as_str().into());
    object.insert("elapsed_us".into(), micros(result.elapsed));
    if let Some(reason) = &result.reason {
        object.insert("reason".into(), reason.as_str().into());
    }
    if let Some(evidence) = &result.evidence {
        object.insert("step".into(), evidence.step.into());
        object.insert("expected".into(), json!(evidence.expected));
        object.insert("observed".into(), json!(evidence.observed));
        object.insert("transcript".into(), json!(evidence.transcript));
        object.insert(
            "again".into(),
            format!("{again} --run {}", result.case.id).into(),
        );
    }
    Value::Object(object)
}

fn description(case: &Case) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("id".into(), case.id.as_str().into());
    object.insert("group".into(), case.group.as_str().into());
    object.insert("title".into(), case.title.as_str().into());
    object.insert("clause".into(), case.clause.id.as_str().into());
    object.insert("level".into(), case.clause.level.as_str().into());
    object.insert("offers".into(), case.offers.as_str().into());
    object
}

fn address(server: &Server) -> String {
    server.address.to_string()
}

fn micros(duration: std::time::Duration) -> Value {
    u64::try_from(duration.as_micros())
        .unwrap_or(u64::MAX)
        .into()
}
