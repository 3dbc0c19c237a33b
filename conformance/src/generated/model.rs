//! What a server owes in a conversation, by SPEC.md.
//!
//! To a stranger the model is as lenient as the clauses are; of the reference implementation it asks
//! for all that the clauses promise of that.

use super::{
    case_file::{Script, StepText, content},
    conversation::{Ask, Conversation, Decimal, End, Junk, Known, Pace, Refusal, Request},
};
use crate::case::Offers;

/// The conversation as steps of a case.
pub(super) fn script(conversation: &Conversation, known: &Known) -> Script {
    let mut model = Model {
        known,
        steps: Vec::new(),
        batch: Vec::new(),
        owed: Vec::new(),
    };
    if conversation.greets {
        model.step("greet = true", "P-044");
    }
    for request in &conversation.requests {
        match request.pace {
            Pace::Answered => model.await_answers(),
            Pace::Apart => model.send(),
            Pace::Together => {}
        }
        model.ask(request);
    }
    model.send();
    match &conversation.end {
        End::Open => model.await_answers(),
        End::HalfClosed => {
            model.step("shutdown_write = true", "P-077");
            model.await_answers();
            model.step("expect = [{ grade = \"ideal\", close = true }]", "P-062");
        }
        End::Refused {
            refusal,
            sequence,
            junk,
        } => {
            // A reset behind the refusal may destroy answers that were on their way.
            model.await_answers();
            model.refused(refusal, *sequence, junk);
        }
    }
    let asks = conversation
        .requests
        .iter()
        .map(|request| needs(&request.ask));
    Script {
        steps: model.steps,
        offers: asks.max().unwrap_or_default(),
        ours: known.ours,
        signed: known.signed,
    }
}

/// What a server has to offer to be asked for it.
fn needs(ask: &Ask) -> Offers {
    match ask {
        Ask::Unknown(..) | Ask::Nameless(_) | Ask::Check(_) => Offers::Blind,
        Ask::Echo(_) => Offers::Echo,
        _ => Offers::Fixtures,
    }
}

struct Model<'a> {
    known: &'a Known,
    steps: Vec<StepText>,
    /// Messages of the next send.
    batch: Vec<String>,
    /// The answers to what was sent already, in order.
    owed: Vec<Owed>,
}

/// One answer: its outcomes, best first.
struct Owed {
    outcomes: Vec<String>,
    clause: &'static str,
    /// Compared only if no write has come between: the clock starts with the last one.
    not_before_ms: Option<u32>,
}

