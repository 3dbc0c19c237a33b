//! Frames out of bytes, bytes out of frames.

use super::{
    DecodeError, EncodeError, Frame, HEADER_LEN, Header, MAC_LEN, MacKey, NAME_LEN_MAX,
    PAYLOAD_MAX_DEFAULT, Status, mac::MacFault,
};

/// What the bytes at the front of the input are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a caller must act on every outcome"
)]
pub enum Decoded<'a> {
    /// A whole frame. The caller handles it, then goes on at `input[len..]`.
    Frame {
        /// The frame; it borrows from the input.
        frame: Frame<'a>,
        /// How many bytes it took.
        len: usize,
    },
    /// The beginning of a frame. The caller reads at least so many bytes more and asks again with
    /// all of them. `at_least` is a claim of the sender, at most as large as the limit allows:
    /// nothing should be reserved for it before it has come.
    NeedMore {
        /// How many bytes are missing at the least.
        at_least: usize,
    },
}

/// How one end of a connection reads and writes frames: its payload limit and its key, if any.
#[derive(Clone, Debug)]
pub struct Codec {
    payload_max: u32,
    key: Option<MacKey>,
}

/// An answer that is being written: header and name stand in the buffer, the payload is appended by
/// the caller, [`Codec::finish`] makes it a frame. To give it up, truncate the buffer to
/// [`Draft::start`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Draft {
    start: usize,
    sequence: u32,
    name_len: u8,
}

impl Draft {
    /// Where in the buffer the frame begins.
    pub const fn start(self) -> usize {
        self.start
    }

    /// Where in the buffer its payload begins.
    pub const fn payload_start(self) -> usize {
        self.start + HEADER_LEN + self.name_len as usize
    }
}

impl Codec {
    /// A codec without MACs that takes payloads up to 4 MiB.
    pub const fn new() -> Self {
        Self {
            payload_max: PAYLOAD_MAX_DEFAULT,
            key: None,
        }
    }

    /// The longest payload to accept, inclusive. Defaults to [`PAYLOAD_MAX_DEFAULT`], 4 MiB.
    ///
    /// A larger limit lets one peer hold more memory, as its bytes come in; a smaller one refuses
    /// more. It binds decoding only: what may be sent is the peer's limit.
    pub const fn payload_max(mut self, bytes: u32) -> Self {
        self.payload_max = bytes;
        self
    }

    /// Signs what goes out and demands a MAC of what comes in. Defaults to neither.
    pub fn mac_key(mut self, key: MacKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Whether frames carry a MAC.
    pub const fn has_mac(&self) -> bool {
        self.key.is_some()
    }

    /// Looks at the front of `input`.
    ///
    /// The outcome depends on the bytes alone, not on how they came: a longer input never turns a
    /// frame or an error into another.
    ///
    /// # Errors
    /// If the sender claims a payload over the limit (known from header and request text), or the
    /// MAC is not that of the payload.
    #[inline]
    pub fn decode<'a>(&self, input: &'a [u8]) -> Result<Decoded<'a>, DecodeError> {
        let Some((head, rest)) = input.split_first_chunk::<HEADER_LEN>() else {
            return Ok(Decoded::NeedMore {
                at_least: HEADER_LEN - input.len(),
            });
        };
        let header = Header::parse(head);
        let name_len = usize::from(header.name_len);
        if header.payload_len > self.payload_max {
            if rest.len() < name_len {
                return Ok(Decoded::NeedMore {
                    at_least: name_len - rest.len(),
                });
            }
            return Err(DecodeError::PayloadTooLong {
                claimed: header.payload_len,
                limit: self.payload_max,
            });
        }
        let frame_len = header.frame_len(self.has_mac());
        if (input.len() as u64) < frame_len {
            let at_least = usize::try_from(frame_len - input.len() as u64).unwrap_or(usize::MAX);
            return Ok(Decoded::NeedMore { at_least });
        }
        // The whole frame lies in the input, so every length below fits.
        let (name, rest) = rest.split_at(name_len);
        let (payload, rest) = rest.split_at(header.payload_len as usize);
        let mut len = HEADER_LEN + name_len + payload.len();
        if let (Some(key), Some(mac)) = (&self.key, rest.first_chunk::<MAC_LEN>()) {
            let at = len as u64;
            key.check(payload, mac).map_err(|fault| match fault {
                MacFault::Malformed => DecodeError::MacMalformed { at },
                MacFault::Mismatch => DecodeError::MacMismatch { at },
            })?;
            len += MAC_LEN;
        }
        let frame = Frame {
            status: header.status,
            sequence: header.sequence,
            name,
            payload,
        };
        Ok(Decoded::Frame { frame, len })
    }

    /// Appends a frame to `out`.
    ///
    /// # Errors
    /// If the name or the payload is too long for its length field; nothing is appended then.
    pub fn encode(&self, frame: &Frame<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mac = self.encode_head(frame, out)?;
        out.extend_from_slice(frame.payload);
        if let Some(mac) = mac {
            out.extend_from_slice(&mac);
        }
        Ok(())
    }

    /// Appends header and name of a frame to `out` and gives its MAC, if there is a key. The caller
    /// sends the payload after them without copying it, and the MAC last.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    pub fn encode_head(
        &self,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<[u8; MAC_LEN]>, EncodeError> {
        let header = Header {
            status: frame.status,
            sequence: frame.sequence,
            name_len: name_len(frame.name)?,
            payload_len: payload_len(frame.payload)?,
        };
        out.extend_from_slice(&header.to_bytes());
        out.extend_from_slice(frame.name);
        Ok(self.key.as_ref().map(|key| key.sign(frame.payload)))
    }

    /// Begins a frame in `out`, whose payload the caller then appends.
    ///
    /// # Errors
    /// If the name is too long; nothing is appended then.
    #[inline]
    pub fn begin(
        &self,
        sequence: u32,
        name: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Draft, EncodeError> {
        let name_len = name_len(name)?;
        let start = out.len();
        out.extend_from_slice(&[0; HEADER_LEN]);
        out.extend_from_slice(name);
        Ok(Draft {
            start,
            sequence,
            name_len,
        })
    }

    /// Makes what was begun and appended a frame: writes its header, appends its MAC.
    ///
    /// # Errors
    /// If the payload is too long for its length field. The buffer is then as it was before
    /// [`Codec::begin`].
    #[inline]
    pub fn finish(
        &self,
        draft: Draft,
        status: Status,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let Draft {
            start,
            sequence,
            name_len,
        } = draft;
        let payload = out.get(draft.payload_start()..).unwrap_or_default();
        let payload_len = match payload_len(payload) {
            Ok(len) => len,
            Err(error) => {
                out.truncate(start);
                return Err(error);
            }
        };
        let mac = self.key.as_ref().map(|key| key.sign(payload));
        let header = Header {
            status,
            sequence,
            name_len,
            payload_len,
        }
        .to_bytes();
        if let Some(head) = out.get_mut(start..start + HEADER_LEN) {
            head.copy_from_slice(&header);
        }
        if let Some(mac) = mac {
            out.extend_from_slice(&mac);
        }
        Ok(())
    }
}

