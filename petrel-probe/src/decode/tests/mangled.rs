//! What can happen to a capture: order, repetition, loss.

use super::{
    Decoded, Decoder, DecoderConfig, Dice,
    captures::{config, packets},
    script::{Script, Sent, decode},
};
use crate::{
    capture::Packet,
    exchange::{Exchange, Message},
};

/// Decodes packets.
fn decode_packets(packets: &[(u64, u32, Vec<u8>, u64)], key: Option<&[u8]>) -> Decoded {
    let mut decoder = Decoder::new(DecoderConfig {
        framer: config(key),
        ..DecoderConfig::default()
    });
    let mut events = Vec::new();
    for (time_ns, link_type, data, source) in packets {
        let packet = Packet {
            time_ns: *time_ns,
            link_type: *link_type,
            data,
            source: *source,
        };
        decoder.packet(&packet, &mut |event| events.push(event));
    }
    decoder.finish(&mut |event| events.push(event));
    Decoded::new(events, decoder.totals())
}

/// What was said, whatever number a connection has.
fn said(exchanges: &[Exchange]) -> Vec<(u16, Option<Message>, Option<Message>)> {
    let mut said: Vec<_> = exchanges
        .iter()
        .map(|one| (one.client.port(), one.request.clone(), one.response.clone()))
        .collect();
    said.sort_by_key(|(port, request, response)| {
        let first = request.as_ref().or(response.as_ref());
        (*port, first.map(|message| message.header.sequence))
    });
    said
}

#[test]
fn real_captures_shuffled_and_repeated_say_the_same() {
    for (name, key) in [
        ("plain.pcap", None),
        ("hmac.pcap", Some(&b"s3cret-key"[..])),
        ("any-ipv6.pcap", None),
    ] {
        let packets = packets(name);
        let right = decode_packets(&packets, key);
        for seed in 0..60 {
            let mut dice = Dice(seed);
            let mut mangled = packets.clone();
            let again: Vec<_> = packets
                .iter()
                .filter(|_| dice.roll(3) == 0)
                .cloned()
                .collect();
            mangled.extend(again);
            dice.shuffle(&mut mangled);
            let decoded = decode_packets(&mangled, key);
            assert_eq!(
                said(&decoded.exchanges),
                said(&right.exchanges),
                "{name}, {seed}"
            );
            assert_eq!(decoded.notes(), right.notes(), "{name}, {seed}");
            assert_eq!(decoded.totals.gaps, 0);
            assert_eq!(decoded.totals.notices, right.totals.notices);
            let mut starts = decoded.connections.iter().map(|one| (one.start, one.end));
            assert!(starts.all(|one| {
                right
                    .connections
                    .iter()
                    .any(|right| (right.start, right.end) == one)
            }));
        }
    }
}

/// Three connections at once, segment by segment in turn.
fn interleaved() -> Vec<Sent> {
    let mut scripts: Vec<_> = (0..3)
        .map(|at| Script::whole(1000 + at, 7, 60).segments.into_iter())
        .collect();
    let mut all = Vec::new();
    while scripts.iter().any(|one| one.len() > 0) {
        all.extend(scripts.iter_mut().filter_map(Iterator::next));
    }
    all
}

#[test]
fn out_of_order_by_a_little_says_the_same_as_it_comes() {
    let all = interleaved();
    let right = decode(&all);
    assert_eq!(right.exchanges.len(), 3 * 61);
    for seed in 0..10 {
        let mut dice = Dice(seed);
        let mut mangled = all.clone();
        for window in mangled.chunks_mut(12) {
            dice.shuffle(window);
        }
        let decoded = decode(&mangled);
        assert_eq!(said(&decoded.exchanges), said(&right.exchanges));
        assert_eq!(decoded.notes(), [""; 0]);
        assert!(decoded.totals.out_of_order > 0);
    }
}

#[test]
fn with_losses_what_is_told_whole_was_said_so_and_what_was_not_touched_is_told() {
    let all = interleaved();
    let right = decode(&all);
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let one_in = 5 + dice.roll(40);
        let (mut kept, mut lost) = (Vec::new(), Vec::new());
        for sent in &all {
            // Without a single protocol check nothing could be found at all.
            let is_lost = dice.roll(one_in) == 0 && !sent.syn && sent.payload.len() != 22;
            if is_lost { &mut lost } else { &mut kept }.push(sent.clone());
        }
        let decoded = decode(&kept);
        let right = said(&right.exchanges);
        let (mut whole, mut partners) = (0, 0);
        for (port, request, response) in said(&decoded.exchanges) {
            for message in [&request, &response].into_iter().flatten() {
                if message.is_complete() {
                    whole += 1;
                    let was_said = right.iter().any(|(of, asked, answered)| {
                        *of == port
                            && [asked, answered]
                                .into_iter()
                                .flatten()
                                .any(|one| one == message)
                    });
                    assert!(was_said, "seed {seed}: {message:?}");
                }
            }
            if let (Some(request), Some(response)) = (request, response) {
                partners += 1;
                assert_eq!(
                    request.header.sequence, response.header.sequence,
                    "seed {seed}"
                );
            }
        }
        // Every lost segment costs the message that it was of, and one more where that hid the next.
        let data = lost.iter().filter(|sent| !sent.payload.is_empty()).count();
        assert!(
            whole + 2 * data >= 2 * 3 * 61,
            "seed {seed}: {whole} whole, {data} lost"
        );
        assert!(
            partners + 2 * data >= 3 * 61,
            "seed {seed}: {partners} pairs, {data} lost"
        );
        assert!(
            decoded
                .notes()
                .iter()
                .all(|kind| !kind.starts_with("wrong"))
        );
        if data > 0 {
            assert!(decoded.totals.gaps > 0);
        }
    }
}

#[test]
fn a_capture_that_is_cut_anywhere_is_told_up_to_there() {
    let packets = packets("plain.pcap");
    let right = said(&decode_packets(&packets, None).exchanges);
    for len in 0..packets.len() {
        let decoded = decode_packets(&packets[..len], None);
        for one in said(&decoded.exchanges) {
            let is_open = one.2.is_none() || one.1.iter().any(|message| !message.is_complete());
            assert!(is_open || right.contains(&one), "{len}: {one:?}");
        }
    }
}

#[test]
fn a_capture_that_begins_anywhere_is_told_from_there() {
    let packets = packets("plain.pcap");
    let right = said(&decode_packets(&packets, None).exchanges);
    for from in 0..packets.len() {
        let decoded = decode_packets(&packets[from..], None);
        for (port, request, response) in said(&decoded.exchanges) {
            let mut there = [&request, &response].into_iter().flatten();
            assert!(there.all(|message| {
                let mut said = right.iter().filter(|one| one.0 == port);
                said.any(|(_, asked, answered)| {
                    [asked, answered]
                        .into_iter()
                        .flatten()
                        .any(|one| one == message)
                })
            }));
            let alone = request.is_none() || response.is_none();
            assert!(
                !alone
                    || decoded
                        .connections
                        .iter()
                        .any(|one| one.client.port() == port)
            );
        }
    }
}
