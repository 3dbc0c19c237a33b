//! A row for every exchange, in CSV as RFC 4180 has it.

use super::{Portion, Report, Summary, text::readable};
use crate::exchange::{Connection, Exchange, Message, Note};
use csv::{Terminator, Writer, WriterBuilder};
use petrel::wire::Status;
use std::{
    fmt::{Display, Write as _},
    io::{self, Write},
};

/// The columns. Those of a message that was not captured are empty.
pub const COLUMNS: [&str; 19] = [
    "time_ns",
    "conn",
    "client",
    "server",
    "seq",
    "name",
    "status",
    "status_text",
    "rtt_us",
    "request_len",
    "response_len",
    "request_mac",
    "request_key",
    "response_mac",
    "response_key",
    "complete",
    "notes",
    "request_payload",
    "response_payload",
];

/// Writes a row for every exchange. Names and payloads are escaped so that every row is one line of
/// printable text; one that a spreadsheet would take for a formula is preceded by an apostrophe.
#[derive(Debug)]
pub struct Csv<W: Write> {
    writer: Writer<W>,
    has_head: bool,
    portion: Portion,
    /// Reused for every field.
    field: String,
}

impl<W: Write> Csv<W> {
    /// With so much of the payloads.
    pub fn new(sink: W, portion: Portion) -> Self {
        let writer = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            .has_headers(false)
            .from_writer(sink);
        Self {
            writer,
            has_head: false,
            portion,
            field: String::new(),
        }
    }

    /// Writes the names of the columns, once.
    fn head(&mut self) -> io::Result<()> {
        if self.has_head {
            return Ok(());
        }
        self.has_head = true;
        Ok(self.writer.write_record(COLUMNS)?)
    }

    fn shown(&mut self, value: impl Display) -> io::Result<()> {
        self.field.clear();
        let _ = write!(self.field, "{value}");
        Ok(self.writer.write_field(&self.field)?)
    }

    fn optional(&mut self, value: Option<impl Display>) -> io::Result<()> {
        match value {
            Some(value) => self.shown(value),
            None => Ok(self.writer.write_field("")?),
        }
    }

    /// Bytes from the wire.
    fn foreign(&mut self, bytes: &[u8], is_whole: bool) -> io::Result<()> {
        self.field.clear();
        if matches!(bytes.first(), Some(b'=' | b'+' | b'-' | b'@')) {
            self.field.push('\'');
        }
        readable(bytes, &mut self.field);
        if !is_whole {
            self.field.push('…');
        }
        Ok(self.writer.write_field(&self.field)?)
    }

    fn payload(&mut self, message: Option<&Message>) -> io::Result<()> {
        let payload = message.map_or(&[][..], Message::payload);
        let shown = self.portion.of(payload).unwrap_or_default();
        let claimed = message.map_or(0, |message| message.header.payload_len);
        let is_whole = u64::from(claimed) == shown.len() as u64 || self.portion == Portion::None;
        self.foreign(shown, is_whole)
    }

    fn row(&mut self, exchange: &Exchange) -> io::Result<()> {
        let (request, response) = (exchange.request.as_ref(), exchange.response.as_ref());
        let time = exchange
            .messages()
            .map(|(_, message)| message.time_ns)
            .next();
        self.optional(time)?;
        self.shown(exchange.connection)?;
        self.shown(exchange.client)?;
        self.shown(exchange.server)?;
        self.shown(exchange.sequence())?;
        self.foreign(exchange.name(), true)?;
        let status = response.map(|message| message.header.status);
        self.optional(status.map(|status| status.0))?;
        self.optional(status.map(Status::text))?;
        self.optional(exchange.rtt().map(|rtt| rtt.as_micros()))?;
        for message in [request, response] {
            self.optional(message.map(|message| message.header.payload_len))?;
        }
        for message in [request, response] {
            self.optional(message.map(|message| message.mac.as_str()))?;
            self.optional(message.and_then(|message| message.mac.key()))?;
        }
        self.shown(exchange.is_complete())?;
        let kinds: Vec<_> = exchange.notes.iter().map(Note::kind).collect();
        self.shown(kinds.join(" "))?;
        self.payload(request)?;
        self.payload(response)?;
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }
}

impl<W: Write> Report for Csv<W> {
    fn exchange(&mut self, exchange: &Exchange) -> io::Result<()> {
        self.head()?;
        self.row(exchange)
    }

    fn connection(&mut self, _: &Connection) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _: &Summary<'_>) -> io::Result<()> {
        // Of nothing the columns are told all the same.
        self.head()?;
        self.writer.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        exchange::sample::{broken, exchange, login, message},
        totals::Totals,
    };

    fn rows(exchanges: &[Exchange], portion: Portion) -> Vec<Vec<String>> {
        let mut bytes = Vec::new();
        let mut report = Csv::new(&mut bytes, portion);
        for exchange in exchanges {
            report.exchange(exchange).unwrap();
        }
        let totals = Totals::default();
        report.finish(&Summary::of(&totals)).unwrap();
        drop(report);
        let rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(&*bytes)
            .into_records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect())
            .collect();
        let lines = String::from_utf8(bytes).unwrap();
        assert!(
            lines
                .split("\r\n")
                .all(|line| !line.contains(char::is_control))
        );
        rows
    }

    fn cell<'r>(rows: &'r [Vec<String>], row: usize, column: &str) -> &'r str {
        let place = COLUMNS.iter().position(|name| *name == column).unwrap();
        &rows[row][place]
    }

    #[test]
    fn a_row_has_every_column_and_is_one_line() {
        let hostile = message(0, b"=cmd()", b"a\r\n,\"b\"\x1b[2J", 0);
        let all = [login(), broken(), exchange(Some(hostile), None)];
        let rows = rows(&all, Portion::Full);
        assert_eq!(rows[0], COLUMNS);
        assert_eq!(cell(&rows, 1, "time_ns"), "1769860800000000000");
        assert_eq!(cell(&rows, 1, "server"), "[::1]:60606");
        assert_eq!(cell(&rows, 1, "rtt_us"), "1500");
        assert_eq!(cell(&rows, 1, "status_text"), "success");
        assert_eq!(cell(&rows, 1, "request_key"), "a.key");
        assert_eq!(cell(&rows, 1, "response_mac"), "bad");
        assert_eq!(cell(&rows, 1, "response_payload"), "welcome");
        assert_eq!(cell(&rows, 2, "status"), "");
        assert_eq!(cell(&rows, 2, "request_len"), "10");
        assert_eq!(cell(&rows, 2, "complete"), "false");
        assert_eq!(cell(&rows, 2, "notes"), "unanswered notice");
        assert_eq!(cell(&rows, 2, "request_payload"), "0123…");
        assert_eq!(cell(&rows, 3, "name"), "'=cmd()");
        assert_eq!(cell(&rows, 3, "request_payload"), r#"a\r\n,"b"\u{1b}[2J"#);
    }

    #[test]
    fn of_nothing_there_are_the_columns() {
        assert_eq!(rows(&[], Portion::Full), [COLUMNS]);
        let rows = rows(&[login()], Portion::None);
        assert_eq!(cell(&rows, 1, "request_payload"), "");
    }
}
