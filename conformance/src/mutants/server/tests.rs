//! The right server, and that no wrong one is right.

use super::{
    super::{NullServer, SERVER_MUTANTS, ServerManner, testing::*},
    battery, *,
};
use crate::frame::MacCheck;

fn right(config: ServerConfig) -> ModelServer {
    ModelServer::new(config, ServerKind::Right(Vec::new()))
}

fn with_key() -> ServerConfig {
    ServerConfig {
        key: Some(key()),
        ..ServerConfig::default()
    }
}

fn dial(server: &mut ModelServer) -> Box<dyn Link> {
    server.dial(false).expect("a connection")
}

fn request(sequence: u32, name: &str, payload: &[u8]) -> Vec<u8> {
    frame(0, sequence, name.as_bytes(), payload, None)
}

#[test]
fn it_answers_a_check_and_an_exchange() {
    let mut server = right(ServerConfig::default());
    let mut link = dial(&mut server);
    link.write(&request(1, "PROTOCHECK", &[0])).expect("taken");
    link.write(&request(2, "echo", b"hello")).expect("taken");
    link.write(&request(3, "nobody", b"x")).expect("taken");
    let (frames, ending) = frames(&mut *link, None);
    let answers: Vec<_> = frames
        .iter()
        .map(|it| (it.status, it.sequence, &it.name[..], &it.payload[..]))
        .collect();
    assert_eq!(
        answers,
        [
            (200, 1, &b"PROTOCHECK"[..], &[0][..]),
            (200, 2, b"echo", b"hello"),
            (400, 3, b"nobody", b""),
        ]
    );
    assert_eq!(ending, None);
}

#[test]
fn it_signs_every_answer_and_refuses_a_wrong_mac() {
    let mut server = right(with_key());
    let mut link = dial(&mut server);
    let key = key();
    link.write(&frame(0, 1, b"", b"", Some(&key)))
        .expect("taken");
    let mut wrong = frame(0, 2, b"echo", b"x", None);
    wrong.extend(Key::new(b"another".to_vec()).sign(b"x"));
    wrong.extend(frame(0, 3, b"echo", b"not executed", Some(&key)));
    link.write(&wrong).expect("taken");
    let (frames, ending) = frames(&mut *link, Some(&key));
    let answers: Vec<_> = frames.iter().map(|it| (it.status, it.mac)).collect();
    assert_eq!(answers, [(401, MacCheck::Good), (502, MacCheck::Good)]);
    assert_eq!(ending, Some(Ending::Fin));
}

#[test]
fn it_refuses_a_length_from_the_head_and_discards_so_much() {
    let mut server = right(ServerConfig::default());
    let mut link = dial(&mut server);
    link.write(&claim(1, b"echo", (4 << 20) + 1))
        .expect("taken");
    let answers = heads(&mut *link, None);
    assert_eq!(answers, (vec![(402, 1)], Some(Ending::Fin)));
    link.write(&[0; 200_000]).expect("discarded");
    link.write(&[0; 100_000]).expect("the last straw");
    link.write(b"x").expect_err("closed");
    assert_eq!(server.reserved_bytes(), 0);
}

#[test]
fn a_lingering_connection_closes_after_a_second() {
    let mut server = right(ServerConfig::default());
    let mut link = dial(&mut server);
    link.write(&request(1, "PROTOCHECK", &[9])).expect("taken");
    let answers = heads(&mut *link, None);
    assert_eq!(answers, (vec![(497, 1)], Some(Ending::Fin)));
    link.write(b"x").expect("discarded");
    let mut other = dial(&mut server);
    assert_eq!(other.read(SECOND), None);
    link.write(b"x").expect_err("closed");
}

#[test]
fn the_limit_is_inclusive() {
    let mut server = right(ServerConfig {
        limit: 10,
        ..ServerConfig::default()
    });
    let mut link = dial(&mut server);
    link.write(&request(1, "null", &[0; 10])).expect("taken");
    link.write(&request(2, "null", &[0; 11])).expect("taken");
    let answers = heads(&mut *link, None);
    assert_eq!(answers, (vec![(200, 1), (402, 2)], Some(Ending::Fin)));
}

