//! Messages byte by byte, every field with its meaning.

use super::{Portion, Report, Summary, text::mac_text};
use crate::exchange::{Connection, Exchange, Message, Side};
use anstyle::{AnsiColor, Style};
use petrel::wire::Escaped;
use petrel_cli::Look;
use std::{
    io::{self, Write},
    ops::Range,
};

/// Bytes on a line.
const ROW: usize = 16;

const OFFSET: Style = AnsiColor::BrightBlack.on_default();
const GAP: Style = AnsiColor::Yellow.on_default();

/// Writes the bytes of every message. What connections and the end have to say is left to other forms.
#[derive(Debug)]
pub struct Hex<W> {
    sink: W,
    look: Look,
    portion: Portion,
}

impl<W: Write> Hex<W> {
    /// With so much of the payloads.
    pub const fn new(sink: W, look: Look, portion: Portion) -> Self {
        Self {
            sink,
            look,
            portion,
        }
    }
}

impl<W: Write> Report for Hex<W> {
    fn exchange(&mut self, exchange: &Exchange) -> io::Result<()> {
        for (side, message) in exchange.messages() {
            let what = match side {
                Side::Client => "request",
                Side::Server => "answer",
            };
            let (connection, sequence) = (exchange.connection, message.header.sequence);
            let name = Escaped(message.name());
            let len = message.frame_len();
            let title = format!("connection {connection} {what} #{sequence} {name}, {len} bytes");
            let title = self.look.paint(Style::new().bold(), &title);
            writeln!(self.sink, "{title}")?;
            annotate(message, self.portion, &self.look, &mut self.sink)?;
            writeln!(self.sink)?;
        }
        Ok(())
    }

    fn connection(&mut self, _: &Connection) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _: &Summary<'_>) -> io::Result<()> {
        self.sink.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Writes the bytes of one message, field by field: offset, bytes in hex, field, meaning. A gap is a
/// line that says how much is missing, and why.
///
/// # Errors
/// If the sink cannot be written.
pub fn annotate(
    message: &Message,
    portion: Portion,
    look: &Look,
    sink: &mut impl Write,
) -> io::Result<()> {
    let fields = message.fields();
    let header = message.header;
    let mac = mac_text(&message.mac).unwrap_or_default();
    let mut page = Page {
        message,
        look,
        sink,
    };
    let numbers = [
        ("status", fields.status, header.status.to_string()),
        ("sequence", fields.sequence, header.sequence.to_string()),
        ("name length", fields.name_len, header.name_len.to_string()),
        (
            "payload length",
            fields.payload_len,
            header.payload_len.to_string(),
        ),
    ];
    for (label, range, meaning) in numbers {
        page.field(label, range, Portion::Full, Some(meaning))?;
    }
    page.field("name", fields.name, Portion::Full, None)?;
    page.field("payload", fields.payload, portion, None)?;
    page.field("MAC", fields.mac, Portion::Full, Some(mac))
}

struct Page<'a, W> {
    message: &'a Message,
    look: &'a Look,
    sink: &'a mut W,
}

