//! What a case accepts as the answer, and how good each of those is.

use super::message::{Content, Sequence};
use crate::world::Ending;
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
    /// That end and no other.
    Ending(Ending),
    /// Nothing more comes while the suite is patient: evidence of something left undone, never of
    /// something done well.
    Silence,
    /// The end of the connection, perhaps behind bytes that are no whole frame.
    Broken,
    /// The end of the connection, whatever frames or bytes came before it.
    End,
}

/// Which fields of a frame are compared, and with what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FrameMatch {
    pub(crate) status: Option<u16>,
    pub(crate) sequence: Option<Sequence>,
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
                    "fin" => Expected::Ending(Ending::Fin),
                    "reset" => Expected::Ending(Ending::Reset),
                    "cut" => Expected::Ending(Ending::Cut),
                    "silence" => Expected::Silence,
                    "broken" => Expected::Broken,
                    "end" => Expected::End,
                    _ => {
                        return Err(format!(
                            "`{name}` is none of close, fin, reset, cut, silence, broken, end"
                        ));
                    }
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
            sequence: Some(Sequence::Number(sequence)),
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

impl Outcome {
    /// The one right request of a client, whatever its sequence number.
    pub(crate) fn request(name: &str, payload: &[u8]) -> Self {
        let frame = FrameMatch {
            name: Some(Content::Text(name.into())),
            payload: Some(Content::Bytes(payload.to_vec())),
            ..FrameMatch::default()
        };
        Self {
            grade: Grade::Ideal,
            clause: None,
            events: vec![Expected::Frame(frame)],
        }
    }
}

impl SaidOutcome {
    /// The client is connected, and nothing else will do.
    pub(crate) fn connected() -> Self {
        Self {
            grade: Grade::Ideal,
            clause: None,
            said: Said::Connected,
        }
    }

    /// The client hands on this answer, and nothing else will do.
    pub(crate) fn answer(status: u16, payload: &[u8]) -> Self {
        Self {
            said: Said::Answer {
                status: Some(status),
                payload: Some(Content::Bytes(payload.to_vec())),
            },
            ..Self::connected()
        }
    }
}

impl FrameMatch {
    /// `times` copies, each with the next sequence number.
    fn expand(self) -> impl Iterator<Item = Expected> {
        (0..self.times.unwrap_or(1)).map(move |n| {
            let sequence = self.sequence.map(|first| first.plus(n));
            Expected::Frame(Self {
                sequence,
                times: None,
                ..self.clone()
            })
        })
    }
}

/// One acceptable thing for the driver of a client to say.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawSaidOutcome")]
pub(crate) struct SaidOutcome {
    pub(crate) grade: Grade,
    /// The clause that allows it, or that it misses.
    pub(crate) clause: Option<String>,
    pub(crate) said: Said,
}

/// What a driver says.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Connected,
    /// An answer with that status and payload; what is not named is not compared.
    Answer {
        status: Option<u16>,
        payload: Option<Content>,
    },
    /// That it failed; with one of these classes, if it names one, and with these words.
    Error {
        classes: Vec<String>,
        words: Vec<String>,
    },
    /// Nothing, while the suite is patient.
    Silence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSaidOutcome {
    grade: Grade,
    clause: Option<String>,
    connected: Option<bool>,
    status: Option<u16>,
    payload: Option<Content>,
    error: Option<Classes>,
    words: Option<Vec<String>>,
    silence: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Classes {
    Any(bool),
    One(String),
    Several(Vec<String>),
}

impl TryFrom<RawSaidOutcome> for SaidOutcome {
    type Error = String;

    fn try_from(raw: RawSaidOutcome) -> Result<Self, String> {
        if raw.clause.is_none() && raw.grade != Grade::Ideal {
            return Err("an outcome that is not ideal names the clause it stands on".into());
        }
        let is_answer = raw.status.is_some() || raw.payload.is_some();
        let is_silence = raw.silence == Some(true);
        if is_silence && (is_answer || raw.connected.is_some() || raw.error.is_some()) {
            return Err("`silence` stands alone".into());
        }
        let words = raw.words.unwrap_or_default();
        let error = |classes| Said::Error { classes, words };
        let said = match (raw.connected, is_answer, raw.error) {
            _ if is_silence => Said::Silence,
            (Some(true), false, None) => Said::Connected,
            (None, true, None) => Said::Answer {
                status: raw.status,
                payload: raw.payload,
            },
            (None, false, Some(Classes::Any(true))) => error(Vec::new()),
            (None, false, Some(Classes::One(class))) => error(vec![class]),
            (None, false, Some(Classes::Several(classes))) => error(classes),
            _ => {
                return Err(
                    "a result is `connected = true`, an answer (`status`, `payload`) or \
                            an `error` (true, or its classes)"
                        .into(),
                );
            }
        };
        Ok(Self {
            grade: raw.grade,
            clause: raw.clause,
            said,
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
