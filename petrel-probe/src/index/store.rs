//! Where the bytes of messages lie.

use super::spool::{self, Spool};
use std::{fs::File, io, sync::Arc};

/// Something that bytes can be read from at any offset, in any thread.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a file, or a copy of what is none")]
pub enum Store {
    /// A capture file.
    File(Arc<File>),
    /// What was read from something that is no file.
    Spool(Arc<Spool>),
}

impl Store {
    /// Fills the buffer with what lies at an offset.
    ///
    /// # Errors
    /// If it does not reach so far, or cannot be read.
    pub fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file) => spool::read_exact_at(file, buffer, at),
            Self::Spool(spool) => spool.read_at(at, buffer),
        }
    }
}

/// The stores of an index: the source that messages say their extents of, and a spool for those that
/// lie in no source.
#[derive(Clone, Debug, Default)]
pub struct Stores {
    source: Option<Store>,
    spool: Arc<Spool>,
}

impl Stores {
    /// For exchanges without extents: what is recorded or sent. Their bytes are spooled.
    pub fn new() -> Self {
        Self::default()
    }

    /// For exchanges with extents in a source.
    pub fn with_source(source: Store) -> Self {
        Self {
            source: Some(source),
            spool: Arc::default(),
        }
    }

    pub(super) const fn source(&self) -> Option<&Store> {
        self.source.as_ref()
    }

    pub(super) fn spool(&self) -> &Spool {
        &self.spool
    }
}
