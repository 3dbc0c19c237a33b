//! Conversations that show every fault of the tables one way or another. This judges nobody: it only
//! tells a mutant that does something from one that does nothing.

use super::{super::testing::*, ModelServer, ServerConfig, ServerKind};
use crate::{
    frame::Key,
    world::{Chunk, Dial, Ending, Link},
};
use std::time::Duration;

/// What was seen: the chunks of each conversation, when they came, and what was reserved.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    chunks: Vec<(Duration, Chunk)>,
    failures: Vec<String>,
    reserved: Vec<u64>,
}

impl Seen {
    fn drain(&mut self, server: &ModelServer, link: &mut dyn Link) {
        while let Some(chunk) = link.read(SECOND * 3) {
            let is_last = !matches!(chunk, Chunk::Bytes(_));
            self.chunks.push((server.now(), chunk));
            if is_last {
                return;
            }
        }
    }

    fn write(&mut self, link: &mut dyn Link, piece: &[u8]) {
        if let Err(error) = link.write(piece) {
            self.failures.push(error.to_string());
        }
    }
}

/// The parts; the cheap ones, which show most faults, come first.
pub(super) const PARTS: [fn(&ServerKind) -> Seen; 7] = [
    |kind| of(kind, &[small(None)], talks),
    |kind| of(kind, &[small(Some(b"a key"))], talks),
    |kind| of(kind, &[small(None)], several),
    |kind| of(kind, &keys(), echo),
    |kind| of(kind, &[checked()], late_check),
    |kind| of(kind, &[tls()], plain_under_tls),
    |kind| of(kind, &[documented(), large_tls()], large),
];

fn of(
    kind: &ServerKind,
    configs: &[ServerConfig],
    part: fn(&mut Seen, &ServerKind, &ServerConfig),
) -> Seen {
    let mut seen = Seen::default();
    for config in configs {
        part(&mut seen, kind, config);
    }
    seen
}

fn small(key: Option<&[u8]>) -> ServerConfig {
    ServerConfig {
        key: key.map(|key| Key::new(key.to_vec())),
        limit: 1000,
        allow_panic: true,
        ..ServerConfig::default()
    }
}

/// Keys with which a slip in taking them shows.
fn keys() -> Vec<ServerConfig> {
    let keys = [&[b'k'; 70][..], b"k\0rest", b" k \n", b"\xff\xfe k"];
    keys.iter().map(|key| small(Some(key))).collect()
}

fn checked() -> ServerConfig {
    ServerConfig {
        require_check: true,
        ..small(None)
    }
}

fn tls() -> ServerConfig {
    ServerConfig {
        tls: true,
        ..small(None)
    }
}

fn documented() -> ServerConfig {
    ServerConfig::default()
}

fn large_tls() -> ServerConfig {
    ServerConfig {
        tls: true,
        ..documented()
    }
}

/// A request before it is signed: its fields, and what is wrong with it.
#[derive(Clone)]
struct Request(u16, u32, Vec<u8>, Vec<u8>);

fn request(sequence: u32, name: &[u8], payload: &[u8]) -> Request {
    Request(0, sequence, name.to_vec(), payload.to_vec())
}

impl Request {
    fn bytes(&self, key: Option<&Key>) -> Vec<u8> {
        frame(self.0, self.1, &self.2, &self.3, key)
    }
}

/// Each list of requests on a connection of its own, joined in one write; then the end.
fn alone(seen: &mut Seen, kind: &ServerKind, config: &ServerConfig, talks: &[Vec<Request>]) {
    let key = config.key.as_ref();
    let raw: Vec<Vec<Vec<u8>>> = talks
        .iter()
        .map(|talk| vec![talk.iter().flat_map(|it| it.bytes(key)).collect()])
        .collect();
    pieces(seen, kind, config, &raw);
}

/// Each list of pieces on a connection of its own; then the end.
fn pieces(seen: &mut Seen, kind: &ServerKind, config: &ServerConfig, talks: &[Vec<Vec<u8>>]) {
    for talk in talks {
        let mut server = ModelServer::new(config.clone(), kind.clone());
        let mut link = match server.dial(false) {
            Ok(link) => link,
            Err(error) => {
                seen.failures.push(error.to_string());
                continue;
            }
        };
        for piece in talk {
            seen.write(&mut *link, piece);
        }
        // What is there is read first: some drop it at the half-close.
        seen.drain(&server, &mut *link);
        let _ = link.shutdown_write();
        seen.drain(&server, &mut *link);
        seen.reserved.push(server.reserved_bytes());
    }
}

