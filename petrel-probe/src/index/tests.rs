//! What goes in comes out, in rows and in whole.

use super::*;
use crate::exchange::{Exchange, Extent, Gap, GapCause, MacState, Message, Note, Side};
use crate::filter::Filter;
use petrel::wire::{HEADER_LEN, Header, Status};
use proptest::{collection::vec, prelude::*};
use std::{
    io::{self, Write},
    sync::Arc,
};

/// An exchange whose messages lie in a source, which grows by them.
fn exchange(number: u32, name: &[u8], payload: &[u8], source: &mut Vec<u8>) -> Exchange {
    let mut message = |status, time_ns| {
        let header = Header {
            status: Status(status),
            sequence: number,
            name_len: u8::try_from(name.len()).unwrap(),
            payload_len: u32::try_from(payload.len()).unwrap(),
        };
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(payload);
        source.extend_from_slice(b"headers of a packet");
        let extent = Extent {
            at: source.len() as u64,
            len: u32::try_from(bytes.len()).unwrap(),
        };
        source.extend_from_slice(&bytes);
        Message {
            header,
            bytes,
            gaps: Vec::new(),
            extents: vec![extent],
            mac: MacState::None,
            first_ns: time_ns,
            time_ns: time_ns + 5,
        }
    };
    let port = 1000 + u16::try_from(number % 7).unwrap();
    Exchange {
        connection: number % 7,
        client: ([127, 0, 0, 1], port).into(),
        server: ([127, 0, 0, 1], 60606).into(),
        request: Some(message(0, u64::from(number) * 1000)),
        response: Some(message(200, u64::from(number) * 1000 + 300)),
        notes: Vec::new(),
    }
}

/// Loses bytes at the end of the answer, and lets the request lie in two pieces.
fn damage(exchange: &mut Exchange) {
    let response = exchange.response.as_mut().unwrap();
    let gap = Gap {
        at: HEADER_LEN as u64,
        len: response.frame_len() - HEADER_LEN as u64,
        cause: GapCause::Lost,
    };
    response.gaps.push(gap);
    response.bytes.truncate(HEADER_LEN);
    response.extents[0].len = u32::try_from(HEADER_LEN).unwrap();
    response.mac = MacState::Ok("some.key".into());
    let request = exchange.request.as_mut().unwrap();
    let whole = request.extents[0];
    let first = Extent { len: 3, ..whole };
    let rest = Extent {
        at: whole.at + 3,
        len: whole.len - 3,
    };
    request.extents = vec![first, rest];
    request.mac = MacState::Bad;
    exchange.notes.push(Note::WrongName);
}

fn indexed(exchanges: &[Exchange], stores: &Stores) -> Index {
    let mut indexer = Indexer::new(stores.clone());
    for exchange in exchanges {
        indexer.push(exchange).unwrap();
    }
    indexer.index().clone()
}

fn spooled(source: &[u8]) -> Stores {
    let spool = Spool::new(1 << 10);
    spool.append(source).unwrap();
    Stores::with_source(Store::Spool(Arc::new(spool)))
}

/// Every row says what its exchange says, and reads it back.
fn compare(index: &Index, exchanges: &[Exchange], stores: &Stores) {
    assert_eq!(index.len() as usize, exchanges.len());
    for ((number, row), exchange) in index.rows(0..u32::MAX).zip(exchanges) {
        assert_eq!(row.name, exchange.name());
        assert_eq!(row.sequence, exchange.sequence());
        assert_eq!(row.connection, exchange.connection);
        assert_eq!((row.client, row.server), (exchange.client, exchange.server));
        assert_eq!(row.rtt, exchange.rtt());
        assert_eq!(row.is_complete, exchange.is_complete());
        assert_eq!(row.notes(), exchange.notes);
        for side in [Side::Client, Side::Server] {
            let message = exchange.messages().find(|message| message.0 == side);
            let message = message.map(|(_, message)| message);
            let known = row.message(side);
            assert_eq!(
                known.map(|known| known.mac),
                message.map(|message| &message.mac)
            );
            assert_eq!(
                known.map(|known| known.gaps),
                message.map(|message| &*message.gaps)
            );
            assert_eq!(known.map(|known| known.name), message.map(Message::name));
            let len = message.map(|message| message.header.payload_len);
            assert_eq!(known.map(|known| known.payload_len), len);
        }
        let read = index.read(number, stores).unwrap();
        assert_eq!(read.as_ref(), Some(exchange));
    }
    assert!(index.row(index.len()).is_none());
    assert_eq!(index.read(index.len(), stores).unwrap(), None);
}

/// Exchanges of all kinds, more than two blocks of them.
fn many() -> (Vec<Exchange>, Vec<u8>) {
    let mut source = Vec::new();
    let exchanges = (0..10_000)
        .map(|number| {
            let name = format!("name {}", number % 5000);
            let mut exchange = exchange(number, name.as_bytes(), b"payload", &mut source);
            match number % 10 {
                3 => damage(&mut exchange),
                5 => exchange.request = None,
                7 => exchange.response = None,
                // An answer with another name.
                9 => {
                    let response = exchange.response.as_mut().unwrap();
                    response.bytes[HEADER_LEN] = b'N';
                    let at = usize::try_from(response.extents[0].at).unwrap();
                    source[at + HEADER_LEN] = b'N';
                }
                _ => {}
            }
            exchange
        })
        .collect();
    (exchanges, source)
}

