//! The detail as it is drawn, and as it is moved through.

use super::{
    super::{
        commands::{self, Motion},
        paint::Look,
    },
    *,
};
use crate::exchange::{Gap, GapCause, MacState, Message, Note};
use petrel::wire::{Header, Status};
use proptest::{collection::vec, prelude::*};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    style::Modifier,
};
use std::{env, fs, path::Path};

/// Set to anything, the frames of now become the expected ones.
const ACCEPT: &str = "PETREL_ACCEPT_FRAMES";

const LOOK: Look = Look {
    is_colored: true,
    is_ascii: false,
};

fn message(status: u16, name: &[u8], payload: &[u8], mac: MacState) -> Message {
    let header = Header {
        status: Status(status),
        sequence: 7,
        name_len: name.len().try_into().unwrap(),
        payload_len: payload.len().try_into().unwrap(),
    };
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(payload);
    if mac != MacState::None {
        bytes.extend_from_slice(b"iC35BnZtzOWXNfqHgOhC8JkbmEOSwzdjvaQYWZPDfrY=");
    }
    Message {
        header,
        bytes,
        gaps: Vec::new(),
        extents: Vec::new(),
        mac,
        first_ns: 1_700_000_000_123_456_789,
        time_ns: 1_700_000_000_123_456_789,
    }
}

fn exchange(request: Option<Message>, response: Option<Message>) -> Box<Exchange> {
    Box::new(Exchange {
        connection: 3,
        client: ([127, 0, 0, 1], 50_112).into(),
        server: ([127, 0, 0, 1], 60_606).into(),
        request,
        response,
        notes: Vec::new(),
    })
}

/// Signed JSON, and an answer with hostile bytes of which the middle is missing.
fn login() -> Box<Exchange> {
    let json = r#"{"user":"ada","token":"t\u001b[2J","groups":["ops",{"id":17}]}"#;
    let key = MacState::Ok("login.key".into());
    let request = message(0, b"login", json.as_bytes(), key);
    let answer = b"\x1b]0;title\x07 and more that the capture has not seen whole";
    let mut response = message(9101, b"login", answer, MacState::None);
    response.time_ns += 1_234_567;
    response.first_ns = response.time_ns - 2_000;
    let gap = Gap {
        at: 30,
        len: 20,
        cause: GapCause::Lost,
    };
    response.gaps.push(gap);
    response.bytes.drain(30..50);
    let mut exchange = exchange(Some(request), Some(response));
    exchange.notes.push(Note::WrongName);
    exchange
}

fn showing(exchange: Box<Exchange>) -> Detail {
    let mut detail = Detail::default();
    detail.show(exchange);
    detail
}

fn drawn(detail: &Detail, (width, height): (u16, u16), look: Look) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let area = buffer.area;
    view(detail, area, &mut buffer, look, true);
    buffer
}

fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content().chunks(buffer.area.width.max(1).into()) {
        let line: String = row.iter().map(Cell::symbol).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn compare(name: &str, detail: &Detail, size: (u16, u16), look: Look) {
    let text = text_of(&drawn(detail, size, look));
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/tui/detail/snapshots")
        .join(format!("{name}-{}x{}.txt", size.0, size.1));
    if env::var_os(ACCEPT).is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; {ACCEPT}=1 writes it", path.display()));
    assert!(
        text == expected,
        "{name} was drawn as\n{text}\nand not as\n{expected}\n({ACCEPT}=1 accepts it)"
    );
}

fn select(detail: &mut Detail, kind: tree::Kind) {
    let place = detail.shown.as_ref().unwrap().tree.find(kind).unwrap();
    detail.enter(true);
    detail.navigate(Motion::First, Some(place + 1));
}

#[test]
fn frames_are_drawn_as_expected() {
    let mut detail = showing(login());
    for size in [(20, 5), (60, 15), (80, 24), (120, 40), (160, 30)] {
        compare("login", &detail, size, LOOK);
    }
    select(&mut detail, tree::Kind::Payload(Side::Client));
    detail.perform(Action::Toggle);
    detail.perform(Action::Show(Shape::Pretty));
    compare("json", &detail, (80, 40), LOOK);
    detail.counterpart();
    compare("raw", &detail, (80, 24), LOOK);
    let ascii = Look {
        is_colored: false,
        is_ascii: true,
    };
    detail.perform(Action::Show(Shape::Hex));
    compare("ascii", &detail, (60, 24), ascii);
}

#[test]
fn a_message_that_is_not_there_is_said_to_be_missing_and_why() {
    let mut lost = exchange(None, Some(message(200, b"echo", b"x", MacState::Bad)));
    lost.notes.push(Note::RequestNotCaptured);
    compare("no-request", &showing(lost), (80, 24), LOOK);
    let mut open = exchange(Some(message(0, b"echo", b"", MacState::NoKey)), None);
    open.notes.push(Note::UnansweredYet);
    compare("no-answer", &showing(open), (80, 24), LOOK);
}

#[test]
fn selecting_a_field_shows_its_bytes() {
    let mut detail = showing(login());
    select(&mut detail, tree::Kind::Name(Side::Client));
    let shown = detail.shown.as_ref().unwrap();
    assert_eq!((shown.linked.clone(), shown.cursor), (11..16, 11));
    let buffer = drawn(&detail, (80, 24), LOOK);
    let linked: String = buffer
        .content()
        .iter()
        .filter(|cell| cell.bg == LOOK.linked().bg.unwrap())
        .map(Cell::symbol)
        .collect();
    assert_eq!(linked, "6c 6f 67 69 6elogin");
    // Far fields are brought into sight.
    select(&mut detail, tree::Kind::Mac(Side::Client));
    let text = text_of(&drawn(&detail, (80, 24), LOOK));
    assert!(text.contains("35BnZtzO"), "{text}");
}

#[test]
fn moving_through_bytes_selects_the_field() {
    let mut detail = showing(login());
    drawn(&detail, (80, 24), LOOK);
    detail.enter(false);
    let expected = [
        (0, tree::Kind::Status(Side::Client)),
        (2, tree::Kind::Sequence(Side::Client)),
        (6, tree::Kind::NameLength(Side::Client)),
        (7, tree::Kind::PayloadLength(Side::Client)),
        (15, tree::Kind::Name(Side::Client)),
        (16, tree::Kind::Payload(Side::Client)),
    ];
    detail.navigate(Motion::First, None);
    for (offset, kind) in expected {
        let shown = detail.shown.as_ref().unwrap();
        let steps = offset - shown.cursor;
        if steps > 0 {
            detail.navigate(Motion::Right, usize::try_from(steps).ok());
        }
        let shown = detail.shown.as_ref().unwrap();
        assert_eq!(shown.tree.item(shown.selected).unwrap().kind, kind);
        assert!(shown.linked.contains(&offset));
    }
    detail.navigate(Motion::Last, None);
    let shown = detail.shown.as_ref().unwrap();
    assert_eq!(
        shown.tree.item(shown.selected).unwrap().kind,
        tree::Kind::Mac(Side::Client)
    );
}

#[test]
fn a_gap_is_one_step_and_has_its_place_in_the_tree() {
    let mut detail = showing(login());
    detail.counterpart();
    detail.enter(false);
    detail.navigate(Motion::First, None);
    detail.navigate(Motion::Right, Some(29));
    for (cursor, kind) in [
        (29, tree::Kind::Payload(Side::Server)),
        (30, tree::Kind::Gap(Side::Server, 0)),
        (50, tree::Kind::Payload(Side::Server)),
    ] {
        let shown = detail.shown.as_ref().unwrap();
        let selected = shown.tree.item(shown.selected).unwrap().kind;
        assert_eq!((shown.cursor, selected), (cursor, kind));
        detail.navigate(Motion::Right, None);
    }
    detail.navigate(Motion::Left, Some(2));
    assert_eq!(detail.shown.as_ref().unwrap().cursor, 30);
}

#[test]
fn a_line_of_json_has_its_bytes() {
    let mut detail = showing(login());
    detail.perform(Action::UnfoldAll);
    select(&mut detail, tree::Kind::PayloadLine(Side::Client, 2));
    assert_eq!(detail.copied().unwrap().trim(), r#""token": "t\u001b[2J","#);
    let shown = detail.shown.as_ref().unwrap();
    let message = shown.message(Side::Client).unwrap();
    let bytes = message.pieces(shown.linked.clone());
    assert_eq!(bytes[0].1, br#""token":"t\u001b[2J","#);
    select(&mut detail, tree::Kind::Payload(Side::Client));
    assert!(
        detail
            .copied()
            .unwrap()
            .starts_with(r#"{"user":"ada","token""#)
    );
}

#[test]
fn the_same_field_stays_selected_from_exchange_to_exchange() {
    let mut detail = showing(login());
    select(&mut detail, tree::Kind::Status(Side::Server));
    detail.show(exchange(
        None,
        Some(message(404, b"x", b"", MacState::None)),
    ));
    let shown = detail.shown.as_ref().unwrap();
    let selected = shown.tree.item(shown.selected).unwrap();
    assert_eq!(selected.kind, tree::Kind::Status(Side::Server));
    assert_eq!((shown.side, shown.linked.clone()), (Side::Server, 0..2));
}

#[test]
fn what_is_selected_is_seen_without_colours_too() {
    let detail = showing(login());
    for is_colored in [true, false] {
        let look = Look { is_colored, ..LOOK };
        let buffer = drawn(&detail, (80, 24), look);
        assert!(buffer[(3, 1)].modifier.contains(Modifier::REVERSED));
        assert!(!buffer[(3, 2)].modifier.contains(Modifier::REVERSED));
        assert_eq!(buffer[(0, 1)].symbol(), "▶");
    }
}

#[test]
fn a_large_payload_costs_what_is_seen_of_it() {
    let json = format!("[{}0]", "12345678,".repeat(450_000));
    for payload in [json.as_bytes(), &vec![b'x'; 4 << 20], &vec![0xff; 4 << 20]] {
        let mut detail = showing(exchange(
            Some(message(0, b"big", payload, MacState::None)),
            None,
        ));
        detail.perform(Action::UnfoldAll);
        let items = detail.shown.as_ref().unwrap().tree.items().len();
        assert!(items < 250, "{items} lines in the tree");
        select(&mut detail, tree::Kind::Payload(Side::Client));
        for shape in [Shape::Hex, Shape::Pretty, Shape::Raw] {
            detail.perform(Action::Show(shape));
            detail.enter(false);
            for motion in [Motion::PageDown, Motion::Down, Motion::PageUp] {
                detail.navigate(motion, None);
                drawn(&detail, (80, 24), LOOK);
            }
        }
        let shown = detail.shown.as_ref().unwrap();
        if let body::Content::Json(layout) = &shown.body().unwrap().content {
            let found = layout.lines().len();
            assert!(found < 5000, "{found} lines of JSON were laid out");
        }
        detail.perform(Action::Show(Shape::Raw));
        detail.navigate(Motion::Last, None);
        let text = text_of(&drawn(&detail, (80, 24), LOOK));
        assert!(!text.trim_end().is_empty());
    }
}

fn motion() -> impl Strategy<Value = Motion> {
    use Motion::*;
    prop::sample::select(vec![
        Up,
        Down,
        Left,
        Right,
        PageUp,
        PageDown,
        HalfPageUp,
        HalfPageDown,
        First,
        Last,
    ])
}

#[derive(Clone, Debug)]
enum Deed {
    Move(Motion, Option<usize>),
    Perform(usize),
    Pane(bool),
    Counterpart,
    Show(usize),
    Draw(u16, u16),
}

fn deed() -> impl Strategy<Value = Deed> {
    let count = prop_oneof![
        4 => Just(None),
        2 => (0_usize..40).prop_map(Some),
        1 => Just(Some(usize::MAX)),
    ];
    prop_oneof![
        4 => (motion(), count).prop_map(|(motion, count)| Deed::Move(motion, count)),
        2 => (0..COMMANDS.len()).prop_map(Deed::Perform),
        1 => any::<bool>().prop_map(Deed::Pane),
        1 => Just(Deed::Counterpart),
        1 => (0_usize..6).prop_map(Deed::Show),
        2 => (0_u16..170, 0_u16..45).prop_map(|(width, height)| Deed::Draw(width, height)),
    ]
}

fn any_exchange(number: usize) -> Option<Box<Exchange>> {
    let text = "text\nof lines\r\n\u{202e}日本語\n".repeat(30);
    match number {
        0 => None,
        1 => Some(login()),
        2 => Some(exchange(None, Some(message(200, b"", b"", MacState::None)))),
        3 => Some(exchange(
            Some(message(0, &[0xff; 255], &[7; 300], MacState::Bad)),
            None,
        )),
        4 => {
            let text = message(1030, b"text", text.as_bytes(), MacState::Unchecked);
            Some(exchange(Some(text.clone()), Some(text)))
        }
        _ => {
            // A message of which nothing but its header was captured.
            let mut cut = message(0, b"cut", b"payload", MacState::Unchecked);
            cut.bytes.truncate(11);
            cut.gaps.push(Gap {
                at: 11,
                len: cut.frame_len() - 11,
                cause: GapCause::CaptureEnded,
            });
            Some(exchange(Some(cut), None))
        }
    }
}

proptest! {
    #[test]
    fn nothing_that_is_done_panics_and_the_selection_is_in_sight(deeds in vec(deed(), 0..60)) {
        let mut detail = showing(login());
        for deed in deeds {
            match deed {
                Deed::Move(motion, count) => detail.navigate(motion, count),
                Deed::Perform(place) => match COMMANDS[place].action {
                    commands::Action::InDetail(action) => detail.perform(action),
                    other => panic!("{other:?} is no action of the detail"),
                },
                Deed::Pane(is_forward) => {
                    detail.next_pane(is_forward);
                }
                Deed::Counterpart => detail.counterpart(),
                Deed::Show(number) => match any_exchange(number) {
                    Some(exchange) => detail.show(exchange),
                    None => detail.clear(),
                },
                Deed::Draw(width, height) => {
                    let text = text_of(&drawn(&detail, (width, height), LOOK));
                    let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
                    prop_assert!(!text.contains(acts));
                    let sees_tree = detail.shown.is_some() && height > 0 && width > 0
                        && (width >= 130 || height >= 12 || detail.pane == Pane::Tree);
                    prop_assert!(!sees_tree || text.contains('▶'), "{text}");
                }
            }
            detail.copied();
        }
    }
}
