//! An exchange, and the end of a connection, in lines.

use super::{Layout, byte_count, counted, duration, mac_text, readable};
use crate::exchange::{Connection, End, Exchange, Gap, Message, Side, Start};
use crate::report::Portion;
use anstyle::{AnsiColor, Style};
use petrel::wire::Escaped;
use std::fmt::Write;

/// Gaps of a connection that are told one by one.
const GAPS_MAX: usize = 10;

/// Columns of a name before what follows it is moved.
const NAME_WIDTH: usize = 16;

/// Before what stands under an exchange.
const INDENT: &str = "             ";

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OWN: Style = AnsiColor::Cyan.on_default();
const REMARK: Style = AnsiColor::Yellow.on_default();

/// An exchange in lines, each with its newline: what it was, its payloads, its gaps and notes. Bytes
/// from the wire are escaped.
pub fn lines(exchange: &Exchange, layout: &Layout) -> String {
    let mut text = head(exchange, layout);
    for (side, message) in exchange.messages() {
        if layout.portion != Some(Portion::None) {
            let arrow = if side == Side::Client { '>' } else { '<' };
            let len = byte_count(message.header.payload_len.into());
            let mut line = format!("{INDENT}{arrow} {len:<8} ");
            let room = layout.look.width.saturating_sub(line.chars().count());
            line.push_str(&payload(message, layout.portion, room.max(8)));
            push(&mut text, line.trim_end());
        }
        for gap in &message.gaps {
            remark(&mut text, layout, &gap_text(side, gap, "of the message"));
        }
    }
    for note in &exchange.notes {
        remark(&mut text, layout, &note.to_string());
    }
    text
}

/// How a connection ended, in lines like those of [`lines`].
pub(super) fn of_connection(connection: &Connection, layout: &Layout) -> String {
    let end = match connection.end {
        End::Closed => "closed".to_owned(),
        End::Reset(side) => format!("reset by the {}", side.as_str()),
        End::Open => "still open where the capture ends".to_owned(),
        End::Replaced => "replaced: a new one took its ports".to_owned(),
    };
    let begin = match connection.start {
        Start::Handshake => "",
        Start::MidStream => ", captured from its middle on",
    };
    let number = connection.number;
    let count = counted(connection.exchanges, "exchange");
    let mut text = String::new();
    push(
        &mut text,
        &format!("connection {number} {end} after {count}{begin}"),
    );
    for (side, gap) in connection.gaps.iter().take(GAPS_MAX) {
        remark(&mut text, layout, &gap_text(*side, gap, "of the stream"));
    }
    if let more @ 1.. = connection.gaps.len().saturating_sub(GAPS_MAX) {
        remark(&mut text, layout, &format!("and {more} more gaps"));
    }
    for (side, len) in [Side::Client, Side::Server]
        .into_iter()
        .zip(connection.skipped)
    {
        if len > 0 {
            let side = side.as_str();
            let len = counted(len, "byte");
            let skipped = format!("{len} of the {side} passed over: no frame in them");
            remark(&mut text, layout, &skipped);
        }
    }
    for note in &connection.notes {
        remark(&mut text, layout, &note.to_string());
    }
    text
}

fn head(exchange: &Exchange, layout: &Layout) -> String {
    let look = &layout.look;
    let time = exchange
        .messages()
        .map(|(_, message)| message.time_ns)
        .next();
    let name = Escaped(exchange.name()).to_string();
    let rtt = exchange.rtt().map_or_else(|| "-".to_owned(), duration);
    let status = exchange.response.as_ref().map_or_else(
        || look.paint(REMARK, "no answer"),
        |response| {
            let status = response.header.status;
            let style = match status.0 {
                200 => GOOD,
                0..=1024 => BAD,
                _ => OWN,
            };
            look.paint(style, &status.to_string())
        },
    );
    let mut line = format!(
        "{:>12} {:>3} #{:<5} {name:NAME_WIDTH$} {rtt:>8}  {status}",
        seconds(time.unwrap_or(layout.start_ns), layout.start_ns),
        exchange.connection,
        exchange.sequence(),
    );
    if let Some((text, is_bad)) = macs(exchange) {
        let text = if is_bad { look.paint(BAD, &text) } else { text };
        let _ = write!(line, "  {text}");
    }
    line.push('\n');
    line
}

/// Seconds with microseconds between two times; negative if the clock of the capture ran backwards.
fn seconds(time_ns: u64, start_ns: u64) -> String {
    let us = time_ns.abs_diff(start_ns) / 1_000;
    let sign = if time_ns < start_ns && us > 0 {
        "-"
    } else {
        ""
    };
    format!("{sign}{}.{:06}", us / 1_000_000, us % 1_000_000)
}

/// What there is to say about the MACs of both messages, and whether one is bad.
fn macs(exchange: &Exchange) -> Option<(String, bool)> {
    let request = exchange.request.as_ref().map(|message| &message.mac);
    let response = exchange.response.as_ref().map(|message| &message.mac);
    let is_bad = |mac| matches!(mac, Some(&crate::exchange::MacState::Bad));
    let text = match (request, response) {
        (Some(request), Some(response)) if request == response => mac_text(request)?,
        (request, response) => {
            let request = request.and_then(mac_text);
            let response = response.and_then(mac_text);
            let request = request.map(|text| format!("request {text}"));
            let response = response.map(|text| format!("answer {text}"));
            let parts: Vec<_> = request.into_iter().chain(response).collect();
            (!parts.is_empty()).then(|| parts.join(", "))?
        }
    };
    Some((text, is_bad(request) || is_bad(response)))
}

/// What was captured of a payload, with gaps as gaps.
fn payload(message: &Message, portion: Option<Portion>, room: usize) -> String {
    let range = message.fields().payload;
    let mut text = String::new();
    let mut at = range.start;
    // What does not fit need not be escaped: no byte takes less than a column, but for the UTF-8.
    let fitting = Portion::First(room.saturating_mul(4));
    let portion = portion.unwrap_or(fitting);
    for (start, bytes) in message.pieces(range.clone()) {
        if start > at {
            let _ = write!(text, "…[{} bytes missing]…", start - at);
        }
        at = start + bytes.len() as u64;
        let shown = portion.of(bytes).unwrap_or_default();
        readable(shown, &mut text);
        if shown.len() < bytes.len() {
            text.push('…');
            return shortened(text, room, portion);
        }
    }
    if at < range.end {
        let _ = write!(text, "…[{} bytes missing]", range.end - at);
    }
    shortened(text, room, portion)
}

fn shortened(text: String, room: usize, portion: Portion) -> String {
    if portion != Portion::First(room.saturating_mul(4)) || text.chars().count() <= room {
        return text;
    }
    let mut short: String = text.chars().take(room - 1).collect();
    short.push('…');
    short
}

fn gap_text(side: Side, gap: &Gap, of: &str) -> String {
    format!(
        "{} of the {} missing from byte {} {of} on: {}",
        counted(gap.len, "byte"),
        side.as_str(),
        gap.at,
        gap.cause.describe()
    )
}

fn remark(text: &mut String, layout: &Layout, remark: &str) {
    let remark = layout.look.paint(REMARK, remark);
    push(text, &format!("{INDENT}! {remark}"));
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
