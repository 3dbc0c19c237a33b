//! Connections of all kinds, one by one and many.

use super::{
    Dice,
    script::{Script, Sent, decode, decode_with, frame},
};
use crate::{
    decode::{Decoder, DecoderConfig},
    exchange::{End, GapCause, Note, Side, Start},
};

fn forced(port: u16) -> DecoderConfig {
    DecoderConfig {
        ports: [port].into(),
        ..DecoderConfig::default()
    }
}

/// A connection that begins in mid-stream: without handshake, check and the first exchanges.
fn joined(client: u16, server: u16) -> Vec<Sent> {
    let whole = Script::whole(client, server, 8).segments;
    let from = whole.iter().position(|sent| sent.payload.len() > 60);
    whole[from.unwrap()..].to_vec()
}

#[test]
fn ports_that_are_used_again_are_another_connection() {
    let mut first = Script::whole(1000, 7, 3);
    let mut cut = Script::new(1000, 7, [5, 6]);
    cut.open().check().exchange();
    first.segments.append(&mut cut.segments);
    let mut last = Script::new(1000, 7, [500_000, 600_000]);
    last.open().check().exchange().exchange().close();
    first.segments.append(&mut last.segments);
    let decoded = decode(&first.segments);
    let counts = decoded
        .connections
        .iter()
        .map(|one| (one.exchanges, one.end));
    let expected = [(4, End::Closed), (2, End::Replaced), (3, End::Closed)];
    assert_eq!(counts.collect::<Vec<_>>(), expected);
    assert!(decoded.exchanges.iter().all(|one| one.is_complete()));
    assert_eq!(decoded.notes(), [""; 0]);
}

#[test]
fn a_new_connection_whose_opening_was_lost_is_told_from_the_old_one() {
    let mut all = Script::new(1000, 7, [5, 6]);
    all.open().check().exchange();
    let mut next = Script::new(1000, 7, [3_000_000, 2_000_000]);
    next.open().check().exchange().close();
    // Its SYN is not there, the answer to it is.
    all.segments.extend(next.segments.into_iter().skip(1));
    let decoded = decode(&all.segments);
    let ends: Vec<_> = decoded.connections.iter().map(|one| one.end).collect();
    assert_eq!(ends, [End::Replaced, End::Closed]);
    assert_eq!(decoded.exchanges.len(), 4);
}

#[test]
fn without_the_answer_to_its_opening_a_connection_is_whole() {
    let mut script = Script::whole(1000, 7, 3);
    script.segments.remove(1);
    let decoded = decode(&script.segments);
    assert_eq!(decoded.connections[0].start, Start::Handshake);
    assert_eq!(decoded.exchanges.len(), 4);
    assert!(decoded.exchanges.iter().all(|one| one.is_complete()));
    // The client's acknowledgment tells where the server's bytes began, even if the first are lost.
    script.segments.remove(3);
    let decoded = decode(&script.segments);
    assert_eq!(decoded.exchanges.len(), 4);
    assert_eq!(decoded.notes(), ["response-not-captured"]);
    assert_eq!(decoded.totals.gap_bytes, 22);
}

#[test]
fn late_and_repeated_segments_of_a_connection_that_is_over_are_nothing_new() {
    let script = Script::whole(1000, 7, 2);
    let again = script.segments.iter().chain(&script.segments);
    let decoded = decode(again);
    assert_eq!(decoded.connections.len(), 1);
    assert_eq!(decoded.exchanges.len(), 3);
    assert_eq!(decoded.totals.skipped_connections.len(), 0);
}

#[test]
fn who_resets_a_connection_is_told() {
    for side in [Side::Client, Side::Server] {
        let mut script = Script::new(1000, 7, [u32::MAX - 30, u32::MAX - 60]);
        script.open().check().exchange();
        script
            .say(Side::Client, &frame(0, 3, "never", b"x"))
            .reset(side);
        let decoded = decode(&script.segments);
        assert_eq!(decoded.connections[0].end, End::Reset(side));
        assert_eq!(decoded.notes(), ["unanswered"]);
    }
}

#[test]
fn joined_in_mid_stream_it_is_petrel_if_its_port_is_known() {
    let decoded = decode(&joined(1000, 7));
    assert_eq!(decoded.connections.len(), 0);
    let reason = decoded.totals.skipped_connections.keys().next().unwrap();
    assert!(reason.contains("--port"), "{reason}");

    let told = decode_with(forced(7), &joined(1000, 7));
    assert_eq!(told.connections[0].start, Start::MidStream);
    assert_eq!(told.connections[0].client.port(), 1000);
    assert!(told.exchanges.len() >= 7);
    assert_eq!(told.notes(), [""; 0]);

    // Another connection tells, even if it comes later.
    let mut all = joined(1000, 7);
    all.extend(Script::whole(1001, 7, 1).segments);
    let learned = decode(&all);
    assert_eq!(learned.connections.len(), 2);
    // And if neither has a handshake.
    let check = Script::whole(1001, 7, 1).segments.split_off(3);
    let mut all = joined(1000, 7);
    all.extend(check);
    assert_eq!(decode(&all).connections.len(), 2);
}

#[test]
fn the_server_is_at_the_known_port_whoever_is_seen_first() {
    let mut all = joined(1000, 7);
    let first_answer = all.iter().position(|sent| sent.payload.len() < 60).unwrap();
    all.drain(..first_answer);
    let told = decode_with(forced(7), &all);
    assert_eq!(told.connections[0].server.port(), 7);
    assert_eq!(told.exchanges[0].notes, [Note::RequestNotCaptured]);
}

