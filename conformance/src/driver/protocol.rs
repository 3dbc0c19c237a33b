//! What is said between the suite and a driver: one JSON object per line, in both directions.
//!
//! Both ends use these types. What a driver says is read leniently, because it is somebody else's
//! small program and not what is judged; what it means must be clear all the same.

use crate::world;
use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use petrel::wire::Escaped;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt};

/// So much of a line is quoted in an error.
const QUOTE_LEN_MAX: usize = 160;

/// Bytes, which stand in the lines as base64 with padding. It is read without padding, too.
///
/// `Debug` shows the length only: some are keys.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Base64(pub(crate) Vec<u8>);

/// What a driver is told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Command {
    Connect(Connect),
    Dispatch(Dispatch),
    Encode(Encode),
    Decode(Decode),
    Quit {},
}

/// Connect and make the protocol check; a connection made before is closed first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Connect {
    /// `host:port` or `unix:/path`.
    pub(crate) addr: String,
    /// If there is one, under TLS, trusting this PEM file; the server's name is `localhost`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tls_ca: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hmac_key_b64: Option<Base64>,
    /// The client's limit for the payloads of answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u32>,
    /// The protocol version it claims to speak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u8>,
}

/// Send a request and wait for its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Dispatch {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) payload_b64: Base64,
}

/// Make a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Encode {
    #[serde(flatten)]
    pub(crate) frame: FrameFields,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hmac_key_b64: Option<Base64>,
}

/// Read the bytes of one direction of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Decode {
    pub(crate) bytes_b64: Base64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hmac_key_b64: Option<Base64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u32>,
    /// The decoder is fed in pieces that end at these offsets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) cuts: Vec<usize>,
}

/// The fields of one frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct FrameFields {
    pub(crate) status: u16,
    pub(crate) sequence: u32,
    #[serde(default)]
    pub(crate) name_b64: Base64,
    #[serde(default)]
    pub(crate) payload_b64: Base64,
}

/// What a driver answers: one line to each command, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Ok(Done),
    /// It failed; the class, if there is one, is a word such as `mac`.
    Error {
        error: String,
        class: Option<String>,
    },
    /// What is driven cannot do it.
    Unsupported(String),
}

/// What came of a command; which fields there are depends on the command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Done {
    /// To `dispatch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload_b64: Option<Base64>,
    /// To `encode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bytes_b64: Option<Base64>,
    /// To `decode`: the frames before the end, and what the end was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) frames: Option<Vec<FrameFields>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<End>,
    /// Why the decoder refused, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) class: Option<String>,
}

/// What a decoder made of the rest of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum End {
    /// Nothing is left.
    Complete,
    /// More bytes are needed.
    Incomplete,
    Refused,
}

impl Command {
    /// What the interpreter of the cases wants of a client, as a line. It does not know where the
    /// suite listens.
    pub(crate) fn of_client(command: &world::Command, addr: &str, tls_ca: Option<&str>) -> Self {
        match command {
            world::Command::Connect(connect) => Self::Connect(Connect {
                addr: addr.into(),
                tls_ca: tls_ca.filter(|_| connect.tls).map(Into::into),
                hmac_key_b64: connect.key.as_ref().map(|key| key.bytes().into()),
                limit: connect.limit,
                version: connect.version,
            }),
            world::Command::Dispatch { name, payload } => Self::Dispatch(Dispatch {
                name: name.clone(),
                payload_b64: payload.as_slice().into(),
            }),
        }
    }

    /// Reads a line that a driver was sent: a command, or the name of one that it does not know.
    pub(crate) fn parse(line: &[u8]) -> Result<Result<Self, String>, String> {
        const KNOWN: [&str; 5] = ["connect", "dispatch", "encode", "decode", "quit"];
        let object: Map<String, Value> = parse(line)?;
        let Some((name, _)) = object.iter().next() else {
            return Err("the object is empty; it holds one command, such as {\"quit\": {}}".into());
        };
        if object.len() > 1 {
            return Err(format!("one line holds one command, not {}", object.len()));
        }
        if !KNOWN.contains(&name.as_str()) {
            return Ok(Err(name.clone()));
        }
        serde_json::from_value(Value::Object(object))
            .map(Ok)
            .map_err(|error| error.to_string())
    }

