//! What can go wrong with a request, each kind by its name, and how often it did.

use std::collections::BTreeMap;

/// Statuses that were not expected are counted apart, up to so many different ones.
const STATUSES_MAX: usize = 16;

/// Why a request was no success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// The answer had another status than expected.
    Status(u16),
    /// The answer had another payload than expected.
    Payload,
    /// The answer carried another sequence number.
    Sequence,
    /// The answer carried another name.
    Name,
    /// The MAC of the answer was not that of its payload.
    Mac,
    /// The answer claimed more payload than there may be: mostly framing gone wrong.
    TooLong,
    /// Instead of an answer came the notice that the server closes.
    Notice,
    /// The server closed the connection in order.
    Closed,
    /// The connection was reset.
    Reset,
    /// The connection ended inside an answer.
    Truncated,
    /// Something else was wrong with the connection, of TLS for instance.
    Io,
    /// No answer came in time.
    Timeout,
    /// It was in flight when its connection was given up for another one's sake.
    Lost,
    /// An answer came that no request had asked for. It is no request's fault, and costs the connection.
    Unasked,
}

/// The faults without those that carry a status, each at its place in the counters.
const KINDS: [(Fault, &str); 13] = [
    (Fault::Payload, "payload"),
    (Fault::Sequence, "sequence"),
    (Fault::Name, "name"),
    (Fault::Mac, "mac"),
    (Fault::TooLong, "too_long"),
    (Fault::Notice, "notice"),
    (Fault::Closed, "closed"),
    (Fault::Reset, "reset"),
    (Fault::Truncated, "truncated"),
    (Fault::Io, "io"),
    (Fault::Timeout, "timeout"),
    (Fault::Lost, "lost"),
    (Fault::Unasked, "unasked"),
];

impl Fault {
    /// The kind as JSON and thresholds know it: `status_400`, `timeout`.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Status(status) => format!("status_{status}"),
            other => KINDS
                .iter()
                .find(|(kind, _)| *kind == other)
                .map_or_else(|| "other".to_owned(), |(_, name)| (*name).to_owned()),
        }
    }
}

/// How often each fault was met. Counting allocates nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FaultCounts {
    kinds: [u64; KINDS.len()],
    statuses: [(u16, u64); STATUSES_MAX],
    other_statuses: u64,
}

impl FaultCounts {
    /// Counts a fault.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.add_times(fault, 1);
    }

    fn add_times(&mut self, fault: Fault, times: u64) {
        let count = match fault {
            Fault::Status(status) => self
                .statuses
                .iter_mut()
                .find(|(known, count)| *known == status || *count == 0)
                .map_or(&mut self.other_statuses, |(known, count)| {
                    *known = status;
                    count
                }),
            other => KINDS
                .iter()
                .position(|(kind, _)| *kind == other)
                .and_then(|at| self.kinds.get_mut(at))
                .expect("every fault without a status stands in the table"),
        };
        *count += times;
    }

    /// Adds every count of `other`.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (own, theirs) in self.kinds.iter_mut().zip(other.kinds) {
            *own += theirs;
        }
        for (status, count) in other.statuses {
            if count > 0 {
                self.add_times(Fault::Status(status), count);
            }
        }
        self.other_statuses += other.other_statuses;
    }

    /// All of them together.
    pub(crate) fn total(&self) -> u64 {
        let statuses = self.statuses.iter().map(|(_, count)| count);
        self.kinds.iter().chain(statuses).sum::<u64>() + self.other_statuses
    }

    /// By name, those that were met.
    pub(crate) fn by_name(&self) -> BTreeMap<String, u64> {
        let kinds = KINDS.iter().zip(self.kinds);
        let kinds = kinds.map(|((_, name), count)| ((*name).to_owned(), count));
        let statuses = self.statuses.iter();
        let statuses = statuses.map(|(status, count)| (Fault::Status(*status).name(), *count));
        let rest = [("status_other".to_owned(), self.other_statuses)];
        kinds
            .chain(statuses)
            .chain(rest)
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_counted_under_its_name() {
        let mut counts = FaultCounts::default();
        for (fault, _) in KINDS {
            counts.add(fault);
        }
        counts.add(Fault::Status(400));
        counts.add(Fault::Status(0));
        counts.add(Fault::Status(400));
        let names = counts.by_name();
        assert_eq!(names.len(), KINDS.len() + 2);
        assert_eq!(
            (names["timeout"], names["status_400"], names["status_0"]),
            (1, 2, 1)
        );
        assert_eq!(counts.total(), KINDS.len() as u64 + 3);
    }

    #[test]
    fn a_server_of_many_statuses_makes_nothing_grow_and_nothing_is_lost() {
        let (mut counts, mut other) = (FaultCounts::default(), FaultCounts::default());
        for status in 1..=20 {
            counts.add(Fault::Status(status));
            other.add(Fault::Status(status + 100));
        }
        assert_eq!(counts.by_name()["status_other"], 4);
        counts.merge(&other);
        assert_eq!(counts.total(), 40);
    }
}
