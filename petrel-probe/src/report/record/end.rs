//! The end of a capture in JSON.

use crate::{
    report::{MacCounts, SCHEMA, Summary},
    totals::Ending,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// All totals, and how the capture ended.
#[derive(Debug, Serialize)]
pub(in crate::report) struct EndRecord<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'static str>,
    r#type: &'static str,
    packets: u64,
    bytes: u64,
    segments: u64,
    retransmissions: u64,
    out_of_order: u64,
    conflicting_bytes: u64,
    gaps: u64,
    gap_bytes: u64,
    skipped_bytes: u64,
    connections: u64,
    exchanges: u64,
    /// Exchanges that the filter let through.
    shown: u64,
    notices: u64,
    /// Of the exchanges that the filter let through.
    macs: MacCounts,
    skipped_packets: &'a BTreeMap<&'static str, u64>,
    skipped_connections: &'a BTreeMap<&'static str, u64>,
    ending: EndingRecord<'a>,
    interrupted: bool,
}

#[derive(Debug, Serialize)]
struct EndingRecord<'a> {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> EndRecord<'a> {
    /// For a line of its own, which names the schema.
    pub(in crate::report) fn new(summary: &Summary<'a>) -> Self {
        Self {
            schema: Some(SCHEMA),
            ..Self::in_document(summary)
        }
    }

    /// For a document that names the schema once.
    pub(in crate::report) fn in_document(summary: &Summary<'a>) -> Self {
        let totals = summary.totals;
        Self {
            schema: None,
            r#type: "end",
            packets: totals.packets,
            bytes: totals.bytes,
            segments: totals.segments,
            retransmissions: totals.retransmissions,
            out_of_order: totals.out_of_order,
            conflicting_bytes: totals.conflicting_bytes,
            gaps: totals.gaps,
            gap_bytes: totals.gap_bytes,
            skipped_bytes: totals.skipped_bytes,
            connections: totals.connections,
            exchanges: totals.exchanges,
            shown: summary.shown,
            notices: totals.notices,
            macs: summary.macs,
            skipped_packets: &totals.skipped_packets,
            skipped_connections: &totals.skipped_connections,
            ending: EndingRecord::new(&totals.ending),
            interrupted: summary.interrupted,
        }
    }
}

impl<'a> EndingRecord<'a> {
    fn new(ending: &'a Ending) -> Self {
        let (state, at, reason) = match ending {
            Ending::Complete => ("complete", None, None),
            Ending::Truncated { at } => ("truncated", Some(*at), None),
            Ending::Damaged { at, reason } => ("damaged", Some(*at), Some(reason.as_str())),
        };
        Self { state, at, reason }
    }
}
