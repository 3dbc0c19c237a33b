//! Files: formats, orders, units, cuts, damage.

use super::{super::CaptureError, *};

#[test]
fn pcap_is_read_in_both_byte_orders_and_resolutions() {
    for (big_endian, nanoseconds) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut file = Pcap::new(1, big_endian, nanoseconds);
        file.packet(TIME_NS, b"first", 5);
        file.packet(TIME_NS + 1, b"the second", 3);
        let (packets, ending) = read_from(&file.take()[..]);
        let late = if nanoseconds { TIME_NS + 1 } else { TIME_NS };
        let expected = [(TIME_NS, &b"first"[..], 40), (late, b"the", 61)];
        let expected = expected.map(|(time_ns, data, source)| Kept {
            time_ns,
            link_type: 1,
            data: data.to_vec(),
            source,
        });
        assert_eq!((&packets[..], ending), (&expected[..], Ending::Complete));
    }
}

#[test]
fn every_section_has_its_own_byte_order_and_interfaces() {
    let mut file = Pcapng::new();
    file.section(false);
    file.interface(1, 0, None, None);
    file.interface(101, 0, Some(9), None);
    file.packet(1, 5_000_000_001, b"nano", 4);
    file.packet(0, 5_000_001, b"micro", 5);
    file.section(true);
    file.interface(276, 0, Some(3), Some(-1));
    file.packet(0, 5_001, b"milli", 5);
    file.packet(1, 5_001, b"nobody's", 8);
    let (packets, ending) = read_from(&file.take()[..]);
    let told: Vec<_> = packets
        .iter()
        .map(|packet| (packet.link_type, packet.time_ns, &packet.data[..]))
        .collect();
    assert_eq!(told[0], (101, 5_000_000_001, &b"nano"[..]));
    assert_eq!(told[1], (1, 5_000_001_000, &b"micro"[..]));
    assert_eq!(told[2], (276, 4_001_000_000, &b"milli"[..]));
    assert_eq!(told[3], (UNDESCRIBED, 4_001_000_000, &b"nobody's"[..]));
    assert_eq!(ending, Ending::Complete);
}

#[test]
fn resolutions_may_be_powers_of_two_and_finer_than_nanoseconds() {
    for (resolution, ticks, time_ns) in [
        (0x80 | 10, 3 * 1024 + 512, 3_500_000_000),
        (0x80 | 32, (7 << 32) | (1 << 31), 7_500_000_000),
        (12, 1_500_000_000_000, 1_500_000_000),
        (0, 4, 4_000_000_000),
        (127, u64::MAX, 0),
        (0, u64::MAX, u64::MAX),
    ] {
        let mut file = Pcapng::new();
        file.section(false);
        file.interface(1, 0, Some(resolution), None);
        file.packet(0, ticks, b"x", 1);
        let (packets, _) = read_from(&file.take()[..]);
        assert_eq!(packets[0].time_ns, time_ns, "resolution {resolution}");
    }
}

#[test]
fn simple_and_old_packet_blocks_are_packets_and_others_are_passed() {
    for big_endian in [false, true] {
        let mut file = Pcapng::new();
        file.section(big_endian);
        file.interface(1, 6, None, None);
        file.other(5, &[0; 12]);
        file.old_packet(0, 2_000_000, b"old");
        file.other(0x0bad, &[0; 8]);
        file.simple_packet(b"simple packet", 6);
        file.simple_packet(b"abc", 3);
        file.other(0x7777, &vec![1; 1 << 20]);
        file.packet(0, 3_000_000, b"last", 4);
        let (packets, ending) = read_from(&file.take()[..]);
        let told: Vec<_> = packets
            .iter()
            .map(|packet| (packet.time_ns / 1_000_000_000, &packet.data[..]))
            .collect();
        let expected = [(2, &b"old"[..]), (2, b"simple"), (2, b"abc"), (3, b"last")];
        assert_eq!((&told[..], ending), (&expected[..], Ending::Complete));
    }
}

