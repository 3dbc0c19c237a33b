//! Frames written and read by hand, so that a mistake of the library cannot hide itself.

use std::io::{Read, Write};

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) sequence: u32,
    pub(crate) name: Vec<u8>,
    pub(crate) payload: Vec<u8>,
}

/// The bytes of a request without a MAC.
pub(crate) fn request(sequence: u32, name: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    bytes.extend(sequence.to_le_bytes());
    bytes.push(u8::try_from(name.len()).unwrap());
    bytes.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    bytes.extend(name.as_bytes());
    bytes.extend(payload);
    bytes
}

/// Reads one answer; `mac_len` bytes that follow it are read and dropped.
pub(crate) fn answer(stream: &mut impl Read, mac_len: usize) -> Answer {
    let mut header = [0; 11];
    stream.read_exact(&mut header).unwrap();
    let [s0, s1, q0, q1, q2, q3, name_len, p0, p1, p2, p3] = header;
    let payload_len = u32::from_le_bytes([p0, p1, p2, p3]) as usize;
    let mut name = vec![0; usize::from(name_len)];
    stream.read_exact(&mut name).unwrap();
    let mut payload = vec![0; payload_len];
    stream.read_exact(&mut payload).unwrap();
    stream.read_exact(&mut vec![0; mac_len]).unwrap();
    Answer {
        status: u16::from_le_bytes([s0, s1]),
        sequence: u32::from_le_bytes([q0, q1, q2, q3]),
        name,
        payload,
    }
}

/// Sends one request and reads its answer.
pub(crate) fn ask(stream: &mut (impl Read + Write), name: &str, payload: &[u8]) -> Answer {
    stream.write_all(&request(7, name, payload)).unwrap();
    let answer = answer(stream, 0);
    assert_eq!((answer.sequence, &*answer.name), (7, name.as_bytes()));
    answer
}

/// A protocol check and an echo, as a client begins.
pub(crate) fn greet(stream: &mut (impl Read + Write)) {
    let check = ask(stream, "PROTOCHECK", &[0]);
    assert_eq!((check.status, &*check.payload), (200, &[0][..]));
    let echo = ask(stream, "echo", b"hello");
    assert_eq!((echo.status, &*echo.payload), (200, &b"hello"[..]));
}
