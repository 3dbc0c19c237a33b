//! The answers of this session.

use crate::exchange::Exchange;
use petrel::wire::Status;
use std::collections::VecDeque;

/// As many are kept, and as many bytes of them: of more the oldest go.
const COUNT_MAX: usize = 1_000;
const BYTES_MAX: usize = 64 << 20;

/// What came of a request.
#[derive(Debug)]
pub(super) struct Answer {
    /// Its number in this session, from 1.
    pub(super) number: u32,
    /// The request and its answer.
    pub(super) exchange: Box<Exchange>,
    /// Why there is no answer that could be taken, if so.
    pub(super) failure: Option<String>,
}

/// The answers, the oldest one first, and which of them is looked at.
#[derive(Debug, Default)]
pub(super) struct Answers {
    kept: VecDeque<Answer>,
    bytes: usize,
    count: u32,
    /// Number of the selected one.
    selected: u32,
    /// Number of the one with which others are compared.
    base: Option<u32>,
}

impl Answer {
    /// Status of the answer, if one came.
    pub(super) fn status(&self) -> Option<Status> {
        let response = self.exchange.response.as_ref()?;
        Some(response.header.status)
    }

    /// The payload of the answer; of none, nothing.
    pub(super) fn payload(&self) -> &[u8] {
        let response = self.exchange.response.as_ref();
        response.map_or(&[], |response| response.payload())
    }

    fn len(&self) -> usize {
        self.exchange
            .messages()
            .map(|(_, message)| message.bytes.len())
            .sum()
    }
}

impl Answers {
    /// Adds one. It is selected, unless an earlier one is being looked at.
    pub(super) fn push(&mut self, exchange: Box<Exchange>, failure: Option<String>, stays: bool) {
        self.count = self.count.saturating_add(1);
        let answer = Answer {
            number: self.count,
            exchange,
            failure,
        };
        self.bytes += answer.len();
        self.kept.push_back(answer);
        while self.kept.len() > 1 && (self.kept.len() > COUNT_MAX || self.bytes > BYTES_MAX) {
            let gone = self.kept.pop_front();
            self.bytes -= gone.map_or(0, |gone| gone.len());
        }
        let is_gone = self.selected().is_none();
        if !stays || is_gone {
            self.selected = self.count;
        }
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Answer> + ExactSizeIterator {
        self.kept.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// The one that is looked at; none only if there is none at all.
    pub(super) fn selected(&self) -> Option<&Answer> {
        self.kept.get(self.position()?)
    }

    /// Which of those that are kept is selected.
    pub(super) fn position(&self) -> Option<usize> {
        self.position_of(self.selected)
    }

    pub(super) fn is_last_selected(&self) -> bool {
        self.selected == self.count
    }

    /// Selects another one, by its place among those that are kept.
    pub(super) fn select(&mut self, place: usize) {
        let place = place.min(self.kept.len().saturating_sub(1));
        if let Some(answer) = self.kept.get(place) {
            self.selected = answer.number;
        }
    }

    /// Number of the one with which others are compared.
    pub(super) const fn base(&self) -> Option<u32> {
        self.base
    }

    /// Compares others with the selected one from now on, or no longer.
    pub(super) fn toggle_base(&mut self) {
        let selected = self.selected().map(|answer| answer.number);
        self.base = selected.filter(|number| self.base != Some(*number));
    }

    /// What the selected one is compared with: the base, else the answer before to a request of the same
    /// name.
    pub(super) fn other(&self) -> Option<&Answer> {
        let selected = self.selected()?;
        let base = self
            .base
            .and_then(|number| self.kept.get(self.position_of(number)?));
        match base {
            Some(base) if base.number != selected.number => Some(base),
            _ => {
                let before = self.kept.iter().take(self.position()?).rev();
                let name = selected.exchange.name();
                before
                    .into_iter()
                    .find(|answer| answer.exchange.name() == name)
            }
        }
    }

    fn position_of(&self, number: u32) -> Option<usize> {
        let first = self.kept.front()?.number;
        let place = usize::try_from(number.checked_sub(first)?).ok()?;
        (place < self.kept.len()).then_some(place)
    }
}
