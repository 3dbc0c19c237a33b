//! A step of a case: one verb on one connection.

use super::{
    message::Message,
    outcome::{Outcome, SaidOutcome},
};
use crate::world::Ending;
use serde::Deserialize;

/// One verb on one connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawStep")]
pub(crate) struct Step {
    /// Which connection. To a server it is opened when it is first named; from a client it is taken
    /// by `accept` or `greet`.
    pub(crate) on: String,
    pub(crate) verb: Verb,
}

#[derive(Clone, Debug)]
pub(crate) enum Verb {
    /// A good protocol check and its answer: the positive control of most cases. A client is told to
    /// connect first, unless it was.
    Greet,
    /// One write of one or several messages; the segmentation may cut it, or join it with the next.
    /// Whole, it is cut at these offsets.
    Send(Vec<Message>, Vec<usize>),
    /// What may come next, best first; the first match decides the grade.
    Expect(Vec<Outcome>),
    /// Ends the writing side of the connection.
    ShutdownWrite,
    /// Leaves unread what a server sends on the connection, until something is expected there.
    StopReading,
    /// Ends both sides: in order, by a reset, or under TLS without a close_notify.
    Close(Ending),
    /// To a server: an ordinary request of that sequence whose answer has to be the next frame:
    /// whatever was sent before it has caused no frame.
    Barrier(u32),
    /// A new connection has to greet and answer; a client has to make one.
    Fresh,
    /// That many new connections at once all have to greet and answer.
    Crowd(usize),
    /// That many new connections, one after another, all greet and leave.
    Visitors(usize),
    /// Opens the connection without TLS to a server that is under it.
    OpenRaw,
    /// Tells the client to connect.
    Connect(ConnectStep),
    /// The connection that the client makes.
    Accept,
    /// Tells the client to send a request.
    Dispatch(DispatchStep),
    /// What the client may say to what it was told last, best first.
    Result(Vec<SaidOutcome>),
    /// The client is told to send a request, sends it, and hands on the answer.
    Exchange,
    /// No frame has come from the client up to now.
    Quiet,
}

impl Step {
    pub(crate) fn greet() -> Self {
        Self::on_main(Verb::Greet)
    }

    pub(crate) fn send(message: Message) -> Self {
        Self::on_main(Verb::Send(vec![message], Vec::new()))
    }

    pub(crate) fn expect(outcome: Outcome) -> Self {
        Self::on_main(Verb::Expect(vec![outcome]))
    }

    fn on_main(verb: Verb) -> Self {
        Self {
            on: "main".to_owned(),
            verb,
        }
    }
}

/// How the client is told to connect.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConnectStep {
    /// The client's limit for answers; the amounts of the case are relative to it.
    pub(crate) limit: Option<u32>,
    pub(crate) version: Option<u8>,
}

/// The request that the client is told to send.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DispatchStep {
    pub(crate) name: super::Content,
    pub(crate) payload: super::Content,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    on: Option<String>,
    greet: Option<bool>,
    send: Option<OneOrMany>,
    cuts: Option<Vec<usize>>,
    answer: Option<OneOrMany>,
    expect: Option<Vec<Outcome>>,
    shutdown_write: Option<bool>,
    stop_reading: Option<bool>,
    close: Option<String>,
    barrier: Option<u32>,
    fresh: Option<bool>,
    crowd: Option<usize>,
    visitors: Option<usize>,
    open_raw: Option<bool>,
    connect: Option<ConnectStep>,
    accept: Option<bool>,
    dispatch: Option<DispatchStep>,
    result: Option<Vec<SaidOutcome>>,
    exchange: Option<bool>,
    quiet: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Box<Message>),
    Many(Vec<Message>),
}

impl OneOrMany {
    fn into_vec(self) -> Vec<Message> {
        match self {
            Self::One(message) => vec![*message],
            Self::Many(messages) => messages,
        }
    }
}

impl TryFrom<RawStep> for Step {
    type Error = String;

    fn try_from(raw: RawStep) -> Result<Self, String> {
        let close = raw.close.as_deref().map(|how| match how {
            "fin" => Ok(Verb::Close(Ending::Fin)),
            "reset" => Ok(Verb::Close(Ending::Reset)),
            "cut" => Ok(Verb::Close(Ending::Cut)),
            _ => Err(format!("`{how}` is none of fin, reset, cut")),
        });
        let sends = raw.send.is_some() || raw.answer.is_some();
        if raw.cuts.is_some() && !sends {
            return Err(
                "`cuts` says where `send` or `answer` is cut; this step sends nothing".into(),
            );
        }
        let cuts = raw.cuts.unwrap_or_default();
        let answer = raw.answer.map(|messages| {
            let messages = messages.into_vec().into_iter();
            Verb::Send(messages.map(Message::into_answer).collect(), cuts.clone())
        });
        let flag = |given: Option<bool>, verb: Verb| given.filter(|on| *on).map(|_| verb);
        let mut verbs = [
            flag(raw.greet, Verb::Greet),
            raw.send
                .map(|messages| Verb::Send(messages.into_vec(), cuts.clone())),
            answer,
            raw.expect.map(Verb::Expect),
            flag(raw.shutdown_write, Verb::ShutdownWrite),
            flag(raw.stop_reading, Verb::StopReading),
            close.transpose()?,
            raw.barrier.map(Verb::Barrier),
            flag(raw.fresh, Verb::Fresh),
            raw.crowd.map(Verb::Crowd),
            raw.visitors.map(Verb::Visitors),
            flag(raw.open_raw, Verb::OpenRaw),
            raw.connect.map(Verb::Connect),
            flag(raw.accept, Verb::Accept),
            raw.dispatch.map(Verb::Dispatch),
            raw.result.map(Verb::Result),
            flag(raw.exchange, Verb::Exchange),
            flag(raw.quiet, Verb::Quiet),
        ]
        .into_iter()
        .flatten();
        match (verbs.next(), verbs.next()) {
            (Some(verb), None) => Ok(Self {
                on: raw.on.unwrap_or_else(|| "main".into()),
                verb,
            }),
            _ => Err(
                "a step has exactly one verb: greet, send, answer, expect, shutdown_write, \
                      stop_reading, close, barrier, fresh, crowd, visitors, open_raw, connect, accept, \
                      dispatch, result, exchange or quiet"
                    .into(),
            ),
        }
    }
}
