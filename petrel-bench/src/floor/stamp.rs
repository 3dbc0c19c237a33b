//! Turns requests into answers as they pass: the status becomes 200, everything else stays.

use petrel::wire::{HEADER_LEN, Header, Status};

/// Where a stream of frames stands. It keeps no byte but those of a header that is not whole yet, and
/// what a frame claims reserves nothing.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    mac: bool,
    /// The header so far.
    header: [u8; HEADER_LEN],
    header_len: usize,
    /// Bytes of the frame that are still to pass behind its header.
    rest: u64,
}

impl Stamp {
    /// For a stream at its beginning, whose frames carry MACs or not. A MAC covers the payload, which
    /// stays, so that it stays right.
    pub(super) const fn new(mac: bool) -> Self {
        Self {
            mac,
            header: [0; HEADER_LEN],
            header_len: 0,
            rest: 0,
        }
    }

    /// The next bytes of the stream, wherever they were cut.
    pub(super) fn pass(&mut self, mut bytes: &mut [u8]) {
        loop {
            let skip = usize::try_from(self.rest).map_or(bytes.len(), |rest| rest.min(bytes.len()));
            self.rest -= skip as u64;
            bytes = &mut bytes[skip..];
            if bytes.is_empty() {
                return;
            }
            bytes = self.header(bytes);
        }
    }

    /// Passes bytes of a header; gives those behind them.
    fn header<'a>(&mut self, bytes: &'a mut [u8]) -> &'a mut [u8] {
        let status = Status::OK.0.to_le_bytes();
        let (from, count) = (
            self.header_len,
            bytes.len().min(HEADER_LEN - self.header_len),
        );
        let (passing, behind) = bytes.split_at_mut(count);
        for (byte, status) in passing.iter_mut().zip(status.iter().skip(from)) {
            *byte = *status;
        }
        self.header[from..from + count].copy_from_slice(passing);
        self.header_len += count;
        if self.header_len == HEADER_LEN {
            let header = Header::parse(&self.header);
            self.rest = header.frame_len(self.mac) - HEADER_LEN as u64;
            self.header_len = 0;
        }
        behind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(status: u16, name: &[u8], payload: &[u8], mac: bool) -> Vec<u8> {
        let header = Header {
            status: Status(status),
            sequence: 0x0403_0201,
            name_len: u8::try_from(name.len()).unwrap(),
            payload_len: u32::try_from(payload.len()).unwrap(),
        };
        let mac: &[u8] = if mac { &[b'='; 44] } else { &[] };
        [&header.to_bytes(), name, payload, mac].concat()
    }

    /// Frames of several forms, with a status or another; the payload of one looks like a header.
    fn stream(status: u16, mac: bool) -> Vec<u8> {
        let inner = frame(7, b"in", b"side", false);
        [
            frame(status, b"PROTOCHECK", &[0], mac),
            frame(status, b"", b"", mac),
            frame(status, b"echo", &inner, mac),
            frame(status, b"n", b"", mac),
            frame(status, b"", &[0xff; 300], mac),
        ]
        .concat()
    }

    #[test]
    fn only_the_statuses_change_wherever_the_stream_is_cut() {
        for mac in [false, true] {
            let (requests, answers) = (stream(0xbeef, mac), stream(200, mac));
            for first in 0..=requests.len() {
                let mut passed = requests.clone();
                let mut stamp = Stamp::new(mac);
                let (one, two) = passed.split_at_mut(first);
                stamp.pass(one);
                stamp.pass(two);
                assert_eq!(passed, answers, "cut at {first}, MACs: {mac}");
            }
            for size in 1..=HEADER_LEN + 2 {
                let mut passed = requests.clone();
                let mut stamp = Stamp::new(mac);
                passed.chunks_mut(size).for_each(|piece| stamp.pass(piece));
                assert_eq!(passed, answers, "pieces of {size}, MACs: {mac}");
            }
        }
    }

    #[test]
    fn a_frame_may_claim_as_much_as_it_can() {
        let header = Header {
            payload_len: u32::MAX,
            name_len: 255,
            ..Header::default()
        };
        let mut stamp = Stamp::new(true);
        stamp.pass(&mut header.to_bytes());
        let mut left = 255 + u64::from(u32::MAX) + 44;
        let mut piece = vec![1; 1 << 20];
        while left > piece.len() as u64 {
            stamp.pass(&mut piece);
            left -= piece.len() as u64;
        }
        assert!(piece.iter().all(|byte| *byte == 1));
        let mut last = vec![1; usize::try_from(left).unwrap()];
        stamp.pass(&mut last);
        assert!(last.iter().all(|byte| *byte == 1));
        let mut next = Header::default().to_bytes();
        stamp.pass(&mut next);
        assert_eq!(Header::parse(&next).status, Status::OK);
    }
}
