//! However the bytes of a conversation are split or joined, the answers are the same bytes.

use super::peer::{Peer, fixtures};
use petrel::{
    Server, ServerLimits,
    wire::{Codec, Frame, MacKey, PROTOCOL_CHECK, Status},
};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A request of the conversation, and what the model of the protocol says of it.
#[derive(Clone, Debug)]
struct Said {
    sequence: u32,
    name: Vec<u8>,
    payload: Vec<u8>,
}

fn said() -> impl Strategy<Value = Said> {
    let name = prop_oneof![
        4 => Just(b"echo".to_vec()),
        4 => Just(b"echo-async".to_vec()),
        2 => Just(b"status".to_vec()),
        1 => Just(Vec::new()),
        1 => proptest::collection::vec(any::<u8>(), 1..256),
        1 => Just(PROTOCOL_CHECK.as_bytes().to_vec()),
    ];
    let payload = prop_oneof![
        6 => proptest::collection::vec(any::<u8>(), 0..50),
        2 => (0_u16..1100).prop_map(|status| status.to_string().into_bytes()),
        2 => Just(vec![0]),
        1 => (1_usize..70_000).prop_map(|len| (0..=255).cycle().take(len).collect()),
    ];
    (any::<u32>(), name, payload).prop_map(|(sequence, name, payload)| Said {
        sequence,
        name,
        payload,
    })
}

/// The answer that the protocol demands, and whether the connection goes on behind it.
fn expected(said: &Said, limit: usize) -> (Status, Vec<u8>, bool) {
    if said.payload.len() > limit {
        return (Status::PAYLOAD_TOO_LONG, vec![], false);
    }
    match &said.name[..] {
        b"" => (Status::NULL_REQUEST, vec![], true),
        b"PROTOCHECK" if said.payload.first() == Some(&0) => (Status::OK, vec![0], true),
        b"PROTOCHECK" => (Status::PROTOCOL_MISMATCH, vec![0], false),
        b"echo" | b"echo-async" => (Status::OK, said.payload.clone(), true),
        b"status" => {
            let text = std::str::from_utf8(&said.payload).ok();
            let status = match text.and_then(|text| text.parse::<u16>().ok()) {
                None => 500,
                Some(status @ (200 | 400 | 401 | 500 | 501 | 1025..)) => status,
                Some(_) => 501,
            };
            (Status(status), vec![], true)
        }
        _ => (Status::NOT_FOUND, vec![], true),
    }
}

/// Holds the conversation in pieces of these sizes, over a pipe of this size; gives all that came
/// back.
fn converse(server: &Server, bytes: &[u8], pieces: &[usize], pipe: usize) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (near, far) = tokio::io::duplex(pipe);
        let serving = tokio::spawn(server.serve_connection(far));
        let (mut reader, mut writer) = tokio::io::split(near);
        let mut answers = Vec::new();
        let reading = reader.read_to_end(&mut answers);
        let writing = async {
            let mut rest = bytes;
            for piece in pieces.iter().cycle() {
                let (now, later) = rest.split_at((*piece).min(rest.len()));
                // The server may have closed already; then it reads no more of us.
                if now.is_empty() || writer.write_all(now).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
                rest = later;
            }
            let _ = writer.shutdown().await;
        };
        let (read, ()) = tokio::join!(reading, writing);
        read.unwrap();
        serving.await.unwrap();
        answers
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn generated_conversations_get_the_answers_of_the_model(
        talk in proptest::collection::vec(said(), 1..40),
        pieces in proptest::collection::vec(1_usize..3000, 1..20),
        pipe in prop_oneof![Just(64_usize), Just(4096), Just(1 << 20)],
        signed in any::<bool>(),
        frames_per_turn in 1_u64..20,
    ) {
        const LIMIT: usize = 60_000;
        let limits = ServerLimits::new().payload_max(LIMIT as u64).frames_per_turn(frames_per_turn);
        let (mut builder, mut codec) = (fixtures().limits(limits), Codec::new());
        if signed {
            builder = builder.hmac_key(MacKey::new(b"key").unwrap());
            codec = codec.mac_key(MacKey::new(b"key").unwrap());
        }
        let server = builder.build().unwrap();
        let (mut input, mut model) = (Vec::new(), Vec::new());
        let mut open = true;
        for said in &talk {
            let Said { sequence, name, payload } = said;
            let frame = Frame { status: Status(7), sequence: *sequence, name, payload };
            codec.encode(&frame, &mut input).unwrap();
            if open {
                let (status, payload, goes_on) = expected(said, LIMIT);
                open = goes_on;
                codec.encode(&Frame { status, payload: &payload, ..frame }, &mut model).unwrap();
            }
        }
        let answers = converse(&server, &input, &pieces, pipe);
        prop_assert!(answers == model, "the answers differ from the model's");
    }

    /// Bytes that are no conversation at all: no panic, no hang, no answer but frames.
    #[test]
    fn arbitrary_bytes_end_in_order(
        bytes in proptest::collection::vec(any::<u8>(), 0..4000),
        pieces in proptest::collection::vec(1_usize..500, 1..10),
    ) {
        let server = fixtures().limits(ServerLimits::new().payload_max(10_000)).build().unwrap();
        let answers = converse(&server, &bytes, &pieces, 1 << 16);
        let mut rest = &answers[..];
        while !rest.is_empty() {
            match Codec::new().decode(rest) {
                Ok(petrel::wire::Decoded::Frame { len, .. }) => rest = &rest[len..],
                other => prop_assert!(false, "the answers are no frames: {other:?}"),
            }
        }
        prop_assert_eq!(server.handle().stats().payload_bytes_held, 0);
    }
}

/// Every golden conversation byte by byte and at every boundary.
#[test]
fn a_conversation_cut_at_every_byte_gets_the_same_answers() {
    let server = fixtures().build().unwrap();
    let peer = Peer::new(tokio::io::duplex(1).0);
    let bytes = peer.bytes(&[
        super::peer::request(1, PROTOCOL_CHECK, &[0]),
        super::peer::request(2, "echo", b"payload"),
        super::peer::request(3, "echo-async", b""),
        super::peer::request(4, "nobody", b"x"),
        super::peer::request(5, "", b""),
    ]);
    let whole = converse(&server, &bytes, &[bytes.len()], 1 << 16);
    assert_eq!(converse(&server, &bytes, &[1], 1 << 16), whole);
    for cut in 1..bytes.len() {
        assert_eq!(
            converse(&server, &bytes, &[cut, bytes.len()], 1 << 16),
            whole,
            "cut at {cut}"
        );
    }
}
