//! The threads behind the interface: what takes time is done here, and told as messages.
//!
//! One thread reads the source and indexes it, one judges rows by the filter, one searches, one reads the
//! exchange that is looked at. They share the index as it was published last. Whatever they wait for, a
//! newer wish or the end of the program ends it.

mod filter;
mod read;
mod search;
mod shared;
#[cfg(test)]
mod tests;

pub(crate) mod history;
pub(crate) mod replay;
pub(crate) mod session;

use super::{Source, message::Msg};
use crate::{
    decode::DecoderConfig,
    exchange::{Event, Exchange},
    filter::Filter,
    index::{Index, Indexer, Stores},
    source::Input,
    totals::Totals,
};
use petrel_cli::{Exit, Failure};
use search::Search;
use shared::Shared;
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender},
    },
    thread,
};

/// What the workers behind the traffic tell.
#[derive(Debug)]
pub(crate) enum SourceMsg {
    /// The index as it stands now: what was there before, and more.
    Rows(Fresh),
    /// How much of the source was read.
    Progress {
        /// Bytes.
        read: u64,
        /// Of how many, if that is known.
        total: Option<u64>,
    },
    /// The source is at its end.
    Done(Box<Totals>),
    /// The source cannot be read any further.
    Failed(Failure),
    /// The exchange of a row.
    Loaded {
        /// Index of the row.
        row: u32,
        /// What was read, or why not.
        exchange: Result<Box<Exchange>, Failure>,
    },
    /// More rows that fulfil the filter, in ascending order.
    Filtered {
        /// That of the effect.
        generation: u64,
        /// The rows, to be added to those that were told before.
        matches: Vec<u32>,
        /// How many rows were judged so far.
        judged: u32,
    },
    /// What a search found.
    Found {
        /// That of the effect.
        generation: u64,
        /// The row, none if there is none.
        row: Option<u32>,
    },
}

/// An index on its way to who shows it. As long as it is, no further one is sent, however much is read
/// meanwhile: a terminal that takes nothing costs no memory.
#[derive(Debug)]
pub(crate) struct Fresh {
    index: Index,
    _on_its_way: Option<Arc<()>>,
}

impl Fresh {
    /// The index. It has arrived with that.
    pub(crate) fn into_index(self) -> Index {
        self.index
    }
}

impl From<Index> for Fresh {
    fn from(index: Index) -> Self {
        Self {
            index,
            _on_its_way: None,
        }
    }
}

/// The threads behind the traffic. Dropped, they end soon, save one that waits for what comes live; nobody
/// waits for them.
#[derive(Debug)]
pub(crate) struct Workers(Arc<Shared>);

impl Workers {
    /// Begins to read the source. What is found is told to `tell`, in few and large messages: at most
    /// some twenty a second. Exchanges that the configuration's keys and limits apply to are those of a
    /// capture; what comes live was decoded elsewhere.
    ///
    /// # Errors
    /// If the source cannot be opened, or the system gives no threads.
    pub(crate) fn start(
        source: Source,
        config: DecoderConfig,
        tell: Sender<Msg>,
    ) -> Result<Self, Failure> {
        let (input, events) = match source {
            Source::File(path) => (Some(Input::open(&path)?), None),
            Source::Stdin => (Some(Input::stdin()?), None),
            Source::Live { events, .. } => (None, Some(events)),
            Source::Nowhere => (None, None),
        };
        Self::begin(input, events, config, tell)
    }

    fn begin(
        mut input: Option<Input>,
        events: Option<Receiver<Event>>,
        mut config: DecoderConfig,
        tell: Sender<Msg>,
    ) -> Result<Self, Failure> {
        config.framer.extents = true;
        let stores = match &mut input {
            Some(input) => Stores::with_source(input.retain()?),
            None => Stores::new(),
        };
        let shared = Arc::new(Shared::new(Indexer::new(stores), tell));
        let workers = Self(Arc::clone(&shared));
        workers.spawn("filter", filter::work)?;
        workers.spawn("search", search::work)?;
        workers.spawn("exchange", read::read_exchanges)?;
        if let Some(input) = input {
            workers.spawn("source", |shared| {
                read::read_capture(shared, input, config);
            })?;
        }
        if let Some(events) = events {
            workers.spawn("live", move |shared| read::take_events(shared, &events))?;
        }
        Ok(workers)
    }

    fn spawn(
        &self,
        name: &str,
        work: impl FnOnce(&Shared) + Send + 'static,
    ) -> Result<(), Failure> {
        let shared = Arc::clone(&self.0);
        let thread = thread::Builder::new().name(name.to_owned());
        let spawned = thread.spawn(move || work(&shared));
        spawned.map(drop).map_err(|error| {
            let message = format!("cannot start a thread: {error}");
            Failure::new(Exit::Unreachable, message)
        })
    }

    /// As the effect of this name; the others likewise.
    pub(crate) fn load(&self, row: u32) {
        self.0.wish(|wishes| wishes.rows.push_back(row));
    }

    /// See [`Effect::Filter`](super::effect::Effect::Filter).
    pub(crate) fn filter(&self, expression: Option<String>, generation: u64) {
        // It is known to be valid; one that is not is none.
        let filter = expression.and_then(|expression| Filter::parse(&expression).ok());
        self.0.filter_generation.renew(generation);
        self.0.wish(|wishes| {
            wishes.filter = filter.map(|filter| filter::Job::new(filter, generation));
        });
    }

    /// See [`Effect::Search`](super::effect::Effect::Search).
    pub(crate) fn search(
        &self,
        needle: Vec<u8>,
        from: u32,
        is_backward: bool,
        within: Option<Arc<Vec<u32>>>,
        generation: u64,
    ) {
        self.0.search_generation.renew(generation);
        let search = Search {
            needle,
            from,
            is_backward,
            within,
            generation,
        };
        self.0.wish(|wishes| wishes.search = Some(search));
    }

    /// Where the bytes of the rows lie.
    pub(crate) fn stores(&self) -> Stores {
        self.0.stores().clone()
    }

    /// Adds an exchange that was not captured.
    pub(crate) fn append(&self, exchange: &Exchange) {
        self.0.append(exchange);
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.0.stop();
    }
}
