//! What is said of every field of an exchange: the items of its tree.

use super::{
    body::Body,
    payload,
    text::printable,
    tree::{Folds, Item, Kind, Tone},
};
use crate::exchange::{Exchange, Gap, GapCause, MacState, Message, Side};
use petrel::wire::Status;
use std::{
    fmt::Write,
    ops::Range,
    time::{Duration, UNIX_EPOCH},
};

/// Of gaps and notes so many are shown each.
const LIST_MAX: usize = 100;

/// The items of an exchange, save those that are folded away.
pub(super) fn items(exchange: &Exchange, bodies: &[Option<Body>; 2], folds: &Folds) -> Vec<Item> {
    let mut items = Vec::new();
    exchange_items(exchange, folds, &mut items);
    let sides = [Side::Client, Side::Server];
    let messages = [&exchange.request, &exchange.response];
    for ((side, message), body) in sides.into_iter().zip(messages).zip(bodies) {
        match (message, body) {
            (Some(message), Some(body)) => message_items(side, message, body, folds, &mut items),
            _ => items.push(absent(side, exchange)),
        }
    }
    items
}

fn exchange_items(exchange: &Exchange, folds: &Folds, items: &mut Vec<Item>) {
    let status = exchange.response.as_ref().map_or_else(
        || "no answer".to_owned(),
        |response| status_text(response.header.status),
    );
    let title = format!(
        "{} #{}  {status}",
        name_text(exchange.name()),
        exchange.sequence(),
    );
    let heading = Item::new(0, Kind::Exchange, "Exchange", title).tone(Tone::Heading);
    items.push(heading.folded(folds.exchange));
    if folds.exchange {
        return;
    }
    let number = exchange.connection.to_string();
    items.push(Item::new(1, Kind::Connection, "connection", number));
    items.push(Item::new(
        1,
        Kind::Client,
        "client",
        exchange.client.to_string(),
    ));
    items.push(Item::new(
        1,
        Kind::Server,
        "server",
        exchange.server.to_string(),
    ));
    let rtt = exchange.rtt().map_or_else(
        || Item::new(1, Kind::Rtt, "answered in", "unknown".to_owned()).tone(Tone::Quiet),
        |rtt| Item::new(1, Kind::Rtt, "answered in", duration_text(rtt)),
    );
    items.push(rtt);
    let notes = exchange.notes.iter().take(LIST_MAX).enumerate();
    items.extend(notes.map(|(number, note)| {
        Item::new(1, Kind::Note(number), "note", note.to_string()).tone(Tone::Doubtful)
    }));
}

/// What stands for a message that is not there.
fn absent(side: Side, exchange: &Exchange) -> Item {
    let label = label_of(side);
    let why = exchange.notes.iter().find(|note| {
        let about_request = note.kind() == "request-not-captured";
        let about_response = ["response-not-captured", "unanswered", "unanswered-yet"];
        match side {
            Side::Client => about_request,
            Side::Server => about_response.contains(&note.kind()),
        }
    });
    let why = why.map_or_else(|| "none".to_owned(), ToString::to_string);
    Item::new(0, Kind::Message(side), label, why).tone(Tone::Doubtful)
}

const fn label_of(side: Side) -> &'static str {
    match side {
        Side::Client => "Request",
        Side::Server => "Response",
    }
}

