//! A whole server connection in memory: whatever a client sends, in whatever pieces, the server does
//! not panic or hang, and everything it says is a frame.
//!
//! Input: one byte that chooses key and pipe, one for the number of pieces, their sizes, then the
//! bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use petrel::{
    Request, Server, ServerLimits,
    wire::{Codec, Decoded, MacKey, Status},
};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fuzz_target!(|data: &[u8]| {
    let [choice, count, rest @ ..] = data else {
        return;
    };
    let count = usize::from(*count) % 16 + 1;
    if rest.len() < count {
        return;
    }
    let (pieces, bytes) = rest.split_at(count);
    let signed = choice & 1 == 1;
    let pipe = if choice & 2 == 2 { 16 } else { 1 << 16 };
    // The clock stands still unless everybody waits: a hang would be seen, not waited out.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let answers = runtime.block_on(async {
        let server = server(signed);
        let (near, far) = tokio::io::duplex(pipe);
        let serving = tokio::spawn(server.serve_connection(far));
        let (mut reader, mut writer) = tokio::io::split(near);
        let mut answers = Vec::new();
        let reading = reader.read_to_end(&mut answers);
        let writing = async {
            let mut rest = bytes;
            for piece in pieces.iter().cycle() {
                let (now, later) = rest.split_at((usize::from(*piece) + 1).min(rest.len()));
                if now.is_empty() || writer.write_all(now).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
                rest = later;
            }
            let _ = writer.shutdown().await;
        };
        let (read, ()) = tokio::join!(reading, writing);
        read.expect("memory does not fail");
        serving.await.expect("the server does not panic");
        assert_eq!(server.handle().stats().connections_open, 0);
        assert_eq!(server.handle().stats().payload_bytes_held, 0);
        answers
    });
    let codec = codec(signed).payload_max(u32::MAX);
    let mut rest = &answers[..];
    while !rest.is_empty() {
        match codec.decode(rest) {
            Ok(Decoded::Frame { len, .. }) => rest = &rest[len..],
            other => panic!("the server said what is no frame: {other:?}"),
        }
    }
});

fn codec(signed: bool) -> Codec {
    let codec = Codec::new();
    if signed {
        codec.mac_key(MacKey::new(b"s3cret-key").expect("it is not empty"))
    } else {
        codec
    }
}

fn server(signed: bool) -> Server {
    let limits = ServerLimits::new()
        .payload_max(20_000)
        .unsent_max(5_000)
        .frames_per_turn(3)
        .bytes_per_turn(500);
    let mut builder = Server::builder()
        .limits(limits)
        .register_inline("echo", |request, reply| reply.write(request.payload()))
        .register("later", async |request: Request| {
            tokio::time::sleep(Duration::from_millis(1)).await;
            request.into_payload()
        })
        .register_inline("status", |request, _| {
            let payload: Result<[u8; 2], _> = request.payload().try_into();
            payload.map(|bytes| Status(u16::from_le_bytes(bytes)))
        });
    if signed {
        builder = builder.hmac_key(MacKey::new(b"s3cret-key").expect("it is not empty"));
    }
    builder.build().expect("nothing is wrong with it")
}
