//! Bytes that packets had and the capture cut off: they will not come.

use std::collections::BTreeMap;

/// Ranges of a way, by where they begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts(BTreeMap<u64, u64>);

impl Cuts {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a range. What continues a range becomes a part of it, so that packets of which nothing but
    /// headers was captured take no room one by one.
    pub(super) fn add(&mut self, from: u64, to: u64) {
        let before = self.0.range_mut(..=from).next_back();
        match before {
            Some((_, end)) if *end >= from => *end = (*end).max(to),
            _ => {
                self.0.insert(from, to);
            }
        }
    }

    /// Where the last range ends; 0 if there is none.
    pub(super) fn end(&self) -> u64 {
        self.0.values().copied().max().unwrap_or(0)
    }

    /// The first range that reaches beyond `next` and begins before `before`, its beginning no earlier
    /// than `next`. Ranges that lie behind are forgotten.
    pub(super) fn first_within(&mut self, next: u64, before: u64) -> Option<(u64, u64)> {
        while let Some(entry) = self.0.first_entry() {
            if *entry.get() > next {
                let from = (*entry.key()).max(next);
                return (from < before).then_some((from, *entry.get()));
            }
            entry.remove();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Cuts;

    #[test]
    fn ranges_that_continue_each_other_are_one_and_what_lies_behind_is_forgotten() {
        let mut cuts = Cuts::new();
        for at in 0..1000 {
            cuts.add(100 + at * 10, 110 + at * 10);
        }
        cuts.add(20, 30);
        assert_eq!((cuts.0.len(), cuts.end()), (2, 10_100));
        assert_eq!(cuts.first_within(0, 20), None);
        assert_eq!(cuts.first_within(25, 50), Some((25, 30)));
        assert_eq!(cuts.first_within(30, 100), None);
        assert_eq!(cuts.first_within(500, 501), Some((500, 10_100)));
        assert_eq!(cuts.first_within(10_100, u64::MAX), None);
        assert!(cuts.0.is_empty());
    }
}
