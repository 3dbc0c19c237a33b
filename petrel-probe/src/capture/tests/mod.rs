//! Files and packets made to order, and what comes out of them.

mod files;
mod fragments;
mod packets;

use super::{
    Dissector, INCOMPLETE_FRAGMENT, Packet, Reader, Segment, Skip, UNDESCRIBED,
    craft::{self, Link, Pcap, Pcapng},
};
use crate::totals::Ending;
use proptest::prelude::*;
use std::{
    collections::BTreeMap,
    io::{self, Read},
    net::SocketAddr,
};

const TIME_NS: u64 = 1_700_000_000_123_456_000;

/// A packet without its borrow.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    time_ns: u64,
    link_type: u32,
    data: Vec<u8>,
    source: u64,
}

/// A segment without its borrow.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    sequence: u32,
    syn: bool,
    fin: bool,
    payload: Vec<u8>,
    missing: u32,
    source: u64,
}

fn read_from(input: impl Read) -> (Vec<Kept>, Ending) {
    let mut reader = Reader::new(input).unwrap();
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet().unwrap() {
        packets.push(Kept {
            time_ns: packet.time_ns,
            link_type: packet.link_type,
            data: packet.data.to_vec(),
            source: packet.source,
        });
    }
    assert!(
        reader.next_packet().unwrap().is_none(),
        "the end is the end"
    );
    (packets, reader.ending())
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn segment(payload: &[u8]) -> Segment<'_> {
    Segment {
        from: address("10.0.0.1:40000"),
        to: address("10.0.0.2:60606"),
        sequence: 77,
        acknowledged: Some(9),
        syn: false,
        fin: false,
        reset: false,
        payload,
        missing: 0,
        source: 0,
        time_ns: TIME_NS,
    }
}

fn segment_v6(payload: &[u8]) -> Segment<'_> {
    Segment {
        from: address("[fd00::1]:40000"),
        to: address("[fd00::2]:60606"),
        ..segment(payload)
    }
}

fn dissect(
    dissector: &mut Dissector,
    link_type: u32,
    data: &[u8],
    source: u64,
) -> Result<Vec<Seen>, Skip> {
    let mut seen = Vec::new();
    let packet = Packet {
        time_ns: TIME_NS,
        link_type,
        data,
        source,
    };
    dissector.segments(&packet, &mut |segment| {
        assert_eq!((segment.from.port(), segment.to.port()), (40000, 60606));
        seen.push(Seen {
            sequence: segment.sequence,
            syn: segment.syn,
            fin: segment.fin,
            payload: segment.payload.to_vec(),
            missing: segment.missing,
            source: segment.source,
        });
    })?;
    Ok(seen)
}

fn one(link_type: u32, data: &[u8]) -> Result<Seen, Skip> {
    let mut seen = dissect(&mut Dissector::new(), link_type, data, 1000)?;
    assert_eq!(seen.len(), 1);
    Ok(seen.remove(0))
}

#[test]
fn recorded_captures_are_read_to_their_end() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures");
    for (name, link_type, packets) in [
        ("any-ipv6.pcap", 276, 14),
        ("goomerang.pcap", 1, 21),
        ("hmac.pcap", 1, 28),
        ("plain.pcap", 1, 58),
        ("tcpez.pcap", 1, 20),
        ("tls.pcap", 1, 19),
    ] {
        let bytes = std::fs::read(format!("{folder}/{name}")).unwrap();
        let (read, ending) = read_from(&bytes[..]);
        assert_eq!((read.len(), ending), (packets, Ending::Complete), "{name}");
        let mut skipped = BTreeMap::<Skip, u64>::new();
        let mut dissector = Dissector::new();
        for packet in &read {
            assert_eq!(packet.link_type, link_type);
            let packet = Packet {
                time_ns: packet.time_ns,
                link_type,
                data: &packet.data,
                source: packet.source,
            };
            let each = &mut |part: &Segment<'_>| {
                let at = usize::try_from(part.source).unwrap();
                assert_eq!(bytes[at..at + part.payload.len()], *part.payload);
                assert_eq!(part.missing, 0);
            };
            if let Err(reason) = dissector.segments(&packet, each) {
                *skipped.entry(reason).or_default() += 1;
            }
        }
        assert_eq!(skipped, BTreeMap::new(), "{name}");
    }
}

proptest! {
    #[test]
    fn garbage_ends(
        start in 0_usize..6,
        garbage in proptest::collection::vec(any::<u8>(), 0..400),
        link in 0_usize..Link::ALL.len(),
    ) {
        let mut pcapng = Pcapng::new();
        pcapng.section(start == 1);
        pcapng.interface(1, 0, None, None);
        let mut start = match start {
            0 | 1 => pcapng.take(),
            2 => Pcap::new(1, false, false).take(),
            3 => Pcap::new(1, true, true).take(),
            4 => vec![0x0a, 0x0d, 0x0d, 0x0a],
            _ => Vec::new(),
        };
        start.extend(&garbage);
        if let Ok(mut reader) = Reader::new(&start[..]) {
            let mut dissector = Dissector::new();
            while let Some(packet) = reader.next_packet().unwrap() {
                let _ = dissector.segments(&packet, &mut |_| {});
            }
        }
        let link = Link::ALL[link];
        let _ = dissect_anything(link.number(), &garbage);
        let _ = dissect_anything(link.number(), &link.wrap(&garbage));
    }

    #[test]
    fn a_flipped_byte_harms_nobody(at in 0_usize..4000, value in any::<u8>()) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures");
        let mut bytes = std::fs::read(format!("{folder}/any-ipv6.pcap")).unwrap();
        let at = at % bytes.len();
        bytes[at] = value;
        if let Ok(mut reader) = Reader::new(&bytes[..]) {
            let mut dissector = Dissector::new();
            while let Some(packet) = reader.next_packet().unwrap() {
                let _ = dissector.segments(&packet, &mut |_| {});
            }
        }
    }
}

fn dissect_anything(link_type: u32, data: &[u8]) -> Result<(), Skip> {
    let packet = Packet {
        time_ns: 0,
        link_type,
        data,
        source: 0,
    };
    Dissector::new().segments(&packet, &mut |_| {})
}
