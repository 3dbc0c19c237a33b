//! What is said of a payload: what it is, how it begins, and its first lines.

use super::{
    body::{Body, Content},
    fields::{captured_text, gap_text},
    json,
    text::printable,
    tree::{Folds, Item, Kind, Tone},
};
use crate::exchange::{Message, Side};
use std::ops::Range;

/// Of a payload the tree shows so many lines; the rest is for the other pane.
const PAYLOAD_LINES_MAX: usize = 200;
/// Of a payload on one line so many bytes are looked at.
const SUMMARY_MAX: usize = 400;

/// The items of a payload, save those that are folded away.
pub(super) fn items(
    side: Side,
    message: &Message,
    body: &Body,
    folds: &Folds,
    items: &mut Vec<Item>,
) {
    let payload = message.payload();
    let range = body.fields.payload.clone();
    let len = range.end - range.start;
    let what = match &body.content {
        _ if len == 0 => "empty",
        Content::Json(_) => "JSON",
        Content::Text => "text",
        Content::Binary => "binary",
    };
    let beginning = payload
        .get(..payload.len().min(SUMMARY_MAX))
        .unwrap_or_default();
    let summary = match &body.content {
        _ if payload.is_empty() => what.to_owned(),
        Content::Json(_) | Content::Text => format!("{what}  {}", printable(beginning)),
        Content::Binary => format!("{what}  {}", hex_text(payload)),
    };
    let summary = captured_text(message, &range, summary);
    let has_lines = !payload.is_empty() && !matches!(body.content, Content::Binary);
    let mut item = Item::new(1, Kind::Payload(side), "payload", summary).bytes(range.clone());
    let is_folded = folds.payload(side);
    if has_lines {
        item = item.folded(is_folded);
    }
    items.push(item);
    if is_folded || !has_lines {
        return;
    }
    let lines = payload_lines(message, body);
    let is_cut = lines.len() > PAYLOAD_LINES_MAX;
    let mut at = range.start;
    for (number, (line, text, tone)) in lines.into_iter().take(PAYLOAD_LINES_MAX).enumerate() {
        at = line.end;
        let item = Item::new(2, Kind::PayloadLine(side, number), "", text).tone(tone);
        items.push(item.bytes(line));
    }
    if is_cut {
        let rest = format!("{} more bytes: v shows them in lines", range.end - at);
        let item = Item::new(2, Kind::PayloadRest(side), "", rest).tone(Tone::Quiet);
        items.push(item.bytes(at..range.end));
    }
}

/// The first lines of a payload, one more than are shown if there are more.
fn payload_lines(message: &Message, body: &Body) -> Vec<(Range<u64>, String, Tone)> {
    let count = PAYLOAD_LINES_MAX + 1;
    let start = body.fields.payload.start;
    match &body.content {
        Content::Json(layout) => {
            let payload = message.payload();
            let mut layout = layout.clone();
            layout.find_lines(payload, count);
            let lines = layout.lines().iter().take(count);
            lines
                .map(|line| {
                    let bytes = payload.get(line.range()).unwrap_or_default();
                    let range = line.range();
                    let range = start + range.start as u64..start + range.end as u64;
                    (
                        range,
                        json::text(bytes, line.depth, SUMMARY_MAX),
                        Tone::Plain,
                    )
                })
                .collect()
        }
        _ => {
            let raw = body.raw(message, false);
            // Only line feeds break lines here; what is too wide is cut when it is drawn.
            let mut line = raw.line_at(start, u16::MAX);
            let mut lines = Vec::new();
            while let Some(found) = line.take().filter(|_| lines.len() < count) {
                let text = raw.text(&found);
                let (text, tone) = match found.gap {
                    Some(cause) => {
                        let len = found.range.end - found.range.start;
                        (format!("missing: {}", gap_text(len, cause)), Tone::Doubtful)
                    }
                    None => {
                        let beginning = text.get(..text.len().min(SUMMARY_MAX));
                        (printable(beginning.unwrap_or_default()), Tone::Plain)
                    }
                };
                line = raw.step(&found, true, u16::MAX);
                lines.push((found.range, text, tone));
            }
            lines
        }
    }
}

/// The first bytes in hexadecimal.
fn hex_text(bytes: &[u8]) -> String {
    const MOST: usize = 24;

    let shown = bytes.iter().take(MOST).map(|byte| format!("{byte:02x} "));
    let mut text: String = shown.collect();
    text.push_str(if bytes.len() > MOST { "..." } else { "" });
    text.truncate(text.trim_end().len());
    text
}
