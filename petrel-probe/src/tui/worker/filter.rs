//! Which rows fulfil the filter: those that are there, and those that come.

use super::{
    SourceMsg,
    shared::{Generation, Shared},
};
use crate::{
    filter::Filter,
    index::{Index, Reading, Stores},
};
use std::{num::NonZero, ops::Range, sync::Arc, thread};

/// So many rows are judged before the first answer, that it may come soon.
const FIRST_ROWS: u32 = 4096;
/// So many before each further one.
const ROWS: u32 = 1 << 16;
/// A thread of its own is worth that many rows.
const ROWS_FOR_A_THREAD: u32 = 4096;
/// After so many rows it is asked whether anybody still wants to know.
const ROWS_BETWEEN_LOOKS: u32 = 256;

/// A filter, and how far rows were judged by it.
#[derive(Clone, Debug)]
pub(super) struct Job {
    filter: Arc<Filter>,
    generation: u64,
    judged: u32,
    /// Whether an answer was given: there is one even if there are no rows.
    has_answered: bool,
}

impl Job {
    pub(super) fn new(filter: Filter, generation: u64) -> Self {
        Self {
            filter: Arc::new(filter),
            generation,
            judged: 0,
            has_answered: false,
        }
    }
}

/// Judges rows until the end.
pub(super) fn work(shared: &Shared) {
    let next = || {
        shared.wait_for(|wishes| {
            let job = wishes.filter.as_mut()?;
            let len = wishes.index.len();
            if job.has_answered && job.judged >= len {
                return None;
            }
            let most = if job.judged == 0 { FIRST_ROWS } else { ROWS };
            let rows = job.judged..len.min(job.judged.saturating_add(most));
            // What is taken counts as done: an answer to a question that was given up is not asked for.
            job.judged = rows.end;
            job.has_answered = true;
            Some((job.clone(), rows, wishes.index.clone()))
        })
    };
    while let Some((job, rows, index)) = next() {
        let judged = rows.end;
        let generation = job.generation;
        let is_wanted = Wanted {
            generation,
            newest: &shared.filter_generation,
        };
        let matches = in_parallel(&job.filter, &index, shared.stores(), rows, is_wanted);
        let answer = SourceMsg::Filtered {
            generation,
            matches,
            judged,
        };
        if is_wanted.is_past() {
            continue;
        }
        if !shared.tell(answer) {
            return;
        }
    }
}

/// Whether an answer is still waited for.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    generation: u64,
    newest: &'a Generation,
}

impl Wanted<'_> {
    fn is_past(self) -> bool {
        self.newest.is_past(self.generation)
    }
}

/// The rows that fulfil a filter, by as many threads as there are processors and it is worth.
fn in_parallel(
    filter: &Filter,
    index: &Index,
    stores: &Stores,
    rows: Range<u32>,
    wanted: Wanted<'_>,
) -> Vec<u32> {
    let len = rows.end.saturating_sub(rows.start);
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = u32::try_from(processors)
        .unwrap_or(1)
        .min(len / ROWS_FOR_A_THREAD);
    if threads < 2 {
        return matches(filter, index, stores, rows, wanted);
    }
    let share = len.div_ceil(threads);
    let shares = (0..threads).map(|number| {
        let start = rows
            .start
            .saturating_add(number.saturating_mul(share))
            .min(rows.end);
        start..start.saturating_add(share).min(rows.end)
    });
    thread::scope(|scope| {
        let started: Vec<_> = shares
            .map(|rows| {
                let work = {
                    let rows = rows.clone();
                    move || matches(filter, index, stores, rows, wanted)
                };
                (thread::Builder::new().spawn_scoped(scope, work), rows)
            })
            .collect();
        let found = started.into_iter().map(|(started, rows)| match started {
            // A panic of the other thread goes on in this one.
            Ok(thread) => thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // Without a thread of its own it is done here.
            Err(_) => matches(filter, index, stores, rows, wanted),
        });
        found.flatten().collect()
    })
}

/// The rows that fulfil a filter. Only what the filter asks of payloads is read; what cannot be read does
/// not fulfil it.
fn matches(
    filter: &Filter,
    index: &Index,
    stores: &Stores,
    rows: Range<u32>,
    wanted: Wanted<'_>,
) -> Vec<u32> {
    let mut found = Vec::new();
    let mut reading = Reading::new(stores);
    for (number, row) in index.rows(rows) {
        if number % ROWS_BETWEEN_LOOKS == 0 && wanted.is_past() {
            break;
        }
        let holds = filter.judge(&row).unwrap_or_else(|| {
            let exchange = reading.exchange(&row);
            exchange.is_ok_and(|exchange| filter.matches(&exchange))
        });
        if holds {
            found.push(number);
        }
    }
    found
}
