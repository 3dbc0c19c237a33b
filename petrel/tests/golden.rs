//! The wire against the golden frames, which are made independently of it, in both directions.

use petrel::wire::{
    AnswerError, Codec, DecodeError, Decoded, Expected, Frame, Header, MAC_LEN, MacKey,
};
use serde::Deserialize;
use std::{collections::BTreeSet, fs, path::PathBuf};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    frame: Vec<Golden>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    file: Option<String>,
    id: String,
    title: String,
    clauses: Vec<String>,
    hex: String,
    limit: Option<u32>,
    key_hex: Option<String>,
    answer_to: Option<AnswerTo>,
    fields: Option<Fields>,
    need_more: Option<u64>,
    error: Option<Fault>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerTo {
    sequence: u32,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    status: u16,
    sequence: u32,
    name_hex: String,
    name: Option<String>,
    payload_hex: String,
    payload: Option<String>,
    len: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    kind: String,
    at: u64,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance/golden")
}

/// Every frame of the TOML files, with the name of its file.
fn frames() -> Vec<Golden> {
    let mut frames = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let file: File = toml::from_str(&fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            frames.extend(file.frame.into_iter().map(|frame| Golden {
                file: Some(name.clone()),
                ..frame
            }));
        }
    }
    frames.sort_by(|a, b| a.id.cmp(&b.id));
    assert!(frames.len() > 100, "the golden frames are there");
    frames
}

impl Golden {
    fn bytes(&self) -> Vec<u8> {
        unhex(&self.hex)
    }

    fn codec(&self) -> Codec {
        let mut codec = Codec::new();
        if let Some(limit) = self.limit {
            codec = codec.payload_max(limit);
        }
        if let Some(key) = &self.key_hex {
            codec = codec.mac_key(MacKey::new(&unhex(key)).unwrap());
        }
        codec
    }

