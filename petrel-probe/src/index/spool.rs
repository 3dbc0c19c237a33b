//! Where bytes are kept that can be read only once, or lie in no file.

use std::{
    fs::File,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How much a spool keeps in memory: 64 MiB. What comes behind goes to a temporary file without a name.
pub const SPOOL_MEMORY: usize = 64 << 20;

/// Bytes that are appended in one thread and read in others.
#[derive(Debug)]
pub struct Spool {
    memory_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    memory: Vec<u8>,
    /// What did not fit in memory, and how many bytes that are. The file is there if it is needed.
    file: Option<Arc<File>>,
    file_len: u64,
}

impl Default for Spool {
    fn default() -> Self {
        Self::new(SPOOL_MEMORY)
    }
}

impl Spool {
    /// Keeps so many bytes in memory.
    pub fn new(memory_max: usize) -> Self {
        Self {
            memory_max,
            kept: Mutex::default(),
        }
    }

    /// How many bytes were appended.
    pub fn len(&self) -> u64 {
        let kept = self.kept();
        kept.memory.len() as u64 + kept.file_len
    }

    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends bytes and says at which offset.
    ///
    /// # Errors
    /// If there is no temporary file to be had, or it cannot be written: no room, most likely.
    pub fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut kept = self.kept();
        let in_memory = kept.memory.len() as u64;
        let at = in_memory + kept.file_len;
        let room = self.memory_max.saturating_sub(kept.memory.len());
        let (first, rest) = bytes.split_at(bytes.len().min(room));
        if !rest.is_empty() {
            let file = match &kept.file {
                Some(file) => Arc::clone(file),
                None => Arc::clone(kept.file.insert(Arc::new(tempfile::tempfile()?))),
            };
            // Only this appends, and a write that failed counts for nothing.
            write_all_at(&file, rest, kept.file_len)?;
            kept.file_len += rest.len() as u64;
        }
        kept.memory.extend_from_slice(first);
        Ok(at)
    }

    /// Fills the buffer with what lies at an offset.
    ///
    /// # Errors
    /// If not so many bytes were appended, or the temporary file cannot be read.
    pub fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<()> {
        let kept = self.kept();
        let in_memory = usize::try_from(at)
            .ok()
            .and_then(|at| kept.memory.get(at..));
        let in_memory = in_memory.unwrap_or_default();
        let (first, rest) = buffer.split_at_mut(buffer.len().min(in_memory.len()));
        first.copy_from_slice(in_memory.get(..first.len()).unwrap_or_default());
        if rest.is_empty() {
            return Ok(());
        }
        let at = at.saturating_sub(kept.memory.len() as u64);
        let Some(file) = kept.file.clone() else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        // The writer need not wait for a disk.
        drop(kept);
        read_exact_at(&file, rest, at)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(unix)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(unix)]
pub(super) fn read_exact_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(windows)]
pub(super) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        let len = read_at(file, buffer, at)?;
        if len == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer = buffer.split_at_mut(len).1;
        at += len as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let len = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        bytes = bytes.split_at(len).1;
        at += len as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spooled_comes_back_from_memory_and_file_alike() {
        let spool = Spool::new(10);
        let mut all = Vec::new();
        for len in [0, 3, 5, 4, 1, 30] {
            let bytes: Vec<u8> = (all.len()..all.len() + len)
                .map(|n| u8::try_from(n).unwrap())
                .collect();
            assert_eq!(spool.append(&bytes).unwrap(), all.len() as u64);
            all.extend(bytes);
        }
        assert_eq!(spool.len(), 43);
        for at in 0..all.len() {
            for end in at..all.len() {
                let mut buffer = vec![0; end - at];
                spool.read_at(at as u64, &mut buffer).unwrap();
                assert_eq!(buffer, all[at..end]);
            }
        }
        assert!(spool.read_at(40, &mut [0; 4]).is_err());
        assert!(spool.read_at(u64::MAX, &mut [0; 1]).is_err());
    }
}
