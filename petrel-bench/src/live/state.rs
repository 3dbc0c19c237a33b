//! What is shown, and how it changes: told of the run and of keys, without I/O and without a clock.

use super::{
    health,
    keys::{Action, action_of},
};
use crate::{
    figures::rate,
    progress::{Order, Phase, Progress},
};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use petrel_cli::output::one_line;

/// Updates that a message stays for: about three seconds.
const MESSAGE_UPDATES: u16 = 30;
/// No rate below this can be asked for with keys.
const RATE_MIN_PER_S: f64 = 0.1;
/// No rate above this can be asked for with keys.
const RATE_MAX_PER_S: f64 = 1e8;

/// What is shown.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// What is loaded: one line that is safe to show.
    pub(super) target: String,
    /// The run as it stands, with what was asked for since already in it.
    pub(super) progress: Progress,
    /// Whether the keys are shown.
    pub(super) help: bool,
    /// Whether the end was asked for.
    ending: bool,
    message: Option<Message>,
}

#[derive(Clone, Debug)]
struct Message {
    text: String,
    updates_left: u16,
}

/// What is to be done because of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Effect {
    /// The run is asked for this.
    Order(Order),
    /// The process ends at once.
    Abort,
}

impl State {
    /// Nothing is known yet.
    pub(super) fn new(target: &str) -> Self {
        Self {
            target: one_line(target),
            progress: Progress::default(),
            help: false,
            ending: false,
            message: None,
        }
    }

    /// The run stands like this.
    pub(super) fn update(&mut self, progress: &Progress) {
        self.progress.clone_from(progress);
        if let Some(message) = &mut self.message {
            message.updates_left -= 1;
            if message.updates_left == 0 {
                self.message = None;
            }
        }
    }

    /// A key was pressed.
    pub(super) fn press(&mut self, key: &KeyEvent) -> Option<Effect> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        if self.help && key.code == KeyCode::Esc {
            self.help = false;
            return None;
        }
        let Some(action) = action_of(key) else {
            self.say("that key does nothing; ? shows those that do");
            return None;
        };
        match action {
            Action::Help => {
                self.help = !self.help;
                None
            }
            Action::Interrupt if self.is_ending() => Some(Effect::Abort),
            Action::Quit | Action::Interrupt => self.quit(),
            _ if self.is_ending() => {
                self.say("the run is coming to its end");
                None
            }
            Action::Pause => Some(self.pause()),
            Action::Rate(factor) => self.change_rate(factor),
        }
    }

    /// What is to be said: an answer to a key, or else what matters most about the run.
    pub(super) fn message(&self) -> Option<&str> {
        if let Some(message) = &self.message {
            Some(&message.text)
        } else if self.is_ending() {
            Some("ending: waiting for the last answers; Ctrl-C ends at once")
        } else if self.progress.paused {
            Some("paused: space goes on")
        } else {
            health::complaint(&self.progress)
        }
    }

    fn quit(&mut self) -> Option<Effect> {
        let is_new = !self.is_ending();
        self.ending = true;
        // What was said before no longer matters.
        self.message = None;
        is_new.then_some(Effect::Order(Order::Quit))
    }

    fn pause(&mut self) -> Effect {
        let pause = !self.progress.paused;
        self.progress.paused = pause;
        self.message = None;
        if !pause {
            self.say("going on");
        }
        Effect::Order(Order::Pause(pause))
    }

    fn change_rate(&mut self, factor: f64) -> Option<Effect> {
        let Some(now_per_s) = self.progress.target_per_s else {
            self.say("a closed loop has no rate: it sends as fast as answers come");
            return None;
        };
        let wanted_per_s = round(now_per_s * factor).clamp(RATE_MIN_PER_S, RATE_MAX_PER_S);
        if wanted_per_s.is_nan() || wanted_per_s == now_per_s {
            self.say("the rate stays: it can be from 0.1/s to 100,000,000/s");
            return None;
        }
        // Several keys can come between two updates; the next one starts from here.
        self.progress.target_per_s = Some(wanted_per_s);
        self.say(format!("rate: {}", rate(wanted_per_s)));
        Some(Effect::Order(Order::Rate(wanted_per_s)))
    }

    fn is_ending(&self) -> bool {
        self.ending || self.progress.phase == Phase::Draining
    }

    fn say(&mut self, text: impl Into<String>) {
        self.message = Some(Message {
            text: text.into(),
            updates_left: MESSAGE_UPDATES,
        });
    }
}

