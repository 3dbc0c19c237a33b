//! JSON: a line for everything, or one document.

use super::{
    ConnectionRecord, ExchangeRecord, Portion, Report, SCHEMA, Summary, record::EndRecord,
    stats::Stats,
};
use crate::exchange::{Connection, Exchange};
use serde::Serialize;
use serde_json::{Serializer, ser::Formatter};
use std::io::{self, Write};

/// So much is gathered before it is written.
const BUFFER_LEN: usize = 1 << 16;

/// One line for every exchange and every connection, and one for the end; with statistics, these
/// instead of exchanges and connections.
#[derive(Debug)]
pub struct JsonLines<W>(Lines<W>);

/// The same in one document: `{"schema":…,"events":[…]}`.
#[derive(Debug)]
pub struct JsonDocument<W> {
    lines: Lines<W>,
    /// What stands before the next event.
    before: &'static str,
}

/// What lines and documents share.
#[derive(Debug)]
struct Lines<W> {
    sink: W,
    buffer: Vec<u8>,
    portion: Portion,
    stats: Option<Box<Stats>>,
}

impl<W: Write> JsonLines<W> {
    /// Every exchange, with so much of its payloads.
    pub const fn new(sink: W, portion: Portion) -> Self {
        Self(Lines::new(sink, portion, None))
    }

    /// Statistics in place of exchanges.
    pub fn of_stats(sink: W) -> Self {
        Self(Lines::new(sink, Portion::None, Some(Box::default())))
    }
}

impl<W: Write> JsonDocument<W> {
    /// Every exchange, with so much of its payloads.
    pub const fn new(sink: W, portion: Portion) -> Self {
        Self {
            lines: Lines::new(sink, portion, None),
            before: HEAD,
        }
    }

    /// Statistics in place of exchanges.
    pub fn of_stats(sink: W) -> Self {
        Self {
            lines: Lines::new(sink, Portion::None, Some(Box::default())),
            before: HEAD,
        }
    }

    fn event(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.lines.buffer.extend_from_slice(self.before.as_bytes());
        self.before = ",\n";
        self.lines.write(value)
    }
}

/// How a document begins; the schema's name follows from [`SCHEMA`].
const HEAD: &str = "{\"schema\":\"petrel-probe/1\",\"events\":[\n";

impl<W: Write> Lines<W> {
    const fn new(sink: W, portion: Portion, stats: Option<Box<Stats>>) -> Self {
        Self {
            sink,
            buffer: Vec::new(),
            portion,
            stats,
        }
    }

    fn write(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut serializer = Serializer::with_formatter(&mut self.buffer, Plain);
        value.serialize(&mut serializer)?;
        if self.buffer.len() < BUFFER_LEN {
            return Ok(());
        }
        self.hand_over()
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.write(value)?;
        self.buffer.push(b'\n');
        Ok(())
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let written = self.sink.write_all(&self.buffer);
        self.buffer.clear();
        // One long payload is no reason to keep its room for ever.
        self.buffer.shrink_to(2 * BUFFER_LEN);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_over()?;
        self.sink.flush()
    }
}

impl<W: Write> Report for JsonLines<W> {
    fn exchange(&mut self, exchange: &Exchange) -> io::Result<()> {
        if let Some(stats) = &mut self.0.stats {
            stats.exchange(exchange);
            return Ok(());
        }
        let record = ExchangeRecord::new(exchange, self.0.portion);
        self.0.line(&record)
    }

    fn connection(&mut self, connection: &Connection) -> io::Result<()> {
        if let Some(stats) = &mut self.0.stats {
            stats.connection(connection);
            return Ok(());
        }
        self.0.line(&ConnectionRecord::new(connection))
    }

    fn finish(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        if let Some(stats) = self.0.stats.take() {
            self.0.line(&stats.record(Some(SCHEMA)))?;
        }
        self.0.line(&EndRecord::new(summary))?;
        self.0.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: Write> Report for JsonDocument<W> {
    fn exchange(&mut self, exchange: &Exchange) -> io::Result<()> {
        if let Some(stats) = &mut self.lines.stats {
            stats.exchange(exchange);
            return Ok(());
        }
        let record = ExchangeRecord::in_document(exchange, self.lines.portion);
        self.event(&record)
    }

    fn connection(&mut self, connection: &Connection) -> io::Result<()> {
        if let Some(stats) = &mut self.lines.stats {
            stats.connection(connection);
            return Ok(());
        }
        self.event(&ConnectionRecord::in_document(connection))
    }

    fn finish(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        if let Some(stats) = self.lines.stats.take() {
            self.event(&stats.record(None))?;
        }
        self.event(&EndRecord::in_document(summary))?;
        self.lines.buffer.extend_from_slice(b"\n]}\n");
        self.lines.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()
    }
}

/// Writes a value as compact JSON in which nothing acts on a terminal.
pub(crate) fn write(sink: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(sink, Plain);
    Ok(value.serialize(&mut serializer)?)
}

/// Compact JSON in which nothing acts on a terminal: characters that are not printable are escaped,
/// beyond those that JSON itself does not allow.
struct Plain;

impl Formatter for Plain {
    #[inline]
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // What JSON itself does not allow is escaped already.
        if fragment.is_ascii() && !fragment.as_bytes().contains(&0x7f) {
            return writer.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            let is_plain = matches!(c, '\'' | '"' | '\\') || c.escape_debug().len() == 1;
            if is_plain {
                writer.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?;
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}
