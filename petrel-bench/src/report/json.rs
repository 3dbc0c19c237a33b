//! Records as JSON documents: written as they are, and read back with a clear word if they are others.

use crate::record::{RunRecord, SCHEMA};
use serde::{Deserialize, Serialize};

/// The document, indented, with a newline at its end.
///
/// A record has words for the keys of its maps and finite numbers, so it can always be written.
pub fn write(record: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(record).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads a run that [`write()`] wrote.
///
/// # Errors
/// If it is another document; the message names what was found beside what is expected.
pub fn read_run(text: &str) -> Result<RunRecord, String> {
    /// What is looked at before anything else, so that a newer document is called one.
    #[derive(Deserialize)]
    struct Head {
        schema: String,
        kind: String,
    }
    let head: Head = serde_json::from_str(text)
        .map_err(|error| format!("it is no result of this program: {error}"))?;
    if head.schema != SCHEMA {
        let schema = head.schema;
        return Err(format!(
            "its schema is `{schema}`, and this program reads `{SCHEMA}`"
        ));
    }
    if head.kind != "run" {
        let kind = head.kind;
        return Err(format!(
            "its kind is `{kind}`, and a `run` is needed: one result of `petrel-bench run`"
        ));
    }
    serde_json::from_str(text).map_err(|error| format!("it is no whole `run`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_run_is_read_back_as_it_was() {
        for run in [sample::closed(), sample::overloaded(), sample::noisy()] {
            let text = write(&run);
            assert!(text.ends_with("}\n"));
            assert_eq!(read_run(&text).unwrap(), run);
        }
    }

    #[test]
    fn another_document_is_refused_with_what_it_is_and_what_it_should_be() {
        let mut run = sample::closed();
        run.schema = "petrel-bench/2".into();
        let message = read_run(&write(&run)).unwrap_err();
        assert!(
            message.contains("`petrel-bench/2`") && message.contains("`petrel-bench/1`"),
            "{message}"
        );
        let message = read_run(&write(&sample::sweep())).unwrap_err();
        assert!(
            message.contains("`sweep`") && message.contains("`run`"),
            "{message}"
        );
        let cut = write(&sample::closed()).replace("\"throughput_per_s\"", "\"throughput\"");
        let message = read_run(&cut).unwrap_err();
        assert!(message.contains("throughput_per_s"), "{message}");
        for text in ["", "[]", "{\"schema\": 1}"] {
            let message = read_run(text).unwrap_err();
            assert!(message.contains("no result of this program"), "{message}");
        }
    }
}
