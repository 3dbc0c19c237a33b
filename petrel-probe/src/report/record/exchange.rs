//! An exchange in JSON.

use super::{GapRecord, name, note::NoteRecord, payload::PayloadRecord};
use crate::{
    exchange::{Exchange, Message},
    report::{Portion, SCHEMA},
};
use serde::{Serialize, Serializer};
use std::{borrow::Cow, net::SocketAddr};

/// An exchange as JSON says it: `{"schema":"petrel-probe/1","type":"exchange",…}`.
#[derive(Debug, Serialize)]
pub struct ExchangeRecord<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'static str>,
    r#type: &'static str,
    conn: u32,
    #[serde(serialize_with = "address")]
    client: SocketAddr,
    #[serde(serialize_with = "address")]
    server: SocketAddr,
    seq: u32,
    request: Option<MessageRecord<'a>>,
    response: Option<MessageRecord<'a>>,
    rtt_us: Option<u64>,
    complete: bool,
    gaps: Vec<GapRecord>,
    notes: Vec<NoteRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct MessageRecord<'a> {
    /// In an answer only if it is not that of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_hex: Option<String>,
    /// In an answer only, and only if it is not that of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u32>,
    status: u16,
    /// In an answer only: in a request the status means nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_text: Option<&'static str>,
    payload: PayloadRecord<'a>,
    mac: MacRecord<'a>,
    time_ns: u64,
}

#[derive(Debug, Serialize)]
struct MacRecord<'a> {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> ExchangeRecord<'a> {
    /// For a line of its own, which names the schema.
    pub fn new(exchange: &'a Exchange, portion: Portion) -> Self {
        Self {
            schema: Some(SCHEMA),
            ..Self::in_document(exchange, portion)
        }
    }

    /// For a document that names the schema once.
    pub fn in_document(exchange: &'a Exchange, portion: Portion) -> Self {
        let request = exchange.request.as_ref();
        let response = exchange.response.as_ref();
        let gaps = exchange
            .messages()
            .flat_map(|(side, message)| message.gaps.iter().map(move |gap| (side, gap)));
        let rtt = exchange.rtt();
        Self {
            schema: None,
            r#type: "exchange",
            conn: exchange.connection,
            client: exchange.client,
            server: exchange.server,
            seq: exchange.sequence(),
            request: request.map(|message| MessageRecord::request(message, portion)),
            response: response.map(|message| MessageRecord::response(message, request, portion)),
            rtt_us: rtt.map(|rtt| u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX)),
            complete: exchange.is_complete(),
            gaps: gaps.map(|(side, gap)| GapRecord::new(side, gap)).collect(),
            notes: exchange.notes.iter().map(NoteRecord::new).collect(),
        }
    }
}

impl<'a> MessageRecord<'a> {
    fn new(message: &'a Message, portion: Portion) -> Self {
        Self {
            name: None,
            name_hex: None,
            seq: None,
            status: message.header.status.0,
            status_text: None,
            payload: PayloadRecord::new(message, portion),
            mac: MacRecord {
                state: message.mac.as_str(),
                key: message.mac.key().map(|key| &**key),
            },
            time_ns: message.time_ns,
        }
    }

    fn request(message: &'a Message, portion: Portion) -> Self {
        Self::new(message, portion).with_name(message)
    }

    fn response(message: &'a Message, request: Option<&Message>, portion: Portion) -> Self {
        let is_same = |request: &Message| {
            request.name() == message.name() && request.header.name_len == message.header.name_len
        };
        let is_next = |request: &Message| request.header.sequence == message.header.sequence;
        let mut record = Self::new(message, portion);
        record.status_text = Some(message.header.status.text());
        if !request.is_some_and(is_next) {
            record.seq = Some(message.header.sequence);
        }
        if request.is_some_and(is_same) {
            return record;
        }
        record.with_name(message)
    }

    fn with_name(mut self, message: &'a Message) -> Self {
        let (text, hex) = name(message.name());
        self.name = Some(text);
        self.name_hex = hex;
        self
    }
}

/// As text, which is cheaper than through a formatter that escapes.
fn address<S: Serializer>(address: &SocketAddr, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(address)
}
