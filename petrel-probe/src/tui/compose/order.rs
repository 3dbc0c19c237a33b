//! From what is typed to what is sent.

use super::{
    effect::{Entry, Order, Route},
    fields::Field,
    setup::Setup,
    shell,
    state::Compose,
};
use crate::talk::{Mac, Request};
use petrel::{Unit, wire::NAME_LEN_MAX};
use petrel_cli::{Target, quantity};
use std::time::Duration;

/// More often nothing is sent; that is what `petrel-bench` is for.
const REPEAT_MAX: u32 = 10_000;

/// What is wrong with a field.
pub(super) struct Wrong {
    pub(super) field: Field,
    pub(super) text: String,
}

impl Wrong {
    fn new(field: Field, text: impl Into<String>) -> Self {
        Self {
            field,
            text: text.into(),
        }
    }
}

impl Compose {
    /// Where the request goes.
    pub(super) fn route(&self) -> Result<Route, Wrong> {
        let text = self.target.text().trim();
        let target = text.parse::<Target>();
        let target = target.map_err(|error| Wrong::new(Field::Target, error.to_string()))?;
        Ok(Route {
            target,
            key: self.key,
        })
    }

    /// The requests that are to be sent.
    pub(super) fn order(&self) -> Result<Order, Wrong> {
        let route = self.route()?;
        self.check_name()?;
        let payload = self.payload.bytes();
        let payload = payload.map_err(|text| Wrong::new(Field::Payload, text))?;
        Ok(Order {
            route,
            request: Request {
                name: self.name.text().into(),
                payload,
                mac: if self.key.is_some() {
                    Mac::Sign
                } else {
                    Mac::Strip
                },
            },
            timeout: self.timeout()?,
            repeat: self.repeat()?,
        })
    }

    /// Whether everything but the payload can be sent.
    pub(super) fn check_all_but_payload(&self) -> Result<(), Wrong> {
        self.route()?;
        self.check_name()?;
        self.timeout()?;
        self.repeat()?;
        Ok(())
    }

    /// What is remembered of it.
    pub(super) fn entry(&self) -> Entry {
        Entry {
            target: self.target.text().trim().to_owned(),
            name: self.name.text().to_owned(),
        }
    }

    /// The request as a command for a shell.
    pub(super) fn shell_command(&self) -> Result<String, Wrong> {
        self.route()?;
        self.check_name()?;
        let kind = self.payload.kind();
        let payload = match kind {
            super::payload::Kind::File => Vec::new(),
            _ => {
                let payload = self.payload.bytes();
                payload.map_err(|text| Wrong::new(Field::Payload, text))?
            }
        };
        let mut places = self.keys.tls_words.clone();
        if !self.is_under_tls() {
            places.clear();
        }
        let key_words = self.key.and_then(|key| self.keys.words.get(key));
        places.extend(key_words.into_iter().flatten().cloned());
        let timeout = self.timeout()?;
        shell::command(shell::Words {
            target: self.target.text().trim(),
            name: self.name.text(),
            kind,
            payload: &payload,
            path: self.payload.path().text(),
            places: &places,
            timeout: (timeout != Setup::TIMEOUT).then_some(timeout),
            repeat: self.repeat()?,
        })
        .map_err(|text| Wrong::new(Field::Payload, text))
    }

    fn is_under_tls(&self) -> bool {
        let route = self.route().ok();
        route.is_some_and(
            |route| matches!(route.target, Target::Endpoint(endpoint) if endpoint.is_tls()),
        )
    }

    fn check_name(&self) -> Result<(), Wrong> {
        let len = self.name.text().len();
        if len > NAME_LEN_MAX {
            let text = format!("the name has {len} bytes, and at most {NAME_LEN_MAX} fit");
            return Err(Wrong::new(Field::Name, text));
        }
        Ok(())
    }

    fn timeout(&self) -> Result<Duration, Wrong> {
        let text = self.timeout.text().trim();
        match quantity::parse(Unit::Milliseconds, text) {
            Ok(0) => Err(Wrong::new(
                Field::Timeout,
                "no answer comes in no time: write 30s",
            )),
            // The clock cannot tell times beyond all ages.
            Ok(milliseconds) => Ok(Duration::from_millis(milliseconds.min(u64::from(u32::MAX)))),
            Err(error) => Err(Wrong::new(Field::Timeout, format!("timeout: {error}"))),
        }
    }

    fn repeat(&self) -> Result<u32, Wrong> {
        let text = self.repeat.text().trim();
        let times = text.parse().ok();
        let times = times.filter(|times| (1..=REPEAT_MAX).contains(times));
        times.ok_or_else(|| {
            let text = format!("repeat: write a number from 1 to {REPEAT_MAX}");
            Wrong::new(Field::Repeat, text)
        })
    }
}
