//! What a case sends: the fields of a frame, or bytes that are none.

use super::outcome::hex_bytes;
use crate::frame::{HEADER_LEN, Header, Key};
use serde::Deserialize;

/// One message as a case describes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Message {
    status: Option<u16>,
    sequence: Option<Sequence>,
    name: Option<Content>,
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

/// The facts about the peer that a message is filled in with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill<'a> {
    pub(crate) limit: u32,
    pub(crate) echo: &'a str,
    pub(crate) key: Option<&'a Key>,
    /// The last request of a client under judgement.
    pub(crate) request: Option<&'a Request>,
}

/// What an answer has to repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) sequence: u32,
    pub(crate) name: Vec<u8>,
}

impl Message {
    /// An ordinary request.
    pub(crate) fn request(sequence: u32, name: &str, payload: &[u8]) -> Self {
        Self {
            sequence: Some(Sequence::Number(sequence)),
            name: Some(Content::Text(name.into())),
            payload: Content::Bytes(payload.to_vec()),
            ..Self::default()
        }
    }

    /// An ordinary answer to the last request.
    pub(crate) fn answer(payload: &[u8]) -> Self {
        Self {
            payload: Content::Bytes(payload.to_vec()),
            ..Self::default()
        }
        .into_answer()
    }

    /// What is not said is that of a good answer to the last request.
    pub(super) fn into_answer(self) -> Self {
        Self {
            status: self.status.or(Some(200)),
            sequence: self.sequence.or(Some(Sequence::Request(0))),
            name: self.name.or(Some(Content::Request)),
            ..self
        }
    }

    /// Whether its bytes are no frame.
    pub(crate) fn is_raw(&self) -> bool {
        self.raw.is_some()
    }

    pub(crate) fn is_hostile(&self) -> bool {
        self.raw.is_some()
            || self.claim.is_some()
            || self.cut.is_some()
            || self.mac != MacKind::Default
    }

    /// Whether its payload, or what its header claims, is over the limit on purpose.
    pub(crate) fn is_refused(&self) -> bool {
        let is_over = matches!(&self.payload, Content::Repeat(_, Amount::Limit(more)) if *more > 0);
        self.claim.is_some() || is_over
    }

    /// Whether it asks a server to take its time.
    pub(crate) fn is_slow(&self) -> bool {
        matches!(&self.name, Some(Content::Text(name)) if name == "sleep")
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
            content => {
                // A counter grows.
                let first = self.sequence.map_or(0, |first| first.resolve(fill));
                let last = first.saturating_add(self.times.unwrap_or(1) - 1);
                content.bytes(fill, last).len()
            }
        }
    }

    /// The bytes of each frame, in order.
    pub(crate) fn build(&self, fill: Fill<'_>) -> Vec<Vec<u8>> {
        if let Some(raw) = &self.raw {
            return vec![raw.bytes(fill, 0)];
        }
        let first = self.sequence.map_or(0, |first| first.resolve(fill));
        (0..self.times.unwrap_or(1))
            .map(|n| self.frame(first.wrapping_add(n), fill))
            .collect()
    }

    fn frame(&self, sequence: u32, fill: Fill<'_>) -> Vec<u8> {
        let name = self.name.as_ref();
        let name = name.map_or_else(Vec::new, |name| name.bytes(fill, sequence));
        let mut payload = self.payload.bytes(fill, sequence);
        if let (MacKind::UrlSafe, Some(key)) = (self.mac, fill.key) {
            payload = key.payload_with_odd_mac();
        }
        let sent = u32::try_from(payload.len()).expect("cases send less than 4 GiB");
        let header = Header {
            status: self.status.unwrap_or(0),
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
    /// Right, but in the alphabet that is safe in URLs; the payload is one whose MAC differs in it.
    UrlSafe,
    /// Right, but with its padding in front.
    PaddingFirst,
    /// Right, but for the case of its letters.
    SwappedCase,
    /// Right, but with another character where the padding stands.
    NewlineEnd,
    SpaceEnd,
    ZeroEnd,
    /// A space, then all of it but the padding.
    SpaceFront,
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
            Self::UrlSafe => out.extend(key.sign(payload).map(|c| match c {
                b'+' => b'-',
                b'/' => b'_',
                other => other,
            })),
            Self::PaddingFirst => {
                out.push(b'=');
                out.extend(&key.sign(payload)[..43]);
            }
            Self::NewlineEnd | Self::SpaceEnd | Self::ZeroEnd => {
                out.extend(&key.sign(payload)[..43]);
                out.push(match self {
                    Self::NewlineEnd => b'\n',
                    Self::SpaceEnd => b' ',
                    _ => 0,
                });
            }
            Self::SpaceFront => {
                out.push(b' ');
                out.extend(&key.sign(payload)[..43]);
            }
            Self::SwappedCase => out.extend(key.sign(payload).map(|c| {
                if c.is_ascii_lowercase() {
                    c.to_ascii_uppercase()
                } else {
                    c.to_ascii_lowercase()
                }
            })),
        }
    }
}

/// A sequence number, perhaps relative to the last request of a client under judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawSequence")]
pub(crate) enum Sequence {
    Number(u32),
    /// That of the last request plus so much.
    Request(i32),
}

impl Sequence {
    pub(crate) fn resolve(self, fill: Fill<'_>) -> u32 {
        match self {
            Self::Number(number) => number,
            Self::Request(offset) => fill
                .request
                .map_or(0, |request| request.sequence)
                .wrapping_add_signed(offset),
        }
    }

    pub(crate) fn plus(self, count: u32) -> Self {
        match self {
            Self::Number(number) => Self::Number(number.wrapping_add(count)),
            Self::Request(offset) => Self::Request(offset.wrapping_add_unsigned(count)),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawSequence {
    Number(u32),
    Relative(String),
}

impl TryFrom<RawSequence> for Sequence {
    type Error = String;

    fn try_from(raw: RawSequence) -> Result<Self, String> {
        match raw {
            RawSequence::Number(number) => Ok(Self::Number(number)),
            RawSequence::Relative(text) => relative(&text, "request")
                .map(Self::Request)
                .ok_or_else(|| {
                    format!("`{text}` is no sequence: a number, \"request\" or \"request+1\"")
                }),
        }
    }
}

/// The offset of a word that may have one: `word`, `word+1`, `word-1`.
fn relative<T: Default + std::str::FromStr>(text: &str, word: &str) -> Option<T> {
    match text.strip_prefix(word)? {
        "" => Some(T::default()),
        offset => offset.parse().ok(),
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
                relative(&text, "limit").map(Self::Limit).ok_or_else(|| {
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
    /// The name of the last request of a client under judgement.
    Request,
    Text(String),
    Bytes(Vec<u8>),
    Repeat(u8, Amount),
    /// The text, then the sequence number in decimal: tells the copies of a message apart.
    Counter(String),
}

/// No program registers this by accident.
pub(crate) const UNKNOWN_NAME: &str = "Petrel-Conformance/unknown";

impl Content {
    pub(crate) fn bytes(&self, fill: Fill<'_>, sequence: u32) -> Vec<u8> {
        match self {
            Self::Echo => fill.echo.into(),
            Self::Unknown => UNKNOWN_NAME.into(),
            Self::Request => fill.request.map_or_else(Vec::new, |last| last.name.clone()),
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
                "$request" => Self::Request,
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