impl Model<'_> {
    fn step(&mut self, verb: impl Into<String>, clause: &'static str) {
        let verb = verb.into();
        self.steps.push(StepText { verb, clause });
    }

    /// Sends what is in the batch, and waits for nothing.
    fn send(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        // The answers of this send are the last ones that are owed.
        let before = self.owed.len() - self.batch.len();
        for owed in &mut self.owed[..before] {
            owed.not_before_ms = None;
        }
        let messages = std::mem::take(&mut self.batch);
        self.step(send(&messages), "P-029");
    }

    fn await_answers(&mut self) {
        self.send();
        for owed in std::mem::take(&mut self.owed) {
            let outcomes: Vec<String> = match owed.not_before_ms {
                None => owed.outcomes,
                Some(milliseconds) => owed
                    .outcomes
                    .iter()
                    .map(|frame| format!("{frame}, not_before_ms = {milliseconds}"))
                    .collect(),
            };
            let mut outcomes = outcomes.iter().enumerate().map(|(at, frame)| match at {
                0 => format!("{{ grade = \"ideal\", frame = {{ {frame} }} }}"),
                // The only answer that has an alternative is that to an empty name.
                _ => format!(
                    "{{ grade = \"allowed\", frame = {{ {frame} }}, clause = \"{NAMELESS_ALLOWED}\" }}"
                ),
            });
            let only = outcomes.next().unwrap_or_default();
            let rest: Vec<String> = outcomes.collect();
            let verb = if rest.is_empty() {
                format!("expect = [{only}]")
            } else {
                format!("expect = [\n  {only},\n  {},\n]", rest.join(",\n  "))
            };
            self.step(verb, owed.clause);
        }
    }

    fn ask(&mut self, request: &Request) {
        let asked = Asked::of(&request.ask, self.known);
        let sequence = request.sequence;
        self.batch.push(message(
            &asked.name,
            sequence,
            request.status,
            &asked.payload,
            "",
        ));
        let frame = |status: &u16| {
            let name = &asked.name;
            let payload = match &asked.answer {
                Some(payload) => format!(", payload = {}", content(payload)),
                None => String::new(),
            };
            format!("status = {status}, sequence = {sequence}, name = {name}{payload}")
        };
        self.owed.push(Owed {
            outcomes: asked.statuses.iter().map(frame).collect(),
            clause: asked.clause,
            not_before_ms: asked.not_before_ms,
        });
    }

    fn refused(&mut self, refusal: &Refusal, sequence: u32, junk: &Junk) {
        let ours = self.known.ours;
        let usual = content(crate::case::UNKNOWN_NAME.as_bytes());
        let (name, payload, extra, status, clause) = match refusal {
            Refusal::TooLong(claim) => {
                let clause = if ours { "P-099" } else { "P-096" };
                (usual, &[][..], format!(", claim = {claim}"), 402, clause)
            }
            Refusal::BadMac(kind) => {
                let clause = if ours { "P-108" } else { "P-106" };
                let extra = format!(", mac = \"{kind}\"");
                (usual, &b"signed"[..], extra, 502, clause)
            }
            Refusal::Version(payload) => {
                let clause = if ours { "P-052" } else { "P-050" };
                let name = content(b"PROTOCHECK");
                (name, payload.as_slice(), String::new(), 497, clause)
            }
        };
        let mut messages = vec![message(&name, sequence, 0, payload, &extra)];
        messages.extend(behind(junk, sequence));
        self.step(send(&messages), clause);
        let is_version = matches!(refusal, Refusal::Version(_));
        if is_version && !ours {
            self.step("shutdown_write = true", clause);
        }
        // Our own answers are empty, but for the version behind a 497.
        let payload = match (is_version, ours) {
            (true, true) => ", payload = { hex = \"00\" }",
            (true, false) => ", payload_len = 1",
            (false, true) => ", payload = \"\"",
            (false, false) => "",
        };
        let then = if ours { "fin" } else { "close" };
        let mut outcomes = vec![format!(
            "{{ grade = \"ideal\", frame = {{ status = {status}, sequence = {sequence}, name = {name}{payload} }}, then = \"{then}\" }}"
        )];
        if !ours {
            match refusal {
                Refusal::Version(_) if matches!(junk, Junk::Nothing) => {}
                // Unread requests turn the end into a reset, and that may destroy the answer.
                Refusal::Version(_) => outcomes.push(
                    "{ grade = \"allowed\", close = \"reset\", clause = \"P-051\" }".to_owned(),
                ),
                _ => outcomes.push(format!(
                    "{{ grade = \"allowed\", close = true, clause = \"{clause}\" }}"
                )),
            }
        }
        self.step(
            format!("expect = [\n  {},\n]", outcomes.join(",\n  ")),
            clause,
        );
        self.step("fresh = true", clause);
    }
}

/// The clause that allows 400 in place of 401.
const NAMELESS_ALLOWED: &str = "P-094";

/// A request and its right answer, but for the sequence number.
struct Asked {
    /// As a case file writes it.
    name: String,
    payload: Vec<u8>,
    /// The statuses it may be answered with, best first.
    statuses: Vec<u16>,
    /// The payload of the answer, where the clauses name it.
    answer: Option<Vec<u8>>,
    clause: &'static str,
    not_before_ms: Option<u32>,
}

