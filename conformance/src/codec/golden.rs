//! The golden frames, and what they mean to a decoder that reads one direction of a connection.

use crate::{
    driver::{Base64, Decode, Encode, End, FrameFields},
    frame::{HEADER_LEN, Header, Key, Layout, MacCheck, Parsed, parse},
};
use serde::Deserialize;

/// `golden/golden.json`, embedded in the program.
pub(crate) const TEXT: &str = include_str!("../../golden/golden.json");
const SCHEMA: &str = "petrel-golden/1";
/// A receiver's payload limit where a golden frame names none.
const LIMIT_DEFAULT: u32 = 4 << 20;

#[derive(Deserialize)]
struct File {
    schema: String,
    frames: Vec<Golden>,
}

/// One golden frame; see `golden/README.md`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Golden {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) clauses: Vec<String>,
    hex: String,
    pub(super) limit: Option<u32>,
    key_hex: Option<String>,
    fields: Option<Fields>,
    error: Option<Fault>,
}

#[derive(Clone, Debug, Deserialize)]
struct Fields {
    status: u16,
    sequence: u32,
    name_hex: String,
    payload_hex: String,
    len: usize,
}

#[derive(Clone, Debug, Deserialize)]
struct Fault {
    kind: String,
}

/// How the input of a decoder is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segmentation {
    Whole,
    /// Behind every field.
    Fields,
    /// Behind every byte.
    Bytes,
}

/// What a decoder has to make of its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) frames: Vec<FrameFields>,
    pub(super) end: End,
    /// Why it refuses: `limit` or `mac`.
    pub(super) class: Option<&'static str>,
    /// The frame that is not whole claims more than the limit: the header alone shows it.
    pub(super) is_over: bool,
}

/// All golden frames, in the order of the file.
///
/// # Errors
/// If the file is not one of its schema.
pub(super) fn load() -> Result<Vec<Golden>, String> {
    let file: File = serde_json::from_str(TEXT).map_err(|error| format!("golden.json: {error}"))?;
    if file.schema != SCHEMA {
        return Err(format!(
            "golden.json: its schema is {} and not {SCHEMA}",
            file.schema
        ));
    }
    Ok(file.frames)
}

impl Segmentation {
    pub(super) const ALL: [Self; 3] = [Self::Whole, Self::Fields, Self::Bytes];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Fields => "fields",
            Self::Bytes => "bytes",
        }
    }
}

impl Golden {
    pub(super) fn bytes(&self) -> Vec<u8> {
        unhex(&self.hex)
    }

    pub(super) fn key(&self) -> Option<Key> {
        self.key_hex.as_deref().map(unhex).map(Key::new)
    }

    /// The limit that the receiver has, or should have if it is not told.
    pub(super) fn limit_or_default(&self) -> u32 {
        self.limit.unwrap_or(LIMIT_DEFAULT)
    }

    /// What a decoder is told, or `None` if cutting the input so is cutting it otherwise, too.
    pub(super) fn decode(&self, segmentation: Segmentation) -> Option<Decode> {
        let bytes = self.bytes();
        let cuts = match segmentation {
            Segmentation::Whole => Vec::new(),
            Segmentation::Fields => field_cuts(&bytes, self.key_hex.is_some()),
            Segmentation::Bytes => (1..bytes.len()).collect(),
        };
        if cuts.is_empty() && segmentation != Segmentation::Whole {
            return None;
        }
        Some(Decode {
            bytes_b64: Base64(bytes),
            hmac_key_b64: self.key_hex.as_deref().map(unhex).map(Base64),
            limit: self.limit,
            cuts,
        })
    }

    /// What an encoder is told and the bytes that it has to make of it, if this is a good frame.
    pub(super) fn encode(&self) -> Option<(Encode, Vec<u8>)> {
        let fields = self.fields.as_ref()?;
        let mut bytes = self.bytes();
        bytes.truncate(fields.len);
        let command = Encode {
            frame: fields.to_frame(),
            hmac_key_b64: self.key_hex.as_deref().map(unhex).map(Base64),
        };
        Some((command, bytes))
    }

    /// What a decoder has to make of the bytes, or `None` if only a client could tell: one that
    /// waits for an answer.
    pub(super) fn reading(&self) -> Option<Reading> {
        let refused = |class| Reading {
            frames: Vec::new(),
            end: End::Refused,
            class: Some(class),
            is_over: false,
        };
        match (&self.fields, &self.error) {
            (Some(fields), _) => {
                // Of the bytes behind the first frame golden.json says nothing. SPEC.md does.
                let mut rest = self.read(fields.len);
                rest.frames.insert(0, fields.to_frame());
                Some(rest)
            }
            (None, Some(fault)) => match fault.kind.as_str() {
                "payload_too_long" => Some(refused("limit")),
                "mac_malformed" | "mac_mismatch" => Some(refused("mac")),
                _ => None,
            },
            (None, None) => Some(Reading {
                frames: Vec::new(),
                end: End::Incomplete,
                class: None,
                is_over: self.read(0).is_over,
            }),
        }
    }

    /// Whether a codec may see it otherwise because it has another limit of its own, which it should
    /// not: it is told none.
    pub(super) fn stands_on_the_default_limit(&self) -> bool {
        let is_refused = self
            .error
            .as_ref()
            .is_some_and(|e| e.kind == "payload_too_long");
        self.limit.is_none() && (is_refused || self.clauses.iter().any(|id| id == "P-039"))
    }

