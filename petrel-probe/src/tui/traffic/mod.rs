//! The Traffic screen: a table of exchanges, narrowed by a filter, and one of them in detail.

mod filtering;
mod keys;
mod layout;
mod prompt;
mod search;
mod source;
mod status;
mod table;
mod view;

pub(super) use status::status;
pub(super) use view::{view, view_prompt};

use super::{
    detail::Detail,
    effect::Effect,
    input::Input,
    model::{Notice, Outcome},
    replay::What,
    worker::SourceMsg,
};
use crate::{exchange::Exchange, index::Index};
use filtering::Filtering;
use petrel_cli::Failure;
use prompt::Prompt;
use search::Search;
use source::SourceState;
use std::{collections::BTreeSet, net::SocketAddr};

/// Of more names these are offered to the composer.
const NAMES_MAX: usize = 1_000;

/// What the Traffic screen knows.
#[derive(Debug)]
pub(crate) struct Traffic {
    /// All rows.
    index: Index,
    /// Which of them are shown.
    filtering: Filtering,
    /// What narrowed the table before it was narrowed to one connection.
    before_connection: String,
    /// The selected row. It may be hidden by a filter; then the next one that is shown counts.
    selected: u32,
    /// The place in the list of the first row on the screen.
    top: u32,
    /// How many rows fit.
    page: u32,
    /// Whether the selection stays at the newest row.
    is_following: bool,
    /// Rows that the user marked.
    marks: BTreeSet<u32>,
    /// What the user looked for last.
    search: Search,
    /// Where the rows come from.
    source: SourceState,
    /// What is being typed.
    prompt: Option<Prompt>,
    /// What was typed before.
    past: Past,
    /// The exchange in detail.
    detail: Detail,
    /// Which row the detail shows.
    detail_row: Option<u32>,
    /// Which row is being read.
    loading: Option<u32>,
    /// Which row is read to be taken to the composer, and its exchange once that is there.
    editing: Option<u32>,
    edited: Option<Box<Exchange>>,
    /// Which pane has the keys.
    focus: Focus,
    /// Whether the detail has the whole screen.
    is_zoomed: bool,
}

/// What was applied before, to be gone through with Up and Down.
#[derive(Debug, Default)]
struct Past {
    filter: Input,
    search: Input,
}

/// The panes of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Focus {
    Table,
    Detail,
}

impl Traffic {
    /// Nothing was read yet. The name is that of the source.
    pub(super) fn new(source: &str, is_live: bool) -> Self {
        Self {
            index: Index::default(),
            before_connection: String::new(),
            filtering: Filtering::default(),
            selected: 0,
            top: 0,
            page: 1,
            is_following: is_live,
            marks: BTreeSet::new(),
            search: Search::default(),
            source: SourceState::new(source),
            prompt: None,
            past: Past::default(),
            detail: Detail::default(),
            detail_row: None,
            loading: None,
            editing: None,
            edited: None,
            focus: Focus::Table,
            is_zoomed: false,
        }
    }

    /// Shows only what fulfils an expression, which is known to be valid.
    pub(super) fn narrow(&mut self, expression: &str) -> Effect {
        self.filtering.apply(expression)
    }

    /// Whether a text input has the keys.
    pub(super) const fn is_typing(&self) -> bool {
        self.prompt.is_some()
    }

    /// Whether the keys go to the detail.
    pub(super) fn is_in_detail(&self) -> bool {
        self.focus == Focus::Detail
    }

    /// What the source is called, escaped.
    pub(super) fn source_name(&self) -> &str {
        &self.source.name
    }

    /// Whether there is something to be said on the line of the filter.
    pub(super) fn is_prompting_or_filtered(&self) -> bool {
        self.prompt.is_some() || self.filtering.expression().is_some()
    }

