//! What happens to the model. Pure: no clock, no terminal, nothing is read.

use super::{
    commands::{Action, Motion, Scope, TrafficAction, action_of},
    compose,
    effect::Effect,
    help::{self, Help},
    message::Msg,
    model::{Model, Notice, Outcome, Overlay, Screen},
    palette::{Choice, Palette},
    replay::{self, Replay},
    view::chrome,
    worker::SourceMsg,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

/// A count has no more digits than a row has.
const COUNT_MAX: usize = 99_999_999;

/// Tells the model what happened, and says what is to be done.
pub(super) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let outcome = match msg {
        Msg::Key(key) => press(model, &key),
        Msg::Paste(text) => paste(model, &text),
        Msg::Resize { width, height } => {
            model.size = (width, height);
            Outcome::default()
        }
        Msg::Source(msg) => told(model, msg),
        Msg::Compose(msg) => composed(model, msg),
        Msg::Replay(msg) => match &mut model.overlay {
            Some(Overlay::Replay(replay)) => of_replay(replay.told(msg)),
            _ => Outcome::default(),
        },
        Msg::Resumed => Effect::Redraw.into(),
        Msg::Terminated => Effect::Quit.into(),
    };
    let mut effects = outcome.effects;
    if outcome.notice.is_some() {
        model.notice = outcome.notice;
    }
    let (width, height) = model.size;
    let body = chrome(model, Rect::new(0, 0, width, height)).body;
    let (page, shows_detail) = model.traffic.room(body);
    let is_shown = model.screen == Screen::Traffic && shows_detail;
    effects.extend(model.traffic.settle(page, is_shown));
    effects
}

fn told(model: &mut Model, msg: SourceMsg) -> Outcome {
    let is_done = matches!(msg, SourceMsg::Done(_));
    let mut outcome = model.traffic.told(msg);
    if is_done {
        let names = compose::Msg::Names(model.traffic.names());
        outcome.effects.extend(composed(model, names).effects);
    }
    if let Some(exchange) = model.traffic.take_edited() {
        model.compose.edit(&exchange);
        model.screen = Screen::Compose;
    }
    outcome
}

impl Model {
    /// Whether a text input has the keys.
    fn is_typing(&self) -> bool {
        match (&self.overlay, self.screen) {
            (Some(Overlay::Palette(_)), _) => true,
            (Some(Overlay::Help(_)), _) => false,
            (Some(Overlay::Replay(replay)), _) => replay.is_typing(),
            (None, Screen::Traffic) => self.traffic.is_typing(),
            (None, Screen::Compose) => self.compose.is_typing(),
        }
    }

    /// Whose commands can be given, the nearest first.
    pub(super) fn scopes(&self) -> &'static [Scope] {
        match self.screen {
            Screen::Traffic if self.traffic.is_in_detail() => &[
                Scope::Detail,
                Scope::Traffic,
                Scope::Everywhere,
                Scope::Moving,
            ],
            Screen::Traffic => &[Scope::Traffic, Scope::Everywhere, Scope::Moving],
            Screen::Compose => &[Scope::Compose, Scope::Everywhere, Scope::Moving],
        }
    }
}

fn press(model: &mut Model, key: &KeyEvent) -> Outcome {
    model.notice = None;
    if let Some(Overlay::Replay(replay)) = &mut model.overlay {
        let (is_known, effect) = replay.press(key);
        if is_known {
            return of_replay(effect);
        }
    }
    let is_typing = model.is_typing();
    if !is_typing && count(model, key) {
        return Outcome::default();
    }
    match action_of(key, model.scopes(), is_typing) {
        Some(action) => {
            let times = model.count.take();
            act(model, action, times, Some(key))
        }
        None => {
            model.count = None;
            type_key(model, key)
        }
    }
}

/// Takes a digit of a count. A 0 begins none.
fn count(model: &mut Model, key: &KeyEvent) -> bool {
    let KeyCode::Char(c) = key.code else {
        return false;
    };
    let Some(digit) = c.to_digit(10).and_then(|digit| usize::try_from(digit).ok()) else {
        return false;
    };
    let may_begin = digit > 0;
    if !(key.modifiers - KeyModifiers::SHIFT).is_empty() || (model.count.is_none() && !may_begin) {
        return false;
    }
    let so_far = model.count.unwrap_or(0).saturating_mul(10);
    model.count = Some(so_far.saturating_add(digit).min(COUNT_MAX));
    true
}

