//! The search for the highest rate that meets an objective, as a state machine: it says what to try, and
//! is told what came of it.
//!
//! - **Bracket**: from the starting rate up by doubling until a step fails, or down by halving until one
//!   passes, within floor and ceiling.
//! - **Bisect**: between the highest rate that passed and the lowest that failed, at the geometric mean,
//!   until they are within the resolution.
//! - **Confirm**: the highest rate that passed is tried once more, on its own. If that fails, the rate steps
//!   down, each time by twice as much, and is confirmed again, five times at the most.
//!
//! A step passes when the majority of its windows meets the objective, so that one disturbed window decides
//! nothing; it ends as soon as it is decided. The interval is that of [`edge`] over all windows.

use super::{
    bootstrap::Interval,
    edge::{Trial, edge},
};
use crate::record::{FindStep, LimitedBy};

/// Times that a rate is confirmed before the search gives up.
const CONFIRMATIONS_MAX: u32 = 5;

/// Where and how finely is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the options of a search")]
pub struct SearchOptions {
    /// The lowest rate that is tried, in requests per second.
    pub floor_per_s: f64,
    /// The highest rate that is tried.
    pub ceiling_per_s: f64,
    /// The rate that is tried first.
    pub start_per_s: f64,
    /// How near the highest rate that passed and the lowest that failed must be: 0.03 is 3 %.
    pub resolution: f64,
    /// Windows of a step, at the most.
    pub windows: u32,
}

/// What a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a search has these")]
pub enum Phase {
    /// Finding a rate that passes and one that fails.
    Bracket,
    /// Bringing them together.
    Bisect,
    /// Trying the answer once more.
    Confirm,
}

/// What is to be tried next.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// What it is for.
    pub phase: Phase,
    /// Requests per second.
    pub rate_per_s: f64,
    /// Windows that may still be needed to decide it.
    pub windows: u32,
}

/// What came of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it met the objective or not")]
pub enum Window {
    /// It met the objective.
    Met,
    /// It did not, or that is not known.
    Missed {
        /// What is the limit, if this is what keeps the rate from being higher.
        limited_by: LimitedBy,
        /// Why, in words.
        reason: String,
    },
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// The highest rate that was confirmed.
    pub rate_per_s: Option<f64>,
    /// Where the highest rate lies with 95 % confidence. Nothing where the server was not the limit, or
    /// no rate was confirmed.
    pub interval_per_s: Option<Interval>,
    /// What limited it.
    pub limited_by: LimitedBy,
    /// That in words.
    pub reason: String,
    /// Every step in order.
    pub steps: Vec<FindStep>,
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    options: SearchOptions,
    /// What is being tried; nothing at the end.
    under_way: Option<(Phase, f64)>,
    met: u32,
    missed: u32,
    first_reason: Option<String>,
    passed_per_s: Option<f64>,
    failed_per_s: Option<f64>,
    confirmations: u32,
    confirmed_per_s: Option<f64>,
    steps: Vec<FindStep>,
    /// Every window that missed: at which rate, and what was the limit.
    misses: Vec<(f64, LimitedBy, String)>,
}

impl Phase {
    /// `bracket`, `bisect`, `confirm`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bracket => "bracket",
            Self::Bisect => "bisect",
            Self::Confirm => "confirm",
        }
    }
}

impl SearchOptions {
    /// Between these rates, from the floor, to 3 %, with three windows a step.
    pub const fn between(floor_per_s: f64, ceiling_per_s: f64) -> Self {
        Self {
            floor_per_s,
            ceiling_per_s,
            start_per_s: floor_per_s,
            resolution: 0.03,
            windows: 3,
        }
    }

    /// Steps that a search takes at the most.
    pub fn steps_max(&self) -> u32 {
        let doublings = (self.ceiling_per_s / self.floor_per_s).log2().ceil() + 2.0;
        let halvings = (2_f64.ln() / self.resolution.ln_1p()).log2().ceil() + 1.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "logarithms of checked options"
        )]
        let steps = (doublings + halvings) as u32;
        steps + CONFIRMATIONS_MAX
    }

    fn check(&self) -> Result<(), String> {
        let (floor, ceiling, start) = (self.floor_per_s, self.ceiling_per_s, self.start_per_s);
        // Written so that what is not a number fails, too.
        if !(floor > 0.0 && ceiling.is_finite()) {
            return Err(format!(
                "rates from {floor} to {ceiling} per second; they must be above 0 and finite"
            ));
        }
        if !(floor <= start && start <= ceiling) {
            return Err(format!(
                "the search starts at {start} per second, which must lie between {floor} and {ceiling}"
            ));
        }
        if !(0.001..=1.0).contains(&self.resolution) {
            return Err(format!(
                "a resolution of {}; it must be from 0.001 to 1",
                self.resolution
            ));
        }
        if self.windows == 0 || self.windows.is_multiple_of(2) {
            return Err(format!(
                "{} windows a step; an odd number has a majority",
                self.windows
            ));
        }
        Ok(())
    }
}

impl Search {
    /// A search that has tried nothing yet.
    ///
    /// # Errors
    /// If the options contradict each other; the message says how.
    pub fn new(options: SearchOptions) -> Result<Self, String> {
        options.check()?;
        Ok(Self {
            options,
            under_way: Some((Phase::Bracket, options.start_per_s)),
            met: 0,
            missed: 0,
            first_reason: None,
            passed_per_s: None,
            failed_per_s: None,
            confirmations: 0,
            confirmed_per_s: None,
            steps: Vec::new(),
            misses: Vec::new(),
        })
    }

