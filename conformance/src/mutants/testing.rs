//! What the tests of both models need: frames, and what comes on a link.

use crate::{
    frame::{Frame, Header, Key, Parsed, parse},
    world::{Chunk, Ending, Link},
};
use std::time::Duration;

pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) fn key() -> Key {
    Key::new(b"a key for tests".to_vec())
}

/// A frame; with a key, a right MAC follows.
pub(super) fn frame(
    status: u16,
    sequence: u32,
    name: &[u8],
    payload: &[u8],
    key: Option<&Key>,
) -> Vec<u8> {
    let header = Header {
        status,
        sequence,
        name_len: u8::try_from(name.len()).expect("a short name"),
        payload_len: u32::try_from(payload.len()).expect("a short payload"),
    };
    let mut bytes = [&header.to_bytes()[..], name, payload].concat();
    if let Some(key) = key {
        bytes.extend(key.sign(payload));
    }
    bytes
}

/// The head of a frame that claims so many bytes.
pub(super) fn claim(sequence: u32, name: &[u8], payload_len: u32) -> Vec<u8> {
    let header = Header {
        status: 0,
        sequence,
        name_len: u8::try_from(name.len()).expect("a short name"),
        payload_len,
    };
    [&header.to_bytes()[..], name].concat()
}

/// Every chunk that comes until nothing does for a second, or nothing can.
pub(super) fn drain(link: &mut dyn Link) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    while let Some(chunk) = link.read(SECOND) {
        let is_last = !matches!(chunk, Chunk::Bytes(_));
        chunks.push(chunk);
        if is_last {
            break;
        }
    }
    chunks
}

/// The frames that come, and how it ended, if it did.
pub(super) fn frames(link: &mut dyn Link, key: Option<&Key>) -> (Vec<Frame>, Option<Ending>) {
    let mut bytes = Vec::new();
    let mut ending = None;
    for chunk in drain(link) {
        match chunk {
            Chunk::Bytes(more) => bytes.extend(more),
            Chunk::End(how) => ending = Some(how),
            Chunk::Flood => panic!("a flood"),
        }
    }
    let mut frames = Vec::new();
    while let Parsed::Frame(frame, used) = parse(&bytes, key) {
        bytes.drain(..used);
        frames.push(frame);
    }
    assert!(bytes.is_empty(), "{} bytes are no frame", bytes.len());
    (frames, ending)
}

/// Status and sequence number of each frame, and how it ended.
pub(super) fn heads(link: &mut dyn Link, key: Option<&Key>) -> (Vec<(u16, u32)>, Option<Ending>) {
    let (frames, ending) = frames(link, key);
    let heads = frames.iter().map(|frame| (frame.status, frame.sequence));
    (heads.collect(), ending)
}
