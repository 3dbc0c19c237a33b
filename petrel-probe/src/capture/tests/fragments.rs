//! IP fragments.

use super::*;

#[test]
fn fragments_in_any_order_make_a_segment() {
    let payload: Vec<u8> = (0..100).collect();
    for mut segment in [segment(&payload), segment_v6(&payload)] {
        (segment.syn, segment.fin) = (true, true);
        for size in [8, 16, 48] {
            let whole = craft::fragments(&segment, 7, size);
            let mut orders = vec![(0..whole.len()).collect::<Vec<_>>()];
            orders.push((0..whole.len()).rev().collect());
            orders.push(
                (0..whole.len())
                    .chain([0])
                    .map(|at| at * 7 % whole.len())
                    .collect(),
            );
            orders.push((0..whole.len()).flat_map(|at| [at, at]).collect());
            for order in orders {
                let mut dissector = Dissector::new();
                let mut seen = Vec::new();
                for index in &order {
                    let source = *index as u64 * 1000;
                    seen.extend(dissect(&mut dissector, 101, &whole[*index], source).unwrap());
                    if !seen.is_empty() {
                        break;
                    }
                }
                assert_eq!(seen.iter().filter(|part| part.syn).count(), 1);
                assert!(seen[0].syn && seen.last().unwrap().fin, "{order:?}");
                assert_eq!(seen.iter().filter(|part| part.fin).count(), 1);
                let mut sequence = 77;
                for part in &seen {
                    assert_eq!(part.sequence, sequence);
                    sequence += u32::from(part.syn) + u32::try_from(part.payload.len()).unwrap();
                    let (index, at) = (part.source / 1000, part.source % 1000);
                    let packet = &whole[usize::try_from(index).unwrap()];
                    let at = usize::try_from(at).unwrap();
                    assert_eq!(packet[at..at + part.payload.len()], part.payload);
                }
                let bytes: Vec<u8> = seen.into_iter().flat_map(|part| part.payload).collect();
                assert_eq!(bytes, payload);
                assert_eq!(dissector.incomplete(), 0);
            }
        }
    }
}

#[test]
fn of_fragments_that_overlap_the_first_bytes_count() {
    let (first, second) = (vec![1; 44], vec![2; 44]);
    let first = craft::fragments(&segment(&first), 7, 32);
    let second = craft::fragments(&segment(&second), 7, 16);
    let mut dissector = Dissector::new();
    assert!(
        dissect(&mut dissector, 101, &first[0], 0)
            .unwrap()
            .is_empty()
    );
    assert!(
        dissect(&mut dissector, 101, &second[1], 0)
            .unwrap()
            .is_empty()
    );
    assert!(
        dissect(&mut dissector, 101, &second[2], 0)
            .unwrap()
            .is_empty()
    );
    let seen = dissect(&mut dissector, 101, &second[3], 0).unwrap();
    let bytes: Vec<u8> = seen.into_iter().flat_map(|part| part.payload).collect();
    assert_eq!(bytes, [vec![1; 12], vec![2; 32]].concat());
}

#[test]
fn a_fragment_that_was_cut_leaves_a_hole() {
    let payload: Vec<u8> = (0..100).collect();
    let whole = craft::fragments(&segment(&payload), 7, 40);
    let mut dissector = Dissector::new();
    let mut seen = Vec::new();
    for (index, packet) in whole.iter().enumerate() {
        let captured = if index == 1 { 30 } else { packet.len() };
        seen.extend(dissect(&mut dissector, 101, &packet[..captured], 0).unwrap());
    }
    let told: Vec<_> = seen
        .iter()
        .map(|part| (part.sequence, part.payload.len(), part.missing))
        .collect();
    assert_eq!(told, [(77, 20, 0), (97, 10, 30), (137, 40, 0)]);
}

#[test]
fn fragments_whose_datagram_never_comes_are_counted_and_bounded() {
    let payload = vec![5; 60_000];
    let mut dissector = Dissector::new();
    for datagram in 0..3000 {
        let first = craft::fragments(&segment(&payload), datagram, 59_992).remove(0);
        assert!(dissect(&mut dissector, 101, &first, 0).unwrap().is_empty());
    }
    assert_eq!(dissector.incomplete(), 3000);
    assert_eq!(INCOMPLETE_FRAGMENT, "fragment of an incomplete datagram");
    let whole = craft::fragments(&segment(b"in time"), 9999, 16);
    let results: Vec<_> = whole
        .iter()
        .map(|packet| dissect(&mut dissector, 101, packet, 0).unwrap())
        .collect();
    assert_eq!(results.last().unwrap().last().unwrap().payload, b"in time");
}

#[test]
fn a_number_that_is_used_again_much_later_is_another_datagram() {
    let old = craft::fragments(&segment(&[1; 44]), 7, 32);
    let new = craft::fragments(&segment(&[2; 44]), 7, 32);
    let mut dissector = Dissector::new();
    let mut bytes = Vec::new();
    for (time_ns, data) in [
        (0, &old[1]),
        (31_000_000_000, &new[0]),
        (31_000_000_001, &new[1]),
    ] {
        let packet = Packet {
            time_ns,
            link_type: 101,
            data,
            source: 0,
        };
        let each = &mut |part: &Segment<'_>| bytes.extend_from_slice(part.payload);
        dissector.segments(&packet, each).unwrap();
    }
    assert_eq!(bytes, [2; 44]);
    assert_eq!(dissector.incomplete(), 1);
}
