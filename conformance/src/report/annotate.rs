//! What the bytes of a message say, field by field. Text, Markdown and the page draw the same fields.

use crate::{
    describe::count_of_bytes,
    frame::{HEADER_LEN, Header, Layout, MAC_LEN},
    record::WireEvent,
};
use std::ops::Range;

/// Bytes of one field whose meaning is shown.
const SHOWN_LEN: usize = 24;
/// A write may hold many frames; those behind this many fields are shown as bytes.
const FIELDS_MAX: usize = 64;

/// One named part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) kind: FieldKind,
    /// The front of its bytes, as far as the record kept them.
    pub(crate) kept: Vec<u8>,
    /// Where its bytes lie in the message. Bytes that never came have a place, too.
    pub(crate) range: Range<usize>,
    /// What they say, escaped.
    pub(crate) value: String,
}

/// Which part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Status,
    Sequence,
    NameLength,
    PayloadLength,
    Name,
    Payload,
    Mac,
    /// They are no frame.
    Bytes,
    /// The header claims them, but they are not there.
    Missing,
}

impl FieldKind {
    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Sequence => "sequence",
            Self::NameLength => "name length",
            Self::PayloadLength => "payload length",
            Self::Name => "name",
            Self::Payload => "payload",
            Self::Mac => "MAC",
            Self::Bytes => "bytes",
            Self::Missing => "and",
        }
    }
}

impl Field {
    /// At most so many of its bytes in hexadecimal, and a mark where there are more.
    pub(crate) fn hex(&self, shown_max: usize) -> String {
        let shown = self.kept.len().min(shown_max);
        let mut hex: Vec<String> = self.kept[..shown]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if self.kind != FieldKind::Missing && self.range.len() > shown {
            hex.push("…".into());
        }
        hex.join(" ")
    }

    /// Its name and what it says.
    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.kind.as_str(), self.value)
    }
}

/// The fields of a message; none for an event without bytes. What stands behind a whole frame is the
/// beginning of the next one (P-030), and is named like it.
pub(crate) fn fields(event: &WireEvent) -> Vec<Field> {
    let bytes = unhex(&event.hex);
    let total = event.length.unwrap_or(0).max(bytes.len());
    let mut fields = Vec::new();
    let mut at = 0;
    while at < total {
        let rest = bytes.get(at..).unwrap_or_default();
        let may_name = event.is_frame && fields.len() < FIELDS_MAX;
        let Some(header) = Header::parse(rest).filter(|_| may_name) else {
            fields.push(bytes_field(FieldKind::Bytes, &bytes, at..total));
            break;
        };
        at = frame(&mut fields, header, &bytes, at, total, event.with_mac);
    }
    fields
}

/// How the bytes of a message were written, where that was more than once.
pub(crate) fn writes(event: &WireEvent) -> Option<String> {
    let length = event.length.unwrap_or(event.hex.len() / 2);
    match event.cuts.len() {
        0 => None,
        // As many as a record keeps: there may be more.
        cuts @ 64.. if cuts + 1 != length => Some("in more than 64 writes".into()),
        cuts if cuts + 1 == length => Some("byte by byte".into()),
        cuts => Some(format!("in {} writes", cuts + 1)),
    }
}

/// Appends the fields of the frame that begins at `at`, and says where it ends.
fn frame(
    fields: &mut Vec<Field>,
    header: Header,
    bytes: &[u8],
    at: usize,
    total: usize,
    with_mac: bool,
) -> usize {
    let mut number = |kind, range: Range<usize>, value: String| {
        fields.push(Field {
            kind,
            kept: kept(bytes, &range),
            range,
            value,
        });
    };
    let name_len = header.name_len.to_string();
    let payload_len = header.payload_len.to_string();
    number(FieldKind::Status, at..at + 2, header.status.to_string());
    number(
        FieldKind::Sequence,
        at + 2..at + 6,
        header.sequence.to_string(),
    );
    number(FieldKind::NameLength, at + 6..at + 7, name_len);
    number(
        FieldKind::PayloadLength,
        at + 7..at + HEADER_LEN,
        payload_len,
    );
    let layout = Layout::of(header, with_mac);
    let parts = [
        (FieldKind::Name, layout.name),
        (FieldKind::Payload, layout.payload),
        (FieldKind::Mac, layout.mac),
    ];
    let mut shown_to = at + HEADER_LEN;
    for (kind, range) in parts {
        let start = at.saturating_add(range.start);
        let end = at.saturating_add(range.end).min(total);
        if start < end {
            fields.push(bytes_field(kind, bytes, start..end));
            shown_to = end;
        }
    }
    let end = at.saturating_add(layout.end);
    if shown_to < end {
        let missing = end - shown_to;
        let which = if with_mac && missing == MAC_LEN {
            " (the MAC)"
        } else {
            ""
        };
        fields.push(Field {
            kind: FieldKind::Missing,
            kept: Vec::new(),
            range: shown_to..end,
            value: format!(
                "{} fewer than the header says{which}",
                count_of_bytes(missing)
            ),
        });
    }
    end
}