    /// The workers told something.
    pub(super) fn told(&mut self, msg: SourceMsg) -> Outcome {
        match msg {
            SourceMsg::Rows(rows) => {
                self.index = rows.into_index();
                if self.is_following {
                    self.select(u32::MAX);
                }
            }
            SourceMsg::Progress { read, total } => self.source.progress(read, total),
            SourceMsg::Done(totals) => self.source.done(*totals),
            SourceMsg::Failed(failure) => {
                self.source.failed(failure.to_string());
                return Notice::wrong(failure.to_string()).into();
            }
            SourceMsg::Loaded { row, exchange } => return self.loaded(row, exchange),
            SourceMsg::Filtered {
                generation,
                matches,
                judged,
            } => {
                self.filtering.told(generation, matches, judged);
                if self.is_following {
                    self.select(u32::MAX);
                }
            }
            SourceMsg::Found { generation, row } => {
                if let Some(found) = self.search.found(generation, row) {
                    self.is_following = false;
                    match found {
                        Some(row) => self.selected = row,
                        None => return Notice::wrong(self.search.nowhere()).into(),
                    }
                }
            }
        }
        Outcome::default()
    }

    /// The exchange whose request is to be taken to the composer, once.
    pub(super) fn take_edited(&mut self) -> Option<Box<Exchange>> {
        self.edited.take()
    }

    /// What of the selection would be sent again: it, and the server that it went to.
    pub(super) fn to_replay(&self, is_connection: bool) -> Option<(What, SocketAddr, Index)> {
        let number = self.current()?;
        let row = self.index.row(number)?;
        let what = if is_connection {
            What::Connection(row.connection)
        } else {
            What::Exchange(number)
        };
        Some((what, row.server, self.index.clone()))
    }

    /// The names in the traffic, as far as they can be typed.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.index.names().take(NAMES_MAX);
        let names = names.filter_map(|name| std::str::from_utf8(name).ok());
        names.map(str::to_owned).collect()
    }

    /// Brings the selection onto the screen, and asks for its exchange if it is to be shown. To be
    /// called after every step; `page` is how many rows fit.
    pub(super) fn settle(&mut self, page: u32, shows_detail: bool) -> Vec<Effect> {
        self.page = page.max(1);
        let (len, at) = (self.len(), self.position());
        // The last page is full, and the selection is on the screen.
        self.top = self.top.min(len.saturating_sub(self.page));
        self.top = self.top.clamp((at + 1).saturating_sub(self.page), at);
        let Some(row) = self.row_at(at) else {
            self.detail.clear();
            self.detail_row = None;
            return Vec::new();
        };
        // One at a time: with the key held down, the rows between are passed over.
        if !shows_detail || self.detail_row == Some(row) || self.loading.is_some() {
            return Vec::new();
        }
        self.loading = Some(row);
        vec![Effect::LoadExchange { row }]
    }

    /// How many rows are shown.
    fn len(&self) -> u32 {
        self.filtering.len(&self.index)
    }

    /// The row at a place of the list.
    fn row_at(&self, at: u32) -> Option<u32> {
        self.filtering.row_at(&self.index, at)
    }

    /// The place of the selection in the list; 0 if that is empty.
    fn position(&self) -> u32 {
        self.filtering.position(&self.index, self.selected)
    }

    /// The selected row, if any is shown.
    fn current(&self) -> Option<u32> {
        self.row_at(self.position())
    }

    /// Selects what is at a place of the list, or last in it.
    fn select(&mut self, at: u32) {
        if let Some(row) = self.row_at(at.min(self.len().saturating_sub(1))) {
            self.selected = row;
        }
    }

    fn loaded(&mut self, row: u32, exchange: Result<Box<Exchange>, Failure>) -> Outcome {
        if self.loading == Some(row) {
            self.loading = None;
        }
        self.detail_row = Some(row);
        let is_edited = self.editing.take_if(|editing| *editing == row).is_some();
        match exchange {
            Ok(exchange) => {
                if is_edited {
                    self.edited = Some(exchange.clone());
                }
                self.detail.show(exchange);
                Outcome::default()
            }
            Err(failure) => {
                self.detail.clear();
                Notice::wrong(failure.to_string()).into()
            }
        }
    }
}
