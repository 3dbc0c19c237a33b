//! The fields of an exchange as a tree, flat: items with their depth.

use super::{
    body::{Body, Content},
    json,
    text::printable,
};
use crate::exchange::{Exchange, Gap, GapCause, MacState, Message, Side};
use petrel::wire::Status;
use std::{
    fmt::Write,
    ops::Range,
    time::{Duration, UNIX_EPOCH},
};

/// Of a payload the tree shows so many lines; the rest is for the other pane.
const PAYLOAD_LINES_MAX: usize = 200;
/// Of gaps and notes so many are shown each.
const LIST_MAX: usize = 100;
/// Of a payload on one line so many bytes are looked at.
const SUMMARY_MAX: usize = 400;

/// Items in the order in which they are shown. What is folded away is none of them.
#[derive(Debug, Default)]
pub(super) struct Tree(Vec<Item>);

/// A line of the tree.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) depth: u16,
    /// What it is; empty for a line of a payload.
    pub(super) label: &'static str,
    /// What there is to say of it, fit to be drawn.
    pub(super) value: String,
    pub(super) tone: Tone,
    /// Its bytes.
    range: Option<Range<u64>>,
    /// Whether it is folded; none where there is nothing to fold.
    pub(super) is_folded: Option<bool>,
}

/// Which item of the tree. The same kind of item is found again in another exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Exchange,
    Connection,
    Client,
    Server,
    Rtt,
    Note(usize),
    Message(Side),
    Captured(Side),
    Status(Side),
    Sequence(Side),
    NameLength(Side),
    PayloadLength(Side),
    Name(Side),
    Payload(Side),
    PayloadLine(Side, usize),
    PayloadRest(Side),
    Mac(Side),
    Gap(Side, usize),
}

/// How an item is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Heading,
    Name,
    Good,
    Doubtful,
    Wrong,
    Quiet,
}

/// The bytes of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) side: Side,
    pub(super) range: Range<u64>,
}

/// What is folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folds {
    exchange: bool,
    messages: [bool; 2],
    payloads: [bool; 2],
}

impl Default for Folds {
    /// Payloads are folded, so that request and answer are seen together.
    fn default() -> Self {
        Self {
            exchange: false,
            messages: [false; 2],
            payloads: [true; 2],
        }
    }
}

impl Folds {
    /// The fold of an item, if it has one.
    pub(super) const fn of(&mut self, kind: Kind) -> Option<&mut bool> {
        let [request, response] = &mut self.messages;
        let [request_payload, response_payload] = &mut self.payloads;
        match kind {
            Kind::Exchange => Some(&mut self.exchange),
            Kind::Message(Side::Client) => Some(request),
            Kind::Message(Side::Server) => Some(response),
            Kind::Payload(Side::Client) => Some(request_payload),
            Kind::Payload(Side::Server) => Some(response_payload),
            _ => None,
        }
    }

    /// Everything folded, or nothing.
    pub(super) const fn all(is_folded: bool) -> Self {
        Self {
            exchange: is_folded,
            messages: [is_folded; 2],
            payloads: [is_folded; 2],
        }
    }

    const fn message(&self, side: Side) -> bool {
        let [request, response] = self.messages;
        match side {
            Side::Client => request,
            Side::Server => response,
        }
    }

    const fn payload(&self, side: Side) -> bool {
        let [request, response] = self.payloads;
        match side {
            Side::Client => request,
            Side::Server => response,
        }
    }
}

impl Kind {
    /// Whose message it belongs to.
    pub(super) const fn side(self) -> Option<Side> {
        match self {
            Self::Exchange
            | Self::Connection
            | Self::Client
            | Self::Server
            | Self::Rtt
            | Self::Note(_) => None,
            Self::Message(side)
            | Self::Captured(side)
            | Self::Status(side)
            | Self::Sequence(side)
            | Self::NameLength(side)
            | Self::PayloadLength(side)
            | Self::Name(side)
            | Self::Payload(side)
            | Self::PayloadLine(side, _)
            | Self::PayloadRest(side)
            | Self::Mac(side)
            | Self::Gap(side, _) => Some(side),
        }
    }

    /// The same item of a message of this side.
    pub(super) const fn of(self, side: Side) -> Self {
        match self {
            Self::Captured(_) => Self::Captured(side),
            Self::Status(_) => Self::Status(side),
            Self::Sequence(_) => Self::Sequence(side),
            Self::NameLength(_) => Self::NameLength(side),
            Self::PayloadLength(_) => Self::PayloadLength(side),
            Self::Name(_) => Self::Name(side),
            Self::Payload(_) | Self::PayloadLine(..) | Self::PayloadRest(_) => Self::Payload(side),
            Self::Mac(_) => Self::Mac(side),
            _ => Self::Message(side),
        }
    }
}

impl Item {
    fn new(depth: u16, kind: Kind, label: &'static str, value: String) -> Self {
        Self {
            kind,
            depth,
            label,
            value,
            tone: Tone::Plain,
            range: None,
            is_folded: None,
        }
    }

    const fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    fn bytes(mut self, range: Range<u64>) -> Self {
        self.range = Some(range);
        self
    }

    const fn folded(mut self, is_folded: bool) -> Self {
        self.is_folded = Some(is_folded);
        self
    }

    /// The bytes it stands for.
    pub(super) fn target(&self) -> Option<Target> {
        Some(Target {
            side: self.kind.side()?,
            range: self.range.clone()?,
        })
    }
}

impl Tree {
    pub(super) fn of(exchange: &Exchange, bodies: &[Option<Body>; 2], folds: &Folds) -> Self {
        let mut items = Vec::new();
        exchange_items(exchange, folds, &mut items);
        let sides = [Side::Client, Side::Server];
        let messages = [&exchange.request, &exchange.response];
        for ((side, message), body) in sides.into_iter().zip(messages).zip(bodies) {
            match (message, body) {
                (Some(message), Some(body)) => {
                    message_items(side, message, body, folds, &mut items)
                }
                _ => items.push(absent(side, exchange)),
            }
        }
        Self(items)
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.0
    }

    pub(super) fn item(&self, place: usize) -> Option<&Item> {
        self.0.get(place)
    }

    /// Where an item of this kind is.
    pub(super) fn find(&self, kind: Kind) -> Option<usize> {
        self.0.iter().position(|item| item.kind == kind)
    }

    /// The smallest item that holds a byte.
    pub(super) fn find_at(&self, side: Side, offset: u64) -> Option<usize> {
        let holding = self.0.iter().enumerate().filter_map(|(place, item)| {
            let target = item.target()?;
            let holds = target.side == side && target.range.contains(&offset);
            holds.then_some((target.range.end - target.range.start, place))
        });
        // Of two of the same length the later one is the inner one.
        let smallest = holding.min_by_key(|(len, place)| (*len, usize::MAX - place));
        smallest.map(|(_, place)| place)
    }

    /// The item that an item is part of.
    pub(super) fn parent(&self, place: usize) -> Option<usize> {
        let depth = self.item(place)?.depth;
        let before = self.0.get(..place)?;
        before.iter().rposition(|item| item.depth < depth)
    }
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
    payload_items(side, message, body, folds, items);
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

fn payload_items(side: Side, message: &Message, body: &Body, folds: &Folds, items: &mut Vec<Item>) {
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

/// What is said of a field of which bytes may be missing.
fn captured_text(message: &Message, range: &Range<u64>, text: String) -> String {
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
fn gap_text(len: u64, cause: GapCause) -> String {
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
