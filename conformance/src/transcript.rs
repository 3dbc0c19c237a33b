//! What went each way in a case, for the people who have to mend the peer.

use crate::{
    describe::count_of_bytes,
    frame::{HEADER_LEN, Header, Layout, MAC_LEN},
};

/// Bytes of one message that are kept.
const KEPT_LEN: usize = 400;
/// Columns before the name of a field: its bytes in hexadecimal.
pub(crate) const FIELD_COLUMN: usize = 2 + HEX_WIDTH + 2;
/// Eight bytes, and the mark that there are more.
const HEX_WIDTH: usize = 26;
/// Bytes of one field that are shown.
const SHOWN_LEN: usize = 24;
/// Messages that are shown at the beginning and at the end of a long conversation.
const SHOWN_FIRST: usize = 6;
const SHOWN_LAST: usize = 6;

/// The messages of one case, in the order in which the suite sent or saw them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transcript(Vec<Entry>);

#[derive(Clone, Debug)]
enum Entry {
    Note(String),
    Message {
        label: String,
        bytes: Vec<u8>,
        total: usize,
        with_mac: bool,
        is_frame: bool,
    },
}

impl Transcript {
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.0.push(Entry::Note(text.into()));
    }

    /// Keeps the front of a message; `is_frame` says that its fields can be named.
    pub(crate) fn message(&mut self, label: String, bytes: &[u8], with_mac: bool, is_frame: bool) {
        let kept = bytes[..bytes.len().min(KEPT_LEN)].to_vec();
        self.0.push(Entry::Message {
            label,
            bytes: kept,
            total: bytes.len(),
            with_mac,
            is_frame,
        });
    }

    /// The lines that show the conversation: each field in hexadecimal, named, and readable.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let hidden = SHOWN_FIRST..self.0.len().saturating_sub(SHOWN_LAST).max(SHOWN_FIRST);
        for (at, entry) in self.0.iter().enumerate() {
            if hidden.len() > 1 && hidden.contains(&at) {
                if at == hidden.start {
                    lines.push(format!("… {} more …", hidden.len()));
                }
                continue;
            }
            match entry {
                Entry::Note(text) => lines.push(text.clone()),
                Entry::Message {
                    label,
                    bytes,
                    total,
                    with_mac,
                    is_frame,
                } => {
                    lines.push(format!("{label} {}", count_of_bytes(*total)));
                    lines.extend(annotate(bytes, *total, *with_mac, *is_frame));
                }
            }
        }
        lines
    }
}

/// One line for each field: its bytes, its name and what they say.
fn annotate(bytes: &[u8], total: usize, with_mac: bool, is_frame: bool) -> Vec<String> {
    let Some(header) = Header::parse(bytes).filter(|_| is_frame) else {
        return vec![field(bytes, total, "bytes", &text_of(bytes, total))];
    };
    let mut lines = vec![
        field(&bytes[..2], 2, "status", &header.status.to_string()),
        field(&bytes[2..6], 4, "sequence", &header.sequence.to_string()),
        field(&bytes[6..7], 1, "name length", &header.name_len.to_string()),
        field(
            &bytes[7..HEADER_LEN],
            4,
            "payload length",
            &header.payload_len.to_string(),
        ),
    ];
    let layout = Layout::of(header, with_mac);
    let parts = [
        ("name", layout.name),
        ("payload", layout.payload),
        ("MAC", layout.mac),
    ];
    let mut shown_to = HEADER_LEN;
    for (name, range) in parts {
        let end = range.end.min(total);
        if range.start < end {
            let kept = bytes
                .get(range.start..end.min(bytes.len()))
                .unwrap_or_default();
            let length = end - range.start;
            lines.push(field(kept, length, name, &text_of(kept, length)));
            shown_to = end;
        }
    }
    if shown_to < layout.end {
        let missing = layout.end - shown_to;
        let rest = if with_mac && missing == MAC_LEN {
            " (the MAC)"
        } else {
            ""
        };
        lines.push(format!(
            "  {:<HEX_WIDTH$}  and {} fewer than the header says{rest}",
            "",
            count_of_bytes(missing)
        ));
    }
    lines
}

fn field(bytes: &[u8], total: usize, name: &str, value: &str) -> String {
    let shown = bytes.len().min(8);
    let mut hex: Vec<String> = bytes[..shown]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if total > shown {
        hex.push("…".into());
    }
    format!("  {:<HEX_WIDTH$}  {name} {value}", hex.join(" "))
}

fn text_of(bytes: &[u8], total: usize) -> String {
    let shown = &bytes[..bytes.len().min(SHOWN_LEN)];
    let more = if total > shown.len() {
        format!("… ({total} bytes)")
    } else {
        String::new()
    };
    format!("\"{}\"{more}", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_field_and_escapes_what_came() {
        let mut transcript = Transcript::default();
        let frame = [0xc8, 0, 7, 0, 0, 0, 1, 2, 0, 0, 0, b'x', 0x1b, b'['];
        transcript.message("received".into(), &frame, false, true);
        assert_eq!(
            transcript.lines(),
            [
                "received 14 bytes",
                "  c8 00                       status 200",
                "  07 00 00 00                 sequence 7",
                "  01                          name length 1",
                "  02 00 00 00                 payload length 2",
                "  78                          name \"x\"",
                "  1b 5b                       payload \"\\x1b[\"",
            ]
        );
    }

    #[test]
    fn says_what_is_missing() {
        let mut transcript = Transcript::default();
        transcript.message(
            "sent".into(),
            &[0, 0, 1, 0, 0, 0, 0, 9, 0, 0, 0, b'a'],
            false,
            true,
        );
        let lines = transcript.lines();
        assert!(
            lines[6].ends_with("and 8 bytes fewer than the header says"),
            "{lines:?}"
        );
    }
}
