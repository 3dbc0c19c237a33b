//! A payload in JSON.

use crate::{exchange::Message, report::Portion};
use base64::{Engine, display::Base64Display, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// What was captured of a payload, as much of it as is shown, and what the whole of it was.
#[derive(Debug, Serialize)]
pub(crate) struct PayloadRecord<'a> {
    enc: &'static str,
    /// The bytes up to the first gap; null if nothing is to be shown.
    data: Option<Data<'a>>,
    /// As the header claims it.
    len: u32,
    /// Of the whole payload; null if bytes of it are missing.
    sha256: Option<Digits>,
    /// That there is more than `data` and `pieces` show.
    #[serde(skip_serializing_if = "is_false")]
    truncated: bool,
    /// What was captured behind the first gap.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pieces: Vec<Piece<'a>>,
}

#[derive(Debug, Serialize)]
struct Piece<'a> {
    /// From the first byte of the payload.
    at: u64,
    enc: &'static str,
    data: Data<'a>,
}

/// Text as it is, other bytes in base64.
#[derive(Debug)]
enum Data<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// A digest in hex.
#[derive(Debug)]
struct Digits([u8; 64]);

impl<'a> PayloadRecord<'a> {
    pub(crate) fn new(message: &'a Message, portion: Portion) -> Self {
        let range = message.fields().payload;
        let mut gaps = message.gaps.iter();
        let is_whole = range.is_empty()
            || gaps.all(|gap| gap.at >= range.end || gap.at + gap.len <= range.start);
        let mut record = Self {
            enc: "utf8",
            data: (portion != Portion::None).then_some(Data::Text("")),
            len: message.header.payload_len,
            sha256: is_whole.then(|| Digits::of(message.payload())),
            truncated: false,
            pieces: Vec::new(),
        };
        if is_whole {
            record.show([(0, message.payload())], portion);
        } else {
            let pieces = message.pieces(range.clone()).into_iter();
            record.show(pieces.map(|(at, bytes)| (at - range.start, bytes)), portion);
        }
        record
    }

    /// Takes what was captured, with its places in the payload.
    fn show(&mut self, captured: impl IntoIterator<Item = (u64, &'a [u8])>, portion: Portion) {
        let mut left = portion;
        for (at, bytes) in captured {
            // Whether it is text is a matter of all of it, not of what is shown of it.
            let is_text = std::str::from_utf8(bytes).is_ok();
            let enc = if is_text { "utf8" } else { "base64" };
            let shown = left.of(bytes);
            self.truncated |= shown.is_some_and(|shown| shown.len() < bytes.len());
            let data = shown.map(|shown| match std::str::from_utf8(shown) {
                Ok(text) if is_text => Data::Text(text),
                _ => Data::Bytes(shown),
            });
            if at == 0 {
                self.enc = enc;
                self.data = data;
            } else if let Some(data) = data
                && shown.is_some_and(|shown| !shown.is_empty())
            {
                self.pieces.push(Piece { at, enc, data });
            }
            if let (Portion::First(max), Some(shown)) = (left, shown) {
                // What was cut between characters is the end all the same.
                let is_cut = shown.len() < bytes.len();
                left = Portion::First(if is_cut { 0 } else { max - shown.len() });
            }
        }
    }
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) if bytes.len() < 1 << 16 => {
                serializer.serialize_str(&STANDARD.encode(bytes))
            }
            Self::Bytes(bytes) => serializer.collect_str(&Base64Display::new(bytes, &STANDARD)),
        }
    }
}

impl Digits {
    fn of(bytes: &[u8]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let mut digits = [b'0'; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(digest) {
            let nibbles = [byte >> 4, byte & 0xf];
            for (digit, nibble) in pair.iter_mut().zip(nibbles) {
                *digit = HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
            }
        }
        Self(digits)
    }
}

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_false(truth: &bool) -> bool {
    !*truth
}
