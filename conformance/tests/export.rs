//! What `export` writes is what its schemas say, and the schemas refuse what is not.

use jsonschema::Validator;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_petrel-conformance");

fn export(folder: &Path) -> Output {
    Command::new(PROGRAM)
        .arg("export")
        .arg(folder)
        .output()
        .expect("the program starts")
}

/// A folder with everything in it; it goes when the first is dropped.
fn exported() -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("a/new one");
    let output = export(&folder);
    assert!(output.status.success(), "{output:?}");
    (parent, folder)
}

fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

fn schema(folder: &Path, name: &str) -> Validator {
    let schema = json(&folder.join(format!("schema/{name}.schema.json")));
    assert!(jsonschema::meta::is_valid(&schema), "{name}");
    let validator = jsonschema::draft202012::new(&schema);
    validator.unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[track_caller]
fn assert_valid(schema: &Validator, value: &Value) {
    let errors: Vec<String> = schema
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn every_document_is_what_its_schema_says() {
    let (_parent, folder) = exported();
    for name in ["golden", "cases", "clauses"] {
        let document = json(&folder.join(format!("{name}.json")));
        assert_valid(&schema(&folder, name), &document);
    }
    for name in ["README.md", "SPEC.md"] {
        assert!(folder.join(name).is_file(), "{name}");
    }
}

#[test]
fn a_report_is_what_its_schema_says() {
    let (_parent, folder) = exported();
    let schema = schema(&folder, "report");
    // The second is one that holds failures.
    for driver in [
        format!("'{PROGRAM}' driver"),
        "while read l; do echo '{\"error\": \"no\"}'; done".to_owned(),
    ] {
        let output = Command::new(PROGRAM)
            .args(["codec", "--format", "json", "--driver", &driver])
            .output()
            .expect("the program starts");
        let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
        assert_valid(&schema, &report);
    }
}

#[test]
fn what_is_said_to_and_by_a_driver_is_what_the_schemas_say() {
    let (parent, folder) = exported();
    let (told, said) = (parent.path().join("told"), parent.path().join("said"));
    let driver = format!(
        "tee '{}' | '{PROGRAM}' driver | tee '{}'",
        told.display(),
        said.display()
    );
    let output = Command::new(PROGRAM)
        .args(["codec", "--driver", &driver])
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    let lines = |path: &Path| -> Vec<Value> {
        let text = fs::read_to_string(path).expect("tee has written it");
        let line = |line| serde_json::from_str(line).expect("JSON");
        text.lines().map(line).collect()
    };
    let (told, said) = (lines(&told), lines(&said));
    assert_eq!(told.len(), said.len());
    let commands = schema(&folder, "driver-command");
    assert!(!commands.is_valid(&told[0]), "the first does not exist");
    for command in &told[1..] {
        assert_valid(&commands, command);
        // What would be right is not told.
        let fields = command.as_object().and_then(|c| c.values().next());
        let fields = fields.and_then(Value::as_object).expect("an object");
        assert!(!fields.contains_key("fields") && !fields.contains_key("error"));
    }
    let answers = schema(&folder, "driver-answer");
    said.iter()
        .for_each(|answer| assert_valid(&answers, answer));
}

#[test]
fn the_readme_shows_lines_that_are_right() {
    let (_parent, folder) = exported();
    let readme = fs::read_to_string(folder.join("README.md")).expect("it is there");
    let lines = |mark: &str| -> Vec<Value> {
        let lines = readme.lines().filter_map(|line| line.strip_prefix(mark));
        lines
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    let (told, said) = (lines("> "), lines("< "));
    let input: String = told.iter().map(|command| format!("{command}\n")).collect();
    let input_file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(&input_file, input).expect("it is written");
    let output = Command::new(PROGRAM)
        .arg("driver")
        .stdin(fs::File::open(&input_file).expect("a file"))
        .output()
        .expect("the program starts");
    let output = String::from_utf8(output.stdout).expect("text");
    let answers = schema(&folder, "driver-answer");
    for (line, shown) in output.lines().zip(&said) {
        let answer: Value = serde_json::from_str(line).expect("JSON");
        assert_valid(&answers, shown);
        if shown.get("unsupported").is_none() {
            assert_eq!(&answer, shown);
        }
    }
    assert_eq!(output.lines().count(), said.len());
}

#[test]
fn the_schemas_refuse_what_is_wrong() {
    let (_parent, folder) = exported();
    let golden = json(&folder.join("golden.json"));
    let of_golden = schema(&folder, "golden");
    let cases = json(&folder.join("cases.json"));
    let of_cases = schema(&folder, "cases");
    for (pointer, wrong) in [
        ("/schema", "petrel-golden/2"),
        ("/frames/0/id", "GF-1"),
        ("/frames/0/hex", "0"),
        ("/frames/0/need_more", "5"),
    ] {
        assert!(
            !of_golden.is_valid(&with(&golden, pointer, wrong.into())),
            "{pointer}"
        );
    }
    // Two outcomes at once.
    let two = with(&golden, "/frames/0/need_more", 5.into());
    assert!(!of_golden.is_valid(&two));
    for (pointer, wrong) in [
        ("/cases/0/id", "PC-12"),
        ("/cases/0/role", "proxy"),
        ("/cases/0/offers", "much"),
        ("/cases/0/mac", "maybe"),
        ("/cases/0/clause/level", "OUGHT"),
        ("/cases/0/clause/id", "P-1"),
        ("/cases/0/step", "none"),
    ] {
        assert!(
            !of_cases.is_valid(&with(&cases, pointer, wrong.into())),
            "{pointer}"
        );
    }
}

/// The document with another value at a place.
fn with(document: &Value, pointer: &str, value: Value) -> Value {
    let mut document = document.clone();
    let (object, field) = pointer.rsplit_once('/').expect("a place");
    let object = document.pointer_mut(object).expect("an object");
    object[field] = value;
    document
}

#[test]
fn a_folder_that_is_used_is_left_alone() {
    let (parent, folder) = exported();
    let empty = parent.path().join("empty");
    fs::create_dir(&empty).expect("a folder");
    assert!(export(&empty).status.success());
    let file = folder.join("README.md");
    for used in [&folder, &file] {
        let output = export(used);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let stderr = String::from_utf8(output.stderr).expect("text");
        assert!(
            stderr.contains("name a folder that does not exist"),
            "{stderr}"
        );
    }
    let output = export(&file.join("below"));
    assert_ne!(output.status.code(), Some(0));
}

/// The report of a real run is what its schema says, failures and all.
#[test]
fn the_report_of_a_run_is_what_its_schema_says() {
    let schema = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/schema/report.schema.json"
    ));
    let schema: Value = serde_json::from_str(&schema.expect("the schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    // A stranger that closes every connection, and the reference server.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let runs: [&[&str]; 4] = [
        &["server", &address, "--only", "handshake"],
        &["server", "embedded", "--only", "mac@mac/bytes"],
        &["server", "embedded", "--generated", "5", "--seed", "1"],
        &["client", "embedded", "--only", "client@plain"],
    ];
    for arguments in runs {
        let output = Command::new(PROGRAM)
            .args(arguments)
            .args(["--format", "json"])
            .output()
            .expect("the program starts");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let faults: Vec<String> = validator
            .iter_errors(&report)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(faults, [""; 0], "{arguments:?}");
        assert!(report["results"][0].is_object(), "{arguments:?}");
    }
}
