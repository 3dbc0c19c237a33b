//! A mix of requests, from a TOML file.

use super::PayloadSpec;
use crate::plan::{RequestPlan, Verify};
use petrel_cli::Failure;
use serde::Deserialize;
use std::{fs, path::Path};

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    #[serde(default)]
    request: Vec<RequestEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestEntry {
    name: String,
    #[serde(default)]
    payload: Payload,
    #[serde(default = "one")]
    weight: u32,
    verify: Option<Verify>,
    #[serde(default = "success")]
    expect_status: Vec<u16>,
}

/// A number needs no quotes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Payload {
    Len(u64),
    Spec(String),
}

impl Default for Payload {
    fn default() -> Self {
        Self::Len(0)
    }
}

const fn one() -> u32 {
    1
}

fn success() -> Vec<u16> {
    vec![200]
}

/// Reads the mix of requests that a file describes.
///
/// # Errors
/// If the file cannot be read, or says something that no scenario has; the message names the line.
pub(crate) fn read(path: &Path) -> Result<Vec<RequestPlan>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::reading(path, &error))?;
    parse(&text).map_err(|problem| Failure::usage(format!("{}: {problem}", path.display())))
}

fn parse(text: &str) -> Result<Vec<RequestPlan>, String> {
    let scenario: Scenario = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        format!("line {line}: {}", error.message())
    })?;
    if scenario.request.is_empty() {
        return Err("there is no request; write [[request]] and name = \"echo\"".to_owned());
    }
    scenario.request.into_iter().map(resolve).collect()
}

fn resolve(entry: RequestEntry) -> Result<RequestPlan, String> {
    let payload = match entry.payload {
        Payload::Len(len) => len.to_string(),
        Payload::Spec(spec) => spec,
    };
    let payload: PayloadSpec = payload.parse()?;
    if entry.expect_status.is_empty() {
        return Err(format!(
            "{:?} expects no status; name at least one",
            entry.name
        ));
    }
    Ok(RequestPlan {
        verify: entry
            .verify
            .unwrap_or_else(|| Verify::usual_for(&entry.name)),
        name: entry.name,
        payload: payload.to_string(),
        weight: entry.weight,
        expect_status: entry.expect_status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_read_with_its_defaults() {
        let requests = parse(
            "[[request]]\nname = \"echo\"\npayload = 64\nweight = 9\n\
             [[request]]\nname = \"sleep\"\npayload = \"text:5\"\nexpect_status = [200, 500]\n",
        )
        .unwrap();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].payload, "64B");
        assert_eq!((requests[0].weight, requests[0].verify), (9, Verify::Echo));
        assert_eq!((requests[1].weight, requests[1].verify), (1, Verify::None));
        assert_eq!(requests[1].expect_status, [200, 500]);
    }

    #[test]
    fn what_no_scenario_has_is_named_with_its_line() {
        for (text, problem) in [
            ("", "there is no request"),
            (
                "[[request]]\nname = \"a\"\nwieght = 2\n",
                "line 3: unknown field `wieght`",
            ),
            (
                "[[request]]\nname = \"a\"\npayload = \"much\"\n",
                "\"much\"",
            ),
            (
                "[[request]]\nname = \"a\"\nexpect_status = []\n",
                "no status",
            ),
            ("[[request]]\nweight = 1\n", "name"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }
}