#[test]
fn a_pipeline_in_single_bytes_is_answered_in_order() {
    let mut server = right(ServerConfig::default());
    let mut link = dial(&mut server);
    for sequence in 1..20 {
        for byte in request(sequence, "echo", b"payload") {
            link.write(&[byte]).expect("taken");
        }
    }
    let (frames, _) = frames(&mut *link, None);
    let sequences: Vec<u32> = frames.iter().map(|frame| frame.sequence).collect();
    assert_eq!(sequences, (1..20).collect::<Vec<_>>());
    assert!(frames.iter().all(|frame| frame.payload == b"payload"));
}

#[test]
fn a_half_closed_client_gets_slow_answers_and_no_cut_request_is_executed() {
    let mut server = right(ServerConfig::default());
    let mut link = dial(&mut server);
    let mut bytes = request(1, "sleep", b"60");
    bytes.extend(request(2, "echo", b"x"));
    bytes.extend(&request(3, "echo", b"cut off")[..20]);
    link.write(&bytes).expect("taken");
    link.shutdown_write().expect("it is open");
    let answers = heads(&mut *link, None);
    assert_eq!(answers, (vec![(200, 1), (200, 2)], Some(Ending::Fin)));
}

#[test]
fn a_sleeping_request_holds_up_its_own_connection_only() {
    let mut server = right(ServerConfig::default());
    let (mut slow, mut quick) = (dial(&mut server), dial(&mut server));
    let both = [request(1, "sleep", b"1500"), request(2, "null", b"")].concat();
    slow.write(&both).expect("taken");
    quick.write(&request(1, "null", b"")).expect("taken");
    assert!(quick.read(Duration::ZERO).is_some());
    assert_eq!(slow.read(SECOND), None);
    assert_eq!(server.now(), SECOND);
    assert!(slow.read(SECOND).is_some());
    assert_eq!(server.now(), Duration::from_millis(1500));
    assert!(slow.read(Duration::ZERO).is_some());
}

#[test]
fn a_client_that_reads_on_frees_a_server_that_waited_for_it() {
    let kind = ServerKind::Faulty(F::UnreadHoldsAll);
    let mut server = ModelServer::new(ServerConfig::default(), kind);
    let (mut deaf, mut other) = (dial(&mut server), dial(&mut server));
    deaf.stop_reading();
    let much: Vec<u8> = (1..17)
        .flat_map(|n| request(n, "size", b"1048576"))
        .collect();
    deaf.write(&much).expect("taken");
    other.write(&request(1, "echo", b"x")).expect("taken");
    assert_eq!(other.read(SECOND), None);
    assert!(deaf.read(SECOND).is_some());
    assert!(other.read(Duration::ZERO).is_some());
}

#[test]
fn right_servers_wait_for_a_client_that_does_not_read_or_drop_it() {
    for manner in [ServerManner::WaitsUntilRead, ServerManner::DropsUnread] {
        let kind = ServerKind::Right(vec![manner]);
        let mut server = ModelServer::new(ServerConfig::default(), kind);
        let (mut deaf, mut other) = (dial(&mut server), dial(&mut server));
        deaf.stop_reading();
        let much: Vec<u8> = (1..17)
            .flat_map(|n| request(n, "size", b"1048576"))
            .collect();
        deaf.write(&much).expect("taken");
        let goes_on = deaf.write(&request(17, "echo", b"x")).is_ok();
        assert_eq!(goes_on, manner == ServerManner::WaitsUntilRead);
        other.write(&request(1, "echo", b"x")).expect("taken");
        assert_eq!(heads(&mut *other, None), (vec![(200, 1)], None));
        let answers = if goes_on {
            (1..18).map(|n| (200, n)).collect()
        } else {
            vec![]
        };
        let ending = (!goes_on).then_some(Ending::Reset);
        assert_eq!(heads(&mut *deaf, None), (answers, ending));
    }
}

#[test]
fn a_server_that_requires_the_check_refuses_other_first_requests() {
    let mut server = right(ServerConfig {
        require_check: true,
        ..ServerConfig::default()
    });
    let mut link = dial(&mut server);
    link.write(&request(1, "echo", b"x")).expect("taken");
    let answers = heads(&mut *link, None);
    assert_eq!(answers, (vec![(497, 1)], Some(Ending::Fin)));
}

