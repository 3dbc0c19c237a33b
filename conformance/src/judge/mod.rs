//! One case against one peer: sends what the case says and judges what comes.

mod client;
mod conversation;
mod server;

use crate::{
    case::{Case, Expected, Fill, Grade, Message, Outcome, Step},
    connection::Event,
    patience::Patience,
    run::Options,
    segmentation::Segmentation,
    target::Server,
    verdict::{Evidence, Verdict},
    wire_log::WireLog,
    world::{Dial, Drive},
};
use conversation::Conversation;
use std::{
    io,
    time::{Duration, Instant},
};

/// What a case found out.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) reason: Option<String>,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) log: WireLog,
    /// The peer did not let the suite in.
    pub(crate) is_gone: bool,
}

impl Judgement {
    /// A verdict that no conversation led to.
    pub(crate) fn without_conversation(verdict: Verdict, reason: String) -> Self {
        Self {
            verdict,
            reason: Some(reason),
            evidence: None,
            log: WireLog::default(),
            is_gone: false,
        }
    }
}

/// The peer under judgement.
pub(crate) enum Peer<'a> {
    Server(&'a mut dyn Dial),
    Client(&'a mut dyn Drive),
}

/// What a case is filled in with, and how it is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) fill: Fill<'a>,
    pub(crate) segmentation: Segmentation,
    /// The suite's own side is under TLS, as server.
    pub(crate) tls: bool,
    pub(crate) patience: &'a Patience,
}

/// Runs the steps of a case; the first that finds no acceptable outcome ends it.
pub(crate) fn judge<'a>(case: &'a Case, peer: Peer<'a>, setting: Setting<'a>) -> Judgement {
    let mut conversation = Conversation::new(case, peer, setting);
    let mut worst: Graded = None;
    for (at, step) in case.steps.iter().enumerate() {
        match conversation.step(at, step) {
            Ok(None) => {}
            Ok(Some((Grade::Absent, reason))) => {
                return Judgement::without_conversation(Verdict::NotApplicable, reason);
            }
            Ok(Some(graded)) => worst = worst.or(Some(graded)),
            Err(fault) => return fault.into_judgement(at + 1, setting.patience, conversation),
        }
    }
    Judgement {
        verdict: match worst {
            None => Verdict::Pass,
            Some(_) => Verdict::Warn,
        },
        reason: worst.map(|(_, reason)| reason),
        evidence: None,
        log: conversation.into_log(),
        is_gone: false,
    }
}

/// `None`: as it has to be; otherwise the grade and why.
type Graded = Option<(Grade, String)>;

/// A step that found no acceptable outcome.
#[derive(Debug)]
struct Fault {
    expected: Vec<String>,
    observed: Vec<String>,
    is_hang: bool,
    is_gone: bool,
}

impl Fault {
    fn new(expected: impl Into<String>, observed: impl Into<String>) -> Self {
        Self {
            expected: vec![expected.into()],
            observed: vec![observed.into()],
            is_hang: false,
            is_gone: false,
        }
    }

    fn hang(expected: impl Into<String>, observed: impl Into<String>) -> Self {
        Self {
            is_hang: true,
            ..Self::new(expected, observed)
        }
    }

    fn no_connection(error: &io::Error) -> Self {
        Self {
            is_hang: matches!(
                error.kind(),
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
            ),
            is_gone: true,
            ..Self::new("the server accepts a connection", error.to_string())
        }
    }

    fn into_judgement(
        self,
        step: usize,
        patience: &Patience,
        conversation: Conversation<'_>,
    ) -> Judgement {
        let because = || format!("step {step}: {}", self.observed.join("; "));
        let (verdict, reason) = match (self.is_hang, patience.over()) {
            (false, _) => (Verdict::Fail, because()),
            (true, None) => (Verdict::Hang, because()),
            // The run came to its end in the middle of the wait.
            (true, Some(why)) => (Verdict::NotRun, why),
        };
        let evidence = Evidence {
            step,
            expected: self.expected,
            observed: self.observed,
        };
        Judgement {
            verdict,
            reason: Some(reason),
            evidence: Some(evidence),
            log: conversation.into_log(),
            is_gone: self.is_gone,
        }
    }
}

/// Whether an outcome of silence was what came: it is evidence of something left undone.
fn is_silence(event: &Event) -> bool {
    matches!(event, Event::Silence(_))
}

/// Whether any end will do. Where the suite has ended its own side, a peer may keep the other.
fn is_end(expected: &Expected) -> bool {
    matches!(expected, Expected::Close | Expected::End | Expected::Broken)
}

/// Whether only the end counts, whatever comes before it.
fn passes_over(expected: &Expected, event: &Event) -> bool {
    matches!(expected, Expected::End) && !event.is_last()
}

/// Whether a server greets and answers these requests with that status, in order.
pub(crate) fn answers(
    server: &Server,
    requests: &[(&str, &[u8], u16)],
    patience: Duration,
) -> bool {
    let outcome = |(name, _, status): &(&str, &[u8], u16), sequence: u32| {
        Outcome::frame(*status, sequence, name, None)
    };
    let requests = requests.iter().zip(2..);
    let exchanges = requests.map(|(request, sequence)| {
        let message = Message::request(sequence, request.0, request.1);
        (message, outcome(request, sequence))
    });
    holds(server, exchanges.collect(), patience)
}

/// The same, with that payload.
pub(crate) fn exchange(
    server: &Server,
    requests: &[(&str, &[u8], u16, &[u8])],
    patience: Duration,
) -> bool {
    let requests = requests.iter().zip(2..);
    let exchanges = requests.map(|((name, payload, status, answer), sequence)| {
        let outcome = Outcome::frame(*status, sequence, name, Some(answer));
        (Message::request(sequence, name, payload), outcome)
    });
    holds(server, exchanges.collect(), patience)
}

fn holds(server: &Server, exchanges: Vec<(Message, Outcome)>, patience: Duration) -> bool {
    let options = Options {
        patience,
        ..Options::default()
    };
    let patience = Patience::new(&options, server.round_trip, Instant::now());
    let mut steps = vec![Step::greet()];
    for (message, outcome) in exchanges {
        steps.push(Step::send(message));
        steps.push(Step::expect(outcome));
    }
    let case = Case::of_steps(steps);
    let mut dialler = server.dialler(patience.wait());
    let setting = Setting {
        fill: Fill {
            limit: server.limit(),
            echo: "",
            key: server.key.as_ref(),
            request: None,
        },
        segmentation: Segmentation::Whole,
        tls: false,
        patience: &patience,
    };
    judge(&case, Peer::Server(&mut dialler), setting).verdict == Verdict::Pass
}
