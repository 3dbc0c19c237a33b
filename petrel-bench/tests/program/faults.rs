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

#[test]
fn requests_that_are_lost_with_their_connection_stand_in_the_tail() {
    use std::{thread, time::Duration};
    // One in twenty is held for a while and then cut off.
    const HELD: Duration = Duration::from_millis(200);
    let peer = Peer::start(|seen| {
        if seen.number % 20 == 7 {
            thread::sleep(HELD);
            return Manner::Close(Vec::new());
        }
        Manner::Say(seen.echo())
    });
    let addr = peer.addr.to_string();
    let rate = ["--rate", "500", "-c", "32", "-d", "1s", "--warmup", "0"];
    let (record, _) = run(&[&[addr.as_str()], &rate[..]].concat());
    assert_accounted(&record);
    let results = &record.results;
    assert!(results.censored >= 20, "{results:?}");
    assert!(results.response_us.max.unwrap() >= 200_000.0, "{results:?}");
}

#[test]
fn answers_that_nobody_asked_for_are_counted_apart() {
    let peer = Peer::start(|seen| {
        let answer = seen.echo();
        let twice = seen.number % 10 == 5;
        Manner::Say(if twice { answer.repeat(2) } else { answer })
    });
    let addr = peer.addr.to_string();
    // At a low rate nothing is in flight behind the request that is answered twice.
    let rate = ["--rate", "100", "-c", "1", "-d", "500ms", "--warmup", "0"];
    let (record, _) = run(&[&[addr.as_str()], &rate[..]].concat());
    assert_accounted(&record);
    let results = &record.results;
    let sequence = results.errors.get("sequence").copied().unwrap_or(0);
    assert!(results.unasked + sequence > 0, "{results:?}");
}

#[test]
fn a_server_that_falls_silent_before_anything_is_measured_is_no_success() {
    let peer = Peer::start(|_| Manner::Nothing);
    let addr = peer.addr.to_string();
    let (record, code) = run(&[
        &addr,
        "-c",
        "2",
        "-d",
        "300ms",
        "--warmup",
        "0",
        "--timeout",
        "2s",
    ]);
    assert_accounted(&record);
    let results = &record.results;
    // What was asked before the measured time held the places all through it.
    assert_eq!(
        (results.requests, results.ok, results.censored, code),
        (2, 0, 2, 1)
    );
    let reason = &record.validity.reasons[0];
    assert!(reason.contains("not one answer came"), "{reason}");
}
