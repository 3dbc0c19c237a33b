//! What a filter looks at.

use crate::exchange::{Exchange, Gap, MacState, Message, Note, Side};
use petrel::wire::Status;
use std::net::SocketAddr;

/// Something that a filter can judge: an exchange, or what an index remembers of one.
pub trait Subject {
    /// Number of its connection.
    fn connection(&self) -> u32;
    /// Its sequence number: that of the request, else that of the answer.
    fn sequence(&self) -> u32;
    /// Where the client was.
    fn client(&self) -> SocketAddr;
    /// Where the server was.
    fn server(&self) -> SocketAddr;
    /// The name of the exchange: that of the request, else that of the answer.
    fn name(&self) -> &[u8];
    /// From the last byte of the request to the last byte of the answer, in nanoseconds.
    fn rtt_ns(&self) -> Option<u64>;
    /// Whether both messages are there with all their bytes.
    fn is_complete(&self) -> bool;
    /// The request (of the client) or the answer (of the server), if it is there.
    fn part(&self, side: Side) -> Option<Part<'_>>;
    /// What deserves to be said about it.
    fn notes(&self) -> &[Note];
    /// Shows every gap of its messages.
    fn each_gap(&self, see: &mut dyn FnMut(Side, Gap));
    /// The captured bytes of a payload. None if they are not at hand (or there is no such message).
    fn payload(&self, side: Side) -> Option<Payload<'_>>;
}

/// What is known of a message without its payload.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by every kind of subject")]
pub struct Part<'a> {
    /// The status.
    pub status: Status,
    /// The request text, as far as it was captured without a gap.
    pub name: &'a [u8],
    /// Length of the payload, as the header claims it.
    pub payload_len: u32,
    /// The state of the MAC.
    pub mac: &'a MacState,
    /// When its last byte was captured, in nanoseconds since 1970.
    pub time_ns: u64,
}

/// The bytes of a payload.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a payload is whole, or it is not")]
pub enum Payload<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// What was captured of it, between gaps.
    Pieces(Vec<&'a [u8]>),
}

impl Subject for Exchange {
    fn connection(&self) -> u32 {
        self.connection
    }

    fn sequence(&self) -> u32 {
        self.sequence()
    }

    fn client(&self) -> SocketAddr {
        self.client
    }

    fn server(&self) -> SocketAddr {
        self.server
    }

    fn name(&self) -> &[u8] {
        self.name()
    }

    fn rtt_ns(&self) -> Option<u64> {
        let rtt = self.rtt()?;
        Some(u64::try_from(rtt.as_nanos()).unwrap_or(u64::MAX))
    }

    fn is_complete(&self) -> bool {
        self.is_complete()
    }

    fn part(&self, side: Side) -> Option<Part<'_>> {
        message(self, side).map(|message| Part {
            status: message.header.status,
            name: message.name(),
            payload_len: message.header.payload_len,
            mac: &message.mac,
            time_ns: message.time_ns,
        })
    }

    fn notes(&self) -> &[Note] {
        &self.notes
    }

    fn each_gap(&self, see: &mut dyn FnMut(Side, Gap)) {
        for (side, message) in self.messages() {
            message.gaps.iter().for_each(|gap| see(side, *gap));
        }
    }

    fn payload(&self, side: Side) -> Option<Payload<'_>> {
        let message = message(self, side)?;
        let payload = message.fields().payload;
        let has_gap = |gap: &Gap| gap.at < payload.end && gap.at + gap.len > payload.start;
        if !payload.is_empty() && message.gaps.iter().any(has_gap) {
            let pieces = message.pieces(payload).into_iter();
            return Some(Payload::Pieces(pieces.map(|(_, bytes)| bytes).collect()));
        }
        Some(Payload::Whole(message.payload()))
    }
}

const fn message(exchange: &Exchange, side: Side) -> Option<&Message> {
    match side {
        Side::Client => exchange.request.as_ref(),
        Side::Server => exchange.response.as_ref(),
    }
}
