//! Requests of the traffic sent again: where to, whether that is meant, and what came of it.

mod view;

pub(super) use view::{lines, view};

use super::{commands::Motion, input::Input};
use crate::{
    index::Index,
    replay::{Comparison, Outcome, Sign, Tally, difference},
};
use crossterm::event::{KeyCode, KeyEvent};
use petrel::wire::Escaped;
use petrel_cli::Target;
use view::{Kind, Text};

/// As many lines of results are kept.
const LINES_MAX: usize = 10_000;

/// As many lines of a difference are shown.
const DIFFERENCE_MAX: usize = 16;

/// What is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The request of a row.
    Exchange(u32),
    /// All requests of a connection, by its number.
    Connection(u32),
}

/// What is to be done for it.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Finds out what would be sent; answered by [`Msg::Planned`].
    Plan {
        /// What.
        what: What,
        /// Of these rows.
        index: Index,
        /// Where to.
        target: Target,
        /// Comes back with all answers.
        generation: u64,
    },
    /// Sends what was planned last; answered by [`Msg::Outcome`] for each, and [`Msg::Over`].
    Run,
    /// Gives up what was planned or is under way.
    Stop,
}

/// What is told of it.
#[derive(Debug)]
pub(crate) enum Msg {
    /// What would be sent, or why nothing can be.
    Planned {
        /// That of the effect.
        generation: u64,
        /// The plan.
        plan: Result<Plan, String>,
    },
    /// What came of a request.
    Outcome {
        /// That of the effect.
        generation: u64,
        /// Then and now.
        outcome: Box<Outcome>,
    },
    /// Everything was sent, or no more will be.
    Over {
        /// That of the effect.
        generation: u64,
        /// Why no more.
        failure: Option<String>,
    },
}

/// What would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Where to.
    pub(crate) target: String,
    /// Whether that is this machine for certain.
    pub(crate) is_local: bool,
    /// How many requests.
    pub(crate) requests: u64,
    /// Their names, escaped, and how often each.
    pub(crate) names: Vec<(String, u64)>,
    /// What is not sent, and why.
    pub(crate) skipped: Vec<String>,
}

/// A replay, from the question where to on.
#[derive(Debug)]
pub(crate) struct Replay {
    what: What,
    index: Index,
    generation: u64,
    stage: Stage,
    tally: Tally,
    lines: Vec<Text>,
    top: usize,
}

/// How far it is.
#[derive(Debug)]
enum Stage {
    /// Where to?
    Asking { input: Input, wrong: Option<String> },
    /// It is found out what would be sent.
    Planning { target: String },
    /// Is that meant?
    Confirming(Plan),
    /// It is sent.
    Running(Plan),
    /// That was it.
    Over { failure: Option<String> },
}

impl Replay {
    /// Asks where to; `server` is where the requests went then. The generation is greater than those
    /// before.
    pub(super) fn new(what: What, server: &str, index: Index, generation: u64) -> Self {
        Self {
            what,
            index,
            generation,
            stage: Stage::Asking {
                input: Input::new(server),
                wrong: None,
            },
            tally: Tally::default(),
            lines: Vec::new(),
            top: 0,
        }
    }

    /// Whether a text input has the keys.
    pub(super) const fn is_typing(&self) -> bool {
        matches!(self.stage, Stage::Asking { .. })
    }

    /// A key that means something of its own here: whether it does, and what is to be done.
    pub(super) fn press(&mut self, key: &KeyEvent) -> (bool, Option<Effect>) {
        match &mut self.stage {
            Stage::Asking { input, wrong } => {
                if key.code == KeyCode::Enter {
                    return (true, self.plan());
                }
                let is_known = input.press(key);
                if is_known {
                    *wrong = None;
                }
                (is_known, None)
            }
            Stage::Confirming(plan) if key.code == KeyCode::Char('y') => {
                self.stage = Stage::Running(plan.clone());
                (true, Some(Effect::Run))
            }
            _ => (false, None),
        }
    }

    /// Text was pasted.
    pub(super) fn paste(&mut self, text: &str) {
        if let Stage::Asking { input, .. } = &mut self.stage {
            input.paste(text);
        }
    }