impl Asked {
    fn of(ask: &Ask, known: &Known) -> Self {
        let empty = Some(Vec::new());
        // Nobody but the reference server has to leave these empty.
        let left_open = known.ours.then(Vec::new);
        match ask {
            Ask::Unknown(name, payload) => {
                let name = name.bytes();
                let clause = if std::str::from_utf8(&name).is_err() {
                    "P-091"
                } else if name.to_ascii_uppercase().starts_with(b"PROTOCHEC") {
                    "P-049"
                } else {
                    "P-088"
                };
                Self::new(&content(&name), payload.bytes(), 400, left_open, clause)
            }
            Ask::Nameless(payload) => {
                let clause = if known.ours { "P-095" } else { "P-092" };
                let mut asked = Self::new("\"\"", payload.bytes(), 401, left_open, clause);
                if !known.ours {
                    asked.statuses.push(400);
                }
                asked
            }
            Ask::Check(rest) => {
                let payload = [&[0], rest.as_slice()].concat();
                let version = Some(vec![0]);
                Self::new(&content(b"PROTOCHECK"), payload, 200, version, "P-048")
            }
            Ask::Echo(payload) => {
                let payload = payload.bytes();
                Self::new("\"$echo\"", payload.clone(), 200, Some(payload), "P-086")
            }
            Ask::Null(payload) => Self::new("\"null\"", payload.bytes(), 200, empty, "P-135"),
            Ask::Size(decimal) => {
                let answer = Some(vec![b'x'; decimal.number as usize]);
                Self::decimal("\"size\"", *decimal, 200, answer, "P-136")
            }
            Ask::Status(decimal) => {
                // The strategies make no larger ones.
                let status = u16::try_from(decimal.number).unwrap_or(u16::MAX);
                Self::decimal("\"status\"", *decimal, status, empty, "P-140")
            }
            Ask::Sleep(decimal) => Self {
                not_before_ms: Some(decimal.number),
                ..Self::decimal("\"sleep\"", *decimal, 200, empty, "P-138")
            },
            Ask::Fail(payload) => Self::new("\"fail\"", payload.bytes(), 500, empty, "P-143"),
            Ask::Malformed(name, text) => {
                let clause = match *name {
                    "size" => "P-137",
                    "sleep" => "P-139",
                    _ => "P-142",
                };
                Self::new(
                    &content(name.as_bytes()),
                    text.as_bytes().to_vec(),
                    500,
                    left_open,
                    clause,
                )
            }
        }
    }

    fn new(
        name: &str,
        payload: Vec<u8>,
        status: u16,
        answer: Option<Vec<u8>>,
        clause: &'static str,
    ) -> Self {
        Self {
            name: name.to_owned(),
            payload,
            statuses: vec![status],
            answer,
            clause,
            not_before_ms: None,
        }
    }

    fn decimal(
        name: &str,
        decimal: Decimal,
        status: u16,
        answer: Option<Vec<u8>>,
        clause: &'static str,
    ) -> Self {
        Self::new(name, decimal.text().into_bytes(), status, answer, clause)
    }
}

/// One message as a case file writes it; what is not said there is 0 or empty.
fn message(name: &str, sequence: u32, status: u16, payload: &[u8], extra: &str) -> String {
    let mut text = format!("{{ name = {name}, sequence = {sequence}");
    if status > 0 {
        text += &format!(", status = {status}");
    }
    if !payload.is_empty() {
        text += &format!(", payload = {}", content(payload));
    }
    text + extra + " }"
}

fn send(messages: &[String]) -> String {
    match messages {
        [only] => format!("send = {only}"),
        several => format!("send = [\n  {},\n]", several.join(",\n  ")),
    }
}

/// What stands behind a refused frame.
fn behind(junk: &Junk, sequence: u32) -> Option<String> {
    match junk {
        Junk::Nothing => None,
        Junk::Requests(count) => {
            let next = sequence.wrapping_add(1);
            let text = format!("{{ name = \"$unknown\", sequence = {next}, times = {count} }}");
            Some(text)
        }
        Junk::Bytes(bytes) => Some(format!("{{ raw = {} }}", content(bytes))),
    }
}