#[test]
fn under_tls_plain_bytes_are_not_answered() {
    let mut server = right(ServerConfig {
        tls: true,
        ..ServerConfig::default()
    });
    let mut plain = server.dial(true).expect("a connection");
    plain.write(&request(1, "PROTOCHECK", &[0])).expect("taken");
    assert_eq!(heads(&mut *plain, None), (vec![], Some(Ending::Fin)));
    let mut link = dial(&mut server);
    link.write(&request(1, "PROTOCHECK", &[0])).expect("taken");
    assert_eq!(heads(&mut *link, None), (vec![(200, 1)], None));
}

#[test]
fn a_dead_server_resets_its_links_and_refuses_new_ones() {
    let config = ServerConfig {
        allow_panic: true,
        ..ServerConfig::default()
    };
    let mut server = ModelServer::new(config, ServerKind::Faulty(F::PanicEndsServer));
    let (mut link, mut other) = (dial(&mut server), dial(&mut server));
    link.write(&request(1, "panic", b"")).expect("taken");
    assert_eq!(other.read(SECOND), Some(Chunk::End(Ending::Reset)));
    assert_eq!(link.read(SECOND), Some(Chunk::End(Ending::Reset)));
    other.write(b"x").expect_err("reset");
    let error = server.dial(false).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn manners_change_no_answer() {
    let expected = (vec![(200, 1), (200, 2), (400, 3)], Some(Ending::Fin));
    let alone = ServerManner::ALL.iter().map(|manner| vec![*manner]);
    let combined = [ServerManner::ORIGINAL, ServerManner::STRANGE].map(<[_]>::to_vec);
    for manners in alone.chain(combined) {
        let kind = ServerKind::Right(manners.clone());
        let mut server = ModelServer::new(ServerConfig::default(), kind);
        let mut link = dial(&mut server);
        let check = request(1, "PROTOCHECK", &[0]);
        let requests = [check, request(2, "echo", b"x"), request(3, "nobody", b"")];
        link.write(&requests.concat()).expect("taken");
        link.shutdown_write().expect("it is open");
        let (mut heads, ending) = heads(&mut *link, None);
        if manners.contains(&ServerManner::SaysFarewell) {
            assert_eq!(heads.pop(), Some((198, 3)));
        }
        assert_eq!((heads, ending), expected, "{manners:?}");
    }
}

#[test]
fn null_servers_are_what_they_are_called() {
    for null in NullServer::ALL {
        let mut server = ModelServer::new(ServerConfig::default(), ServerKind::Null(*null));
        let mut link = dial(&mut server);
        let check = request(1, "PROTOCHECK", &[0]);
        let is_taken = link.write(&check).is_ok();
        assert_eq!(is_taken, *null != NullServer::Closes);
        let chunks = drain(&mut *link);
        match null {
            NullServer::Silent => assert!(chunks.is_empty()),
            NullServer::Closes => assert_eq!(chunks, [Chunk::End(Ending::Fin)]),
            NullServer::Echoes => assert_eq!(chunks, [Chunk::Bytes(check)]),
            NullServer::Always200 | NullServer::Always400 => {
                let status = if *null == NullServer::Always200 {
                    200
                } else {
                    400
                };
                let answer = frame(status, 1, b"PROTOCHECK", b"", None);
                assert_eq!(chunks, [Chunk::Bytes(answer)]);
            }
            NullServer::Garbage => assert_eq!(chunks.len(), 1),
            NullServer::Floods => assert_eq!(chunks.last(), Some(&Chunk::Flood)),
        }
    }
}

#[test]
fn no_mutant_behaves_like_the_right_server() {
    let right = || ServerKind::Right(Vec::new());
    let seen = battery::PARTS.map(|part| part(&right()));
    let is_alike = |kind: &ServerKind| {
        let mut parts = battery::PARTS.iter().zip(&seen);
        parts.all(|(part, seen)| part(kind) == *seen)
    };
    assert!(is_alike(&right()), "it is the same every time");
    let alike: Vec<&str> = SERVER_MUTANTS
        .iter()
        .filter(|mutant| is_alike(&ServerKind::Faulty(mutant.fault)))
        .map(|mutant| mutant.name)
        .collect();
    assert!(alike.is_empty(), "nothing tells these apart: {alike:?}");
}
