//! However the answers are split on their way, every call gets its own.

use crate::peer::{answer, connected};
use petrel::Client;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use tokio::io::AsyncWriteExt;

/// Calls with payloads of these sizes, answered by the same bytes in pieces of these lengths.
async fn exchange(sizes: &[usize], pieces: &[usize]) {
    let (client, mut peer) = connected(Client::builder()).await;
    let calls: Vec<_> = (0..)
        .zip(sizes)
        .map(|(i, size)| {
            let (client, payload) = (client.clone(), vec![i; *size]);
            tokio::spawn(async move {
                let name = format!("name {i}");
                let response = client.dispatch(&name, payload.clone()).await.unwrap();
                assert!(response.payload == payload, "call {i}");
                assert_eq!(response.status.0, 2000 + u16::from(i));
            })
        })
        .collect();
    let mut bytes = Vec::new();
    for i in 0..sizes.len() {
        let request = peer.request().await;
        let status = 2000 + u16::try_from(i).unwrap();
        let frame = answer(&request, status, &request.payload);
        peer.codec.encode(&frame, &mut bytes).unwrap();
    }
    let mut rest = &bytes[..];
    for len in pieces.iter().cycle() {
        let (piece, behind) = rest.split_at(rest.len().min(*len));
        peer.stream.write_all(piece).await.unwrap();
        // The client reads each piece by itself.
        tokio::task::yield_now().await;
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    for call in calls {
        call.await.unwrap();
    }
}

#[test]
fn any_split_of_the_answers_gives_the_same_responses() {
    let config = Config {
        cases: 32,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let size = prop_oneof![
        8 => 0_usize..40,
        1 => 16_000_usize..17_000,
        1 => 60_000_usize..140_000,
    ];
    let piece = prop_oneof![1_usize..4, 4_usize..60, 1_000_usize..90_000];
    let strategy = (vec(size, 1..40), vec(piece, 1..6));
    runner
        .run(&strategy, |(sizes, pieces)| {
            runtime.block_on(exchange(&sizes, &pieces));
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn one_byte_at_a_time() {
    exchange(&[0, 1, 30, 300], &[1]).await;
}
