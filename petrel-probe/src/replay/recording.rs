//! What can be sent again of a capture, and in which order.

use crate::{
    exchange::{Exchange, MacState, Note, Side},
    index::{Index, Indexer, Reading, Stores},
};
use petrel::wire::{MAC_LEN, PROTOCOL_CHECK, PROTOCOL_VERSION};
use std::{
    collections::{BTreeMap, HashMap},
    io,
};

/// So many different names are counted one by one.
const NAMES_MAX: usize = 10_000;

/// Exchanges that can be sent again. It keeps a row for each; the bytes stay in the capture, or go to a
/// temporary file.
#[derive(Debug)]
pub struct Recording {
    indexer: Indexer,
    /// When each row was asked, on its connection never before the one above it.
    times_ns: Vec<u64>,
    connections: HashMap<u32, Recorded>,
    names: BTreeMap<Vec<u8>, u64>,
    other_names: u64,
    skipped: BTreeMap<Skip, u64>,
}

/// A recorded connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recorded {
    /// The MAC of its protocol check, which is that of ours too.
    pub(super) check_mac: Option<[u8; MAC_LEN]>,
    last_ns: u64,
    /// How many of its requests can be sent.
    pub(super) requests: u64,
    /// Whether bytes of its client are missing so far.
    has_lost: bool,
}

/// Why a recorded exchange is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever counts them counts them all"
)]
pub enum Skip {
    /// It is a protocol check. Every connection begins with its own.
    ProtocolCheck,
    /// It was not wanted.
    FilteredOut,
    /// The request was not captured.
    RequestNotCaptured,
    /// Bytes of the request are missing.
    RequestIncomplete,
    /// The answer was lost in a gap.
    ResponseNotCaptured,
    /// Bytes of the answer are missing.
    ResponseIncomplete,
    /// The request was found behind a gap, and no answer confirms that it was one: it may be what a
    /// payload holds.
    Unconfirmed,
}

impl Recording {
    /// Nothing yet. The stores are where the exchanges that will be taken have their bytes.
    pub fn new(stores: Stores) -> Self {
        Self {
            indexer: Indexer::new(stores),
            times_ns: Vec::new(),
            connections: HashMap::new(),
            names: BTreeMap::new(),
            other_names: 0,
            skipped: BTreeMap::new(),
        }
    }

    /// Takes an exchange, those of a connection in their order.
    ///
    /// # Errors
    /// If its bytes cannot be kept.
    pub fn take(&mut self, exchange: &Exchange, is_wanted: bool) -> io::Result<()> {
        if let Some(reason) = self.why_not(exchange, is_wanted) {
            *self.skipped.entry(reason).or_default() += 1;
            return Ok(());
        }
        self.indexer.push(exchange)?;
        let recorded = self.connections.entry(exchange.connection).or_default();
        recorded.requests += 1;
        let asked_ns = exchange.request.as_ref().map_or(0, |sent| sent.time_ns);
        // The clock of a capture may run backwards; a connection does not.
        recorded.last_ns = recorded.last_ns.max(asked_ns);
        self.times_ns.push(recorded.last_ns);
        self.count_name(exchange.name());
        Ok(())
    }

    /// How many requests can be sent.
    pub fn len(&self) -> u64 {
        self.times_ns.len() as u64
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.times_ns.is_empty()
    }

    /// The names that would be sent and how often, the most frequent first. Of more than ten thousand
    /// different ones the first are told.
    pub fn names(&self) -> Vec<(&[u8], u64)> {
        let mut names: Vec<_> = self
            .names
            .iter()
            .map(|(name, count)| (name.as_slice(), *count))
            .collect();
        names.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        names
    }

    /// How many requests have a name that is not among [`Recording::names`].
    pub const fn other_names(&self) -> u64 {
        self.other_names
    }

    /// How many exchanges are not sent, by reason.
    pub const fn skipped(&self) -> &BTreeMap<Skip, u64> {
        &self.skipped
    }

    /// How many connections have requests that can be sent.
    pub fn connections(&self) -> usize {
        let connections = self.connections.values();
        connections.filter(|recorded| recorded.requests > 0).count()
    }

    /// Whether a recorded request carries a MAC.
    pub fn has_macs(&self) -> bool {
        let mut rows = self.index().rows(0..self.index().len());
        rows.any(|(_, row)| row.request_mac.is_some_and(|mac| *mac != MacState::None))
    }

    /// Row numbers in the order in which they were asked.
    pub(super) fn in_order(&self) -> Vec<u32> {
        let mut rows: Vec<u32> = (0..self.index().len()).collect();
        let asked = |row: &u32| {
            let place = usize::try_from(*row).unwrap_or(usize::MAX);
            self.times_ns.get(place).copied()
        };
        rows.sort_by_key(asked);
        rows
    }