    /// The suite's own reading of the bytes from an offset on.
    fn read(&self, mut at: usize) -> Reading {
        let (bytes, key) = (self.bytes(), self.key());
        let (mut frames, mut is_over) = (Vec::new(), false);
        let (end, class) = loop {
            let rest = &bytes[at..];
            if rest.is_empty() {
                break (End::Complete, None);
            }
            if let Some(header) = Header::parse(rest)
                && header.payload_len > self.limit_or_default()
            {
                let has_name = rest.len() >= HEADER_LEN + usize::from(header.name_len);
                is_over = !has_name;
                break match has_name {
                    true => (End::Refused, Some("limit")),
                    false => (End::Incomplete, None),
                };
            }
            match parse(rest, key.as_ref()) {
                Parsed::Frame(frame, _) if frame.mac == MacCheck::Wrong => {
                    break (End::Refused, Some("mac"));
                }
                Parsed::Frame(frame, len) => {
                    frames.push(FrameFields {
                        status: frame.status,
                        sequence: frame.sequence,
                        name_b64: Base64(frame.name),
                        payload_b64: Base64(frame.payload),
                    });
                    at += len;
                }
                Parsed::Incomplete | Parsed::Oversized(_) => break (End::Incomplete, None),
            }
        };
        Reading {
            frames,
            end,
            class,
            is_over,
        }
    }
}

impl Fields {
    fn to_frame(&self) -> FrameFields {
        FrameFields {
            status: self.status,
            sequence: self.sequence,
            name_b64: Base64(unhex(&self.name_hex)),
            payload_b64: Base64(unhex(&self.payload_hex)),
        }
    }
}

/// The offsets inside the bytes at which a field of a frame ends.
fn field_cuts(bytes: &[u8], with_mac: bool) -> Vec<usize> {
    let mut cuts = Vec::new();
    let mut start = 0_usize;
    while start < bytes.len() {
        cuts.extend([2, 6, 7, HEADER_LEN].map(|end| start + end));
        let Some(header) = Header::parse(&bytes[start..]) else {
            break;
        };
        let layout = Layout::of(header, with_mac);
        let ends = [layout.name.end, layout.payload.end, layout.end];
        cuts.extend(ends.map(|end| start.saturating_add(end)));
        start = start.saturating_add(layout.end);
    }
    cuts.retain(|cut| *cut < bytes.len());
    cuts.dedup();
    cuts
}

/// The embedded file is tested to hold pairs of hexadecimal digits only.
fn unhex(text: &str) -> Vec<u8> {
    let pair = |at: usize| {
        text.get(at..at + 2)
            .map(|pair| u8::from_str_radix(pair, 16))
    };
    (0..text.len())
        .step_by(2)
        .filter_map(pair)
        .filter_map(Result::ok)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden(id: &str) -> Golden {
        let all = load().expect("the file is good");
        let found = all.into_iter().find(|golden| golden.id == id);
        found.unwrap_or_else(|| panic!("no {id}"))
    }

    #[test]
    fn the_suites_own_reading_is_that_of_the_file() {
        let (mut judged, mut of_clients) = (0, 0);
        for golden in load().expect("the file is good") {
            let hexes = [Some(&golden.hex), golden.key_hex.as_ref()];
            for hex in hexes.into_iter().flatten() {
                let is_hex = hex.bytes().all(|c| c.is_ascii_hexdigit());
                assert!(is_hex && hex.len() % 2 == 0, "{}", golden.id);
            }
            match golden.reading() {
                // Nothing has come, so nothing is missing either.
                Some(_) if golden.hex.is_empty() => {}
                Some(reading) => {
                    assert_eq!(golden.read(0), reading, "{}", golden.id);
                    judged += 1;
                }
                None => of_clients += 1,
            }
        }
        assert!(judged > 150 && of_clients > 10, "{judged} {of_clients}");
    }

    #[test]
    fn bytes_behind_a_frame_are_the_next_one() {
        let ends = ["GF-032", "GF-033", "GF-034", "GF-039", "GF-095"].map(|id| {
            let reading = golden(id).reading().expect("for decoders");
            (reading.frames.len(), reading.end)
        });
        let expected = [
            (2, End::Complete),
            (1, End::Incomplete),
            (1, End::Refused),
            (2, End::Complete),
            (1, End::Incomplete),
        ];
        assert_eq!(ends, expected);
    }

    #[test]
    fn the_input_is_cut_at_fields_and_at_bytes() {
        let cuts = |id: &str, how| golden(id).decode(how).map(|decode| decode.cuts);
        // 11 + 4 + 3 bytes, then 11 + 4.
        assert_eq!(
            cuts("GF-032", Segmentation::Fields),
            Some(vec![2, 6, 7, 11, 15, 18, 20, 24, 25, 29])
        );
        // With a MAC behind the payload.
        assert_eq!(
            cuts("GF-060", Segmentation::Fields),
            Some(vec![2, 6, 7, 11, 15, 20])
        );
        assert_eq!(cuts("GF-028", Segmentation::Bytes), Some((1..10).collect()));
        assert_eq!(cuts("GF-026", Segmentation::Bytes), None);
        assert_eq!(cuts("GF-025", Segmentation::Whole), Some(Vec::new()));
        // A claim of 4 GiB cuts nothing.
        assert_eq!(cuts("GF-049", Segmentation::Fields), Some(vec![2, 6, 7]));
    }
}