    /// What to try next: one window of it at a time, each told with [`Search::tell`]. Nothing at the end.
    pub fn next(&self) -> Option<Step> {
        let (phase, rate_per_s) = self.under_way?;
        Some(Step {
            phase,
            rate_per_s,
            windows: self.options.windows - self.met - self.missed,
        })
    }

    /// What came of a window of the step under way. At the end of a search it changes nothing.
    pub fn tell(&mut self, window: Window) {
        let Some((phase, rate_per_s)) = self.under_way else {
            return;
        };
        match window {
            Window::Met => self.met += 1,
            Window::Missed { limited_by, reason } => {
                self.missed += 1;
                self.first_reason.get_or_insert_with(|| reason.clone());
                self.misses.push((rate_per_s, limited_by, reason));
            }
        }
        let majority = self.options.windows / 2 + 1;
        if self.met < majority && self.missed < majority {
            return;
        }
        let passed = self.met >= majority;
        self.steps.push(FindStep {
            phase: phase.name().to_owned(),
            rate_per_s,
            met: self.met,
            windows: self.met + self.missed,
            passed,
            reason: self.first_reason.take(),
        });
        (self.met, self.missed) = (0, 0);
        self.under_way = match phase {
            Phase::Bracket | Phase::Bisect => self.narrow(rate_per_s, passed),
            Phase::Confirm if passed => {
                self.confirmed_per_s = Some(rate_per_s);
                None
            }
            Phase::Confirm => self.step_down(rate_per_s),
        };
    }

    fn narrow(&mut self, rate_per_s: f64, passed: bool) -> Option<(Phase, f64)> {
        let SearchOptions {
            floor_per_s,
            ceiling_per_s,
            resolution,
            ..
        } = self.options;
        if passed {
            self.passed_per_s = Some(rate_per_s);
        } else {
            self.failed_per_s = Some(rate_per_s);
        }
        match (self.passed_per_s, self.failed_per_s) {
            (Some(low), Some(high)) if high > low * (1.0 + resolution) => {
                Some((Phase::Bisect, (low * high).sqrt()))
            }
            (Some(low), None) if low < ceiling_per_s => {
                Some((Phase::Bracket, (low * 2.0).min(ceiling_per_s)))
            }
            (Some(low), _) => Some((Phase::Confirm, low)),
            (None, Some(high)) if high > floor_per_s => {
                Some((Phase::Bracket, (high / 2.0).max(floor_per_s)))
            }
            (None, _) => None,
        }
    }

    /// The next rate to confirm after one was not.
    fn step_down(&mut self, rate_per_s: f64) -> Option<(Phase, f64)> {
        self.failed_per_s = Some(rate_per_s);
        self.confirmations += 1;
        // By 1, 2, 4, 8 resolutions: the first failure is often chance, the third is not.
        let factor = (1.0 + self.options.resolution).powi(1 << (self.confirmations - 1));
        let lower = (rate_per_s / factor).max(self.options.floor_per_s);
        let goes_on = self.confirmations < CONFIRMATIONS_MAX && lower < rate_per_s;
        goes_on.then_some((Phase::Confirm, lower))
    }

    /// What was found. Of a search that is not at its end, what is known so far: nothing is confirmed.
    pub fn found(&self) -> Found {
        let (limited_by, reason) = self.limit();
        let interval_per_s = match (self.confirmed_per_s, limited_by) {
            (None, _) | (_, LimitedBy::Ceiling | LimitedBy::Generator) => None,
            // The answer itself was confirmed: that it lies a hair below the edge does not exclude it.
            (Some(rate), _) => edge(&self.trials()).map(|edge| Interval {
                low: edge.low.min(rate),
                high: edge.high.max(rate),
            }),
        };
        Found {
            rate_per_s: self.confirmed_per_s,
            interval_per_s,
            limited_by,
            reason,
            steps: self.steps.clone(),
        }
    }

    fn trials(&self) -> Vec<Trial> {
        let trial = |step: &FindStep| Trial {
            rate_per_s: step.rate_per_s,
            met: step.met,
            missed: step.windows - step.met,
        };
        self.steps.iter().map(trial).collect()
    }

    /// What most of the windows missed for at the lowest rate that failed.
    fn limit(&self) -> (LimitedBy, String) {
        let Some(failed) = self.failed_per_s else {
            let reason = match self.under_way {
                None => "the highest rate that was asked for meets the objective",
                Some(_) => "the search did not come to its end",
            };
            return (LimitedBy::Ceiling, reason.to_owned());
        };
        let there = || self.misses.iter().filter(|(rate, ..)| *rate == failed);
        let times = |limit: LimitedBy| there().filter(|(_, of_it, _)| *of_it == limit).count();
        // Of those as frequent the first one, which is why it goes backwards: the last of the greatest wins.
        let most = there().rev().max_by_key(|(_, limit, _)| times(*limit));
        let (limited_by, reason) = most.map_or((LimitedBy::Noise, ""), |(_, limit, reason)| {
            (*limit, reason.as_str())
        });
        let reason = if self.confirmed_per_s.is_none() && self.passed_per_s.is_some() {
            format!("no rate could be confirmed; at {failed:.0} per second {reason}")
        } else {
            format!("at {failed:.0} per second {reason}")
        };
        (limited_by, reason)
    }
}

#[cfg(test)]
mod tests;
