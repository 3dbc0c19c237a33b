//! Conversations that show every fault of the tables one way or another.

use super::{
    super::testing::{claim, frame},
    ClientConfig,
    battery::{Step, Talk},
};
use crate::{
    frame::{Frame, Key},
    world::{Connect, Ending},
};

fn dispatch(name: &str, payload: &[u8]) -> Step {
    Step::Dispatch(name.into(), payload.into())
}

/// An answer with the sequence number and the name of its request.
fn answer(status: u16, payload: &[u8]) -> Step {
    let payload = payload.to_vec();
    Step::Answer(Box::new(move |request, key| {
        vec![frame(
            status,
            request.sequence,
            &request.name,
            &payload,
            key,
        )]
    }))
}

/// An answer whose sequence number and name are changed.
fn other(status: u16, change: fn(&mut Frame)) -> Step {
    Step::Answer(Box::new(move |request, key| {
        let mut request = request.clone();
        change(&mut request);
        vec![frame(status, request.sequence, &request.name, b"x", key)]
    }))
}

/// An answer cut into pieces there, with more behind it.
fn pieces(cuts: &'static [usize], behind: fn(&Frame, Option<&Key>) -> Vec<u8>) -> Step {
    Step::Answer(Box::new(move |request, key| {
        let mut rest = frame(200, request.sequence, &request.name, b"in pieces", key);
        rest.extend(behind(request, key));
        let mut pieces = Vec::new();
        for cut in cuts.iter().rev() {
            pieces.insert(0, rest.split_off((*cut).min(rest.len())));
        }
        pieces.insert(0, rest);
        pieces
    }))
}

fn notice(request: &Frame, key: Option<&Key>) -> Vec<u8> {
    frame(198, request.sequence, &request.name, b"EOF", key)
}

/// All conversations, each with how the client is set up.
pub(super) fn talks() -> Vec<Talk> {
    let mut talks = Vec::new();
    let mut add = |config: ClientConfig, key: Option<&Key>, steps: Vec<Step>| {
        talks.push(Talk {
            config,
            key: key.cloned(),
            steps,
        });
    };
    for key in [None, Some(Key::new(b"a key".to_vec()))] {
        for group in [
            exchanges(),
            foreign(),
            ends(),
            lengths(),
            splits(),
            checks(),
        ] {
            for steps in group {
                add(small(), key.as_ref(), steps);
            }
        }
    }
    for (key, steps) in macs() {
        add(small(), Some(&key), steps);
    }
    let last_numbers = ClientConfig {
        first_sequence: u32::MAX - 1,
        ..ClientConfig::default()
    };
    let four = (0..4).flat_map(|_| [dispatch("null", b""), answer(200, b"")]);
    add(last_numbers, None, greeted(four.collect()));
    add(small(), None, documented());
    talks
}

fn small() -> ClientConfig {
    ClientConfig {
        server_limit: Some(1000),
        ..ClientConfig::default()
    }
}

fn greeted(steps: Vec<Step>) -> Vec<Step> {
    let connect = Connect {
        limit: Some(1000),
        ..Connect::default()
    };
    let mut talk = vec![Step::Connect(connect), Step::Greet];
    talk.extend(steps);
    talk.extend([dispatch("later", b"x"), answer(200, b"later")]);
    talk
}

fn exchanges() -> Vec<Vec<Step>> {
    let mut steps = vec![dispatch("echo", b"hello")];
    steps.push(answer(200, b"a\0b \r\n\xff \n"));
    for status in [201, 400, 300, 9101, 32_769, 65_535] {
        steps.extend([dispatch("n\u{fc}ll", b"x"), answer(status, b"text")]);
    }
    let mut talks = vec![greeted(steps)];
    let long = "n".repeat(255);
    for name in ["", "a\0b", "n\u{fc}ll", &long, &long[..200]] {
        talks.push(greeted(vec![dispatch(name, b"x"), answer(200, b"")]));
    }
    talks.push(greeted(vec![dispatch(&"n".repeat(260), b"x")]));
    talks.push(greeted(vec![dispatch("echo", &[0; 1001])]));
    for status in [402, 497, 502] {
        talks.push(greeted(vec![dispatch("echo", b"x"), answer(status, b"")]));
    }
    let two = vec![dispatch("one", b""), dispatch("two", b""), answer(200, b"")];
    talks.push(greeted(two));
    let late = Step::Wait(super::LONG);
    talks.push(greeted(vec![
        dispatch("echo", b"x"),
        late,
        answer(200, b""),
    ]));
    let again = vec![Step::Connect(Connect::default()), Step::Greet];
    talks.push(greeted(again));
    talks
}