#[test]
fn a_packet_lies_in_the_file_where_it_says() {
    let mut file = Pcapng::new();
    file.section(true);
    file.interface(1, 0, Some(9), None);
    file.packet(0, 1, b"enhanced", 8);
    file.old_packet(0, 1, b"old one");
    file.simple_packet(b"simple", 6);
    let bytes = file.take();
    let (packets, _) = read_from(&bytes[..]);
    assert_eq!(packets.len(), 3);
    for packet in packets {
        let at = usize::try_from(packet.source).unwrap();
        assert_eq!(bytes[at..at + packet.data.len()], packet.data);
    }
}

/// Three packets, and where each begins and ends in its file.
fn three(bytes: &mut Vec<u8>, mut add: impl FnMut(usize) -> Vec<u8>) -> Vec<(usize, usize)> {
    (0..3)
        .map(|index| {
            let start = bytes.len();
            bytes.extend(add(index));
            (start, bytes.len())
        })
        .collect()
}

#[test]
fn what_was_read_of_a_file_that_is_cut_anywhere_is_kept() {
    let mut pcap = Pcap::new(1, false, true);
    let mut pcap_bytes = pcap.take();
    let pcap_places = three(&mut pcap_bytes, |index| {
        pcap.packet(5, &vec![7; index * 3], 99);
        pcap.take()
    });
    let mut pcapng = Pcapng::new();
    pcapng.section(false);
    pcapng.interface(1, 0, None, None);
    let mut pcapng_bytes = pcapng.take();
    let pcapng_places = three(&mut pcapng_bytes, |index| {
        pcapng.packet(0, 5, &vec![7; index * 3], 99);
        pcapng.take()
    });
    for (bytes, places) in [(pcap_bytes, pcap_places), (pcapng_bytes, pcapng_places)] {
        for cut in 4..=bytes.len() {
            let (packets, ending) = read_from(&bytes[..cut]);
            let whole = places.iter().filter(|(_, end)| *end <= cut).count();
            assert_eq!(packets.len(), whole, "cut at {cut}");
            let at_a_packet = places
                .iter()
                .any(|(start, end)| cut == *start || cut == *end);
            let begun = places.iter().rfind(|(start, _)| *start < cut);
            match ending {
                Ending::Complete => assert!(at_a_packet || cut < places[0].0),
                Ending::Truncated { at } => {
                    assert!(!at_a_packet);
                    if let Some((start, _)) = begun {
                        assert_eq!(at, *start as u64);
                    }
                }
                ending => panic!("cut at {cut}: {ending:?}"),
            }
        }
    }
}

#[test]
fn nonsense_in_the_middle_is_told_with_its_place() {
    let mut file = Pcap::new(1, false, false);
    file.packet(5, b"good", 4);
    let mut bytes = file.take();
    let at = bytes.len() as u64;
    bytes.extend([0xff; 64]);
    let (packets, ending) = read_from(&bytes[..]);
    assert_eq!(packets.len(), 1);
    assert!(matches!(ending, Ending::Damaged { at: place, .. } if place == at));

    let mut file = Pcapng::new();
    file.section(false);
    file.interface(1, 0, None, None);
    file.packet(0, 5, b"good", 4);
    let good = file.take();
    let at = good.len() as u64;
    let mut lengths_differ = file.clone();
    lengths_differ.packet(0, 5, b"bad!", 4);
    let mut lengths_differ = lengths_differ.take();
    *lengths_differ.last_mut().unwrap() ^= 1;
    let mut too_long = file.clone();
    too_long.packet(0, 5, b"bad!", 4);
    let mut too_long = too_long.take();
    too_long[20] = 200;
    for bad in [
        vec![0xff; 64],
        vec![0; 64],
        vec![6, 0, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0],
        lengths_differ,
        too_long,
    ] {
        let bytes = [&good[..], &bad, &good].concat();
        let (packets, ending) = read_from(&bytes[..]);
        assert_eq!(packets.len(), 1);
        assert!(
            matches!(ending, Ending::Damaged { at: place, .. } if place == at),
            "{ending:?}"
        );
    }
}

