//! What happens to the composer. Pure: no clock, no network, nothing is read.

use super::{
    super::{commands::Motion, input::Input},
    Action,
    digits::digits,
    effect::Effect,
    fields::Field,
    message::Msg,
    pager::{Body, Line, Tone},
    payload::{Kind, Payload},
    state::{Compose, Link, Shown},
};
use crate::exchange::Exchange;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Longer answers are not handed to a terminal.
const COPY_LEN_MAX: usize = 1 << 20;

/// Tells the composer what happened.
pub(crate) fn update(compose: &mut Compose, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Begin if compose.target.text().is_empty() => Vec::new(),
        Msg::Begin => compose.connect(),
        Msg::Perform(action) => compose.perform(action),
        Msg::Move(motion, count) => compose.navigate(motion, count),
        Msg::Key(key) => compose.press(&key),
        Msg::Paste(text) => compose.paste(&text),
        Msg::Focus { is_forward } => compose.next_field(is_forward),
        Msg::Back => compose.back(),
        Msg::Copy => compose.copied(),
        Msg::Names(names) => {
            compose.names.set_seen(names);
            Vec::new()
        }
        Msg::Remembered(entries) => {
            compose.names.remember(entries);
            Vec::new()
        }
        msg => compose.told(msg),
    }
}

impl Compose {
    fn perform(&mut self, action: Action) -> Vec<Effect> {
        self.said = None;
        match action {
            Action::Send => return self.send(),
            Action::Connect => return self.connect(),
            Action::CopyCommand => return self.copy_command(),
            Action::Activate => return self.activate(),
            Action::PayloadForm => self.payload.turn(true),
            Action::Tidy => {
                if let Err(wrong) = self.payload.tidy() {
                    self.complain(wrong);
                }
            }
            Action::Mac => self.next_key(true),
            Action::Turn => return self.turn(),
            Action::AnswerForm => {
                if self.shown == Shown::Command {
                    self.shown = Shown::Answer;
                } else {
                    self.form = self.form.next();
                }
                self.show();
            }
            Action::Compare => self.compare(),
            Action::Base => {
                self.answers.toggle_base();
                self.show();
            }
            Action::Recall => self.recall(),
        }
        Vec::new()
    }

    /// Enter outside of text.
    fn activate(&mut self) -> Vec<Effect> {
        match self.field {
            Field::Send => return self.send(),
            Field::Form => self.payload.turn(true),
            Field::Mac => self.next_key(true),
            Field::Answers => self.focus(Field::Answer),
            _ => {}
        }
        Vec::new()
    }

    fn navigate(&mut self, motion: Motion, count: Option<usize>) -> Vec<Effect> {
        match (self.field, motion) {
            // While text is typed, these keys mean what they mean on a shell.
            (field, Motion::HalfPageUp) if field.is_text() => return self.press(&ctrl('u')),
            (field, Motion::HalfPageDown) if field.is_text() => return self.press(&ctrl('d')),
            (Field::Answer, _) => self.pager.navigate(motion, count),
            (Field::Answers, _) => self.select(motion, count),
            (Field::Form, Motion::Left | Motion::Right) => {
                self.payload.turn(motion == Motion::Right);
            }
            (Field::Mac, Motion::Left | Motion::Right) => self.next_key(motion == Motion::Right),
            (_, Motion::Up | Motion::Left) => return self.next_field(false),
            (_, Motion::Down | Motion::Right) => return self.next_field(true),
            _ => {}
        }
        Vec::new()
    }