impl Default for Codec {
    fn default() -> Self {
        Self::new()
    }
}

fn name_len(name: &[u8]) -> Result<u8, EncodeError> {
    u8::try_from(name.len()).map_err(|_| EncodeError::NameTooLong { len: name.len() })
}

fn payload_len(payload: &[u8]) -> Result<u32, EncodeError> {
    u32::try_from(payload.len()).map_err(|_| EncodeError::PayloadTooLong {
        len: payload.len(),
        limit: u32::MAX,
    })
}

const _: () = assert!(NAME_LEN_MAX == u8::MAX as usize);

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(name: &'a [u8], payload: &'a [u8]) -> Frame<'a> {
        Frame {
            status: Status::NONE,
            sequence: 7,
            name,
            payload,
        }
    }

    #[test]
    fn a_name_of_255_bytes_fits_and_one_more_leaves_the_buffer_alone() {
        let (codec, mut out) = (Codec::new(), vec![1, 2, 3]);
        let long = [b'n'; 256];
        assert_eq!(
            codec.encode(&request(&long, b""), &mut out),
            Err(EncodeError::NameTooLong { len: 256 })
        );
        assert!(codec.begin(1, &long, &mut out).is_err());
        assert_eq!(out, [1, 2, 3]);
        codec.encode(&request(&long[1..], b""), &mut out).unwrap();
        assert_eq!(out.len(), 3 + 11 + 255);
    }

    #[test]
    fn the_limit_is_inclusive_and_known_before_the_payload() {
        let codec = Codec::new().payload_max(4);
        let mut bytes = Vec::new();
        codec.encode(&request(b"n", b"12345"), &mut bytes).unwrap();
        assert_eq!(
            codec.decode(&bytes[..11]),
            Ok(Decoded::NeedMore { at_least: 1 })
        );
        let refused = Err(DecodeError::PayloadTooLong {
            claimed: 5,
            limit: 4,
        });
        assert_eq!(codec.decode(&bytes[..12]), refused);
        assert_eq!(codec.decode(&bytes), refused);

        bytes.clear();
        codec.encode(&request(b"n", b"1234"), &mut bytes).unwrap();
        assert_eq!(
            codec.decode(&bytes[..12]),
            Ok(Decoded::NeedMore { at_least: 4 })
        );
        assert!(matches!(
            codec.decode(&bytes),
            Ok(Decoded::Frame { len: 16, .. })
        ));
    }

    #[test]
    fn a_draft_and_a_head_make_the_same_bytes_as_encoding_at_once() {
        for codec in [
            Codec::new(),
            Codec::new().mac_key(MacKey::new(b"key").unwrap()),
        ] {
            let frame = Frame {
                status: Status(9101),
                ..request(b"name", b"payload")
            };
            let (mut whole, mut drafted, mut around) = (vec![9], vec![9], vec![9]);
            codec.encode(&frame, &mut whole).unwrap();

            let draft = codec
                .begin(frame.sequence, frame.name, &mut drafted)
                .unwrap();
            assert_eq!((draft.start(), draft.payload_start()), (1, 16));
            drafted.extend_from_slice(frame.payload);
            codec.finish(draft, frame.status, &mut drafted).unwrap();
            assert_eq!(drafted, whole);

            let mac = codec.encode_head(&frame, &mut around).unwrap();
            around.extend_from_slice(frame.payload);
            around.extend_from_slice(mac.as_ref().map_or(&[], |mac| mac.as_slice()));
            assert_eq!(around, whole);
        }
    }
}