fn bytes_field(kind: FieldKind, bytes: &[u8], range: Range<usize>) -> Field {
    let kept = kept(bytes, &range);
    let shown = &kept[..kept.len().min(SHOWN_LEN)];
    let more = if range.len() > shown.len() {
        format!("… ({})", count_of_bytes(range.len()))
    } else {
        String::new()
    };
    Field {
        kind,
        value: format!("\"{}\"{more}", shown.escape_ascii()),
        kept,
        range,
    }
}

fn kept(bytes: &[u8], range: &Range<usize>) -> Vec<u8> {
    let end = range.end.min(bytes.len());
    bytes.get(range.start..end).unwrap_or_default().to_vec()
}

/// The bytes of a hexadecimal text, as far as it is one.
fn unhex(text: &str) -> Vec<u8> {
    let digit = |c: &u8| char::from(*c).to_digit(16);
    text.as_bytes()
        .chunks_exact(2)
        .map_while(|pair| u8::try_from(digit(&pair[0])? * 16 + digit(&pair[1])?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{record::WireKind, report::sample::event};

    fn lines(event: &WireEvent) -> Vec<String> {
        fields(event)
            .iter()
            .map(|field| format!("{} | {}", field.hex(8), field.text()))
            .collect()
    }

    #[test]
    fn names_every_field_and_escapes_what_came() {
        let frame = [0xc8, 0, 7, 0, 0, 0, 1, 2, 0, 0, 0, b'x', 0x1b, b'['];
        assert_eq!(
            lines(&event(WireKind::Received, 0, &frame)),
            [
                "c8 00 | status 200",
                "07 00 00 00 | sequence 7",
                "01 | name length 1",
                "02 00 00 00 | payload length 2",
                "78 | name \"x\"",
                "1b 5b | payload \"\\x1b[\"",
            ]
        );
    }

    #[test]
    fn the_ranges_cover_the_message_without_a_gap() {
        let mut event = event(
            WireKind::Sent,
            0,
            &[0, 0, 1, 0, 0, 0, 2, 3, 0, 0, 0, b'a', b'b'],
        );
        event.with_mac = true;
        let fields = fields(&event);
        assert!(
            fields
                .windows(2)
                .all(|pair| pair[0].range.end == pair[1].range.start)
        );
        assert_eq!(fields.first().map(|field| field.range.start), Some(0));
        assert_eq!(
            fields.last().map(|field| field.range.end),
            Some(11 + 2 + 3 + 44)
        );
    }

    #[test]
    fn says_what_is_missing() {
        let cut = [0, 0, 1, 0, 0, 0, 0, 9, 0, 0, 0, b'a'];
        let lines = lines(&event(WireKind::Sent, 0, &cut));
        assert_eq!(lines[5], " | and 8 bytes fewer than the header says");
        let mut unsigned = event(WireKind::Sent, 0, &[0; 11]);
        unsigned.with_mac = true;
        let fields = fields(&unsigned);
        assert!(
            fields[4].value.ends_with("says (the MAC)"),
            "{}",
            fields[4].value
        );
    }

    #[test]
    fn a_joined_write_is_named_frame_by_frame() {
        let twice = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0].repeat(2);
        let mut event = event(WireKind::Sent, 0, &[&twice[..], b"zz"].concat());
        let lines = lines(&event);
        assert_eq!(lines.len(), 9);
        assert_eq!(lines[8], "7a 7a | bytes \"zz\"");
        event.is_frame = false;
        assert_eq!(fields(&event).len(), 1);
    }

    #[test]
    fn bytes_that_were_not_kept_are_counted() {
        let mut long = event(WireKind::Sent, 0, &[7; 40]);
        (long.is_frame, long.length) = (false, Some(5000));
        let lines = lines(&long);
        assert!(
            lines[0].starts_with("07 07 07 07 07 07 07 07 … | bytes"),
            "{lines:?}"
        );
        assert!(lines[0].ends_with("… (5000 bytes)"), "{lines:?}");
    }

    #[test]
    fn a_document_of_somebody_else_breaks_nothing() {
        let mut odd = event(WireKind::Sent, 0, &[]);
        (odd.hex, odd.length) = ("ffffffffffffffffffffffxx\u{1b}".into(), Some(usize::MAX));
        (odd.is_frame, odd.with_mac) = (true, true);
        assert!(fields(&odd).len() > 4);
    }

    #[test]
    fn says_how_a_message_was_written() {
        let mut sent = event(WireKind::Sent, 0, &[0; 11]);
        assert_eq!(writes(&sent), None);
        sent.cuts = vec![3, 5];
        assert_eq!(writes(&sent).as_deref(), Some("in 3 writes"));
        sent.cuts = (1..11).collect();
        assert_eq!(writes(&sent).as_deref(), Some("byte by byte"));
        (sent.length, sent.cuts) = (Some(400), (1..65).collect());
        assert_eq!(writes(&sent).as_deref(), Some("in more than 64 writes"));
    }
}
