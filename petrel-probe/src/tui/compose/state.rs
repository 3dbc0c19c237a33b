//! Everything that the composer knows.

use super::{
    super::input::{Completion, Input},
    answers::Answers,
    body::Form,
    effect::{Entry, Order, Route},
    fields::Field,
    message::Took,
    pager::Pager,
    payload::Payload,
    setup::Setup,
};
use crate::exchange::KeyLabel;

/// The composer.
#[derive(Debug, Default)]
pub(crate) struct Compose {
    pub(super) target: Input,
    pub(super) name: Input,
    pub(super) payload: Payload,
    /// Which key signs; none: without MACs.
    pub(super) key: Option<usize>,
    pub(super) timeout: Input,
    pub(super) repeat: Input,
    /// What has the keys.
    pub(super) field: Field,
    /// What of the request had them before the answer.
    pub(super) left: Field,
    /// What the target or the name could become.
    pub(super) completion: Completion,
    pub(super) names: Names,
    pub(super) keys: Keys,
    pub(super) link: Link,
    /// What is under way.
    pub(super) work: Option<Work>,
    /// The file that is being read.
    pub(super) reading: Reading,
    pub(super) answers: Answers,
    /// How answers are shown.
    pub(super) form: Form,
    pub(super) shown: Shown,
    pub(super) pager: Pager,
    pub(super) said: Option<Said>,
}

/// The keys that could sign, by what they are called.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) labels: Vec<KeyLabel>,
    /// For each the arguments that name it.
    pub(super) words: Vec<Vec<String>>,
    /// The arguments of TLS.
    pub(super) tls_words: Vec<String>,
}

/// The connection, as far as is known.
#[derive(Debug, Default)]
pub(super) enum Link {
    /// There was none yet.
    #[default]
    None,
    /// It is being opened.
    Opening(Route),
    /// It is open.
    Open(Box<Took>),
    /// It could not be opened: why.
    Refused(String),
    /// It ended: why.
    Lost(String),
}

/// An order that is under way.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) answered: u32,
    pub(super) of: u32,
}

/// A file that is being read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) generation: u64,
    /// Whether its contents are to be sent then.
    pub(super) sends: bool,
}

/// What the pane of the answer shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shown {
    /// The answer.
    #[default]
    Answer,
    /// What is other than in an earlier one.
    Difference,
    /// The request as a command.
    Command,
}

/// A line that says what happened. Gone with the next key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) is_wrong: bool,
}

/// Targets and names, for completion: the latest one first, each once.
#[derive(Debug, Default)]
pub(super) struct Names {
    sent: Vec<Entry>,
    seen: Vec<String>,
}

impl Compose {
    /// With what it is opened with.
    pub(crate) fn new(setup: &Setup) -> Self {
        let target = setup.target.as_ref().map(ToString::to_string);
        let timeout = humantime::format_duration(setup.timeout).to_string();
        let has_key = !setup.keys.is_empty();
        let mut compose = Self {
            target: Input::new(target.as_deref().unwrap_or_default()),
            timeout: Input::new(&timeout),
            repeat: Input::new("1"),
            key: has_key.then_some(0),
            keys: Keys {
                labels: setup.keys.labels().cloned().collect(),
                words: setup.key_words.clone(),
                tls_words: setup.tls.to_words(),
            },
            ..Self::default()
        };
        compose.focus(if target.is_some() {
            Field::Name
        } else {
            Field::Target
        });
        compose
    }

    /// Whether a text input has the keys.
    pub(crate) const fn is_typing(&self) -> bool {
        self.field.is_text()
    }

    pub(super) fn focus(&mut self, field: Field) {
        self.field = field;
        self.completion = Completion::default();
        self.payload.set_focus(field == Field::Payload);
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.said = Some(Said {
            text: text.into(),
            is_wrong: false,
        });
    }

    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.said = Some(Said {
            text: text.into(),
            is_wrong: true,
        });
    }

    /// The one-line input that has the keys.
    pub(super) const fn input(&mut self) -> Option<&mut Input> {
        match self.field {
            Field::Target => Some(&mut self.target),
            Field::Name => Some(&mut self.name),
            Field::Timeout => Some(&mut self.timeout),
            Field::Repeat => Some(&mut self.repeat),
            _ => None,
        }
    }

    /// Offers what the target or the name that is typed could become.
    pub(super) fn complete(&mut self) {
        self.completion = match self.field {
            Field::Target => Completion::of(&self.target, 0, self.names.targets()),
            Field::Name => Completion::of(&self.name, 0, self.names.names()),
            _ => Completion::default(),
        };
    }

    /// Shows the selected answer, or what else the pane is to show.
    pub(super) fn show(&mut self) {
        let body = match (self.shown, self.answers.selected(), self.answers.other()) {
            (Shown::Command, ..) => return,
            (_, None, _) => super::pager::Body::default(),
            (Shown::Difference, Some(answer), Some(earlier)) => {
                super::body::difference(earlier, answer, self.form)
            }
            (_, Some(answer), _) => super::body::of(answer, self.form),
        };
        self.pager.show(body);
    }

    /// An order is on its way.
    pub(super) fn begin(&mut self, order: &Order) {
        self.work = Some(Work {
            answered: 0,
            of: order.repeat,
        });
    }
}

impl Names {
    /// What was sent in earlier sessions, the latest one last; it comes behind that of this one.
    pub(super) fn remember(&mut self, entries: Vec<Entry>) {
        for entry in entries.into_iter().rev() {
            if !self.sent.contains(&entry) {
                self.sent.push(entry);
            }
        }
    }

    /// Something was sent. Whether that is news.
    pub(super) fn sent(&mut self, entry: &Entry) -> bool {
        if self.sent.first() == Some(entry) {
            return false;
        }
        self.sent.retain(|earlier| earlier != entry);
        self.sent.insert(0, entry.clone());
        true
    }

    pub(super) fn set_seen(&mut self, names: Vec<String>) {
        self.seen = names;
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let sent = self.sent.iter().map(|entry| entry.name.as_str());
        once(sent.chain(self.seen.iter().map(String::as_str)))
    }

    pub(super) fn targets(&self) -> impl Iterator<Item = &str> {
        once(self.sent.iter().map(|entry| entry.target.as_str()))
    }
}

/// Each text once, where it comes first.
fn once<'a>(texts: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    let mut seen = std::collections::HashSet::new();
    texts.filter(move |text| !text.is_empty() && seen.insert(*text))
}