    /// Moves through the results.
    pub(super) fn navigate(&mut self, motion: Motion, page: usize) {
        let last = self.lines.len().saturating_sub(1);
        self.top = match motion {
            Motion::Up => self.top.saturating_sub(1),
            Motion::Down => self.top + 1,
            Motion::PageUp => self.top.saturating_sub(page),
            Motion::PageDown => self.top + page,
            Motion::HalfPageUp => self.top.saturating_sub(page / 2),
            Motion::HalfPageDown => self.top + page / 2,
            Motion::First => 0,
            Motion::Last => last,
            Motion::Left | Motion::Right => self.top,
        }
        .min(last);
    }

    /// Something was told of it.
    pub(super) fn told(&mut self, msg: Msg) -> Option<Effect> {
        match msg {
            Msg::Planned { generation, plan } if generation == self.generation => {
                return self.planned(plan);
            }
            Msg::Outcome {
                generation,
                outcome,
            } if generation == self.generation => self.add(&outcome),
            Msg::Over {
                generation,
                failure,
            } if generation == self.generation => self.stage = Stage::Over { failure },
            _ => {}
        }
        None
    }

    fn plan(&mut self) -> Option<Effect> {
        let Stage::Asking { input, wrong } = &mut self.stage else {
            return None;
        };
        match input.text().trim().parse::<Target>() {
            Ok(target) => {
                self.stage = Stage::Planning {
                    target: target.to_string(),
                };
                Some(Effect::Plan {
                    what: self.what,
                    index: self.index.clone(),
                    target,
                    generation: self.generation,
                })
            }
            Err(error) => {
                *wrong = Some(petrel_cli::output::one_line(&error.to_string()));
                None
            }
        }
    }

    fn planned(&mut self, plan: Result<Plan, String>) -> Option<Effect> {
        match plan {
            Err(failure) => {
                self.stage = Stage::Over {
                    failure: Some(failure),
                };
                None
            }
            Ok(plan) if plan.requests == 0 => {
                let why = plan.skipped.join(", ");
                let failure = format!("there is nothing to send: {why}");
                self.stage = Stage::Over {
                    failure: Some(failure),
                };
                None
            }
            Ok(plan) if plan.is_local => {
                self.stage = Stage::Running(plan);
                Some(Effect::Run)
            }
            Ok(plan) => {
                self.stage = Stage::Confirming(plan);
                None
            }
        }
    }

    fn add(&mut self, outcome: &Outcome) {
        self.tally.add(outcome);
        if self.lines.len() >= LINES_MAX {
            return;
        }
        let recorded = &outcome.recorded;
        let dash = || "-".to_owned();
        let status = |exchange: &crate::exchange::Exchange| {
            let response = exchange.response.as_ref();
            response.map_or_else(dash, |answer| answer.header.status.0.to_string())
        };
        let time = |exchange: &crate::exchange::Exchange| {
            exchange
                .rtt()
                .map_or_else(dash, crate::report::text::duration)
        };
        let kind = if outcome.verdict.is_difference() {
            Kind::Different
        } else {
            Kind::Same
        };
        let now = outcome.now.as_deref();
        self.lines.push(Text {
            kind,
            text: format!(
                "{:12} {} #{}  {} -> {}  {} -> {}",
                outcome.verdict.as_str(),
                Escaped(recorded.name()),
                recorded.sequence(),
                status(recorded),
                now.map_or_else(dash, status),
                time(recorded),
                now.map_or_else(dash, time),
            ),
        });
        if let Some(error) = &outcome.error {
            self.lines.push(Text {
                kind: Kind::About,
                text: petrel_cli::output::one_line(error),
            });
        }
        let then = recorded.response.as_ref();
        let now = now.and_then(|now| now.response.as_ref());
        if let (true, Some(then), Some(now)) = (outcome.verdict.is_difference(), then, now) {
            let lines = difference(then, now, &Comparison::default(), DIFFERENCE_MAX);
            self.lines.extend(lines.into_iter().map(|line| Text {
                kind: match line.sign {
                    Sign::Then => Kind::Then,
                    Sign::Now => Kind::Now,
                    Sign::Both => Kind::Both,
                    Sign::About => Kind::About,
                },
                text: format!("{} {}", line.sign.as_char(), line.text),
            }));
        }
    }
}
