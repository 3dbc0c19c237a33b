//! Why a capture could not be read.

use std::{error::Error, fmt, io};

/// What keeps a capture from being read at all. A capture that is cut or damaged is no error: what was
/// read before counts, and [`Reader::ending`](super::Reader::ending) tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum CaptureError {
    /// Reading failed.
    Io(io::Error),
    /// This is no capture.
    NotACapture {
        /// What it looks like, as in "this is …".
        looks_like: &'static str,
        /// What would be right.
        advice: &'static str,
    },
}

impl CaptureError {
    /// Judges by the first bytes what something is that is no capture.
    pub(super) fn judge(start: &[u8]) -> Self {
        const FORMATS: [(&[u8], &str, &str); 9] = [
            (
                b"\x1f\x8b",
                "compressed (gzip)",
                "unpack it first: gunzip -c FILE | petrel-probe decode -",
            ),
            (
                b"\x28\xb5\x2f\xfd",
                "compressed (zstd)",
                "unpack it first: zstd -dc FILE | petrel-probe decode -",
            ),
            (
                b"\xfd7zXZ\0",
                "compressed (xz)",
                "unpack it first: xz -dc FILE | petrel-probe decode -",
            ),
            (
                b"BZh",
                "compressed (bzip2)",
                "unpack it first: bzip2 -dc FILE | petrel-probe decode -",
            ),
            (
                b"\x04\x22\x4d\x18",
                "compressed (lz4)",
                "unpack it first: lz4 -dc FILE | petrel-probe decode -",
            ),
            (
                b"PK\x03\x04",
                "a zip archive",
                "unpack it and give the capture within",
            ),
            (
                b"snoop\0",
                "a snoop capture",
                "turn it into pcap first: editcap -F pcap FILE OUT.pcap",
            ),
            (
                b"GMBU",
                "a Network Monitor capture",
                "turn it into pcap first: editcap -F pcap FILE OUT.pcap",
            ),
            (
                b"\x7fELF",
                "a program",
                "give a pcap or pcapng file, as tcpdump -w writes it",
            ),
        ];
        let known = FORMATS.iter().find(|(magic, ..)| start.starts_with(magic));
        let (looks_like, advice) = match known {
            Some((_, looks_like, advice)) => (*looks_like, *advice),
            None if start.is_empty() => (
                "empty",
                "a capture has at least a header; did whatever wrote it end early?",
            ),
            None if is_text(start) => (
                "text",
                "give a pcap or pcapng file, as tcpdump -w writes it",
            ),
            None => (
                "no capture",
                "give a pcap or pcapng file, as tcpdump -w writes it",
            ),
        };
        Self::NotACapture { looks_like, advice }
    }
}

/// Whether bytes look like text: UTF-8, save for a character that is cut at the end, without control
/// characters other than those of layout.
fn is_text(bytes: &[u8]) -> bool {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => bytes
            .get(..error.valid_up_to())
            .and_then(|valid| str::from_utf8(valid).ok())
            .unwrap_or_default(),
        Err(_) => return false,
    };
    let layout = |c: char| matches!(c, '\t' | '\n' | '\r' | '\x1b');
    !text.is_empty() && text.chars().all(|c| layout(c) || !c.is_control())
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::NotACapture { looks_like, advice } => write!(
                f,
                "this is {looks_like}, not a pcap or pcapng file; {advice}"
            ),
        }
    }
}

impl Error for CaptureError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::NotACapture { .. } => None,
        }
    }
}

impl From<io::Error> for CaptureError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