fn message_items(side: Side, message: &Message, body: &Body, folds: &Folds, items: &mut Vec<Item>) {
    let (header, fields) = (message.header, &body.fields);
    let len = message.frame_len();
    let missing: u64 = message.gaps.iter().map(|gap| gap.len).sum();
    let mut size = counted(len);
    if missing > 0 {
        // Writing to a string does not fail.
        let _ = write!(size, ", {missing} of them missing");
    }
    let heading = Item::new(0, Kind::Message(side), label_of(side), size).tone(Tone::Heading);
    items.push(heading.bytes(0..len).folded(folds.message(side)));
    if folds.message(side) {
        return;
    }
    let field = |kind, label, value, range: &Range<u64>| {
        Item::new(1, kind, label, value).bytes(range.clone())
    };
    let captured = time_text(message.first_ns, message.time_ns);
    items.push(Item::new(1, Kind::Captured(side), "captured", captured).tone(Tone::Quiet));
    let status = match side {
        Side::Client => {
            let status = format!("{} (without meaning in a request)", header.status.0);
            field(Kind::Status(side), "status", status, &fields.status).tone(Tone::Quiet)
        }
        Side::Server => field(
            Kind::Status(side),
            "status",
            status_text(header.status),
            &fields.status,
        )
        .tone(status_tone(header.status)),
    };
    items.push(status);
    let number = |kind, label, number: u32, range| field(kind, label, number.to_string(), range);
    items.push(number(
        Kind::Sequence(side),
        "sequence",
        header.sequence,
        &fields.sequence,
    ));
    let name_len = u32::from(header.name_len);
    items.push(number(
        Kind::NameLength(side),
        "name length",
        name_len,
        &fields.name_len,
    ));
    let payload_len = header.payload_len;
    items.push(number(
        Kind::PayloadLength(side),
        "payload length",
        payload_len,
        &fields.payload_len,
    ));
    let name = captured_text(message, &fields.name, name_text(message.name()));
    items.push(field(Kind::Name(side), "name", name, &fields.name).tone(Tone::Name));
    payload::items(side, message, body, folds, items);
    if message.has_mac() {
        let (text, tone) = mac_text(&message.mac);
        items.push(field(Kind::Mac(side), "MAC", text, &fields.mac).tone(tone));
    } else {
        items.push(Item::new(1, Kind::Mac(side), "MAC", "none".to_owned()).tone(Tone::Quiet));
    }
    let gaps = message.gaps.iter().take(LIST_MAX).enumerate();
    items.extend(gaps.map(|(number, gap)| gap_item(side, number, *gap)));
}

fn gap_item(side: Side, number: usize, gap: Gap) -> Item {
    Item::new(
        1,
        Kind::Gap(side, number),
        "missing",
        gap_text(gap.len, gap.cause),
    )
    .tone(Tone::Doubtful)
    .bytes(gap.at..gap.at.saturating_add(gap.len))
}

/// What is said of a field of which bytes may be missing.
pub(super) fn captured_text(message: &Message, range: &Range<u64>, text: String) -> String {
    let len = range.end - range.start;
    let pieces = message.pieces(range.clone());
    let captured: u64 = pieces.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    match captured {
        _ if captured == len => text,
        0 => format!("not captured ({})", counted(len)),
        _ => format!("{text}  ({captured} of {len} bytes captured)"),
    }
}

fn name_text(name: &[u8]) -> String {
    if name.is_empty() {
        return "(empty)".to_owned();
    }
    printable(name)
}

fn status_text(status: Status) -> String {
    format!("{} {}", status.0, status.text())
}

const fn status_tone(status: Status) -> Tone {
    match status.0 {
        200 => Tone::Good,
        400..=599 => Tone::Wrong,
        _ => Tone::Plain,
    }
}

fn mac_text(mac: &MacState) -> (String, Tone) {
    let (text, tone) = match mac {
        MacState::Ok(label) => {
            let label = printable(label.as_bytes());
            return (format!("ok (payload only) by {label}"), Tone::Good);
        }
        MacState::Bad => ("bad: by none of the keys that of this payload", Tone::Wrong),
        MacState::NoKey => ("not checked: no key was given", Tone::Doubtful),
        MacState::Unchecked => ("not checked: bytes are missing", Tone::Doubtful),
        MacState::None => ("none", Tone::Quiet),
    };
    (text.to_owned(), tone)
}

fn counted(bytes: u64) -> String {
    let noun = if bytes == 1 { "byte" } else { "bytes" };
    format!("{bytes} {noun}")
}

/// What is said of bytes that are missing.
pub(super) fn gap_text(len: u64, cause: GapCause) -> String {
    format!("{}: {}", counted(len), cause.describe())
}

fn time_text(first_ns: u64, time_ns: u64) -> String {
    let first = humantime::format_rfc3339_micros(UNIX_EPOCH + Duration::from_nanos(first_ns));
    match time_ns.checked_sub(first_ns) {
        Some(0) | None => first.to_string(),
        Some(taken) => {
            let taken = duration_text(Duration::from_nanos(taken));
            format!("{first}, its last byte {taken} later")
        }
    }
}

/// A time in the unit that suits it, with three digits or more.
fn duration_text(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    let (unit, per, name) = match nanoseconds {
        0..1_000 => return format!("{nanoseconds} ns"),
        1_000..1_000_000 => (1_000, 1, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, 1_000, "ms"),
        _ => (1_000_000_000, 1_000_000, "s"),
    };
    if unit == 1_000 {
        return format!(
            "{}.{} {name}",
            nanoseconds / 1_000,
            nanoseconds % 1_000 / 100
        );
    }
    format!(
        "{}.{:03} {name}",
        nanoseconds / unit,
        nanoseconds % unit / per
    )
}
