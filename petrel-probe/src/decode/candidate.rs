//! Whether a connection speaks Petrel: what it says first.

use crate::{
    exchange::GapCause,
    tcp::{StreamEvent, Way},
};
use petrel::wire::{HEADER_LEN, Header, PROTOCOL_CHECK};

/// Bytes of a way by which it is judged: a header and the name of the protocol check.
const OPENING: usize = HEADER_LEN + PROTOCOL_CHECK.len();

/// Bytes of both ways that are kept meanwhile.
const KEPT_MAX: usize = 4 << 10;

/// A connection of which it is not known yet what it speaks; what it said is kept.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    events: Vec<Kept>,
    kept: usize,
    openings: [Vec<u8>; 2],
}

/// An event that owns its bytes.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Data {
        way: Way,
        bytes: Vec<u8>,
        source: u64,
        time_ns: u64,
    },
    Gap {
        way: Way,
        len: u64,
        cause: GapCause,
    },
    Conflict {
        way: Way,
        len: u64,
    },
    Answered {
        way: Way,
    },
    End {
        way: Way,
    },
}

/// What a connection turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// Petrel; with the way on which the protocol check came, if it was the request.
    Petrel,
    /// Not known yet.
    Unknown,
    /// Something else; with what.
    Other(&'static str),
}

impl Candidate {
    /// Keeps an event, and judges.
    pub(super) fn add(&mut self, event: StreamEvent<'_>) -> Speech {
        if let StreamEvent::Data { way, bytes, .. } = event {
            self.kept += bytes.len();
            let opening = &mut self.openings[usize::from(way == Way::Back)];
            let room = OPENING.saturating_sub(opening.len()).min(bytes.len());
            opening.extend_from_slice(bytes.get(..room).unwrap_or_default());
        }
        self.events.push(Kept::of(event));
        self.judge()
    }

    pub(super) fn judge(&self) -> Speech {
        let looks = self.openings.each_ref().map(|opening| look(opening));
        if looks.contains(&Speech::Petrel) {
            return Speech::Petrel;
        }
        match looks {
            [Speech::Other(what), Speech::Other(_)] => Speech::Other(what),
            [Speech::Other(what), _] | [_, Speech::Other(what)] if self.kept > KEPT_MAX => {
                Speech::Other(what)
            }
            _ => Speech::Unknown,
        }
    }

    /// What to call it if nothing more comes.
    pub(super) fn reason(&self) -> &'static str {
        let told = self
            .openings
            .iter()
            .find_map(|opening| match look(opening) {
                Speech::Other(what) => Some(what),
                _ => None,
            });
        let is_silent = self.openings.iter().all(Vec::is_empty);
        told.unwrap_or(if is_silent {
            "no data"
        } else {
            "too little data to tell"
        })
    }

    pub(super) fn begins_with_check(&self, way: Way) -> bool {
        let [forth, back] = &self.openings;
        let opening = if way == Way::Forth { forth } else { back };
        look(opening) == Speech::Petrel
    }

    pub(super) fn has_data(&self) -> bool {
        self.kept > 0
    }

    /// The way on which a protocol check was asked or answered first; answers carry a status.
    pub(super) fn client(&self) -> Option<Way> {
        let [forth, back] = self.openings.each_ref().map(|opening| status(opening));
        match (forth, back) {
            // The original client repeats the last status, but its first request has none.
            (Some(0), _) => Some(Way::Forth),
            (_, Some(0)) => Some(Way::Back),
            (Some(_), None) => Some(Way::Back),
            (None, Some(_)) => Some(Way::Forth),
            _ => None,
        }
    }

    pub(super) fn into_events(self) -> Vec<Kept> {
        self.events
    }
}

impl Kept {
    fn of(event: StreamEvent<'_>) -> Self {
        match event {
            StreamEvent::Data {
                way,
                bytes,
                source,
                time_ns,
            } => {
                let bytes = bytes.to_vec();
                Self::Data {
                    way,
                    bytes,
                    source,
                    time_ns,
                }
            }
            StreamEvent::Gap { way, len, cause } => Self::Gap { way, len, cause },
            StreamEvent::Conflict { way, len } => Self::Conflict { way, len },
            StreamEvent::Answered { way } => Self::Answered { way },
            StreamEvent::End { way } => Self::End { way },
        }
    }

    pub(super) fn event(&self) -> StreamEvent<'_> {
        match self {
            Self::Data {
                way,
                bytes,
                source,
                time_ns,
            } => StreamEvent::Data {
                way: *way,
                bytes,
                source: *source,
                time_ns: *time_ns,
            },
            Self::Gap { way, len, cause } => StreamEvent::Gap {
                way: *way,
                len: *len,
                cause: *cause,
            },
            Self::Conflict { way, len } => StreamEvent::Conflict {
                way: *way,
                len: *len,
            },
            Self::Answered { way } => StreamEvent::Answered { way: *way },
            Self::End { way } => StreamEvent::End { way: *way },
        }
    }
}

/// What the first bytes of a way are.
fn look(opening: &[u8]) -> Speech {
    if let [0x16, 0x03, 0..=4, ..] = opening {
        return Speech::Other("TLS, recorded encrypted (petrel-probe record writes the plaintext)");
    }
    let Some(head) = opening.first_chunk::<HEADER_LEN>() else {
        return Speech::Unknown;
    };
    let is_check = usize::from(Header::parse(head).name_len) == PROTOCOL_CHECK.len();
    let name = opening.get(HEADER_LEN..).unwrap_or_default();
    if !is_check || !PROTOCOL_CHECK.as_bytes().starts_with(name) {
        return Speech::Other(
            "another protocol, or no protocol check (--port says that it is Petrel)",
        );
    }
    if name.len() == PROTOCOL_CHECK.len() {
        Speech::Petrel
    } else {
        Speech::Unknown
    }
}

fn status(opening: &[u8]) -> Option<u16> {
    let head = opening.first_chunk::<HEADER_LEN>()?;
    (look(opening) == Speech::Petrel).then(|| Header::parse(head).status.0)
}
