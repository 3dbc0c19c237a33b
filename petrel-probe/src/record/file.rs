//! The files of a recording: made for their owner only, appended to, never overwritten.

use super::{
    pcapng,
    ring::{self, Ring},
};
use petrel_cli::{Exit, Failure};
use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// What a file says of who wrote it, and of its interface.
const APPLICATION: &str = concat!("petrel-probe ", env!("CARGO_PKG_VERSION"));
const INTERFACE: &str = "bytes that petrel-probe forwarded, in TCP made up around them";

/// A recording: one file, or a ring of them, each complete in itself.
#[derive(Debug)]
pub(super) struct RecordingFile {
    base: PathBuf,
    ring: Option<Ring>,
    current: File,
    path: PathBuf,
    /// Bytes of the current file that are whole blocks.
    len: u64,
    /// Whether there may be more in it than that.
    is_torn: bool,
    number: u64,
    kept: VecDeque<PathBuf>,
}

impl RecordingFile {
    /// Makes the first file.
    ///
    /// # Errors
    /// If there is a file of that name, or an earlier ring, or it cannot be written.
    pub(super) fn create(base: &Path, ring: Option<Ring>) -> Result<Self, Failure> {
        let path = match ring {
            Some(_) => {
                refuse_earlier(base)?;
                ring::path(base, 1)
            }
            None => base.to_owned(),
        };
        let (current, len) = start(&path).map_err(|error| Failure::writing(&path, &error))?;
        Ok(Self {
            base: base.to_owned(),
            ring,
            current,
            len,
            is_torn: false,
            number: 1,
            kept: VecDeque::from([path.clone()]),
            path,
        })
    }

    /// Writes to what is there already.
    #[cfg(test)]
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self {
            base: path.to_owned(),
            ring: None,
            current: OpenOptions::new().append(true).open(path)?,
            len: 0,
            is_torn: false,
            number: 1,
            kept: VecDeque::new(),
            path: path.to_owned(),
        })
    }

    /// The file that is being written.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the ring demands a new file before so many bytes more.
    pub(super) fn is_full_for(&self, more: usize) -> bool {
        let len = self.len.saturating_add(more as u64);
        self.ring.is_some_and(|ring| len > ring.size())
    }

    /// Appends whole blocks. If that fails, none of them is in the file.
    pub(super) fn append(&mut self, blocks: &[u8]) -> io::Result<()> {
        // Half a block would make everything behind it unreadable.
        if self.is_torn {
            self.current.set_len(self.len)?;
        }
        self.is_torn = true;
        self.current.write_all(blocks).inspect_err(|_| {
            self.is_torn = self.current.set_len(self.len).is_err();
        })?;
        self.is_torn = false;
        self.len += blocks.len() as u64;
        Ok(())
    }

    /// Goes on in a new file, and removes the oldest if there are more than are to be kept.
    pub(super) fn rotate(&mut self, ring: Ring) -> io::Result<()> {
        while self.kept.len() >= ring.files() {
            if let Some(oldest) = self.kept.pop_front() {
                // Somebody may have taken it away already.
                let _ = fs::remove_file(oldest);
            }
        }
        let number = self.number + 1;
        let path = ring::path(&self.base, number);
        let (current, len) = start(&path)?;
        self.kept.push_back(path.clone());
        (self.current, self.len, self.is_torn) = (current, len, false);
        (self.path, self.number) = (path, number);
        Ok(())
    }

    /// The ring that was asked for.
    pub(super) const fn ring(&self) -> Option<Ring> {
        self.ring
    }

    /// Sees to it that the disk has what was written.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.current.sync_all()
    }
}

/// Makes a file with what every file begins with.
fn start(path: &Path) -> io::Result<(File, u64)> {
    let mut options = OpenOptions::new();
    // Blocks are appended to what is there even if somebody cuts the file meanwhile.
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let mut preamble = Vec::new();
    pcapng::append_preamble(&mut preamble, APPLICATION, INTERFACE);
    file.write_all(&preamble).inspect_err(|_| {
        // What is wrong is the writing; that half a file stays behind would only come on top.
        let _ = fs::remove_file(path);
    })?;
    Ok((file, preamble.len() as u64))
}

fn refuse_earlier(base: &Path) -> Result<(), Failure> {
    match ring::earlier(base) {
        Ok(None) => Ok(()),
        Ok(Some(earlier)) => {
            let message = format!(
                "{} is of an earlier ring, which is never overwritten: choose another name, or \
                 remove its files first",
                earlier.display()
            );
            Err(Failure::new(Exit::Unreachable, message))
        }
        Err(error) => Err(Failure::writing(base, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pcap_parser::parse_pcapng;

    /// Of a file that is one section from its beginning to its end.
    fn count_blocks(path: &Path) -> usize {
        let bytes = fs::read(path).unwrap();
        let (rest, file) = parse_pcapng(&bytes).unwrap();
        assert_eq!((rest.len(), file.sections.len()), (0, 1));
        file.sections[0].blocks.len()
    }

    #[test]
    fn a_file_is_the_owners_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.pcapng");
        let file = RecordingFile::create(&path, None).unwrap();
        file.sync().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let refused = RecordingFile::create(&path, None).unwrap_err();
        assert_eq!(refused.exit(), Exit::Unreachable);
        assert!(
            refused.to_string().contains("never overwritten"),
            "{refused}"
        );
        assert_eq!(count_blocks(&path), 2);
    }

    #[test]
    fn a_ring_keeps_so_many_files_each_complete() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("r.pcapng");
        let ring: Ring = "3x128KiB".parse().unwrap();
        let mut file = RecordingFile::create(&base, Some(ring)).unwrap();
        let mut block = Vec::new();
        pcapng::append_packet(&mut block, 1, None, |to| to.resize(to.len() + 20_000, 0));
        for _ in 0..80 {
            if file.is_full_for(block.len()) {
                file.rotate(ring).unwrap();
            }
            file.append(&block).unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(
            names,
            ["r-00012.pcapng", "r-00013.pcapng", "r-00014.pcapng"]
        );
        for name in names {
            let path = folder.path().join(name);
            assert!(fs::metadata(&path).unwrap().len() <= ring.size());
            assert!(count_blocks(&path) > 2);
        }
        let refused = RecordingFile::create(&base, Some(ring)).unwrap_err();
        assert!(refused.to_string().contains("earlier ring"), "{refused}");
    }
}