    /// What the file says comes of these bytes, in the words of this test.
    fn meaning(&self) -> Outcome {
        match (&self.fields, self.need_more, &self.error) {
            (Some(fields), None, None) => {
                let (name, payload) = (unhex(&fields.name_hex), unhex(&fields.payload_hex));
                if let Some(text) = &fields.name {
                    assert_eq!(text.as_bytes(), name, "{}", self.id);
                }
                if let Some(text) = &fields.payload {
                    assert_eq!(text.as_bytes(), payload, "{}", self.id);
                }
                Outcome::Frame(fields.status, fields.sequence, name, payload, fields.len)
            }
            (None, Some(missing), None) => Outcome::NeedMore(missing),
            (None, None, Some(fault)) => Outcome::Error(fault.kind.clone(), fault.at),
            _ => panic!("{} has not exactly one outcome", self.id),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Frame(u16, u32, Vec<u8>, Vec<u8>, usize),
    NeedMore(u64),
    Error(String, u64),
}

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "{text}");
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

/// What the library makes of these bytes.
fn observe(golden: &Golden, bytes: &[u8]) -> Outcome {
    let (frame, len) = match golden.codec().decode(bytes) {
        Ok(Decoded::Frame { frame, len }) => (frame, len),
        Ok(Decoded::NeedMore { at_least }) => return Outcome::NeedMore(at_least as u64),
        Err(error) => {
            let kind = match error {
                DecodeError::PayloadTooLong { .. } => "payload_too_long",
                DecodeError::MacMalformed { .. } => "mac_malformed",
                DecodeError::MacMismatch { .. } => "mac_mismatch",
                _ => "unknown",
            };
            return Outcome::Error(kind.to_owned(), error.at());
        }
    };
    if let Some(AnswerTo { sequence, name }) = &golden.answer_to {
        let expected = Expected {
            sequence: *sequence,
            name: name.as_bytes(),
        };
        if let Err(error) = expected.check(&frame) {
            let kind = match error {
                AnswerError::Notice { .. } => "notice",
                AnswerError::WrongSequence { .. } => "wrong_sequence",
                AnswerError::WrongName => "wrong_name",
                _ => "unknown",
            };
            return Outcome::Error(kind.to_owned(), error.at());
        }
    }
    let Frame {
        status,
        sequence,
        name,
        payload,
    } = frame;
    Outcome::Frame(status.0, sequence, name.to_vec(), payload.to_vec(), len)
}

#[test]
fn every_golden_frame_decodes_to_what_it_means() {
    for golden in frames() {
        let observed = observe(&golden, &golden.bytes());
        assert_eq!(observed, golden.meaning(), "{} {}", golden.id, golden.title);
    }
}

#[test]
fn a_prefix_of_a_golden_frame_always_asks_for_more_and_never_for_too_much() {
    for golden in frames() {
        let Outcome::Frame(.., len) = golden.meaning() else {
            continue;
        };
        let bytes = golden.bytes();
        for cut in 0..len {
            match observe(&golden, &bytes[..cut]) {
                Outcome::NeedMore(missing) => {
                    assert!(
                        (1..=(len - cut) as u64).contains(&missing),
                        "{} at {cut}",
                        golden.id
                    );
                }
                other => panic!("{} cut at {cut}: {other:?}", golden.id),
            }
        }
        // What stands behind a frame does not change it.
        let longer = [&bytes[..], b"\xff\xff\xff"].concat();
        assert_eq!(observe(&golden, &longer), golden.meaning(), "{}", golden.id);
    }
}

#[test]
fn every_golden_frame_is_encoded_to_its_bytes() {
    for golden in frames() {
        let Outcome::Frame(status, sequence, name, payload, len) = golden.meaning() else {
            continue;
        };
        let frame = Frame {
            status: status.into(),
            sequence,
            name: &name,
            payload: &payload,
        };
        let mut encoded = Vec::new();
        golden.codec().encode(&frame, &mut encoded).unwrap();
        assert_eq!(
            encoded,
            golden.bytes()[..len],
            "{} {}",
            golden.id,
            golden.title
        );
        let header = Header::parse(encoded.first_chunk().unwrap());
        assert_eq!(
            header.frame_len(golden.key_hex.is_some()),
            len as u64,
            "{}",
            golden.id
        );
        if golden.key_hex.is_some() {
            assert_eq!(
                len,
                11 + name.len() + payload.len() + MAC_LEN,
                "{}",
                golden.id
            );
        }
    }
}

#[test]
fn the_toml_files_and_the_json_file_say_the_same() {
    #[derive(Deserialize)]
    struct Json {
        schema: String,
        frames: Vec<Golden>,
    }
    let json = fs::read_to_string(folder().join("golden.json")).unwrap();
    let json: Json = serde_json::from_str(&json).unwrap();
    assert_eq!(json.schema, "petrel-golden/1");
    assert_eq!(json.frames, frames());
}

#[test]
fn ids_are_unique_and_clauses_exist() {
    let clauses = fs::read_to_string(folder().join("../SPEC.md")).unwrap();
    let mut ids = BTreeSet::new();
    for golden in frames() {
        assert!(ids.insert(golden.id.clone()), "{} stands twice", golden.id);
        assert!(!golden.clauses.is_empty(), "{} proves nothing", golden.id);
        for clause in &golden.clauses {
            let known = clauses.contains(&format!("**{clause}** ·"));
            assert!(known, "{} names {clause}, which does not exist", golden.id);
        }
    }
}

/// What receivers owe beside frames: the same on every transport, TLS from the first byte.
const OF_TRANSPORTS: [&str; 2] = ["P-127", "P-129"];

/// Every clause that one frame can prove of a receiver has a frame.
#[test]
fn every_clause_of_receivers_that_the_wire_proves_has_a_frame() {
    let spec = fs::read_to_string(folder().join("../SPEC.md")).unwrap();
    let named: BTreeSet<String> = frames()
        .into_iter()
        .flat_map(|frame| frame.clauses)
        .collect();
    let mut missing = Vec::new();
    for line in spec.lines().filter(|line| line.starts_with("**P-")) {
        let id = &line[2..7];
        let receiver = line.contains("· any receiver ·") || line.contains("· any peer ·");
        let of_frames = line.contains("· wire") && !OF_TRANSPORTS.contains(&id);
        if receiver && of_frames && !named.contains(id) {
            missing.push(id);
        }
    }
    assert!(missing.is_empty(), "no golden frame proves {missing:?}");
}

/// The generator makes exactly these files. Skipped, loudly, where there is no Python.
#[test]
fn the_generator_makes_exactly_these_files() {
    let run = std::process::Command::new("python3")
        .arg(folder().join("generate.py"))
        .arg("--check")
        .output();
    match run {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{told}{said}");
        }
        Err(error) => {
            let required =
                std::env::var_os("PETREL_REQUIRE_TOOLS").is_some_and(|value| value == "1");
            assert!(!required, "python3 is required: {error}");
            eprintln!("SKIPPED: python3 is not there ({error})");
        }
    }
}
