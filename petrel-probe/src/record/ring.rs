//! A ring of files: how many, how large, and what they are called.

use petrel::Unit;
use petrel_cli::quantity;
use std::{
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Digits of a file's number at least, so that names sort as numbers do.
const DIGITS: usize = 5;

/// Smallest file in bytes: room for what every file begins with and the largest packet.
const SIZE_MIN: u64 = 128 << 10;

/// How many files are kept, and how large each becomes. Written `10x64MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    files: usize,
    size: u64,
}

/// Why a text is not a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingError(String);

impl Ring {
    /// How many files are kept; at least two.
    pub const fn files(&self) -> usize {
        self.files
    }

    /// How many bytes a file has at most.
    pub const fn size(&self) -> u64 {
        self.size
    }
}

impl FromStr for Ring {
    type Err = RingError;

    fn from_str(text: &str) -> Result<Self, RingError> {
        let wrong = |problem: String| RingError(format!("{problem}; write 10x64MiB"));
        let (files, size) = text
            .split_once(['x', '×'])
            .ok_or_else(|| wrong("the x between number and size is missing".to_owned()))?;
        let files = files
            .trim()
            .parse()
            .ok()
            .filter(|files| (2..=100_000).contains(files))
            .ok_or_else(|| wrong("keep 2 to 100000 files".to_owned()))?;
        let size = quantity::parse(Unit::Bytes, size.trim())
            .map_err(|error| RingError(error.to_string()))?;
        if size < SIZE_MIN {
            return Err(wrong("a file has at least 128KiB".to_owned()));
        }
        Ok(Self { files, size })
    }
}

impl fmt::Display for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}x{}",
            self.files,
            quantity::show(Unit::Bytes, self.size)
        )
    }
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RingError {}

/// The file of this number, from 1: of `r.pcapng` the first is `r-00001.pcapng`.
pub(super) fn path(base: &Path, number: u64) -> PathBuf {
    let mut name = OsString::from(base.file_stem().unwrap_or_default());
    name.push(format!("-{number:0DIGITS$}"));
    if let Some(extension) = base.extension() {
        name.push(".");
        name.push(extension);
    }
    base.with_file_name(name)
}

/// A file of an earlier ring of this name, if there is one.
pub(super) fn earlier(base: &Path) -> io::Result<Option<PathBuf>> {
    let folder = base
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    for entry in fs::read_dir(folder.unwrap_or_else(|| Path::new(".")))? {
        let name = entry?.file_name();
        if number_of(base, Path::new(&name)).is_some() {
            return Ok(Some(base.with_file_name(name)));
        }
    }
    Ok(None)
}

/// The number in the name of a ring's file.
fn number_of(base: &Path, name: &Path) -> Option<u64> {
    if name.extension() != base.extension() {
        return None;
    }
    let (stem, base) = (name.file_stem()?, base.file_stem()?);
    let digits = stem
        .as_encoded_bytes()
        .strip_prefix(base.as_encoded_bytes())?
        .strip_prefix(b"-")?;
    let is_number = digits.len() >= DIGITS && digits.iter().all(u8::is_ascii_digit);
    let digits = std::str::from_utf8(digits).ok()?;
    is_number.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_reads_as_it_is_written() {
        let ring: Ring = "10x64MiB".parse().unwrap();
        assert_eq!((ring.files(), ring.size()), (10, 64 << 20));
        assert_eq!(ring.to_string(), "10x64MiB");
        for text in [
            "", "10", "1x1MiB", "x1MiB", "2x", "2x1KiB", "-2x1MiB", "2x1.5MiB",
        ] {
            let error = text.parse::<Ring>().unwrap_err().to_string();
            assert!(error.contains("write"), "{text}: {error}");
        }
    }

    #[test]
    fn the_number_stands_before_the_extension() {
        for (base, first) in [
            ("r.pcapng", "r-00001.pcapng"),
            ("/a/b.c/r.x.pcapng", "/a/b.c/r.x-00001.pcapng"),
            ("r", "r-00001"),
        ] {
            let (base, first) = (Path::new(base), Path::new(first));
            assert_eq!(path(base, 1), first);
            let name = Path::new(first.file_name().unwrap());
            assert_eq!(number_of(base, name), Some(1));
        }
        let base = Path::new("r.pcapng");
        assert_eq!(path(base, 123_456), Path::new("r-123456.pcapng"));
        for other in [
            "r.pcapng",
            "r-1.pcapng",
            "r-00001.pcap",
            "r-0000x.pcapng",
            "rr-00001.pcapng",
        ] {
            assert_eq!(number_of(base, Path::new(other)), None, "{other}");
        }
    }
}
