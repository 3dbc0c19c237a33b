//! Framing against what was sent, however it was cut and whatever was lost.

use super::*;
use crate::{
    exchange::{Gap, GapCause, MacState, Message, Side},
    keyring::Keyring,
};
use petrel::wire::{Codec, Frame, MacKey, Status};
use proptest::prelude::*;
use std::sync::Arc;

/// The frames of a client, `mac` says whether signed.
fn sent(payloads: &[Vec<u8>], mac: bool) -> Vec<Vec<u8>> {
    let mut codec = Codec::new();
    if mac {
        codec = codec.mac_key(MacKey::new(b"key").unwrap());
    }
    let frames = payloads.iter().zip(1..).map(|(payload, sequence)| {
        let name = if sequence == 1 {
            "PROTOCHECK"
        } else {
            "some.name"
        };
        let (status, name) = (Status::NONE, name.as_bytes());
        let frame = Frame {
            status,
            sequence,
            name,
            payload,
        };
        let mut bytes = Vec::new();
        codec.encode(&frame, &mut bytes).unwrap();
        bytes
    });
    frames.collect()
}

fn config() -> FramerConfig {
    let mut keyring = Keyring::new();
    keyring.add("k", MacKey::new(b"key").unwrap());
    FramerConfig {
        keyring: Arc::new(keyring),
        extents: true,
        ..FramerConfig::default()
    }
}

/// What comes out of a stream that is given in pieces of these lengths, in turn.
fn framed(mut framer: Framer, stream: &[u8], pieces: &[usize]) -> Vec<Framed> {
    let mut out = Vec::new();
    let (mut at, mut turn) = (0, pieces.iter().cycle());
    while at < stream.len() {
        let end = (at + turn.next().unwrap()).min(stream.len());
        let time_ns = at as u64;
        framer.data(&stream[at..end], at as u64, time_ns, &mut |one| {
            out.push(one)
        });
        at = end;
    }
    framer.end(GapCause::CaptureEnded, &mut |one| out.push(one));
    out
}

fn bytes(messages: &[Framed]) -> Vec<Vec<u8>> {
    messages
        .iter()
        .map(|one| one.message.bytes.clone())
        .collect()
}

fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let payload = proptest::collection::vec(any::<u8>(), 0..200);
    proptest::collection::vec(payload, 1..12)
}

