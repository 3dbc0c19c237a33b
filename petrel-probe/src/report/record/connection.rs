//! A connection in JSON.

use super::{GapRecord, note::NoteRecord};
use crate::{
    exchange::{Connection, End},
    report::SCHEMA,
};
use serde::Serialize;

/// A connection as JSON says it: `{"schema":"petrel-probe/1","type":"connection",…}`.
#[derive(Debug, Serialize)]
pub struct ConnectionRecord<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'static str>,
    r#type: &'static str,
    conn: u32,
    client: String,
    server: String,
    first_ns: u64,
    last_ns: u64,
    start: &'static str,
    end: &'static str,
    /// Who reset it, if somebody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_by: Option<&'static str>,
    exchanges: u64,
    macs: Sides<Option<bool>>,
    skipped: Sides<u64>,
    gaps: Vec<GapRecord>,
    notes: Vec<NoteRecord<'a>>,
}

/// Something of either side.
#[derive(Debug, Serialize)]
struct Sides<T> {
    client: T,
    server: T,
}

impl<T> From<[T; 2]> for Sides<T> {
    fn from([client, server]: [T; 2]) -> Self {
        Self { client, server }
    }
}

impl<'a> ConnectionRecord<'a> {
    /// For a line of its own, which names the schema.
    pub fn new(connection: &'a Connection) -> Self {
        Self {
            schema: Some(SCHEMA),
            ..Self::in_document(connection)
        }
    }

    /// For a document that names the schema once.
    pub fn in_document(connection: &'a Connection) -> Self {
        let gaps = connection.gaps.iter();
        Self {
            schema: None,
            r#type: "connection",
            conn: connection.number,
            client: connection.client.to_string(),
            server: connection.server.to_string(),
            first_ns: connection.first_ns,
            last_ns: connection.last_ns,
            start: connection.start.as_str(),
            end: connection.end.as_str(),
            reset_by: match connection.end {
                End::Reset(side) => Some(side.as_str()),
                _ => None,
            },
            exchanges: connection.exchanges,
            macs: connection.macs.into(),
            skipped: connection.skipped.into(),
            gaps: gaps.map(|(side, gap)| GapRecord::new(*side, gap)).collect(),
            notes: connection.notes.iter().map(NoteRecord::new).collect(),
        }
    }
}