#[test]
fn what_is_no_capture_is_named() {
    for (bytes, word) in [
        (&b""[..], "empty"),
        (b"\x1f\x8b\x08\x00 and so on", "gzip"),
        (b"\x28\xb5\x2f\xfd and so on", "zstd"),
        (b"{\"type\":\"exchange\"}\n", "text"),
        ("naïve text, cut in a char\u{e9}".as_bytes(), "text"),
        (&[0, 1, 2, 3, 4, 5, 6, 7], "no capture"),
        (
            &[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 9, 9, 9, 9],
            "no capture",
        ),
    ] {
        let error = Reader::new(bytes).unwrap_err();
        assert!(matches!(error, CaptureError::NotACapture { .. }));
        assert!(error.to_string().contains(word), "{error}");
    }
}

/// Gives a byte at a time, and complains if more is read than what was needed.
struct Dripping<'a> {
    bytes: &'a [u8],
    given: usize,
}

impl Read for Dripping<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let next = self.bytes.get(self.given..).unwrap_or_default();
        let Some((byte, place)) = next.first().zip(room.first_mut()) else {
            return Ok(0);
        };
        *place = *byte;
        self.given += 1;
        Ok(1)
    }
}

#[test]
fn a_packet_is_told_as_soon_as_its_last_byte_is_there() {
    let mut pcap = Pcap::new(1, false, false);
    pcap.packet(5, b"first", 5);
    let mut pcapng = Pcapng::new();
    pcapng.section(false);
    pcapng.interface(1, 0, None, None);
    pcapng.packet(0, 5, b"first", 5);
    for first in [pcap.take(), pcapng.take()] {
        let bytes = [&first[..], &[0; 100]].concat();
        let mut input = Dripping {
            bytes: &bytes,
            given: 0,
        };
        let mut reader = Reader::new(&mut input).unwrap();
        assert_eq!(reader.next_packet().unwrap().unwrap().data, b"first");
        assert_eq!(reader.position(), first.len() as u64);
        drop(reader);
        assert_eq!(input.given, first.len());
    }
}

#[test]
fn a_claim_reserves_no_memory_and_a_long_packet_is_read() {
    let mut file = Pcapng::new();
    file.section(false);
    file.interface(1, 0, None, None);
    file.packet(0, 5, &vec![9; 3 << 20], usize::MAX);
    file.packet(0, 5, b"after", 5);
    let (packets, ending) = read_from(&file.take()[..]);
    assert_eq!(
        (packets[0].data.len(), &packets[1].data[..]),
        (3 << 20, &b"after"[..])
    );
    assert_eq!(ending, Ending::Complete);
}

/// Gives a byte at a time, and pauses before each.
struct Halting<'a> {
    bytes: &'a [u8],
    pauses: bool,
}

impl Read for Halting<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.pauses = !self.pauses;
        if self.pauses {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.bytes.read(&mut room[..1])
    }
}

#[test]
fn an_input_that_pauses_anywhere_is_read_on_from_there() {
    let mut file = Pcapng::new();
    file.section(false);
    file.interface(1, 0, None, None);
    file.other(5, &[7; 40]);
    file.packet(0, 1, b"behind what is passed over", 26);
    let bytes = file.take();
    let (head, rest) = bytes.split_at(12);
    let halting = Halting {
        bytes: rest,
        pauses: false,
    };
    let mut reader = Reader::new(head.chain(halting)).unwrap();
    let mut packets = 0;
    loop {
        match reader.next_packet() {
            Ok(Some(packet)) => {
                assert_eq!(packet.data, b"behind what is passed over");
                packets += 1;
            }
            Ok(None) => break,
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
    assert_eq!((packets, reader.ending()), (1, Ending::Complete));
}
