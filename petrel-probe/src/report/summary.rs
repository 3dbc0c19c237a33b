//! What is told at the end.

use crate::{
    exchange::{Exchange, MacState},
    totals::Totals,
};
use serde::Serialize;

/// What is told when all was read.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever drives a report")]
pub struct Summary<'a> {
    /// What the capture held.
    pub totals: &'a Totals,
    /// Exchanges that the filter let through: all, if there is none.
    pub shown: u64,
    /// The MACs of these.
    pub macs: MacCounts,
    /// Whether the user stopped it before the end.
    pub interrupted: bool,
}

impl<'a> Summary<'a> {
    /// Of something in which nothing was shown.
    pub fn of(totals: &'a Totals) -> Self {
        Self {
            totals,
            shown: 0,
            macs: MacCounts::default(),
            interrupted: false,
        }
    }
}

/// Messages by the state of their MACs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "the states are complete")]
pub struct MacCounts {
    /// Without a MAC.
    pub none: u64,
    /// With that of their payload, by a known key.
    pub ok: u64,
    /// With one that no given key makes.
    pub bad: u64,
    /// With one that there was no key for.
    pub nokey: u64,
    /// With one that could not be checked, because bytes are missing.
    pub unchecked: u64,
}

impl MacCounts {
    /// Counts both messages of an exchange.
    pub fn add(&mut self, exchange: &Exchange) {
        for (_, message) in exchange.messages() {
            *match message.mac {
                MacState::None => &mut self.none,
                MacState::Ok(_) => &mut self.ok,
                MacState::Bad => &mut self.bad,
                MacState::NoKey => &mut self.nokey,
                MacState::Unchecked => &mut self.unchecked,
            } += 1;
        }
    }

    /// The states that occur, with their numbers, the good ones first.
    pub fn present(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = [
            ("none", self.none),
            ("ok", self.ok),
            ("bad", self.bad),
            ("nokey", self.nokey),
            ("unchecked", self.unchecked),
        ];
        all.into_iter().filter(|(_, count)| *count > 0)
    }
}
