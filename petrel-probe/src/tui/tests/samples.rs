//! Traffic made by hand, and a model that shows it.

use super::super::{
    compose::Compose,
    effect::Effect,
    message::Msg,
    model::{Model, Screen},
    paint::Look,
    traffic::Traffic,
    update::update,
    view::view,
    worker::SourceMsg,
};
use crate::{
    exchange::{Exchange, Gap, GapCause, MacState, Message, Note},
    filter::Filter,
    index::{Index, Indexer, Stores},
    totals::{Ending, Totals},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use petrel::wire::{Header, Status};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
};
use std::net::{Ipv4Addr, SocketAddr};

/// Begin of the capture, in nanoseconds since 1970.
const BEGIN_NS: u64 = 1_790_000_000_000_000_000;

pub(super) const COLORED: Look = Look {
    is_colored: true,
    is_ascii: false,
};

pub(super) fn message(
    name: &[u8],
    status: u16,
    sequence: u32,
    payload: &[u8],
    at_us: u64,
) -> Message {
    let header = Header {
        status: Status(status),
        sequence,
        name_len: u8::try_from(name.len()).unwrap(),
        payload_len: u32::try_from(payload.len()).unwrap(),
    };
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(payload);
    Message {
        header,
        bytes,
        gaps: Vec::new(),
        extents: Vec::new(),
        mac: MacState::None,
        first_ns: BEGIN_NS + at_us * 1_000,
        time_ns: BEGIN_NS + at_us * 1_000,
    }
}

pub(super) fn exchange(
    connection: u32,
    sequence: u32,
    name: &[u8],
    status: u16,
    (at_us, rtt_us): (u64, u64),
) -> Exchange {
    let port = 51_000 + u16::try_from(connection).unwrap();
    let request = br#"{"id": 7, "name": "Ada"}"#;
    Exchange {
        connection,
        client: SocketAddr::from((Ipv4Addr::new(10, 0, 0, 5), port)),
        server: SocketAddr::from((Ipv4Addr::new(10, 0, 0, 9), 60606)),
        request: Some(message(name, 0, sequence, request, at_us)),
        response: Some(message(
            name,
            status,
            sequence,
            b"{\"ok\": true}",
            at_us + rtt_us,
        )),
        notes: Vec::new(),
    }
}

/// What can go wrong, once each.
pub(super) fn exchanges() -> Vec<Exchange> {
    let mut all = vec![
        exchange(1, 1, b"PROTOCHECK", 200, (0, 412)),
        exchange(1, 2, b"user.get", 200, (1_000, 1_912)),
        exchange(2, 1, b"PROTOCHECK", 200, (1_500, 300)),
        exchange(1, 3, b"user.update", 402, (4_113, 67_812)),
        exchange(2, 2, b"login", 200, (120_001, 812)),
        exchange(
            2,
            3,
            "naïve\u{1b}[31m\u{202e}日本".as_bytes(),
            9_101,
            (130_000, 12_345_678),
        ),
        exchange(
            2,
            4,
            b"a.name.that.is.much.longer.than.any.column",
            200,
            (14_000_000, 5),
        ),
    ];
    all[3].notes.push(Note::Notice {
        status: Status(498),
        sequence: 3,
        text: b"read error".to_vec(),
    });
    let signed = &mut all[4];
    for message in [&mut signed.request, &mut signed.response] {
        let message = message.as_mut().unwrap();
        message.mac = MacState::Ok("a.key".into());
        message.bytes.extend_from_slice(&[b'A'; 44]);
    }
    let bad = all[1].response.as_mut().unwrap();
    bad.mac = MacState::Bad;
    bad.bytes.extend_from_slice(&[b'B'; 44]);
    all[5].response = None;
    all[5].notes.push(Note::Unanswered);
    let cut = all[6].request.as_mut().unwrap();
    cut.bytes.truncate(60);
    cut.gaps.push(Gap {
        at: 60,
        len: cut.frame_len() - 60,
        cause: GapCause::Lost,
    });
    all
}

pub(super) fn index_of(exchanges: &[Exchange]) -> Index {
    let mut indexer = Indexer::new(Stores::new());
    for exchange in exchanges {
        indexer.push(exchange).unwrap();
    }
    indexer.index().clone()
}

/// A model together with what the workers would do at once.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) model: Model,
    pub(super) exchanges: Vec<Exchange>,
    /// What nobody does here.
    pub(super) effects: Vec<Effect>,
}

impl Stage {
    pub(super) fn new(size: (u16, u16), exchanges: Vec<Exchange>) -> Self {
        let model = Model {
            size,
            look: COLORED,
            screen: Screen::Traffic,
            overlay: None,
            count: None,
            notice: None,
            replays: 0,
            traffic: Traffic::new("plain.pcap", false),
            compose: Compose::default(),
        };
        let mut stage = Self {
            model,
            exchanges,
            effects: Vec::new(),
        };
        let index = index_of(&stage.exchanges);
        stage.tell(Msg::Source(SourceMsg::Rows(index.into())));
        stage
    }

    pub(super) fn done(&mut self, ending: Ending) {
        let totals = Totals {
            ending,
            ..Totals::default()
        };
        self.tell(Msg::Source(SourceMsg::Done(Box::new(totals))));
    }

    /// Tells the model something, and does what it wants as the workers would.
    pub(super) fn tell(&mut self, msg: Msg) {
        let mut effects = update(&mut self.model, msg);
        while !effects.is_empty() {
            let effect = effects.remove(0);
            if let Some(answer) = self.answer(&effect) {
                effects.extend(update(&mut self.model, Msg::Source(answer)));
            } else {
                self.effects.push(effect);
            }
        }
    }

    fn answer(&self, effect: &Effect) -> Option<SourceMsg> {
        match effect {
            Effect::LoadExchange { row } => Some(SourceMsg::Loaded {
                row: *row,
                exchange: Ok(Box::new(
                    self.exchanges[usize::try_from(*row).unwrap()].clone(),
                )),
            }),
            Effect::Filter {
                expression: Some(expression),
                generation,
            } => {
                let filter = Filter::parse(expression).unwrap();
                let matches = (0..).zip(&self.exchanges);
                let matches = matches.filter(|(_, exchange)| filter.matches(exchange));
                Some(SourceMsg::Filtered {
                    generation: *generation,
                    matches: matches.map(|(row, _)| row).collect(),
                    judged: u32::try_from(self.exchanges.len()).unwrap(),
                })
            }
            _ => None,
        }
    }

    /// Presses keys, each a character; capitals among them are what they are.
    pub(super) fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
    }

    pub(super) fn press(&mut self, code: KeyCode) {
        self.tell(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    pub(super) fn press_ctrl(&mut self, letter: char) {
        let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        self.tell(Msg::Key(key));
    }

    pub(super) fn resize(&mut self, (width, height): (u16, u16)) {
        self.tell(Msg::Resize { width, height });
    }

    pub(super) fn frame(&self) -> Buffer {
        let (width, height) = self.model.size;
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        view(&self.model, area, &mut buffer);
        buffer
    }

    /// What is drawn, without styles.
    pub(super) fn text(&self) -> String {
        text_of(&self.frame())
    }
}

pub(super) fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    if buffer.area.is_empty() {
        return text;
    }
    for row in buffer.content().chunks(buffer.area.width.into()) {
        let line: String = row.iter().map(Cell::symbol).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
