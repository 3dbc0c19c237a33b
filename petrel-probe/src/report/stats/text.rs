//! Statistics for people.

use super::{Entry, Stats};
use crate::{
    exchange::{Connection, Exchange},
    report::{
        Report, Summary,
        text::{byte_count, duration, ending_text, skipped_text},
    },
};
use anstyle::Style;
use petrel::wire::Escaped;
use petrel_cli::Look;
use std::{
    io::{self, Write},
    time::Duration,
};

/// So many names are shown; JSON has them all.
const ROWS_MAX: usize = 50;

/// Most columns that a name takes.
const NAME_WIDTH_MAX: usize = 32;

/// A table of names, then what was captured and what was not understood.
#[derive(Debug)]
pub struct Text<W> {
    sink: W,
    look: Look,
    stats: Stats,
}

impl<W: Write> Text<W> {
    /// Prints to `sink` when all was told.
    pub fn new(sink: W, look: Look) -> Self {
        let stats = Stats::new();
        Self { sink, look, stats }
    }

    fn table(&mut self) -> io::Result<()> {
        let ranked = self.stats.ranked();
        let hidden = ranked.len().saturating_sub(ROWS_MAX);
        let mut rows: Vec<(String, &Entry)> = Vec::new();
        for (name, entry) in ranked.into_iter().take(ROWS_MAX) {
            rows.push((shortened(&Escaped(name).to_string()), entry));
        }
        if let Some(other) = &self.stats.other {
            rows.push(("(other names)".to_owned(), other));
        }
        if rows.len() != 1 {
            rows.push(("(all)".to_owned(), &self.stats.all));
        }
        let widths = rows.iter().map(|(name, _)| name.chars().count());
        let width = widths.max().unwrap_or(0).max(4);
        let head = format!(
            "{:width$} {:>9} {:>7} {:>7} {:>9} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9}",
            "name",
            "count",
            "errors",
            "app",
            "no answer",
            "p50",
            "p90",
            "p99",
            "max",
            "sent",
            "received"
        );
        writeln!(self.sink, "{}", self.look.paint(Style::new().bold(), &head))?;
        for (name, entry) in rows {
            let percentile = |percent| shown(entry.percentile(percent));
            writeln!(
                self.sink,
                "{name:width$} {:>9} {:>7} {:>7} {:>9} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9}",
                entry.count,
                entry.errors,
                entry.application,
                entry.unanswered,
                percentile(50.0),
                percentile(90.0),
                percentile(99.0),
                shown(entry.max()),
                byte_count(entry.request_bytes),
                byte_count(entry.response_bytes),
            )?;
        }
        if hidden > 0 {
            writeln!(
                self.sink,
                "and {hidden} more names; --format json has them all"
            )?;
        }
        writeln!(self.sink)
    }

    fn rest(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        let totals = summary.totals;
        let list = |items: Vec<String>| match items.is_empty() {
            true => "none".to_owned(),
            false => items.join(", "),
        };
        let statuses = self.stats.statuses.iter();
        let statuses = statuses.map(|(status, count)| format!("{count} × {status}"));
        let macs = self.stats.macs.present();
        let macs = macs.map(|(state, count)| format!("{count} {state}"));
        let gaps = self.stats.gaps.iter().map(|(cause, (count, bytes))| {
            format!("{count} {} ({})", cause.as_str(), byte_count(*bytes))
        });
        let mut lines = vec![
            ("statuses", list(statuses.collect())),
            ("MACs", list(macs.collect())),
            (
                "exchanges",
                format!(
                    "{} of {} in {} connections, over {}; {} notices of closing",
                    summary.shown,
                    totals.exchanges,
                    totals.connections,
                    duration(self.stats.span()),
                    totals.notices
                ),
            ),
            (
                "packets",
                format!("{} ({})", totals.packets, byte_count(totals.bytes)),
            ),
            (
                "segments",
                format!(
                    "{}; {} retransmitted, {} out of order, {} bytes in conflict",
                    totals.segments,
                    totals.retransmissions,
                    totals.out_of_order,
                    totals.conflicting_bytes
                ),
            ),
            ("gaps", list(gaps.collect())),
        ];
        if totals.skipped_bytes > 0 {
            let skipped = format!("{}: no frame in them", byte_count(totals.skipped_bytes));
            lines.push(("passed over", skipped));
        }
        lines.extend(skipped_text(totals));
        lines.extend(ending_text(summary).map(|text| ("ending", text)));
        for (label, text) in lines {
            writeln!(self.sink, "{label:<12} {text}")?;
        }
        Ok(())
    }
}

impl<W: Write> Report for Text<W> {
    fn exchange(&mut self, exchange: &Exchange) -> io::Result<()> {
        self.stats.exchange(exchange);
        Ok(())
    }

    fn connection(&mut self, connection: &Connection) -> io::Result<()> {
        self.stats.connection(connection);
        Ok(())
    }

    fn finish(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        self.table()?;
        self.rest(summary)?;
        self.sink.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

fn shown(latency: Option<Duration>) -> String {
    latency.map_or_else(|| "-".to_owned(), duration)
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME_WIDTH_MAX {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(NAME_WIDTH_MAX - 1).collect();
    short.push('…');
    short
}