    /// Number of the connection of a row.
    pub(super) fn connection_of(&self, row: u32) -> Option<u32> {
        self.index().row(row).map(|row| row.connection)
    }

    pub(super) fn recorded(&self, connection: u32) -> Recorded {
        self.connections
            .get(&connection)
            .copied()
            .unwrap_or_default()
    }

    /// Reads exchanges one after the other.
    pub(super) const fn reader(&self) -> Reader<'_> {
        Reader {
            index: self.index(),
            reading: Reading::new(self.indexer.stores()),
        }
    }

    const fn index(&self) -> &Index {
        self.indexer.index()
    }

    fn why_not(&mut self, exchange: &Exchange, is_wanted: bool) -> Option<Skip> {
        if exchange.name() == PROTOCOL_CHECK.as_bytes() {
            self.note_check(exchange);
            return Some(Skip::ProtocolCheck);
        }
        let recorded = self.connections.entry(exchange.connection).or_default();
        recorded.has_lost |= has_lost(exchange);
        let has_lost = recorded.has_lost;
        let is_lost = |note: &Note| matches!(note, Note::ResponseNotCaptured);
        let is_other = |note: &Note| matches!(note, Note::WrongSequence { .. } | Note::WrongName);
        match (&exchange.request, &exchange.response) {
            _ if !is_wanted => Some(Skip::FilteredOut),
            (None, _) => Some(Skip::RequestNotCaptured),
            (Some(request), _) if !request.is_complete() => Some(Skip::RequestIncomplete),
            (_, Some(response)) if !response.is_complete() => Some(Skip::ResponseIncomplete),
            (_, None) if exchange.notes.iter().any(is_lost) => Some(Skip::ResponseNotCaptured),
            (_, None) if has_lost => Some(Skip::Unconfirmed),
            _ if has_lost && exchange.notes.iter().any(is_other) => Some(Skip::Unconfirmed),
            _ => None,
        }
    }

    /// A check for our version, whose MAC can be sent again.
    fn note_check(&mut self, exchange: &Exchange) {
        let request = exchange.request.as_ref();
        let request = request.filter(|request| request.payload() == [PROTOCOL_VERSION]);
        let mac = request.and_then(|request| request.mac_text()?.first_chunk().copied());
        if mac.is_some() {
            let recorded = self.connections.entry(exchange.connection).or_default();
            recorded.check_mac = mac;
        }
    }

    fn count_name(&mut self, name: &[u8]) {
        if let Some(count) = self.names.get_mut(name) {
            *count += 1;
        } else if self.names.len() < NAMES_MAX {
            self.names.insert(name.to_vec(), 1);
        } else {
            self.other_names += 1;
        }
    }
}

/// Reads exchanges, best in the order of the capture.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    index: &'a Index,
    reading: Reading<'a>,
}

impl Reader<'_> {
    /// Reads the exchange of a row.
    pub(super) fn read(&mut self, row: u32) -> io::Result<Box<Exchange>> {
        let row = self.index.row(row).ok_or(io::ErrorKind::NotFound)?;
        self.reading.exchange(&row).map(Box::new)
    }
}

impl Skip {
    /// As JSON says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProtocolCheck => "protocol-check",
            Self::FilteredOut => "filtered-out",
            Self::RequestNotCaptured => "request-not-captured",
            Self::RequestIncomplete => "request-incomplete",
            Self::ResponseNotCaptured => "response-not-captured",
            Self::ResponseIncomplete => "response-incomplete",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// For people, behind a number.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::ProtocolCheck => "protocol checks (every connection begins with its own)",
            Self::FilteredOut => "filtered out",
            Self::RequestNotCaptured => "whose request was not captured",
            Self::RequestIncomplete => "of whose request bytes are missing",
            Self::ResponseNotCaptured => "whose answer was not captured",
            Self::ResponseIncomplete => "of whose answer bytes are missing",
            Self::Unconfirmed => "found behind a gap, without an answer that confirms them",
        }
    }
}

/// Whether bytes of the client are missing before this exchange or in it.
fn has_lost(exchange: &Exchange) -> bool {
    let is_loss = |note: &Note| {
        matches!(note, Note::RequestNotCaptured)
            || matches!(note, Note::Skipped { side, .. } if *side == Side::Client)
    };
    let is_cut = |request: &crate::exchange::Message| !request.is_complete();
    exchange.request.as_ref().is_some_and(is_cut) || exchange.notes.iter().any(is_loss)
}
