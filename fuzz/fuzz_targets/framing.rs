//! The bytes of one side of a connection, in any pieces and with any gaps: no panic, no byte invented or
//! told twice, and the same messages however whole bytes come.
//!
//! Input: one byte that chooses side, MACs, limit and beginning, then steps: one byte that says what is
//! done, one for a length, and for pieces that many bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use petrel::wire::MacKey;
use petrel_probe::{
    exchange::{GapCause, Side},
    keyring::Keyring,
    wire::{Framed, Framer, FramerConfig, Macs},
};
use std::sync::Arc;

/// The limits that are tried; the last is no limit at all.
const LIMITS: [u32; 4] = [64, 4096, 4 << 20, u32::MAX];

enum Step<'a> {
    Data(&'a [u8]),
    Gap(u64),
    Answered,
    Relieve,
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, rest)) = data.split_first() else {
        return;
    };
    let steps = steps(rest);
    let framed = run(choice, &steps);
    // Without gaps and remarks, pieces are only pieces. But behind a first payload over the limit it is
    // not known whether a MAC follows, and where the next frame begins is found out like after a loss.
    let is_plain = steps.iter().all(|step| matches!(step, Step::Data(_)));
    let is_searched = framed.iter().any(|one| {
        let mut gaps = one.message.gaps.iter();
        gaps.any(|gap| gap.cause == GapCause::OverLimit)
    });
    if is_plain && !is_searched && choice & 1 == 0 {
        let whole: Vec<u8> = steps
            .iter()
            .flat_map(|step| step.bytes())
            .copied()
            .collect();
        let bytes: Vec<_> = whole.chunks(1).map(Step::Data).collect();
        let messages = |framed: &[Framed]| -> Vec<_> {
            let all = framed
                .iter()
                .map(|one| (one.message.bytes.clone(), one.message.mac.clone()));
            all.collect()
        };
        let right = messages(&framed);
        assert_eq!(messages(&run(choice, &[Step::Data(&whole)])), right);
        assert_eq!(messages(&run(choice, &bytes)), right);
    }
});

fn run(choice: u8, steps: &[Step<'_>]) -> Vec<Framed> {
    let mut keyring = Keyring::new();
    if choice & 2 != 0 {
        keyring.add("key", MacKey::new(b"s3cret-key").expect("it is not empty"));
    }
    let config = FramerConfig {
        keyring: Arc::new(keyring),
        macs: [Macs::Auto, Macs::Yes, Macs::No, Macs::Auto][usize::from(choice >> 2 & 3)],
        payload_max: LIMITS[usize::from(choice >> 4 & 3)],
        extents: choice & 64 != 0,
    };
    let side = if choice & 128 == 0 {
        Side::Client
    } else {
        Side::Server
    };
    // In mid-stream it matters where segments begin; from the start it must not.
    let mut framer = if choice & 1 == 0 {
        Framer::new(side, config)
    } else {
        Framer::in_mid_stream(side, config)
    };
    let mut framed = Vec::new();
    let (mut at, mut given) = (0, 0);
    for step in steps {
        let mut out = |one| framed.push(one);
        match step {
            Step::Data(bytes) => {
                framer.data(bytes, at, at, &mut out);
                given += bytes.len() as u64;
                at += bytes.len() as u64;
            }
            Step::Gap(len) => framer.gap(*len, GapCause::Lost, &mut out),
            Step::Answered => framer.answered(&mut out),
            Step::Relieve => framer.relieve(),
        }
        assert!(framer.held() as u64 <= given);
    }
    framer.end(GapCause::CaptureEnded, &mut |one| framed.push(one));
    assert_eq!(framer.held(), 0);
    let told: u64 = framed
        .iter()
        .map(|one| one.message.bytes.len() as u64)
        .sum();
    assert!(told + framer.skipped_in_all() <= given);
    for Framed { message, .. } in &framed {
        let missing: u64 = message.gaps.iter().map(|gap| gap.len).sum();
        assert_eq!(message.bytes.len() as u64 + missing, message.frame_len());
        assert!(message.bytes.starts_with(&message.header.to_bytes()));
        let ordered = message
            .gaps
            .windows(2)
            .all(|two| two[0].at + two[0].len <= two[1].at);
        assert!(ordered, "{:?}", message.gaps);
        if choice & 64 != 0 {
            let len: u64 = message
                .extents
                .iter()
                .map(|extent| u64::from(extent.len))
                .sum();
            assert_eq!(len, message.bytes.len() as u64);
        }
    }
    framed
}

fn steps(mut rest: &[u8]) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    while let [what, len, more @ ..] = rest {
        rest = more;
        steps.push(match what {
            0..16 => Step::Gap(u64::from(*len) + 1),
            16..20 => Step::Gap(u64::from(*len) << 20),
            20..30 => Step::Answered,
            30..34 => Step::Relieve,
            _ => {
                let (now, later) = rest.split_at(usize::from(*len).min(rest.len()));
                rest = later;
                Step::Data(now)
            }
        });
    }
    steps
}

impl Step<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Data(bytes) => bytes,
            _ => &[],
        }
    }
}
