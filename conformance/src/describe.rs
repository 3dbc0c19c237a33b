//! Expected and observed, in words.

use crate::{
    case::{Expected, Fill, FrameMatch, Grade, Outcome, Said, SaidOutcome},
    connection::Event,
    frame::{Frame, MacCheck},
    world::{Command, Ending, Reply},
};

/// Bytes of a name or payload that are shown.
const SHOWN_LEN: usize = 32;
/// Events that are listed one by one; the rest is counted.
const LISTED: usize = 3;

/// An acceptable outcome on one line, with its grade.
pub(crate) fn outcome(outcome: &Outcome, fill: Fill<'_>) -> String {
    let mut parts: Vec<String> = outcome
        .events
        .iter()
        .take(LISTED)
        .map(|event| expected(event, fill))
        .collect();
    if outcome.events.len() > LISTED {
        parts.push(format!("{} more", outcome.events.len() - LISTED));
    }
    let grade = graded(outcome.grade, outcome.clause.as_deref());
    format!("{} ({grade})", parts.join(", then "))
}

/// The same for what a client may say.
pub(crate) fn said_outcome(outcome: &SaidOutcome, fill: Fill<'_>) -> String {
    let said = match &outcome.said {
        Said::Connected => "the client says that it is connected".into(),
        Said::Answer { status, payload } => {
            let mut text = "the client hands on".to_owned();
            if let Some(status) = status {
                text += &format!(" status {status}");
            }
            if let Some(payload) = payload {
                text += &payload_text(&payload.bytes(fill, 0)).replacen(
                    ',',
                    "",
                    usize::from(status.is_none()),
                );
            }
            text
        }
        Said::Silence => "the client says nothing".into(),
        Said::Error { classes, words } if classes.is_empty() && words.is_empty() => {
            "the client reports an error".into()
        }
        Said::Error { classes, words } => {
            let mut text = "the client reports an error".to_owned();
            if !classes.is_empty() {
                text += &format!(" of class {}", classes.join(" or "));
            }
            if !words.is_empty() {
                text += &format!(" that names {}", words.join(" and "));
            }
            text
        }
    };
    let grade = graded(outcome.grade, outcome.clause.as_deref());
    format!("{said} ({grade})")
}

fn graded(grade: Grade, clause: Option<&str>) -> String {
    let grade = match grade {
        Grade::Ideal => "best",
        Grade::Allowed => "allowed",
        Grade::Warned => "warned about",
        Grade::Absent => "not offered",
    };
    let clause = clause.map(|id| format!(", by {id}")).unwrap_or_default();
    format!("{grade}{clause}")
}

/// What a driver was told, on one line.
pub(crate) fn command(command: &Command) -> String {
    match command {
        Command::Connect(connect) => {
            let mut text = "connect".to_owned();
            if connect.tls {
                text += " under TLS";
            }
            if connect.key.is_some() {
                text += " with a key";
            }
            if let Some(limit) = connect.limit {
                text += &format!(", limit {limit}");
            }
            if let Some(version) = connect.version {
                text += &format!(", version {version}");
            }
            text
        }
        Command::Dispatch { name, payload } => {
            let name = &text(name.as_bytes());
            format!("dispatch {name}{}", payload_text(payload))
        }
    }
}

/// What a driver said, on one line.
pub(crate) fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Connected => "the client says that it is connected".into(),
        Reply::Answer { status, payload } => {
            format!(
                "the client hands on status {status}{}",
                payload_text(payload)
            )
        }
        Reply::Error { error, class } => {
            let class = class.as_ref().map(|class| format!(" of class {class}"));
            let class = class.unwrap_or_default();
            let error: String = error.chars().take(200).collect();
            format!(
                "the client reports an error{class}: {}",
                error.escape_debug()
            )
        }
        Reply::Unsupported(why) => {
            let why: String = why.chars().take(200).collect();
            format!("the driver cannot do it: {}", why.escape_debug())
        }
    }
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
        Event::End(Ending::Cut) => "the stream ends without a close_notify of TLS".into(),
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
        Expected::Ending(Ending::Fin) => "the connection closes without a reset".into(),
        Expected::Ending(Ending::Reset) => "the connection is reset".into(),
        Expected::Ending(Ending::Cut) => "the stream ends without a close_notify of TLS".into(),
        Expected::Silence => "nothing more".into(),
        Expected::Broken => "the connection ends, perhaps behind bytes that are no frame".into(),
        Expected::End => "the connection ends, whatever came before".into(),
    }
}

fn expected_frame(frame: &FrameMatch, fill: Fill<'_>) -> String {
    let mut text_out = match frame.status {
        Some(status) => format!("answer {status}"),
        None => "an answer".into(),
    };
    let number = frame.sequence.map_or(0, |sequence| sequence.resolve(fill));
    if let Some(sequence) = frame.sequence.map(|_| number) {
        text_out += &format!(", sequence {sequence}");
    }
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
