//! A case: what is sent, what may come back, and the clause of SPEC.md it proves.
//!
//! Cases are data (`cases/*.toml`); these types are their schema. A field that is not named here is
//! refused when the file is read, so a slip of the pen cannot weaken a case.

mod message;
mod outcome;

pub(crate) use message::{Fill, Message, Split, UNKNOWN_NAME};
pub(crate) use outcome::{Expected, FrameMatch, Grade, Outcome};
use serde::Deserialize;

/// One case of the suite.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Case {
    /// Permanent: never given to another case, never reused.
    pub id: String,
    /// The topic it is listed under.
    pub group: String,
    /// What a conforming server does, in one line.
    pub title: String,
    /// The sentence of SPEC.md it proves.
    pub clause: Clause,
    /// Which side of the conversation is judged.
    pub role: Role,
    /// What the peer has to offer for the case to be sent.
    pub offers: Offers,
    /// Against which servers it is run.
    pub mac: MacAxis,
    /// Also runs against the server with the small limit, where there is one.
    #[serde(default)]
    pub small: bool,
    /// Runs only against a server that requires the protocol check.
    #[serde(default)]
    pub checked: bool,
    /// The clause binds only the reference implementation.
    #[serde(default)]
    pub ours: bool,
    /// Stands on the exact limit: only warned about while the peer's limit is not declared.
    #[serde(default)]
    pub boundary: bool,
    #[serde(rename = "step")]
    pub(crate) steps: Vec<Step>,
}

impl Case {
    /// Whether `pattern` selects the case: a part of its id or of its group.
    pub fn matches(&self, pattern: &str) -> bool {
        let pattern = pattern.to_lowercase();
        self.id.to_lowercase().contains(&pattern) || self.group.to_lowercase().contains(&pattern)
    }

    /// Every clause id that the case refers to: its own and those its outcomes are excused by.
    pub fn clause_ids(&self) -> impl Iterator<Item = &str> {
        let excuses = self
            .outcomes()
            .filter_map(|outcome| outcome.clause.as_deref());
        std::iter::once(self.clause.id.as_str()).chain(excuses)
    }

    /// Whether an outcome of the case is graded as a warning.
    pub fn can_warn(&self) -> bool {
        self.boundary
            || self
                .outcomes()
                .any(|outcome| outcome.grade == Grade::Warned)
    }

    /// Whether the case first proves that the peer speaks at all; without that, a peer that only
    /// closes or keeps silent could pass.
    pub fn has_positive_control(&self) -> bool {
        self.steps.iter().any(|step| {
            matches!(
                step.verb,
                Verb::Greet | Verb::Barrier(_) | Verb::Fresh | Verb::Crowd(_)
            )
        })
    }

    /// Whether the case sends what no honest client sends.
    pub fn is_hostile(&self) -> bool {
        self.messages().any(Message::is_hostile)
    }

    /// Whether the case ends with a new connection that has to work.
    pub fn ends_with_fresh_connection(&self) -> bool {
        self.steps
            .last()
            .is_some_and(|step| matches!(step.verb, Verb::Fresh))
    }

    /// The largest payload length that the case claims as a plain number.
    pub(crate) fn claim_max(&self) -> Option<u32> {
        self.messages().filter_map(Message::fixed_claim).max()
    }

    /// The longest payload that the case sends.
    pub(crate) fn payload_len_max(&self, fill: Fill<'_>) -> usize {
        self.messages()
            .map(|message| message.payload_len(fill))
            .max()
            .unwrap_or(0)
    }

    fn messages(&self) -> impl Iterator<Item = &Message> {
        self.steps.iter().flat_map(|step| match &step.verb {
            Verb::Send { messages, .. } => messages.as_slice(),
            _ => &[],
        })
    }

    fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.steps.iter().flat_map(|step| match &step.verb {
            Verb::Expect(outcomes) => outcomes.as_slice(),
            _ => &[],
        })
    }
}

/// The clause that a case proves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Clause {
    /// Its id in SPEC.md.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// Its words, verbatim.
    pub quote: String,
}

