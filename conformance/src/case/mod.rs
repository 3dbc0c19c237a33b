//! A case: what is sent, what may come back, and the clause of SPEC.md it proves.
//!
//! Cases are data (`cases/*.toml`); these types are their schema. A field that is not named here is
//! refused when the file is read, so a slip of the pen cannot weaken a case.

mod message;
mod outcome;
mod step;

pub(crate) use message::{Content, Fill, Message, Request, UNKNOWN_NAME};
pub(crate) use outcome::{Expected, FrameMatch, Grade, Outcome, Said, SaidOutcome};
use serde::Deserialize;
pub(crate) use step::{DispatchStep, Step, Verb};

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
    /// Other clauses that it proves, too.
    #[serde(default)]
    pub also: Vec<String>,
    /// Which side of the conversation is judged.
    pub role: Role,
    /// What a server has to offer for the case to be sent.
    #[serde(default)]
    pub offers: Offers,
    /// With MACs, without, or both.
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
    /// Runs only under TLS.
    #[serde(default)]
    pub tls: bool,
    /// Whether notices of closing are taken note of and passed over, as a client has to.
    #[serde(default = "yes")]
    pub notices: bool,
    /// Why it is there although another case catches every fault that it does.
    #[serde(default)]
    pub stays: Option<String>,
    #[serde(rename = "step")]
    pub(crate) steps: Vec<Step>,
}

impl Case {
    /// A conversation with a server that proves no clause.
    pub(crate) fn of_steps(steps: Vec<Step>) -> Self {
        Self {
            id: String::new(),
            group: String::new(),
            title: String::new(),
            clause: Clause {
                id: String::new(),
                level: Level::May,
                quote: String::new(),
            },
            also: Vec::new(),
            role: Role::Server,
            offers: Offers::Blind,
            mac: MacAxis::Both,
            small: false,
            checked: false,
            ours: false,
            boundary: false,
            tls: false,
            notices: true,
            stays: None,
            steps,
        }
    }

    /// Every clause id that the case refers to: those it proves and those its outcomes are excused by.
    pub fn clause_ids(&self) -> impl Iterator<Item = &str> {
        let of_frames = self
            .outcomes()
            .filter_map(|outcome| outcome.clause.as_deref());
        let of_words = self.said().filter_map(|outcome| outcome.clause.as_deref());
        self.proves().chain(of_frames).chain(of_words)
    }

    /// The clauses that it proves, the one it quotes first.
    pub fn proves(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.clause.id.as_str()).chain(self.also.iter().map(String::as_str))
    }

    /// Whether an outcome of the case is graded as a warning.
    pub fn can_warn(&self) -> bool {
        self.boundary
            || self
                .outcomes()
                .any(|outcome| outcome.grade == Grade::Warned)
            || self.said().any(|outcome| outcome.grade == Grade::Warned)
    }

    /// Whether the case first proves that the peer speaks at all; without that, a peer that only
    /// closes or keeps silent could pass.
    pub fn has_positive_control(&self) -> bool {
        self.steps.iter().any(|step| {
            matches!(
                step.verb,
                Verb::Greet
                    | Verb::Barrier(_)
                    | Verb::Exchange
                    | Verb::Fresh
                    | Verb::Crowd(_)
                    | Verb::Visitors(_)
            )
        })
    }

    /// Whether the case sends what no honest peer sends.
    pub fn is_hostile(&self) -> bool {
        self.messages().any(Message::is_hostile)
            || self
                .steps
                .iter()
                .any(|step| matches!(step.verb, Verb::OpenRaw | Verb::Visitors(_)))
            || self.stops_reading()
    }

    /// Whether it sends megabytes to a peer with the documented limit.
    pub(crate) fn is_large(&self) -> bool {
        let fill = Fill {
            limit: crate::target::LIMIT_DEFAULT,
            echo: "",
            key: None,
            request: None,
        };
        self.payload_len_max(fill) > 1 << 20
    }

    /// Whether it makes so many connections that once is enough.
    pub(crate) fn is_long(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.verb, Verb::Visitors(_)))
    }

    /// Whether a right peer lets the suite wait for as long as it is patient.
    pub(crate) fn waits(&self) -> bool {
        self.outcomes().any(|outcome| {
            outcome.grade == Grade::Ideal && matches!(outcome.events[..], [Expected::Silence])
        })
    }

    /// Whether it leaves answers unread, enough of them to fill every buffer on the way.
    pub(crate) fn stops_reading(&self) -> bool {
        let stops = |step: &Step| matches!(step.verb, Verb::StopReading);
        self.steps.iter().any(stops)
    }

    /// Whether a right server takes longer than the suite is patient otherwise.
    fn is_slow(&self) -> bool {
        self.messages().any(Message::is_slow)
    }

    /// Whether the greeting is better answered before anything else is sent: a right peer may end the
    /// connection instead of answering, or take its time.
    fn may_be_refused(&self) -> bool {
        let is_end =
            |outcome: &Outcome| !matches!(outcome.events.first(), Some(Expected::Frame(_)));
        self.is_hostile() || self.boundary || self.outcomes().any(is_end) || self.is_slow()
    }

    /// Whether it asks for frames behind the end of its own side.
    pub(crate) fn awaits_answers_half_closed(&self) -> bool {
        let mut shut = std::collections::BTreeSet::new();
        self.steps.iter().any(|step| match &step.verb {
            Verb::ShutdownWrite => {
                shut.insert(&step.on);
                false
            }
            Verb::Expect(outcomes) => {
                shut.contains(&step.on)
                    && outcomes
                        .iter()
                        .any(|outcome| matches!(outcome.events.first(), Some(Expected::Frame(_))))
            }
            _ => false,
        })
    }

    /// Whether two of its sends can be joined in one write.
    pub(crate) fn can_join(&self) -> bool {
        self.steps.windows(2).any(|pair| {
            pair[0].on == pair[1].on
                && self.joins_behind(&pair[0].verb)
                && matches!(pair[1].verb, Verb::Send(..) | Verb::Barrier(_))
        })
    }

    /// Whether what the verb sends may wait for the next send. The answer to a greeting is not put at
    /// risk by what follows it: a refusal may end in a reset, and a reset destroys what is on its way.
    pub(crate) fn joins_behind(&self, verb: &Verb) -> bool {
        match verb {
            Verb::Send(..) => true,
            Verb::Greet => self.role == Role::Server && !self.may_be_refused(),
            _ => false,
        }
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

    /// The longest payload that the case sends, apart from those that are refused.
    pub(crate) fn payload_len_max(&self, fill: Fill<'_>) -> usize {
        self.messages()
            .filter(|message| !message.is_refused())
            .map(|message| message.payload_len(fill))
            .max()
            .unwrap_or(0)
    }

    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.steps.iter().flat_map(|step| match &step.verb {
            Verb::Send(messages, _) => messages.as_slice(),
            _ => &[],
        })
    }

    fn said(&self) -> impl Iterator<Item = &SaidOutcome> {
        self.steps.iter().flat_map(|step| match &step.verb {
            Verb::Result(outcomes) => outcomes.as_slice(),
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

fn yes() -> bool {
    true
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
    /// The suite is the server, and a driver tells the client what to do.
    Client,
}

impl Role {
    /// The word as the case files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// What a peer offers beyond the protocol itself; each includes the ones before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Offers {
    /// Only the protocol check and the answer to an unknown name.
    #[default]
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

/// Whether a case runs with MACs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MacAxis {
    /// Without them, where there is a peer without them: once is enough.
    Off,
    /// Only without them.
    Never,
    /// Only with them.
    On,
    /// Both, once each.
    Both,
}
