//! What went over the wire: a line of time, and the bytes field by field.

use super::escape::esc;
use crate::{
    record::{WireEvent, WireKind},
    report::{
        annotate::{Field, FieldKind, fields, writes},
        evidence::{arrow, sentence},
        summary::{hidden, time},
    },
};

/// Bytes of a field that are shown in hexadecimal.
const HEX_SHOWN: usize = 16;
/// Events of a passing conversation that are shown at its beginning and at its end.
const SHOWN_OF_PASS: usize = 3;
/// The same for one that somebody has to understand.
const SHOWN: usize = 6;
/// Places in the picture of a conversation; more would be one line.
const PLACES_MAX: usize = 60;

/// When what happened: above the line what was sent, below it what came.
pub(super) fn timeline(events: &[WireEvent]) -> String {
    let last = events.iter().map(|event| event.at_us).max().unwrap_or(0);
    if last == 0 || events.len() < 2 {
        return String::new();
    }
    // From the edge to the edge, with room for half a mark.
    let place = |at_us: u64| 10 + u128::from(at_us) * 980 / u128::from(last);
    let percent = |place: u128| format!("{}.{}%", place / 10, place % 10);
    let mut text = format!(
        "<svg class=\"time\" width=\"100%\" height=\"56\" role=\"img\" aria-label=\"{} events in {}\">\
         <line x1=\"1%\" x2=\"99%\" y1=\"22\" y2=\"22\"/>",
        events.len(),
        time(last)
    );
    let mut drawn = Vec::new();
    for event in events {
        let at = place(event.at_us);
        let key = (event.kind as u8, at / 3);
        if drawn.contains(&key) || drawn.len() >= PLACES_MAX {
            continue;
        }
        drawn.push(key);
        let x = percent(at);
        let title = format!(
            "<title>{} {}</title>",
            time(event.at_us),
            esc(&sentence(event))
        );
        text += &match event.kind {
            WireKind::Sent => {
                format!("<line class=\"e\" x1=\"{x}\" x2=\"{x}\" y1=\"6\" y2=\"22\">{title}</line>")
            }
            WireKind::Received => {
                format!(
                    "<line class=\"e\" x1=\"{x}\" x2=\"{x}\" y1=\"22\" y2=\"38\">{title}</line>"
                )
            }
            WireKind::Driver | WireKind::Note => {
                format!("<circle cx=\"{x}\" cy=\"22\" r=\"3.5\">{title}</circle>")
            }
        };
    }
    let label = |x: &str, anchor: &str, at: u64| {
        format!(
            "<text x=\"{x}\" y=\"53\" text-anchor=\"{anchor}\">{}</text>",
            if at == 0 { "0".into() } else { time(at) }
        )
    };
    text += &label("1%", "start", 0);
    text += &label("50%", "middle", last / 2);
    text += &label("99%", "end", last);
    text + "</svg>\n"
}

/// The conversation, each message with its fields.
pub(super) fn events(events: &[WireEvent], is_pass: bool) -> String {
    if events.is_empty() {
        return String::new();
    }
    let shown = if is_pass { SHOWN_OF_PASS } else { SHOWN };
    let hidden = hidden(events.len(), shown);
    let mut text = "<ol class=\"wire\">\n".to_owned();
    for (at, each) in events.iter().enumerate() {
        if at == hidden.start && !hidden.is_empty() {
            text += &format!(
                "<li><span class=\"at\">…</span><span></span><span>{} more</span></li>\n",
                hidden.len()
            );
        }
        if !hidden.contains(&at) {
            text += &event(each);
        }
    }
    text + "</ol>\n"
}

fn event(event: &WireEvent) -> String {
    let class = match event.kind {
        WireKind::Received => " class=\"rcv\"",
        _ => "",
    };
    let parts: String = (fields(event).iter())
        .map(|part| field(part, &cuts(event)))
        .collect();
    let parts = if parts.is_empty() {
        parts
    } else {
        format!("<div class=\"fields\">{parts}</div>")
    };
    format!(
        "<li{class}><span class=\"at\">{}</span><span class=\"way\" aria-hidden=\"true\">{}</span>\
         <div class=\"what\"><p>{}</p>{parts}</div></li>\n",
        time(event.at_us),
        arrow(event.kind),
        esc(&sentence(event)),
    )
}