fn foreign() -> Vec<Vec<Step>> {
    let changes: [fn(&mut Frame); 10] = [
        |it| it.sequence = it.sequence.wrapping_add(1),
        |it| it.sequence = it.sequence.wrapping_sub(1),
        |it| it.sequence = it.sequence.wrapping_add(1 << 16),
        |it| it.sequence = 0,
        |it| it.name.make_ascii_uppercase(),
        |it| it.name.reverse(),
        |it| it.name.push(b'x'),
        |it| it.name.truncate(it.name.len().saturating_sub(1)),
        |it| it.name = b"\xff\xfe".to_vec(),
        |it| {
            it.sequence = it.sequence.wrapping_add(1);
            it.name.clear();
        },
    ];
    let mut talks = Vec::new();
    for change in changes {
        for status in [200, 198] {
            talks.push(greeted(vec![dispatch("echo", b"x"), other(status, change)]));
        }
    }
    talks.push(greeted(vec![
        dispatch("echo", b"x"),
        other(200, |it| it.name.clear()),
    ]));
    for status in [198, 498] {
        talks.push(greeted(vec![
            dispatch("echo", b"x"),
            answer(status, b"EOF"),
        ]));
        talks.push(greeted(vec![answer(status, b"EOF")]));
    }
    talks
}

fn ends() -> Vec<Vec<Step>> {
    let mut talks = Vec::new();
    for how in [Ending::Fin, Ending::Reset, Ending::Cut] {
        for cut in [0, 5, 13, 15, 17, 20] {
            let part = Step::Answer(Box::new(move |request, key| {
                let bytes = frame(200, request.sequence, &request.name, b"payload", key);
                // All of it but a byte would be all of it for a client without a key.
                vec![bytes[..cut.min(bytes.len() - 1)].to_vec()]
            }));
            talks.push(greeted(vec![dispatch("echo", b"x"), part, Step::End(how)]));
        }
        let unsigned = Step::Answer(Box::new(move |request, key| {
            let bytes = frame(200, request.sequence, &request.name, b"payload", None);
            vec![bytes[..bytes.len() - usize::from(key.is_none())].to_vec()]
        }));
        talks.push(greeted(vec![
            dispatch("echo", b"x"),
            unsigned,
            Step::End(how),
        ]));
        talks.push(greeted(vec![Step::End(how)]));
    }
    talks
}

fn lengths() -> Vec<Vec<Step>> {
    let claims = [990, 996, 1000, 1001, 1 << 31, (1 << 31) + 5, u32::MAX];
    let of_length = |payload_len: u32, sent: usize| {
        Step::Answer(Box::new(move |request, key| {
            let payload = vec![b'p'; sent.min(payload_len as usize)];
            let head = claim(request.sequence, &request.name, payload_len);
            let mac = key.map_or_else(Vec::new, |key| key.sign(&payload).to_vec());
            vec![head, [payload, mac].concat()]
        }))
    };
    let foreign = Step::Answer(Box::new(|request, _| {
        vec![claim(request.sequence + 1, &request.name, u32::MAX)]
    }));
    let at_once = Step::Answer(Box::new(|request, key| {
        let payload = [b'p'; 1001];
        vec![frame(200, request.sequence, &request.name, &payload, key)]
    }));
    let mut talks: Vec<Vec<Step>> = [foreign, at_once]
        .into_iter()
        .map(|answer| greeted(vec![dispatch("echo", b"x"), answer]))
        .collect();
    for payload_len in claims {
        for sent in [0, 1001] {
            talks.push(greeted(vec![
                dispatch("echo", b"x"),
                of_length(payload_len, sent),
            ]));
        }
    }
    talks
}

