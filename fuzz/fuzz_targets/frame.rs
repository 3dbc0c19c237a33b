//! The front of any bytes: no panic, and what decodes encodes to the same bytes.
//!
//! Input: one byte that chooses limit and key (`seed.py` writes such inputs), then the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use petrel::wire::{Codec, Decoded, Frame, MacKey};

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else {
        return;
    };
    let mut codec = Codec::new().payload_max(match choice >> 1 & 3 {
        0 => 4 << 20,
        1 => 0,
        2 => 16,
        _ => u32::MAX,
    });
    if choice & 1 == 1 {
        codec = codec.mac_key(MacKey::new(b"s3cret-key").expect("it is not empty"));
    }
    match codec.decode(bytes) {
        Ok(Decoded::Frame { frame, len }) => {
            let mut encoded = Vec::new();
            codec
                .encode(&frame, &mut encoded)
                .expect("it came out of a frame");
            assert_eq!(encoded, bytes[..len]);
            let Frame {
                status,
                sequence,
                name,
                payload,
            } = frame;
            let mut drafted = Vec::new();
            let draft = codec
                .begin(sequence, name, &mut drafted)
                .expect("it came out of a frame");
            drafted.extend_from_slice(payload);
            codec
                .finish(draft, status, &mut drafted)
                .expect("it came out of a frame");
            assert_eq!(drafted, encoded);
        }
        Ok(Decoded::NeedMore { at_least }) => assert!(at_least > 0),
        Err(error) => assert!(error.at() < bytes.len() as u64 && !error.to_string().is_empty()),
    }
});
