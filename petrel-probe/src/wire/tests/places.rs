//! Losing the place in a stream and finding it again, and what is passed on purpose.

use super::*;
use crate::exchange::Gap;

/// A frame of a client as it is sent without a MAC.
fn frame(sequence: u32, name: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let frame = Frame {
        status: Status::NONE,
        sequence,
        name: name.as_bytes(),
        payload,
    };
    Codec::new().encode(&frame, &mut bytes).unwrap();
    bytes
}

/// What was told of a stream of pieces and gaps.
fn told(mut framer: Framer, steps: &[Step<'_>]) -> Vec<Framed> {
    let mut out = Vec::new();
    let mut at = 0;
    for step in steps {
        match step {
            Step::Data(bytes) => {
                framer.data(bytes, at, at, &mut |one| out.push(one));
                // Each piece is one of its own in the file, too.
                at += bytes.len() as u64 + 66;
            }
            Step::Gap(len) => framer.gap(*len, GapCause::Lost, &mut |one| out.push(one)),
        }
    }
    framer.end(GapCause::CaptureEnded, &mut |one| out.push(one));
    out
}

enum Step<'a> {
    Data(&'a [u8]),
    Gap(u64),
}

#[test]
fn bytes_of_a_payload_over_the_limit_are_never_read_as_messages() {
    let small = FramerConfig {
        payload_max: 64,
        ..config()
    };
    let inner = [frame(3, "inner", b"1"), frame(4, "inner", b"2")].concat();
    let payload = [&inner[..], &[b'x'; 80]].concat();
    let over = frame(2, "over", &payload);
    let (check, last) = (frame(1, "PROTOCHECK", &[0]), frame(3, "after", b"3"));
    let stream = [&check[..], &over, &last].concat();
    for piece in [5, 64, 1000] {
        let out = framed(Framer::new(Side::Client, small.clone()), &stream, &[piece]);
        let names: Vec<_> = out.iter().map(|one| one.message.name()).collect();
        assert_eq!(names, [&b"PROTOCHECK"[..], b"over", b"after"]);
        assert_eq!((out[2].skipped, out[2].after_loss), (0, false));
    }
}

#[test]
fn a_payload_over_the_limit_may_have_gaps_and_the_next_message_is_found() {
    let small = FramerConfig {
        payload_max: 64,
        ..config()
    };
    let (check, over) = (frame(1, "PROTOCHECK", &[0]), frame(2, "over", &[b'x'; 200]));
    let last = frame(3, "after", b"3");
    let steps = [
        Step::Data(&check),
        Step::Data(&over[..100]),
        Step::Gap(over.len() as u64 - 100),
        Step::Data(&last),
    ];
    let out = told(Framer::new(Side::Client, small), &steps);
    assert_eq!(out.len(), 3);
    assert_eq!(out[2].message.bytes, last);
    assert!(!out[2].after_loss);
}

#[test]
fn a_message_found_behind_one_gap_may_have_another_gap_in_it() {
    let frames: Vec<_> = (1..=4)
        .map(|sequence| frame(sequence, "big", &[b'x'; 900]))
        .collect();
    // The second frame is lost with its header; the third lacks a piece of its payload.
    let steps = [
        Step::Data(&frames[0]),
        Step::Gap(300),
        Step::Data(&frames[1][300..]),
        Step::Data(&frames[2][..500]),
        Step::Gap(100),
        Step::Data(&frames[2][600..]),
        Step::Data(&frames[3]),
    ];
    let out = told(Framer::new(Side::Client, config()), &steps);
    let sequences: Vec<_> = out.iter().map(|one| one.message.header.sequence).collect();
    assert_eq!(sequences, [1, 3, 4]);
    assert_eq!(
        out[1].message.gaps,
        [Gap {
            at: 500,
            len: 100,
            cause: GapCause::Lost
        }]
    );
    assert_eq!(out[2].message.bytes, frames[3]);
}

#[test]
fn a_message_alone_between_two_gaps_is_told() {
    let middle = frame(7, "middle", b"alone");
    let steps = [Step::Gap(500), Step::Data(&middle), Step::Gap(500)];
    let out = told(Framer::in_mid_stream(Side::Client, config()), &steps);
    assert_eq!(bytes(&out), [middle]);
}

#[test]
fn what_is_no_mac_at_all_is_bad_even_without_a_key() {
    let yes = FramerConfig {
        macs: Macs::Yes,
        ..FramerConfig::default()
    };
    let stream = [frame(1, "PROTOCHECK", &[0]), vec![b'!'; 44]].concat();
    let out = framed(Framer::new(Side::Client, yes), &stream, &[1000]);
    assert_eq!(out[0].message.mac, MacState::Bad);
}

#[test]
fn messages_inside_the_payload_of_the_expected_one_are_not_taken_for_it() {
    let inner: Vec<u8> = (1..=9)
        .flat_map(|sequence| frame(sequence, "inner", b"carried"))
        .collect();
    let frames = [
        frame(1, "PROTOCHECK", &[0]),
        frame(2, "lost", b"lost"),
        frame(3, "carrier", &[&inner[..], &[b'x'; 300]].concat()),
        frame(4, "next", b"next"),
    ];
    let (head, tail) = frames[2].split_at(120);
    let steps = [
        Step::Data(&frames[0]),
        Step::Gap(frames[1].len() as u64),
        Step::Data(head),
        Step::Data(tail),
        Step::Data(&frames[3]),
    ];
    let out = told(Framer::new(Side::Client, config()), &steps);
    let whole = [frames[0].clone(), frames[2].clone(), frames[3].clone()];
    assert_eq!(bytes(&out), whole);
}

#[test]
fn a_message_at_the_end_of_a_payload_is_not_taken_for_one_by_its_place() {
    // The header of the second frame is lost; its payload ends with what looks like a frame.
    let inner = frame(900, "inner", b"carried");
    let frames = [
        frame(1, "PROTOCHECK", &[0]),
        frame(2, "carrier", &[&[b'x'; 50][..], &inner].concat()),
        frame(3, "next", b"next"),
        frame(4, "next", b"next"),
    ];
    let steps = [
        Step::Data(&frames[0]),
        Step::Gap(20),
        Step::Data(&frames[1][20..]),
        Step::Data(&frames[2]),
        Step::Data(&frames[3]),
    ];
    let out = told(Framer::new(Side::Client, config()), &steps);
    let whole = [frames[0].clone(), frames[2].clone(), frames[3].clone()];
    assert_eq!(bytes(&out), whole);
}

#[test]
fn when_too_much_waits_a_payload_is_a_gap_and_the_next_message_is_whole() {
    let frames = [
        frame(1, "PROTOCHECK", &[0]),
        frame(2, "long", &[b'x'; 1000]),
        frame(3, "next", b"next"),
    ];
    let mut framer = Framer::new(Side::Client, config());
    let mut out = Vec::new();
    framer.data(&frames[0], 0, 0, &mut |one| out.push(one));
    framer.data(&frames[1][..600], 100, 1, &mut |one| out.push(one));
    framer.relieve();
    assert_eq!(framer.held(), 15);
    framer.data(&frames[1][600..], 700, 2, &mut |one| out.push(one));
    framer.data(&frames[2], 2000, 3, &mut |one| out.push(one));
    framer.end(GapCause::ConnectionEnded, &mut |one| out.push(one));
    let long = &out[1].message;
    let gap = Gap {
        at: 15,
        len: 585,
        cause: GapCause::Limit,
    };
    assert_eq!(long.gaps, [gap]);
    assert_eq!(long.bytes.len(), frames[1].len() - 585);
    assert_eq!(out[2].message.bytes, frames[2]);
}

#[test]
fn a_candidate_whose_name_turns_out_to_be_no_text_is_none() {
    // A header that claims a long name, cut by the end of its segment; what follows is no text.
    let mut lure = frame(9, "lure-lure-lure", b"");
    lure.truncate(15);
    let rest = [0x01; 10];
    let next = [frame(10, "real", b"1"), frame(11, "real", b"2")].concat();
    let steps = [Step::Data(&lure), Step::Data(&rest), Step::Data(&next)];
    let out = told(Framer::in_mid_stream(Side::Client, config()), &steps);
    assert_eq!(bytes(&out).concat(), next);
}

#[test]
fn behind_a_found_message_a_nameless_one_does_not_hide_it() {
    let frames = [
        frame(1, "PROTOCHECK", &[0]),
        frame(3, "asked", b"x"),
        frame(4, "", b""),
        frame(5, "last", b"y"),
    ];
    let steps = [
        Step::Data(&frames[0]),
        Step::Gap(40),
        Step::Data(&frames[1]),
        Step::Data(&frames[2]),
        Step::Data(&frames[3]),
    ];
    let out = told(Framer::new(Side::Client, config()), &steps);
    assert_eq!(bytes(&out), frames);
}

proptest! {
    #[test]
    fn whatever_is_lost_a_whole_message_is_one_that_was_sent(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 4..20),
        mac: bool,
        size in 1..300_usize,
        lost in proptest::collection::vec(0..100_u8, 40),
    ) {
        let sent = sent(&payloads, mac);
        let stream = sent.concat();
        let first = (sent[0].len() + 44).min(stream.len());
        let mut steps = vec![Step::Data(&stream[..first])];
        for (piece, lost) in stream[first..].chunks(size).zip(lost.iter().cycle()) {
            steps.push(if *lost < 15 { Step::Gap(piece.len() as u64) } else { Step::Data(piece) });
        }
        let out = told(Framer::new(Side::Client, config()), &steps);
        let mut rest = sent.iter();
        for one in out.iter().filter(|one| one.message.is_complete()) {
            // In their order, too.
            prop_assert!(rest.any(|frame| *frame == one.message.bytes));
            prop_assert!(one.message.mac != MacState::Bad);
        }
    }
}

