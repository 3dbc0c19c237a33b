//! Properties of the wire: any split gives the same frames, what is encoded decodes, and no bytes
//! make it panic or claim memory.

use petrel::wire::{
    Codec, DecodeError, Decoded, Frame, HEADER_LEN, Header, MacKey, Response, Status,
};
use proptest::prelude::*;

#[derive(Clone, Debug, PartialEq)]
struct Owned {
    status: u16,
    sequence: u32,
    name: Vec<u8>,
    payload: Vec<u8>,
}

impl Owned {
    fn borrow(&self) -> Frame<'_> {
        let Self {
            status,
            sequence,
            name,
            payload,
        } = self;
        Frame {
            status: Status(*status),
            sequence: *sequence,
            name,
            payload,
        }
    }
}

fn frame() -> impl Strategy<Value = Owned> {
    let name = proptest::collection::vec(any::<u8>(), 0..=255);
    let payload = proptest::collection::vec(any::<u8>(), 0..600);
    (any::<u16>(), any::<u32>(), name, payload).prop_map(|(status, sequence, name, payload)| {
        Owned {
            status,
            sequence,
            name,
            payload,
        }
    })
}

fn codec(signed: bool) -> Codec {
    let codec = Codec::new();
    if signed {
        codec.mac_key(MacKey::new(b"key").unwrap())
    } else {
        codec
    }
}

/// What a receiver gets that reads pieces and decodes what it has, as the documentation says.
fn receive(
    codec: &Codec,
    bytes: &[u8],
    pieces: &[usize],
) -> (Vec<Owned>, Result<usize, DecodeError>) {
    let (mut frames, mut held, mut rest) = (Vec::new(), Vec::new(), bytes);
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
                    let (name, payload) = (name.to_vec(), payload.to_vec());
                    frames.push(Owned {
                        status: status.0,
                        sequence,
                        name,
                        payload,
                    });
                    held.drain(..len);
                }
                Ok(Decoded::NeedMore { at_least }) => {
                    assert!(at_least > 0);
                    break;
                }
                Err(error) => return (frames, Err(error)),
            }
        }
        if rest.is_empty() {
            break;
        }
    }
    (frames, Ok(held.len()))
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_whatever_the_split(
        frames in proptest::collection::vec(frame(), 1..12),
        pieces in proptest::collection::vec(1_usize..400, 1..30),
        signed in any::<bool>(),
    ) {
        let codec = codec(signed);
        let mut bytes = Vec::new();
        frames.iter().for_each(|frame| codec.encode(&frame.borrow(), &mut bytes).unwrap());
        prop_assert_eq!(receive(&codec, &bytes, &pieces), (frames.clone(), Ok(0)));
        prop_assert_eq!(receive(&codec, &bytes, &[1]), (frames.clone(), Ok(0)));
        prop_assert_eq!(receive(&codec, &bytes, &[bytes.len()]), (frames, Ok(0)));
    }

    #[test]
    fn arbitrary_bytes_give_the_same_whatever_the_split(
        bytes in proptest::collection::vec(prop_oneof![Just(0_u8), 0..8_u8, any::<u8>()], 0..800),
        pieces in proptest::collection::vec(1_usize..50, 1..20),
        limit in prop_oneof![0_u32..64, Just(u32::MAX)],
        signed in any::<bool>(),
    ) {
        let codec = codec(signed).payload_max(limit);
        let whole = receive(&codec, &bytes, &[bytes.len().max(1)]);
        prop_assert_eq!(&receive(&codec, &bytes, &pieces), &whole);
        prop_assert_eq!(&receive(&codec, &bytes, &[1]), &whole);
    }

    #[test]
    fn need_more_is_exact_once_the_header_is_there(frame in frame(), signed in any::<bool>()) {
        let codec = codec(signed);
        let mut bytes = Vec::new();
        codec.encode(&frame.borrow(), &mut bytes).unwrap();
        for cut in HEADER_LEN..bytes.len() {
            prop_assert_eq!(
                codec.decode(&bytes[..cut]),
                Ok(Decoded::NeedMore { at_least: bytes.len() - cut })
            );
        }
    }

    #[test]
    fn a_header_is_its_eleven_bytes(bytes in any::<[u8; HEADER_LEN]>()) {
        prop_assert_eq!(Header::parse(&bytes).to_bytes(), bytes);
    }

    #[test]
    fn a_mac_holds_for_its_payload_and_key_only(
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        other in proptest::collection::vec(any::<u8>(), 0..300),
        flip in 0_usize..44,
        to in any::<u8>(),
    ) {
        let key = MacKey::new(b"key").unwrap();
        let mac = key.sign(&payload);
        prop_assert!(key.verify(&payload, &mac));
        prop_assert_eq!(key.verify(&other, &mac), other == payload);
        prop_assert!(!MacKey::new(b"yek").unwrap().verify(&payload, &mac));
        let mut changed = mac;
        changed[flip] = to;
        prop_assert_eq!(key.verify(&payload, &changed), changed == mac);
    }
}

/// RFC 4231, test cases 1 and 2, as the 44 characters that go over the wire.
#[test]
fn the_mac_is_hmac_sha256_in_base64() {
    for (key, payload, mac) in [
        (
            &[0x0b; 20][..],
            &b"Hi There"[..],
            b"sDRMYdjbOFNcqK/OrwvxK4gdwgDJgz2nJuk3bC4yz/c=",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        ),
    ] {
        let key = MacKey::new(key).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&key.sign(payload)),
            String::from_utf8_lossy(mac)
        );
        assert!(key.verify(payload, mac));
    }
}

#[test]
fn what_is_printed_shows_names_escaped_and_of_payloads_the_length_only() {
    let frame = Frame {
        status: Status::NOT_FOUND,
        sequence: 7,
        name: b"a\x1b[2J\xff",
        payload: b"secret",
    };
    assert_eq!(
        format!("{frame:?}"),
        r#"Frame { status: 400, sequence: 7, name: "a\u{1b}[2J\xff", payload_len: 6 }"#
    );
    let response = Response::new(Status::OK, "secret");
    assert_eq!(
        format!("{response:?}"),
        "Response { status: 200, payload_len: 6 }"
    );
}

#[test]
fn only_200_is_ok() {
    let ok: Vec<u16> = (0..=u16::MAX)
        .filter(|status| Response::new(Status(*status), "").is_ok())
        .collect();
    assert_eq!(ok, [200]);
}

#[test]
fn a_length_is_no_fault_of_the_mac() {
    let too_long = DecodeError::PayloadTooLong {
        claimed: 2,
        limit: 1,
    };
    assert!(!too_long.is_mac());
    assert!(DecodeError::MacMalformed { at: 11 }.is_mac());
    assert!(DecodeError::MacMismatch { at: 11 }.is_mac());
}