fn talks(seen: &mut Seen, kind: &ServerKind, config: &ServerConfig) {
    let ordinary = |names: &[(&[u8], &[u8])]| -> Vec<Request> {
        let numbered = (2..).zip(names);
        numbered
            .map(|(n, (name, payload))| request(n, name, payload))
            .collect()
    };
    let mut single: Vec<Vec<Request>> = Vec::new();
    for version in [&[0][..], &[9], &[], &[0, 9], &[9, 0]] {
        let behind = request(2, b"echo", b"behind");
        single.push(vec![request(1, b"PROTOCHECK", version), behind.clone()]);
        single.push(vec![
            behind,
            request(3, b"PROTOCHECK", version),
            request(4, b"null", b""),
        ]);
    }
    single.push(vec![request(9, b"PROTOCHECK", &[0])]);
    let long = [b'n'; 255];
    single.push(ordinary(&[(&long, &[b'p'; 1000])]));
    single.push(vec![request(2, b"", b""); 3]);
    single.push(vec![request(2, b"panic", b""); 3]);
    single.push(
        (0..70)
            .map(|n| request(n, b"echo", &n.to_le_bytes()))
            .collect(),
    );
    single.push(ordinary(&[
        (b"echo", b"a\0b \r\n\xff \n"),
        (b"echo", b""),
        (b"null", b""),
        (b"null", b"x"),
        (b"", b""),
        (b"a name of more than thirty-two bytes", b"x"),
        (&long, b"x"),
        (&long[..200], b"x"),
        ("n\u{fc}ll".as_bytes(), b"x"),
        (b"\xff\xfe", b"x"),
        (b"\0", b"x"),
        (b"echo\0", b"x"),
        (b"ECHO", b"x"),
        (b"echoes", b"x"),
        (b"nobody", b"long long payload"),
        (b"nobody", b"short"),
        (b"protocheck", &[0]),
        (b"PROTOCHECK ", &[0]),
        (b"PROTOCHECK\0", &[0]),
        (
            b"echo",
            b"data W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        ),
    ]));
    for payload in [
        &b"5"[..],
        b"007",
        b"",
        b"x",
        b"+1",
        b"99999999",
        b"99999999999999999999999",
    ] {
        single.push(ordinary(&[
            (b"size", payload),
            (b"sleep", b"50"),
            (b"sleep", payload),
        ]));
    }
    single.push(ordinary(&[
        (b"size", b"70000"),
        (b"sleep", b"x"),
        (b"echo", b"x"),
    ]));
    for status in [
        "0", "100", "198", "201", "200", "400", "401", "402", "497", "499", "500", "501", "1025",
        "32768", "65535", "65736", "x",
    ] {
        single.push(ordinary(&[(b"status", status.as_bytes()), (b"null", b"")]));
    }
    single.push(ordinary(&[(b"fail", b""), (b"panic", b""), (b"null", b"")]));
    single.push(
        (0..130)
            .map(|n| request(n, b"nobody", &[n.to_le_bytes()[0]]))
            .collect(),
    );
    let numbers = [0, u32::MAX, 0, 0xcafe_babe, 7, 7, 3];
    single.push(numbers.map(|n| request(n, b"nobody", b"")).to_vec());
    for status in [1, 198, 9101] {
        single.push(vec![Request(status, 2, b"nobody".into(), Vec::new())]);
    }
    alone(seen, kind, config, &single);

    let key = config.key.as_ref();
    let one = request(2, b"echo", b"in several pieces").bytes(key);
    let two = [one.clone(), request(3, b"echo", b"x").bytes(key)].concat();
    let same = request(2, b"echo", b"again").bytes(key);
    let mut split: Vec<Vec<Vec<u8>>> = vec![vec![same.clone(), same], vec![]];
    split.push(vec![b"GET / HTTP/1.1".to_vec()]);
    split.push(vec![b"\x16\x03\x01\0".to_vec()]);
    split.push(vec![
        two[..one.len() + 3].to_vec(),
        two[one.len() + 3..].to_vec(),
    ]);
    for cut in [
        1,
        7,
        13,
        15,
        20,
        one.len() - 1,
        one.len().saturating_sub(44).max(25),
    ] {
        split.push(vec![one[..cut].to_vec()]);
        split.push(vec![one[..cut].to_vec(), one[cut..].to_vec()]);
        let cut = cut + one.len().min(two.len() - cut - 1);
        split.push(vec![two[..cut].to_vec(), two[cut..].to_vec()]);
    }
    for payload_len in [1000, 1001, 990, 996, 1 << 31, (1 << 31) + 5, u32::MAX] {
        let head = claim(2, b"nobody", payload_len);
        let payload = vec![b'p'; 1000];
        let mac = key.map_or_else(Vec::new, |key| key.sign(&payload[..990]).to_vec());
        let behind = request(3, b"null", b"").bytes(key);
        split.push(vec![head.clone()]);
        split.push(vec![
            one.clone(),
            head.clone(),
            payload.clone(),
            behind.clone(),
        ]);
        split.push(vec![[&one, &head, &behind[..]].concat()]);
        split.push(vec![[&head, &payload[..990], &mac, &behind].concat()]);
        split.push(vec![[&head[..], &[0; 20_000]].concat()]);
    }
    if let Some(key) = key {
        split.extend(macs(key).into_iter().map(|mac| {
            let bad = [&frame(0, 2, b"echo", SIGNED, None)[..], &mac].concat();
            vec![[bad, request(3, b"echo", b"behind").bytes(Some(key))].concat()]
        }));
        let bad = frame(0, 4, b"echo", b"x", Some(&Key::new(b"other".to_vec())));
        split.push(vec![[&two[..], &bad].concat()]);
        let empty = [&frame(0, 2, b"echo", b"", None)[..], &key.sign(b"x")].concat();
        split.push(vec![empty]);
    }
    pieces(seen, kind, config, &split);
}

/// Its MAC has one of the characters in which the alphabets differ.
const SIGNED: &[u8] = b"signed 9";

/// MACs of [`SIGNED`] that are not right, each in its own way.
fn macs(key: &Key) -> Vec<Vec<u8>> {
    let right = key.sign(SIGNED).to_vec();
    let mut prefix = right.clone();
    prefix[20] = if prefix[20] == b'A' { b'B' } else { b'A' };
    let any_case = right.iter().map(u8::to_ascii_lowercase).collect();
    let mut unpadded = right.clone();
    unpadded[43] = b'A';
    let mut moved = right.clone();
    moved.rotate_right(1);
    let url_safe = right.iter().map(|c| match c {
        b'+' => b'-',
        b'/' => b'_',
        c => *c,
    });
    let non_canonical = key.sign_non_canonical(SIGNED).to_vec();
    let other = key.sign(b"other").to_vec();
    vec![
        prefix,
        any_case,
        unpadded,
        moved,
        url_safe.collect(),
        non_canonical,
        other,
        vec![b'!'; 44],
    ]
}

fn echo(seen: &mut Seen, kind: &ServerKind, config: &ServerConfig) {
    alone(seen, kind, config, &[vec![request(1, b"echo", b"x")]]);
}

fn late_check(seen: &mut Seen, kind: &ServerKind, config: &ServerConfig) {
    let requests = [request(1, b"echo", b"x"), request(2, b"PROTOCHECK", &[0])];
    alone(seen, kind, config, &[requests.to_vec()]);
}

fn plain_under_tls(seen: &mut Seen, kind: &ServerKind, config: &ServerConfig) {
    late_check(seen, kind, config);
    let mut server = ModelServer::new(config.clone(), kind.clone());
    let mut link = server.dial(true).expect("it takes connections");
    seen.write(&mut *link, &frame(0, 1, b"PROTOCHECK", &[0], None));
    seen.drain(&server, &mut *link);
}

fn large(seen: &mut Seen, kind: &ServerKind, config: &ServerConfig) {
    let payload = vec![b'p'; 100_000];
    let echo = request(2, b"echo", &payload);
    let talk = [
        echo.clone(),
        request(3, b"echo", b""),
        request(4, b"panic", b""),
    ];
    alone(seen, kind, config, &[talk.to_vec()]);
    let mut server = ModelServer::new(config.clone(), kind.clone());
    let mut link = server.dial(false).expect("it listens");
    seen.write(&mut *link, &echo.bytes(None));
    let _ = link.shutdown_write();
    seen.drain(&server, &mut *link);
    pieces(seen, kind, config, &[vec![claim(1, b"null", 4_100_000)]]);
    // Over the limit for answers.
    let config = ServerConfig {
        limit: 5 << 20,
        ..config.clone()
    };
    let payload = vec![b'p'; (4 << 20) + 1];
    alone(seen, kind, &config, &[vec![request(2, b"echo", &payload)]]);
}

/// What shows only with more than one connection.
fn several(seen: &mut Seen, kind: &ServerKind, config: &ServerConfig) {
    let start = || ModelServer::new(config.clone(), kind.clone());
    let say = |seen: &mut Seen, link: &mut dyn Link, requests: &[Request]| {
        let bytes: Vec<u8> = requests.iter().flat_map(|it| it.bytes(None)).collect();
        seen.write(link, &bytes);
    };
    // A slow one and half a frame beside others.
    let mut server = start();
    let mut links: Vec<_> = (0..10)
        .map(|_| server.dial(false).expect("it listens"))
        .collect();
    say(
        seen,
        &mut *links[0],
        &[request(1, b"sleep", b"2500"), request(2, b"null", b"")],
    );
    seen.write(&mut *links[1], &claim(1, b"echo", 9));
    for (n, link) in links.iter_mut().enumerate().skip(2) {
        say(
            seen,
            &mut **link,
            &[request(1, b"echo", &[n.to_le_bytes()[0]])],
        );
    }
    for link in links.iter_mut().rev() {
        seen.drain(&server, &mut **link);
    }
    // One that panics, is cut or is reset.
    for how in [
        None,
        Some(Ending::Fin),
        Some(Ending::Reset),
        Some(Ending::Cut),
    ] {
        let mut server = start();
        let mut first = server.dial(false).expect("it listens");
        let mut second = server.dial(false).expect("it listens");
        match how {
            None => say(seen, &mut *first, &[request(1, b"panic", b"")]),
            Some(how) => {
                seen.write(&mut *first, b"half a header"[..5].as_ref());
                first.close(how);
            }
        }
        say(seen, &mut *second, &[request(1, b"echo", b"x")]);
        seen.drain(&server, &mut *second);
    }
    // One whose payload is too long.
    let mut server = start();
    let mut first = server.dial(false).expect("it listens");
    let mut second = server.dial(false).expect("it listens");
    seen.write(&mut *first, &claim(1, b"echo", u32::MAX));
    say(seen, &mut *second, &[request(1, b"echo", b"x")]);
    seen.drain(&server, &mut *second);
    // A client that does not read.
    let mut server = start();
    let mut first = server.dial(false).expect("it listens");
    let mut second = server.dial(false).expect("it listens");
    first.stop_reading();
    let mebibyte = |n| request(n, b"size", b"1048576");
    say(
        seen,
        &mut *first,
        &(0..16).map(mebibyte).collect::<Vec<_>>(),
    );
    say(seen, &mut *second, &[request(1, b"echo", b"x")]);
    seen.drain(&server, &mut *second);
    let short = |n| request(n, b"size", b"65536");
    let mut third = server.dial(false).expect("it listens");
    third.stop_reading();
    first.close(Ending::Fin);
    say(seen, &mut *third, &(0..256).map(short).collect::<Vec<_>>());
    say(seen, &mut *second, &[request(1, b"echo", b"x")]);
    seen.drain(&server, &mut *second);
    // A client that shuts down before it reads.
    let mut server = start();
    let mut link = server.dial(false).expect("it listens");
    let mut requests = vec![
        request(1, b"null", b""),
        request(2, b"sleep", b"60"),
        request(3, b"null", b""),
    ];
    requests.extend((4..24).map(|n| request(n, b"null", b"")));
    say(seen, &mut *link, &requests);
    let _ = link.shutdown_write();
    seen.drain(&server, &mut *link);
}
