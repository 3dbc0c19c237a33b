//! An answer of a driver, held against what would be right.

use super::golden::{Golden, Reading};
use crate::{
    driver::{Answer, Done, End, FrameFields},
    frame::{Header, Layout},
    verdict::Verdict,
};
use petrel::wire::Escaped;

/// So many bytes of a name or a payload are shown.
const SHOWN_LEN_MAX: usize = 48;

/// What one answer says about the codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    pub(super) reason: Option<String>,
    pub(super) expected: Vec<String>,
    pub(super) observed: Vec<String>,
}

impl Finding {
    pub(super) fn pass() -> Self {
        Self {
            verdict: Verdict::Pass,
            reason: None,
            expected: Vec::new(),
            observed: Vec::new(),
        }
    }

    pub(super) fn of(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            reason: Some(reason.into()),
            ..Self::pass()
        }
    }
}

/// Judges the answer to a decoding.
pub(super) fn decoded(golden: &Golden, right: &Reading, answer: &Answer) -> Finding {
    let done = match done(answer, "decode") {
        Ok(done) => done,
        Err(finding) => {
            return Finding {
                expected: show_reading(right),
                ..finding
            };
        }
    };
    let frames = done.frames.as_deref().unwrap_or_default();
    let Some((verdict, reason)) = difference(golden, right, frames, done) else {
        return Finding::pass();
    };
    let mut observed: Vec<String> = frames.iter().map(show_frame).collect();
    observed.push(match (done.end, &done.error) {
        (Some(end), None) => show_end(end, done.class.as_deref()),
        (Some(end), Some(error)) => {
            let error = Escaped(error.as_bytes());
            format!("{}: {error}", show_end(end, done.class.as_deref()))
        }
        (None, _) => "no `end`".into(),
    });
    Finding {
        verdict,
        reason: Some(reason),
        expected: show_reading(right),
        observed,
    }
}

/// Judges the answer to an encoding.
pub(super) fn encoded(frame: &FrameFields, right: &[u8], answer: &Answer) -> Finding {
    if matches!(answer, Answer::Error { .. }) && str::from_utf8(&frame.name_b64.0).is_err() {
        return Finding::of(
            Verdict::NotApplicable,
            "it refuses to send request text that is not UTF-8, which P-008 asks of senders",
        );
    }
    let finding = match done(answer, "encode") {
        Err(finding) => finding,
        Ok(done) => match &done.bytes_b64 {
            None => Finding::of(
                Verdict::Fail,
                "the driver says ok to `encode` and gives no `bytes_b64`",
            ),
            Some(bytes) if bytes.0 == right => return Finding::pass(),
            Some(bytes) => Finding {
                observed: vec![show_bytes(&bytes.0)],
                ..Finding::of(Verdict::Fail, wrong_bytes(right, &bytes.0))
            },
        },
    };
    Finding {
        expected: vec![show_bytes(right)],
        ..finding
    }
}

/// What was done, or what it means that nothing was.
fn done<'a>(answer: &'a Answer, command: &str) -> Result<&'a Done, Finding> {
    match answer {
        Answer::Ok(done) => Ok(done),
        Answer::Unsupported(why) => {
            let why = Escaped(why.as_bytes());
            let reason = format!("the driver does not support `{command}`: {why}");
            Err(Finding::of(Verdict::NotApplicable, reason))
        }
        Answer::Error { error, .. } => {
            let error = Escaped(error.as_bytes());
            let help = match command {
                "decode" => "; a decoder that refuses its input is ok, with \"end\": \"refused\"",
                _ => "",
            };
            let reason = format!("`{command}` failed: {error}{help}");
            Err(Finding::of(Verdict::Fail, reason))
        }
    }
}