    fn select(&mut self, motion: Motion, count: Option<usize>) {
        const PAGE: usize = 10;
        let at = self.answers.position().unwrap_or(0);
        let times = count.unwrap_or(1);
        let last = self.answers.len().saturating_sub(1);
        // The latest one stands on top, so that down is back in time.
        let place = match motion {
            Motion::Down => at.saturating_sub(times),
            Motion::Up => at.saturating_add(times),
            Motion::HalfPageDown | Motion::PageDown => at.saturating_sub(PAGE),
            Motion::HalfPageUp | Motion::PageUp => at.saturating_add(PAGE),
            Motion::First | Motion::Last => match (count, motion) {
                (Some(line), _) => last.saturating_sub(line.saturating_sub(1)),
                (None, Motion::First) => last,
                (None, _) => 0,
            },
            Motion::Left | Motion::Right => at,
        };
        self.answers.select(place);
        self.shown = match self.shown {
            Shown::Command => Shown::Answer,
            shown => shown,
        };
        self.show();
    }

    fn press(&mut self, key: &KeyEvent) -> Vec<Effect> {
        self.said = None;
        if self.field == Field::Payload && self.payload.kind() != Kind::File {
            // Beyond its first and last line the editor gives the keys away.
            if !self.payload.press(key) && key.modifiers.is_empty() {
                match key.code {
                    KeyCode::Up => return self.next_field(false),
                    KeyCode::Down => return self.next_field(true),
                    _ => {}
                }
            }
            return Vec::new();
        }
        match key.code {
            KeyCode::Enter => return self.enter(),
            KeyCode::Up | KeyCode::Down => return self.press_up_or_down(key),
            _ => {}
        }
        if self.field == Field::Payload {
            self.payload.press(key);
            return Vec::new();
        }
        let Some(input) = self.input() else {
            return Vec::new();
        };
        let before = input.text().len();
        input.press(key);
        let is_changed = self.input().map_or(0, |input| input.text().len()) != before;
        if is_changed {
            self.complete();
        }
        Vec::new()
    }

    /// Up and Down go through what is offered, and without that from field to field. Down in an empty
    /// name or target offers everything.
    fn press_up_or_down(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let is_forward = key.code == KeyCode::Down;
        let is_empty = self.input().is_some_and(|input| input.text().is_empty());
        if self.completion.is_empty() && is_forward && is_empty {
            self.complete();
        }
        if self.completion.is_empty() || (!is_forward && !self.completion.has_selected()) {
            return self.next_field(is_forward);
        }
        self.completion.select(is_forward);
        Vec::new()
    }

    /// Enter while text is typed on one line.
    fn enter(&mut self) -> Vec<Effect> {
        if self.take_completion() {
            return Vec::new();
        }
        match self.field {
            Field::Target => {
                let effects = self.connect();
                if self.said.is_none() {
                    self.focus(Field::Name);
                }
                effects
            }
            Field::Name => {
                self.focus(Field::Payload);
                Vec::new()
            }
            _ => self.next_field(true),
        }
    }

    /// Puts in what is selected of what is offered.
    pub(super) fn take_completion(&mut self) -> bool {
        if !self.completion.has_selected() {
            return false;
        }
        let mut completion = std::mem::take(&mut self.completion);
        if let Some(input) = self.input() {
            completion.apply(input);
        }
        true
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.said = None;
        if self.field == Field::Payload {
            if let Err(wrong) = self.payload.paste(text) {
                self.complain(wrong);
            }
        } else if let Some(input) = self.input() {
            input.paste(text);
            self.complete();
        }
        Vec::new()
    }

    fn next_field(&mut self, is_forward: bool) -> Vec<Effect> {
        self.take_completion();
        let left = self.field;
        let mut field = left.neighbour(is_forward);
        while self.is_skipped(field) {
            field = field.neighbour(is_forward);
        }
        self.focus(field);
        // Left, the path of a file says how long that is.
        if left == Field::Payload {
            self.read_file(false)
        } else {
            Vec::new()
        }
    }

    /// From the request to the answer, and back to the field that had the keys.
    fn turn(&mut self) -> Vec<Effect> {
        if !self.field.is_of_request() {
            self.focus(self.left);
            return Vec::new();
        }
        self.left = self.field;
        self.take_completion();
        self.focus(Field::Answer);
        if self.left == Field::Payload {
            self.read_file(false)
        } else {
            Vec::new()
        }
    }

