use super::*;
use crate::engine::stretch::{Counting, Repeated};
use crate::plan::{Plan, RequestPlan, Verify, Warmup};
use petrel::wire::{Codec, Decoded, Frame, HEADER_LEN};

fn workload(payload: &str) -> Workload {
    let plan = Plan {
        target: String::new(),
        connections: 1,
        pipeline: 4,
        threads: 1,
        rate_per_s: None,
        arrivals: None,
        duration_s: 1.0,
        warmup: Warmup::Auto,
        timeout_s: 1.0,
        seed: 3,
        protocol_check: true,
        tls: false,
        mac: false,
        requests: vec![RequestPlan {
            name: "echo".to_owned(),
            payload: payload.to_owned(),
            weight: 1,
            verify: Verify::Echo,
            expect_status: vec![0],
        }],
    };
    Workload::new(&plan, None).unwrap()
}

/// Everything the lane wants to write, taken in pieces of `piece` bytes.
fn write_all(lane: &mut Lane, workload: &Workload, piece: usize, now: u64) -> Vec<u8> {
    let (mut all, mut out) = (Vec::new(), Vec::new());
    while lane.has_unwritten() {
        out.clear();
        lane.fill(workload, &mut out);
        assert!(!out.is_empty() && out.len() <= CHUNK);
        out.truncate(piece);
        lane.wrote(workload, out.len(), now);
        all.extend_from_slice(&out);
    }
    all
}

fn lane_of(requests: u64) -> Lane {
    let mut lane = Lane::new(4);
    lane.restart(true);
    for index in 0..requests {
        lane.push(0, 10 + index, 20 + index);
    }
    lane
}

#[test]
fn however_little_the_system_takes_the_same_frames_go_out() {
    let workload = workload("text:payload");
    let whole = write_all(&mut lane_of(3), &workload, usize::MAX, 30);
    for piece in 1..=whole.len() {
        assert_eq!(write_all(&mut lane_of(3), &workload, piece, 30), whole);
    }
    let mut rest = whole.as_slice();
    for sequence in [2, 3, 4] {
        let Ok(Decoded::Frame { frame, len }) = Codec::new().decode(rest) else {
            panic!("no frame");
        };
        assert_eq!((frame.sequence, frame.payload), (sequence, &b"payload"[..]));
        rest = &rest[len..];
    }
}

#[test]
fn however_the_answers_are_cut_they_are_the_same() {
    let workload = workload("text:payload");
    let mut lane = lane_of(3);
    let echoed = write_all(&mut lane, &workload, usize::MAX, 30);
    for piece in 1..=echoed.len() {
        let mut lane = lane_of(3);
        write_all(&mut lane, &workload, usize::MAX, 30);
        let mut answers = Vec::new();
        for (at, bytes) in echoed.chunks(piece).enumerate() {
            let now = 100 + at as u64;
            lane.read(&workload, bytes, now, |stamps, fault| {
                answers.push((*stamps, fault))
            })
            .unwrap();
        }
        assert_eq!((answers.len(), lane.len()), (3, 0), "pieces of {piece}");
        for (index, (stamps, fault)) in answers.iter().enumerate() {
            let index = index as u64;
            let frame = echoed.len() as u64 / 3;
            let (first, last) = (index * frame, (index + 1) * frame - 1);
            let expected = Stamps {
                intended: 10 + index,
                ready: 20 + index,
                written: 30,
                first_byte: 100 + first / piece as u64,
                done: 100 + last / piece as u64,
            };
            assert_eq!((*stamps, *fault), (expected, None), "pieces of {piece}");
        }
    }
}

#[test]
fn a_large_payload_goes_out_and_comes_back_in_chunks() {
    let workload = workload("1MiB");
    let mut lane = lane_of(2);
    let echoed = write_all(&mut lane, &workload, usize::MAX, 30);
    assert_eq!(echoed.len(), 2 * (HEADER_LEN + 4 + (1 << 20)));
    let mut answers = 0;
    for bytes in echoed.chunks(100_000) {
        lane.read(&workload, bytes, 40, |_, fault| {
            assert_eq!(fault, None);
            answers += 1;
        })
        .unwrap();
    }
    assert_eq!(answers, 2);
}

#[test]
fn a_wrong_answer_costs_the_place_only_where_the_place_is_lost() {
    let workload = workload("text:payload");
    let written = |requests| {
        let mut lane = lane_of(requests);
        let echoed = write_all(&mut lane, &workload, usize::MAX, 30);
        (lane, echoed)
    };
    // Another payload: an error, and the next answer is judged as if nothing had been.
    let (mut lane, mut echoed) = written(2);
    echoed[HEADER_LEN + 4] ^= 1;
    let mut faults = Vec::new();
    lane.read(&workload, &echoed, 40, |_, fault| faults.push(fault))
        .unwrap();
    assert_eq!(faults, [Some(Fault::Payload), None]);
    // Another sequence number: nobody can say any more whose answer it is.
    let (mut lane, mut echoed) = written(2);
    echoed[2] ^= 1;
    let lost = lane.read(&workload, &echoed, 40, |_, _| panic!("no answer"));
    assert_eq!(lost, Err(Fault::Sequence));
    let mut given_up = 0;
    lane.give_up(|_| given_up += 1);
    assert_eq!((given_up, lane.len()), (2, 0));
}

#[test]
fn an_answer_that_nobody_asked_for_or_that_comes_too_early_loses_the_place() {
    let workload = workload("text:payload");
    let mut lane = lane_of(1);
    let echoed = write_all(&mut lane, &workload, usize::MAX, 30);
    let twice = echoed.repeat(2);
    let mut answers = 0;
    let outcome = lane.read(&workload, &twice, 40, |_, _| answers += 1);
    assert_eq!((outcome, answers), (Err(Fault::Unasked), 1));

    let mut lane = lane_of(1);
    lane.wrote(&workload, 5, 30);
    let mut refused = Vec::new();
    let frame = Frame {
        status: petrel::wire::Status(402),
        sequence: 2,
        name: b"echo",
        payload: b"",
    };
    Codec::new().encode(&frame, &mut refused).unwrap();
    let outcome = lane.read(&workload, &refused, 40, |_, _| ());
    assert_eq!(outcome, Err(Fault::Status(402)));
}

#[test]
fn a_request_and_its_answer_cost_no_allocation() {
    let workload = workload("64");
    let mut lane = Lane::new(4);
    lane.restart(true);
    let (mut out, mut counting) = (Vec::new(), Counting::new(1));
    let mut round = |now: u64| {
        for _ in 0..4 {
            lane.push(0, now, now);
        }
        out.clear();
        lane.fill(&workload, &mut out);
        lane.wrote(&workload, out.len(), now);
        // In two pieces, so that half an answer is kept in between.
        let (first, second) = out.split_at(100);
        let mut same = Repeated::default();
        for piece in [first, second] {
            let read = lane.read(&workload, piece, now + 5, |stamps, fault| {
                assert_eq!(fault, None);
                same.add(*stamps, &mut counting.tally);
            });
            read.unwrap();
        }
        same.flush(&mut counting.tally);
    };
    // The first round makes the room that all others use.
    round(0);
    let allocated = allocation_counter::measure(|| (1..100).for_each(&mut round));
    assert_eq!(allocated.count_total, 0);
    assert_eq!(counting.tally.counts.ok, 400);
}