impl<W: Write> Page<'_, W> {
    /// Label and meaning stand at the first row. Without a meaning every row is shown as text.
    fn field(
        &mut self,
        mut label: &str,
        range: Range<u64>,
        portion: Portion,
        mut meaning: Option<String>,
    ) -> io::Result<()> {
        let message = self.message;
        let mut at = range.start;
        let mut left = portion;
        for (start, bytes) in message.pieces(range.clone()) {
            self.missing(at..start)?;
            at = start + bytes.len() as u64;
            let shown = left.of(bytes).unwrap_or_default();
            for (index, row) in shown.chunks(ROW).enumerate() {
                let offset = start + (index * ROW) as u64;
                let text = match &mut meaning {
                    Some(meaning) => std::mem::take(meaning),
                    None => format!("\"{}\"", Escaped(row)),
                };
                self.row(offset, row, label, &text)?;
                label = "";
            }
            if shown.len() < bytes.len() {
                let hidden = bytes.len() - shown.len();
                let line = format!("          … {hidden} more bytes that are not shown");
                writeln!(self.sink, "{line}")?;
            }
            if let Portion::First(max) = left {
                left = Portion::First(max.saturating_sub(bytes.len()));
            }
        }
        self.missing(at..range.end)
    }

    fn missing(&mut self, range: Range<u64>) -> io::Result<()> {
        let gaps = self.message.gaps.iter();
        let within = gaps.filter_map(|gap| {
            let from = gap.at.max(range.start);
            let to = (gap.at + gap.len).min(range.end);
            (from < to).then(|| (from, to - from, gap.cause.describe()))
        });
        for (at, len, cause) in within {
            let offset = self.look.paint(OFFSET, &format!("{at:08x}"));
            let text = format!("… {len} bytes are missing: {cause}");
            writeln!(self.sink, "{offset}  {}", self.look.paint(GAP, &text))?;
        }
        Ok(())
    }

    fn row(&mut self, at: u64, bytes: &[u8], label: &str, meaning: &str) -> io::Result<()> {
        let offset = self.look.paint(OFFSET, &format!("{at:08x}"));
        let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let hex = hex.join(" ");
        let line = format!("{offset}  {hex:47}  {label:14}  {meaning}");
        writeln!(self.sink, "{}", line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{
        GapCause, MacState,
        sample::{message, with_gap, with_mac},
    };

    fn page(message: &Message, portion: Portion) -> Vec<String> {
        let look = Look {
            width: 80,
            color: false,
        };
        let mut bytes = Vec::new();
        annotate(message, portion, &look, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_field_has_its_bytes_and_its_meaning() {
        let message = message(400, b"log\x1b", b"0123456789abcdefXYZ", 0);
        let lines = page(
            &with_mac(message, MacState::Ok("a.key".into())),
            Portion::Full,
        );
        let shown: Vec<_> = lines
            .iter()
            .map(|line| {
                line.split("  ")
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
            })
            .map(|parts| parts.collect::<Vec<_>>())
            .collect();
        assert_eq!(
            shown[0],
            ["00000000", "90 01", "status", "400 handler not found"]
        );
        assert_eq!(shown[1], ["00000002", "07 00 00 00", "sequence", "7"]);
        assert_eq!(shown[2], ["00000006", "04", "name length", "4"]);
        assert_eq!(
            shown[3],
            ["00000007", "13 00 00 00", "payload length", "19"]
        );
        assert_eq!(
            shown[4],
            ["0000000b", "6c 6f 67 1b", "name", r#""log\u{1b}""#]
        );
        assert_eq!(shown[5][2..], ["payload", r#""0123456789abcdef""#]);
        assert_eq!(shown[6], ["0000001f", "58 59 5a", r#""XYZ""#]);
        assert_eq!(shown[7][2..], ["MAC", "MAC ok (payload only, a.key)"]);
        assert_eq!(shown[9][0], "00000042");
        assert_eq!(shown.len(), 10);
    }

    #[test]
    fn a_gap_is_a_line_that_says_how_much_is_missing() {
        let message = message(0, b"put", b"0123456789", 0);
        let mut message = with_gap(message, 4, 3, GapCause::SnapLength);
        let lines = page(&message, Portion::Full);
        assert!(lines[5].contains(r#"payload         "0123""#), "{lines:#?}");
        assert_eq!(
            lines[6],
            "00000012  … 3 bytes are missing: the capture cut its packets short (snap length)"
        );
        assert!(lines[7].starts_with("00000015  37 38 39 "), "{lines:#?}");
        // Of a gap up to the end, every field tells its share.
        message.bytes.truncate(11);
        message.gaps[0] = crate::exchange::Gap {
            at: 11,
            len: 13,
            cause: GapCause::CaptureEnded,
        };
        let lines = page(&message, Portion::Full);
        assert!(lines[4].starts_with("0000000b  … 3 bytes"), "{lines:#?}");
        assert!(lines[5].starts_with("0000000e  … 10 bytes"), "{lines:#?}");
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let lines = page(&message(0, b"put", b"0123456789", 0), Portion::First(4));
        assert!(
            lines[5].ends_with(r#"payload         "0123""#),
            "{lines:#?}"
        );
        assert_eq!(lines[6].trim(), "… 6 more bytes that are not shown");
        let lines = page(&message(0, b"put", b"0123456789", 0), Portion::None);
        assert_eq!(lines[5].trim(), "… 10 more bytes that are not shown");
    }
}
