//! Exchanges for tests.

use super::{Connection, End, Exchange, Gap, GapCause, MacState, Message, Note, Side, Start};
use petrel::wire::{Header, Status};

/// 2026-01-31T12:00:00Z.
pub(crate) const START_NS: u64 = 1_769_860_800_000_000_000;

/// A whole message, captured `at_us` after [`START_NS`].
pub(crate) fn message(status: u16, name: &[u8], payload: &[u8], at_us: u64) -> Message {
    let header = Header {
        status: Status(status),
        sequence: 7,
        name_len: name.len().try_into().unwrap(),
        payload_len: payload.len().try_into().unwrap(),
    };
    let time_ns = START_NS + at_us * 1_000;
    Message {
        header,
        bytes: [&header.to_bytes(), name, payload].concat(),
        gaps: Vec::new(),
        extents: Vec::new(),
        mac: MacState::None,
        first_ns: time_ns,
        time_ns,
    }
}

/// A message that carries a MAC in this state.
pub(crate) fn with_mac(mut message: Message, mac: MacState) -> Message {
    message.bytes.extend([b'A'; 43]);
    message.bytes.push(b'=');
    message.mac = mac;
    message
}

/// A message whose payload lacks `len` bytes from its `from`th on.
pub(crate) fn with_gap(mut message: Message, from: usize, len: usize, cause: GapCause) -> Message {
    let at = 11 + usize::from(message.header.name_len) + from;
    message.bytes.drain(at..at + len);
    message.gaps.push(Gap {
        at: at as u64,
        len: len as u64,
        cause,
    });
    message
}

/// An exchange on connection 1.
pub(crate) fn exchange(request: Option<Message>, response: Option<Message>) -> Exchange {
    Exchange {
        connection: 1,
        client: "10.0.0.1:40000".parse().unwrap(),
        server: "[::1]:60606".parse().unwrap(),
        request,
        response,
        notes: Vec::new(),
    }
}

/// A login that was answered 200 after 1.5 ms; the request's MAC is good, the answer's is not.
pub(crate) fn login() -> Exchange {
    let request = message(0, b"login", br#"{"token":"abc"}"#, 0);
    let response = message(200, b"login", b"welcome", 1_500);
    exchange(
        Some(with_mac(request, MacState::Ok("a.key".into()))),
        Some(with_mac(response, MacState::Bad)),
    )
}

/// A request with a gap, and no answer.
pub(crate) fn broken() -> Exchange {
    let request = message(0, b"put", b"0123456789", 0);
    let request = with_gap(request, 4, 3, GapCause::Lost);
    let mut exchange = exchange(Some(request), None);
    exchange.notes.push(Note::Unanswered);
    exchange.notes.push(Note::Notice {
        status: Status::CLIENT_GONE,
        sequence: 7,
        text: b"EOF\x1b[2J\xff".to_vec(),
    });
    exchange
}

/// A connection with one of everything.
pub(crate) fn connection() -> Connection {
    let gap = Gap {
        at: 10,
        len: 3,
        cause: GapCause::Lost,
    };
    Connection {
        number: 1,
        client: "10.0.0.1:40000".parse().unwrap(),
        server: "[::1]:60606".parse().unwrap(),
        first_ns: START_NS,
        last_ns: START_NS + 2_000_000,
        start: Start::Handshake,
        end: End::Reset(Side::Server),
        exchanges: 2,
        macs: [Some(true), None],
        gaps: vec![(Side::Client, gap)],
        skipped: [0, 5],
        notes: vec![Note::OneSidedMacs],
    }
}