proptest! {
    #[test]
    fn however_the_bytes_are_cut_the_messages_are_the_same(
        payloads in payloads(),
        mac: bool,
        pieces in proptest::collection::vec(1..90_usize, 1..20),
    ) {
        let sent = sent(&payloads, mac);
        let out = framed(Framer::new(Side::Client, config()), &sent.concat(), &pieces);
        prop_assert_eq!(bytes(&out), sent);
        let mut at = 0;
        for one in &out {
            let Message { extents, mac: state, first_ns, .. } = &one.message;
            prop_assert_eq!(extents.len(), 1);
            prop_assert_eq!(extents[0].at, at);
            prop_assert!(*first_ns <= at);
            at += one.message.bytes.len() as u64;
            let right = if mac { MacState::Ok("k".into()) } else { MacState::None };
            prop_assert_eq!(state, &right);
            prop_assert!(one.skipped == 0 && !one.after_loss && one.message.is_complete());
        }
    }

    #[test]
    fn a_stream_that_is_joined_in_the_middle_is_understood_from_its_next_message(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 4..12),
        mac: bool,
        cut in 0..100_usize,
        pieces in proptest::collection::vec(1..90_usize, 1..20),
    ) {
        let sent = sent(&payloads, mac);
        let stream = sent.concat();
        let cut = cut.min(sent[0].len() + sent[1].len());
        let mut ends = 0;
        let whole: Vec<_> = sent.iter().filter(|frame| {
            ends += frame.len();
            ends - frame.len() >= cut
        }).cloned().collect();
        let out = framed(Framer::in_mid_stream(Side::Client, config()), &stream[cut..], &pieces);
        prop_assert_eq!(bytes(&out), whole);
        prop_assert!(out[0].after_loss);
    }

    #[test]
    fn a_gap_costs_the_messages_that_it_touches_and_no_other(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 30..200), 6..12),
        mac: bool,
        from in 0..700_usize,
        len in 1..150_usize,
        pieces in proptest::collection::vec(1..90_usize, 1..20),
    ) {
        let sent = sent(&payloads, mac);
        let stream = sent.concat();
        // Whether a MAC follows is known from the first message, which is left alone here.
        let first = sent[0].len() + 44;
        let from = first + from % (stream.len() - first - 1);
        let to = (from + len).min(stream.len());
        let mut framer = Framer::new(Side::Client, config());
        let mut out = Vec::new();
        for (range, is_after) in [(0..from, false), (to..stream.len(), true)] {
            if is_after {
                framer.gap((to - from) as u64, GapCause::Lost, &mut |one| out.push(one));
            }
            for piece in stream[range.clone()].chunks(pieces[0]) {
                framer.data(piece, 0, 0, &mut |one| out.push(one));
            }
        }
        framer.end(GapCause::CaptureEnded, &mut |one| out.push(one));
        let whole: Vec<_> = out.iter().filter(|one| one.message.is_complete()).cloned().collect();
        let mut start = 0;
        let untouched: Vec<_> = sent.iter().filter(|frame| {
            start += frame.len();
            start <= from || start - frame.len() >= to
        }).cloned().collect();
        prop_assert_eq!(bytes(&whole), untouched);
        for one in out.iter().filter(|one| !one.message.is_complete()) {
            let missing: u64 = one.message.gaps.iter().map(|gap| gap.len).sum();
            prop_assert_eq!(one.message.bytes.len() as u64 + missing, one.message.frame_len());
        }
    }

    #[test]
    fn nothing_that_comes_makes_it_panic(
        steps in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..300), 0..400_u64, any::<bool>()), 0..30),
    ) {
        let mut framer = Framer::new(Side::Server, config());
        let (mut told, mut given) = (0, 0);
        for (bytes, gap, answered) in &steps {
            framer.data(bytes, 0, 0, &mut |one| told += one.message.bytes.len());
            given += bytes.len();
            if gap % 3 == 0 {
                framer.gap(*gap, GapCause::Lost, &mut |one| told += one.message.bytes.len());
            }
            if *answered {
                framer.answered(&mut |one| told += one.message.bytes.len());
            }
        }
        framer.end(GapCause::CaptureEnded, &mut |one| told += one.message.bytes.len());
        let passed = framer.skipped_in_all() + framer.unkept_in_all();
        // Of a payload over the limit bytes may be missing, too.
        prop_assert!(told as u64 + passed >= given as u64);
        prop_assert!(told as u64 + framer.skipped_in_all() <= given as u64);
    }
}

#[test]
fn a_first_message_without_mac_is_told_when_the_other_side_speaks() {
    let check = &sent(&[vec![0]], false)[0];
    let mut framer = Framer::new(Side::Client, config());
    let mut out = Vec::new();
    framer.data(check, 0, 0, &mut |one| out.push(one));
    assert_eq!(out, []);
    framer.answered(&mut |one| out.push(one));
    assert_eq!(
        (bytes(&out), framer.macs()),
        (vec![check.clone()], Some(false))
    );
}

#[test]
fn a_claim_over_the_limit_is_told_from_its_header_and_the_next_frame_is_where_it_says() {
    let small = FramerConfig {
        payload_max: 16,
        ..config()
    };
    let sent = sent(&[vec![0], vec![b'x'; 17], vec![1], vec![2]], false);
    let out = framed(Framer::new(Side::Client, small), &sent.concat(), &[7]);
    let over = &out[1].message;
    assert_eq!(
        (over.header.payload_len, over.name()),
        (17, &b"some.name"[..])
    );
    assert_eq!(over.gaps[0].cause, GapCause::OverLimit);
    assert_eq!(bytes(&out[2..]), sent[2..]);
    assert_eq!((out[2].skipped, out[2].after_loss), (0, false));
}

#[test]
fn megabytes_of_garbage_are_passed_in_one_go() {
    let mut framer = Framer::in_mid_stream(Side::Client, config());
    let mut state = 1_u32;
    let garbage: Vec<u8> = (0..4 << 20)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect();
    let sent = sent(&[vec![0], vec![1], vec![2]], false).concat();
    let mut out = Vec::new();
    for piece in garbage.chunks(1448).chain([&sent[..]]) {
        framer.data(piece, 0, 0, &mut |one| out.push(one));
        assert!(framer.held() <= 5 << 20);
    }
    framer.end(GapCause::CaptureEnded, &mut |one| out.push(one));
    assert_eq!(bytes(&out).concat(), sent);
}

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