fn splits() -> Vec<Vec<Step>> {
    let nothing = |_: &Frame, _: Option<&Key>| Vec::new();
    let half_header = |request: &Frame, key: Option<&Key>| notice(request, key)[..5].to_vec();
    let half_notice = |request: &Frame, key: Option<&Key>| notice(request, key)[..12].to_vec();
    let steps = [
        pieces(&[1, 12, 16], nothing),
        pieces(&[5], nothing),
        pieces(&[12], nothing),
        pieces(&[18], nothing),
        pieces(&[24, 30], nothing),
        pieces(&[], notice),
        pieces(&[], half_header),
        pieces(&[], half_notice),
    ];
    let talk = |step| greeted(vec![dispatch("echo", b"x"), step]);
    steps.into_iter().map(talk).collect()
}

fn checks() -> Vec<Vec<Step>> {
    let answers: [(u16, &[u8]); 8] = [
        (200, &[]),
        (200, &[1]),
        (200, &[0, 1]),
        (400, &[0]),
        (497, &[1]),
        (497, &[0]),
        (497, &[]),
        (502, &[]),
    ];
    let talk = |(status, payload)| {
        let connect = Step::Connect(Connect::default());
        vec![
            connect,
            answer(status, payload),
            dispatch("later", b"x"),
            answer(200, b""),
        ]
    };
    answers.into_iter().map(talk).collect()
}

/// MACs that are not right, and keys with which a slip in taking them shows.
fn macs() -> Vec<(Key, Vec<Step>)> {
    let key = || Key::new(b"a key".to_vec());
    let changes: [fn(&Key) -> Vec<u8>; 9] = [
        |_| vec![b'!'; 44],
        |key| key.sign(b"other").to_vec(),
        |key| key.sign_non_canonical(SIGNED).to_vec(),
        |key| key.sign(SIGNED).to_ascii_lowercase(),
        |key| [&key.sign(SIGNED)[..43], b"A"].concat(),
        |key| [b"=", &key.sign(SIGNED)[..43]].concat(),
        |key| [&key.sign(SIGNED)[..20], &key.sign(b"other")[20..]].concat(),
        |key| {
            let url_safe = |c: u8| {
                if c == b'+' {
                    b'-'
                } else if c == b'/' {
                    b'_'
                } else {
                    c
                }
            };
            key.sign(SIGNED).map(url_safe).to_vec()
        },
        |_| Vec::new(),
    ];
    let mut talks = Vec::new();
    for change in changes {
        for (status, sequence_off) in [(200, 0), (400, 0), (200, 1), (198, 0)] {
            let signed = Step::Answer(Box::new(move |request, key| {
                let sequence = request.sequence.wrapping_add(sequence_off);
                let bytes = frame(status, sequence, &request.name, SIGNED, None);
                vec![[bytes, key.map_or_else(Vec::new, change)].concat()]
            }));
            talks.push((key(), greeted(vec![dispatch("echo", b"x"), signed])));
        }
    }
    let empty = Step::Answer(Box::new(|request, key| {
        let bytes = frame(200, request.sequence, &request.name, b"", None);
        vec![
            [
                bytes,
                key.map_or_else(Vec::new, |key| key.sign(b"x").to_vec()),
            ]
            .concat(),
        ]
    }));
    talks.push((key(), greeted(vec![dispatch("echo", b"x"), empty])));
    for odd in [&[b'k'; 70][..], b"k\0rest", b" k \n", b"\xff\xfe k"] {
        talks.push((Key::new(odd.to_vec()), greeted(Vec::new())));
    }
    let twice = (0..2).flat_map(|_| [dispatch("echo", b"x"), answer(200, b"again")]);
    talks.push((key(), greeted(twice.collect())));
    let like_mac = b"data W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
    talks.push((
        key(),
        greeted(vec![dispatch("echo", b"x"), answer(200, like_mac)]),
    ));
    talks
}

/// Its MAC under the key above has both characters in which the alphabets differ.
const SIGNED: &[u8] = b"signed 9";

/// Under TLS, without limits of its own.
fn documented() -> Vec<Step> {
    let tls = Connect {
        tls: true,
        ..Connect::default()
    };
    let long = Step::Answer(Box::new(|request, _| {
        vec![
            claim(request.sequence, &request.name, 4_100_000),
            vec![0; 4_100_000],
        ]
    }));
    let like_mac = b"data W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
    vec![
        Step::Connect(tls),
        Step::Greet,
        dispatch("echo", b"x"),
        answer(200, like_mac),
        dispatch("echo", b"x"),
        answer(200, &[b'p'; 100_000]),
        dispatch("echo", b"x"),
        long,
    ]
}
