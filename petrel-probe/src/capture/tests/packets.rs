//! Packets: link layers, IP, TCP.

use super::*;

#[test]
fn every_link_type_is_passed() {
    for link in Link::ALL {
        for segment in [segment(b"payload"), segment_v6(b"payload")] {
            let packet = link.wrap(&craft::ip(&segment));
            let seen = one(link.number(), &packet).unwrap();
            assert_eq!(seen.payload, b"payload", "{link:?}");
            assert_eq!(seen.source, 1000 + packet.len() as u64 - 7);
            for cut in 0..packet.len() - 7 {
                let result = one(link.number(), &packet[..cut]);
                assert!(result.unwrap_err().contains("cut short"), "{link:?} {cut}");
            }
        }
    }
    for raw in [12, 14, 228] {
        assert!(one(raw, &craft::ip(&segment(b"x"))).is_ok());
    }
    assert!(one(229, &craft::ip(&segment_v6(b"x"))).is_ok());
}

#[test]
fn what_is_no_tcp_is_skipped_with_its_reason() {
    let with = |at: usize, value: &[u8]| {
        let mut packet = Link::Ethernet.wrap(&craft::ip(&segment(b"payload")));
        packet[at..at + value.len()].copy_from_slice(value);
        one(1, &packet).unwrap_err()
    };
    assert_eq!(with(12, &[0x08, 0x06]), "ARP");
    assert_eq!(with(12, &[0x12, 0x34]), "not IP");
    assert_eq!(with(14, &[0x75]), "neither IPv4 nor IPv6");
    assert_eq!(with(14, &[0x44]), "malformed IPv4");
    assert_eq!(with(16, &[0, 19]), "malformed IPv4");
    assert_eq!(with(23, &[17]), "UDP");
    assert_eq!(with(23, &[1]), "ICMP");
    assert_eq!(with(46, &[0x40]), "malformed TCP");
    assert_eq!(one(147, b"x").unwrap_err(), "unknown link type");
    let undescribed = one(UNDESCRIBED, b"x").unwrap_err();
    assert_eq!(undescribed, "interface that the file does not describe");
}

#[test]
fn padding_is_no_payload_and_what_was_not_captured_is_missing() {
    for segment in [segment(b"payload"), segment_v6(b"payload")] {
        let packet = Link::Ethernet.wrap(&craft::ip(&segment));
        let padded = [&packet[..], &[0; 20]].concat();
        assert_eq!(one(1, &padded).unwrap().payload, b"payload");
        for missing in 0..=7 {
            let seen = one(1, &packet[..packet.len() - missing]).unwrap();
            assert_eq!(seen.payload, b"payload"[..7 - missing]);
            assert_eq!(seen.missing, u32::try_from(missing).unwrap());
        }
        // A card that cuts packets up by itself is given them without a length.
        let mut offloaded = packet.clone();
        let length_at = if segment.from.is_ipv4() { 16 } else { 18 };
        offloaded[length_at..length_at + 2].fill(0);
        assert_eq!(one(1, &offloaded).unwrap().payload, b"payload");
    }
}

#[test]
fn headers_before_tcp_are_passed() {
    let hop_by_hop = [43, 0, 1, 4, 0, 0, 0, 0];
    let routing = [51, 0, 0, 0, 0, 0, 0, 0];
    let authentication = [
        60, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let options = [44, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let atomic_fragment = [6, 0, 0, 0, 0, 0, 0, 1];
    let headers = [
        &hop_by_hop[..],
        &routing,
        &authentication,
        &options,
        &atomic_fragment,
    ]
    .concat();
    let packet = craft::extended(&segment_v6(b"payload"), 0, &headers);
    assert_eq!(one(101, &packet).unwrap().payload, b"payload");
    for cut in 40..40 + headers.len() {
        assert!(one(101, &packet[..cut]).is_err());
    }
    let endless = craft::extended(&segment_v6(b""), 0, &[0; 64]);
    assert!(one(101, &endless).is_err());
    let packet = craft::extended(&segment_v6(b""), 0, &[17, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(one(101, &packet).unwrap_err(), "UDP");
}
