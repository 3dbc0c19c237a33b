//! Servers that answer wrongly: each wrong has its name, and none is a success.

use crate::{
    assert_accounted,
    peer::{Manner, Peer, Seen},
    run,
};
use petrel::wire::MacKey;

/// Loads a peer of this manner for a moment.
fn load(peer: &Peer) -> (petrel_bench::record::RunRecord, i32) {
    let addr = peer.addr.to_string();
    let quick = [
        "-c",
        "2",
        "-d",
        "300ms",
        "--warmup",
        "0",
        "--timeout",
        "200ms",
    ];
    run(&[&[addr.as_str()], &quick[..]].concat())
}

#[test]
fn every_wrong_answer_is_an_error_of_its_kind() {
    type Answer = fn(&Seen) -> Vec<u8>;
    let manners: [(&str, Answer); 6] = [
        ("status_400", |it| {
            it.answer(400, it.sequence, &it.name, b"")
        }),
        ("payload", |it| {
            it.answer(200, it.sequence, &it.name, b"other")
        }),
        ("sequence", |it| {
            it.answer(200, it.sequence + 1, &it.name, &it.payload)
        }),
        ("name", |it| {
            it.answer(200, it.sequence, b"other", &it.payload)
        }),
        ("notice", |it| it.answer(198, it.sequence, &it.name, b"EOF")),
        ("too_long", |_| {
            vec![0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255]
        }),
    ];
    for (kind, answer) in manners {
        let peer = Peer::start(move |seen| Manner::Say(answer(seen)));
        let (record, code) = load(&peer);
        assert_accounted(&record);
        assert_eq!((record.results.ok, code), (0, 1), "{kind}");
        let kinds: Vec<&str> = record.results.errors.keys().map(String::as_str).collect();
        assert_eq!(kinds, [kind]);
    }
}

#[test]
fn a_mac_of_another_key_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "a key of sixteen").unwrap();
    let ours = MacKey::new(b"a key of sixteen").unwrap();
    // Signed with the right key, but for another payload.
    let peer = Peer::with_key(Some(ours), |seen| {
        let mut bytes = seen.echo();
        bytes.extend_from_slice(b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        Manner::Say(bytes)
    });
    let addr = peer.addr.to_string();
    let (record, code) = run(&[
        &addr,
        "-d",
        "200ms",
        "--warmup",
        "0",
        "--hmac-key-file",
        path.to_str().unwrap(),
    ]);
    assert_accounted(&record);
    assert_eq!((record.results.ok, code), (0, 1));
    assert!(
        record.results.errors["mac"] > 0,
        "{:?}",
        record.results.errors
    );
    assert!(record.plan.mac);
}

#[test]
fn a_server_that_closes_costs_the_request_and_the_load_goes_on() {
    let peer = Peer::start(|seen| {
        if seen.number % 10 == 9 {
            Manner::Close(Vec::new())
        } else {
            Manner::Say(seen.echo())
        }
    });
    let (record, code) = load(&peer);
    assert_accounted(&record);
    let results = &record.results;
    assert!(results.ok > 0 && results.reconnects > 0, "{results:?}");
    let ended: u64 = results.errors.values().sum();
    assert!(ended > 0 && code == 0, "{results:?}");
    let kinds = ["closed", "reset"];
    assert!(
        results
            .errors
            .keys()
            .all(|kind| kinds.contains(&kind.as_str()))
    );
}

#[test]
fn an_answer_that_breaks_off_is_truncated() {
    let peer = Peer::start(|seen| {
        let mut bytes = seen.echo();
        bytes.truncate(20);
        Manner::Close(bytes)
    });
    let (record, _) = load(&peer);
    assert_accounted(&record);
    assert_eq!(record.results.ok, 0);
    assert!(
        record.results.errors["truncated"] > 0,
        "{:?}",
        record.results.errors
    );
}

#[test]
fn requests_that_are_never_answered_stand_in_the_tail_with_their_age() {
    // One in ten is never answered.
    let peer = Peer::start(|seen| {
        if seen.number % 10 == 3 {
            Manner::Nothing
        } else {
            Manner::Say(seen.echo())
        }
    });
    let (record, _) = load(&peer);
    assert_accounted(&record);
    let results = &record.results;
    assert!(results.errors["timeout"] > 0, "{results:?}");
    assert!(results.censored >= results.errors["timeout"]);
    // 200 ms are the timeout.
    assert!(results.response_us.max.unwrap() >= 200_000.0, "{results:?}");
}

#[test]
fn statuses_that_are_expected_are_a_success() {
    let peer = Peer::start(|seen| {
        Manner::Say(seen.answer(9101, seen.sequence, &seen.name, &seen.payload))
    });
    let addr = peer.addr.to_string();
    let (record, code) = run(&[
        &addr,
        "-d",
        "200ms",
        "--warmup",
        "0",
        "--expect-status",
        "9101",
    ]);
    assert_accounted(&record);
    assert_eq!(code, 0);
    assert!(record.results.ok > 0 && record.results.errors.is_empty());
}
