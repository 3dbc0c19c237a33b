//! Expected and observed, in words.

use crate::{
    case::{Expected, Fill, FrameMatch, Grade, Outcome},
    connection::{Ending, Event},
    frame::{Frame, MacCheck},
};

/// Bytes of a name or payload that are shown.
const SHOWN_LEN: usize = 32;
/// Events that are listed one by one; the rest is counted.
const LISTED: usize = 3;

/// An acceptable outcome on one line, with its grade.
pub(crate) fn outcome(outcome: &Outcome, fill: Fill<'_>) -> String {
    let grade = match outcome.grade {
        Grade::Ideal => "best",
        Grade::Allowed => "allowed",
        Grade::Warned => "warned about",
        Grade::Absent => "not offered",
    };
    let mut parts: Vec<String> = outcome
        .events
        .iter()
        .take(LISTED)
        .map(|event| expected(event, fill))
        .collect();
    if outcome.events.len() > LISTED {
        parts.push(format!("{} more", outcome.events.len() - LISTED));
    }
    let clause = outcome
        .clause
        .as_ref()
        .map(|id| format!(", by {id}"))
        .unwrap_or_default();
    format!("{} ({grade}{clause})", parts.join(", then "))
}

/// What came, one line for each event, those behind the first few counted.
pub(crate) fn events<'a>(events: impl ExactSizeIterator<Item = &'a Event>) -> Vec<String> {
    let hidden = events.len().saturating_sub(LISTED);
    let mut lines: Vec<String> = events.skip(hidden).map(event).collect();
    if hidden > 0 {
        lines.insert(0, format!("{hidden} frames as expected"));
    }
    lines
}

/// One event on one line.
pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Frame(frame) => observed_frame(frame),
        Event::FrameBehindNotice(frame) => {
            format!("behind a notice of closing: {}", observed_frame(frame))
        }
        Event::End(Ending::Fin) => "the connection closes".into(),
        Event::End(Ending::Reset) => "the connection is reset".into(),
        Event::Truncated(bytes, _) => {
            format!(
                "the connection ends inside a frame, of which {} came",
                count_of_bytes(bytes.len())
            )
        }
        Event::Oversized(header) => {
            format!(
                "a frame that claims a payload of {} bytes",
                header.payload_len
            )
        }
        Event::Flood => "more bytes than any case asks for".into(),
        Event::Silence(0) => "nothing more came".into(),
        Event::Silence(count) => format!(
            "nothing more came behind {} of a frame",
            count_of_bytes(*count)
        ),
    }
}

/// What the MAC of a frame showed.
pub(crate) fn mac(check: MacCheck) -> &'static str {
    match check {
        MacCheck::None => "",
        MacCheck::Good => ", MAC ok (payload only)",
        MacCheck::Wrong => ", MAC wrong",
    }
}

/// The front of some bytes in quotation marks: printable ASCII as it is, every other byte escaped, so
/// that it is safe on a terminal and no byte is in doubt.
pub(crate) fn text(bytes: &[u8]) -> String {
    let more = if bytes.len() > SHOWN_LEN { "…" } else { "" };
    let shown = &bytes[..bytes.len().min(SHOWN_LEN)];
    format!("\"{}\"{more}", shown.escape_ascii())
}

/// A number of bytes with its unit.
pub(crate) fn count_of_bytes(count: usize) -> String {
    let unit = if count == 1 { "byte" } else { "bytes" };
    format!("{count} {unit}")
}

fn expected(expected: &Expected, fill: Fill<'_>) -> String {
    match expected {
        Expected::Frame(frame) => expected_frame(frame, fill),
        Expected::Close => "the connection closes".into(),
        Expected::Fin => "the connection closes without a reset".into(),
        Expected::Silence => "nothing more".into(),
        Expected::End => "the connection ends, whatever came before".into(),
    }
}

fn expected_frame(frame: &FrameMatch, fill: Fill<'_>) -> String {
    let mut text_out = match frame.status {
        Some(status) => format!("answer {status}"),
        None => "an answer".into(),
    };
    if let Some(sequence) = frame.sequence {
        text_out += &format!(", sequence {sequence}");
    }
    let number = frame.sequence.unwrap_or(0);
    if let Some(name) = &frame.name {
        text_out += &format!(", name {}", text(&name.bytes(fill, number)));
    }
    if let Some(payload) = &frame.payload {
        text_out += &payload_text(&payload.bytes(fill, number));
    }
    if let Some(length) = frame.payload_len {
        text_out += &format!(", payload of {}", count_of_bytes(length));
    }
    if let Some(foreign) = &frame.payload_without {
        text_out += &format!(", payload without \"{foreign}\"");
    }
    if let Some(milliseconds) = frame.not_before_ms {
        text_out += &format!(", not before {milliseconds} ms");
    }
    text_out
}

fn observed_frame(frame: &Frame) -> String {
    format!(
        "answer {}, sequence {}, name {}{}{}",
        frame.status,
        frame.sequence,
        text(&frame.name),
        payload_text(&frame.payload),
        mac(frame.mac)
    )
}

fn payload_text(payload: &[u8]) -> String {
    match payload.len() {
        0 => ", empty payload".into(),
        length if length > SHOWN_LEN => format!(", payload {} ({length} bytes)", text(payload)),
        _ => format!(", payload {}", text(payload)),
    }
}
