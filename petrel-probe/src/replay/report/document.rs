//! A replay for programs: one JSON document, written as outcomes come.

use super::{Head, Report, SCHEMA, Summary};
use crate::{
    exchange::Message,
    replay::{Outcome, Tally, Verdict},
    report::{self, PayloadRecord, Portion, json},
};
use serde::Serialize;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::{self, Write},
};

/// Writes `{"schema":…,"target":…,"differences":[…],"summary":…}`.
#[derive(Debug)]
pub struct Document<W> {
    sink: W,
    head: Head,
    /// Whether a difference was written.
    is_begun: bool,
}

#[derive(Serialize)]
struct DifferenceRecord<'a> {
    conn: u32,
    seq: u32,
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_hex: Option<String>,
    verdict: &'static str,
    /// Whether bytes of the recorded answer are missing.
    in_part: bool,
    request: Option<RequestRecord<'a>>,
    recorded: Option<AnswerRecord<'a>>,
    now: Option<AnswerRecord<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct RequestRecord<'a> {
    payload: PayloadRecord<'a>,
}

#[derive(Serialize)]
struct AnswerRecord<'a> {
    status: u16,
    status_text: &'static str,
    payload: PayloadRecord<'a>,
    rtt_us: Option<u64>,
}

#[derive(Serialize)]
struct SummaryRecord {
    requests: u64,
    connections: u64,
    replayed: u64,
    differences: u64,
    verdicts: BTreeMap<&'static str, u64>,
    same_in_part: u64,
    skipped: BTreeMap<&'static str, u64>,
    interrupted: bool,
}

impl<W: Write> Document<W> {
    /// With this at its head.
    pub const fn new(sink: W, head: Head) -> Self {
        Self {
            sink,
            head,
            is_begun: false,
        }
    }

    /// What stands before the next difference, or before the end.
    fn begin(&mut self) -> io::Result<()> {
        if self.is_begun {
            return Ok(());
        }
        self.is_begun = true;
        let Head { target, pace, macs } = &self.head;
        write!(self.sink, "{{\"schema\":\"{SCHEMA}\",\"target\":")?;
        json::write(&mut self.sink, target)?;
        write!(
            self.sink,
            ",\"pace\":\"{}\",\"macs\":\"{}\",\"differences\":[",
            pace.as_str(),
            macs.as_str()
        )
    }
}

impl<W: Write> Report for Document<W> {
    fn outcome(&mut self, outcome: &Outcome) -> io::Result<()> {
        if !outcome.verdict.is_difference() {
            return Ok(());
        }
        let separator = if self.is_begun { ",\n" } else { "\n" };
        self.begin()?;
        self.sink.write_all(separator.as_bytes())?;
        json::write(&mut self.sink, &DifferenceRecord::new(outcome))
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        let is_empty = !self.is_begun;
        self.begin()?;
        if !is_empty {
            writeln!(self.sink)?;
        }
        write!(self.sink, "],\n\"summary\":")?;
        json::write(&mut self.sink, &SummaryRecord::new(summary))?;
        writeln!(self.sink, "}}")?;
        self.sink.flush()
    }
}

impl<'a> DifferenceRecord<'a> {
    fn new(outcome: &'a Outcome) -> Self {
        let recorded = &*outcome.recorded;
        let (name, name_hex) = report::name(recorded.name());
        let now = outcome.now.as_deref();
        let rtt = |exchange: &crate::exchange::Exchange| {
            let rtt = exchange.rtt()?;
            u64::try_from(rtt.as_micros()).ok()
        };
        let answer = |message: &'a Message, rtt_us| AnswerRecord {
            status: message.header.status.0,
            status_text: message.header.status.text(),
            payload: PayloadRecord::new(message, Portion::Full),
            rtt_us,
        };
        Self {
            conn: recorded.connection,
            seq: recorded.sequence(),
            name,
            name_hex,
            verdict: outcome.verdict.as_str(),
            in_part: outcome.in_part,
            request: recorded.request.as_ref().map(|request| RequestRecord {
                payload: PayloadRecord::new(request, Portion::Full),
            }),
            recorded: recorded
                .response
                .as_ref()
                .map(|message| answer(message, rtt(recorded))),
            now: now
                .and_then(|now| Some((now, now.response.as_ref()?)))
                .map(|(now, message)| answer(message, rtt(now))),
            error: outcome.error.as_deref(),
        }
    }
}

impl SummaryRecord {
    fn new(summary: &Summary) -> Self {
        let tally: &Tally = &summary.tally;
        let verdicts = Verdict::ALL.iter();
        let skipped = summary.skipped.iter();
        Self {
            requests: summary.requests,
            connections: summary.connections,
            replayed: tally.total(),
            differences: tally.differences(),
            verdicts: verdicts
                .map(|verdict| (verdict.as_str(), tally.of(*verdict)))
                .collect(),
            same_in_part: tally.in_part(),
            skipped: skipped
                .map(|(reason, count)| (reason.as_str(), *count))
                .collect(),
            interrupted: summary.interrupted,
        }
    }
}
