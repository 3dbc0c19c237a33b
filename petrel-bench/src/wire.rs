//! The one room of this program that knows frames: requests made beforehand, answers judged.

use petrel::wire::{
    AnswerError, Codec, DecodeError, Decoded, EncodeError, Expected, Frame, HEADER_LEN, MacKey,
    PROTOCOL_CHECK, PROTOCOL_VERSION, Status,
};
use std::ops::Range;

use crate::{fault::Fault, plan::Verify};

/// Where the sequence number stands in a frame.
const SEQUENCE: Range<usize> = 2..6;

/// A request as it goes over the wire, encoded once; only its sequence number is put in anew each
/// time. The MAC covers the payload alone, so it is made once, too.
#[derive(Debug)]
pub(crate) struct Template {
    bytes: Box<[u8]>,
    name: Range<usize>,
    payload: Range<usize>,
    verify: Verify,
    expect_status: Box<[u16]>,
}

/// What stands at the front of what a server sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The answer of `len` bytes, or what is wrong with it; the next one stands behind it.
    Whole { len: usize, fault: Option<Fault> },
    /// So many bytes are missing at the least.
    NeedMore { at_least: usize },
    /// What comes makes no sense any more: the connection is lost.
    Lost(Fault),
}

impl Template {
    /// A request for `name`.
    ///
    /// # Errors
    /// If the name or the payload is too long for a frame.
    pub(crate) fn new(
        codec: &Codec,
        name: &[u8],
        payload: &[u8],
        verify: Verify,
        expect_status: &[u16],
    ) -> Result<Self, EncodeError> {
        let frame = Frame {
            status: Status::NONE,
            sequence: 0,
            name,
            payload,
        };
        let mut bytes = Vec::new();
        codec.encode(&frame, &mut bytes)?;
        let name = HEADER_LEN..HEADER_LEN + name.len();
        Ok(Self {
            bytes: bytes.into(),
            payload: name.end..name.end + payload.len(),
            name,
            verify,
            expect_status: expect_status.into(),
        })
    }

    /// The protocol check. Its answer may also have one of the statuses that other answers may have:
    /// a server that echoes bytes cannot do better.
    pub(crate) fn protocol_check(codec: &Codec, expect_status: &[u16]) -> Self {
        let expect = [&[Status::OK.0], expect_status].concat();
        let (name, payload) = (PROTOCOL_CHECK.as_bytes(), [PROTOCOL_VERSION]);
        Self::new(codec, name, &payload, Verify::Echo, &expect)
            .expect("ten bytes of name and one of payload fit")
    }

    /// Length of the whole frame in bytes.
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Length of its payload in bytes.
    pub(crate) fn payload_len(&self) -> usize {
        self.payload.len()
    }

    /// Appends to `out` the part of the frame that begins at `from`, at most `most` bytes.
    #[inline]
    pub(crate) fn append(&self, sequence: u32, from: usize, most: usize, out: &mut Vec<u8>) {
        let to = self.bytes.len().min(from.saturating_add(most));
        let Some(part) = self.bytes.get(from..to) else {
            return;
        };
        let start = out.len();
        out.extend_from_slice(part);
        if from == 0
            && let Some(place) = out.get_mut(start + SEQUENCE.start..start + SEQUENCE.end)
        {
            place.copy_from_slice(&sequence.to_le_bytes());
        } else if from < SEQUENCE.end || to < SEQUENCE.end {
            // A piece so small that it cuts the header: byte by byte, for it hardly ever happens.
            for (at, byte) in SEQUENCE.zip(sequence.to_le_bytes()) {
                if (from..to).contains(&at)
                    && let Some(place) = out.get_mut(start + at - from)
                {
                    *place = byte;
                }
            }
        }
    }

    /// Judges what stands at the front of `input`, the answer to this request with this number.
    #[inline]
    pub(crate) fn judge(&self, codec: &Codec, sequence: u32, input: &[u8]) -> Answer {
        let (frame, len) = match codec.decode(input) {
            Ok(Decoded::Frame { frame, len }) => (frame, len),
            Ok(Decoded::NeedMore { at_least }) => return Answer::NeedMore { at_least },
            Err(DecodeError::PayloadTooLong { .. }) => return Answer::Lost(Fault::TooLong),
            Err(_) => return Answer::Lost(Fault::Mac),
        };
        let name = self.bytes.get(self.name.clone()).unwrap_or_default();
        if let Err(error) = (Expected { sequence, name }).check(&frame) {
            return Answer::Lost(match error {
                AnswerError::Notice { .. } => Fault::Notice,
                AnswerError::WrongSequence { .. } => Fault::Sequence,
                _ => Fault::Name,
            });
        }
        let fault = if !self.expect_status.contains(&frame.status.0) {
            Some(Fault::Status(frame.status.0))
        } else if !self.is_as_expected(frame.payload) {
            Some(Fault::Payload)
        } else {
            None
        };
        Answer::Whole { len, fault }
    }

