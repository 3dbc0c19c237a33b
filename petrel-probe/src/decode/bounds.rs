//! How much is followed and held at once, and what goes when it is too much.

use super::{flows::Flows, tracked::Talk};
use crate::{
    exchange::{End, Event},
    totals::Totals,
};
use std::cmp::Reverse;

/// Connections that are followed at once. Of more an eighth is let go: those that are over or not
/// Petrel first, then those that were idle longest.
pub(super) const FLOWS_MAX: usize = 32_768;

/// Bytes that may wait in all connections together.
pub(super) const HELD_MAX: usize = 96 << 20;

impl Flows {
    /// Lets an eighth of all connections go, so that what it takes to choose them is shared by many.
    pub(super) fn make_room(&mut self, totals: &mut Totals, out: &mut dyn FnMut(Event)) {
        let used = self.by_ends.values().filter_map(|&slot| {
            let tracked = self.slots.get(slot)?;
            let worth = match tracked.talk {
                Talk::Quiet => 0,
                Talk::Unknown(_) => 1,
                Talk::Petrel { .. } => 2,
            };
            Some((worth, tracked.last_segment, slot))
        });
        let mut used: Vec<_> = used.collect();
        used.sort_unstable();
        for (_, _, slot) in used.into_iter().take(FLOWS_MAX / 8) {
            self.close(slot, End::Open, totals, out);
        }
    }

    /// Too much waits: the connections that hold most stop waiting, until half of it is told. So what it
    /// takes to choose them is shared by many segments.
    pub(super) fn relieve(&mut self, totals: &mut Totals, out: &mut dyn FnMut(Event)) {
        let holders = self.slots.iter().enumerate();
        let mut holders: Vec<_> = holders
            .filter(|(_, tracked)| tracked.held > 0)
            .map(|(slot, tracked)| (Reverse(tracked.held), slot))
            .collect();
        holders.sort_unstable();
        for (_, slot) in holders {
            if self.held <= HELD_MAX / 2 {
                break;
            }
            self.work(slot, totals, out, |flow, told| flow.force(told));
            if let Some(Talk::Petrel { conversation, .. }) = self.talk(slot) {
                conversation.relieve(out);
            }
            self.measure(slot);
        }
    }
}
