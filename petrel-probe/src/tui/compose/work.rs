//! What the composer has done for it, and what comes of that.

use super::{
    effect::{Effect, Order},
    fields::Field,
    message::Msg,
    order::Wrong,
    payload::{FileState, Kind},
    state::{Compose, Link, Shown},
};
use crate::exchange::Exchange;
use std::{path::PathBuf, sync::Arc};

impl Compose {
    pub(super) fn connect(&mut self) -> Vec<Effect> {
        if self.work.is_some() {
            self.complain("a request is under way; Esc stops it");
            return Vec::new();
        }
        match self.route() {
            Ok(route) => {
                self.link = Link::Opening(route.clone());
                vec![Effect::Connect(route)]
            }
            Err(wrong) => self.refuse(wrong),
        }
    }

    pub(super) fn send(&mut self) -> Vec<Effect> {
        self.take_completion();
        if self.work.is_some() {
            self.complain("a request is under way; Esc stops it");
            return Vec::new();
        }
        if self.payload.kind() == Kind::File {
            // It may have changed since it was read.
            return match self.check_all_but_payload() {
                Ok(()) => self.read_file(true),
                Err(wrong) => self.refuse(wrong),
            };
        }
        match self.order() {
            Ok(order) => self.place(order),
            Err(wrong) => self.refuse(wrong),
        }
    }

    fn place(&mut self, order: Order) -> Vec<Effect> {
        self.begin(&order);
        let entry = self.entry();
        let mut effects = vec![Effect::Send(Box::new(order))];
        if self.names.sent(&entry) {
            effects.push(Effect::Remember(entry));
        }
        effects
    }

    pub(super) fn refuse(&mut self, wrong: Wrong) -> Vec<Effect> {
        self.complain(wrong.text);
        self.focus(wrong.field);
        Vec::new()
    }

    pub(super) fn read_file(&mut self, sends: bool) -> Vec<Effect> {
        if self.payload.kind() != Kind::File {
            return Vec::new();
        }
        let path = self.payload.path().text().to_owned();
        if path.is_empty() {
            if sends {
                self.complain("type the path of the file that holds the payload");
                self.focus(Field::Payload);
            }
            return Vec::new();
        }
        self.reading.generation += 1;
        self.reading.sends = sends;
        self.payload.set_file(FileState::Reading);
        vec![Effect::ReadFile {
            path: PathBuf::from(path),
            generation: self.reading.generation,
        }]
    }

    /// What the worker tells.
    pub(super) fn told(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Connecting(route) => self.link = Link::Opening(route),
            Msg::Connected(mut took) => {
                let exchange = took.exchange.take();
                self.link = Link::Open(took);
                return exchange.into_iter().map(Effect::Append).collect();
            }
            Msg::Refused(why) => self.link = Link::Refused(why),
            Msg::Lost(why) => self.link = Link::Lost(why),
            Msg::Answered(exchange) => return self.answered(exchange, None),
            Msg::Failed { why, exchange } => {
                self.complain(why.clone());
                if let Some(exchange) = exchange {
                    return self.answered(exchange, Some(why));
                }
            }
            Msg::Finished => self.work = None,
            Msg::FileRead { generation, bytes } => return self.file_read(generation, bytes),
            Msg::Warned(what) => self.complain(what),
            _ => {}
        }
        Vec::new()
    }

    fn answered(&mut self, exchange: Box<Exchange>, failure: Option<String>) -> Vec<Effect> {
        if let Some(work) = &mut self.work {
            work.answered += 1;
        }
        let append = Effect::Append(exchange.clone());
        let stays = self.field == Field::Answers && !self.answers.is_last_selected();
        self.answers.push(exchange, failure, stays);
        if self.shown == Shown::Command {
            self.shown = Shown::Answer;
        }
        if !stays {
            self.show();
        }
        vec![append]
    }

    fn file_read(&mut self, generation: u64, bytes: Result<Vec<u8>, String>) -> Vec<Effect> {
        if generation != self.reading.generation || *self.payload.file() != FileState::Reading {
            return Vec::new();
        }
        let sends = std::mem::take(&mut self.reading.sends);
        self.payload.set_file(match bytes {
            Ok(bytes) => FileState::Read(Arc::new(bytes)),
            Err(why) => FileState::Failed(why),
        });
        if !sends || self.payload.kind() != Kind::File || self.work.is_some() {
            return Vec::new();
        }
        match self.order() {
            Ok(order) => self.place(order),
            Err(wrong) => self.refuse(wrong),
        }
    }
}
