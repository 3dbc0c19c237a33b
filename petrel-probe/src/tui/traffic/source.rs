//! How it stands with what the traffic is read from.

use crate::totals::{Ending, Totals};

/// The source of the traffic.
#[derive(Debug)]
pub(super) struct SourceState {
    /// What it is called, escaped.
    pub(super) name: String,
    /// Bytes read, and of how many.
    pub(super) progress: Option<(u64, Option<u64>)>,
    /// What it held, once all of it is read.
    pub(super) totals: Option<Totals>,
    /// Why it could not be read to its end.
    pub(super) failure: Option<String>,
}

impl SourceState {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: petrel_cli::output::one_line(name),
            progress: None,
            totals: None,
            failure: None,
        }
    }

    pub(super) const fn progress(&mut self, read: u64, total: Option<u64>) {
        self.progress = Some((read, total));
    }

    pub(super) fn done(&mut self, totals: Totals) {
        self.progress = None;
        self.totals = Some(totals);
    }

    pub(super) fn failed(&mut self, failure: String) {
        self.progress = None;
        self.failure = Some(failure);
    }

    /// What is wrong with its end, in a word or two.
    pub(super) fn ending(&self) -> Option<String> {
        if self.failure.is_some() {
            return Some("unreadable".to_owned());
        }
        match &self.totals.as_ref()?.ending {
            Ending::Complete => None,
            Ending::Truncated { .. } => Some("truncated".to_owned()),
            Ending::Damaged { at, .. } => Some(format!("damaged at {at}")),
        }
    }

    /// How much of it was read, in a few characters.
    pub(super) fn under_way(&self) -> Option<String> {
        let (read, total) = self.progress?;
        match total.filter(|total| *total > 0) {
            Some(total) => Some(format!("{} %", read.saturating_mul(100) / total)),
            None => Some(format!("{} MiB", read >> 20)),
        }
    }
}
