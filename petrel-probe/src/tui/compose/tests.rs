//! The composer, told what happened and drawn.

mod drawing;
mod sending;
mod typing;

use super::{Action, Compose, Effect, Msg, Route, Setup, Took, update, view};
use crate::{
    exchange::{Exchange, MacState, Message},
    keyring::Keyring,
    tui::paint::Look,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use petrel::wire::{Codec, Frame, Header, MacKey, Status};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
};
use std::time::Duration;

const LOOK: Look = Look {
    is_colored: true,
    is_ascii: false,
};

fn setup() -> Setup {
    let mut keys = Keyring::new();
    keys.add("ops.key", MacKey::new(b"a key of sixteen").unwrap());
    Setup {
        target: Some("127.0.0.1:60606".parse().unwrap()),
        keys,
        key_words: vec![vec!["--hmac-key-file".into(), "ops.key".into()]],
        ..Setup::default()
    }
}

fn press(compose: &mut Compose, code: KeyCode) -> Vec<Effect> {
    update(compose, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn enter_text(compose: &mut Compose, text: &str) {
    for c in text.chars() {
        let code = if c == '\n' {
            KeyCode::Enter
        } else {
            KeyCode::Char(c)
        };
        press(compose, code);
    }
}

fn perform(compose: &mut Compose, action: Action) -> Vec<Effect> {
    update(compose, Msg::Perform(action))
}

fn next(compose: &mut Compose) -> Vec<Effect> {
    update(compose, Msg::Focus { is_forward: true })
}

fn message(status: u16, name: &str, payload: &[u8], time_ns: u64) -> Message {
    let frame = Frame {
        status: Status(status),
        sequence: 2,
        name: name.as_bytes(),
        payload,
    };
    let mut bytes = Vec::new();
    Codec::new().encode(&frame, &mut bytes).unwrap();
    Message {
        header: Header::parse(bytes.first_chunk().unwrap()),
        bytes,
        gaps: Vec::new(),
        extents: Vec::new(),
        mac: MacState::None,
        first_ns: time_ns,
        time_ns,
    }
}

fn exchange(name: &str, request: &str, status: u16, answer: &[u8]) -> Box<Exchange> {
    let mut response = message(status, name, answer, 1_234_000);
    response.mac = MacState::Ok("ops.key".into());
    // The characters of the MAC, which nobody looks at here.
    response.bytes.extend([b'x'; 44]);
    Box::new(Exchange {
        connection: 1,
        client: ([127, 0, 0, 1], 50_000).into(),
        server: ([127, 0, 0, 1], 60_606).into(),
        request: Some(message(0, name, request.as_bytes(), 0)),
        response: Some(response),
        notes: Vec::new(),
    })
}

fn answered(compose: &mut Compose, exchange: Box<Exchange>) {
    let effects = update(compose, Msg::Answered(exchange));
    assert!(matches!(effects[..], [Effect::Append(_)]));
    update(compose, Msg::Finished);
}

fn connected(compose: &mut Compose) {
    let route = compose.route().ok().unwrap();
    let took = Took {
        route,
        connect: Duration::from_micros(212),
        tls: None,
        check: Some(Duration::from_micros(180)),
        exchange: None,
    };
    update(compose, Msg::Connected(Box::new(took)));
}

/// With a request and two answers.
fn busy() -> Compose {
    let mut compose = Compose::new(&setup());
    connected(&mut compose);
    enter_text(&mut compose, "user.get");
    next(&mut compose);
    perform(&mut compose, Action::PayloadForm);
    next(&mut compose);
    enter_text(&mut compose, "{\"id\": 17}");
    let answer = br#"{"id":17,"name":"Ada","groups":["ops"]}"#;
    answered(
        &mut compose,
        exchange("user.get", "{\"id\": 17}", 200, answer),
    );
    let answer = br#"{"id":17,"name":"Ada Lovelace","groups":["ops"]}"#;
    answered(
        &mut compose,
        exchange("user.get", "{\"id\": 17}", 200, answer),
    );
    compose
}

fn frame(compose: &Compose, (width, height): (u16, u16), look: Look) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view(compose, buffer.area, &mut buffer, look);
    buffer
}

fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content().chunks(buffer.area.width.max(1).into()) {
        let mut line = String::new();
        let mut covered = 0;
        for cell in row.iter().map(Cell::symbol) {
            // Behind a wide character its second column is not drawn.
            if covered == 0 {
                line.push_str(cell);
                covered = unicode_width::UnicodeWidthStr::width(cell).saturating_sub(1);
            } else {
                covered -= 1;
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn drawn(compose: &Compose, size: (u16, u16)) -> String {
    text_of(&frame(compose, size, LOOK))
}

fn is_to(effects: &[Effect], route: &Route) -> bool {
    matches!(effects, [Effect::Connect(to)] if to == route)
}
