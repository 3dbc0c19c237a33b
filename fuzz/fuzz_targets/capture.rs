//! Anything as a capture: it is read to an end, its packets are taken apart and its connections put
//! together, and what waits meanwhile stays within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use petrel_probe::{
    capture::{Dissector, Reader},
    exchange::GapCause,
    tcp::{Flow, Patience, StreamEvent, Way},
};
use std::collections::BTreeMap;

fuzz_target!(|data: &[u8]| {
    let Ok(mut reader) = Reader::new(data) else {
        return;
    };
    let patience = Patience {
        packets: 16,
        bytes: 4096,
    };
    let mut dissector = Dissector::new();
    let mut flows = BTreeMap::new();
    let mut told = 0;
    while let Some(packet) = reader.next_packet().expect("memory does not fail") {
        let end =
            usize::try_from(packet.source).expect("it is within the input") + packet.data.len();
        assert_eq!(&data[end - packet.data.len()..end], packet.data);
        let _ = dissector.segments(&packet, &mut |segment| {
            let (key, way) = if segment.from <= segment.to {
                ((segment.from, segment.to), Way::Forth)
            } else {
                ((segment.to, segment.from), Way::Back)
            };
            let flow = flows.entry(key).or_insert_with(|| Flow::new(patience));
            if flow.is_new_connection(way, segment) {
                flow.finish(GapCause::ConnectionEnded, &mut |_| {});
                *flow = Flow::new(patience);
            }
            flow.segment(way, segment, &mut |event| {
                if let StreamEvent::Data { bytes, source, .. } = event {
                    let from = usize::try_from(source).expect("it is within the input");
                    assert_eq!(&data[from..from + bytes.len()], bytes);
                    told += bytes.len();
                }
            });
            assert!(flow.held() <= 2 * (4096 + 16_384));
        });
    }
    for flow in flows.values_mut() {
        flow.finish(GapCause::CaptureEnded, &mut |_| {});
    }
    assert!(reader.next_packet().expect("the end is no error").is_none());
    assert!(told <= data.len());
});
