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

/// What an event costs beside its bytes.
const OVERHEAD: usize = 64;

/// Payloads longer than this are not believed of a connection that said nothing yet to be believed.
const CREDIBLE_MAX: u32 = 64 << 20;

/// The reasons for which connections are not decoded.
const TLS: &str = "TLS, recorded encrypted (petrel-probe record writes the plaintext)";
const OTHER: &str = "another protocol, or no protocol check (--port says that it is Petrel)";

/// A connection of which it is not known yet what it speaks; what it said is kept.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    events: Vec<Kept>,
    kept: usize,
    has_data: bool,
    openings: [Opening; 2],
}

/// How a way begins.
#[derive(Debug, Default)]
struct Opening {
    bytes: Vec<u8>,
    /// Whether what follows is missing.
    is_cut: bool,
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
    /// Petrel.
    Petrel,
    /// Not known yet.
    Unknown,
    /// Something else; with what.
    Other(&'static str),
}

/// Whether bytes look like the beginning of a way that begins with a protocol check.
pub(super) fn is_check(bytes: &[u8]) -> bool {
    let mut opening = Opening::default();
    opening.add(bytes);
    opening.look() == Speech::Petrel
}

impl Candidate {
    /// Keeps an event, and judges.
    pub(super) fn add(&mut self, event: StreamEvent<'_>) -> Speech {
        self.kept += OVERHEAD;
        match event {
            StreamEvent::Data { way, bytes, .. } => {
                self.kept += bytes.len();
                self.has_data = true;
                let [forth, back] = &mut self.openings;
                if way == Way::Forth { forth } else { back }.add(bytes);
            }
            StreamEvent::Gap { way, .. } => {
                let [forth, back] = &mut self.openings;
                if way == Way::Forth { forth } else { back }.is_cut = true;
            }
            _ => {}
        }
        self.events.push(Kept::of(event));
        self.judge()
    }

    pub(super) fn judge(&self) -> Speech {
        let looks = self.openings.each_ref().map(Opening::look);
        if looks.contains(&Speech::Petrel) {
            return Speech::Petrel;
        }
        if looks.contains(&Speech::Other(TLS)) {
            return Speech::Other(TLS);
        }
        let others = looks.iter().filter(|look| **look != Speech::Unknown);
        if others.count() == 2 || self.kept > KEPT_MAX {
            return Speech::Other(OTHER);
        }
        Speech::Unknown
    }

    /// Whether it is Petrel, given that its server's port is known for it, and its client if that is
    /// known. A handshake and a first request that makes no sense are somebody else's.
    pub(super) fn judge_at_known_port(&self, client: Option<Way>, is_forced: bool) -> Speech {
        let looks = self.openings.each_ref().map(Opening::look);
        if looks.contains(&Speech::Petrel) {
            return Speech::Petrel;
        }
        if looks.contains(&Speech::Other(TLS)) {
            return Speech::Other(TLS);
        }
        let [forth, back] = &self.openings;
        let asks = match client {
            Some(Way::Back) => back,
            _ => forth,
        };
        if is_forced || client.is_none() {
            let is_enough = self.openings.iter().any(Opening::has_header);
            return if is_enough {
                Speech::Petrel
            } else {
                Speech::Unknown
            };
        }
        match asks.is_credible() {
            Some(true) => Speech::Petrel,
            Some(false) => Speech::Other(OTHER),
            // What was not captured of it speaks neither for it nor against it.
            None if asks.is_cut || self.kept > KEPT_MAX => Speech::Petrel,
            None => Speech::Unknown,
        }
    }

    /// Whether it looks as if it were TLS.
    pub(super) fn is_tls(&self) -> bool {
        let mut looks = self.openings.iter().map(Opening::look);
        looks.any(|look| look == Speech::Other(TLS))
    }

    /// What is kept, in bytes.
    pub(super) const fn held(&self) -> usize {
        self.kept
    }

    /// What to call it if nothing more comes.
    pub(super) fn reason(&self) -> &'static str {
        let told = self
            .openings
            .iter()
            .find_map(|opening| match opening.look() {
                Speech::Other(what) => Some(what),
                _ => None,
            });
        let is_silent = self.openings.iter().all(|opening| opening.bytes.is_empty());
        told.unwrap_or(if is_silent {
            "no data"
        } else {
            "too little data to tell"
        })
    }

    pub(super) fn begins_with_check(&self, way: Way) -> bool {
        let [forth, back] = &self.openings;
        let opening = if way == Way::Forth { forth } else { back };
        opening.look() == Speech::Petrel
    }

    pub(super) const fn has_data(&self) -> bool {
        self.has_data
    }

    /// The way on which a protocol check was asked or answered first; answers carry a status.
    pub(super) fn client(&self) -> Option<Way> {
        let [forth, back] = self.openings.each_ref().map(Opening::status);
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

impl Opening {
    fn add(&mut self, bytes: &[u8]) {
        if !self.is_cut {
            let room = OPENING.saturating_sub(self.bytes.len()).min(bytes.len());
            self.bytes
                .extend_from_slice(bytes.get(..room).unwrap_or_default());
        }
    }

    const fn has_header(&self) -> bool {
        self.bytes.len() >= HEADER_LEN
    }

    /// Whether it could begin with a request; none if there is too little of it to tell.
    fn is_credible(&self) -> Option<bool> {
        let header = Header::parse(self.bytes.first_chunk()?);
        let name = self.bytes.get(HEADER_LEN..).unwrap_or_default();
        let name = name.get(..usize::from(header.name_len)).unwrap_or(name);
        let is_text = !name.iter().any(u8::is_ascii_control);
        Some(is_text && header.payload_len <= CREDIBLE_MAX)
    }

    /// What the first bytes of a way are.
    fn look(&self) -> Speech {
        // Records of TLS: a handshake, or whatever a connection that was joined later says.
        if let [0x14..=0x17, 0x03, 0..=4, ..] = self.bytes[..] {
            return Speech::Other(TLS);
        }
        let Some(head) = self.bytes.first_chunk::<HEADER_LEN>() else {
            return Speech::Unknown;
        };
        let is_check = usize::from(Header::parse(head).name_len) == PROTOCOL_CHECK.len();
        let name = self.bytes.get(HEADER_LEN..).unwrap_or_default();
        if !is_check || !PROTOCOL_CHECK.as_bytes().starts_with(name) {
            return Speech::Other(OTHER);
        }
        // Of packets that were cut a part of the name has to do.
        let is_enough = name.len() == PROTOCOL_CHECK.len() || (self.is_cut && name.len() >= 4);
        if is_enough {
            Speech::Petrel
        } else {
            Speech::Unknown
        }
    }

    fn status(&self) -> Option<u16> {
        let head = self.bytes.first_chunk::<HEADER_LEN>()?;
        (self.look() == Speech::Petrel).then(|| Header::parse(head).status.0)
    }
}
