//! Which answer belongs to which request.

use crate::exchange::{Message, Note};
use std::collections::VecDeque;

/// Messages of a side that may wait for those of the other; beyond, the oldest goes alone.
const WAITING_MAX: usize = 65_536;

/// Their bytes, likewise.
const WAITING_BYTES_MAX: usize = 32 << 20;

/// What a message costs beside its bytes.
const OVERHEAD: usize = 256;

/// How far behind the oldest message its partner is looked for.
const LOOKED_THROUGH: usize = 256;

/// Messages of a side that wait for those of the other.
#[derive(Debug, Default)]
pub(super) struct Queue {
    messages: VecDeque<Waiting>,
    held: usize,
    /// Whether messages may be missing before the next one that comes.
    is_lossy: bool,
}

/// A message that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) message: Message,
    /// Whether messages may be missing before it.
    pub(super) after_loss: bool,
    pub(super) notes: Vec<Note>,
}

/// What the oldest request and the oldest answer are to each other.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They belong together; with what deserves to be said.
    Pair(Vec<Note>),
    /// The request of this answer is missing.
    AnswerAlone,
    /// The answer to this request is missing.
    RequestAlone,
}

impl Queue {
    pub(super) fn push(&mut self, mut waiting: Waiting) {
        waiting.after_loss |= std::mem::take(&mut self.is_lossy);
        self.held += waiting.cost();
        self.messages.push_back(waiting);
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let waiting = self.messages.pop_front()?;
        self.held -= waiting.cost();
        Some(waiting)
    }

    /// Takes the oldest one before its partner came: from now on it is missing before the next one.
    pub(super) fn shed(&mut self) -> Option<Waiting> {
        let waiting = self.pop();
        match self.messages.front_mut() {
            Some(next) => next.after_loss = true,
            None => self.is_lossy = true,
        }
        waiting
    }

    /// Messages may be missing here.
    pub(super) const fn lose(&mut self) {
        self.is_lossy = true;
    }

    /// Whether messages may be missing behind the newest one.
    pub(super) const fn is_lossy(&self) -> bool {
        self.is_lossy
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// What waits, in bytes.
    pub(super) const fn held(&self) -> usize {
        self.held
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.messages.len() > WAITING_MAX || self.held > WAITING_BYTES_MAX
    }

    /// Whether a message behind the oldest is the partner of one of the other side.
    fn has_partner_later(&self, of: &Message) -> bool {
        let mut later = self.messages.iter().skip(1).take(LOOKED_THROUGH);
        later.any(|one| are_partners(&one.message, of))
    }
}

impl Waiting {
    fn cost(&self) -> usize {
        self.message.bytes.len() + OVERHEAD
    }
}

/// What is to be done with the oldest request and the oldest answer, once both are there.
///
/// Where nothing was lost their order decides, as it does for a client. Where something was, a number
/// that is too low is that of a lost request's answer, and one that is too high tells of a lost answer.
/// Clients need not count; so where numbers do not tell, partners further behind do.
pub(super) fn verdict(requests: &Queue, answers: &Queue) -> Option<Verdict> {
    let (request, answer) = (requests.messages.front()?, answers.messages.front()?);
    let (asked, answered) = (&request.message, &answer.message);
    if are_partners(asked, answered) {
        return Some(Verdict::Pair(Vec::new()));
    }
    let (expected, got) = (asked.header.sequence, answered.header.sequence);
    // As a signed number: how far the answer is ahead of the request.
    let ahead = got.wrapping_sub(expected).cast_signed();
    let alone = match (request.after_loss, answer.after_loss) {
        (false, false) => None,
        (true, false) => {
            (ahead <= 0 || answers.has_partner_later(asked)).then_some(Verdict::AnswerAlone)
        }
        (false, true) => {
            (ahead >= 0 || requests.has_partner_later(answered)).then_some(Verdict::RequestAlone)
        }
        (true, true) if ahead < 0 => Some(Verdict::AnswerAlone),
        (true, true) if ahead > 0 => Some(Verdict::RequestAlone),
        (true, true) if answers.has_partner_later(asked) => Some(Verdict::AnswerAlone),
        (true, true) if requests.has_partner_later(answered) => Some(Verdict::RequestAlone),
        (true, true) => None,
    };
    if alone.is_some() {
        return alone;
    }
    let mut notes = Vec::new();
    if expected != got {
        notes.push(Note::WrongSequence { expected, got });
    }
    if !have_same_name(asked, answered) {
        notes.push(Note::WrongName);
    }
    Some(Verdict::Pair(notes))
}

fn are_partners(request: &Message, answer: &Message) -> bool {
    request.header.sequence == answer.header.sequence && have_same_name(request, answer)
}

/// Whether two names are the same, as far as they were captured.
fn have_same_name(request: &Message, answer: &Message) -> bool {
    if request.header.name_len != answer.header.name_len {
        return false;
    }
    request.name() == answer.name() || !request.has_name() || !answer.has_name()
}
