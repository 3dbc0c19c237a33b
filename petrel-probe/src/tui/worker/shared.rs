//! What the threads share: the index, and what is wished of them.

use super::{super::message::Msg, Fresh, SourceMsg, filter, search::Search};
use crate::{
    exchange::Exchange,
    index::{Index, Indexer, Stores},
};
use petrel_cli::{Exit, Failure};
use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::Sender,
    },
};

/// Shared by all threads.
#[derive(Debug)]
pub(super) struct Shared {
    tell: Sender<Msg>,
    indexer: Mutex<Indexer>,
    stores: Stores,
    /// Held twice while an index is on its way to who shows it.
    on_its_way: Arc<()>,
    wishes: Mutex<Wishes>,
    /// Something was wished, the index has grown, or the end is near.
    changed: Condvar,
    pub(super) filter_generation: Generation,
    pub(super) search_generation: Generation,
}

/// What is wished, and on what: the index as it was published last.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) index: Index,
    /// Exchanges to be read.
    pub(super) rows: VecDeque<u32>,
    pub(super) filter: Option<filter::Job>,
    pub(super) search: Option<Search>,
    pub(super) is_over: bool,
}

/// The newest of the questions of a kind.
#[derive(Debug, Default)]
pub(super) struct Generation(AtomicU64);

impl Generation {
    /// A new question was asked.
    pub(super) fn renew(&self, generation: u64) {
        self.0.fetch_max(generation, Ordering::Relaxed);
    }

    /// Whether nobody waits for the answer any more.
    pub(super) fn is_past(&self, generation: u64) -> bool {
        self.0.load(Ordering::Relaxed) > generation
    }
}

impl Shared {
    pub(super) fn new(indexer: Indexer, tell: Sender<Msg>) -> Self {
        Self {
            tell,
            stores: indexer.stores().clone(),
            indexer: Mutex::new(indexer),
            on_its_way: Arc::default(),
            wishes: Mutex::default(),
            changed: Condvar::new(),
            filter_generation: Generation::default(),
            search_generation: Generation::default(),
        }
    }

    pub(super) const fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Tells something; false if nobody listens any more.
    pub(super) fn tell(&self, msg: SourceMsg) -> bool {
        self.tell.send(Msg::Source(msg)).is_ok()
    }

    pub(super) fn index(&self, exchange: &Exchange) -> io::Result<()> {
        self.indexer().push(exchange)
    }

    /// Whether the index has grown since it was published.
    pub(super) fn has_news(&self) -> bool {
        let len = self.indexer().index().len();
        self.wishes().index.len() < len
    }

    /// Whether who shows the index has the one that was published last.
    pub(super) fn has_arrived(&self) -> bool {
        Arc::strong_count(&self.on_its_way) == 1
    }

    /// Hands the index out as it is; false if nobody listens any more.
    pub(super) fn publish(&self) -> bool {
        let mut is_heard = false;
        // Under one lock: an older index never comes behind a newer one, nor an answer before its rows.
        self.wish(|wishes| {
            wishes.index = self.indexer().index().clone();
            is_heard = self.tell(SourceMsg::Rows(Fresh {
                index: wishes.index.clone(),
                _on_its_way: Some(Arc::clone(&self.on_its_way)),
            }));
        });
        is_heard
    }

    /// Adds an exchange and shows it at once.
    pub(super) fn append(&self, exchange: &Exchange) {
        match self.index(exchange) {
            Ok(()) => self.publish(),
            Err(error) => self.tell(SourceMsg::Failed(cannot_keep(&error))),
        };
    }

    /// Changes what is wished, and wakes who is to fulfil it.
    pub(super) fn wish(&self, change: impl FnOnce(&mut Wishes)) {
        change(&mut self.wishes());
        self.changed.notify_all();
    }

    /// Waits until there is something to be done, and takes it. None if the end is near.
    pub(super) fn wait_for<T>(&self, mut take: impl FnMut(&mut Wishes) -> Option<T>) -> Option<T> {
        let mut wishes = self.wishes();
        loop {
            if wishes.is_over {
                return None;
            }
            if let Some(taken) = take(&mut wishes) {
                return Some(taken);
            }
            let woken = self.changed.wait(wishes);
            wishes = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.wishes().is_over
    }

    pub(super) fn stop(&self) {
        self.filter_generation.renew(u64::MAX);
        self.search_generation.renew(u64::MAX);
        self.wish(|wishes| wishes.is_over = true);
    }

    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn indexer(&self) -> MutexGuard<'_, Indexer> {
        self.indexer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why rows are no longer added.
pub(super) fn cannot_keep(error: &io::Error) -> Failure {
    let message = format!("cannot keep what was read in a temporary file: {error}");
    Failure::new(Exit::Unreachable, message)
}