    /// As it goes over the pipe, with its newline.
    pub(crate) fn to_line(&self) -> String {
        line(self)
    }
}

impl Answer {
    /// Reads a line of a driver.
    ///
    /// # Errors
    /// If it is not JSON, or says not clearly one of `ok`, `error` and `unsupported`.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, String> {
        let mut object: Map<String, Value> = parse(line)?;
        let mut take = |field: &str| object.remove(field).filter(|value| !value.is_null());
        let (ok, unsupported) = (take("ok"), take("unsupported"));
        let is_ok = match ok {
            Some(Value::Bool(true)) => true,
            Some(Value::Object(fields)) => {
                object.extend(fields);
                true
            }
            None | Some(Value::Bool(false)) => false,
            Some(_) => return Err(unclear("`ok` is true or an object", line)),
        };
        match (is_ok, unsupported, object.get("error")) {
            (true, None, _) => serde_json::from_value(Value::Object(object))
                .map(Self::Ok)
                .map_err(|error| unclear(&error.to_string(), line)),
            (false, Some(why), None) => Ok(Self::Unsupported(text(&why))),
            (false, None, Some(error)) => Ok(Self::Error {
                error: text(error),
                class: object.get("class").filter(|c| !c.is_null()).map(text),
            }),
            (false, None, None) => Err(unclear("it says none of ok, error and unsupported", line)),
            _ => Err(unclear(
                "it says more than one of ok, error and unsupported",
                line,
            )),
        }
    }

    /// What it means as the answer to a command to a client.
    ///
    /// # Errors
    /// If it lacks what belongs to that command.
    pub(crate) fn into_reply(self, to: &world::Command) -> Result<world::Reply, String> {
        Ok(match (self, to) {
            (Self::Ok(_), world::Command::Connect(_)) => world::Reply::Connected,
            (Self::Ok(done), world::Command::Dispatch { .. }) => world::Reply::Answer {
                status: done
                    .status
                    .ok_or("the driver says ok to `dispatch` and names no `status`")?,
                payload: done.payload_b64.unwrap_or_default().0,
            },
            (Self::Error { error, class }, _) => world::Reply::Error { error, class },
            (Self::Unsupported(why), _) => world::Reply::Unsupported(why),
        })
    }

    /// As it goes over the pipe, with its newline.
    pub(crate) fn to_line(&self) -> String {
        #[derive(Serialize)]
        struct Ok<'a> {
            ok: bool,
            #[serde(flatten)]
            done: &'a Done,
        }
        #[derive(Serialize)]
        struct Failed<'a> {
            error: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            class: Option<&'a str>,
        }
        match self {
            Self::Ok(done) => line(&Ok { ok: true, done }),
            Self::Error { error, class } => line(&Failed {
                error,
                class: class.as_deref(),
            }),
            Self::Unsupported(why) => line(&serde_json::json!({ "unsupported": why })),
        }
    }
}

/// The front of a line, fit for a person's eyes.
pub(crate) fn quote(line: &[u8]) -> String {
    let front = &line[..line.len().min(QUOTE_LEN_MAX)];
    let rest = line.len() - front.len();
    let front = Escaped(front).to_string().replace("\\\"", "\"");
    match rest {
        0 => format!("`{front}`"),
        rest => format!("`{front}` and {rest} bytes more"),
    }
}

fn parse(line: &[u8]) -> Result<Map<String, Value>, String> {
    let value: Value = serde_json::from_slice(line)
        .map_err(|error| unclear(&format!("it is not JSON ({error})"), line))?;
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(unclear("it is JSON, but not an object", line)),
    }
}

fn unclear(problem: &str, line: &[u8]) -> String {
    format!("{problem}: {}", quote(line))
}

/// A text, or what stands in its place.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), Into::into)
}

fn line(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).expect("maps with text as keys become JSON");
    line.push('\n');
    line
}

impl From<&[u8]> for Base64 {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64({} bytes)", self.0.len())
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const LENIENT: GeneralPurpose = GeneralPurpose::new(
            &ALPHABET,
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        let text = Cow::<str>::deserialize(deserializer)?;
        LENIENT
            .decode(text.as_bytes())
            .map(Self)
            .map_err(|error| D::Error::custom(format!("{error}; bytes are standard base64")))
    }
}

#[cfg(test)]
mod tests;
