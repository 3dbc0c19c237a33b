//! Reassembly against the stream that was sent, whatever happened to its segments.

use super::{Flow, Patience, StreamEvent, Way};
use crate::{capture::Segment, exchange::GapCause};
use proptest::prelude::*;
use std::net::SocketAddr;

/// A segment of a stream: its place, and what was done to it.
#[derive(Clone, Debug)]
struct Part {
    at: u64,
    bytes: Vec<u8>,
    syn: bool,
    fin: bool,
}

fn feed(flow: &mut Flow, way: Way, part: &Part, initial: u32, out: &mut Vec<Told>) {
    let address: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let offset = u32::try_from(part.at & 0xffff_ffff).unwrap();
    let segment = Segment {
        from: address,
        to: address,
        // A SYN takes the place before offset 0.
        sequence: initial
            .wrapping_add(offset)
            .wrapping_add(u32::from(!part.syn)),
        acknowledged: None,
        syn: part.syn,
        fin: part.fin,
        reset: false,
        payload: &part.bytes,
        missing: 0,
        source: part.at,
        time_ns: 0,
    };
    flow.segment(way, &segment, &mut |event| out.push(Told::of(event)));
}

/// An event that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Data(u64, Vec<u8>),
    Gap(u64, GapCause),
    Conflict(u64),
    Answered,
    End,
}

impl Told {
    fn of(event: StreamEvent<'_>) -> Self {
        match event {
            StreamEvent::Data { bytes, source, .. } => Self::Data(source, bytes.to_vec()),
            StreamEvent::Gap { len, cause, .. } => Self::Gap(len, cause),
            StreamEvent::Conflict { len, .. } => Self::Conflict(len),
            StreamEvent::Answered { .. } => Self::Answered,
            StreamEvent::End { .. } => Self::End,
        }
    }
}

/// The stream as it came out: each byte where it lies, gaps left out. Panics if a source is wrong.
fn stream(told: &[Told]) -> Vec<(u64, u8)> {
    let (mut at, mut out) = (0, Vec::new());
    for one in told {
        match one {
            Told::Data(source, bytes) => {
                assert_eq!(*source, at, "bytes lie where their segment said");
                out.extend(bytes.iter().zip(at..).map(|(byte, at)| (at, *byte)));
                at += bytes.len() as u64;
            }
            Told::Gap(len, _) => at += len,
            Told::Conflict(_) | Told::Answered | Told::End => {}
        }
    }
    out
}

/// A stream cut into segments that may overlap, with a SYN and a FIN, in some order, some twice.
fn parts() -> impl Strategy<Value = (Vec<u8>, Vec<Part>)> {
    let sizes = proptest::collection::vec((1..40_usize, 0..30_usize), 1..30);
    let order = proptest::collection::vec(any::<u32>(), 64);
    (sizes, order, any::<u64>()).prop_map(|(sizes, order, seed)| {
        let total: usize = sizes.iter().map(|(size, _)| size).sum();
        let bytes: Vec<u8> = (0..total as u64)
            .map(|at| (at.wrapping_mul(seed | 1) >> 7).to_le_bytes()[0])
            .collect();
        let syn = Part {
            at: 0,
            bytes: Vec::new(),
            syn: true,
            fin: false,
        };
        let mut parts = vec![syn];
        let mut at = 0;
        for (size, back) in sizes {
            let from = at - back.min(at);
            at += size;
            let fin = at == total;
            let bytes = bytes[from..at].to_vec();
            parts.push(Part {
                at: from as u64,
                bytes,
                syn: false,
                fin,
            });
        }
        let twice: Vec<_> = parts
            .iter()
            .zip(&order)
            .filter(|(_, n)| *n % 4 == 0)
            .collect();
        let twice: Vec<_> = twice.into_iter().map(|(part, _)| part.clone()).collect();
        parts.extend(twice);
        let mut keyed: Vec<_> = parts.into_iter().zip(order.into_iter().cycle()).collect();
        keyed.sort_by_key(|(_, key)| *key);
        (bytes, keyed.into_iter().map(|(part, _)| part).collect())
    })
}

proptest! {
    #[test]
    fn in_any_order_the_bytes_are_those_that_were_sent((bytes, parts) in parts(), initial: u32) {
        let mut flow = Flow::new(Patience::default());
        let mut told = Vec::new();
        for part in &parts {
            feed(&mut flow, Way::Forth, part, initial, &mut told);
        }
        flow.finish(GapCause::CaptureEnded, &mut |_| panic!("everything was told"));
        let out: Vec<u8> = stream(&told).into_iter().map(|(_, byte)| byte).collect();
        prop_assert_eq!(out, bytes);
        prop_assert_eq!(told.last(), Some(&Told::End));
        prop_assert!(!told.iter().any(|one| matches!(one, Told::Gap(..) | Told::Conflict(_))));
        prop_assert_eq!(flow.held(), 0);
    }

    #[test]
    fn what_is_lost_is_a_gap_and_nothing_else_is(
        (bytes, parts) in parts(),
        initial: u32,
        lost in proptest::collection::vec(any::<bool>(), 64),
        has_handshake: bool,
    ) {
        let mut flow = Flow::new(Patience::default());
        let mut told = Vec::new();
        let mut there = vec![false; bytes.len()];
        for (part, is_lost) in parts.iter().zip(lost.iter().cycle()) {
            let is_there = if part.syn { has_handshake } else { !is_lost };
            if is_there {
                feed(&mut flow, Way::Forth, part, initial, &mut told);
                let at = usize::try_from(part.at).unwrap();
                there[at..at + part.bytes.len()].fill(true);
            }
        }
        flow.finish(GapCause::CaptureEnded, &mut |event| told.push(Told::of(event)));
        // Without the handshake the stream begins with the first byte that came.
        let first = there.iter().position(|there| *there).unwrap_or(there.len());
        let start = if has_handshake { 0 } else { first };
        let mut at = start as u64;
        for one in &told {
            match one {
                Told::Data(source, bytes) => {
                    prop_assert_eq!(*source, at);
                    at += bytes.len() as u64;
                }
                Told::Gap(len, _) => {
                    let from = usize::try_from(at).unwrap();
                    let to = from + usize::try_from(*len).unwrap();
                    prop_assert!(!there[from..to].iter().any(|there| *there));
                    at += len;
                }
                _ => {}
            }
        }
        let mut out: Vec<Told> = told.clone();
        if let Some(Told::Data(source, _)) = out.first() && *source > 0 {
            let skipped = *source;
            out.insert(0, Told::Gap(skipped, GapCause::Lost));
        }
        let expected: Vec<_> = bytes.iter().zip(&there).zip(0..)
            .filter(|((_, there), _)| **there).map(|((byte, _), at)| (at, *byte)).collect();
        prop_assert_eq!(stream(&out), expected);
    }
}