#[test]
fn megabytes_of_what_looks_like_headers_are_passed_in_one_go() {
    // Each claims more than there will ever be, with the number that comes next.
    let mut lure = frame(2, "x", b"");
    lure[7..11].copy_from_slice(&(4_u32 << 20).to_le_bytes());
    let lures = lure.repeat((4 << 20) / lure.len());
    let mut framer = Framer::new(Side::Client, config());
    let mut out = Vec::new();
    framer.data(&frame(1, "PROTOCHECK", &[0]), 0, 0, &mut |one| {
        out.push(one)
    });
    framer.gap(1 << 20, GapCause::Lost, &mut |one| out.push(one));
    for (piece, at) in lures.chunks(1448).zip((1000..).step_by(1500)) {
        framer.data(piece, at, at, &mut |one| out.push(one));
        assert!(framer.held() <= 5 << 20);
    }
    framer.end(GapCause::CaptureEnded, &mut |one| out.push(one));
    assert!(out.iter().filter(|one| one.message.is_complete()).count() <= 1);
}

#[test]
fn a_gap_from_the_name_of_a_message_over_the_limit_into_its_payload_counts_once() {
    let small = FramerConfig {
        payload_max: 64,
        ..config()
    };
    let (check, over) = (frame(1, "PROTOCHECK", &[0]), frame(2, "over", &[b'x'; 200]));
    let last = frame(3, "after", b"3");
    for to in [15, 16, 100, over.len()] {
        let steps = [
            Step::Data(&check),
            Step::Data(&over[..13]),
            Step::Gap(to as u64 - 13),
            Step::Data(&over[to..]),
            Step::Data(&last),
        ];
        let out = told(Framer::new(Side::Client, small.clone()), &steps);
        assert_eq!(out.len(), 3);
        let message = &out[1].message;
        let missing: u64 = message.gaps.iter().map(|gap| gap.len).sum();
        assert_eq!(
            message.bytes.len() as u64 + missing,
            message.frame_len(),
            "{to}"
        );
        assert_eq!(out[2].message.bytes, last);
    }
}

#[test]
fn bytes_on_both_sides_of_a_gap_are_never_joined_to_a_message() {
    // A place is found, then a header that claims too much, with a gap in its name.
    let small = FramerConfig {
        payload_max: 64,
        ..config()
    };
    let mut wrong = frame(6, "0123456789", b"");
    wrong[7..11].copy_from_slice(&(1_u32 << 20).to_le_bytes());
    let found = [frame(4, "found", b"1"), frame(5, "found", b"2")].concat();
    let torn = frame(7, "torn", b"payload");
    let rest = [frame(8, "rest", b"3"), frame(9, "rest", b"4")].concat();
    let steps = [
        Step::Data(&found),
        Step::Data(&wrong[..13]),
        Step::Gap(4),
        Step::Data(&torn[4..]),
        Step::Data(&rest),
    ];
    let out = told(Framer::in_mid_stream(Side::Client, small), &steps);
    assert_eq!(bytes(&out).concat(), [found, rest].concat());
    assert!(out.iter().all(|one| one.message.is_complete()));
}
