//! What a case sends: the fields of a frame, or bytes that are none.

use super::outcome::hex_bytes;
use crate::frame::{HEADER_LEN, Header, Key};
use serde::Deserialize;

/// One message as a case describes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Message {
    status: u16,
    sequence: u32,
    name: Content,
    payload: Content,
    /// The payload length that the header states, where it differs from what is sent.
    claim: Option<Amount>,
    mac: MacKind,
    /// That many copies, each with the next sequence number.
    times: Option<u32>,
    /// Only the first bytes of the frame are sent.
    cut: Option<usize>,
    /// These bytes instead of a frame.
    raw: Option<Content>,
}

/// The facts about the server that a message is filled in with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill<'a> {
    pub(crate) limit: u32,
    pub(crate) echo: &'a str,
    pub(crate) key: Option<&'a Key>,
}

impl Message {
    /// An ordinary request.
    pub(crate) fn request(sequence: u32, name: &str, payload: &[u8]) -> Self {
        Self {
            sequence,
            name: Content::Text(name.into()),
            payload: Content::Bytes(payload.to_vec()),
            ..Self::default()
        }
    }

    pub(crate) fn is_hostile(&self) -> bool {
        self.raw.is_some()
            || self.claim.is_some()
            || self.cut.is_some()
            || self.mac != MacKind::Default
    }

    pub(crate) fn fixed_claim(&self) -> Option<u32> {
        match self.claim {
            Some(Amount::Fixed(claim)) => Some(claim),
            _ => None,
        }
    }

    /// How long its payload is.
    pub(crate) fn payload_len(&self, fill: Fill<'_>) -> usize {
        match &self.payload {
            Content::Repeat(_, count) => count.resolve(fill.limit) as usize,
            content => content.bytes(fill, self.sequence).len(),
        }
    }

    /// The bytes of each frame, in order.
    pub(crate) fn build(&self, fill: Fill<'_>) -> Vec<Vec<u8>> {
        if let Some(raw) = &self.raw {
            return vec![raw.bytes(fill, 0)];
        }
        let last = self.times.unwrap_or(1);
        (0..last)
            .map(|n| self.frame(self.sequence.wrapping_add(n), fill))
            .collect()
    }

    fn frame(&self, sequence: u32, fill: Fill<'_>) -> Vec<u8> {
        let name = self.name.bytes(fill, sequence);
        let payload = self.payload.bytes(fill, sequence);
        let sent = u32::try_from(payload.len()).expect("cases send less than 4 GiB");
        let header = Header {
            status: self.status,
            sequence,
            name_len: u8::try_from(name.len()).expect("names in cases fit their length byte"),
            payload_len: self.claim.map_or(sent, |claim| claim.resolve(fill.limit)),
        };
        let mut bytes = Vec::with_capacity(HEADER_LEN + name.len() + payload.len() + 44);
        bytes.extend(header.to_bytes());
        bytes.extend(name);
        bytes.extend(&payload);
        if let Some(key) = fill.key {
            self.mac
                .append(key, &payload, self.claim.is_some(), &mut bytes);
        }
        bytes.truncate(self.cut.unwrap_or(usize::MAX));
        bytes
    }
}

/// Which MAC follows a payload on connections that carry MACs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MacKind {
    /// The right one; none where the header claims more payload than is sent.
    #[default]
    Default,
    /// No byte of it.
    None,
    /// Made with another key.
    WrongKey,
    /// Without its last character.
    Truncated,
    /// 44 characters outside the alphabet.
    NotBase64,
    /// 44 characters of the alphabet, without the padding.
    Unpadded,
    /// The right digest, in a text that only a lenient decoder accepts.
    NonCanonical,
    /// Right for a payload that was not sent.
    OtherPayload,
}

impl MacKind {
    fn append(self, key: &Key, payload: &[u8], has_claim: bool, out: &mut Vec<u8>) {
        match self {
            Self::Default if has_claim => {}
            Self::Default => out.extend(key.sign(payload)),
            Self::None => {}
            Self::WrongKey => out.extend(Key::new(b"another key".to_vec()).sign(payload)),
            Self::Truncated => out.extend(&key.sign(payload)[..43]),
            Self::NotBase64 => out.extend([b'!'; 44]),
            Self::Unpadded => {
                out.extend(&key.sign(payload)[..43]);
                out.push(b'A');
            }
            Self::NonCanonical => out.extend(key.sign_non_canonical(payload)),
            Self::OtherPayload => out.extend(key.sign(b"a payload that was not sent")),
        }
    }
}

/// A number of bytes, perhaps relative to the limit of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawAmount")]
pub(crate) enum Amount {
    Fixed(u32),
    /// The limit plus that much.
    Limit(i64),
}