    fn is_as_expected(&self, payload: &[u8]) -> bool {
        match self.verify {
            Verify::None => true,
            Verify::Length => payload.len() == self.payload.len(),
            Verify::Echo => self.bytes.get(self.payload.clone()) == Some(payload),
        }
    }
}

/// How frames are made and read: with the key, if there is one.
pub(crate) fn codec(key: Option<MacKey>) -> Codec {
    match key {
        Some(key) => Codec::new().mac_key(key),
        None => Codec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(codec: &Codec, verify: Verify) -> Template {
        Template::new(codec, b"echo", b"payload", verify, &[200, 9101]).unwrap()
    }

    fn frame(codec: &Codec, status: u16, sequence: u32, name: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let status = Status(status);
        let frame = Frame {
            status,
            sequence,
            name,
            payload,
        };
        codec.encode(&frame, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn whatever_the_pieces_the_frame_is_the_same() {
        for codec in [
            codec(None),
            codec(Some(MacKey::new(b"a key of sixteen").unwrap())),
        ] {
            let template = template(&codec, Verify::Echo);
            let whole = frame(&codec, 0, 0x0102_0304, b"echo", b"payload");
            for piece in 1..=whole.len() {
                let mut out = Vec::new();
                while out.len() < whole.len() {
                    let from = out.len();
                    template.append(0x0102_0304, from, piece, &mut out);
                }
                assert_eq!(out, whole, "pieces of {piece}");
            }
        }
    }

    #[test]
    fn every_fault_of_an_answer_has_its_name() {
        let codec = codec(None);
        let template = template(&codec, Verify::Echo);
        let judge = |status, sequence, name: &[u8], payload: &[u8]| {
            template.judge(&codec, 7, &frame(&codec, status, sequence, name, payload))
        };
        let whole = |fault| Answer::Whole { len: 22, fault };
        assert_eq!(judge(200, 7, b"echo", b"payload"), whole(None));
        assert_eq!(judge(9101, 7, b"echo", b"payload"), whole(None));
        assert_eq!(
            judge(400, 7, b"echo", b"payload"),
            whole(Some(Fault::Status(400)))
        );
        assert_eq!(
            judge(200, 7, b"echo", b"paYload"),
            whole(Some(Fault::Payload))
        );
        assert_eq!(
            judge(200, 8, b"echo", b"payload"),
            Answer::Lost(Fault::Sequence)
        );
        assert_eq!(
            judge(200, 7, b"ECHO", b"payload"),
            Answer::Lost(Fault::Name)
        );
        assert_eq!(judge(198, 7, b"echo", b"EOF"), Answer::Lost(Fault::Notice));
        assert_eq!(
            template.judge(&codec, 7, &[0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255]),
            Answer::Lost(Fault::TooLong)
        );
        assert_eq!(
            template.judge(&codec, 7, &[200, 0]),
            Answer::NeedMore { at_least: 9 }
        );
    }

    #[test]
    fn how_much_of_the_payload_counts_is_asked_for() {
        let codec = codec(None);
        let same_length = frame(&codec, 200, 7, b"echo", b"daolyap");
        let shorter = frame(&codec, 200, 7, b"echo", b"pay");
        for (verify, of_same_length, of_shorter) in [
            (Verify::None, None, None),
            (Verify::Length, None, Some(Fault::Payload)),
            (Verify::Echo, Some(Fault::Payload), Some(Fault::Payload)),
        ] {
            let template = template(&codec, verify);
            let fault = |bytes: &[u8]| match template.judge(&codec, 7, bytes) {
                Answer::Whole { fault, .. } => fault,
                other => panic!("{other:?}"),
            };
            assert_eq!(fault(&same_length), of_same_length, "{verify:?}");
            assert_eq!(fault(&shorter), of_shorter, "{verify:?}");
        }
    }

    #[test]
    fn a_mac_of_another_key_is_a_fault_of_its_own() {
        let ours = codec(Some(MacKey::new(b"a key of sixteen").unwrap()));
        let theirs = codec(Some(MacKey::new(b"b key of sixteen").unwrap()));
        let template = template(&ours, Verify::Echo);
        let answer = frame(&theirs, 200, 7, b"echo", b"payload");
        assert_eq!(template.judge(&ours, 7, &answer), Answer::Lost(Fault::Mac));
    }

    #[test]
    fn a_server_that_echoes_may_answer_the_check_with_what_is_expected() {
        let codec = codec(None);
        let check = Template::protocol_check(&codec, &[0]);
        for (status, fault) in [(200, None), (0, None), (497, Some(Fault::Status(497)))] {
            let answer = frame(&codec, status, 1, b"PROTOCHECK", &[0]);
            let len = answer.len();
            assert_eq!(
                check.judge(&codec, 1, &answer),
                Answer::Whole { len, fault }
            );
        }
    }
}
