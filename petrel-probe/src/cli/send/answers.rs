//! What is printed of the answers, and what they add up to.

use super::payload::shown;
use crate::{
    exchange::Exchange,
    report::{
        Portion, Report,
        hex::Hex,
        json::JsonLines,
        text::{Layout, counted, duration, lines},
    },
};
use hdrhistogram::Histogram;
use petrel::wire::Status;
use petrel_cli::{Look, output};
use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

/// An hour in nanoseconds: a longer time counts as this.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// What to print of an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// The payload of the answer, byte for byte; escaped on a terminal unless it is plain text.
    #[default]
    Payload,
    /// The payload of the answer byte for byte, on a terminal, too.
    Raw,
    /// The exchange in lines, as `decode` shows it.
    Text,
    /// The exchange as a line of JSON, schema petrel-probe/1.
    #[value(alias = "jsonl")]
    Json,
    /// The bytes of both messages, field by field.
    Hex,
}

/// Prints answers, and counts them.
#[derive(Debug)]
pub(super) struct Answers<W> {
    sink: W,
    form: Form,
    is_terminal: bool,
    look: Look,
    refused: bool,
    counts: BTreeMap<Status, u64>,
    times: Option<Histogram<u64>>,
}

impl<W: Write> Answers<W> {
    pub(super) fn new(sink: W, form: Form, is_terminal: bool) -> Self {
        Self {
            sink,
            form,
            is_terminal,
            look: Look::of_stdout(),
            refused: false,
            counts: BTreeMap::new(),
            times: Histogram::new_with_bounds(1, LONGEST_NS, 2).ok(),
        }
    }

    /// Prints an exchange, and counts it if it was answered. Of one that was not, the payload is not
    /// printed, whatever came.
    pub(super) fn take(&mut self, exchange: &Exchange, is_answered: bool) -> io::Result<()> {
        if is_answered {
            self.count(exchange);
        }
        let answer = exchange.response.as_ref().filter(|_| is_answered);
        match self.form {
            Form::Payload | Form::Raw => {
                let is_terminal = self.is_terminal && self.form == Form::Payload;
                let payload = answer.map_or(&[][..], |answer| answer.payload());
                self.sink.write_all(&shown(payload, is_terminal))?;
            }
            Form::Text => {
                let start_ns = exchange.request.as_ref().map_or(0, |sent| sent.first_ns);
                let layout = Layout {
                    look: self.look,
                    portion: None,
                    start_ns,
                };
                self.sink.write_all(lines(exchange, &layout).as_bytes())?;
            }
            Form::Json => {
                let mut lines = JsonLines::new(&mut self.sink, Portion::Full);
                lines.exchange(exchange)?;
                lines.flush()?;
            }
            Form::Hex => Hex::new(&mut self.sink, self.look, Portion::Full).exchange(exchange)?,
        }
        self.sink.flush()
    }

    /// An answer that was not allowed: says so.
    pub(super) fn refuse(&mut self, status: Status) {
        // Said once for each status, however often it comes.
        if self.counts.get(&status).is_none_or(|count| *count <= 1) {
            output::note(&format!("the server answered {status}"));
        }
        self.refused = true;
    }

    /// Whether an answer was not allowed.
    pub(super) const fn is_refused(&self) -> bool {
        self.refused
    }

    /// What the answers add up to; none without any.
    pub(super) fn summary(&self) -> Option<String> {
        let times = self.times.as_ref().filter(|times| !times.is_empty())?;
        let time = |ns| duration(Duration::from_nanos(ns));
        let counts: Vec<_> = self
            .counts
            .iter()
            .map(|(status, count)| format!("{count} × {status}"))
            .collect();
        Some(format!(
            "{} ({}); fastest {}, median {}, slowest {}",
            counted(times.len(), "answer"),
            counts.join(", "),
            time(times.min()),
            time(times.value_at_quantile(0.5)),
            time(times.max())
        ))
    }

    fn count(&mut self, exchange: &Exchange) {
        if let Some(answer) = &exchange.response {
            *self.counts.entry(answer.header.status).or_default() += 1;
        }
        if let (Some(times), Some(rtt)) = (&mut self.times, exchange.rtt()) {
            times.saturating_record(u64::try_from(rtt.as_nanos()).unwrap_or(u64::MAX));
        }
    }
}