/// The first thing that is not as it has to be.
fn difference(
    golden: &Golden,
    right: &Reading,
    frames: &[FrameFields],
    done: &Done,
) -> Option<(Verdict, String)> {
    for (n, (right, frame)) in right.frames.iter().zip(frames).enumerate() {
        if let Some((field, right, got)) = wrong_field(right, frame) {
            let reason = format!("frame {}: its {field} is {got} and not {right}", n + 1);
            return Some((Verdict::Fail, reason));
        }
    }
    if right.frames.len() != frames.len() {
        let (right, got) = (right.frames.len(), frames.len());
        return Some((
            Verdict::Fail,
            format!("the number of frames is {got} and not {right}"),
        ));
    }
    let Some(end) = done.end else {
        let reason =
            "the driver says ok to `decode` and names no `end`: complete, incomplete or refused";
        return Some((Verdict::Fail, reason.into()));
    };
    // Before the first byte of a frame, nothing is left as well as something missing.
    let is_nothing = frames.is_empty() && golden.bytes().is_empty() && end == End::Complete;
    if end == right.end || is_nothing {
        let refused_for = done
            .class
            .as_deref()
            .filter(|c| ["limit", "mac"].contains(c));
        return match (right.class, refused_for) {
            (Some(right), Some(got)) if right != got => Some((
                Verdict::Fail,
                format!("it refuses because of the {got}, and the {right} is what is wrong"),
            )),
            _ => None,
        };
    }
    let limit = golden.limit_or_default();
    Some(match (right.end, end) {
        (End::Incomplete, End::Refused) if right.is_over => (
            Verdict::Warn,
            "it refuses the length of the payload before the request text has come, so that nothing \
             can be said about which request it was (P-035)"
                .into(),
        ),
        (End::Incomplete, End::Refused) | (End::Refused, End::Incomplete)
            if golden.stands_on_the_default_limit() =>
        {
            let reason = format!("its own limit for payloads is not {limit} bytes (P-039)");
            (Verdict::Warn, reason)
        }
        (expected, end) => {
            let (expected, end) = (show_end(expected, right.class), show_end(end, None));
            (Verdict::Fail, format!("at the end {end}, and not {expected}"))
        }
    })
}

fn wrong_field(right: &FrameFields, got: &FrameFields) -> Option<(&'static str, String, String)> {
    let bytes = |bytes: &[u8]| show_text(bytes);
    if right.status != got.status {
        Some(("status", right.status.to_string(), got.status.to_string()))
    } else if right.sequence != got.sequence {
        let (right, got) = (right.sequence, got.sequence);
        Some(("sequence number", right.to_string(), got.to_string()))
    } else if right.name_b64 != got.name_b64 {
        let (right, got) = (bytes(&right.name_b64.0), bytes(&got.name_b64.0));
        Some(("request text", right, got))
    } else if right.payload_b64 != got.payload_b64 {
        let (right, got) = (bytes(&right.payload_b64.0), bytes(&got.payload_b64.0));
        Some(("payload", right, got))
    } else {
        None
    }
}

/// The field in which the bytes differ first.
fn wrong_bytes(right: &[u8], got: &[u8]) -> String {
    let same = right.iter().zip(got).take_while(|(a, b)| a == b).count();
    if same == right.len() {
        let more = got.len() - same;
        return format!("{more} bytes stand behind the end of the frame");
    }
    let behind = Header::parse(right).map_or(0..0, |header| Layout::of(header, false).payload);
    let field = match same {
        0..2 => "status",
        2..6 => "sequence number",
        6 => "request length",
        7..11 => "payload length",
        _ if same < behind.start => "request text",
        _ if same < behind.end => "payload",
        _ => "MAC",
    };
    match got.get(same) {
        None => format!("it ends at offset {same}, where the {field} goes on"),
        Some(byte) => format!(
            "at offset {same}, in the {field}, stands 0x{byte:02x} and not 0x{:02x}",
            right[same]
        ),
    }
}

fn show_reading(right: &Reading) -> Vec<String> {
    let mut lines: Vec<String> = right.frames.iter().map(show_frame).collect();
    lines.push(show_end(right.end, right.class));
    lines
}

fn show_end(end: End, class: Option<&str>) -> String {
    match (end, class) {
        (End::Complete, _) => "nothing is left".into(),
        (End::Incomplete, _) => "more bytes are needed".into(),
        (End::Refused, None) => "the input is refused".into(),
        (End::Refused, Some(class)) => {
            format!("the input is refused ({})", Escaped(class.as_bytes()))
        }
    }
}

fn show_frame(frame: &FrameFields) -> String {
    format!(
        "status {}, sequence number {}, request text {}, payload {}",
        frame.status,
        frame.sequence,
        show_text(&frame.name_b64.0),
        show_text(&frame.payload_b64.0)
    )
}

/// Bytes as text, escaped.
fn show_text(bytes: &[u8]) -> String {
    let front = &bytes[..bytes.len().min(SHOWN_LEN_MAX)];
    match bytes.len() {
        0 => "empty".into(),
        len if len == front.len() => format!("`{}`", Escaped(front)),
        len => format!("`{}` and so on, {len} bytes", Escaped(front)),
    }
}

/// Bytes in hexadecimal.
fn show_bytes(bytes: &[u8]) -> String {
    let front = &bytes[..bytes.len().min(2 * SHOWN_LEN_MAX)];
    let hex: String = front.iter().map(|byte| format!("{byte:02x}")).collect();
    match bytes.len() {
        0 => "no bytes".into(),
        len if len == front.len() => hex,
        len => format!("{hex} and so on, {len} bytes"),
    }
}
