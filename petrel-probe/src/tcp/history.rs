//! The last bytes that were handed out, to be compared with what is sent again.

/// How many bytes are kept at the least, if so many came without a gap.
const LENGTH: usize = 4 << 10;

/// The end of what was handed out of a way.
#[derive(Clone, Debug, Default)]
pub(super) struct History(Vec<u8>);

impl History {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Begins anew, because of a gap; the room is kept.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn remember(&mut self, bytes: &[u8]) {
        if self.0.len() + bytes.len() > 2 * LENGTH {
            let keep = LENGTH.saturating_sub(bytes.len()).min(self.0.len());
            self.0.drain(..self.0.len() - keep);
        }
        let tail = bytes.len().saturating_sub(LENGTH);
        if tail > 0 {
            self.0.clear();
        }
        self.0
            .extend_from_slice(bytes.get(tail..).unwrap_or_default());
    }

    /// How many bytes from `at` on differ from what was handed out up to `next`.
    pub(super) fn conflict(&self, next: u64, at: u64, bytes: &[u8]) -> u64 {
        let kept_from = next - self.0.len() as u64;
        let from = at.max(kept_from);
        let (Ok(in_history), Ok(in_bytes)) = (
            usize::try_from(from - kept_from),
            usize::try_from(from - at),
        ) else {
            return 0;
        };
        let old = self.0.get(in_history..).unwrap_or_default();
        differing(bytes.get(in_bytes..).unwrap_or_default(), old)
    }
}

/// In how many places two runs of bytes differ, as far as both go.
pub(super) fn differing(a: &[u8], b: &[u8]) -> u64 {
    if a.len() == b.len() && a == b {
        return 0;
    }
    a.iter().zip(b).filter(|(a, b)| a != b).count() as u64
}
