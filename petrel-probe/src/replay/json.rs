//! JSON without what may differ.

use serde_json::Value;
use serde_json_path::{JsonPath, PathElement};
use std::{fmt, str::FromStr};

/// What is left out before JSON is compared: everything that a JSONPath (RFC 9535) finds.
#[derive(Clone, Debug)]
pub struct Ignored(JsonPath);

/// Why a text is no JSONPath.
#[derive(Clone, Debug)]
pub struct IgnoredError(String);

/// A way from the root to a value.
type Location = Vec<Step>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Name(String),
    Index(usize),
}

impl FromStr for Ignored {
    type Err = IgnoredError;

    fn from_str(text: &str) -> Result<Self, IgnoredError> {
        JsonPath::parse(text)
            .map(Self)
            .map_err(|error| IgnoredError(error.to_string()))
    }
}

impl fmt::Display for IgnoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; write a JSONPath, for example $.ts or $.items[*].id",
            self.0
        )
    }
}

impl std::error::Error for IgnoredError {}

/// The value without what is ignored.
pub(super) fn without(mut value: Value, ignored: &[Ignored]) -> Value {
    // All are found before the first is removed, which moves what lies behind it.
    let mut found: Vec<Location> = ignored
        .iter()
        .flat_map(|path| path.0.query_located(&value).into_iter())
        .map(|node| node.location().iter().map(step).collect())
        .collect();
    // From the back: what lies deeper or behind goes first.
    found.sort_by(|a, b| b.cmp(a));
    found.dedup();
    for location in found {
        remove(&mut value, &location);
    }
    value
}

fn step(element: &PathElement<'_>) -> Step {
    match element {
        PathElement::Name(name) => Step::Name((*name).to_owned()),
        PathElement::Index(index) => Step::Index(*index),
    }
}

fn remove(value: &mut Value, location: &[Step]) {
    let Some((last, way)) = location.split_last() else {
        *value = Value::Null;
        return;
    };
    let mut parent = value;
    for step in way {
        let next = match (parent, step) {
            (Value::Object(fields), Step::Name(name)) => fields.get_mut(name),
            (Value::Array(entries), Step::Index(index)) => entries.get_mut(*index),
            _ => None,
        };
        let Some(next) = next else { return };
        parent = next;
    }
    match (parent, last) {
        (Value::Object(fields), Step::Name(name)) => {
            fields.remove(name);
        }
        (Value::Array(entries), Step::Index(index)) if *index < entries.len() => {
            entries.remove(*index);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ignore(value: Value, paths: &[&str]) -> Value {
        let paths: Vec<Ignored> = paths.iter().map(|path| path.parse().unwrap()).collect();
        without(value, &paths)
    }

    #[test]
    fn what_is_found_is_removed_wherever_it_lies() {
        let value = json!({"ts": 1, "items": [{"id": 1, "a": 2}, {"id": 3}], "deep": {"ts": 2}});
        assert_eq!(
            ignore(value.clone(), &["$.ts", "$.items[*].id"]),
            json!({"items": [{"a": 2}, {}], "deep": {"ts": 2}})
        );
        assert_eq!(
            ignore(value.clone(), &["$..ts", "$.deep"]),
            json!({"items": [{"id": 1, "a": 2}, {"id": 3}]})
        );
        assert_eq!(ignore(value.clone(), &["$.nothing"]), value);
        assert_eq!(ignore(value, &["$"]), Value::Null);
    }

    #[test]
    fn entries_of_a_list_are_those_that_were_meant() {
        let list = json!([0, 1, 2, 3]);
        assert_eq!(ignore(list.clone(), &["$[0]", "$[2]"]), json!([1, 3]));
        assert_eq!(ignore(list, &["$[?@ > 0]", "$[1]"]), json!([0]));
    }

    #[test]
    fn what_is_no_path_is_told_with_one_that_is() {
        let error = "ts".parse::<Ignored>().unwrap_err().to_string();
        assert!(error.contains("$.ts"), "{error}");
    }
}