#[test]
fn an_exchange_is_read_as_it_was_indexed() {
    let (exchanges, source) = many();
    let stores = spooled(&source);
    let index = indexed(&exchanges, &stores);
    compare(&index, &exchanges, &stores);
    assert_eq!((index.connections(), index.gaps()), (7, 1000));
    assert_eq!(index.macs(), [1000, 1000]);
    let names: Vec<_> = index.names().collect();
    assert_eq!((names.len(), names[4999]), (5000, &b"name 4999"[..]));
}

#[test]
fn what_lies_in_no_source_is_spooled() {
    let (mut exchanges, _) = many();
    for exchange in &mut exchanges {
        for message in [&mut exchange.request, &mut exchange.response] {
            message
                .iter_mut()
                .for_each(|message| message.extents.clear());
        }
    }
    let stores = Stores::new();
    compare(&indexed(&exchanges, &stores), &exchanges, &stores);
}

#[test]
fn a_file_that_changed_is_told_from_the_one_that_was_indexed() {
    let mut source = Vec::new();
    let exchanges = [exchange(1, b"name", b"payload", &mut source)];
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&source).unwrap();
    let stores = Stores::with_source(Store::File(Arc::new(file.try_clone().unwrap())));
    let index = indexed(&exchanges, &stores);
    compare(&index, &exchanges, &stores);
    file.set_len(source.len() as u64 - 1).unwrap();
    let error = index.read(0, &stores).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    file.set_len(0).unwrap();
    file.set_len(source.len() as u64).unwrap();
    let error = index.read(0, &stores).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[test]
fn what_is_read_in_a_row_is_what_is_read_alone() {
    let (exchanges, source) = many();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&source).unwrap();
    let stores = Stores::with_source(Store::File(Arc::new(file)));
    let index = indexed(&exchanges, &stores);
    let mut reading = Reading::new(&stores);
    let some = (0..10_000)
        .chain((0..10_000).rev().step_by(7))
        .chain([0, 9999, 5000]);
    for number in some {
        let row = index.row(number).unwrap();
        let read = reading.exchange(&row).unwrap();
        assert_eq!(&read, &exchanges[number as usize]);
    }
}

#[test]
fn a_clone_keeps_its_rows_while_the_index_grows() {
    let (exchanges, source) = many();
    let stores = spooled(&source);
    let mut indexer = Indexer::new(stores.clone());
    indexer.push(&exchanges[0]).unwrap();
    let before = indexer.index().clone();
    for exchange in &exchanges[1..] {
        indexer.push(exchange).unwrap();
    }
    compare(&before, &exchanges[..1], &stores);
    compare(indexer.index(), &exchanges, &stores);
}

proptest! {
    #[test]
    fn any_names_and_payloads_come_back(
        what in vec((vec(any::<u8>(), 0..256), vec(any::<u8>(), 0..600), any::<bool>()), 0..40),
    ) {
        let mut source = Vec::new();
        let exchanges: Vec<_> = what
            .iter()
            .zip(0..)
            .map(|((name, payload, is_whole), number)| {
                let mut exchange = exchange(number, name, payload, &mut source);
                if !is_whole {
                    damage(&mut exchange);
                }
                exchange
            })
            .collect();
        let stores = spooled(&source);
        compare(&indexed(&exchanges, &stores), &exchanges, &stores);
    }
}

#[test]
fn sides_do_not_mix() {
    let mut source = Vec::new();
    let mut only_answer = exchange(9, b"n", b"p", &mut source);
    only_answer.request = None;
    let stores = spooled(&source);
    let index = indexed(&[only_answer], &stores);
    let row = index.row(0).unwrap();
    assert!(row.message(Side::Client).is_none());
    assert_eq!((row.request_len, row.response_len), (None, Some(1)));
    assert_eq!(row.status, Some(Status::OK));
    assert_eq!((row.sequence, row.time_ns), (9, 9305));
}

#[test]
fn a_filter_judges_a_row_as_it_judges_its_exchange() {
    let (exchanges, source) = many();
    let stores = spooled(&source);
    let index = indexed(&exchanges, &stores);
    for expression in [
        "status == 200",
        "!(status == 200) || mac == bad",
        "response.name contains \"Name\"",
        "name contains \"17\" && seq < 3000",
        "mac.key == \"some.key\"",
        "rtt > 200ns && complete",
        "gaps || notes",
        "request.payload.len == 7 && conn in {1, 3..4}",
        "client == 127.0.0.1:1003",
        "response.payload contains \"pay\"",
    ] {
        let filter = Filter::parse(expression).unwrap();
        let mut matches = 0;
        for ((_, row), exchange) in index.rows(0..u32::MAX).zip(&exchanges) {
            let expected = filter.matches(exchange);
            matches += u32::from(expected);
            match filter.judge(&row) {
                Some(judged) => assert_eq!(judged, expected, "{expression}"),
                None => assert!(filter.needs_payload(), "{expression}"),
            }
        }
        assert!(matches > 0 && matches < 10_000, "{expression}: {matches}");
    }
}