#[test]
fn a_client_that_skips_the_check_is_taken_where_petrel_is_known() {
    let mut script = Script::new(1000, 7, [1, 2]);
    script.open().exchange().exchange().close();
    assert_eq!(decode(&script.segments).connections.len(), 0);
    let told = decode_with(forced(7), &script.segments);
    assert_eq!((told.connections.len(), told.exchanges.len()), (1, 2));
    assert_eq!(told.connections[0].start, Start::Handshake);
}

#[test]
fn another_protocol_at_a_port_that_was_learned_is_another_protocol() {
    let mut all = Script::whole(1000, 7, 1).segments;
    let mut web = Script::new(1001, 7, [1, 2]);
    web.open();
    web.say(Side::Client, b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
    web.say(Side::Server, b"HTTP/1.1 204 No Content\r\n\r\n")
        .close();
    all.extend(web.segments);
    let decoded = decode(&all);
    assert_eq!(decoded.connections.len(), 1);
    assert_eq!(decoded.totals.skipped_connections.values().sum::<u64>(), 1);
}

#[test]
fn tls_is_told_even_at_a_port_that_was_named() {
    let mut script = Script::new(1000, 7, [1, 2]);
    script.open();
    script.say(Side::Client, &[0x16, 3, 1, 0, 90, 1, 0, 0, 86, 3, 3, 7, 7]);
    script.say(Side::Server, &[0x16, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3, 7, 7]);
    for config in [DecoderConfig::default(), forced(7)] {
        let decoded = decode_with(config, &script.segments);
        assert_eq!(decoded.connections, []);
        let mut reasons = decoded.totals.skipped_connections.keys();
        assert!(reasons.next().unwrap().starts_with("TLS"));
    }
}

#[test]
fn a_connection_without_data_is_counted_and_no_more() {
    let mut script = Script::new(1000, 7, [1, 2]);
    script.open().close();
    let decoded = decode_with(forced(7), &script.segments);
    let skipped = &decoded.totals.skipped_connections;
    assert_eq!(skipped.iter().collect::<Vec<_>>(), [(&"no data", &1)]);
}

#[test]
fn connections_are_numbered_as_they_are_found_and_told_in_that_order() {
    let mut scripts: Vec<_> = (0..20)
        .map(|at| Script::whole(1000 + at, 7, 5).segments.into_iter())
        .collect();
    // All at once: a segment of each in turn, without their ends.
    let mut all = Vec::new();
    for _ in 0..10 {
        all.extend(scripts.iter_mut().filter_map(Iterator::next));
    }
    let decoded = decode(&all);
    let numbers: Vec<_> = decoded.connections.iter().map(|one| one.number).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    let ports = decoded.connections.iter().map(|one| one.client.port());
    assert!(ports.eq(1000..1020));
}

#[test]
fn a_scan_of_many_ports_leaves_petrel_alone() {
    let mut long = Script::whole(1000, 7, 5);
    let end = long.segments.split_off(9);
    let mut all = long.segments;
    for port in 0..60_000_u32 {
        let (client, server) = (u16::try_from(port % 50_000).unwrap() + 2000, 9);
        let mut scan = Script::new(
            client,
            server + u16::try_from(port / 50_000).unwrap(),
            [1, 2],
        );
        scan.open();
        all.push(scan.segments.swap_remove(0));
    }
    all.extend(end);
    let decoded = decode(&all);
    assert_eq!((decoded.connections.len(), decoded.exchanges.len()), (1, 6));
    assert_eq!(decoded.notes(), [""; 0]);
    assert_eq!(decoded.totals.skipped_connections["no data"], 60_000);
}

#[test]
fn what_waits_in_all_connections_together_is_bounded() {
    // A hundred connections that upload 3 MiB at the same time, each cut before its end.
    let payload = vec![b'x'; 3 << 20];
    let mut decoder = Decoder::new(DecoderConfig::default());
    let mut told = 0;
    for client in 1000..1100 {
        let mut script = Script::new(client, 7, [1, 2]);
        script.open().check();
        script.say(Side::Client, &frame(0, 2, "upload", &payload));
        script.segments.pop();
        for sent in &script.segments {
            sent.deliver(&mut decoder, &mut |_| told += 1);
        }
        assert!(decoder.flows.held() <= 100 << 20);
    }
    let mut limited = 0;
    decoder.finish(&mut |event| {
        if let crate::exchange::Event::Exchange(exchange) = event {
            let gaps = exchange.request.iter().flat_map(|one| &one.gaps);
            limited += gaps.filter(|gap| gap.cause == GapCause::Limit).count();
        }
    });
    assert!(limited > 0, "some were not kept, and it is said");
    assert_eq!(told, 100, "the first exchange of each");
}

#[test]
fn the_same_segments_give_the_same_events() {
    let mut all: Vec<_> = (0..30)
        .flat_map(|at| joined(1000 + at, 7 + at % 3))
        .collect();
    all.extend(Script::whole(2000, 8, 3).segments);
    Dice(3).shuffle(&mut all);
    let (one, two) = (decode(&all), decode(&all));
    assert_eq!(one.exchanges, two.exchanges);
    assert_eq!(one.connections, two.connections);
    assert_eq!(one.totals, two.totals);
}
