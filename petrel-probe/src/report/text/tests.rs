//! What people read.

use super::{Layout, Text, lines};
use crate::{
    exchange::{
        Exchange,
        sample::{START_NS, broken, connection, exchange, login, message},
    },
    report::{Portion, Report, Summary},
    totals::{Ending, Totals},
};
use petrel_cli::Look;

const PLAIN: Look = Look {
    width: 60,
    color: false,
};

fn shown(exchange: &Exchange, portion: Option<Portion>) -> String {
    let layout = Layout {
        look: PLAIN,
        portion,
        start_ns: START_NS,
    };
    lines(exchange, &layout)
}

#[test]
fn an_exchange_is_a_line_with_its_payloads_under_it() {
    assert_eq!(
        shown(&login(), None),
        "    0.000000   1 #7     login             1.50 ms  200 success  \
         request MAC ok (payload only, a.key), answer MAC BAD\n\
         \u{20}            > 15 B     {\"token\":\"abc\"}\n\
         \u{20}            < 7 B      welcome\n"
    );
    assert_eq!(shown(&login(), Some(Portion::None)).lines().count(), 1);
}

#[test]
fn gaps_and_notes_stand_under_it() {
    let text = shown(&broken(), None);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].ends_with("-  no answer"), "{text}");
    assert!(
        lines[1].ends_with("> 10 B     0123…[3 bytes missing]…789"),
        "{text}"
    );
    assert!(
        lines[2].ends_with("! 3 bytes of the client missing from byte 18 of the message on: the receiver had them, the capture lost them"),
        "{text}"
    );
    assert!(
        lines[3].ends_with("! the connection ended without an answer"),
        "{text}"
    );
    assert!(lines[4].ends_with(r#"(198): "EOF\u{1b}[2J\xff""#), "{text}");
    assert_eq!(lines.len(), 5);
}

#[test]
fn nothing_from_the_wire_acts_on_a_terminal_and_a_line_stays_one() {
    let hostile = "\u{1b}]0;x\u{7}\r\n\u{9b}\u{202e}\"'\\".as_bytes();
    let all = exchange(Some(message(0, hostile, hostile, 0)), None);
    let text = shown(&all, Some(Portion::Full));
    assert_eq!(text.lines().count(), 2);
    assert!(!text.replace('\n', "").contains(char::is_control), "{text}");
    assert!(text.ends_with("\\r\\n\\u{9b}\\u{202e}\"'\\\\\n"), "{text}");
}

#[test]
fn a_payload_takes_the_rest_of_its_line_or_what_was_asked_for() {
    let long = exchange(Some(message(0, b"a", &[b'x'; 1000], 0)), None);
    for (portion, tail, width) in [
        (None, "xx…", Some(60)),
        (Some(Portion::First(10)), "B   xxxxxxxxxx…", None),
        (Some(Portion::Full), "xxx", Some(24 + 1000)),
    ] {
        let text = shown(&long, portion);
        let line = text.lines().nth(1).unwrap();
        assert!(line.ends_with(tail), "{line}");
        assert_eq!(
            width.unwrap_or_else(|| line.chars().count()),
            line.chars().count(),
            "{line}"
        );
    }
    let wide = exchange(Some(message(0, b"a", "é".repeat(500).as_bytes(), 0)), None);
    let text = shown(&wide, None);
    assert_eq!(text.lines().nth(1).unwrap().chars().count(), 60);
}

#[test]
fn colours_change_no_word() {
    let layout = Layout {
        look: Look {
            color: true,
            ..PLAIN
        },
        portion: None,
        start_ns: START_NS,
    };
    let text = lines(&broken(), &layout);
    let mut plain = String::new();
    for part in text.split('\u{1b}') {
        plain.push_str(
            part.split_once('m')
                .filter(|(style, _)| style.starts_with('['))
                .map_or(part, |(_, rest)| rest),
        );
    }
    assert!(text.contains('\u{1b}'));
    assert_eq!(plain, shown(&broken(), None));
}

#[test]
fn a_connection_is_named_once_and_its_end_is_told() {
    let mut bytes = Vec::new();
    let mut report = Text::new(&mut bytes, PLAIN, None);
    report.exchange(&login()).unwrap();
    report.exchange(&broken()).unwrap();
    report.connection(&connection()).unwrap();
    let totals = Totals {
        exchanges: 3,
        connections: 1,
        packets: 1,
        gaps: 1,
        gap_bytes: 3,
        ending: Ending::Truncated { at: 99 },
        ..Totals::default()
    };
    let summary = Summary {
        shown: 2,
        ..Summary::of(&totals)
    };
    report.finish(&summary).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("times in seconds since 2026-01-31T12:00:00.000000Z\n\nconnection 1  10.0.0.1:40000 → [::1]:60606\n"), "{text}");
    assert_eq!(text.matches(" → ").count(), 1);
    for line in [
        "connection 1 reset by the server after 2 exchanges",
        "             ! 5 bytes of the server passed over: no frame in them",
        "2 of 3 exchanges, 1 connection, 1 packet",
        "gaps: 1, 3 B missing in all",
        "truncated: the capture ends in the middle of the packet at offset 99",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
    }
}
