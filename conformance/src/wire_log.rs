//! What went each way in a case, for the people who have to mend the peer.

use crate::record::{WireEvent, WireKind, micros};
use std::{collections::VecDeque, fmt::Write, time::Duration};

/// Bytes of one message that are kept.
const KEPT_LEN: usize = 400;
/// Cuts of one write that are kept.
const KEPT_CUTS: usize = 64;
/// Events that are kept at the beginning and at the end of a long conversation.
const KEPT_FIRST: usize = 24;
const KEPT_LAST: usize = 24;

/// The events of one case, in the order in which the suite sent or saw them.
#[derive(Clone, Debug, Default)]
pub(crate) struct WireLog {
    first: Vec<Entry>,
    last: VecDeque<Entry>,
    left_out: usize,
}

/// An event as it is kept while the case goes on; it is written out when somebody wants to see it.
#[derive(Clone, Debug)]
struct Entry {
    event: WireEvent,
    /// The front of its bytes.
    bytes: Vec<u8>,
}

/// Bytes that went one way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a> {
    pub(crate) kind: WireKind,
    pub(crate) bytes: &'a [u8],
    /// A remark.
    pub(crate) text: &'a str,
    /// They begin with a header, so that their fields can be named.
    pub(crate) is_frame: bool,
    pub(crate) with_mac: bool,
    pub(crate) cuts: &'a [usize],
}

impl WireLog {
    pub(crate) fn bytes(&mut self, at: Duration, connection: &str, what: Bytes<'_>) {
        let mut event = event(at, connection, what.kind, what.text);
        event.length = Some(what.bytes.len());
        event.is_frame = what.is_frame;
        event.with_mac = what.with_mac;
        event.cuts = what.cuts.iter().copied().take(KEPT_CUTS).collect();
        let bytes = what.bytes[..what.bytes.len().min(KEPT_LEN)].to_vec();
        self.push(Entry { event, bytes });
    }

    pub(crate) fn note(
        &mut self,
        at: Duration,
        connection: &str,
        kind: WireKind,
        text: impl AsRef<str>,
    ) {
        let event = event(at, connection, kind, text.as_ref());
        let bytes = Vec::new();
        self.push(Entry { event, bytes });
    }

    fn push(&mut self, entry: Entry) {
        if self.first.len() < KEPT_FIRST {
            self.first.push(entry);
            return;
        }
        self.last.push_back(entry);
        if self.last.len() > KEPT_LAST {
            self.last.pop_front();
            self.left_out += 1;
        }
    }

    /// All that was kept; what was left out is counted in its place.
    pub(crate) fn into_events(self) -> Vec<WireEvent> {
        let mut events: Vec<WireEvent> = self.first.into_iter().map(Entry::written).collect();
        if self.left_out > 0 {
            let at = self.last.front().map_or(0, |entry| entry.event.at_us);
            let text = format!("{} more events", self.left_out);
            events.push(WireEvent {
                at_us: at,
                ..event(Duration::ZERO, "main", WireKind::Note, &text)
            });
        }
        events.extend(self.last.into_iter().map(Entry::written));
        events
    }
}

impl Entry {
    fn written(self) -> WireEvent {
        let Self { mut event, bytes } = self;
        for byte in bytes {
            // Writing to a String does not fail.
            let _ = write!(event.hex, "{byte:02x}");
        }
        event
    }
}

fn event(at: Duration, connection: &str, kind: WireKind, text: &str) -> WireEvent {
    WireEvent {
        at_us: micros(at),
        connection: connection.to_owned(),
        kind,
        text: text.to_owned(),
        hex: String::new(),
        length: None,
        is_frame: false,
        with_mac: false,
        cuts: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_conversation_keeps_its_beginning_and_its_end() {
        let mut log = WireLog::default();
        for n in 0..100 {
            log.note(
                Duration::from_micros(n),
                "main",
                WireKind::Note,
                n.to_string(),
            );
        }
        let events = log.into_events();
        assert_eq!(events.len(), KEPT_FIRST + 1 + KEPT_LAST);
        assert_eq!(events[KEPT_FIRST].text, "52 more events");
        assert_eq!(events.last().expect("events").text, "99");
    }
}