    fn is_skipped(&self, field: Field) -> bool {
        match field {
            Field::Mac => self.keys.labels.is_empty(),
            Field::Answers => self.answers.len() < 2,
            _ => false,
        }
    }

    fn back(&mut self) -> Vec<Effect> {
        self.said = None;
        if !self.completion.is_empty() {
            self.completion = Default::default();
        } else if self.work.is_some() || matches!(self.link, Link::Opening(_)) {
            return vec![Effect::Stop];
        } else if self.shown != Shown::Answer {
            self.shown = Shown::Answer;
            self.show();
        } else if self.field.is_text() {
            let left = self.field;
            self.focus(Field::Send);
            if left == Field::Payload {
                return self.read_file(false);
            }
        } else {
            self.focus(Field::Name);
        }
        Vec::new()
    }

    fn copied(&mut self) -> Vec<Effect> {
        let payload = match (self.field, self.answers.selected()) {
            (Field::Answer | Field::Answers, Some(answer)) => answer.payload(),
            _ => return self.copy_command(),
        };
        if payload.len() > COPY_LEN_MAX {
            self.complain("no terminal takes a copy of more than 1 MiB");
            return Vec::new();
        }
        // What is no text is copied as it can be typed.
        let text = std::str::from_utf8(payload).map_or_else(|_| digits(payload), str::to_owned);
        vec![Effect::Copy(text)]
    }

    fn copy_command(&mut self) -> Vec<Effect> {
        match self.shell_command() {
            Ok(command) => {
                self.shown = Shown::Command;
                // Not every terminal has a clipboard to give it to: there it can be selected.
                let remark = "copied; where the terminal takes no copies, select it here:";
                self.pager.show(Body::Lines(vec![
                    Line::new(remark, Tone::Remark),
                    Line::new(command.clone(), Tone::Plain),
                ]));
                vec![Effect::Copy(command)]
            }
            Err(wrong) => self.refuse(wrong),
        }
    }

    fn compare(&mut self) {
        if self.shown == Shown::Difference {
            self.shown = Shown::Answer;
        } else if self.answers.other().is_some() {
            self.shown = Shown::Difference;
        } else {
            self.say("there is no earlier answer of this name; b makes one the base");
        }
        self.show();
    }

    fn next_key(&mut self, is_forward: bool) {
        let last = self.keys.labels.len().checked_sub(1);
        self.key = match (self.key, is_forward) {
            (None, true) => last.map(|_| 0),
            (None, false) => last,
            (Some(key), true) => Some(key + 1).filter(|key| Some(*key) <= last),
            (Some(key), false) => key.checked_sub(1),
        };
        if last.is_none() {
            self.say("no key was given: --hmac-key-file or --hmac-key-env names one");
        }
    }

    fn recall(&mut self) {
        let Some(answer) = self.answers.selected() else {
            return;
        };
        let exchange = answer.exchange.clone();
        self.edit(&exchange);
    }

    /// Takes the request of an exchange up.
    pub(crate) fn edit(&mut self, exchange: &Exchange) {
        let Some(request) = &exchange.request else {
            return self.complain("there is no request to take up");
        };
        let Ok(name) = std::str::from_utf8(request.name()) else {
            return self.complain("a name that is not UTF-8 cannot be typed");
        };
        match Payload::of(request.payload()) {
            Ok(payload) => {
                self.name = Input::new(name);
                self.payload = payload;
                self.focus(Field::Payload);
                if !request.is_complete() {
                    self.say("bytes of this request are missing");
                }
            }
            Err(_) => {
                // Nothing of another request may go out under this name.
                self.name = Input::new(name);
                self.payload = Payload::of_file();
                self.focus(Field::Payload);
                self.complain("its payload is too long to be typed: give a file that holds it");
            }
        }
    }
}

fn ctrl(letter: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
}
