//! Writes what the suite knows as plain JSON, for people who test Petrel in another language.

use crate::{codec, corpus, spec};
use petrel_cli::Failure;
use serde_json::{Map, Value, json};
use std::{fs, io::ErrorKind, path::Path};

/// The JSON Schemas, by the names under which they are written.
const SCHEMAS: &[(&str, &str)] = &[
    (
        "schema/golden.schema.json",
        include_str!("../schema/golden.schema.json"),
    ),
    (
        "schema/cases.schema.json",
        include_str!("../schema/cases.schema.json"),
    ),
    (
        "schema/clauses.schema.json",
        include_str!("../schema/clauses.schema.json"),
    ),
    (
        "schema/report.schema.json",
        include_str!("../schema/report.schema.json"),
    ),
    (
        "schema/driver-command.schema.json",
        include_str!("../schema/driver-command.schema.json"),
    ),
    (
        "schema/driver-answer.schema.json",
        include_str!("../schema/driver-answer.schema.json"),
    ),
];
const README: &str = include_str!("../schema/README.md");

/// Writes everything to `folder`, which must not exist or be empty, and names the files.
///
/// # Errors
/// If there is something in the folder already, or it cannot be written.
pub(crate) fn export(folder: &Path) -> Result<Vec<&'static str>, Failure> {
    refuse_what_is_used(folder)?;
    let schemas = folder.join("schema");
    fs::create_dir_all(&schemas).map_err(|error| Failure::writing(&schemas, &error))?;
    let mut names = Vec::new();
    for (name, text) in documents().map_err(Failure::usage)? {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| Failure::writing(&path, &error))?;
        names.push(name);
    }
    Ok(names)
}

/// Files of somebody else, or of another version, are not mixed with these.
fn refuse_what_is_used(folder: &Path) -> Result<(), Failure> {
    let problem = match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => return Ok(()),
            Some(_) => "is not empty",
        },
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => "is not a folder",
        Err(error) => return Err(Failure::reading(folder, &error)),
    };
    Err(Failure::usage(format!(
        "{} {problem}: name a folder that does not exist or is empty",
        folder.display()
    )))
}

/// Every file by its name and text.
fn documents() -> Result<Vec<(&'static str, String)>, String> {
    let mut documents = vec![
        ("README.md", README.to_owned()),
        ("SPEC.md", spec::TEXT.to_owned()),
        ("golden.json", codec::GOLDEN.to_owned()),
        ("cases.json", lines("petrel-cases/1", "cases", &cases()?)),
        (
            "clauses.json",
            lines("petrel-clauses/1", "clauses", &clauses()),
        ),
    ];
    documents.extend(
        SCHEMAS
            .iter()
            .map(|(name, text)| (*name, (*text).to_owned())),
    );
    Ok(documents)
}

/// All cases as their files say them, each with the name of its file.
fn cases() -> Result<Vec<Value>, String> {
    let mut cases = Vec::new();
    for (name, text) in corpus::FILES {
        let wrong = |problem: &dyn ToString| format!("{name}: {}", problem.to_string());
        let mut file: Map<String, Value> = toml::from_str(text).map_err(|error| wrong(&error))?;
        let Some(Value::Array(of_file)) = file.remove("case") else {
            return Err(wrong(&"there is no [[case]]"));
        };
        for mut case in of_file {
            case.as_object_mut()
                .ok_or_else(|| wrong(&"a case is a table"))?
                .insert("file".into(), (*name).into());
            cases.push(case);
        }
    }
    Ok(cases)
}

fn clauses() -> Vec<Value> {
    let clause = |clause: spec::SpecClause| {
        json!({
            "id": clause.id,
            "level": clause.level,
            "role": clause.role,
            "proof": clause.proof,
            "chapter": clause.chapter,
            "text": clause.text.split_whitespace().collect::<Vec<_>>().join(" "),
        })
    };
    spec::clauses().into_iter().map(clause).collect()
}

/// A document that holds one thing per line, so that two versions can be compared line by line.
fn lines(schema: &str, field: &str, things: &[Value]) -> String {
    let things: Vec<String> = things.iter().map(Value::to_string).collect();
    let things = things.join(",\n");
    format!("{{\"schema\": \"{schema}\", \"{field}\": [\n{things}\n]}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_that_is_there_is_written() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let name = entry.expect("a file").file_name();
            let name = name.to_str().expect("a plain name");
            let is_written = SCHEMAS
                .iter()
                .any(|(path, _)| path.ends_with(&format!("/{name}")));
            assert!(
                is_written || name == "README.md",
                "{name}: list it in SCHEMAS"
            );
        }
    }

    #[test]
    fn every_case_is_written_with_its_steps() {
        let cases = cases().expect("the files are good");
        assert_eq!(
            cases.len(),
            corpus::load().expect("the files are good").len()
        );
        for case in &cases {
            let has_steps = case["step"]
                .as_array()
                .is_some_and(|steps| !steps.is_empty());
            assert!(has_steps, "{}", case["id"]);
        }
        assert_eq!(clauses().len(), spec::clauses().len());
    }
}