/// How binding a clause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub enum Level {
    /// An absolute requirement.
    #[serde(rename = "MUST")]
    Must,
    /// An absolute prohibition.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// May be missed with good reason: a warning.
    #[serde(rename = "SHOULD")]
    Should,
    /// May be done with good reason: a warning.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// Left to the implementer.
    #[serde(rename = "MAY")]
    May,
}

impl Level {
    /// The word as SPEC.md writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::May => "MAY",
        }
    }

    /// Whether missing it is a failure.
    pub fn is_must(self) -> bool {
        matches!(self, Self::Must | Self::MustNot)
    }
}

/// Which side of the conversation a case judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// The suite is the client.
    Server,
}

/// What a peer offers beyond the protocol itself; each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Offers {
    /// Only the protocol check and the answer to an unknown name.
    Blind,
    /// A request that answers 200 with the bytes it was sent.
    Echo,
    /// All fixtures.
    Fixtures,
}

impl Offers {
    /// The word as the case files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blind => "blind",
            Self::Echo => "echo",
            Self::Fixtures => "fixtures",
        }
    }
}

/// Against which servers a case runs: without MACs, with them, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MacAxis {
    /// Only a server without MACs.
    Off,
    /// Only a server that expects MACs.
    On,
    /// Both, once each.
    Both,
}

/// One verb on one connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawStep")]
pub(crate) struct Step {
    /// Which connection; it is opened when it is first named.
    pub(crate) on: String,
    pub(crate) verb: Verb,
}

#[derive(Clone, Debug)]
pub(crate) enum Verb {
    /// A good protocol check and its answer: the positive control of most cases.
    Greet,
    /// One write of one or several messages, perhaps cut into pieces.
    Send {
        messages: Vec<Message>,
        split: Split,
    },
    /// What may come next, best first; the first match decides the grade.
    Expect(Vec<Outcome>),
    /// Ends the writing side of the connection.
    ShutdownWrite,
    /// The client is gone, without a word.
    Leave,
    /// An ordinary request of that sequence whose answer has to be the next frame: whatever was
    /// sent before it has caused no frame.
    Barrier(u32),
    /// A new connection has to greet and answer.
    Fresh,
    /// That many new connections at once all have to greet and answer.
    Crowd(usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    on: Option<String>,
    greet: Option<bool>,
    send: Option<OneOrMany>,
    split: Option<Split>,
    expect: Option<Vec<Outcome>>,
    shutdown_write: Option<bool>,
    leave: Option<bool>,
    barrier: Option<u32>,
    fresh: Option<bool>,
    crowd: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Box<Message>),
    Many(Vec<Message>),
}

impl TryFrom<RawStep> for Step {
    type Error = String;

    fn try_from(raw: RawStep) -> Result<Self, String> {
        let RawStep {
            on,
            greet,
            send,
            split,
            expect,
            shutdown_write,
            leave,
            barrier,
            fresh,
            crowd,
        } = raw;
        if split.is_some() && send.is_none() {
            return Err("`split` says how `send` is cut; this step sends nothing".into());
        }
        let send = send.map(|messages| Verb::Send {
            messages: match messages {
                OneOrMany::One(message) => vec![*message],
                OneOrMany::Many(messages) => messages,
            },
            split: split.unwrap_or_default(),
        });
        let flag = |given: Option<bool>, verb: Verb| given.filter(|on| *on).map(|_| verb);
        let mut verbs = [
            flag(greet, Verb::Greet),
            send,
            expect.map(Verb::Expect),
            flag(shutdown_write, Verb::ShutdownWrite),
            flag(leave, Verb::Leave),
            barrier.map(Verb::Barrier),
            flag(fresh, Verb::Fresh),
            crowd.map(Verb::Crowd),
        ]
        .into_iter()
        .flatten();
        match (verbs.next(), verbs.next()) {
            (Some(verb), None) => Ok(Self {
                on: on.unwrap_or_else(|| "main".into()),
                verb,
            }),
            _ => Err(
                "a step has exactly one verb: greet, send, expect, shutdown_write, leave, \
                      barrier, fresh or crowd"
                    .into(),
            ),
        }
    }
}