impl Amount {
    pub(crate) fn resolve(self, limit: u32) -> u32 {
        match self {
            Self::Fixed(count) => count,
            // A limit of all ones has nothing above it; the case is then not applicable.
            Self::Limit(offset) => u32::try_from(i64::from(limit) + offset).unwrap_or(u32::MAX),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawAmount {
    Number(u32),
    Relative(String),
}

impl TryFrom<RawAmount> for Amount {
    type Error = String;

    fn try_from(raw: RawAmount) -> Result<Self, String> {
        match raw {
            RawAmount::Number(count) => Ok(Self::Fixed(count)),
            RawAmount::Relative(text) => {
                let rest = text.strip_prefix("limit");
                let offset = rest.and_then(|rest| match rest {
                    "" => Some(0),
                    rest => rest.parse().ok(),
                });
                offset.map(Self::Limit).ok_or_else(|| {
                    format!(
                        "`{text}` is no amount: a number, \"limit\", \"limit+1\" or \"limit-1\""
                    )
                })
            }
        }
    }
}

/// Bytes of a name or a payload.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawContent")]
pub(crate) enum Content {
    /// The name that the peer echoes under.
    Echo,
    /// A name that no server has.
    Unknown,
    Text(String),
    Bytes(Vec<u8>),
    Repeat(u8, Amount),
    /// The text, then the sequence number in decimal: tells the copies of a message apart.
    Counter(String),
}

/// No program registers this by accident.
pub(crate) const UNKNOWN_NAME: &str = "petrel-conformance/unknown";

impl Content {
    pub(crate) fn bytes(&self, fill: Fill<'_>, sequence: u32) -> Vec<u8> {
        match self {
            Self::Echo => fill.echo.into(),
            Self::Unknown => UNKNOWN_NAME.into(),
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Repeat(byte, count) => vec![*byte; count.resolve(fill.limit) as usize],
            Self::Counter(text) => format!("{text}{sequence}").into_bytes(),
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawContent {
    Text(String),
    Table(ContentTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContentTable {
    hex: Option<String>,
    repeat: Option<Repeat>,
    counter: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Repeat {
    byte: u8,
    count: Amount,
}

impl TryFrom<RawContent> for Content {
    type Error = String;

    fn try_from(raw: RawContent) -> Result<Self, String> {
        match raw {
            RawContent::Text(text) => Ok(match text.as_str() {
                "$echo" => Self::Echo,
                "$unknown" => Self::Unknown,
                _ => Self::Text(text),
            }),
            RawContent::Table(ContentTable {
                hex: Some(hex),
                repeat: None,
                counter: None,
            }) => hex_bytes(&hex).map(Self::Bytes),
            RawContent::Table(ContentTable {
                hex: None,
                repeat: Some(r),
                counter: None,
            }) => Ok(Self::Repeat(r.byte, r.count)),
            RawContent::Table(ContentTable {
                hex: None,
                repeat: None,
                counter: Some(text),
            }) => Ok(Self::Counter(text)),
            RawContent::Table(_) => Err("bytes are a text, or one of { hex = \"00ff\" }, \
                                         { repeat = { byte, count } }, { counter = \"text\" }"
                .into()),
        }
    }
}

/// Where the bytes of one send are cut into separate writes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "RawSplit")]
pub(crate) enum Split {
    /// One write.
    #[default]
    Whole,
    /// Behind each header.
    Header,
    /// Between all fields, those of the header too.
    Fields,
    /// Every byte alone.
    Bytes,
    At(Vec<usize>),
}

impl Split {
    /// The offsets at which the bytes of these frames are cut, ascending.
    pub(crate) fn cuts(&self, frames: &[Vec<u8>]) -> Vec<usize> {
        let total: usize = frames.iter().map(Vec::len).sum();
        let mut start = 0;
        let mut cuts = Vec::new();
        for frame in frames {
            let inner: Vec<usize> = match (self, Header::parse(frame)) {
                (Self::Header, _) => vec![HEADER_LEN],
                (Self::Fields, Some(header)) => {
                    let layout = crate::frame::Layout::of(header, false);
                    vec![
                        2,
                        6,
                        7,
                        HEADER_LEN,
                        layout.payload.start,
                        layout.end,
                        frame.len(),
                    ]
                }
                _ => Vec::new(),
            };
            cuts.extend(inner.into_iter().map(|offset| start + offset));
            start += frame.len();
        }
        match self {
            Self::Bytes => cuts.extend(1..total),
            Self::At(offsets) => cuts.extend(offsets),
            _ => {}
        }
        cuts.retain(|cut| (1..total).contains(cut));
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawSplit {
    Named(String),
    At(Vec<usize>),
}

impl TryFrom<RawSplit> for Split {
    type Error = String;

    fn try_from(raw: RawSplit) -> Result<Self, String> {
        match raw {
            RawSplit::At(offsets) => Ok(Self::At(offsets)),
            RawSplit::Named(name) => match name.as_str() {
                "whole" | "joined" => Ok(Self::Whole),
                "header" => Ok(Self::Header),
                "fields" => Ok(Self::Fields),
                "bytes" => Ok(Self::Bytes),
                _ => Err(format!(
                    "`{name}` is no split: \"whole\", \"header\", \"fields\", \"bytes\" or offsets"
                )),
            },
        }
    }
}
