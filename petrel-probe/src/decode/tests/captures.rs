//! Real captures, decoded.

use super::{Decoded, Decoder, DecoderConfig};
use crate::{
    capture::Reader,
    exchange::{End, Exchange, MacState, Note, Start},
    keyring::Keyring,
    wire::FramerConfig,
};
use petrel::wire::MacKey;
use std::{fs, path::Path, sync::Arc};

/// The packets of a capture: time, link type, bytes, and where they lie.
pub(super) fn packets(name: &str) -> Vec<(u64, u32, Vec<u8>, u64)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/captures")
        .join(name);
    let bytes = fs::read(path).unwrap();
    let mut reader = Reader::new(&bytes[..]).unwrap();
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet().unwrap() {
        let data = packet.data.to_vec();
        packets.push((packet.time_ns, packet.link_type, data, packet.source));
    }
    packets
}

pub(super) fn config(key: Option<&[u8]>) -> FramerConfig {
    let mut keyring = Keyring::new();
    if let Some(key) = key {
        keyring.add("the key", MacKey::new(key).unwrap());
    }
    FramerConfig {
        keyring: Arc::new(keyring),
        extents: true,
        ..FramerConfig::default()
    }
}

fn decode(name: &str, key: Option<&[u8]>) -> Decoded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/captures")
        .join(name);
    let mut decoder = Decoder::new(DecoderConfig {
        framer: config(key),
        ..DecoderConfig::default()
    });
    let bytes = fs::read(path).unwrap();
    let mut reader = Reader::new(&bytes[..]).unwrap();
    let mut events = Vec::new();
    while let Some(packet) = reader.next_packet().unwrap() {
        decoder.packet(&packet, &mut |event| events.push(event));
    }
    decoder.finish(&mut |event| events.push(event));
    Decoded::new(events, decoder.totals())
}

#[test]
fn a_plain_capture_is_told_whole() {
    let decoded = decode("plain.pcap", None);
    let counts: Vec<_> = decoded
        .connections
        .iter()
        .map(|one| one.exchanges)
        .collect();
    assert_eq!(counts, [5, 9, 3]);
    for connection in &decoded.connections {
        assert_eq!(
            (connection.start, connection.end),
            (Start::Handshake, End::Closed)
        );
        assert_eq!(connection.macs, [Some(false); 2]);
        let [Note::Notice { status, text, .. }] = &connection.notes[..] else {
            panic!("{:?}", connection.notes)
        };
        assert_eq!((status.0, &text[..]), (198, &b"EOF"[..]));
    }
    assert!(decoded.exchanges.iter().all(Exchange::is_complete));
    assert!(
        decoded
            .exchanges
            .iter()
            .all(|one| one.notes.is_empty() && one.rtt().is_some())
    );
    let last = decoded.exchanges.last().unwrap();
    assert_eq!(last.response.as_ref().unwrap().header.status.0, 9101);
    assert_eq!((decoded.totals.exchanges, decoded.totals.notices), (17, 3));
}

#[test]
fn macs_are_found_and_checked_with_the_key_that_is_given() {
    let decoded = decode("hmac.pcap", Some(b"s3cret-key"));
    let states = |connection| {
        let all = decoded
            .exchanges
            .iter()
            .filter(move |one| one.connection == connection);
        all.flat_map(|one| {
            one.messages()
                .map(|(_, message)| message.mac.clone())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(states(1).count(), 10);
    assert!(states(1).all(|state| state == MacState::Ok("the key".into())));
    assert!(states(2).any(|state| state == MacState::Bad));
    let refused = decoded.exchanges.last().unwrap().response.as_ref().unwrap();
    assert_eq!(refused.header.status.0, 502);

    let without = decode("hmac.pcap", None);
    let mut states = without.exchanges.iter().flat_map(Exchange::messages);
    assert!(states.all(|(_, message)| message.mac == MacState::NoKey));
}

#[test]
fn other_links_and_other_protocols_are_told() {
    let decoded = decode("any-ipv6.pcap", None);
    assert_eq!(decoded.exchanges.len(), 3);
    assert!(decoded.exchanges[0].server.is_ipv6());
    for (name, reason) in [
        ("tls.pcap", "TLS"),
        ("tcpez.pcap", "another"),
        ("goomerang.pcap", "another"),
    ] {
        let decoded = decode(name, None);
        assert_eq!(decoded.connections, [], "{name}");
        let mut reasons = decoded.totals.skipped_connections.keys();
        assert!(
            reasons.all(|told| told.starts_with(reason)),
            "{:?}",
            decoded.totals
        );
        assert!(!decoded.totals.skipped_connections.is_empty());
    }
}

#[test]
fn where_the_bytes_lie_is_where_they_can_be_read_again() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/plain.pcap");
    let file = fs::read(file).unwrap();
    for exchange in decode("plain.pcap", None).exchanges {
        for (_, message) in exchange.messages() {
            let again = message.extents.iter().flat_map(|extent| {
                let at = usize::try_from(extent.at).unwrap();
                &file[at..at + usize::try_from(extent.len).unwrap()]
            });
            assert!(again.eq(&message.bytes));
        }
    }
}
