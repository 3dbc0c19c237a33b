//! The keys that MACs are tried with.

use crate::exchange::{KeyLabel, MacState};
use petrel::wire::{MAC_LEN, MacKey};

/// Keys with their labels, tried in their order. `Debug` prints the labels only.
#[derive(Clone, Debug, Default)]
pub struct Keyring(Vec<(KeyLabel, MacKey)>);

impl Keyring {
    /// No keys.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a key under what it is called in reports.
    pub fn add(&mut self, label: &str, key: MacKey) {
        self.0.push((label.into(), key));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first key, with which is signed.
    pub fn first(&self) -> Option<&MacKey> {
        self.0.first().map(|(_, key)| key)
    }

    /// What the keys are called, in their order.
    pub fn labels(&self) -> impl Iterator<Item = &KeyLabel> {
        self.0.iter().map(|(label, _)| label)
    }

    /// The same keys, this one first, so that it signs. The order of the others stays.
    #[must_use]
    pub fn with_first(&self, at: usize) -> Self {
        let mut keys = self.0.clone();
        if let Some(through) = keys.get_mut(..=at) {
            through.rotate_right(1);
        }
        Self(keys)
    }

    /// Tries every key on a payload and the 44 characters behind it.
    pub fn judge(&self, payload: &[u8], mac: &[u8; MAC_LEN]) -> MacState {
        if self.is_empty() {
            return MacState::NoKey;
        }
        let fitting = self.0.iter().find(|(_, key)| key.verify(payload, mac));
        fitting.map_or(MacState::Bad, |(label, _)| MacState::Ok(label.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_that_fits_is_named() {
        let mut keys = Keyring::new();
        let (a, b) = (MacKey::new(b"a").unwrap(), MacKey::new(b"b").unwrap());
        assert_eq!(keys.judge(b"x", &b.sign(b"x")), MacState::NoKey);
        keys.add("a.key", a);
        assert_eq!(keys.judge(b"x", &b.sign(b"x")), MacState::Bad);
        keys.add("b.key", b.clone());
        assert_eq!(
            keys.judge(b"x", &b.sign(b"x")),
            MacState::Ok("b.key".into())
        );
        assert_eq!(keys.judge(b"y", &b.sign(b"x")), MacState::Bad);
        assert_eq!(keys.judge(b"x", &[b'!'; MAC_LEN]), MacState::Bad);
    }

    #[test]
    fn any_key_can_be_the_one_that_signs() {
        let mut keys = Keyring::new();
        for name in ["a", "b", "c"] {
            keys.add(name, MacKey::new(name.as_bytes()).unwrap());
        }
        let order = |keys: &Keyring| keys.labels().map(ToString::to_string).collect::<String>();
        assert_eq!(order(&keys.with_first(1)), "bac");
        assert_eq!(order(&keys.with_first(3)), "abc");
    }
}
