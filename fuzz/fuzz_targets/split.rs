//! Frames under splits: however the bytes come, the frames and the error are the same.
//!
//! Input: one byte that chooses the key, one for the number of pieces, their sizes, then the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use petrel::wire::{Codec, DecodeError, Decoded, Frame, MacKey};

fuzz_target!(|data: &[u8]| {
    let [choice, count, rest @ ..] = data else {
        return;
    };
    let count = usize::from(*count) % 16 + 1;
    if rest.len() < count {
        return;
    }
    let (pieces, bytes) = rest.split_at(count);
    let mut codec = Codec::new().payload_max(4096);
    if choice & 1 == 1 {
        codec = codec.mac_key(MacKey::new(b"s3cret-key").expect("it is not empty"));
    }
    let pieces: Vec<usize> = pieces.iter().map(|piece| usize::from(*piece) + 1).collect();
    let whole = receive(&codec, bytes, &[bytes.len().max(1)]);
    assert_eq!(receive(&codec, bytes, &pieces), whole);
    assert_eq!(receive(&codec, bytes, &[1]), whole);
});

type Received = (
    Vec<(u16, u32, Vec<u8>, Vec<u8>)>,
    Result<usize, DecodeError>,
);

fn receive(codec: &Codec, mut rest: &[u8], pieces: &[usize]) -> Received {
    let (mut frames, mut held) = (Vec::new(), Vec::new());
    for piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at((*piece).min(rest.len()));
        held.extend_from_slice(now);
        rest = later;
        loop {
            match codec.decode(&held) {
                Ok(Decoded::Frame {
                    frame:
                        Frame {
                            status,
                            sequence,
                            name,
                            payload,
                        },
                    len,
                }) => {
                    frames.push((status.0, sequence, name.to_vec(), payload.to_vec()));
                    held.drain(..len);
                }
                Ok(Decoded::NeedMore { .. }) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
        if rest.is_empty() {
            break;
        }
    }
    (frames, Ok(held.len()))
}
