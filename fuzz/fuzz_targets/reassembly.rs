//! Segments of one stream in any order, with losses and cuts: every byte that comes out is the one that
//! was sent, and every gap has its length.
//!
//! Input: four bytes of initial sequence number, then five bytes per segment: place (2), length, what is
//! done with it, and how much of it was not captured.
#![no_main]

use libfuzzer_sys::fuzz_target;
use petrel_probe::{
    capture::Segment,
    exchange::GapCause,
    tcp::{Flow, Patience, StreamEvent, Way},
};
use std::net::SocketAddr;

const LEN: usize = 4096;

fuzz_target!(|data: &[u8]| {
    let Some((initial, operations)) = data.split_first_chunk() else {
        return;
    };
    let initial = u32::from_le_bytes(*initial);
    // No two places within reach of each other look alike.
    let stream: Vec<u8> = (0_u32..).flat_map(u32::to_le_bytes).take(LEN).collect();
    let mut flow = Flow::new(Patience {
        packets: 64,
        bytes: 4096,
    });
    let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let bare = Segment {
        from: nowhere,
        to: nowhere,
        sequence: initial,
        acknowledged: None,
        syn: true,
        fin: false,
        reset: false,
        payload: &[],
        missing: 0,
        source: 0,
        time_ns: 0,
    };
    let (mut at, mut gaps) = (0, 0);
    let mut check = |event: StreamEvent<'_>| match event {
        StreamEvent::Data {
            way, bytes, source, ..
        } => {
            assert_eq!(way, Way::Forth);
            assert_eq!(bytes, &stream[at..at + bytes.len()]);
            assert_eq!(source, at as u64);
            at += bytes.len();
        }
        StreamEvent::Gap { way, len, .. } => {
            assert_eq!(way, Way::Forth);
            let len = usize::try_from(len).expect("no gap is longer than the stream");
            at += len;
            gaps += len;
        }
        StreamEvent::Conflict { .. } => panic!("nothing differs"),
        StreamEvent::Answered { .. } | StreamEvent::End { .. } => {}
    };
    flow.segment(Way::Forth, &bare, &mut check);
    let mut there = vec![false; LEN];
    let mut known = 0;
    for operation in operations.chunks_exact(5) {
        let place = usize::from(u16::from_le_bytes([operation[0], operation[1]])) % LEN;
        let len = usize::from(operation[2]).min(LEN - place);
        let missing = usize::from(operation[4]).saturating_sub(200).min(len);
        let sequence = initial.wrapping_add(1 + u32::try_from(place).expect("it is small"));
        let mut segment = Segment {
            sequence,
            syn: false,
            payload: &stream[place..place + len - missing],
            missing: u32::try_from(missing).expect("it is small"),
            source: place as u64,
            ..bare
        };
        match operation[3] % 16 {
            0 => {
                segment.payload = &[];
                segment.missing = 0;
                segment.acknowledged = Some(sequence);
                flow.segment(
                    Way::Back,
                    &Segment {
                        sequence: 1,
                        ..segment
                    },
                    &mut check,
                );
                // A single byte that was acknowledged and never seen may be the FIN.
                continue;
            }
            1 => {
                flow.settle(&mut check);
                continue;
            }
            2 => segment.reset = true,
            // What holds nothing proves nothing.
            _ if len == 0 => {}
            _ => {
                there[place..place + len - missing].fill(true);
                known = known.max(place + len);
            }
        }
        flow.segment(Way::Forth, &segment, &mut check);
    }
    flow.finish(GapCause::CaptureEnded, &mut check);
    let seen = there.iter().filter(|there| **there).count();
    assert!(
        at >= known,
        "what was seen, or known to be missing, is told"
    );
    assert!(at - gaps <= seen, "nothing is told that was not seen");
});
