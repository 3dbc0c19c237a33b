//! Which rows are shown.

use super::super::effect::Effect;
use crate::index::Index;
use std::sync::Arc;

/// The filter that is, and the one that is asked for.
#[derive(Debug, Default)]
pub(super) struct Filtering {
    /// What is shown; none if that is everything.
    active: Option<Matches>,
    /// What was asked for, and nothing is known of yet: until then the old result stays.
    wanted: Option<Wanted>,
    generation: u64,
}

/// Rows that fulfil an expression.
#[derive(Debug)]
struct Matches {
    expression: String,
    generation: u64,
    rows: Arc<Vec<u32>>,
    judged: u32,
}

#[derive(Debug)]
struct Wanted {
    expression: String,
    generation: u64,
}

impl Filtering {
    /// Asks for another filter, or with an empty expression for none.
    pub(super) fn apply(&mut self, expression: &str) -> Effect {
        self.generation += 1;
        let expression = expression.trim();
        if expression.is_empty() {
            self.active = None;
            self.wanted = None;
        } else {
            self.wanted = Some(Wanted {
                expression: expression.to_owned(),
                generation: self.generation,
            });
        }
        Effect::Filter {
            expression: (!expression.is_empty()).then(|| expression.to_owned()),
            generation: self.generation,
        }
    }

    /// More rows fulfil it.
    pub(super) fn told(&mut self, generation: u64, matches: Vec<u32>, judged: u32) {
        if let Some(wanted) = self
            .wanted
            .take_if(|wanted| wanted.generation == generation)
        {
            self.active = Some(Matches {
                expression: wanted.expression,
                generation,
                rows: Arc::new(matches),
                judged,
            });
        } else if let Some(active) = &mut self.active
            && active.generation == generation
        {
            Arc::make_mut(&mut active.rows).extend(matches);
            active.judged = judged;
        }
    }

    /// The expression that the rows fulfil, or soon will.
    pub(super) fn expression(&self) -> Option<&str> {
        let wanted = self.wanted.as_ref().map(|wanted| &wanted.expression);
        let active = self.active.as_ref().map(|active| &active.expression);
        wanted.or(active).map(String::as_str)
    }

    /// How many rows were judged, while not all of them were.
    pub(super) fn under_way(&self, index: &Index) -> Option<u32> {
        if self.wanted.is_some() {
            return Some(0);
        }
        let judged = self.active.as_ref()?.judged;
        (judged < index.len()).then_some(judged)
    }

    /// The rows that are shown, if that is not all of them.
    pub(super) fn rows(&self) -> Option<Arc<Vec<u32>>> {
        self.active.as_ref().map(|active| Arc::clone(&active.rows))
    }

    /// How many are shown.
    pub(super) fn len(&self, index: &Index) -> u32 {
        match &self.active {
            Some(active) => u32::try_from(active.rows.len()).unwrap_or(u32::MAX),
            None => index.len(),
        }
    }

    /// The row at a place of the list.
    pub(super) fn row_at(&self, index: &Index, at: u32) -> Option<u32> {
        match &self.active {
            Some(active) => active.rows.get(usize::try_from(at).ok()?).copied(),
            None => (at < index.len()).then_some(at),
        }
    }

    /// The place of a row in the list, or of the next one that is shown, or of the last one.
    pub(super) fn position(&self, index: &Index, row: u32) -> u32 {
        let at = match &self.active {
            Some(active) => {
                let at = active.rows.partition_point(|shown| *shown < row);
                u32::try_from(at).unwrap_or(u32::MAX)
            }
            None => row,
        };
        at.min(self.len(index).saturating_sub(1))
    }
}