/// Does what a command says. `key` is the one it was given with, if it was not chosen by name.
fn act(model: &mut Model, action: Action, count: Option<usize>, key: Option<&KeyEvent>) -> Outcome {
    match action {
        // Ctrl-C ends the program, and so does q where nothing lies over it.
        Action::Quit
            if model.overlay.is_some() && key.is_some_and(|key| key.modifiers.is_empty()) =>
        {
            return close(model);
        }
        Action::Quit => return Effect::Quit.into(),
        Action::Suspend => return Effect::Suspend.into(),
        Action::Redraw => return Effect::Redraw.into(),
        _ => {}
    }
    if model.overlay.is_some() {
        return act_over(model, action, key);
    }
    match (action, model.screen) {
        (Action::Help, _) => model.overlay = Some(Overlay::Help(Help::new(model.scopes()))),
        (Action::Palette, _) => {
            model.overlay = Some(Overlay::Palette(Palette::new(model.scopes())));
        }
        (Action::Traffic, _) => model.screen = Screen::Traffic,
        (Action::Compose, _) => model.screen = Screen::Compose,
        (Action::InTraffic(TrafficAction::ReplayExchange), Screen::Traffic) => {
            return replay(model, false);
        }
        (Action::InTraffic(TrafficAction::ReplayConnection), Screen::Traffic) => {
            return replay(model, true);
        }
        (Action::InTraffic(action), Screen::Traffic) => return model.traffic.perform(action),
        (Action::InDetail(action), Screen::Traffic) => model.traffic.in_detail(action),
        (action, Screen::Traffic) if model.traffic.is_typing() => {
            // Only leaving it means something else than text.
            if action == Action::Back {
                model.traffic.back();
            } else if let Some(key) = key {
                return model.traffic.press(key);
            }
        }
        (Action::Move(motion), Screen::Traffic) => model.traffic.navigate(motion, count),
        (Action::NextPane, Screen::Traffic) => model.traffic.next_pane(true),
        (Action::PreviousPane, Screen::Traffic) => model.traffic.next_pane(false),
        (Action::Back, Screen::Traffic) => model.traffic.back(),
        (Action::Copy, Screen::Traffic) => {
            return match model.traffic.copied() {
                Some(text) => copy(text),
                None => Notice::of("nothing is selected").into(),
            };
        }
        (action, Screen::Compose) => {
            let msg = match action {
                Action::InCompose(action) => compose::Msg::Perform(action),
                Action::Move(motion) => compose::Msg::Move(motion, count),
                Action::NextPane => compose::Msg::Focus { is_forward: true },
                Action::PreviousPane => compose::Msg::Focus { is_forward: false },
                Action::Back => compose::Msg::Back,
                Action::Copy => compose::Msg::Copy,
                _ => return Outcome::default(),
            };
            return composed(model, msg);
        }
        _ => {}
    }
    Outcome::default()
}

/// Asks where the selection is to be sent again.
fn replay(model: &mut Model, is_connection: bool) -> Outcome {
    let Some((what, server, index)) = model.traffic.to_replay(is_connection) else {
        return Notice::of("nothing is selected").into();
    };
    model.replays += 1;
    let replay = Replay::new(what, &server.to_string(), index, model.replays);
    model.overlay = Some(Overlay::Replay(Box::new(replay)));
    Outcome::default()
}

fn of_replay(effect: Option<replay::Effect>) -> Outcome {
    effect.map_or_else(Outcome::default, |effect| Effect::Replay(effect).into())
}

/// Takes away what lies over the screen, and ends what goes on behind it.
fn close(model: &mut Model) -> Outcome {
    match model.overlay.take() {
        Some(Overlay::Replay(_)) => of_replay(Some(replay::Effect::Stop)),
        _ => Outcome::default(),
    }
}

/// The same while something lies over the screen.
fn act_over(model: &mut Model, action: Action, key: Option<&KeyEvent>) -> Outcome {
    let page = help::page(model.size.1);
    match (action, &mut model.overlay) {
        (Action::Back, _) | (Action::Help, Some(Overlay::Help(_))) => return close(model),
        (Action::Move(motion), Some(Overlay::Replay(replay))) => {
            replay.navigate(motion, replay::lines(model.size.1));
        }
        (Action::Move(motion), Some(Overlay::Help(help))) => help.navigate(motion, page),
        (_, Some(Overlay::Palette(_))) => {
            if let Some(key) = key {
                return type_key(model, key);
            }
        }
        _ => {}
    }
    Outcome::default()
}

/// A key that is no command.
fn type_key(model: &mut Model, key: &KeyEvent) -> Outcome {
    match (&mut model.overlay, model.screen) {
        (Some(Overlay::Palette(palette)), _) => match palette.press(key) {
            None => Outcome::default(),
            Some(choice) => {
                model.overlay = None;
                chosen(model, choice)
            }
        },
        (Some(Overlay::Help(_) | Overlay::Replay(_)), _) => Outcome::default(),
        (None, Screen::Traffic) => model.traffic.press(key),
        (None, Screen::Compose) if model.compose.is_typing() => {
            composed(model, compose::Msg::Key(*key))
        }
        (None, Screen::Compose) => Outcome::default(),
    }
}

fn chosen(model: &mut Model, choice: Choice) -> Outcome {
    match choice {
        Choice::Command(action) => act(model, action, None, None),
        Choice::Line(line) => act(model, Action::Move(Motion::Last), Some(line), None),
        Choice::Unknown => Notice::wrong("there is no command of this name; ? shows all").into(),
    }
}

fn paste(model: &mut Model, text: &str) -> Outcome {
    match (&mut model.overlay, model.screen) {
        (Some(Overlay::Palette(palette)), _) => palette.paste(text),
        (Some(Overlay::Help(_)), _) => {}
        (Some(Overlay::Replay(replay)), _) => replay.paste(text),
        (None, Screen::Traffic) => model.traffic.paste(text),
        (None, Screen::Compose) => return composed(model, compose::Msg::Paste(text.to_owned())),
    }
    Outcome::default()
}

fn composed(model: &mut Model, msg: compose::Msg) -> Outcome {
    let mut outcome = Outcome::default();
    for effect in compose::update(&mut model.compose, msg) {
        match effect {
            compose::Effect::Copy(text) => {
                let copied = copy(text);
                outcome.effects.extend(copied.effects);
                outcome.notice = copied.notice;
            }
            compose::Effect::Append(exchange) => outcome.effects.push(Effect::Append(exchange)),
            other => outcome.effects.push(Effect::Compose(other)),
        }
    }
    outcome
}

fn copy(text: String) -> Outcome {
    Outcome {
        notice: Some(Notice::of(format!("copied {} bytes", text.len()))),
        effects: vec![Effect::Copy(text)],
    }
}
