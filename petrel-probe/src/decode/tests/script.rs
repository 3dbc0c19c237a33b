//! Connections written as segments.

use super::{Decoded, Decoder, DecoderConfig};
use crate::{capture::Segment, exchange::Side};
use petrel::wire::{Codec, Frame, Status};
use std::net::SocketAddr;

/// A segment that owns its bytes.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    from: SocketAddr,
    to: SocketAddr,
    sequence: u32,
    acknowledged: Option<u32>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    reset: bool,
    pub(super) payload: Vec<u8>,
    time_ns: u64,
}

/// A connection that is written segment by segment.
pub(super) struct Script {
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
    next: [u32; 2],
    requests: u32,
    pub(super) segments: Vec<Sent>,
    time_ns: u64,
}

/// A frame.
pub(super) fn frame(status: u16, sequence: u32, name: &str, payload: &[u8]) -> Vec<u8> {
    let frame = Frame {
        status: Status(status),
        sequence,
        name: name.as_bytes(),
        payload,
    };
    let mut bytes = Vec::new();
    Codec::new().encode(&frame, &mut bytes).unwrap();
    bytes
}

impl Script {
    /// Between two ports of this machine, with these initial sequence numbers.
    pub(super) fn new(client: u16, server: u16, initial: [u32; 2]) -> Self {
        Self {
            client: ([127, 0, 0, 1], client).into(),
            server: ([127, 0, 0, 1], server).into(),
            next: initial,
            requests: 0,
            segments: Vec::new(),
            time_ns: 1_000_000,
        }
    }

    /// A connection with its handshake, its protocol check, so many exchanges, and its end.
    pub(super) fn whole(client: u16, server: u16, exchanges: u32) -> Self {
        let seed = u32::from(client).wrapping_mul(0x9e37_79b9);
        let mut script = Self::new(client, server, [seed, !seed]);
        script.open().check();
        for _ in 0..exchanges {
            script.exchange();
        }
        script.close();
        script
    }

    pub(super) fn open(&mut self) -> &mut Self {
        self.push(Side::Client, |sent| {
            (sent.syn, sent.acknowledged) = (true, None);
        });
        self.push(Side::Server, |sent| sent.syn = true);
        self.push(Side::Client, |_| {})
    }

    pub(super) fn check(&mut self) -> &mut Self {
        self.requests = 1;
        self.say(Side::Client, &frame(0, 1, "PROTOCHECK", &[0]));
        self.say(Side::Server, &frame(200, 1, "PROTOCHECK", &[0]))
    }

    /// The next request and its answer, with payloads that tell them from all others.
    pub(super) fn exchange(&mut self) -> &mut Self {
        self.requests += 1;
        let sequence = self.requests;
        let text = format!("{} {sequence} ", self.client);
        let payload = text.repeat(usize::try_from(sequence % 97).unwrap() + 1);
        self.say(
            Side::Client,
            &frame(0, sequence, "do.it", payload.as_bytes()),
        );
        self.say(
            Side::Server,
            &frame(200, sequence, "do.it", text.as_bytes()),
        )
    }

    pub(super) fn close(&mut self) -> &mut Self {
        self.push(Side::Client, |sent| sent.fin = true);
        self.push(Side::Server, |sent| sent.fin = true);
        self.push(Side::Client, |_| {})
    }

    pub(super) fn reset(&mut self, side: Side) -> &mut Self {
        self.push(side, |sent| sent.reset = true)
    }

    /// Bytes of a side, in segments of at most 500.
    pub(super) fn say(&mut self, side: Side, bytes: &[u8]) -> &mut Self {
        for piece in bytes.chunks(500) {
            self.push(side, |sent| sent.payload = piece.to_vec());
        }
        self
    }

    fn push(&mut self, side: Side, change: impl FnOnce(&mut Sent)) -> &mut Self {
        self.time_ns += 1000;
        let [mut own, mut other] = [0, 1];
        let (mut from, mut to) = (self.client, self.server);
        if side == Side::Server {
            std::mem::swap(&mut own, &mut other);
            std::mem::swap(&mut from, &mut to);
        }
        let mut sent = Sent {
            from,
            to,
            sequence: self.next[own],
            acknowledged: Some(self.next[other]),
            syn: false,
            fin: false,
            reset: false,
            payload: Vec::new(),
            time_ns: self.time_ns,
        };
        change(&mut sent);
        let len = u32::try_from(sent.payload.len()).unwrap();
        let len = len + u32::from(sent.syn) + u32::from(sent.fin);
        self.next[own] = self.next[own].wrapping_add(len);
        self.segments.push(sent);
        self
    }
}

impl Sent {
    /// Gives it to a decoder.
    pub(super) fn deliver(
        &self,
        decoder: &mut Decoder,
        out: &mut dyn FnMut(crate::exchange::Event),
    ) {
        let segment = Segment {
            from: self.from,
            to: self.to,
            sequence: self.sequence,
            acknowledged: self.acknowledged,
            syn: self.syn,
            fin: self.fin,
            reset: self.reset,
            payload: &self.payload,
            missing: 0,
            source: self.time_ns,
            time_ns: self.time_ns,
        };
        let Decoder { flows, totals, .. } = decoder;
        flows.segment(&segment, totals, out);
    }
}

/// What comes of segments.
pub(super) fn decode<'a>(segments: impl IntoIterator<Item = &'a Sent>) -> Decoded {
    decode_with(DecoderConfig::default(), segments)
}

pub(super) fn decode_with<'a>(
    config: DecoderConfig,
    segments: impl IntoIterator<Item = &'a Sent>,
) -> Decoded {
    let mut decoder = Decoder::new(config);
    let mut events = Vec::new();
    for sent in segments {
        sent.deliver(&mut decoder, &mut |event| events.push(event));
    }
    decoder.finish(&mut |event| events.push(event));
    Decoded::new(events, decoder.totals())
}