/// Where to mark a cut. Where every byte was sent alone, the sentence says so.
fn cuts(event: &WireEvent) -> Vec<usize> {
    match writes(event).as_deref() {
        Some("byte by byte") => Vec::new(),
        _ => event.cuts.clone(),
    }
}

fn field(field: &Field, cuts: &[usize]) -> String {
    let class = match field.kind {
        FieldKind::Status => "f0",
        FieldKind::Sequence => "f1",
        FieldKind::NameLength | FieldKind::PayloadLength => "f2",
        FieldKind::Name => "f3",
        FieldKind::Payload => "f4",
        FieldKind::Mac => "f5",
        FieldKind::Bytes => "f6",
        FieldKind::Missing => "f7",
    };
    let mut hex = String::new();
    for (at, byte) in field.hex(HEX_SHOWN).split(' ').enumerate() {
        if cuts.contains(&(field.range.start + at)) {
            hex += "<u>┊</u>";
        } else if at > 0 {
            hex.push(' ');
        }
        hex += byte;
    }
    if field.kind == FieldKind::Missing {
        let value = esc(&field.value);
        return format!("<span class=\"{class}\"><b>–</b><i>{value}</i></span>");
    }
    format!(
        "<span class=\"{class}\"><b>{hex}</b><i>{} <em>{}</em></i></span>",
        field.kind.as_str(),
        esc(&field.value)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{event as sample, frame};

    #[test]
    fn every_field_has_its_bytes_its_name_and_its_value() {
        let mut sent = sample(WireKind::Sent, 213, &frame(0, 7, b"<b>", &[0; 40]));
        (sent.cuts, sent.with_mac) = (vec![2, 11], true);
        let page = events(&[sent], false);
        for part in [
            "<span class=\"at\">0.213 ms</span>",
            "<p>sent 54 bytes in 3 writes</p>",
            "<span class=\"f0\"><b>00 00</b><i>status <em>0</em></i></span>",
            "<span class=\"f1\"><b><u>┊</u>07 00 00 00</b><i>sequence <em>7</em></i></span>",
            "<b><u>┊</u>3c 62 3e</b><i>name <em>&quot;&lt;b&gt;&quot;</em></i>",
            "00 …</b><i>payload <em>",
            "<span class=\"f7\"><b>–</b><i>44 bytes fewer than the header says (the MAC)</i></span>",
        ] {
            assert!(page.contains(part), "`{part}` is missing in:\n{page}");
        }
    }

    #[test]
    fn the_line_of_time_ends_with_the_last_event() {
        let [first, last] = [(WireKind::Sent, 0), (WireKind::Received, 2_000_000)]
            .map(|(kind, at)| sample(kind, at, b"x"));
        let picture = timeline(&[first.clone(), last]);
        for part in [
            "x1=\"1.0%\" x2=\"1.0%\" y1=\"6\"",
            "x1=\"99.0%\"",
            ">2.00 s</text>",
            ">1.00 s</text>",
        ] {
            assert!(picture.contains(part), "`{part}` is missing in:\n{picture}");
        }
        assert_eq!(timeline(&[first]), "", "one moment is no line");
    }

    #[test]
    fn a_flood_of_events_is_drawn_in_bounded_space() {
        let flood: Vec<WireEvent> = (0..10_000)
            .map(|at| sample(WireKind::Received, at, b"x"))
            .collect();
        assert!(timeline(&flood).len() < 10_000);
        assert!(events(&flood, false).len() < 10_000);
        let mut late = sample(WireKind::Note, u64::MAX, &[]);
        late.text = "late".into();
        assert!(timeline(&[late.clone(), late]).contains("99.0%"));
    }
}
