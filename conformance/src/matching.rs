//! Whether what came is what an outcome names.

use crate::{
    case::{Expected, Fill, FrameMatch, Said},
    connection::Event,
    describe,
    frame::{Frame, MacCheck},
    world::{Ending, Reply},
};
use std::time::Duration;

/// `None` where the event is the expected one, otherwise what differs, in words. `after` is the
/// time since the last write.
pub(crate) fn difference(
    expected: &Expected,
    event: &Event,
    fill: Fill<'_>,
    after: Duration,
) -> Option<String> {
    match (expected, event) {
        (Expected::Frame(wanted), Event::Frame(frame)) => {
            frame_difference(wanted, frame, fill, after)
        }
        // A reset may have destroyed the rest of an answer that was on its way.
        (Expected::Close, Event::End(_) | Event::Truncated(_, Ending::Reset))
        | (Expected::Ending(Ending::Reset), Event::Truncated(_, Ending::Reset))
        | (Expected::End | Expected::Broken, Event::End(_) | Event::Truncated(..))
        | (Expected::Silence, Event::Silence(0)) => None,
        (Expected::Ending(wanted), Event::End(ending)) if wanted == ending => None,
        // Said by the list of what was observed already.
        _ => Some(String::new()),
    }
}

fn frame_difference(
    wanted: &FrameMatch,
    frame: &Frame,
    fill: Fill<'_>,
    after: Duration,
) -> Option<String> {
    if let Some(status) = wanted.status.filter(|status| *status != frame.status) {
        return Some(format!("its status is {}, not {status}", frame.status));
    }
    let sequence = wanted.sequence.map(|sequence| sequence.resolve(fill));
    if let Some(sequence) = sequence.filter(|sequence| *sequence != frame.sequence) {
        return Some(format!(
            "its sequence is {}, not {sequence}",
            frame.sequence
        ));
    }
    let number = frame.sequence;
    if let Some(name) = &wanted.name {
        let name = name.bytes(fill, number);
        if name != frame.name {
            return Some(format!(
                "its name is {}, not {}",
                describe::text(&frame.name),
                describe::text(&name)
            ));
        }
    }
    if let Some(payload) = &wanted.payload {
        let payload = payload.bytes(fill, number);
        if payload != frame.payload {
            return Some(payload_difference(&payload, &frame.payload));
        }
    }
    if let Some(length) = wanted
        .payload_len
        .filter(|length| *length != frame.payload.len())
    {
        return Some(format!(
            "its payload has {}, not {length}",
            describe::count_of_bytes(frame.payload.len())
        ));
    }
    if let Some(foreign) = &wanted.payload_without
        && frame
            .payload
            .windows(foreign.len())
            .any(|window| window == foreign.as_bytes())
    {
        return Some(format!(
            "its payload holds \"{foreign}\", which is of another exchange"
        ));
    }
    if let Some(milliseconds) = wanted.not_before_ms
        && after < Duration::from_millis(milliseconds)
    {
        return Some(format!(
            "it came after {} ms, before {milliseconds} ms",
            after.as_millis()
        ));
    }
    (frame.mac == MacCheck::Wrong)
        .then(|| "its MAC is not that of its payload under this key".into())
}

/// The same for what the driver of a client said.
pub(crate) fn reply_difference(wanted: &Said, reply: &Reply, fill: Fill<'_>) -> Option<String> {
    match (wanted, reply) {
        (Said::Connected, Reply::Connected) => None,
        (
            Said::Answer { status, payload },
            Reply::Answer {
                status: got,
                payload: bytes,
            },
        ) => {
            if let Some(status) = status.filter(|status| status != got) {
                return Some(format!("its status is {got}, not {status}"));
            }
            let payload = payload.as_ref().map(|payload| payload.bytes(fill, 0));
            payload
                .filter(|payload| payload != bytes)
                .map(|payload| payload_difference(&payload, bytes))
        }
        (Said::Error { classes, words }, Reply::Error { class, error }) => {
            if let Some(word) = words.iter().find(|word| !error.contains(word.as_str())) {
                return Some(format!("the error does not name {word}"));
            }
            let class = class.as_ref().filter(|_| !classes.is_empty())?;
            let is_named = classes.contains(class);
            (!is_named).then(|| format!("its class is {class}, not {}", classes.join(" or ")))
        }
        _ => Some(String::new()),
    }
}

fn payload_difference(wanted: &[u8], got: &[u8]) -> String {
    if wanted.len() != got.len() {
        return format!(
            "its payload is {} ({}), not {} ({})",
            describe::text(got),
            describe::count_of_bytes(got.len()),
            describe::text(wanted),
            describe::count_of_bytes(wanted.len())
        );
    }
    let at = wanted
        .iter()
        .zip(got)
        .position(|(a, b)| a != b)
        .unwrap_or(0);
    format!(
        "its payload differs from byte {at} on: {} instead of {}",
        describe::text(&got[at..]),
        describe::text(&wanted[at..])
    )
}
