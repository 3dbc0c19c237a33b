//! How the bytes of a conversation are cut into separate writes: an axis over every case.

use crate::frame::{HEADER_LEN, Header, Layout, MAC_LEN};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Longer frames are not cut at every byte.
const EVERY_BYTE_MAX: usize = 1 << 10;
/// So many bytes at each edge of a long payload and of its MAC are cut apart.
const EDGE: usize = 3;
/// One write is cut into no more pieces than this; the rest of it leaves whole.
const PIECES_MAX: usize = 500;

/// One way of cutting and joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Segmentation {
    /// Each send is one write.
    Whole,
    /// The header of each frame apart from the rest.
    Header,
    /// Cut at every boundary between two fields.
    Fields,
    /// Every byte alone; of frames over 1 KiB only the header, the name and the edges of payload and
    /// MAC.
    Bytes,
    /// All sends up to the next wait in one write.
    Joined,
}

impl Segmentation {
    /// All of them, the plainest first.
    pub const ALL: [Self; 5] = [
        Self::Whole,
        Self::Header,
        Self::Fields,
        Self::Bytes,
        Self::Joined,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Header => "header",
            Self::Fields => "fields",
            Self::Bytes => "bytes",
            Self::Joined => "joined",
        }
    }

    /// The offsets at which the bytes of these frames are cut, ascending.
    pub(crate) fn cuts(self, frames: &[Vec<u8>], with_mac: bool) -> Vec<usize> {
        let mut start = 0;
        let mut cuts = Vec::new();
        for frame in frames {
            // Behind each frame, too: only `whole` and `joined` send several in one write.
            if start > 0 && !matches!(self, Self::Whole | Self::Joined) {
                cuts.push(start);
            }
            cuts.extend(
                self.inside(frame, with_mac)
                    .into_iter()
                    .filter(|cut| (1..frame.len()).contains(cut))
                    .map(|cut| start + cut),
            );
            start += frame.len();
        }
        cuts.truncate(PIECES_MAX);
        cuts
    }

    fn inside(self, frame: &[u8], with_mac: bool) -> Vec<usize> {
        let Some(header) = Header::parse(frame) else {
            // Not even a header: bytes are bytes.
            return match self {
                Self::Whole | Self::Joined | Self::Header => Vec::new(),
                Self::Fields | Self::Bytes => (1..frame.len()).collect(),
            };
        };
        let payload = Layout::of(header, false).payload;
        // What was sent may be shorter or longer than what the header claims.
        let mac = frame
            .len()
            .saturating_sub(if with_mac { MAC_LEN } else { 0 });
        let mut cuts = match self {
            Self::Whole | Self::Joined => Vec::new(),
            Self::Header => vec![HEADER_LEN],
            Self::Fields => vec![2, 6, 7, HEADER_LEN, payload.start, payload.end, mac],
            Self::Bytes if frame.len() <= EVERY_BYTE_MAX => (1..frame.len()).collect(),
            Self::Bytes => {
                let around = |at: usize| at.saturating_sub(EDGE)..=at.saturating_add(EDGE);
                (1..=payload.start)
                    .chain(around(payload.start))
                    .chain(around(payload.end.min(frame.len())))
                    .chain(around(mac))
                    .chain(around(frame.len()))
                    .collect()
            }
        };
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }
}

impl FromStr for Segmentation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|each| each.as_str() == text);
        found.ok_or_else(|| {
            format!("`{text}` is no segmentation: whole, header, fields, bytes, joined or all")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(name: &[u8], payload: &[u8], mac: &[u8]) -> Vec<u8> {
        let header = Header {
            status: 0,
            sequence: 1,
            name_len: u8::try_from(name.len()).expect("a short name"),
            payload_len: u32::try_from(payload.len()).expect("a short payload"),
        };
        [&header.to_bytes()[..], name, payload, mac].concat()
    }

    #[test]
    fn every_segmentation_cuts_where_it_says() {
        let frames = [frame(b"ab", b"xyz", b""), frame(b"", b"", b"")];
        let cuts = |segmentation: Segmentation| segmentation.cuts(&frames, false);
        assert_eq!(cuts(Segmentation::Whole), [0; 0]);
        assert_eq!(cuts(Segmentation::Joined), [0; 0]);
        assert_eq!(cuts(Segmentation::Header), [11, 16]);
        assert_eq!(
            cuts(Segmentation::Fields),
            [2, 6, 7, 11, 13, 16, 18, 22, 23]
        );
        assert_eq!(cuts(Segmentation::Bytes), (1..27).collect::<Vec<_>>());
    }

    #[test]
    fn long_frames_are_cut_at_their_edges() {
        let long = frame(b"n", &[7; 2000], &[b'A'; MAC_LEN]);
        let cuts = Segmentation::Bytes.cuts(std::slice::from_ref(&long), true);
        let payload_end = 12 + 2000;
        for cut in [
            1,
            11,
            12,
            14,
            payload_end - 1,
            payload_end,
            payload_end + 1,
            long.len() - 1,
        ] {
            assert!(cuts.contains(&cut), "{cut} of {cuts:?}");
        }
        assert!(cuts.len() < 40, "{cuts:?}");
    }
}
