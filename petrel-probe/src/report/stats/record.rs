//! Statistics in JSON.

use super::{Entry, Stats};
use crate::report::{MacCounts, record::name};
use serde::Serialize;
use std::{borrow::Cow, collections::BTreeMap, time::Duration};

/// `{"schema":"petrel-probe/1","type":"stats",…}`.
#[derive(Debug, Serialize)]
pub(in crate::report) struct StatsRecord<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'static str>,
    r#type: &'static str,
    /// The most frequent first.
    names: Vec<NameRecord<'a>>,
    /// Names beyond those that are told apart; null if there are none.
    other: Option<EntryRecord>,
    all: EntryRecord,
    statuses: &'a BTreeMap<u16, u64>,
    macs: MacCounts,
    gaps: BTreeMap<&'static str, GapsRecord>,
    span_us: u64,
}

#[derive(Debug, Serialize)]
struct NameRecord<'a> {
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_hex: Option<String>,
    #[serde(flatten)]
    entry: EntryRecord,
}

#[derive(Debug, Serialize)]
struct EntryRecord {
    count: u64,
    ok: u64,
    errors: u64,
    application: u64,
    other_status: u64,
    unanswered: u64,
    request_bytes: u64,
    response_bytes: u64,
    latency: LatencyRecord,
}

/// Null where nothing was measured.
#[derive(Debug, Serialize)]
struct LatencyRecord {
    count: u64,
    p50_us: Option<u64>,
    p90_us: Option<u64>,
    p99_us: Option<u64>,
    max_us: Option<u64>,
}

#[derive(Debug, Serialize)]
struct GapsRecord {
    count: u64,
    bytes: u64,
}

impl Stats {
    pub(in crate::report) fn record(&self, schema: Option<&'static str>) -> StatsRecord<'_> {
        let names = self.ranked().into_iter().map(|(bytes, entry)| {
            let (name, name_hex) = name(bytes);
            NameRecord {
                name,
                name_hex,
                entry: EntryRecord::new(entry),
            }
        });
        let gaps = self.gaps.iter().map(|(cause, (count, bytes))| {
            let (count, bytes) = (*count, *bytes);
            (cause.as_str(), GapsRecord { count, bytes })
        });
        StatsRecord {
            schema,
            r#type: "stats",
            names: names.collect(),
            other: self.other.as_ref().map(EntryRecord::new),
            all: EntryRecord::new(&self.all),
            statuses: &self.statuses,
            macs: self.macs,
            gaps: gaps.collect(),
            span_us: micros(self.span()),
        }
    }
}

impl EntryRecord {
    fn new(entry: &Entry) -> Self {
        let percentile = |percent| entry.percentile(percent).map(micros);
        Self {
            count: entry.count,
            ok: entry.ok,
            errors: entry.errors,
            application: entry.application,
            other_status: entry.other,
            unanswered: entry.unanswered,
            request_bytes: entry.request_bytes,
            response_bytes: entry.response_bytes,
            latency: LatencyRecord {
                count: entry.latency.len(),
                p50_us: percentile(50.0),
                p90_us: percentile(90.0),
                p99_us: percentile(99.0),
                max_us: entry.max().map(micros),
            },
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
