//! The run as one JSON document: the record as it is.

use crate::record::{CaseRecord, Record, SCHEMA};
use serde::Serialize;
use std::collections::BTreeSet;

/// The cases without verdicts.
#[derive(Debug, Serialize)]
struct List<'a> {
    schema: &'a str,
    version: &'a str,
    cases: &'a [CaseRecord],
}

/// All verdicts with their evidence.
pub(crate) fn report(record: &Record) -> String {
    pretty(record)
}

/// The cases that can be run.
pub(crate) fn list(cases: &[CaseRecord]) -> String {
    pretty(&List {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        cases,
    })
}

/// Reads a document that [`report`] wrote.
///
/// # Errors
///
/// If it is another document, or does not fit together; the message says how.
pub(crate) fn read(text: &str) -> Result<Record, String> {
    /// What is looked at before anything else, so that a newer document is called one.
    #[derive(serde::Deserialize)]
    struct Head {
        schema: String,
    }
    let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if head.schema != SCHEMA {
        let schema = head.schema;
        return Err(format!(
            "its schema is `{schema}`, and this program reads `{SCHEMA}`"
        ));
    }
    let record: Record = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let ids: BTreeSet<&str> = record.cases.iter().map(|case| case.id.as_str()).collect();
    if ids.len() < record.cases.len() {
        return Err("it holds a case twice".into());
    }
    let mut names = BTreeSet::new();
    for result in &record.results {
        let name = &result.name;
        if !ids.contains(result.case.as_str()) {
            return Err(format!("the case of `{name}` is not among its cases"));
        }
        if !names.insert(name) {
            return Err(format!("it holds `{name}` twice"));
        }
    }
    Ok(record)
}

/// Its maps have words for keys and it holds no number that JSON has not, so it can always be written.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{self, case};

    #[test]
    fn a_record_is_read_back_as_it_was() {
        let text = report(&sample::everything(9));
        assert_eq!(report(&read(&text).expect("a record")), text);
        let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(document["schema"], "petrel-conformance/1");
        assert_eq!(document["results"][0]["name"], "PC-0001@plain/whole");
    }

    #[test]
    fn the_list_has_schema_version_and_cases() {
        let document: serde_json::Value =
            serde_json::from_str(&list(&[case("PC-0001")])).expect("JSON");
        assert_eq!(document["schema"], "petrel-conformance/1");
        assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(document["cases"][0]["id"], "PC-0001");
    }

    #[test]
    fn a_document_that_does_not_fit_together_is_refused() {
        let mut run = sample::everything(2);
        assert!(read(&list(&run.cases)).is_err());
        run.results[1].name = run.results[0].name.clone();
        assert!(read(&report(&run)).expect_err("twice").contains("twice"));
        run.cases.push(case("PC-0001"));
        assert!(
            read(&report(&run))
                .expect_err("twice")
                .contains("a case twice")
        );
        run.cases.clear();
        let message = read(&report(&run)).expect_err("no case");
        assert!(message.contains("not among its cases"), "{message}");
        run.schema = "petrel-conformance/2".into();
        let message = read(&report(&run)).expect_err("newer");
        assert!(message.contains("petrel-conformance/2"), "{message}");
    }
}
