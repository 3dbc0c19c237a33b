//! What a case accepts as the answer, and how good each of those is.

use super::message::Content;
use serde::Deserialize;

/// How an outcome is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Grade {
    /// What a server does at its best.
    Ideal,
    /// Something else that the named clause allows.
    Allowed,
    /// Legal, but the named clause advises against it.
    Warned,
    /// Shows that the peer lacks what the case needs: the case is not applicable.
    Absent,
}

/// One acceptable outcome of a step: the events that make it, in order.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawOutcome")]
pub(crate) struct Outcome {
    pub(crate) grade: Grade,
    /// The clause that allows it, or that it misses.
    pub(crate) clause: Option<String>,
    pub(crate) events: Vec<Expected>,
}

/// One expected event.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    Frame(FrameMatch),
    /// The end of the connection, orderly or by reset.
    Close,
    /// The orderly end: a reset does not do.
    Fin,
    /// Nothing more comes while the suite is patient: evidence of something left undone, never of
    /// something done well.
    Silence,
    /// The end of the connection, whatever frames or bytes came before it.
    End,
}

/// Which fields of a frame are compared, and with what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FrameMatch {
    pub(crate) status: Option<u16>,
    pub(crate) sequence: Option<u32>,
    pub(crate) name: Option<Content>,
    pub(crate) payload: Option<Content>,
    /// The payload has to lack these bytes.
    pub(crate) payload_without: Option<String>,
    /// The payload is that long.
    pub(crate) payload_len: Option<usize>,
    /// It comes no sooner than this after the last write.
    pub(crate) not_before_ms: Option<u64>,
    /// That many frames, each with the next sequence number.
    pub(crate) times: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutcome {
    grade: Grade,
    clause: Option<String>,
    frame: Option<FrameMatch>,
    frames: Option<Vec<FrameMatch>>,
    close: Option<Close>,
    then: Option<Close>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Close {
    Any(bool),
    Named(String),
}

impl TryFrom<RawOutcome> for Outcome {
    type Error = String;

    fn try_from(raw: RawOutcome) -> Result<Self, String> {
        if raw.clause.is_none() && raw.grade != Grade::Ideal {
            return Err("an outcome that is not ideal names the clause it stands on".into());
        }
        let frames = match (raw.frame, raw.frames) {
            (Some(frame), None) => vec![frame],
            (None, Some(frames)) => frames,
            (None, None) => Vec::new(),
            _ => return Err("an outcome has `frame` or `frames`, not both".into()),
        };
        let mut events: Vec<Expected> = frames.into_iter().flat_map(FrameMatch::expand).collect();
        for close in [raw.close, raw.then].into_iter().flatten() {
            events.push(match close {
                Close::Any(true) => Expected::Close,
                Close::Named(name) => match name.as_str() {
                    "close" => Expected::Close,
                    "fin" => Expected::Fin,
                    "silence" => Expected::Silence,
                    "end" => Expected::End,
                    _ => return Err(format!("`{name}` is none of close, fin, silence, end")),
                },
                Close::Any(false) => return Err("`close = false` says nothing".into()),
            });
        }
        if events.is_empty() {
            return Err("an outcome has `frame`, `frames` or `close`".into());
        }
        Ok(Self {
            grade: raw.grade,
            clause: raw.clause,
            events,
        })
    }
}

impl Outcome {
    /// The one right answer of an ordinary exchange.
    pub(crate) fn frame(status: u16, sequence: u32, name: &str, payload: Option<&[u8]>) -> Self {
        let frame = FrameMatch {
            status: Some(status),
            sequence: Some(sequence),
            name: Some(Content::Text(name.into())),
            payload: payload.map(|bytes| Content::Bytes(bytes.to_vec())),
            ..FrameMatch::default()
        };
        Self {
            grade: Grade::Ideal,
            clause: None,
            events: vec![Expected::Frame(frame)],
        }
    }
}

impl FrameMatch {
    /// `times` copies, each with the next sequence number.
    fn expand(self) -> impl Iterator<Item = Expected> {
        (0..self.times.unwrap_or(1)).map(move |n| {
            let sequence = self.sequence.map(|first| first.wrapping_add(n));
            Expected::Frame(Self {
                sequence,
                times: None,
                ..self.clone()
            })
        })
    }
}

/// Reads bytes written as hexadecimal digits, with spaces where they help.
pub(super) fn hex_bytes(text: &str) -> Result<Vec<u8>, String> {
    let digits: Option<Vec<u32>> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16))
        .collect();
    match digits {
        Some(digits) if digits.len().is_multiple_of(2) => Ok(digits
            .chunks(2)
            .filter_map(|d| u8::try_from(d[0] << 4 | d[1]).ok())
            .collect()),
        _ => Err(format!(
            "`{text}` is no hexadecimal: two digits for each byte"
        )),
    }
}
