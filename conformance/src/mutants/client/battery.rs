//! Holds conversations with a client and notes all that can be seen. This judges nobody: it only tells
//! a mutant that does something from one that does nothing.

use super::{super::testing::frame, ClientConfig, ClientKind, ModelClient};
use crate::{
    frame::{Frame, Key, MacCheck, Parsed, parse},
    world::{Chunk, Command, Connect, Drive, Ending, Link, Reply},
};
use std::time::Duration;

/// What was seen: the bytes and replies of each conversation, and what was reserved.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    chunks: Vec<Chunk>,
    replies: Vec<Reply>,
    failures: Vec<String>,
    reserved: u64,
}

/// Makes the pieces of an answer to a request.
pub(super) type Answer = Box<dyn Fn(&Frame, Option<&Key>) -> Vec<Vec<u8>>>;

/// One conversation.
pub(super) struct Talk {
    pub(super) config: ClientConfig,
    pub(super) key: Option<Key>,
    pub(super) steps: Vec<Step>,
}

pub(super) enum Step {
    Connect(Connect),
    /// Whatever else was tried, the protocol check is answered well.
    Greet,
    Dispatch(String, Vec<u8>),
    Answer(Answer),
    /// Nothing is said for so long.
    Wait(Duration),
    End(Ending),
}

/// Holds one conversation.
pub(super) fn hold(kind: &ClientKind, talk: &Talk) -> Seen {
    let Talk { config, key, steps } = talk;
    let key = key.as_ref();
    let mut seen = Seen::default();
    let mut client = ModelClient::new(config.clone(), kind.clone());
    let mut link: Option<Box<dyn Link>> = None;
    let mut request = None;
    for step in steps {
        take_step(
            &mut client,
            &mut link,
            &mut seen,
            step,
            request.as_ref(),
            key,
        );
        match client.accept(Duration::ZERO) {
            Ok(Some(new)) => {
                if let Some(mut old) = link.replace(new) {
                    read(&mut *old, &mut seen);
                }
            }
            Ok(None) => {}
            Err(error) => seen.failures.push(error.to_string()),
        }
        let sent = link
            .as_mut()
            .map_or_else(Vec::new, |link| read(&mut **link, &mut seen));
        request = last_frame(&sent, key).or(request);
        while let Ok(Some(reply)) = client.reply(Duration::ZERO) {
            seen.replies.push(reply);
        }
    }
    seen.reserved = client.reserved_bytes();
    seen
}

fn take_step(
    client: &mut ModelClient,
    link: &mut Option<Box<dyn Link>>,
    seen: &mut Seen,
    step: &Step,
    request: Option<&Frame>,
    key: Option<&Key>,
) {
    let command = match step {
        Step::Connect(connect) => Command::Connect(Connect {
            key: key.cloned(),
            ..connect.clone()
        }),
        Step::Dispatch(name, payload) => Command::Dispatch {
            name: name.clone(),
            payload: payload.clone(),
        },
        Step::Greet => {
            return write(
                link,
                seen,
                &[frame(200, 1, b"PROTOCHECK", &[0], key)],
                request,
            );
        }
        Step::Answer(pieces) => {
            let request = request.cloned().unwrap_or_else(unread);
            return write(link, seen, &pieces(&request, key), Some(&request));
        }
        Step::Wait(time) => {
            if let Some(link) = link {
                seen.chunks.extend(link.read(*time));
            }
            return;
        }
        Step::End(how) => {
            if let Some(link) = link {
                link.close(*how);
            }
            return;
        }
    };
    client.command(&command).expect("it takes commands");
}

fn write(
    link: &mut Option<Box<dyn Link>>,
    seen: &mut Seen,
    pieces: &[Vec<u8>],
    request: Option<&Frame>,
) {
    // The check is answered with its own number, which not everybody begins with 1.
    let mut pieces = pieces.to_vec();
    if let (Some(request), [piece]) = (request, &mut pieces[..])
        && request.name == b"PROTOCHECK"
    {
        piece[2..6].copy_from_slice(&request.sequence.to_le_bytes());
    }
    for piece in pieces {
        match link.as_mut().map(|link| link.write(&piece)) {
            Some(Err(error)) => seen.failures.push(error.to_string()),
            None => seen.failures.push("no connection".into()),
            Some(Ok(())) => {}
        }
    }
}

fn read(link: &mut dyn Link, seen: &mut Seen) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(chunk) = link.read(Duration::ZERO) {
        let is_last = matches!(chunk, Chunk::End(_));
        if let Chunk::Bytes(more) = &chunk {
            bytes.extend(more);
        }
        seen.chunks.push(chunk);
        if is_last {
            break;
        }
    }
    bytes
}

fn last_frame(mut bytes: &[u8], key: Option<&Key>) -> Option<Frame> {
    let mut last = None;
    while let Parsed::Frame(frame, used) = parse(bytes, key) {
        bytes = &bytes[used..];
        last = Some(frame);
    }
    last
}

/// Stands for a request that nobody can read.
fn unread() -> Frame {
    Frame {
        status: 0,
        sequence: 1,
        name: b"PROTOCHECK".to_vec(),
        payload: Vec::new(),
        mac: MacCheck::None,
    }
}