/// To six digits, so that a step up and a step down lead back.
fn round(per_s: f64) -> f64 {
    format!("{per_s:.5e}").parse().unwrap_or(per_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyModifiers;

    fn open_loop(target_per_s: f64) -> State {
        let mut state = State::new("127.0.0.1:60606");
        state.update(&Progress {
            phase: Phase::Measuring,
            target_per_s: Some(target_per_s),
            ..Progress::default()
        });
        state
    }

    fn press(state: &mut State, code: KeyCode) -> Option<Effect> {
        state.press(&KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn character(state: &mut State, c: char) -> Option<Effect> {
        press(state, KeyCode::Char(c))
    }

    fn ctrl_c(state: &mut State) -> Option<Effect> {
        state.press(&KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL))
    }

    const fn order(order: Order) -> Option<Effect> {
        Some(Effect::Order(order))
    }

    #[test]
    fn the_rate_goes_up_and_down_in_an_open_loop() {
        let mut state = open_loop(10_000.0);
        for (code, per_s) in [
            (KeyCode::Char('+'), 11_000.0),
            (KeyCode::Char('='), 12_100.0),
            (KeyCode::Up, 13_310.0),
            (KeyCode::Char('-'), 12_100.0),
            (KeyCode::Down, 11_000.0),
            (KeyCode::Char('>'), 22_000.0),
            (KeyCode::Char('<'), 11_000.0),
        ] {
            let effect = press(&mut state, code);
            assert_eq!(effect, order(Order::Rate(per_s)), "{code:?}");
        }
        assert_eq!(state.message(), Some("rate: 11,000/s"));
    }

    #[test]
    fn the_rate_stays_within_reason() {
        let mut state = open_loop(0.11);
        assert_eq!(character(&mut state, '<'), order(Order::Rate(0.1)));
        assert_eq!(character(&mut state, '<'), None);
        assert!(state.message().unwrap().starts_with("the rate stays"));

        let mut state = open_loop(7e7);
        assert_eq!(character(&mut state, '>'), order(Order::Rate(1e8)));
        assert_eq!(character(&mut state, '>'), None);
    }

    #[test]
    fn a_closed_loop_has_no_rate_and_says_so() {
        let mut state = State::new("embedded");
        for c in ['+', '-', '<', '>'] {
            assert_eq!(character(&mut state, c), None);
            assert!(state.message().unwrap().contains("closed loop"));
        }
    }

    #[test]
    fn space_pauses_and_goes_on() {
        let mut state = open_loop(100.0);
        assert_eq!(character(&mut state, ' '), order(Order::Pause(true)));
        assert_eq!(state.message(), Some("paused: space goes on"));
        assert_eq!(character(&mut state, ' '), order(Order::Pause(false)));
        assert_eq!(state.message(), Some("going on"));
    }

    #[test]
    fn the_end_is_asked_for_once() {
        for code in [KeyCode::Char('q'), KeyCode::Esc] {
            let mut state = open_loop(100.0);
            assert_eq!(press(&mut state, code), order(Order::Quit));
            assert_eq!(press(&mut state, code), None);
            assert!(state.message().unwrap().starts_with("ending"));
            assert_eq!(character(&mut state, '+'), None, "too late for a rate");
            assert_eq!(character(&mut state, ' '), None, "too late for a pause");
        }
    }

    #[test]
    fn a_second_interrupt_ends_at_once() {
        let mut state = open_loop(100.0);
        assert_eq!(ctrl_c(&mut state), order(Order::Quit));
        assert_eq!(ctrl_c(&mut state), Some(Effect::Abort));

        let mut draining = open_loop(100.0);
        draining.progress.phase = Phase::Draining;
        assert_eq!(ctrl_c(&mut draining), Some(Effect::Abort));
    }

    #[test]
    fn help_comes_and_goes_and_escape_hides_it_first() {
        let mut state = open_loop(100.0);
        for code in [KeyCode::Char('?'), KeyCode::F(1)] {
            assert_eq!(press(&mut state, code), None);
            assert!(state.help);
            assert_eq!(press(&mut state, code), None);
            assert!(!state.help);
        }
        character(&mut state, '?');
        assert_eq!(press(&mut state, KeyCode::Esc), None);
        assert!(!state.help);
        assert_eq!(press(&mut state, KeyCode::Esc), order(Order::Quit));
    }

    #[test]
    fn an_answer_stays_for_a_while() {
        let mut state = open_loop(100.0);
        assert_eq!(character(&mut state, 'x'), None);
        let progress = state.progress.clone();
        for _ in 1..MESSAGE_UPDATES {
            state.update(&progress);
        }
        assert!(state.message().unwrap().contains("does nothing"));
        state.update(&progress);
        assert_eq!(state.message(), None);
    }

    #[test]
    fn a_key_counts_when_it_goes_down() {
        let mut state = open_loop(100.0);
        let mut key = KeyEvent::new(KeyCode::Char('+'), KeyModifiers::NONE);
        key.kind = KeyEventKind::Release;
        assert_eq!(state.press(&key), None);
        key.kind = KeyEventKind::Repeat;
        assert_eq!(state.press(&key), order(Order::Rate(110.0)));
    }

    #[test]
    fn the_target_is_one_line() {
        assert_eq!(State::new("a\u{1b}[2Jb\n").target, r"a\u{1b}[2Jb\n");
    }
}