fn part(at: u64, bytes: &[u8]) -> Part {
    Part {
        at,
        bytes: bytes.to_vec(),
        syn: false,
        fin: false,
    }
}

fn opened(patience: Patience) -> (Flow, Vec<Told>) {
    let mut flow = Flow::new(patience);
    let mut told = Vec::new();
    let syn = Part {
        syn: true,
        ..part(0, b"")
    };
    feed(&mut flow, Way::Forth, &syn, 7, &mut told);
    (flow, told)
}

#[test]
fn the_first_bytes_win_and_other_contents_are_told() {
    let (mut flow, mut told) = opened(Patience::default());
    feed(&mut flow, Way::Forth, &part(4, b"later"), 7, &mut told);
    feed(&mut flow, Way::Forth, &part(4, b"LATER"), 7, &mut told);
    feed(&mut flow, Way::Forth, &part(0, b"soonLA"), 7, &mut told);
    feed(&mut flow, Way::Forth, &part(0, b"sooner"), 7, &mut told);
    let bytes: Vec<u8> = stream(&told).into_iter().map(|(_, byte)| byte).collect();
    assert_eq!(bytes, b"soonlater");
    let conflicts: Vec<_> = told
        .iter()
        .filter(|one| matches!(one, Told::Conflict(_)))
        .collect();
    // `LATER`, `LA`, and `er` for the `la` that had come out.
    assert_eq!(
        conflicts,
        [&Told::Conflict(5), &Told::Conflict(2), &Told::Conflict(2)]
    );
}

#[test]
fn a_gap_is_told_when_patience_is_over_and_not_before() {
    let patience = Patience {
        packets: 3,
        bytes: 1 << 20,
    };
    let (mut flow, mut told) = opened(patience);
    for at in [10, 12, 14] {
        feed(&mut flow, Way::Forth, &part(at, b"xy"), 7, &mut told);
        assert_eq!(told, []);
    }
    feed(&mut flow, Way::Back, &part(0, b"other way"), 7, &mut told);
    assert_eq!(told[0], Told::Gap(10, GapCause::Unacknowledged));
    assert_eq!(stream(&told).len(), 6);
    // Too late: what was told stays told.
    feed(&mut flow, Way::Forth, &part(0, b"0123456789"), 7, &mut told);
    assert_eq!(stream(&told).len(), 6);
}

#[test]
fn no_more_than_its_share_waits() {
    let (mut flow, mut told) = opened(Patience {
        packets: 1 << 40,
        bytes: 4096,
    });
    for at in 0..1000 {
        feed(
            &mut flow,
            Way::Forth,
            &part(10 + at * 3, b"ab"),
            7,
            &mut told,
        );
        assert!(flow.held() <= 4096 + 98);
    }
    assert_eq!(told[0], Told::Gap(10, GapCause::Limit));
}

#[test]
fn an_answer_is_noticed_only_behind_everything() {
    let address: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let (mut flow, mut told) = opened(Patience::default());
    feed(&mut flow, Way::Forth, &part(0, b"request"), 7, &mut told);
    let mut answer = Segment {
        from: address,
        to: address,
        sequence: 500,
        acknowledged: Some(8 + 6),
        syn: false,
        fin: false,
        reset: false,
        payload: b"answer",
        missing: 0,
        source: 0,
        time_ns: 0,
    };
    told.clear();
    flow.segment(Way::Back, &answer, &mut |event| told.push(Told::of(event)));
    assert_eq!(told, []);
    answer.acknowledged = Some(8 + 7);
    flow.segment(Way::Back, &answer, &mut |event| told.push(Told::of(event)));
    assert_eq!(told, [Told::Answered]);
}

#[test]
fn a_new_handshake_with_other_numbers_is_another_connection() {
    let address: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let (flow, _) = opened(Patience::default());
    let mut syn = Segment {
        from: address,
        to: address,
        sequence: 7,
        acknowledged: None,
        syn: true,
        fin: false,
        reset: false,
        payload: b"",
        missing: 0,
        source: 0,
        time_ns: 0,
    };
    assert!(!flow.is_new_connection(Way::Forth, &syn));
    syn.sequence = 8;
    assert!(flow.is_new_connection(Way::Forth, &syn));
}
