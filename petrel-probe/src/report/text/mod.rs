//! Exchanges for people: a line for each, its payloads, gaps and notes under it.

mod lines;
mod words;

pub use lines::lines;

pub(crate) use words::counted;
pub use words::{byte_count, duration, mac_text};
pub(super) use words::{ending_text, readable, skipped_text};

use super::{Portion, Report, Summary};
use crate::exchange::{Connection, Exchange};
use anstyle::Style;
use petrel_cli::Look;
use std::{
    collections::HashSet,
    io::{self, Write},
    net::SocketAddr,
    time::{Duration, UNIX_EPOCH},
};

/// How an exchange is shown.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made by whoever prints exchanges"
)]
pub struct Layout {
    /// Width and colours.
    pub look: Look,
    /// How much of the payloads; if nothing is said, as much as fits on a line.
    pub portion: Option<Portion>,
    /// What times are told from, in nanoseconds since 1970.
    pub start_ns: u64,
}

/// Writes exchanges as they are told, and what was not understood at the end.
#[derive(Debug)]
pub struct Text<W> {
    sink: W,
    layout: Layout,
    /// Whether the time of the first message was told, from which the others are told.
    is_started: bool,
    /// Connections that were named and are not over.
    named: HashSet<u32>,
}

impl<W: Write> Text<W> {
    /// With so much of the payloads; if nothing is said, as much as fits on a line.
    pub fn new(sink: W, look: Look, portion: Option<Portion>) -> Self {
        Self {
            sink,
            layout: Layout {
                look,
                portion,
                start_ns: 0,
            },
            is_started: false,
            named: HashSet::new(),
        }
    }

    fn start(&mut self, first_ns: u64) -> io::Result<()> {
        if self.is_started {
            return Ok(());
        }
        self.is_started = true;
        self.layout.start_ns = first_ns;
        let time = UNIX_EPOCH + Duration::from_nanos(first_ns);
        let time = humantime::format_rfc3339_micros(time);
        writeln!(self.sink, "times in seconds since {time}")
    }

    fn name(&mut self, number: u32, client: SocketAddr, server: SocketAddr) -> io::Result<()> {
        if !self.named.insert(number) {
            return Ok(());
        }
        let title = format!("connection {number}  {client} → {server}");
        let title = self.layout.look.paint(Style::new().bold(), &title);
        writeln!(self.sink, "\n{title}")
    }
}

impl<W: Write> Report for Text<W> {
    fn exchange(&mut self, exchange: &Exchange) -> io::Result<()> {
        let first = exchange
            .messages()
            .map(|(_, message)| message.first_ns)
            .min();
        self.start(first.unwrap_or(0))?;
        self.name(exchange.connection, exchange.client, exchange.server)?;
        self.sink
            .write_all(lines(exchange, &self.layout).as_bytes())
    }

    fn connection(&mut self, connection: &Connection) -> io::Result<()> {
        // One of which nothing was shown has nothing to say, unless something is amiss.
        let is_named = self.named.contains(&connection.number);
        let is_amiss = connection.skipped != [0, 0] || !connection.notes.is_empty();
        if !is_named && !is_amiss && connection.gaps.is_empty() {
            return Ok(());
        }
        self.start(connection.first_ns)?;
        self.name(connection.number, connection.client, connection.server)?;
        self.named.remove(&connection.number);
        self.sink
            .write_all(lines::of_connection(connection, &self.layout).as_bytes())
    }

    fn finish(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        let totals = summary.totals;
        let all = counted(totals.exchanges, "exchange");
        let line = match summary.shown {
            shown if shown == totals.exchanges => all,
            shown => format!("{shown} of {all}"),
        };
        let connections = counted(totals.connections, "connection");
        let packets = counted(totals.packets, "packet");
        let before = if self.is_started { "\n" } else { "" };
        writeln!(self.sink, "{before}{line}, {connections}, {packets}")?;
        for (label, text) in skipped_text(totals) {
            writeln!(self.sink, "{label}: {text}")?;
        }
        if totals.gaps > 0 {
            let (gaps, len) = (totals.gaps, byte_count(totals.gap_bytes));
            writeln!(self.sink, "gaps: {gaps}, {len} missing in all")?;
        }
        if let Some(text) = ending_text(summary) {
            writeln!(self.sink, "{text}")?;
        }
        self.sink.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

#[cfg(test)]
mod tests;
